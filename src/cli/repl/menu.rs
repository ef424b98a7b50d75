//! The menu of completions: reedline's, with a line that says how many there are where it does not show all, and none at
//! all where there is nothing to choose from.

use nu_ansi_term::{Color, Style};
use reedline::{
    Completer, DescriptionMode, Editor, IdeMenu, InputMode, Menu, MenuBuilder, MenuEvent, MenuSettings, Painter,
    Suggestion, UndoBehavior,
};

/// The name of the menu.
pub const MENU: &str = "completions";

/// Entries that are shown at most.
const SHOWN: u16 = 10;

/// The completions below the cursor, with what they are beside the chosen one.
pub struct Completions {
    entries: IdeMenu,
    /// The columns of the cursor and of the terminal.
    cursor: u16,
    width: u16,
}

impl Completions {
    /// A menu that is marked like the prompt before it.
    pub fn new(indicator: &str) -> Completions {
        let entries = IdeMenu::default()
            .with_name(MENU)
            .with_marker(indicator)
            .with_input_mode(InputMode::FullBuffer)
            .with_padding(1)
            .with_max_completion_height(SHOWN)
            .with_max_description_width(60)
            .with_description_mode(DescriptionMode::PreferRight);
        Completions { entries, cursor: 0, width: 0 }
    }

    /// How many there are, if that is more than are shown.
    fn count(&self) -> Option<String> {
        let count = self.get_values().len();
        (count > usize::from(SHOWN)).then(|| format!(" … {count} in all"))
    }

    /// The editor moves the cursor as if the word that it replaces ended there; it belongs behind the new one.
    fn move_behind_word(&self, editor: &mut Editor, before: &str, cursor: usize) {
        let Some(end) = self.get_values().first().map(|value| value.span.end) else { return };
        if editor.get_buffer() != before && end > cursor {
            let at = editor.get_buffer().len().saturating_sub(before.len().saturating_sub(end));
            editor.edit_buffer(|line| line.set_insertion_point(at), UndoBehavior::MoveCursor);
        }
    }

    /// Without colours a `>` is put before the chosen entry, and nothing makes room for it: it takes that of a blank.
    fn marked(&self, entries: String) -> String {
        let mut marks = self.get_values().iter().map(|value| format!(" >{}", value.display_value()));
        match marks.find(|mark| entries.contains(mark)) {
            Some(mark) => entries.replacen(&mark, &mark[1..], 1),
            None => entries,
        }
    }
}

fn cursor(editor: &mut Editor) -> usize {
    let mut at = 0;
    editor.edit_buffer(|line| at = line.insertion_point(), UndoBehavior::MoveCursor);
    at
}

impl Menu for Completions {
    fn settings(&self) -> &MenuSettings {
        self.entries.settings()
    }

    fn is_active(&self) -> bool {
        self.entries.is_active()
    }

    fn set_active(&mut self, active: bool) {
        self.entries.set_active(active);
    }

    fn clear_input(&mut self) {
        self.entries.clear_input();
    }

    fn on_activate(&mut self) {
        self.entries.on_activate();
    }

    fn on_deactivate(&mut self) {
        self.entries.on_deactivate();
    }

    fn menu_event(&mut self, event: MenuEvent) {
        self.entries.menu_event(event);
    }

    fn can_quick_complete(&self) -> bool {
        self.entries.can_quick_complete()
    }

    fn can_partially_complete(
        &mut self,
        values_updated: bool,
        editor: &mut Editor,
        completer: &mut dyn Completer,
    ) -> bool {
        let (before, cursor) = (editor.get_buffer().to_string(), cursor(editor));
        let has_completed = self.entries.can_partially_complete(values_updated, editor, completer);
        self.move_behind_word(editor, &before, cursor);
        has_completed
    }

    fn update_values(&mut self, editor: &mut Editor, completer: &mut dyn Completer) {
        self.entries.update_values(editor, completer);
    }

    fn reset_position(&mut self) {
        self.entries.reset_position();
    }

    fn update_working_details(&mut self, editor: &mut Editor, completer: &mut dyn Completer, painter: &Painter) {
        self.width = painter.screen_width();
        self.entries.update_working_details(editor, completer, painter);
    }

    fn replace_in_buffer(&self, editor: &mut Editor) {
        let (before, cursor) = (editor.get_buffer().to_string(), cursor(editor));
        self.entries.replace_in_buffer(editor);
        self.move_behind_word(editor, &before, cursor);
    }

    fn menu_required_lines(&self, terminal_columns: u16) -> u16 {
        if self.get_values().is_empty() {
            return 0;
        }
        self.entries.menu_required_lines(terminal_columns) + u16::from(self.count().is_some())
    }

    fn menu_string(&self, available_lines: u16, use_ansi_coloring: bool) -> String {
        if self.get_values().is_empty() {
            return String::new();
        }
        let entries = self.entries.menu_string(available_lines, use_ansi_coloring);
        let entries = if use_ansi_coloring { entries } else { self.marked(entries) };
        match self.count().filter(|_| available_lines > SHOWN) {
            Some(count) => {
                let room = self.width.saturating_sub(count.chars().count() as u16);
                let left = " ".repeat(usize::from(self.cursor.min(room)));
                let style = if use_ansi_coloring { Style::new().fg(Color::DarkGray) } else { Style::new() };
                format!("{entries}\r\n{left}{}", style.paint(count))
            }
            None => entries,
        }
    }

    fn min_rows(&self) -> u16 {
        self.entries.min_rows()
    }

    fn get_values(&self) -> &[Suggestion] {
        self.entries.get_values()
    }

    fn results_are_provisional(&self) -> bool {
        self.entries.results_are_provisional()
    }

    fn is_awaiting_first_answer(&self) -> bool {
        self.entries.is_awaiting_first_answer()
    }

    fn set_cursor_pos(&mut self, position: (u16, u16)) {
        self.cursor = position.0;
        self.entries.set_cursor_pos(position);
    }
}
