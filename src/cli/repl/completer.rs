//! Completion at the prompt: what `pipelang::tools` says could stand at the cursor of the entry behind the definitions so
//! far, and the files that there are.

use super::Session;
use pipelang::Engine;
use pipelang::tools::{self, Item};
use reedline::{Completer, CompletionResult, Span, Suggestion};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files at most that are offered.
const MOST_FILES: usize = 200;

/// What an entry stands behind; the session keeps it up to date.
#[derive(Clone, Default)]
pub struct Context(Arc<Mutex<Before>>);

#[derive(Default)]
struct Before {
    definitions: String,
    last: String,
}

impl Context {
    /// Takes over what the session has.
    pub fn update(&self, session: &Session) {
        *self.lock() = Before { definitions: session.definitions_text(), last: session.last.clone() };
    }

    fn lock(&self) -> MutexGuard<'_, Before> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text that an entry stands behind.
    fn before(&self, entry: &str) -> String {
        let before = self.lock();
        match entry.trim_start().starts_with('|') {
            true => format!("{}{}\n", before.definitions, before.last),
            false => before.definitions.clone(),
        }
    }
}

/// Completes entries.
pub struct Entries {
    pub engine: Engine,
    pub context: Context,
}

impl Completer for Entries {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        if line.starts_with(':') {
            return CompletionResult::fresh(Vec::new());
        }
        let before = self.context.before(line);
        let text = format!("{before}{line}");
        let found = tools::complete(&self.engine, "<prompt>", &text, before.len() + position, &files);
        let start = found.replace.start.saturating_sub(before.len());
        let span = Span { start, end: position.max(start) };
        let suggestions: Vec<Suggestion> = found.items.into_iter().map(|item| suggestion(item, span)).collect();
        CompletionResult::fresh(suggestions)
    }
}

fn suggestion(item: Item, span: Span) -> Suggestion {
    let description = [item.detail, item.doc].into_iter().filter(|text| !text.is_empty());
    let description: Vec<String> = description.collect();
    Suggestion {
        value: item.insert,
        display_override: Some(item.label),
        description: (!description.is_empty()).then(|| description.join("  ")),
        span,
        ..Suggestion::default()
    }
}

/// The files and folders whose paths begin with a text, folders with a `/` behind.
fn files(begun: &str) -> Vec<String> {
    let (folder, name) = begun.rsplit_once('/').map_or(("", begun), |(folder, name)| (folder, name));
    let prefix = &begun[..begun.len() - name.len()];
    let folder =
        if prefix.is_empty() { Path::new(".") } else { Path::new(if folder.is_empty() { "/" } else { folder }) };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let found = entry.file_name().into_string().ok()?;
            let hidden = found.starts_with('.') && !name.starts_with('.');
            let behind = if entry.path().is_dir() { "/" } else { "" };
            (found.starts_with(name) && !hidden).then(|| format!("{prefix}{found}{behind}"))
        })
        .collect();
    found.sort();
    found.truncate(MOST_FILES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_begin_with_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        for name in ["dates.csv", "other.csv", ".hidden"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(files(&at("da")), [at("data/"), at("dates.csv")]);
        assert_eq!(files(&at("")), [at("data/"), at("dates.csv"), at("other.csv")]);
        assert_eq!(files(&at("no/such/folder")), Vec::<String>::new());
    }
}
