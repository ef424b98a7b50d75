//! `list` and `string_join`: all values of a group, in the order of the rows, whatever the order they are handed in.

use super::rows::Rows;
use super::{Finished, Reducer, State, Stop, Weight, any_type, same_state, until};
use crate::batch::{Column, Values};
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{ConstantDef, Example, ReducerDef};
use pipelang_lang::scalar::{LARGEST, Scalar, too_large};
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
    /// About how many bytes the value of each group takes.
    sizes: Vec<usize>,
    /// Whether one of them is larger than a value may be: then nothing is kept, for nothing will come of it.
    is_too_large: bool,
    /// What stands between texts; it is known once there is a row.
    between: Option<Arc<str>>,
}

impl Collected {
    fn start(answer: Answer) -> Box<dyn State> {
        Box::new(Collected { answer, groups: Vec::new(), sizes: Vec::new(), is_too_large: false, between: None })
    }

    /// Counts bytes of a group; whether its value may still be made.
    fn count(&mut self, group: usize, bytes: usize) -> bool {
        self.sizes[group] += bytes;
        if self.sizes[group] > LARGEST {
            self.is_too_large = true;
            self.groups.fill(Vec::new());
        }
        !self.is_too_large
    }
}

impl Answer {
    /// The value of a group.
    fn of(self, mut values: Vec<(u64, Scalar)>, between: &str) -> Scalar {
        // Parts of it are in order, and such sorting is fast.
        values.sort_by_key(|(ordinal, _)| *ordinal);
        match self {
            _ if values.is_empty() => Scalar::Null,
            Answer::List => Scalar::List(values.into_iter().map(|(_, value)| value).collect()),
            Answer::Text => {
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
        self.sizes.resize(self.groups.len(), 0);
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
        // With what stands between texts, as often as there are texts.
        let of_between = self.between.as_ref().map_or(0, |between| size_of::<Scalar>() + between.len());
        rows.each(|row| {
            let (group, value) = (groups[row] as usize, column.get(row));
            if !self.is_too_large && self.count(group, value.size() + of_between) {
                self.groups[group].push((ordinals[row], value));
            }
        });
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], stop: Stop) {
        let other: &mut Collected = same_state(other);
        self.between = self.between.take().or(other.between.take());
        self.is_too_large |= other.is_too_large;
        for (at, group) in until(stop, groups.iter().enumerate()) {
            if !self.is_too_large && self.count(*group as usize, other.sizes[at]) {
                self.groups[*group as usize].append(&mut other.groups[at]);
            }
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 24, row: 64 }
    }

    fn finish(&mut self, stop: Stop) -> Finished {
        let (answer, between) = (self.answer, self.between.as_deref().unwrap_or_default());
        if self.is_too_large {
            return Err(too_large());
        }
        let groups = until(stop, self.groups.iter_mut());
        let values: Vec<Scalar> = groups.map(|values| answer.of(std::mem::take(values), between)).collect();
        Ok(match self.answer {
            Answer::List => Column::Values(Values::new(values)),
            Answer::Text => Column::from_scalars(&Kind::String, &values),
        })
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
