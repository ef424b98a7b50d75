//! A document: texts with places where a line may break, and its layout within [`WIDTH`] columns.
//!
//! A group stands on one line if it fits there; otherwise each of its own breaks is a newline. The layout takes linear
//! time and does not recurse, whatever the nesting.

/// How wide a line may be.
pub(super) const WIDTH: usize = 100;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'s> {
    Text(&'s str),
    /// A comment, which fills its line: a newline follows. It takes no width, so that it never breaks what it is beside.
    Comment(&'s str),
    /// Text that only a group on one line has.
    IfFlat(&'static str),
    /// Text that only a group on several lines has.
    IfBroken(&'static str),
    /// This text if its group fits on one line, else a newline.
    Break(&'static str),
    /// A newline, two with a blank line. The groups around it stand on several lines.
    Newline {
        blank_line: bool,
    },
    /// Begins a group.
    Open,
    /// Ends a group.
    Close,
    /// Moves the lines that follow to the right.
    Indent(usize),
    /// Moves them back.
    Dedent(usize),
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Document<'s> {
    pieces: Vec<Piece<'s>>,
}

impl<'s> Document<'s> {
    /// Whether nothing was written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn text(&mut self, text: &'s str) {
        self.pieces.push(Piece::Text(text));
    }

    pub(super) fn comment(&mut self, text: &'s str) {
        self.pieces.push(Piece::Comment(text));
    }

    pub(super) fn if_flat(&mut self, text: &'static str) {
        self.pieces.push(Piece::IfFlat(text));
    }

    pub(super) fn if_broken(&mut self, text: &'static str) {
        self.pieces.push(Piece::IfBroken(text));
    }

    pub(super) fn break_or(&mut self, text: &'static str) {
        self.pieces.push(Piece::Break(text));
    }

    pub(super) fn newline(&mut self, blank_line: bool) {
        self.pieces.push(Piece::Newline { blank_line });
    }

    pub(super) fn open(&mut self) {
        self.pieces.push(Piece::Open);
    }

    pub(super) fn close(&mut self) {
        self.pieces.push(Piece::Close);
    }

    pub(super) fn indent(&mut self, columns: usize) {
        self.pieces.push(Piece::Indent(columns));
    }

    pub(super) fn dedent(&mut self, columns: usize) {
        self.pieces.push(Piece::Dedent(columns));
    }

    /// The text of the document.
    pub(super) fn lay_out(&self) -> String {
        let widths = self.widths();
        let mut page = Page::default();
        let mut broken = vec![true];
        for (piece, width) in self.pieces.iter().zip(widths) {
            let is_broken = broken.last().copied().unwrap_or(true);
            match *piece {
                Piece::Text(text) | Piece::Comment(text) => page.text(text),
                Piece::IfFlat(text) if !is_broken => page.text(text),
                Piece::IfBroken(text) if is_broken => page.text(text),
                Piece::IfFlat(_) | Piece::IfBroken(_) => {}
                Piece::Break(text) if !is_broken => page.text(text),
                Piece::Break(_) => page.newline(false),
                Piece::Newline { blank_line } => page.newline(blank_line),
                Piece::Open => {
                    let fits = width.is_some_and(|width| page.column() + width <= WIDTH);
                    broken.push(is_broken && !fits);
                }
                Piece::Close => {
                    broken.pop();
                }
                Piece::Indent(columns) => page.indent += columns,
                Piece::Dedent(columns) => page.indent -= columns,
            }
        }
        page.out
    }

    /// For each `Open` what its group takes on one line, with what follows it up to the next break; `None` if it cannot
    /// stand on one line.
    fn widths(&self) -> Vec<Option<usize>> {
        let mut widths = vec![None; self.pieces.len()];
        // All of these count from the end: what stands behind a place up to the next break, everything on one line, and
        // the newlines.
        let (mut behind, mut total, mut newlines) = (0, 0, 0);
        // The same at the `Close` of each group that is being read.
        let mut closed: Vec<(usize, usize, usize)> = Vec::new();
        for (at, piece) in self.pieces.iter().enumerate().rev() {
            match *piece {
                Piece::Text(text) => {
                    let width = text.chars().count();
                    (behind, total) = (behind + width, total + width);
                }
                Piece::IfFlat(text) => total += text.len(),
                Piece::IfBroken(text) => behind += text.len(),
                Piece::Break(text) => (behind, total) = (0, total + text.len()),
                Piece::Newline { .. } => (behind, newlines) = (0, newlines + 1),
                Piece::Close => closed.push((behind, total, newlines)),
                Piece::Open => {
                    let (behind_close, total_at_close, newlines_at_close) = closed.pop().unwrap_or((0, 0, 0));
                    let fits = newlines == newlines_at_close;
                    widths[at] = fits.then_some(total - total_at_close + behind_close);
                }
                Piece::Comment(_) | Piece::Indent(_) | Piece::Dedent(_) => {}
            }
        }
        widths
    }
}

/// What has been written so far.
#[derive(Default)]
struct Page {
    out: String,
    indent: usize,
    /// The columns of the line so far; `None` at its start, before the indentation is written.
    written: Option<usize>,
}

impl Page {
    fn column(&self) -> usize {
        self.written.unwrap_or(self.indent)
    }

    fn text(&mut self, text: &str) {
        let column = self.column();
        if self.written.is_none() {
            self.out.extend(std::iter::repeat_n(' ', self.indent));
        }
        self.out.push_str(text);
        self.written = Some(column + text.chars().count());
    }

    fn newline(&mut self, blank_line: bool) {
        if self.out.is_empty() {
            return;
        }
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        self.out.push('\n');
        if blank_line {
            self.out.push('\n');
        }
        self.written = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_breaks_as_a_whole_and_leaves_those_in_it() {
        let mut document = Document::default();
        let wide = "x".repeat(60);
        document.open();
        document.text("(");
        document.indent(2);
        for _ in 0..2 {
            document.break_or("");
            document.open();
            document.text(&wide);
            document.break_or(" ");
            document.text("y,");
            document.close();
        }
        document.if_broken("!");
        document.dedent(2);
        document.break_or("");
        document.text(")");
        document.close();
        assert_eq!(document.lay_out(), format!("(\n  {wide} y,\n  {wide} y,!\n)"));
    }

    #[test]
    fn what_follows_a_group_counts_up_to_the_next_break() {
        let mut document = Document::default();
        let (wide, tail) = ("x".repeat(95), "y".repeat(5));
        document.open();
        document.text(&wide);
        document.break_or("");
        document.close();
        document.text(&tail);
        document.break_or("");
        document.text(&tail);
        assert_eq!(document.lay_out(), format!("{wide}{tail}\n{tail}"));
    }
}
