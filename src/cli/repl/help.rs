//! `:help`: what there is to tell of a name, from wherever it is: the session, the language, its functions, the commands.

use super::Prompt;
use super::commands::{COMMANDS, Command, command_of};
use crate::cli::{complain, functions};
use pipelang::tools;

const HELP: &str = "\
Type an expression or a pipeline:  1..5 | derive square = it * it
An entry goes on over several lines while a bracket is open or a line ends in
`|` or an operator. One that begins with `|` goes on with the last result, and
`_` is the last result. What `let`, `fn`, `type`, `param` and `import` define
stays; defining a name again replaces it. Tab completes, Ctrl-R looks through
what was entered, Right takes the grey text. Ctrl-C clears the entry, or stops
what is running.
";

/// Words of the language: which, how they are written, what they do.
const WORDS: &[(&[&str], &str, &str)] = &[
    (&["let"], "let name = value", "Gives a value, or the rows of a pipeline, a name."),
    (
        &["fn"],
        "fn name(a: int, b: int = 1) -> int { a + b }",
        "Defines a function; one whose first parameter is a stream is a stage, too.",
    ),
    (&["param"], "param name: int = 1", "A value that is given from outside: `:set name 2`; behind a file `--name 2`."),
    (&["type"], "type Name = {a: int, b: string?}", "Gives a type a name."),
    (&["import"], "import \"lib/geo.pipe\"", "Gives the functions and types of another script: `geo::name`."),
    (&["test"], "test \"what\" { assert_eq(1 + 1, 2) }", "Runs by `pipe test`, and here when it is entered."),
    (&["assert_eq"], "assert_eq(value, expected)", "In a test: both are the same."),
    (&["if", "else"], "if condition { a } else { b }", "The first value where the condition is true, else the second."),
    (&["match"], "match value { 1 => a, {x} => x, _ => b }", "The value of the first arm whose pattern fits."),
    (&["it"], "it", "The row, or the value, that a stage looks at."),
    (&["_"], "_", "The last result; in a `match` the pattern that always fits."),
    (&["true", "false"], "true, false", "The values of `bool`."),
    (&["null"], "null", "No value; types that have it end in `?`."),
    (&["and", "or", "not"], "a and b, a or b, not a", "Conditions together."),
    (&["in"], "a in [1, 2], a in 1..5", "Whether a value is one of those."),
    (&["int"], "int", "A whole number of 64 bits: 42, 1_000."),
    (&["float"], "float", "A number of 64 bits with a fraction: 2.5, 1e9."),
    (&["bool"], "bool", "true or false."),
    (&["string"], "string", "A text: \"abc\", f\"{a} of {b}\"."),
    (&["bytes"], "bytes", "Bytes that are no text, as files of columns have them."),
    (&["date"], "date", "A day: @2024-02-29."),
    (&["datetime"], "datetime", "A day and a time: @2024-02-29T12:30:00Z."),
    (&["duration"], "duration", "A length of time: 90s, 2h."),
    (&["json"], "json", "A value of JSON whose type is not known."),
    (&["map"], "map<int>", "Values of one type by keys that are texts."),
    (&["stream"], "stream<{a: int, ..}>", "Rows, as the first parameter of a function that is a stage."),
];

fn usage(command: &Command) -> String {
    let usage = format!(":{} {}", command.name, command.argument);
    format!("  {usage:<29} {}\n", command.doc)
}

fn overview() -> String {
    COMMANDS.iter().fold(format!("{HELP}\n"), |text, command| text + &usage(command))
}

impl Prompt {
    /// Tells what there is to tell of a name; without one, of the prompt.
    pub fn help(&self, name: &str) {
        let command = || COMMANDS.iter().find(|command| command.name == name);
        let about = || functions::about(&self.session.engine, name, self.width());
        match name {
            "" => print!("{}", overview()),
            _ if name.starts_with(':') => match command_of(name) {
                Some(command) => print!("{}", usage(command)),
                None => complain(&format!("there is no command `{name}`; `:help` lists them")),
            },
            _ => match (self.defined(name).or_else(|| word(name)), about(), command()) {
                (Some(text), ..) => println!("{text}"),
                (None, Ok(page), _) => print!("{page}"),
                (None, Err(_), Some(command)) => print!("{}", usage(command)),
                (None, Err(text), None) => complain(&text),
            },
        }
    }

    /// The definition of a name of the session, or what a module gives.
    fn defined(&self, name: &str) -> Option<String> {
        let own = self.session.definition(name).or_else(|| self.session.definition(&format!("import {name}")));
        own.map(str::to_string).or_else(|| {
            name.contains("::").then_some(())?;
            let text = format!("{}{name}()", self.session.before(""));
            let there = text.len() - "()".len() - 1;
            tools::hover(&self.session.engine, super::session::ENTRY, &text, there).map(|found| found.text)
        })
    }
}

/// What there is to tell of a word of the language.
fn word(name: &str) -> Option<String> {
    let (_, written, doc) = WORDS.iter().find(|(names, ..)| names.contains(&name))?;
    Some(format!("{written}\n  {doc}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang::tools::{ItemKind, complete};

    #[test]
    fn words_that_are_offered_have_help() {
        let engine = pipelang::Engine::default();
        for text in ["", "1..3 | filter ", "param p: "] {
            for item in complete(&engine, "", text, text.len(), &|_| Vec::new()).items {
                let is_told = word(&item.label).is_some() || functions::about(&engine, &item.label, None).is_ok();
                assert!(is_told || item.kind == ItemKind::Option, "`{}` of `{text}` has no help", item.label);
            }
        }
    }
}
