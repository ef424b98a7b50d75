//! The options of `read` for JSON.

use crate::formats::csv::options::OptionProblem;
use pipelang_lang::catalog::{OptionDef, OptionKind, OptionValue};
use pipelang_lang::codes::{E0205, E0206, E0304, E0902};
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
    OptionDef { name: "on_error", kind: OptionKind::String, doc: "What to do with a value that does not fit: `fail`." },
    OptionDef {
        name: "with_file",
        kind: OptionKind::Bool,
        doc: "Whether to add the column `file`, the path of the file that a row is from.",
    },
];

/// The declared columns, and whether there may be others.
pub type Declared = Option<(Schema, bool)>;

/// What the options of a `read` declare.
pub fn declared<'a>(options: impl Iterator<Item = (&'a str, &'a OptionValue)>) -> Result<Declared, OptionProblem> {
    let mut declared = None;
    for (at, (name, value)) in options.enumerate() {
        let problem = |code, message, help| Err(OptionProblem { at, code, message, help });
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
                declared = Some((schema.clone(), *open));
            }
            ("on_error", OptionValue::Scalar(Scalar::String(policy))) => match &**policy {
                "fail" => {}
                "null" | "skip" => return problem(E0902, format!("`on_error: {policy:?}` is not there yet"), None),
                _ => {
                    let message = format!("`on_error` is \"fail\", \"null\" or \"skip\", not {policy:?}");
                    return problem(E0304, message, None);
                }
            },
            _ => {
                let near = did_you_mean(name, OPTIONS.iter().map(|option| option.name));
                let help = near.first().map(|name| format!("did you mean `{name}`?"));
                return problem(E0206, format!("`{name}` is no option of JSON"), help);
            }
        }
    }
    Ok(declared)
}

fn named_twice(schema: &Schema) -> Option<&Arc<str>> {
    let is_twice = |at: usize| schema.fields[..at].iter().any(|other| other.name == schema.fields[at].name);
    (0..schema.fields.len()).find(|at| is_twice(*at)).map(|at| &schema.fields[at].name)
}

fn is_unreadable(kind: &Kind) -> bool {
    matches!(kind, Kind::Wide | Kind::Null | Kind::Unknown) || kind.parts().any(|part| is_unreadable(&part.kind))
}
