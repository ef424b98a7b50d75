//! Expressions and pipelines.

use super::statement::else_if;
use super::{Brackets, CONTINUATION, INDENT, Writer};
use crate::scalar::Arithmetic;
use crate::source::Span;
use crate::syntax::ast::*;

impl Writer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Int(_)
            | ExprKind::Float(..)
            | ExprKind::Bool(_)
            | ExprKind::Null
            | ExprKind::String(_)
            | ExprKind::RawString(_)
            | ExprKind::Interpolated(_)
            | ExprKind::Date(_)
            | ExprKind::DateTime(_)
            | ExprKind::Duration(_)
            | ExprKind::Name(_)
            | ExprKind::It
            | ExprKind::Error => self.source(span),
            ExprKind::Path(path) => self.path(path),
            ExprKind::List(items) => {
                self.list(
                    &Brackets::of(span, "[", "]"),
                    items,
                    |item| item.span.start,
                    |writer, item| writer.expr(item),
                );
            }
            ExprKind::Record(items) => {
                self.list(&Brackets::of(span, "{", "}"), items, record_item_start, |writer, item| {
                    writer.record_item(item)
                });
            }
            ExprKind::Map(entries) => {
                self.list(
                    &Brackets::of(span, "{", "}"),
                    entries,
                    |(key, _)| key.span.start,
                    |writer, (key, value)| {
                        writer.source(key.span);
                        writer.word(": ");
                        writer.expr(value);
                    },
                );
            }
            ExprKind::Parenthesized(inner) => {
                self.enclosed(&Brackets::of(span, "(", ")"), inner.span.start, |writer| writer.expr(inner));
            }
            ExprKind::Unary(operator, of) => {
                self.word(match operator {
                    UnaryOperator::Negate => "-",
                    UnaryOperator::Not => "not ",
                });
                self.expr(of);
            }
            ExprKind::Binary(operator, _, left, right) => self.binary(*operator, left, right),
            ExprKind::Range { start, end, inclusive } => {
                start.iter().for_each(|start| self.expr(start));
                self.word(if *inclusive { ".." } else { "..<" });
                end.iter().for_each(|end| self.expr(end));
            }
            ExprKind::Call { function, arguments } => {
                self.path(function);
                let start = function.last().map_or(span.start, |name| name.span.end) + 1;
                self.arguments(start, span.end - 1, arguments);
            }
            ExprKind::Method { .. } | ExprKind::Field { .. } | ExprKind::Index { .. } => self.chain(expr),
            ExprKind::Lambda { parameters, body } => self.lambda(parameters, body),
            ExprKind::If { .. } => self.group(|writer| writer.if_expr(expr)),
            ExprKind::Match { subject, arms } => self.match_expr(subject, arms, span),
            ExprKind::Pipeline { source, stages } => self.pipeline(source, stages, 0),
        }
    }

    fn record_item(&mut self, item: &RecordItem) {
        match item {
            RecordItem::Field(name, value) => {
                self.source(name.span);
                self.word(": ");
                self.expr(value);
            }
            RecordItem::Short(value) => self.expr(value),
            RecordItem::Spread(value) => {
                self.word("...");
                self.expr(value);
            }
        }
    }

    fn lambda(&mut self, parameters: &[Name], body: &Expr) {
        match parameters {
            [one] => self.source(one.span),
            several => {
                self.word("(");
                for (at, parameter) in several.iter().enumerate() {
                    if at > 0 {
                        self.word(", ");
                    }
                    self.source(parameter.span);
                }
                self.word(")");
            }
        }
        self.word(" => ");
        self.expr(body);
    }

    /// Operators that bind alike and lean to the left break together.
    fn binary(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr) {
        let mut links = vec![(operator, right)];
        let mut first = left;
        while let ExprKind::Binary(inner, _, left, right) = &first.kind
            && level(*inner) == level(operator)
        {
            links.push((*inner, right));
            first = left;
        }
        if let [(operator, right)] = links.as_slice()
            && (has_brackets(right) || is_stream(first))
        {
            self.expr(first);
            for word in [" ", operator.text(), " "] {
                self.word(word);
            }
            return self.expr(right);
        }
        self.group(|writer| {
            writer.expr(first);
            writer.indented(CONTINUATION, |writer| {
                for (operator, operand) in links.into_iter().rev() {
                    let start = operand.span.start;
                    // A line that begins with a minus is a statement of its own.
                    if operator == BinaryOperator::Arithmetic(Arithmetic::Subtract) {
                        writer.word(" -");
                        writer.break_or(" ", start);
                    } else {
                        writer.break_or(" ", start);
                        writer.word(operator.text());
                        writer.word(" ");
                    }
                    writer.expr(operand);
                }
            });
        });
    }

    /// Fields, indexes and methods. Several methods that do not fit on one line stand on a line each.
    fn chain(&mut self, whole: &Expr) {
        let mut links = Vec::new();
        let mut first = whole;
        while let ExprKind::Method { receiver: of, .. }
        | ExprKind::Field { record: of, .. }
        | ExprKind::Index { value: of, .. } = &first.kind
        {
            links.push((first, matches!(of.kind, ExprKind::Index { null_safe: true, .. })));
            first = of;
        }
        let breaks = links.iter().filter(|(link, _)| matches!(link.kind, ExprKind::Method { .. })).count() > 1;
        self.group(|writer| {
            writer.expr(first);
            writer.indented(if breaks { CONTINUATION } else { 0 }, |writer| {
                for (link, has_question) in links.into_iter().rev() {
                    writer.link(link, has_question, breaks);
                }
            });
        });
    }

    /// A link of a chain; `has_question` says that the `?` of an index stands before it.
    fn link(&mut self, link: &Expr, has_question: bool, breaks: bool) {
        let dot = |null_safe: bool| if null_safe && !has_question { "?." } else { "." };
        match &link.kind {
            ExprKind::Method { function, arguments, null_safe, .. } => {
                let start = function.first().map_or(link.span.end, |name| name.span.start);
                if breaks {
                    self.break_or("", start);
                }
                self.word(dot(*null_safe));
                self.path(function);
                let start = function.last().map_or(start, |name| name.span.end) + 1;
                self.arguments(start, link.span.end - 1, arguments);
            }
            ExprKind::Field { name, null_safe, .. } => {
                self.word(dot(*null_safe));
                self.source(name.span);
            }
            ExprKind::Index { value, index, null_safe } => {
                let brackets = Brackets { open: "[", close: "]", start: value.span.end + 1, end: link.span.end - 1 };
                self.enclosed(&brackets, index.span.start, |writer| writer.expr(index));
                self.word(if *null_safe { "?" } else { "" });
            }
            _ => self.expr(link),
        }
    }

    /// The `if` of a group: its blocks break together.
    fn if_expr(&mut self, expr: &Expr) {
        let ExprKind::If { condition, then, otherwise } = &expr.kind else { return self.expr(expr) };
        self.word("if ");
        self.expr(condition);
        self.word(" ");
        self.block(then);
        let Some(otherwise) = otherwise else { return };
        if self.comments(otherwise.span.start) {
            self.document.newline(false);
        } else {
            self.word(" ");
        }
        self.word("else ");
        match else_if(otherwise) {
            Some(nested) => self.if_expr(nested),
            None => self.block(otherwise),
        }
    }

    fn match_expr(&mut self, subject: &Expr, arms: &[Arm], span: Span) {
        self.group(|writer| {
            writer.word("match ");
            writer.expr(subject);
            writer.word(" {");
            writer.document.indent(INDENT);
            let mut from = None;
            for arm in arms {
                match from {
                    None => writer.open_block(subject.span.end, arm.span.start),
                    Some(_) => writer.gap(from, arm.span.start, ","),
                }
                writer.pattern(&arm.pattern);
                if let Some(guard) = &arm.guard {
                    writer.word(" if ");
                    writer.expr(guard);
                }
                writer.word(" => ");
                writer.expr(&arm.value);
                from = Some(arm.span.end);
            }
            writer.close_block(from, span.end - 1);
        });
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Anything(span) => self.source(*span),
            Pattern::Name(name) => self.source(name.span),
            Pattern::Value(value) => self.expr(value),
            Pattern::Record(fields, span) => {
                let brackets = Brackets::of(*span, "{", "}");
                self.list(
                    &brackets,
                    fields,
                    |(name, _)| name.span.start,
                    |writer, (name, inner)| {
                        writer.source(name.span);
                        if let Some(inner) = inner {
                            writer.word(": ");
                            writer.pattern(inner);
                        }
                    },
                );
            }
            Pattern::Either(patterns, _) => self.group(|writer| {
                for (at, pattern) in patterns.iter().enumerate() {
                    if at > 0 {
                        writer.document.indent(CONTINUATION);
                        writer.break_or(" ", pattern.span().start);
                        writer.document.dedent(CONTINUATION);
                        writer.word("or ");
                    }
                    writer.pattern(pattern);
                }
            }),
        }
    }

    /// A stage a line, or all on one line if they stood so and fit.
    pub(super) fn pipeline(&mut self, source: &Expr, stages: &[Stage], indent: usize) {
        self.group(|writer| {
            writer.expr(source);
            writer.document.indent(indent);
            let mut from = source.span.end;
            for stage in stages {
                let start = stage.name.first().map_or(stage.span.start, |name| name.span.start);
                writer.break_if(writer.has_newline(from, start), " ", start);
                writer.word("| ");
                writer.group(|writer| writer.stage(stage));
                from = stage.span.end;
            }
            writer.document.dedent(indent);
        });
    }

    fn stage(&mut self, stage: &Stage) {
        self.path(&stage.name);
        let mut clauses: Vec<_> = [("by ", &stage.by), ("on ", &stage.on)]
            .into_iter()
            .filter_map(|(word, clause)| clause.as_ref().map(|(place, keys)| (place.start, word, keys)))
            .collect();
        clauses.sort_by_key(|(place, ..)| *place);
        if stage.called {
            let start = stage.name.last().map_or(stage.span.start, |name| name.span.end) + 1;
            let last = stage.arguments.last().map_or(start, |argument| argument.span.end);
            self.arguments(start, self.closing(last), &stage.arguments);
        } else if !stage.arguments.is_empty() {
            self.word(" ");
            self.bare_arguments(&stage.arguments);
        }
        let beside = matches!(stage.arguments.as_slice(), [one] if one.expr().is_some_and(is_stream));
        for (_, word, keys) in clauses {
            self.indented(INDENT, |writer| {
                match beside {
                    true => writer.word(" "),
                    false => writer.break_or(" ", keys.first().map_or(0, |key| key.span.start)),
                }
                writer.word(word);
                writer.bare_arguments(keys);
            });
        }
    }

    /// The place of the parenthesis that closes behind blanks, commas and comments.
    fn closing(&self, from: u32) -> u32 {
        let mut in_comment = false;
        let behind = self.text[from as usize..].bytes().position(|byte| {
            in_comment = byte == b'#' || in_comment && byte != b'\n';
            byte == b')' && !in_comment
        });
        from + behind.unwrap_or(0) as u32
    }

    /// Arguments without parentheses: all on one line, or those behind the first on a line each.
    fn bare_arguments(&mut self, arguments: &[Argument]) {
        let [one] = arguments else {
            return self.group(|writer| {
                writer.indented(CONTINUATION, |writer| {
                    for (at, argument) in arguments.iter().enumerate() {
                        if at > 0 {
                            writer.word(",");
                            writer.break_or(" ", argument.span.start);
                        }
                        writer.argument(argument);
                    }
                });
            });
        };
        self.argument(one);
    }

    /// Arguments in parentheses, whose inner side is `start..end`. A single one that has brackets keeps to them.
    fn arguments(&mut self, start: u32, end: u32, arguments: &[Argument]) {
        let brackets = Brackets { open: "(", close: ")", start, end };
        if let [one] = arguments
            && one.expr().is_some_and(has_brackets)
            && !self.has_newline(start, one.span.start)
        {
            self.word("(");
            self.argument(one);
            return self.word(")");
        }
        self.list(&brackets, arguments, |argument| argument.span.start, |writer, it| writer.argument(it));
    }

    fn argument(&mut self, argument: &Argument) {
        match &argument.label {
            Label::None => {}
            Label::Column(name) => {
                self.source(name.span);
                self.word(" = ");
            }
            Label::Option(name) => {
                self.source(name.span);
                self.word(": ");
            }
        }
        match &argument.value {
            ArgumentValue::Expr(value) => self.expr(value),
            ArgumentValue::Type(ty) => self.type_expr(ty),
        }
    }
}

fn record_item_start(item: &RecordItem) -> u32 {
    match item {
        RecordItem::Field(name, _) => name.span.start,
        RecordItem::Short(value) | RecordItem::Spread(value) => value.span.start,
    }
}

/// Whether an expression can break inside of its own brackets.
fn has_brackets(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::Map(_)
        | ExprKind::Parenthesized(_)
        | ExprKind::Call { .. }
        | ExprKind::If { .. }
        | ExprKind::Match { .. } => true,
        ExprKind::Lambda { body, .. } => has_brackets(body),
        _ => false,
    }
}

/// Whether an expression is a pipeline in its parentheses: what follows it stands beside the closing one.
fn is_stream(value: &Expr) -> bool {
    matches!(&value.kind, ExprKind::Parenthesized(inner) if matches!(inner.kind, ExprKind::Pipeline { .. }))
}

/// Operators of one level stand in one chain; those of level 0 do not.
fn level(operator: BinaryOperator) -> u8 {
    use Arithmetic::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};
    match operator {
        BinaryOperator::Or => 1,
        BinaryOperator::And => 2,
        BinaryOperator::Comparison(_) | BinaryOperator::Matches | BinaryOperator::In | BinaryOperator::NotIn => 3,
        BinaryOperator::Coalesce => 4,
        BinaryOperator::Arithmetic(Add | Subtract) => 5,
        BinaryOperator::Arithmetic(Multiply | Divide | FloorDivide | Modulo) => 6,
        BinaryOperator::Arithmetic(Power) => 7,
    }
}
