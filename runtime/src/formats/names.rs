//! How the names of columns are spelled: as the file has them, or in `snake_case`, so that no script needs backticks.

use super::on_error::Trouble;
use pipelang_lang::catalog::{OptionDef, OptionKind};
use pipelang_lang::codes::E0304;
use pipelang_lang::ty::RESERVED;

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
            Spelling::Snake => Some(snake(name)).filter(|snake| !snake.is_empty()).unwrap_or(name.to_string()),
        }
    }
}

/// A word begins behind what is no letter or digit, at a capital behind a small letter or digit, and at the last capital
/// of several that goes on in small letters. What would be no name, or a reserved one, has a `_` before it.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    let mut is_apart = false;
    for (at, char) in chars.iter().enumerate() {
        if !char.is_alphanumeric() {
            is_apart = true;
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let goes_on_small = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = char.is_uppercase()
            && before.is_some_and(|c| c.is_lowercase() || c.is_numeric() || c.is_uppercase() && goes_on_small);
        if (is_apart || begins) && !snake.is_empty() {
            snake.push('_');
        }
        is_apart = false;
        snake.extend(char.to_lowercase());
    }
    if snake.starts_with(|first: char| first.is_numeric()) || RESERVED.contains(&&*snake) {
        snake.insert(0, '_');
    }
    snake
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
