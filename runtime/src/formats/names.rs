//! How the names of columns are spelled: as the file has them, or in `snake_case`, so that no script needs backticks.

use super::on_error::Trouble;
use pipelang_lang::catalog::{OptionDef, OptionKind};
use pipelang_lang::codes::E0304;
use pipelang_lang::ty::snake_case;

/// The option, for every format of text whose columns have names.
pub const OPTION: OptionDef = OptionDef {
    name: "names",
    kind: OptionKind::String,
    doc: "`snake` spells the names of the columns in snake_case: `Unit Price` is `unit_price`.",
};

/// How names are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// As the file has them.
    #[default]
    AsWritten,
    /// In small letters, words apart by `_`.
    Snake,
}

impl Spelling {
    /// The spelling of that name.
    pub fn named(name: &str) -> Result<Spelling, Trouble> {
        match name {
            "snake" => Ok(Spelling::Snake),
            _ => Err((E0304, format!("`names` is \"snake\" or not given, not {name:?}"), None)),
        }
    }

    /// The name of a column that the file calls `name`. What has neither letter nor digit stays as it is.
    pub fn of(self, name: &str) -> String {
        match self {
            Spelling::AsWritten => name.to_string(),
            Spelling::Snake => Some(snake_case(name)).filter(|snake| !snake.is_empty()).unwrap_or(name.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_in_snake_case() {
        for (name, spelled) in [
            ("Unit Price", "unit_price"),
            (" Amount", "amount"),
            ("customerId", "customer_id"),
            ("HTTPServer", "http_server"),
            ("id2Name", "id2_name"),
            ("a--b__c ", "a_b_c"),
            ("Tax (%)", "tax"),
            ("2005", "_2005"),
            ("On", "_on"),
            ("Größe", "größe"),
            ("ID", "id"),
            ("snake_case", "snake_case"),
            ("%", "%"),
            ("", ""),
        ] {
            assert_eq!(Spelling::Snake.of(name), spelled, "{name:?}");
            assert_eq!(Spelling::AsWritten.of(name), name);
        }
    }
}
