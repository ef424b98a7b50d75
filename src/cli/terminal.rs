//! What stdout and stderr are: a terminal, how wide, with colours, with more than ASCII. Decided once, here.

use super::arguments::ColorChoice;
use pipelang::{RenderOptions, TableStyle};
use std::io::IsTerminal;

/// Rows of a table that a terminal is shown.
const TABLE_ROWS: usize = 40;

/// One of the standard outputs.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    is_terminal: bool,
    color: bool,
    width: Option<usize>,
    height: Option<usize>,
}

impl Terminal {
    /// Where data go.
    pub fn stdout(color: ColorChoice) -> Terminal {
        Terminal::of(std::io::stdout().is_terminal(), color)
    }

    /// Where messages go.
    pub fn stderr(color: ColorChoice) -> Terminal {
        Terminal::of(std::io::stderr().is_terminal(), color)
    }

    fn of(is_terminal: bool, color: ColorChoice) -> Terminal {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is = |name: &str, value: &str| std::env::var_os(name).is_some_and(|set| set == value);
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if is_set("NO_COLOR") => false,
            ColorChoice::Auto if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
            ColorChoice::Auto => is_terminal && !is_dumb() && !is("CLICOLOR", "0"),
        };
        let size = is_terminal.then(terminal_size::terminal_size).flatten();
        let (width, height) = size.map(|(width, height)| (usize::from(width.0), usize::from(height.0))).unzip();
        Terminal { is_terminal, color, width, height }
    }

    /// Whether to use colours on it.
    pub fn has_color(&self) -> bool {
        self.color
    }

    /// How many columns it has.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// How many lines it has.
    pub fn height(&self) -> Option<usize> {
        self.height
    }

    /// How reports are drawn on it.
    pub fn render_options(&self) -> RenderOptions {
        RenderOptions {
            color: self.color,
            width: self.width.unwrap_or(120),
            ascii: !has_unicode(),
            program: super::name(),
        }
    }

    /// How tables are drawn on it: all of their rows where nobody looks.
    pub fn table_style(&self) -> TableStyle {
        let rows = if self.is_terminal { TABLE_ROWS } else { usize::MAX };
        TableStyle { rows, width: self.width, color: self.color }
    }
}

/// Whether it can only go on, and not back to the start of a line.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the locale has more than ASCII; where none is set, yes.
pub fn has_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let locale = set.into_iter().find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
