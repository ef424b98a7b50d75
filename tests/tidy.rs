//! Keeps the house in order: layers, who imports what, where things may stand, lengths, lists.
//!
//! It reads the sources as text: a rule that a newcomer can break without noticing should fail here, with a sentence
//! that says what to do instead.

use crate::harness::registry;
use pipelang_lang::stages::STAGES;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that may be longer than 600 lines, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// The layers of `lang/src`: a module may import modules of lower layers and of its own folder.
const LANG_LAYERS: &[(&str, u32)] = &[
    ("calendar", 0),
    ("fault", 0),
    ("template", 0),
    ("format", 0),
    ("source", 0),
    ("stages", 0),
    ("aliases", 1),
    ("diagnostic", 1),
    ("codes", 0),
    ("ty", 1),
    ("opaque", 1),
    ("scalar", 2),
    ("report", 2),
    ("syntax", 2),
    ("catalog", 3),
    ("ir", 4),
    ("modules", 4),
    ("check", 5),
    ("opt", 5),
    ("lib", 6),
];

/// The layers of `runtime/src`.
const RUNTIME_LAYERS: &[(&str, u32)] = &[
    ("error", 0),
    ("batch", 1),
    ("index", 1),
    ("json", 1),
    ("memory", 1),
    ("tally", 1),
    ("progress", 1),
    ("spill", 2),
    ("limits", 1),
    ("builtins", 2),
    ("reducers", 2),
    ("formats", 2),
    ("machine", 3),
    ("stages", 3),
    ("reference", 3),
    ("kernel", 4),
    ("strided", 5),
    ("vector", 5),
    ("jit", 6),
    ("registry", 6),
    ("exec", 7),
    ("lib", 8),
];

/// Imports that the layers allow and the design forbids.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("lang/src", "check", "opt"),
    ("lang/src", "opt", "check"),
    ("lang/src", "opt", "syntax"),
    ("lang/src", "syntax", "ty"),
    ("runtime/src", "builtins", "formats"),
    ("runtime/src", "formats", "builtins"),
    ("runtime/src", "stages", "formats"),
    ("runtime/src", "vector", "jit"),
    ("runtime/src", "reference", "reducers"),
    ("runtime/src", "reference", "stages"),
    ("runtime/src", "reference", "kernel"),
    ("runtime/src", "reference", "vector"),
    ("runtime/src", "reference", "machine"),
    ("runtime/src", "machine", "reference"),
];

/// Imports that the layers forbid and the design allows, each with the reason.
const ALLOWED: &[(&str, &str, &str, &str)] = &[
    ("lang/src", "syntax", "scalar", "the tree names the arithmetic and comparison operators by scalar's enums"),
    ("runtime/src", "limits", "memory", "memory is one of the limits"),
];

/// Crates that only one place may name.
const CONFINED: &[(&str, &[&str])] = &[
    ("cranelift", &["runtime/src/jit/"]),
    ("rayon", &["runtime/src/exec/parallel.rs", "runtime/src/exec/parallel/"]),
    ("logos", &["lang/src/syntax/"]),
    ("chumsky", &["lang/src/syntax/"]),
    ("ariadne", &["lang/src/report.rs", "lang/src/report/"]),
    ("clap", &["src/main.rs", "src/cli/"]),
    ("reedline", &["src/cli/"]),
    ("ctrlc", &["src/cli/"]),
    ("signal_hook", &["src/cli/"]),
];

struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below some folders, with paths relative to the root.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            let path = path.strip_prefix(root()).expect("it is below the root").to_string_lossy().into_owned();
            found.push(Source { path, text });
        }
    }
}

/// The part of a file before its unit tests, without comments; nothing of a file of unit tests.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let all_tests = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    let is_tests = move |line: &str| all_tests || line.trim_start().starts_with("#[cfg(test)]");
    source
        .text
        .lines()
        .enumerate()
        .take_while(move |(_, line)| !is_tests(line))
        .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or("")))
}

/// The top-level module that a file belongs to.
fn module<'a>(crate_folder: &str, path: &'a str) -> &'a str {
    let rest = path.strip_prefix(crate_folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
    rest.split(['/', '.']).next().unwrap_or(rest)
}

/// The modules of its own crate that a line names after `crate::`.
fn named_modules(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in line.split("crate::").skip(1) {
        if let Some(list) = part.strip_prefix('{') {
            found.extend(list.split(',').map(|item| first_word(item.trim())));
        } else {
            found.push(first_word(part));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn layers_are_kept() {
    let mut faults = Vec::new();
    for (folder, layers) in [("lang/src", LANG_LAYERS), ("runtime/src", RUNTIME_LAYERS)] {
        let layer = |name: &str| layers.iter().find(|(module, _)| *module == name).map(|(_, layer)| *layer);
        for source in sources(&[folder]) {
            let own = module(folder, &source.path);
            let Some(own_layer) = layer(own) else {
                faults.push(format!("{}: the module `{own}` has no layer in tests/tidy.rs", source.path));
                continue;
            };
            for (line, text) in code(&source) {
                for other in named_modules(text) {
                    let Some(other_layer) = layer(&other) else { continue };
                    let allowed = ALLOWED.iter().any(|(f, from, to, _)| (*f, *from, *to) == (folder, own, &other));
                    let forbidden = FORBIDDEN.contains(&(folder, own, other.as_str()));
                    if other != own && !allowed && (other_layer >= own_layer || forbidden) {
                        faults.push(format!("{}:{line}: `{own}` may not import `{other}`", source.path));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "see ARCHITECTURE.md, \"Who may import whom\":\n{}", faults.join("\n"));
}

#[test]
fn crates_stay_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources(&["src", "lang/src", "runtime/src"]) {
        for (line, text) in code(&source) {
            for (name, places) in CONFINED {
                let used = text.contains(&format!("{name}::")) || text.contains(&format!("{name}_"));
                if used && text.contains("::") && !places.iter().any(|place| source.path.starts_with(place)) {
                    faults.push(format!("{}:{line}: {name} belongs to {places:?}", source.path));
                }
            }
            if source.path.starts_with("lang/") && text.contains("pipelang_runtime") {
                faults.push(format!("{}:{line}: lang knows no runtime", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn libraries_do_not_print_exit_or_look_around() {
    let mut faults = Vec::new();
    for source in sources(&["src", "lang/src", "runtime/src"]) {
        if source.path.starts_with("src/cli") || source.path == "src/main.rs" {
            continue;
        }
        for (line, text) in code(&source) {
            for word in
                ["println!", "print!(", "eprint", "dbg!", "process::exit", "env::var", "todo!", "unimplemented!"]
            {
                if text.contains(word) {
                    faults.push(format!("{}:{line}: `{word}` belongs to src/cli only, if anywhere", source.path));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn unsafe_code_stays_in_the_jit() {
    for source in sources(&["src", "lang/src", "runtime/src"]) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (line, text) in code(&source) {
            let uses = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
            if !uses || text.contains("extern \"C\" fn(") {
                continue;
            }
            assert!(
                source.path.starts_with("runtime/src/jit/"),
                "{}:{line}: `unsafe` stands in jit/ only",
                source.path
            );
            let said = lines[line.saturating_sub(6)..line].iter().any(|above| above.contains("SAFETY:"));
            assert!(said, "{}:{line}: an `unsafe` block has a `SAFETY:` line above it", source.path);
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for source in sources(&["src", "lang/src", "runtime/src", "tests"]) {
        let lines = source.text.lines().count();
        let excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        assert!(lines <= 600 || excused, "{}: {lines} lines; split it, or give a reason in LONG_FILES", source.path);
        let documented = source.text.starts_with("//!");
        assert!(documented, "{}: a module starts with what it does and what it does not do", source.path);
        let name = Path::new(&source.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        let bad = ["util", "utils", "common", "helper", "helpers", "misc"].contains(&name);
        assert!(!bad, "{}: a file is named after what it has", source.path);
    }
}

/// All files below a folder.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn the_project_speaks_of_itself() {
    let mut faults = Vec::new();
    for folder in ["src", "lang", "runtime", "tests", "docs", "examples", "grammar", "benches", "."] {
        let files = if folder == "." { plain_files(&root()) } else { walk(&root().join(folder)) };
        for path in files {
            let text_file = path
                .extension()
                .is_some_and(|e| ["rs", "md", "toml", "pipe", "ebnf", "sh"].contains(&e.to_str().unwrap_or("")));
            if !text_file || path.ends_with("tests/tidy.rs") || path.components().any(|c| c.as_os_str() == "target") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            for word in ["/work/", "/root/", "TODO", "FIXME", "XXX"] {
                if text.contains(word) {
                    faults.push(format!("{}: has `{word}`", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn plain_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the root can be listed");
    entries.map(|entry| entry.expect("a folder can be listed").path()).filter(|path| path.is_file()).collect()
}

/// The corners in which every stage and reducer is shown, and those that only what compares rows has.
const CORNERS: [&str; 4] = ["no_rows", "one_row", "all_null", "many_morsels"];
const CORNERS_OF_KEYS: [&str; 3] = ["one_key", "ties", "skewed_keys"];

/// Stages that look at each row by itself, or at rows in their order only: they have no keys.
const WITHOUT_KEYS: [&str; 20] = [
    "filter",
    "take_while",
    "skip_while",
    "select",
    "drop",
    "rename",
    "derive",
    "map",
    "flat_map",
    "explode",
    "unpivot",
    "parse",
    "cross_join",
    "union",
    "scan",
    "fold",
    "assert",
    "tee",
    "write",
    "describe",
];

#[test]
fn stages_and_reducers_have_cases_in_every_corner() {
    let text = include_str!("corners.txt");
    let stages = STAGES.iter().map(|stage| ("stage", stage.name));
    let reducers = registry().catalog.reducers().map(|reducer| ("reducer", reducer.name));
    let all: Vec<(&str, &str)> = stages.chain(reducers).collect();
    let mut faults = Vec::new();
    for (kind, name) in &all {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{kind} {name}: ")));
        let cases: Vec<(&str, &str)> = line.unwrap_or("").split(' ').filter_map(|part| part.split_once('=')).collect();
        let of_keys: &[&str] = if WITHOUT_KEYS.contains(name) { &[] } else { &CORNERS_OF_KEYS };
        for corner in CORNERS.iter().chain(of_keys) {
            let case = cases.iter().find(|(of, _)| of == corner).map(|(_, case)| *case);
            let script = case.and_then(|case| fs::read_to_string(root().join(format!("tests/cases/{case}.pipe"))).ok());
            let words = |script: String| script.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == *name);
            if !script.is_some_and(words) {
                faults.push(format!("the {kind} `{name}` is shown by no case for `{corner}` in tests/corners.txt"));
            }
        }
    }
    let named = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
    let stale = named.filter(|(head, _)| !all.iter().any(|(kind, name)| format!("{kind} {name}") == *head));
    faults.extend(stale.map(|(head, _)| format!("tests/corners.txt names the {head}, which there is not")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
