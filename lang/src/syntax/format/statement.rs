//! Scripts, statements and blocks.

use super::{Brackets, INDENT, Writer};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Function, Script, Statement};

impl Writer<'_> {
    pub(super) fn script(&mut self, script: &Script) {
        let mut from = None;
        for statement in &script.statements {
            let span = statement.span();
            self.gap(from, span.start, "");
            self.statement(statement);
            from = Some(span.end);
        }
        let end = self.text.len() as u32;
        self.comments_between(from, end);
        self.document.newline(false);
    }

    /// The comments between two statements or arms, their blank lines kept, at most one. Gives where the last one ends.
    fn comments_between(&mut self, from: Option<u32>, to: u32) -> Gap {
        let mut gap = Gap { from, is_line: false, is_left_over: false };
        while let Some((span, is_own_line)) = self.next_comment(to) {
            if is_own_line || gap.is_line || self.document.is_empty() {
                let blank_line = gap.from.is_some_and(|from| self.has_blank_line(from, span.start));
                self.document.newline(blank_line || gap.is_left_over);
                // A comment out of the middle of the statement before must not become one of the statement behind.
                gap.is_left_over = from.is_some_and(|from| span.start < from);
            } else {
                self.word(" ");
            }
            self.comment(span);
            gap.is_line = true;
            gap.from = Some(span.end);
        }
        gap
    }

    /// What stands between two statements or arms: comments, then a newline, or on one line `flat`. `from` is where the one
    /// before ends, if there is one.
    pub(super) fn gap(&mut self, from: Option<u32>, to: u32, flat: &'static str) {
        let gap = self.comments_between(from, to);
        let blank_line = gap.from.is_some_and(|from| self.has_blank_line(from, to)) || gap.is_left_over;
        if gap.is_line || from.is_some_and(|from| self.has_newline(from, to)) || flat.is_empty() {
            self.document.newline(blank_line);
        } else {
            self.document.if_flat(flat);
            self.document.break_or(" ");
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(it) => {
                self.word("let ");
                self.source(it.name.span);
                self.word(" = ");
                match &it.value.kind {
                    ExprKind::Pipeline { source, stages } => self.pipeline(source, stages, INDENT),
                    _ => self.expr(&it.value),
                }
            }
            Statement::Function(it) => self.function(it),
            Statement::Parameter(it) => {
                self.word("param ");
                self.source(it.name.span);
                self.word(": ");
                self.type_expr(&it.ty);
                self.default(&it.default);
            }
            Statement::Type(it) => {
                self.word("type ");
                self.source(it.name.span);
                self.word(" = ");
                self.type_expr(&it.ty);
            }
            Statement::Import(it) => {
                self.word("import ");
                self.quoted(it.span);
                if let Some(alias) = &it.alias {
                    self.word(" as ");
                    self.source(alias.span);
                }
            }
            Statement::Test(it) => {
                self.word("test ");
                self.quoted(it.span);
                self.word(" ");
                self.group(|writer| writer.block(&it.body));
            }
            Statement::Expression(it) => self.expr(it),
            Statement::Error(span) => self.source(*span),
        }
    }

    /// The first text in quotes of a statement.
    fn quoted(&mut self, statement: Span) {
        let text = self.text.get(statement.range()).unwrap_or("");
        let text = &text[text.find('"').unwrap_or(0)..];
        let mut is_escaped = false;
        let end = text.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        self.document.text(&text[..end.map_or(text.len(), |end| end + 2)]);
    }

    fn function(&mut self, function: &Function) {
        self.word("fn ");
        self.source(function.name.span);
        let end = function.result.as_ref().map_or(function.body.span.start, |result| result.span().start);
        let brackets = Brackets { open: "(", close: ")", start: function.name.span.end, end };
        self.list(
            &brackets,
            &function.parameters,
            |parameter| parameter.name.span.start,
            |writer, parameter| {
                writer.source(parameter.name.span);
                writer.word(": ");
                writer.type_expr(&parameter.ty);
                writer.default(&parameter.default);
            },
        );
        if let Some(result) = &function.result {
            self.word(" -> ");
            self.type_expr(result);
        }
        self.word(" ");
        self.group(|writer| writer.block(&function.body));
    }

    fn default(&mut self, value: &Option<Expr>) {
        if let Some(value) = value {
            self.word(" = ");
            self.expr(value);
        }
    }

    /// A block, which breaks with the group around it.
    pub(super) fn block(&mut self, block: &Block) {
        let value = block.value.as_ref().map(|value| Piece::Value(value));
        let pieces: Vec<Piece> = block.statements.iter().map(Piece::Statement).chain(value).collect();
        self.word("{");
        self.document.indent(INDENT);
        let mut from = None;
        for piece in &pieces {
            let span = piece.span();
            match from {
                None => self.open_block(block.span.start + 1, span.start),
                Some(_) => self.gap(from, span.start, ";"),
            }
            match piece {
                Piece::Statement(statement) => self.statement(statement),
                Piece::Value(value) => self.expr(value),
            }
            from = Some(span.end);
        }
        self.close_block(from, block.span.end - 1);
    }

    /// What stands behind the brace of a block or `match`, before its first line.
    pub(super) fn open_block(&mut self, brace: u32, first: u32) {
        let must = self.has_newline(brace, first);
        let gap = self.comments_between(None, first);
        if gap.is_line || must {
            let blank_line = gap.from.is_some_and(|from| self.has_blank_line(from, first));
            self.document.newline(blank_line);
        } else {
            self.document.break_or(" ");
        }
    }

    /// The end of a block or `match` that was indented; `from` is where its last line ends, if it has one.
    pub(super) fn close_block(&mut self, from: Option<u32>, brace: u32) {
        let gap = self.comments_between(from, brace);
        self.document.dedent(INDENT);
        match (gap.is_line, from) {
            (true, _) => self.document.newline(false),
            (false, Some(_)) => self.document.break_or(" "),
            (false, None) => {}
        }
        self.word("}");
    }
}

/// What was found between two statements.
struct Gap {
    /// Where the last comment or statement ends.
    from: Option<u32>,
    /// Whether a comment was written, so that a newline must follow.
    is_line: bool,
    /// Whether the last comment comes out of the middle of the statement before, and stands on its own line now.
    is_left_over: bool,
}

/// A line of a block.
enum Piece<'a> {
    Statement(&'a Statement),
    Value(&'a Expr),
}

impl Piece<'_> {
    fn span(&self) -> Span {
        match self {
            Piece::Statement(statement) => statement.span(),
            Piece::Value(value) => value.span,
        }
    }
}

/// The expression of an `else if`, whose block has no braces.
pub(super) fn else_if(block: &Block) -> Option<&Expr> {
    let value = block.value.as_deref()?;
    let is_if = matches!(value.kind, ExprKind::If { .. });
    (is_if && block.statements.is_empty() && block.span == value.span).then_some(value)
}
