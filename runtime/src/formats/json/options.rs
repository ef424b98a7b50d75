//! The options of `read` for JSON.

use crate::formats::csv::options::OptionProblem;
use crate::formats::encoding::{self, TextEncoding};
use crate::formats::names::{self, Spelling};
use crate::formats::on_error;
use pipelang_lang::catalog::{ON_ERROR, OptionDef, OptionKind, OptionValue, ReadPolicy};
use pipelang_lang::codes::{E0205, E0206, E0304};
use pipelang_lang::diagnostic::did_you_mean;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Schema};
use std::sync::Arc;

/// What scripts may write.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef { name: "format", kind: OptionKind::String, doc: "The format, where the extension does not tell it." },
    OptionDef {
        name: "schema",
        kind: OptionKind::Schema,
        doc: "The types of the columns; with `..` at its end the others are inferred.",
    },
    encoding::OPTION,
    names::OPTION,
    on_error::OPTION,
    OptionDef {
        name: "with_file",
        kind: OptionKind::Bool,
        doc: "Whether to add the column `file`, the path of the file that a row is from.",
    },
];

/// How to read a file.
#[derive(Clone, Debug, Default)]
pub struct JsonOptions {
    /// The declared columns, and whether there may be others.
    pub schema: Option<(Schema, bool)>,
    /// What becomes of what does not fit.
    pub policy: ReadPolicy,
    /// The encoding of the text.
    pub encoding: TextEncoding,
    /// How the names of the columns are spelled.
    pub spelling: Spelling,
}

impl JsonOptions {
    /// Whether the file says which columns there are, or some of them.
    pub fn looks(&self) -> bool {
        self.schema.as_ref().is_none_or(|(_, is_open)| *is_open)
    }

    /// Whether broken records are left out.
    pub fn skips(&self) -> bool {
        self.policy == ReadPolicy::Skip
    }
}

/// The options of a `read`.
pub fn of<'a>(options: impl Iterator<Item = (&'a str, &'a OptionValue)>) -> Result<JsonOptions, OptionProblem> {
    let mut read = JsonOptions::default();
    for (at, (name, value)) in options.enumerate() {
        let problem = |code, message, help| Err(OptionProblem { at, code, message, help });
        let trouble = |(code, message, help)| OptionProblem { at, code, message, help };
        match (name, value) {
            ("format", OptionValue::Scalar(Scalar::String(_))) => {}
            // The column is put behind those of the format.
            ("with_file", OptionValue::Scalar(Scalar::Bool(_))) => {}
            ("schema", OptionValue::Schema { schema, open }) => {
                if let Some(name) = named_twice(schema) {
                    return problem(E0205, format!("the schema names `{name}` twice"), None);
                }
                if let Some(field) = schema.fields.iter().find(|field| is_unreadable(&field.ty.kind)) {
                    let message = format!("no value of JSON has the type `{}`", field.ty);
                    return problem(E0304, message, None);
                }
                read.schema = Some((schema.clone(), *open));
            }
            (ON_ERROR, OptionValue::Scalar(Scalar::String(policy))) => {
                read.policy = on_error::named(policy).map_err(trouble)?;
            }
            ("encoding", OptionValue::Scalar(Scalar::String(label))) => {
                read.encoding = TextEncoding::named(label).map_err(trouble)?;
            }
            ("names", OptionValue::Scalar(Scalar::String(spelling))) => {
                read.spelling = Spelling::named(spelling).map_err(trouble)?;
            }
            _ => {
                let near = did_you_mean(name, OPTIONS.iter().map(|option| option.name));
                let help = near.first().map(|name| format!("did you mean `{name}`?"));
                return problem(E0206, format!("`{name}` is no option of JSON"), help);
            }
        }
    }
    Ok(read)
}

fn named_twice(schema: &Schema) -> Option<&Arc<str>> {
    let is_twice = |at: usize| schema.fields[..at].iter().any(|other| other.name == schema.fields[at].name);
    (0..schema.fields.len()).find(|at| is_twice(*at)).map(|at| &schema.fields[at].name)
}

fn is_unreadable(kind: &Kind) -> bool {
    matches!(kind, Kind::Wide | Kind::Null | Kind::Unknown) || kind.parts().any(|part| is_unreadable(&part.kind))
}
