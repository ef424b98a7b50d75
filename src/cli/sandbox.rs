//! `--sandbox`: scripts may touch stdin, stdout and the paths of the command line, and ask for neither time nor
//! environment. What may be read is what the arguments name (the script, values of its parameters, `--allow-read`); what
//! may be written is named by `--allow-write` alone. Paths are judged by what links and dots lead to.

use super::arguments::{Arguments, Command, Settings};
use pipelang::{EngineBuilder, Grant, fs};

/// Adds to what may be read in the sandbox what the arguments name.
pub fn allow_what_is_named(arguments: &mut Arguments) {
    let (settings, named) = match &mut arguments.command {
        None => (&mut arguments.script.settings, words(&arguments.script.rest)),
        Some(Command::Run(script)) => (&mut script.settings, words(&script.rest)),
        Some(Command::Check(check)) => (&mut check.settings, words(&check.files)),
        Some(Command::Schema { file, settings, .. }) => (settings, vec![file.clone()]),
        Some(Command::Explain(explain)) => {
            (&mut explain.settings, explain.what.iter().cloned().chain(words(&explain.parameters)).collect())
        }
        Some(Command::Test { files, parameters, settings, .. }) => {
            (settings, words(files).into_iter().chain(words(parameters)).collect())
        }
        Some(Command::Fmt { .. } | Command::Functions { .. } | Command::Completions { .. } | Command::Man { .. }) => {
            return;
        }
    };
    settings.allow_read.extend(named);
}

/// The words that may be paths: all but the names of parameters, of `--name=value` the value.
fn words(words: &[String]) -> Vec<String> {
    let path = |word: &String| match (word.strip_prefix("--"), word.split_once('=')) {
        (Some(_), Some((_, value))) => Some(value.to_string()),
        (Some(_), None) => None,
        (None, _) => Some(word.clone()),
    };
    words.iter().filter_map(path).collect()
}

/// Lets scripts do no more than the options of the sandbox say, and of that what `own` grants.
pub fn confined(builder: EngineBuilder, settings: &Settings, own: &[Grant]) -> EngineBuilder {
    let readable = settings.allow_read.iter().filter(|path| own.iter().any(|grant| grant.allows_reading(path)));
    let writable = settings.allow_write.iter().filter(|path| own.iter().any(|grant| grant.allows_writing(path)));
    let grants = readable.map(fs::read_only).chain(writable.map(fs::write_below));
    grants.fold(builder.revoke_grants(), EngineBuilder::grant)
}
