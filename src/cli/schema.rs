//! `pipe schema FILE`: the columns of a file as a `type` to paste into a script.

use super::arguments::Settings;
use super::{Entry, Exit, print_report, show};
use pipelang::{Parameters, tools};

/// Prints the type of the rows of a file, called `name`, or after the file.
pub fn schema(entry: &Entry, file: &str, name: Option<&str>, settings: &Settings) -> Exit {
    match entry.engine(settings).script("<schema>", &format!("read({file:?})"), &Parameters::default()) {
        Ok(script) => {
            let name = name.map_or_else(|| type_name(file), str::to_string);
            show(&definition(&name, &script.result_type(0)))
        }
        Err(report) => {
            print_report(&report, settings);
            Exit::of(&report)
        }
    }
}

/// The definition of a type for rows of the type `stream<…>`.
pub fn definition(name: &str, rows: &str) -> String {
    let columns = rows.strip_prefix("stream<").and_then(|rows| rows.strip_suffix('>')).unwrap_or(rows);
    let definition = format!("type {name} = {columns}\n");
    tools::format("<schema>", &definition).unwrap_or(definition)
}

/// `data/daily_orders.csv.gz` is `DailyOrders`.
pub fn type_name(file: &str) -> String {
    let stem = file.rsplit(['/', '\\']).next().and_then(|name| name.split('.').next()).unwrap_or("");
    let words = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("Row{name}") }
}
