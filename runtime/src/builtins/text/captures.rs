//! What the stage `parse` is made of.

use crate::builtins::Function;
use crate::builtins::convert::quoted;
use crate::builtins::row::{gives, of, shows, string, text, total};
use pipelang_lang::codes::E0604;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::template::Template;
use pipelang_lang::ty::{Kind, Type};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    /// The template that was used last; mostly it is the same for all rows.
    static TEMPLATES: RefCell<HashMap<String, Result<Template, String>>> = RefCell::new(HashMap::new());
}

/// The functions of this file.
pub(super) fn rows() -> [Function; 2] {
    total(
        "captures",
        vec![of("s", Kind::String), of("template", Kind::String)],
        gives(Type::list(Type::STRING)),
        "What the holes of a template take of a text, `{_}` among them, each as little as it can; the stage `parse` makes \
         columns of it.",
        &[shows!("captures(\"a-b 7\", \"{x}-{_} {n}\")", "[\"a\",\"b\",\"7\"]"), shows!("captures(\"a\", \"{x}-{y}\")", "E0604")],
        |arguments| {
            let (text, template) = (text(&arguments[0]), text(&arguments[1]));
            let taken = TEMPLATES.with_borrow_mut(|known| {
                if !known.contains_key(template) {
                    known.clear();
                    known.insert(template.into(), Template::parse(template).map_err(|(_, message)| message));
                }
                known[template].as_ref().map(|template| template.take(text)).map_err(String::clone)
            });
            match taken {
                Ok(Some(parts)) => Ok(Scalar::List(parts.into_iter().map(string).collect())),
                Ok(None) => Err(Fault::new(E0604, format!("{} does not fit the template", quoted(text)))),
                Err(message) => Err(Fault::new(E0604, format!("this is no template: {message}"))),
            }
        },
    )
    .and_or_null(&[shows!("captures?(\"a\", \"{x}-{y}\")", "null")])
}
