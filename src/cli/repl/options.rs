//! `:set`: what can be changed while the prompt runs.

use super::Prompt;
use super::session::Parameter;
use crate::cli::arguments::{ExecutorName, FormatName, bytes, positive, threads};
use clap::ValueEnum;
use pipelang::OutputFormat;
use std::fmt::Write as _;

/// An option: its name, what it does, how it is shown and how it is changed.
pub struct PromptOption {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Words that are values of it.
    pub values: fn() -> Vec<String>,
    shown: fn(&Prompt) -> String,
    change: fn(&mut Prompt, &str) -> Result<(), String>,
}

/// All of them.
pub const OPTIONS: [PromptOption; 6] = [
    PromptOption {
        name: "rows",
        doc: "rows of a table: a number, all, or as many as fit",
        values: || words(&["fit", "all"]),
        shown: |prompt| match prompt.rows {
            None => "fit".to_string(),
            Some(usize::MAX) => "all".to_string(),
            Some(rows) => rows.to_string(),
        },
        change: |prompt, value| {
            prompt.rows = match value {
                "fit" => None,
                "all" => Some(usize::MAX),
                _ => Some(positive(value).map_err(|wanted| format!("{wanted}, all or fit"))?),
            };
            Ok(())
        },
    },
    PromptOption {
        name: "format",
        doc: "how results are written: table, csv, jsonl …",
        values: || names(shows),
        shown: |prompt| prompt.settings.format.map_or("table".to_string(), name_of),
        change: |prompt, value| choose(value, shows).map(|format| prompt.settings.format = Some(format)),
    },
    PromptOption {
        name: "stats",
        doc: "whether the time and the work of a run are told: on or off",
        values: || words(&["on", "off"]),
        shown: |prompt| if prompt.settings.stats { "on" } else { "off" }.to_string(),
        change: |prompt, value| {
            prompt.settings.stats = match value {
                "on" | "true" => true,
                "off" | "false" => false,
                _ => return Err("on or off".to_string()),
            };
            Ok(())
        },
    },
    PromptOption {
        name: "threads",
        doc: "threads of a run, at most those of the start",
        values: || words(&["all"]),
        shown: |prompt| prompt.settings.threads.map_or("all".to_string(), |threads| threads.to_string()),
        change: |prompt, value| {
            prompt.settings.threads =
                if value == "all" { None } else { Some(threads(value).map_err(|wanted| format!("{wanted}, or all"))?) };
            Ok(())
        },
    },
    PromptOption {
        name: "executor",
        doc: "who computes: auto, reference, vector or jit",
        values: || names(|_: &ExecutorName| true),
        shown: |prompt| name_of(prompt.settings.executor),
        change: |prompt, value| choose(value, |_| true).map(|executor| prompt.settings.executor = executor),
    },
    PromptOption {
        name: "memory",
        doc: "what sorts, groups and joins may hold: 500MB, or none",
        values: || words(&["none"]),
        shown: |prompt| prompt.settings.memory.map_or("none".to_string(), |memory| memory.to_string()),
        change: |prompt, value| {
            prompt.settings.memory =
                if value == "none" { None } else { Some(bytes(value).map_err(|wanted| format!("{wanted}, or none"))?) };
            Ok(())
        },
    },
];

fn name_of(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_string())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

/// Whether a format is something to look at.
fn shows(format: &FormatName) -> bool {
    !matches!(OutputFormat::from(*format), OutputFormat::Columns(_))
}

/// The names of the variants that fit.
fn names<T: ValueEnum>(fits: fn(&T) -> bool) -> Vec<String> {
    T::value_variants().iter().filter(|variant| fits(variant)).map(|variant| name_of(variant.clone())).collect()
}

fn choose<T: ValueEnum>(value: &str, fits: fn(&T) -> bool) -> Result<T, String> {
    let chosen = T::from_str(value, true).ok().filter(fits);
    chosen.ok_or_else(|| format!("one of {}", names(fits).join(", ")))
}

/// Changes an option, or tells what it is, or tells all; the error says what is wrong.
pub fn set(prompt: &mut Prompt, name: &str, value: &str) -> Result<String, String> {
    if name.is_empty() {
        let mut text = String::new();
        for option in &OPTIONS {
            let _ = writeln!(text, "  {:<9} {:<9} {}", option.name, (option.shown)(prompt), option.doc);
        }
        for Parameter { name, ty, doc, value } in prompt.session.parameters() {
            let value = value.unwrap_or_else(|| "…".to_string());
            let doc: String = doc.lines().map(|line| format!(" {line}")).collect();
            let _ = writeln!(text, "  {name:<9} {value:<9} param {name}: {ty}{doc}");
        }
        return Ok(text);
    }
    let Some(option) = OPTIONS.iter().find(|option| option.name == name) else {
        let names: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        return Err(format!("there is no option or parameter `{name}`; there are {}", names.join(", ")));
    };
    if value.is_empty() {
        return Ok(format!("{}\n", (option.shown)(prompt)));
    }
    match (option.change)(prompt, value) {
        Ok(()) => Ok(String::new()),
        Err(wanted) => Err(format!("`{value}` is no value of `{name}`, which is {wanted}")),
    }
}
