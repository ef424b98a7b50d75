//! `:set`: what can be changed while the prompt runs.

use super::Prompt;
use crate::cli::arguments::{bytes, positive};
use clap::ValueEnum;
use std::fmt::Write as _;

/// An option: its name, what it does, how it is shown and how it is changed.
pub struct PromptOption {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    shown: fn(&Prompt) -> String,
    change: fn(&mut Prompt, &str) -> Result<(), String>,
}

/// All of them.
pub const OPTIONS: [PromptOption; 6] = [
    PromptOption {
        name: "rows",
        doc: "rows of a table: a number, all, or else as many as fit",
        shown: |prompt| if prompt.rows() == usize::MAX { "all".to_string() } else { prompt.rows().to_string() },
        change: |prompt, value| {
            prompt.rows = Some(if value == "all" { usize::MAX } else { positive(value)? });
            Ok(())
        },
    },
    PromptOption {
        name: "format",
        doc: "how results are written: table, csv, jsonl …",
        shown: |prompt| prompt.settings.format.map_or("table".to_string(), name_of),
        change: |prompt, value| choose(value).map(|format| prompt.settings.format = Some(format)),
    },
    PromptOption {
        name: "stats",
        doc: "whether the time and the work of a run are told: on or off",
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
        shown: |prompt| prompt.settings.threads.map_or("all".to_string(), |threads| threads.to_string()),
        change: |prompt, value| {
            prompt.settings.threads = if value == "all" { None } else { Some(positive(value)?) };
            Ok(())
        },
    },
    PromptOption {
        name: "executor",
        doc: "who computes: auto, reference, vector or jit",
        shown: |prompt| name_of(prompt.settings.executor),
        change: |prompt, value| choose(value).map(|executor| prompt.settings.executor = executor),
    },
    PromptOption {
        name: "memory",
        doc: "what sorts, groups and joins may hold: 500MB, or none",
        shown: |prompt| prompt.settings.memory.map_or("none".to_string(), |memory| memory.to_string()),
        change: |prompt, value| {
            prompt.settings.memory = if value == "none" { None } else { Some(bytes(value)?) };
            Ok(())
        },
    },
];

fn name_of(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_string())
}

fn choose<T: ValueEnum>(value: &str) -> Result<T, String> {
    T::from_str(value, true).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|it| it.get_name().to_string())
            .collect();
        format!("one of {}", names.join(", "))
    })
}

/// Changes an option, or tells what it is, or tells all; the error says what is wrong.
pub fn set(prompt: &mut Prompt, name: &str, value: &str) -> Result<String, String> {
    if name.is_empty() {
        let mut text = String::new();
        for option in &OPTIONS {
            let _ = writeln!(text, "  {:<9} {:<9} {}", option.name, (option.shown)(prompt), option.doc);
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
