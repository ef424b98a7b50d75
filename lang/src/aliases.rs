//! What other languages and tools call the things of Pipe: one table for stages, one for functions and reducers. An
//! alias is never accepted; it names what is meant, so that an error can offer it.
//!
//! Names are looked up without case, underscores and hyphens (`toUpperCase`, `to_upper_case`), so rows are written without.

mod formats;
mod functions;
mod stages;

pub use formats::date_format;
use functions::{ADVICE, COLUMNS, FUNCTION_ALIASES, PATTERN_FIRST, PUT_BETWEEN};
use stages::{STAGE_ADVICE, STAGE_ALIASES};

/// Options of `read` elsewhere.
const OPTION_ALIASES: &[(&str, &str)] = &[
    ("sep", "delimiter"),
    ("separator", "delimiter"),
    ("delim", "delimiter"),
    ("fieldsep", "delimiter"),
    ("quotechar", "quote"),
    ("quotechr", "quote"),
    ("commentchar", "comment"),
    ("skiprows", "skip"),
    ("hasheader", "header"),
    ("colnames", "header"),
    ("navalues", "null_values"),
    ("nullstr", "null_values"),
    ("null", "null_values"),
    ("nulls", "null_values"),
    ("nullvalue", "null_values"),
    ("na", "null_values"),
    ("dtype", "schema"),
    ("dtypes", "schema"),
    ("types", "schema"),
    ("coltypes", "schema"),
    ("columns", "schema"),
];

/// Types elsewhere.
const TYPE_ALIASES: &[(&str, &str)] = &[
    ("integer", "int"),
    ("bigint", "int"),
    ("smallint", "int"),
    ("long", "int"),
    ("i32", "int"),
    ("i64", "int"),
    ("u64", "int"),
    ("usize", "int"),
    ("int32", "int"),
    ("int64", "int"),
    ("double", "float"),
    ("real", "float"),
    ("numeric", "float"),
    ("number", "float"),
    ("f32", "float"),
    ("f64", "float"),
    ("float64", "float"),
    ("varchar", "string"),
    ("char", "string"),
    ("text", "string"),
    ("str", "string"),
    ("boolean", "bool"),
    ("logical", "bool"),
    ("timestamp", "datetime"),
    ("interval", "duration"),
    ("timedelta", "duration"),
];

/// Methods that turn a collection into something that can be walked, or back: a pipe needs none of them.
const NOTHING: &[&str] = &["iter", "intoiter", "collect", "tolist", "toarray", "lazy", "copy", "resetindex", "compute"];

/// What Pipe calls an option of `read`.
pub fn option(word: &str) -> Option<&'static str> {
    find(OPTION_ALIASES, word)
}

/// What Pipe calls a type.
pub fn type_name(word: &str) -> Option<&'static str> {
    find(TYPE_ALIASES, word)
}

/// Whether a method elsewhere does what a pipe does by itself.
pub fn is_nothing(word: &str) -> bool {
    NOTHING.contains(&&*plain(word))
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let word = plain(word);
    table.iter().find(|(alias, _)| *alias == word).map(|(_, meant)| *meant)
}

/// What to do in place of a stage that other languages have.
pub fn stage_advice(word: &str) -> Option<&'static str> {
    find(STAGE_ADVICE, word)
}

/// The stage or reducer that a word means as a stage.
pub fn stage(word: &str) -> Option<&'static str> {
    find(STAGE_ALIASES, word)
}

/// The name, or the form with places for arguments, that a function called with so many arguments means.
pub fn function(word: &str, arguments: usize) -> Option<&'static str> {
    let word = plain(word);
    let fits = |form: &str| places(form).is_none_or(|places| places == arguments);
    FUNCTION_ALIASES.iter().find(|(alias, form)| *alias == word && fits(form)).map(|(_, form)| *form)
}

/// The form of a function that is called with a pattern or format first, and with what it is for behind that.
pub fn function_of_pattern(word: &str, arguments: usize) -> Option<&'static str> {
    find(PATTERN_FIRST, word).filter(|form| places(form) == Some(arguments))
}

/// Whether a function elsewhere puts texts together, with its first argument between them.
pub fn puts_between(word: &str) -> bool {
    PUT_BETWEEN.contains(&&*plain(word))
}

/// Whether a function elsewhere names a column by a text.
pub fn is_column(word: &str) -> bool {
    COLUMNS.contains(&&*plain(word))
}

/// A regex as a raw text; none if it has a line's end in it. A quote, which cannot stand there, has a number.
pub fn raw(pattern: &str) -> Option<String> {
    let mut out = String::from("r\"");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\n' => return None,
            '"' => out.push_str("\\x22"),
            '\\' => match chars.next() {
                Some('"') => out.push_str("\\x22"),
                next => out.extend(Some('\\').into_iter().chain(next)),
            },
            c => out.push(c),
        }
    }
    Some(out + "\"")
}

/// What replaces a match, with the groups of the regex as Pipe writes them: `\1` is `${1}`.
pub fn groups(replacement: &str) -> String {
    let mut out = String::new();
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(digit) if c == '\\' && digit.is_ascii_digit() => {
                out.push_str(&format!("${{{digit}}}"));
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// How many arguments a form takes; none of a plain name, which takes any number.
pub fn places(form: &str) -> Option<usize> {
    let count = form.matches('$').count();
    (count > 0).then_some(count)
}

/// How many units there are in a duration, by the name of a function elsewhere: `d.minutes()`, `d.total_seconds()`.
pub fn unit_of_duration(word: &str) -> Option<&'static str> {
    let word = plain(word);
    let unit = ["total", "as", "in", "to", "num"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    Some(match unit.strip_suffix('s').unwrap_or(unit) {
        "millisecond" | "milli" => "($1 / 1ms)",
        "second" | "sec" => "($1 / 1s)",
        "minute" | "min" => "($1 / 1min)",
        "hour" => "($1 / 1h)",
        "day" => "($1 / 1d)",
        "week" => "($1 / 1w)",
        _ => return None,
    })
}

/// What to do instead of calling a function that other languages have.
pub fn advice(word: &str) -> Option<&'static str> {
    find(ADVICE, word)
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages;

    #[test]
    fn aliases_are_found_however_they_are_spelled() {
        assert_eq!(stage("ORDER_BY"), Some("sort"));
        assert_eq!(function("toUpperCase", 1), Some("upper"));
        assert_eq!(function("isnull", 1), Some("($1 == null)"));
        assert_eq!(function("isnull", 2), Some("($1 ?? $2)"));
        assert_eq!(function("nvl", 3), None);
        assert!(advice("SUBSTR").is_some());
    }

    #[test]
    fn patterns_and_groups() {
        assert_eq!(raw("U.").as_deref(), Some("r\"U.\""));
        assert_eq!(raw("\\d\"\\\"").as_deref(), Some("r\"\\d\\x22\\x22\""));
        assert_eq!(raw("a\nb"), None);
        assert_eq!(groups("\\2 \\1 $1"), "${2} ${1} $1");
    }

    #[test]
    fn rows_are_written_plainly_and_lead_to_stages() {
        let tables =
            [STAGE_ALIASES, STAGE_ADVICE, FUNCTION_ALIASES, PATTERN_FIRST, ADVICE, OPTION_ALIASES, TYPE_ALIASES];
        for (alias, meant) in tables.into_iter().flatten() {
            assert_eq!(plain(alias), *alias, "{alias} → {meant}");
        }
        for (alias, meant) in STAGE_ALIASES {
            let is_reducer = ["mean", "count", "sum"].contains(meant);
            assert!(is_reducer || stages::named(meant).is_some(), "{alias} → {meant}");
            assert!(stages::named(alias).is_none(), "{alias} is a stage");
        }
    }
}
