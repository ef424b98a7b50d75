//! Rows as a table for eyes: names, types under the names, numbers to the right, a footer with the count.
//!
//! Every cell is one line: control characters and those that turn the direction of text are spelled out. Long texts
//! are cut, and columns left out, only where a width is given; numbers are never cut.

use super::write::{Value, spell};
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::json;
use pipelang_lang::calendar;
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::collections::VecDeque;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a table looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStyle {
    /// At most so many rows, the first and the last; the others are counted.
    pub rows: usize,
    /// How many characters fit into a line.
    pub width: Option<usize>,
    /// Whether to use the colours of a terminal.
    pub color: bool,
}

impl Default for TableStyle {
    fn default() -> TableStyle {
        TableStyle { rows: 40, width: None, color: false }
    }
}

/// Between two columns.
const GAP: &str = "  ";
/// No text is cut to less.
const NARROWEST: usize = 8;

/// The rows that a table shows, as far as they have come: of many only the batches with the first and the last are kept.
#[derive(Debug)]
pub struct TableRows {
    /// Rows at the start and at the end that are shown if there are more than both together.
    ends: (usize, usize),
    first: Vec<Batch>,
    last: VecDeque<Batch>,
    first_rows: usize,
    last_rows: usize,
    /// Rows between them that are not kept.
    left_out: usize,
}

impl TableRows {
    /// None yet, of which a table will show so many.
    pub fn new(rows: usize) -> TableRows {
        let ends = (rows.div_ceil(2), rows / 2);
        TableRows { ends, first: Vec::new(), last: VecDeque::new(), first_rows: 0, last_rows: 0, left_out: 0 }
    }

    /// Adds rows.
    pub fn push(&mut self, batch: Batch) {
        if self.first_rows < self.ends.0 {
            self.first_rows += batch.rows;
            self.first.push(batch);
            return;
        }
        self.last_rows += batch.rows;
        self.last.push_back(batch);
        while let Some(oldest) = self.last.front().filter(|oldest| self.last_rows - oldest.rows >= self.ends.1) {
            self.last_rows -= oldest.rows;
            self.left_out += oldest.rows;
            self.last.pop_front();
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    fn total(&self) -> usize {
        self.first_rows + self.left_out + self.last_rows
    }

    /// Those that are kept, with their positions.
    fn kept(&self) -> impl Iterator<Item = (usize, (&Batch, usize))> {
        let behind = self.first_rows + self.left_out;
        let last = rows_of(&self.last).enumerate().map(move |(at, row)| (at + behind, row));
        rows_of(&self.first).enumerate().chain(last)
    }
}

/// Whether the run must stop.
type Check<'a> = &'a dyn Fn() -> Result<(), RunError>;

/// The rows that are rendered without a look.
const ROWS_BETWEEN_LOOKS: usize = 4096;

/// The table of rows that have the columns of the schema. One value alone is just that value. Of many rows none comes out
/// if the run must stop.
pub fn render(
    schema: &Schema,
    shape: Shape,
    rows: &TableRows,
    style: &TableStyle,
    check: Check,
) -> Result<String, RunError> {
    if shape == Shape::Scalar {
        return Ok(scalar(schema, rows));
    }
    let total = rows.total();
    let (first, last) = if total - rows.ends.0.min(total) > rows.ends.1 { rows.ends } else { (total, 0) };
    let is_shown = |at: usize| at < first || at >= total - last;
    let shown: Vec<(&Batch, usize)> = rows.kept().filter(|(at, _)| is_shown(*at)).map(|(_, row)| row).collect();
    // Of very many columns most have no room whatever is in them.
    let most = style.width.map_or(usize::MAX, |width| width / GAP.len() + 1);
    let mut columns: Vec<TableColumn> = schema
        .fields
        .iter()
        .enumerate()
        .take(most)
        .map(|(at, field)| {
            let name = if shape == Shape::Values { "value" } else { &*field.name };
            TableColumn::new(name, &field.ty, shown.iter().map(|(batch, row)| (&batch.columns[at], *row)), check)
        })
        .collect::<Result<_, RunError>>()?;
    if let Some(width) = style.width {
        fit(&mut columns, width);
    }
    let mut out = Lines { text: String::new(), color: style.color };
    out.line(columns.iter().map(|column| (column.pad(&column.name), Look::Bold)));
    out.line(columns.iter().map(|column| (column.pad(&column.ty), Look::Dim)));
    let width = columns.iter().map(|column| column.width + GAP.len()).sum::<usize>().saturating_sub(GAP.len());
    out.line([("─".repeat(width), Look::Dim)].into_iter());
    for row in checked(0..shown.len(), check) {
        let row = row?;
        if row == first {
            out.line([(format!("… {} more …", rows_text(total - first - last)), Look::Dim)].into_iter());
        }
        out.line(columns.iter().map(|column| {
            let (cell, is_null) = &column.cells[row];
            (column.pad(cell), if *is_null { Look::Dim } else { Look::Plain })
        }));
    }
    if first < total && last == 0 {
        out.line([(format!("… {} more …", rows_text(total - first)), Look::Dim)].into_iter());
    }
    let left_out = &schema.fields[columns.len()..];
    out.line([(footer(total, left_out, style.width.unwrap_or(usize::MAX)), Look::Dim)].into_iter());
    Ok(out.text)
}

/// The items, with a look behind many of them.
fn checked<'a, T>(
    items: impl Iterator<Item = T> + 'a,
    check: Check<'a>,
) -> impl Iterator<Item = Result<T, RunError>> + 'a {
    let must_look = |at: usize| at % ROWS_BETWEEN_LOOKS == ROWS_BETWEEN_LOOKS - 1;
    items.enumerate().map(move |(at, item)| if must_look(at) { check().map(|()| item) } else { Ok(item) })
}

fn scalar(schema: &Schema, rows: &TableRows) -> String {
    let mut text = String::new();
    for (_, (batch, row)) in rows.kept() {
        for (column, field) in batch.columns.iter().zip(&schema.fields) {
            // A text may have lines of its own here.
            let (cell, _) = cell(column, row, &field.ty.kind, |c| c == '\n' || c == '\t');
            text.push_str(&cell);
        }
        text.push('\n');
    }
    text
}

fn rows_of<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> impl Iterator<Item = (&'a Batch, usize)> {
    batches.into_iter().flat_map(|batch| (0..batch.rows).map(move |row| (batch, row)))
}

/// How many rows there are, and which columns are not shown, as far as there is room for their names.
fn footer(rows: usize, left_out: &[Field], width: usize) -> String {
    let mut footer = rows_text(rows);
    if left_out.is_empty() {
        return footer;
    }
    let plural = if left_out.len() == 1 { "" } else { "s" };
    write!(footer, ", {} more column{plural}", left_out.len()).expect("text can always be written to");
    for (at, field) in left_out.iter().enumerate() {
        let name = visible(&field.name, |_| false);
        let room = if at + 1 == left_out.len() { 0 } else { " …".width() };
        if footer.width() + ": ".len() + name.width() + room > width {
            footer.push_str(if at == 0 { "" } else { " …" });
            break;
        }
        footer.push_str(if at == 0 { ": " } else { ", " });
        footer.push_str(&name);
    }
    footer
}

fn rows_text(count: usize) -> String {
    if count == 1 { "1 row".to_string() } else { format!("{count} rows") }
}

/// A column of a table: everything in it is one line of printable text.
struct TableColumn {
    name: String,
    ty: String,
    to_the_right: bool,
    may_be_cut: bool,
    /// With whether it is null.
    cells: Vec<(String, bool)>,
    width: usize,
}

impl TableColumn {
    fn new<'a>(
        name: &str,
        ty: &Type,
        cells: impl Iterator<Item = (&'a Column, usize)> + 'a,
        check: Check<'a>,
    ) -> Result<TableColumn, RunError> {
        let cells = cells.map(|(column, row)| cell(column, row, &ty.kind, |_| false));
        let cells: Vec<(String, bool)> = checked(cells, check).collect::<Result<_, _>>()?;
        let (name, ty_text) = (visible(name, |_| false), ty.to_string());
        let widest = cells.iter().map(|(cell, _)| cell.width()).max().unwrap_or(0);
        let width = widest.max(name.width()).max(ty_text.width());
        let to_the_right = ty.is_numeric();
        let nested = matches!(ty.kind, Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json);
        let may_be_cut = nested || matches!(ty.kind, Kind::String | Kind::Bytes);
        Ok(TableColumn { name, ty: ty_text, to_the_right, may_be_cut, cells, width })
    }

    /// A cell as wide as the column.
    fn pad(&self, cell: &str) -> String {
        let cut = cut(cell, self.width);
        let blanks = " ".repeat(self.width - cut.width());
        if self.to_the_right { blanks + &cut } else { cut + &blanks }
    }
}

/// Makes the columns fit into a width: those at the end that have no room even if all texts are cut are left out, then the
/// widest texts are cut.
fn fit(columns: &mut Vec<TableColumn>, width: usize) {
    let least = |column: &TableColumn| if column.may_be_cut { column.width.min(NARROWEST) } else { column.width };
    let (mut used, mut fitting) = (0, 0);
    for column in columns.iter() {
        used += least(column) + if fitting > 0 { GAP.len() } else { 0 };
        if used > width && fitting > 0 {
            break;
        }
        fitting += 1;
    }
    columns.truncate(fitting);
    let needed = |columns: &[TableColumn]| {
        columns.iter().map(|column| column.width + GAP.len()).sum::<usize>().saturating_sub(GAP.len())
    };
    while needed(columns) > width {
        let over = needed(columns) - width;
        let texts = columns.iter().filter(|column| column.may_be_cut && column.width > NARROWEST);
        let Some(widest) = texts.map(|column| column.width).max() else { break };
        let next = columns.iter().filter(|c| c.may_be_cut && c.width < widest).map(|c| c.width).max().unwrap_or(0);
        let to = widest.saturating_sub(over).max(next).max(NARROWEST);
        let column = columns.iter_mut().rfind(|column| column.may_be_cut && column.width == widest);
        column.expect("it was just found").width = to.min(widest - 1);
    }
    // Of the only column that is there even the name is cut.
    if let [only] = columns.as_mut_slice() {
        let widest = only.cells.iter().map(|(cell, _)| cell.width()).max().unwrap_or(0);
        only.width = only.width.min(width.max(widest));
    }
}

/// A text of at most so many characters' width.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.width() + c.width().unwrap_or(0) + 1 > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// A value as one line of text, and whether it is null.
fn cell(column: &Column, row: usize, kind: &Kind, is_let_through: fn(char) -> bool) -> (String, bool) {
    let mut out = Vec::new();
    if let (Column::DateTime(times), false) = (column, column.is_null(row)) {
        return (calendar::spelled(|out| calendar::write_datetime(times.value(row), b' ', out)), false);
    }
    let text = match spell(column, row, &mut out) {
        Value::Null => return ("null".to_string(), true),
        Value::Text(content) => visible(content, is_let_through),
        Value::Nested(nested) => visible(&json::text(nested, kind), is_let_through),
        Value::NotFinite(word) => word.to_string(),
        Value::Plain | Value::Spelled => String::from_utf8(out).expect("numbers and dates are ASCII"),
    };
    (text, false)
}

/// The text with everything spelled out that a terminal would not show as it is.
fn visible(text: &str, is_let_through: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        match c {
            _ if is_let_through(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c.is_control() || turns => {
                write!(out, "\\u{{{:x}}}", u32::from(c)).expect("text can always be written to");
            }
            _ => out.push(c),
        }
    }
    out
}

/// How a cell is shown.
#[derive(Clone, Copy)]
enum Look {
    Plain,
    Bold,
    Dim,
}

/// Lines without blanks at their ends.
struct Lines {
    text: String,
    color: bool,
}

impl Lines {
    fn line(&mut self, cells: impl Iterator<Item = (String, Look)>) {
        let cells: Vec<(String, Look)> = cells.collect();
        let last = cells.len().saturating_sub(1);
        for (at, (cell, look)) in cells.into_iter().enumerate() {
            let cell = if at == last { cell.trim_end_matches(' ') } else { &cell };
            let code = match look {
                Look::Plain => "",
                Look::Bold => "\x1b[1m",
                Look::Dim => "\x1b[2m",
            };
            if self.color && !code.is_empty() {
                self.text.push_str(code);
                self.text.push_str(cell);
                self.text.push_str("\x1b[0m");
            } else {
                self.text.push_str(cell);
            }
            if at < last {
                self.text.push_str(GAP);
            }
        }
        if !self.color {
            let length = self.text.trim_end_matches(' ').len();
            self.text.truncate(length);
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests;
