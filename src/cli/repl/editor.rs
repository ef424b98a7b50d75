//! The line editor of the prompt: colours, history, and when an entry is finished.

use super::commands::{file_of, script_start};
use super::completer::Entries;
use super::menu::{Completions, MENU};
use crate::cli::terminal::Terminal;
use nu_ansi_term::{Color, Style};
use pipelang::tools::{self, Class};
use reedline::{
    DefaultHinter, Emacs, FileBackedHistory, Highlighter, KeyCode, KeyModifiers, Keybindings, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, StyledText, ValidationResult, Validator,
    default_emacs_keybindings,
};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Entries that are remembered.
const REMEMBERED: usize = 10_000;

/// What the first line of an entry begins with, behind the name of the prompt; the same while the menu is open.
const INDICATOR: &str = "> ";

/// An editor with the user's history; without one if it cannot be kept.
pub fn editor(program: &str, terminal: Terminal, entries: Entries) -> Reedline {
    let color = terminal.has_color();
    let hint = Style::new().fg(Color::DarkGray);
    let mut editor = Reedline::create()
        .with_validator(Box::new(Unfinished))
        .with_highlighter(Box::new(Words { color }))
        .with_completer(Box::new(entries))
        .with_quick_completions(true)
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(Completions::new(INDICATOR))))
        .with_edit_mode(Box::new(Emacs::new(keys())))
        .with_hinter(Box::new(DefaultHinter::default().with_style(hint)))
        .with_ansi_colors(color)
        .use_bracketed_paste(true);
    let history = history_file(program).and_then(|file| {
        mend(&file);
        FileBackedHistory::with_file(REMEMBERED, file).ok()
    });
    if let Some(history) = history {
        editor = editor.with_history(Box::new(history));
    }
    editor
}

/// Those of Emacs; Tab opens the menu and goes through it.
fn keys() -> Keybindings {
    let mut keys = default_emacs_keybindings();
    let next = vec![ReedlineEvent::Menu(MENU.to_string()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(next));
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    keys
}

/// `$XDG_STATE_HOME/pipe/history`, or the same below `~/.local/state`; of a host's program below its name.
fn history_file(program: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join(program).join("history"))
}

/// One byte that is no UTF-8 would cost all of a history.
fn mend(file: &Path) {
    if let Err(broken) = std::fs::read(file).map_or(Ok(String::new()), String::from_utf8) {
        let _ = std::fs::write(file, String::from_utf8_lossy(broken.as_bytes()).as_bytes());
    }
}

struct Unfinished;

impl Validator for Unfinished {
    fn validate(&self, line: &str) -> ValidationResult {
        match script_start(line) {
            Some(start) if file_of(line).is_none() && tools::is_unfinished(&line[start..]) => {
                ValidationResult::Incomplete
            }
            Some(_) | None => ValidationResult::Complete,
        }
    }
}

struct Words {
    color: bool,
}

impl Highlighter for Words {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        let start = script_start(line).filter(|_| self.color).unwrap_or(line.len());
        styled.push((Style::new(), line[..start].to_string()));
        let mut done = start;
        for (range, class) in tools::tokens(&line[start..]) {
            let range = range.start + start..range.end + start;
            if range.start < done || range.end > line.len() {
                continue;
            }
            styled.push((Style::new(), line[done..range.start].to_string()));
            styled.push((style(class), line[range.clone()].to_string()));
            done = range.end;
        }
        styled.push((Style::new(), line[done..].to_string()));
        styled
    }
}

fn style(class: Class) -> Style {
    match class {
        Class::Keyword => Style::new().fg(Color::Purple),
        Class::Stage => Style::new().bold(),
        Class::Function => Style::new().fg(Color::Blue),
        Class::Option | Class::Column => Style::new().fg(Color::Yellow),
        Class::Type => Style::new().fg(Color::Cyan),
        Class::Number | Class::Constant | Class::Text => Style::new().fg(Color::Green),
        Class::Format => Style::new().fg(Color::Magenta),
        Class::Comment => Style::new().fg(Color::DarkGray),
        Class::Pipe => Style::new().fg(Color::Cyan).bold(),
        Class::Operator | Class::Bracket | Class::Punctuation | Class::Name => Style::new(),
    }
}

/// `pipe> `, and `    | ` below it.
pub struct PipePrompt {
    /// What the program is called.
    pub name: &'static str,
}

impl Prompt for PipePrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(INDICATOR)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("  ... ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!(" (search: {}) ", search.term))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_with_a_broken_byte_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        mend(&file);
        assert!(!file.exists());
        std::fs::write(&file, b"1 + 1\n\xff\n2 + 2\n").expect("a file");
        mend(&file);
        assert_eq!(std::fs::read_to_string(&file).expect("it is text now"), "1 + 1\n\u{fffd}\n2 + 2\n");
    }
}
