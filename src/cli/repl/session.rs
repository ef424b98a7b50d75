//! What stays from entry to entry: a list of definitions, and the text of the last result.
//!
//! An entry is compiled behind both, as one script, so that the prompt means what a script means. Nothing here prints or
//! runs: that is `repl.rs`.

use pipelang::tools::{self, ParameterHelp, Part, parts, script_help, with_own_value, with_value};
use pipelang::{Engine, ParameterValue, ParameterWay, Parameters, Report, RunSettings, Script};
use std::sync::Arc;

/// The name of the last result.
pub const LAST: &str = "_";

/// Entries are told apart from files by this name in reports.
pub const ENTRY: &str = "<prompt>";

/// What the name of a part begins with that is a test.
const TEST: &str = "test \"";

/// What an entry stands behind, in reports.
const BEFORE: &str = "<session>";

/// What stands behind a definition, so that no entry goes on with it.
const END: &str = "\n;\n";

/// Definitions and the last result.
pub struct Session {
    /// Compiles.
    pub engine: Engine,
    definitions: Vec<Part>,
    /// The last result as a script would have it: `_` does not stand in it.
    last: Option<String>,
    /// Values of parameters, by name.
    values: Vec<(Arc<str>, ParameterValue)>,
    /// The script that is being loaded.
    loading: Option<Loading>,
}

/// A script that is being loaded.
struct Loading {
    /// The names of the values that it is given.
    given: Vec<Arc<str>>,
    /// The values of parameters before it.
    before: Vec<(Arc<str>, ParameterValue)>,
}

/// A parameter of the session.
pub struct Parameter {
    pub name: String,
    /// Its type as it is written.
    pub ty: String,
    /// The comment above it.
    pub doc: String,
    /// What it was given, or else its default, as a script has it; none while it has no value.
    pub value: Option<String>,
}

/// An entry that compiles.
pub struct Entry {
    /// The definitions before it and the entry; the results are the entry's.
    pub script: Script,
    definitions: Vec<Part>,
    last: Option<String>,
    name: String,
    /// The bytes before the entry in the script.
    before: usize,
    /// The tests in it, as [`Part::defines`] has them.
    pub tests: Vec<String>,
}

impl Entry {
    /// What a run reports, with its places as the user typed them.
    pub fn report(&self, report: Report) -> Report {
        report.behind(self.before, BEFORE, &self.name)
    }
}

impl Session {
    /// Nothing yet.
    pub fn new(engine: Engine) -> Session {
        Session { engine, definitions: Vec::new(), last: None, values: Vec::new(), loading: None }
    }

    /// What an entry that goes on with the last result goes on with.
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Compiles an entry; `name` stands in reports. Nothing is kept yet.
    pub fn compile(&self, name: &str, entry: &str) -> Result<Entry, Report> {
        let entry = match &self.last {
            Some(last) if entry.trim_start().starts_with('|') => format!("{last}\n{}", entry.trim()),
            Some(_) | None => entry.to_string(),
        };
        let new = parts(&entry);
        let is_new = |old: &Part| new.iter().any(|part| part.redefines(old));
        let (replaced, kept): (Vec<Part>, Vec<Part>) = self.definitions.iter().cloned().partition(is_new);
        let before = joined(&kept) + &self.last_as_let(&new);
        let appended = self.script(&format!("{before}{entry}"), &new);
        let report = match appended {
            Ok(script) => {
                let definitions = kept.into_iter().chain(self.closed(&new).filter(|part| part.defines.is_some()));
                return Ok(self.entry(name, &new, script, definitions.collect(), before.len()));
            }
            Err(report) => report,
        };
        if let Some(new) = self.with_own_values(&new)
            && let Ok(entry) = self.compile_in_place(name, &new)
        {
            return Ok(entry);
        }
        if replaced.is_empty() || is_behind(&report, before.len()) {
            return Err(report.behind(before.len(), BEFORE, name));
        }
        self.compile_in_place(name, &new)
    }

    /// Compiles an entry whose definitions stand where those were that they replace: others are made with them.
    fn compile_in_place(&self, name: &str, new: &[Part]) -> Result<Entry, Report> {
        let mut definitions = self.definitions.clone();
        for part in self.closed(new).filter(|part| part.defines.is_some()) {
            match definitions.iter_mut().find(|old| part.redefines(old)) {
                Some(old) => *old = part,
                None => definitions.push(part),
            }
        }
        let before = joined(&definitions);
        let results: String =
            new.iter().filter(|part| part.defines.is_none()).map(|part| format!("{}\n", part.text)).collect();
        let let_last = self.last_as_let(new);
        match self.script(&format!("{before}{let_last}{results}"), new) {
            Ok(script) => Ok(self.entry(name, new, script, definitions, before.len() + let_last.len())),
            Err(report) => Err(report.behind(0, BEFORE, BEFORE)),
        }
    }

    fn entry(&self, name: &str, new: &[Part], script: Script, definitions: Vec<Part>, before: usize) -> Entry {
        let results = self.closed(new).filter(|part| part.defines.is_none());
        let shown = results.enumerate().filter(|(at, _)| *at < script.results() && script.is_shown(*at));
        let last = shown.last().map(|(_, part)| part.text).or_else(|| self.last.clone());
        let defined = new.iter().filter_map(|part| part.defines.clone());
        let tests = defined.filter(|name| name.starts_with(TEST)).collect();
        Entry { script, definitions, last, name: name.to_string(), before, tests }
    }

    fn script(&self, text: &str, new: &[Part]) -> Result<Script, Report> {
        // Definitions alone run nothing.
        let may_be_missing = new.iter().all(|part| part.defines.is_some());
        self.engine.script(ENTRY, text, &self.given(text, may_be_missing))
    }

    /// The values of the parameters that a text has.
    fn given(&self, text: &str, may_be_missing: bool) -> Parameters {
        let known = script_help(text).parameters;
        let is_known = |name: &str| known.iter().any(|parameter| parameter.name == name);
        // What a script is given that it does not know is an error, as on the command line.
        let is_given = |name: &Arc<str>| self.loading.as_ref().is_some_and(|loading| loading.given.contains(name));
        let values = self.values.iter().filter(|(name, _)| is_known(name) || is_given(name)).cloned().collect();
        let way = if self.loading.is_some() { ParameterWay::Load } else { ParameterWay::Prompt };
        Parameters { values, may_be_missing, way }
    }

    /// The parts of an entry without `_`, which means another thing after the next result.
    fn closed(&self, new: &[Part]) -> impl Iterator<Item = Part> {
        new.iter().map(|part| {
            let text = self.last.as_ref().and_then(|last| with_value(&part.text, LAST, last));
            Part { text: text.unwrap_or_else(|| part.text.clone()), ..part.clone() }
        })
    }

    /// The parts of an entry without `_`, where each `let` that is made with its own name is made with the value that this
    /// had; nothing if there is none.
    fn with_own_values(&self, new: &[Part]) -> Option<Vec<Part>> {
        let mut is_one = false;
        let parts = self.closed(new).map(|part| {
            let old = self.definitions.iter().find(|old| part.redefines(old));
            let text = old.and_then(|old| with_own_value(&part.text, &old.text));
            is_one |= text.is_some();
            Part { text: text.unwrap_or_else(|| part.text.clone()), ..part }
        });
        let parts = parts.collect();
        is_one.then_some(parts)
    }

    /// `let _ = …` if an entry uses it.
    fn last_as_let(&self, new: &[Part]) -> String {
        match &self.last {
            Some(last) if new.iter().any(|part| with_value(&part.text, LAST, last).is_some()) => {
                format!("let {LAST} = {last}{END}")
            }
            _ => String::new(),
        }
    }

    /// Keeps what an entry defined, and if it has been run without an error its result as the last one.
    pub fn keep(&mut self, entry: Entry, has_run: bool) {
        self.definitions = entry.definitions;
        self.loading = None;
        if has_run {
            self.last = entry.last;
        }
    }

    /// Runs a test that is kept, given by what it defines; its name, and whether it failed. Nothing can be run while a
    /// parameter has no value.
    pub fn run_test(&self, defines: &str, settings: &RunSettings) -> Result<Option<String>, Report> {
        let text = self.definitions_text();
        let before: usize = self
            .definitions
            .iter()
            .take_while(|part| part.defines.as_deref() != Some(defines))
            .map(|part| part.text.len() + 1)
            .sum();
        let parameters = self.given(&text, false);
        if !self.missing_parameters().is_empty() {
            return Ok(None);
        }
        let placed = |report: Report| report.behind(before, BEFORE, ENTRY);
        let tests = self.engine.tests(ENTRY, &text, &parameters).map_err(placed)?;
        let found = tests.names().enumerate().find(|(_, name)| format!("test {name:?}") == defines);
        let Some((at, name)) = found else { return Ok(None) };
        tests.run(at, settings).map_err(placed)?;
        Ok(Some(name.to_string()))
    }

    /// Forgets a definition, or everything if the name is empty. What others are made with stays, and the report says who.
    pub fn forget(&mut self, name: &str) -> Result<(), Report> {
        if name.is_empty() {
            *self = Session::new(self.engine.clone());
            return Ok(());
        }
        let is_other = |part: &&Part| part.defines.as_deref() != Some(name);
        let others: Vec<Part> = self.definitions.iter().filter(is_other).cloned().collect();
        let text: String = others.iter().map(|part| format!("{}\n", part.text)).collect();
        self.script(&text, &[]).map_err(|report| report.behind(0, BEFORE, BEFORE))?;
        self.definitions = others;
        Ok(())
    }

    /// Parameters that have no value yet, so that nothing can be run.
    pub fn missing_parameters(&self) -> Vec<String> {
        let parameters = script_help(&self.definitions_text()).parameters;
        let missing = parameters.into_iter().filter(|it| {
            let is_list = it.ty.starts_with('[');
            it.default.is_none() && !is_list && !self.values.iter().any(|(name, _)| **name == *it.name)
        });
        missing.map(|parameter| parameter.name).collect()
    }

    /// The parameters with what they are now.
    pub fn parameters(&self) -> Vec<Parameter> {
        let known = script_help(&self.definitions_text()).parameters;
        let parameter = |it: ParameterHelp| {
            let given = self.values.iter().filter(|(name, _)| **name == *it.name);
            let given: Vec<&str> = given.filter_map(|(_, value)| text_of(value)).collect();
            let value = match given.as_slice() {
                [] => it.default,
                given => Some(literal(&it.ty, given)),
            };
            Parameter { name: it.name, ty: it.ty, doc: it.doc, value }
        };
        known.into_iter().map(parameter).collect()
    }

    /// What is entered next is a script with these values for its parameters, until [`Session::end_load`].
    pub fn begin_load(&mut self, given: Vec<(Arc<str>, ParameterValue)>) {
        let names = given.iter().map(|(name, _)| name.clone()).collect();
        self.loading = Some(Loading { given: names, before: self.values.clone() });
        self.replace_values(given);
    }

    /// If the script was not kept, nothing of it stays.
    pub fn end_load(&mut self) {
        if let Some(loading) = self.loading.take() {
            self.values = loading.before;
        }
    }

    fn replace_values(&mut self, given: Vec<(Arc<str>, ParameterValue)>) {
        self.values.retain(|(name, _)| !given.iter().any(|(new, _)| new == name));
        self.values.extend(given);
    }

    /// Gives parameters their values, in the place of all that they had; a value that does not fit changes nothing.
    pub fn set_parameters(&mut self, given: Vec<(Arc<str>, ParameterValue)>) -> Result<(), Report> {
        let before = self.values.clone();
        self.replace_values(given);
        let definitions = self.definitions_text();
        self.script(&definitions, &[]).map(drop).map_err(|report| {
            self.values = before;
            report.behind(0, BEFORE, BEFORE)
        })
    }

    /// The names that are defined.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().filter_map(|part| part.defines.as_deref())
    }

    /// The definition of a name, as it was typed.
    pub fn definition(&self, name: &str) -> Option<&str> {
        self.definitions.iter().find(|part| part.defines.as_deref() == Some(name)).map(|part| part.text.as_str())
    }

    fn definitions_text(&self) -> String {
        self.definitions.iter().map(|part| format!("{}\n", part.text)).collect()
    }

    /// All of it as a script: the definitions, with what parameters were given as their defaults, then the last result.
    pub fn text(&self) -> String {
        let definitions = self.definitions_text();
        let given = self.parameters().into_iter().filter_map(|it| Some((it.name, it.value?)));
        let definitions = given.fold(definitions, |text, (name, value)| tools::with_default(&text, &name, &value));
        let blank = if definitions.is_empty() || self.last.is_none() { "" } else { "\n" };
        let last = self.last.as_ref().map_or(String::new(), |last| format!("{last}\n"));
        format!("{definitions}{blank}{last}")
    }

    /// The text that an unfinished entry stands behind, for completion.
    pub fn before(&self, entry: &str) -> String {
        let mut text = joined(&self.definitions);
        if let Some(last) = &self.last {
            text.push_str(&format!("let {LAST} = {last}{END}"));
            if entry.trim_start().starts_with('|') {
                text.push_str(&format!("{last}\n"));
            }
        }
        text
    }
}

/// Definitions that something stands behind.
fn joined(definitions: &[Part]) -> String {
    definitions.iter().map(|part| format!("{}{END}", part.text)).collect()
}

fn text_of(value: &ParameterValue) -> Option<&str> {
    match value {
        ParameterValue::Text(text) => Some(text),
        ParameterValue::Scalar(_) => None,
    }
}

/// What a parameter of a type was given, as a script has it.
fn literal(ty: &str, given: &[&str]) -> String {
    if let Some(item) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        return match given {
            [list] if list.starts_with('[') => list.to_string(),
            items => format!("[{}]", items.iter().map(|value| literal(item, &[value])).collect::<Vec<_>>().join(", ")),
        };
    }
    let last = given.last().copied().unwrap_or_default();
    match ty.trim_end_matches('?') {
        "string" => format!("{last:?}"),
        "date" | "datetime" => format!("@{}", last.trim_start_matches('@').replace(' ', "T")),
        _ => last.to_string(),
    }
}

/// Whether the first place that a report is about is behind so many bytes of the script.
fn is_behind(report: &Report, bytes: usize) -> bool {
    let first = report.diagnostics().iter().find_map(|diagnostic| diagnostic.primary.as_ref());
    first.is_none_or(|label| label.span.source.0 != 0 || label.span.range().start >= bytes)
}

#[cfg(test)]
mod tests;
