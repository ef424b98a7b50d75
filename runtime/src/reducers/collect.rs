//! `list` and `string_join`: all values of a group, in the order of the rows, whatever the order they are handed in.

use super::rows::Rows;
use super::{Reducer, State, Stop, Weight, any_type, same_state};
use crate::batch::{Column, Values};
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{ConstantDef, Example, ReducerDef};
use pipelang_lang::scalar::{Fault, Scalar, fits};
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;
use std::sync::Arc;

/// `list`
pub const LIST: Reducer = Reducer {
    def: ReducerDef {
        name: "list",
        doc: "The values as a list, in the order of the rows, nulls among them; null if there are no rows.",
        result: |arguments| any_type(arguments).map(|ty| Type::list(ty).or_null()),
        examples: &[Example { source: "[3, null, 1] | list it", result: "[3,null,1]" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Collected::start(Answer::List),
    frame: None,
};

/// `string_join`
pub const STRING_JOIN: Reducer = Reducer {
    def: ReducerDef {
        name: "string_join",
        doc: "The texts that are not null as one text, with another one between them; null if there are none.",
        arity: (2, 2),
        result: |arguments| match arguments {
            [x, Type { kind: Kind::String, .. }] if matches!(x.kind, Kind::String | Kind::Null | Kind::Unknown) => {
                Some(Type::STRING.or_null())
            }
            _ => None,
        },
        takes: "a string",
        constant: Some(ConstantDef {
            takes: "a text",
            kind: Kind::String,
            accepts: |between| *between != Scalar::Null,
        }),
        examples: &[Example { source: "[\"a\", null, \"b\"] | string_join it, \", \"", result: "\"a, b\"" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Collected::start(Answer::Text),
    frame: None,
};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    List,
    Text,
}

/// The state of both.
struct Collected {
    answer: Answer,
    /// The values of each group with the ordinals of their rows.
    groups: Vec<Vec<(u64, Scalar)>>,
    /// What stands between texts; it is known once there is a row.
    between: Option<Arc<str>>,
}

impl Collected {
    fn start(answer: Answer) -> Box<dyn State> {
        Box::new(Collected { answer, groups: Vec::new(), between: None })
    }

    fn value(&self, values: Vec<(u64, Scalar)>) -> Scalar {
        match self.answer {
            _ if values.is_empty() => Scalar::Null,
            Answer::List => Scalar::List(values.into_iter().map(|(_, value)| value).collect()),
            Answer::Text => {
                let between = self.between.as_deref().unwrap_or_default();
                let mut text = String::new();
                for (at, (_, value)) in values.iter().enumerate() {
                    text += if at > 0 { between } else { "" };
                    text += if let Scalar::String(value) = value { value } else { "" };
                }
                Scalar::String(text.into())
            }
        }
    }
}

impl State for Collected {
    fn grow(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Vec::new());
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let active = Rows::active(groups.len(), active);
        let (column, rows) = match arguments {
            [column] => (column, active),
            [column, between] => {
                if let (None, true) = (&self.between, !groups.is_empty()) {
                    self.between = if let Scalar::String(text) = between.get(0) { Some(text) } else { None };
                }
                (column, active.with_value(column))
            }
            _ => unreachable!("these reducers have one argument or two"),
        };
        rows.each(|row| self.groups[groups[row] as usize].push((ordinals[row], column.get(row))));
    }

    fn merge(&mut self, other: Box<dyn State>, groups: &[u32], _stop: Stop) {
        let other: Collected = same_state(other);
        self.between = self.between.take().or(other.between);
        for (values, group) in other.groups.into_iter().zip(groups) {
            self.groups[*group as usize].extend(values);
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 24, row: 64 }
    }

    fn check(&self) -> Result<(), Fault> {
        // Each with what stands between texts, which is more than all together may take.
        let between = self.between.as_ref().map_or(0, |between| Scalar::String(between.clone()).size());
        let size = |values: &Vec<(u64, Scalar)>| values.iter().map(|(_, value)| value.size() + between).sum();
        self.groups.iter().try_for_each(|values| fits(size(values)))
    }

    fn finish(mut self: Box<Self>) -> Column {
        let groups = std::mem::take(&mut self.groups).into_iter().map(|mut values| {
            // Parts of it are in order, and such sorting is fast.
            values.sort_by_key(|(ordinal, _)| *ordinal);
            self.value(values)
        });
        let values: Vec<Scalar> = groups.collect();
        match self.answer {
            Answer::List => Column::Values(Values::new(values)),
            Answer::Text => Column::from_scalars(&Kind::String, &values),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
