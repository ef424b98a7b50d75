//! Stages that put two tables side by side: `join left_join full_join semi_join anti_join asof_join cross_join`, and
//! `x in (t | select k)`. Keys become columns of their sides; a join itself mentions no expressions.

use super::aggregate::unused_name;
use super::operators::Operand;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{
    ColumnId, Expr, ExprId, Fields, Join, JoinCondition, JoinKind, Nearest, Node, NodeId, OutputField, Shape, Stage,
};
use crate::scalar::{Comparison, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, BinaryOperator, ExprKind, Label};
use crate::ty::{Kind, Type};
use std::rc::Rc;
use std::sync::Arc;

/// A condition of `on`: its sides, before they are columns.
struct Condition {
    left: ExprId,
    op: Comparison,
    right: ExprId,
    /// The name of the column, if it is one that both sides have.
    shared: Option<Arc<str>>,
}

/// What stands behind the name of a join.
struct Given<'a> {
    /// What the right row is called as a whole.
    name: Option<&'a ast::Name>,
    right: Stream,
    unique: Option<Span>,
    within: Option<(ExprId, &'a ast::Expr)>,
}

pub(super) fn inner<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    checker.join(call, input, JoinKind::Inner)
}

pub(super) fn left<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    checker.join(call, input, JoinKind::Left)
}

pub(super) fn full<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let joined = checker.join(call, input, JoinKind::Full);
    ends.and(joined)
}

pub(super) fn semi<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    checker.join(call, input, JoinKind::Semi)
}

pub(super) fn anti<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    checker.join(call, input, JoinKind::Anti)
}

/// `cross_join t`: each left row with every right row.
pub(super) fn cross<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let given = checker.join_arguments(call)?;
    checker.finish_join(call, input, given, Join::new(JoinKind::Inner), Vec::new())
}

/// `asof_join t on k, time >= t_time, within: 5min`: each left row with the last right row that is not later.
pub(super) fn asof<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut given = checker.join_arguments(call)?;
    let (_, on) = call.stage.on.as_ref().or_else(|| {
        checker.report(errors::join_without_on(call.span(), call.def.name, &[]));
        None
    })?;
    let (options, on): (Vec<&Argument>, Vec<&Argument>) =
        on.iter().partition(|argument| matches!(argument.label, Label::Option(_)));
    for option in options {
        checker.join_option(call, option, &mut given);
    }
    let mut conditions = checker.conditions(&on, &input, &given.right)?;
    let times = conditions.iter().position(|(condition, _)| condition.op != Comparison::Equal);
    let Some((time, span)) = times.map(|at| conditions.remove(at)).filter(|(c, _)| c.op == Comparison::GreaterOrEqual)
    else {
        checker.report(errors::asof_without_time(call.span()));
        return None;
    };
    if let Some((_, span)) = conditions.iter().find(|(condition, _)| condition.op != Comparison::Equal) {
        checker.report(errors::asof_without_time(*span));
        return None;
    }
    let within = checker.within(&given, time.left, span)?;
    let mut join = Join::new(JoinKind::Left);
    join.nearest = Some(Nearest { left: ColumnId(0), right: ColumnId(0), within });
    conditions.push((time, span));
    checker.finish_join(call, input, given, join, conditions)
}

impl<'a> Checker<'a> {
    fn join(&mut self, call: &StageCall<'a>, input: Stream, kind: JoinKind) -> Option<Stream> {
        let given = self.join_arguments(call)?;
        let Some((_, on)) = &call.stage.on else {
            let shared: Vec<&str> = input.row.names().filter(|name| given.right.row.field(name).is_some()).collect();
            let known = given.right.row.known && input.row.known;
            self.report(errors::join_without_on(call.span(), call.def.name, if known { &shared } else { &[] }));
            return None;
        };
        let conditions = self.conditions(&on.iter().collect::<Vec<_>>(), &input, &given.right)?;
        if conditions.iter().all(|(condition, _)| condition.op != Comparison::Equal) {
            let (_, span) = conditions.last()?;
            self.report(errors::join_without_equal(*span, call.def.name));
            return None;
        }
        self.finish_join(call, input, given, Join::new(kind), conditions)
    }

    /// The table, its name, and the options.
    fn join_arguments(&mut self, call: &StageCall<'a>) -> Option<Given<'a>> {
        let mut arguments = call.stage.arguments.iter();
        let Some(first) = arguments.next() else {
            self.report(errors::stage_arguments(call.span(), call.def.name, call.def.signature, 0));
            return None;
        };
        let (name, expr) = match (&first.label, &first.value) {
            (Label::None, ArgumentValue::Expr(expr)) => (None, expr),
            (Label::Column(name), ArgumentValue::Expr(expr)) => (Some(name), expr),
            (label, _) => {
                self.labelled(call, label, first);
                return None;
            }
        };
        let right = self.table(expr, call)?;
        let mut given = Given { name, right, unique: None, within: None };
        for argument in arguments {
            match &argument.label {
                Label::Option(_) => self.join_option(call, argument, &mut given),
                Label::None | Label::Column(_) => {
                    self.report(errors::stage_arguments(argument.span, call.def.name, call.def.signature, 2));
                }
            }
        }
        // Options may also stand behind `on`, where they end it.
        if call.def.name != "asof_join"
            && let Some((_, on)) = &call.stage.on
        {
            for option in on.iter().filter(|argument| matches!(argument.label, Label::Option(_))) {
                self.join_option(call, option, &mut given);
            }
        }
        Some(given)
    }

    /// A table argument: looked up outside of the row.
    pub(super) fn table(&mut self, expr: &'a ast::Expr, call: &StageCall<'a>) -> Option<Stream> {
        let aggregation = self.aggregation.take();
        let value = self.value(expr);
        self.aggregation = aggregation;
        let table = self.as_stream(value, expr.span);
        if table.endless {
            self.report(errors::endless(expr.span, call.def.name, table.row.from));
            return None;
        }
        (table.row.known && self.has_no_foreign(&table.row)).then_some(table)
    }

    fn join_option(&mut self, call: &StageCall<'a>, argument: &'a Argument, given: &mut Given<'a>) {
        let (Label::Option(name), ArgumentValue::Expr(value)) = (&argument.label, &argument.value) else {
            let label = &argument.label;
            return self.labelled(call, label, argument);
        };
        match &*name.text {
            "unique" if call.def.name != "cross_join" => {
                if let Some(true) = self.bool_constant(value) {
                    given.unique = Some(name.span.to(value.span));
                }
            }
            "within" if call.def.name == "asof_join" => {
                given.within = self.scalar(value).map(|id| (id, value));
            }
            _ => {
                let options: &[&str] = if call.def.name == "asof_join" { &["unique", "within"] } else { &["unique"] };
                let near = crate::diagnostic::did_you_mean(&name.text, options.iter().copied());
                self.report(errors::unknown_option(name.span, call.def.name, &name.text, &near));
            }
        }
    }

    /// `true` or `false`, known now.
    pub(super) fn bool_constant(&mut self, value: &'a ast::Expr) -> Option<bool> {
        let id = self.scalar(value)?;
        match self.evaluate(id, value.span) {
            Some(Scalar::Bool(value)) => Some(value),
            _ => {
                let found = self.ty(id).clone();
                self.report(errors::wanted(value.span, "this option", &Type::BOOL, &found));
                None
            }
        }
    }

    /// The conditions of `on`, each with its place. All are looked at before one that is wrong ends it.
    fn conditions(&mut self, on: &[&'a Argument], left: &Stream, right: &Stream) -> Option<Vec<(Condition, Span)>> {
        let conditions: Vec<_> = on
            .iter()
            .filter(|argument| !matches!(argument.label, Label::Option(_)))
            .map(|argument| match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) => {
                    self.join_condition(expr, left, right).map(|condition| (condition, expr.span))
                }
                (Label::Column(name), _) => {
                    self.report(errors::join_assignment(name.span, argument.span));
                    None
                }
                (Label::None | Label::Option(_), _) => None,
            })
            .collect();
        let level = self.rows_entered + 1;
        let mark = self.marks.extract_if(.., |mark| mark.level == level).next();
        if let Some(mark) = mark {
            self.report(errors::not_yet(mark.span, "`in` over a stream behind `on`"));
            return None;
        }
        conditions.into_iter().collect()
    }

    /// `id`, or `left == right`.
    fn join_condition(&mut self, expr: &'a ast::Expr, left: &Stream, right: &Stream) -> Option<Condition> {
        match &expr.kind {
            ExprKind::Parenthesized(inner) => self.join_condition(inner, left, right),
            ExprKind::Name(name) => {
                let a = self.in_row(&left.row, |c| c.scalar(expr))?;
                if right.row.field(name).is_none() {
                    let error = self.no_such_column(&right.row, name, expr.span);
                    self.report(
                        error.help("one name behind `on` is a column of both tables; `on left == right` names two"),
                    );
                    return None;
                }
                let b = self.in_row(&right.row, |c| c.scalar(expr));
                let (a, b) = self.join_keys(Operand { id: a, ast: expr }, Operand { id: b?, ast: expr }, expr.span)?;
                Some(Condition { left: a, op: Comparison::Equal, right: b, shared: Some(name.clone()) })
            }
            ExprKind::Binary(BinaryOperator::Comparison(op), _, a, b) => {
                if *op == Comparison::Equal && swapped(a, b, left, right) {
                    self.report(errors::join_swapped(expr.span, a, b));
                    return None;
                }
                let left = self.in_row(&left.row, |c| c.scalar(a));
                let right = self.in_row(&right.row, |c| c.scalar(b));
                let (left, right) =
                    self.join_keys(Operand { id: left?, ast: a }, Operand { id: right?, ast: b }, expr.span)?;
                Some(Condition { left, op: *op, right, shared: None })
            }
            ExprKind::Binary(BinaryOperator::And, word, ..) => {
                self.report(errors::join_and(*word));
                None
            }
            _ => {
                self.report(errors::no_join_condition(expr.span));
                None
            }
        }
    }

    /// Both sides of a condition as values of one kind that has an order.
    fn join_keys(&mut self, a: Operand<'a>, b: Operand<'a>, span: Span) -> Option<(ExprId, ExprId)> {
        let types = [a, b].map(|operand| self.ty(operand.id).clone());
        let Some(pair) = self.unify(a.id, b.id) else {
            let fix =
                if a.ast.span == b.ast.span { None } else { self.conversion(a, b).or_else(|| self.conversion(b, a)) };
            let labels = [a, b].map(|operand| self.origin(operand.id));
            self.report(errors::join_types(span, &types[0], &types[1], labels, fix));
            return None;
        };
        if !self.is_key(pair.0) {
            let ty = self.ty(pair.0).clone();
            self.report_of(&ty.kind, errors::no_order(span, &ty));
            return None;
        }
        Some(pair)
    }

    /// How much earlier the right row of an `asof_join` may be, as a value that is taken from times of that kind.
    fn within(&mut self, given: &Given<'a>, time: ExprId, span: Span) -> Option<Option<ExprId>> {
        let kind = self.ty(time).kind.clone();
        let wanted = match kind {
            Kind::Int | Kind::Float => kind.clone(),
            Kind::Date | Kind::DateTime | Kind::Duration => Kind::Duration,
            _ => {
                let ty = self.ty(time).clone();
                self.report(errors::asof_order(span, &ty));
                return None;
            }
        };
        let Some((id, expr)) = given.within else { return Some(None) };
        let found = self.ty(id).clone();
        let Some(id) = self.coerce(id, &wanted).filter(|_| !found.nullable) else {
            self.report(errors::wanted(expr.span, "`within`", &Type::of(wanted), &found));
            return None;
        };
        match self.evaluate(id, expr.span) {
            Some(value) => Some(Some(self.plan.exprs.literal(value, Type::of(wanted)))),
            None => {
                self.report(errors::not_constant(expr.span, "`within`"));
                None
            }
        }
    }

    /// Adds the join. The last condition is the nearest one, if there is one.
    fn finish_join(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        given: Given<'a>,
        mut join: Join,
        conditions: Vec<(Condition, Span)>,
    ) -> Option<Stream> {
        let (left_exprs, right_exprs): (Vec<_>, Vec<_>) =
            conditions.iter().map(|(condition, _)| (condition.left, condition.right)).unzip();
        let (left, left_keys) = self.keyed(input.node, left_exprs, call.span());
        let right = self.named_right(&given, call.span());
        let (other, right_keys) = self.keyed(right.node, right_exprs, call.span());
        for (at, (condition, _)) in conditions.iter().enumerate() {
            let (left, right) = (left_keys[at], right_keys[at]);
            match &mut join.nearest {
                Some(nearest) if at + 1 == conditions.len() => (nearest.left, nearest.right) = (left, right),
                _ => join.on.push(JoinCondition { left, op: condition.op, right }),
            }
        }
        join.unique = given.unique.map(|span| self.site(span));
        let shared: Vec<&Arc<str>> = conditions.iter().filter_map(|(c, _)| c.shared.as_ref()).collect();
        let mut fields = input.row.fields.clone();
        let mut full: Vec<(Arc<str>, ColumnId)> = Vec::new();
        if join.kind == JoinKind::Full {
            let mut renamed = Fields::default();
            for field in fields.iter() {
                let new = self.again(field.column, true);
                join.left.push((new, field.column));
                renamed.push(OutputField { name: field.name.clone(), column: new });
            }
            fields = renamed;
        }
        if !matches!(join.kind, JoinKind::Semi | JoinKind::Anti) {
            let nullable = join.kind != JoinKind::Inner;
            for field in right.row.fields.iter().cloned() {
                let is_shared = given.name.is_none() && shared.contains(&&field.name);
                if is_shared && join.kind != JoinKind::Full {
                    continue;
                }
                let new = self.again(field.column, nullable);
                join.right.push((new, field.column));
                match fields.named(&field.name) {
                    Some(_) if is_shared => full.push((field.name, new)),
                    Some(_) => {
                        let span = given.name.map_or(call.span(), |name| name.span);
                        let table = call.stage.arguments.first().map_or(call.span(), |argument| argument.span);
                        self.report(errors::join_collision(span, table, &field.name, given.name.is_none()));
                        return None;
                    }
                    None => fields.push(OutputField { name: field.name, column: new }),
                }
            }
        }
        if join.kind == JoinKind::Full && given.name.is_some() {
            // The right row is in a column of its own, and its key is in the shared one, too.
            for ((condition, _), right) in conditions.iter().zip(&right_keys) {
                if let Some(name) = &condition.shared {
                    let new = self.again(*right, true);
                    join.right.push((new, *right));
                    full.push((name.clone(), new));
                }
            }
        }
        let mut output = fields.clone();
        for (_, column) in &full {
            output.push(OutputField { name: unused_name("right".into(), &output), column: *column });
        }
        let endless = input.endless;
        let row = Row { fields, shape: Shape::Table, ..(*input.row).clone() };
        let row = if join.kind == JoinKind::Full { Row { narrowed: Rc::default(), ..row } } else { row };
        let node = self.add_node(Stage::Join { input: left, other, join }, call.span(), output);
        self.limit_sources(node, call.span());
        if full.is_empty() {
            self.plan.nodes[node.0 as usize].output = row.fields.clone();
            return Some(Stream { node, row: Rc::new(row), endless });
        }
        Some(self.filled(node, row, &full, &conditions, call.span()))
    }

    /// Fills the shared columns of a full join from either side.
    fn filled(
        &mut self,
        node: NodeId,
        mut row: Row,
        full: &[(Arc<str>, ColumnId)],
        conditions: &[(Condition, Span)],
        span: Span,
    ) -> Stream {
        let mut definitions = Vec::new();
        for (name, right) in full {
            let Some(left) = row.fields.named(name).map(|field| field.column) else { continue };
            let (a, b) = (self.plan.column_expr(left), self.plan.column_expr(*right));
            let Some((a, b)) = self.unify(a, b) else { continue };
            let mut value = self.add(Expr::Coalesce(a, b), self.ty(a).clone().or_null());
            let condition = conditions.iter().find(|(condition, _)| condition.shared.as_ref() == Some(name));
            let nullable = condition.is_none_or(|(c, _)| self.ty(c.left).nullable || self.ty(c.right).nullable);
            if !nullable {
                let ty = self.ty(value).clone().without_null();
                value = self.add(Expr::NonNull(value), ty);
            }
            let column = self.define(name, value, None);
            definitions.push((column, value));
            row.fields.put(OutputField { name: name.clone(), column });
        }
        self.other_rows(Stage::Map { input: node, definitions }, span, row, false)
    }

    /// The right rows; as a record in one column, if they have a name.
    fn named_right(&mut self, given: &Given<'a>, span: Span) -> Stream {
        let Some(name) = given.name else { return given.right.clone() };
        let row = given.right.row.clone();
        let value = self.in_row(&row, |c| c.row_value(&row));
        let Some(id) = self.in_row(&row, |c| c.as_scalar(value, name.span)) else { return given.right.clone() };
        let origin = format!("`{}` is a row of this table", name.text);
        let column = self.define(&name.text, id, Some((name.span, origin)));
        let fields = Fields::from(vec![OutputField { name: name.text.clone(), column }]);
        // The columns of the row are still there for its keys.
        let mut output = fields.clone();
        for field in row.fields.iter() {
            output.push(OutputField { name: unused_name(field.name.clone(), &output), column: field.column });
        }
        let stage = Stage::Map { input: given.right.node, definitions: vec![(column, id)] };
        let node = self.add_node(stage, span, output);
        Stream { node, row: Rc::new(Row::new(fields, Shape::Table, span)), endless: false }
    }

    /// The same column under a new name in the plan, perhaps with nulls.
    fn again(&mut self, column: ColumnId, nullable: bool) -> ColumnId {
        let (name, ty) = (self.plan.column(column).name.clone(), self.plan.column(column).ty.clone());
        let origin = self.origins[column.0 as usize].as_ref().map(|origin| (origin.span, origin.text.clone()));
        let new = self.add_column(&name, ty.or_null_if(nullable), origin);
        if self.unsure.contains(&column) {
            self.unsure.insert(new);
        }
        new
    }

    /// The values as columns of rows that have them beside their own.
    pub(super) fn keyed(&mut self, node: NodeId, keys: Vec<ExprId>, span: Span) -> (NodeId, Vec<ColumnId>) {
        let (mut definitions, mut columns) = (Vec::new(), Vec::new());
        let incoming = self.plan.node(node).output.clone();
        for key in keys {
            let column = match *self.plan.exprs.get(key) {
                Expr::Column(column) if incoming.contains(column) => column,
                _ => {
                    let column = self.define(&"key".into(), key, None);
                    definitions.push((column, key));
                    column
                }
            };
            columns.push(column);
        }
        if definitions.is_empty() {
            return (node, columns);
        }
        let mut output = incoming;
        for (column, _) in &definitions {
            output.push(OutputField { name: unused_name("key".into(), &output), column: *column });
        }
        (self.plan.add_node(Node { stage: Stage::Map { input: node, definitions }, output, span }), columns)
    }

    /// `x in (t | select k)`: whether a row of the stream has that value, as a column that is added before the stage.
    pub(super) fn in_stream(&mut self, x: Operand<'a>, stream: Stream, right: &'a ast::Expr) -> Option<ExprId> {
        if !stream.row.known {
            return None;
        }
        let Some(field) = stream.row.fields.first().filter(|_| stream.row.fields.len() == 1) else {
            self.report(errors::in_table(right.span, stream.row.fields.len()));
            return None;
        };
        if stream.endless {
            self.report(errors::endless(right.span, "in", stream.row.from));
            return None;
        }
        let y = Operand { id: self.plan.column_expr(field.column), ast: right };
        let (key, other_key) = self.join_keys(x, y, x.ast.span.to(right.span))?;
        let Some(row) = self.scopes.innermost_row(self.scope) else {
            self.report(errors::not_yet(right.span, "`in` over a stream outside of the stage"));
            return None;
        };
        let own = |column: &ColumnId| row.fields.contains(*column);
        if self.bodies > 0 || !self.plan.exprs.columns(key).iter().all(own) || self.looks_outside(stream.node) {
            self.report(errors::not_yet(right.span, "`in` over a stream for something else than the row"));
            return None;
        }
        let mark = self.add_column(&"in".into(), Type::BOOL, None);
        if !self.is_sure(key) {
            self.unsure.insert(mark);
        }
        let (other, columns) = self.keyed(stream.node, vec![other_key], right.span);
        self.marks.push(Mark { level: self.rows_entered, key, other, other_key: columns[0], mark, span: right.span });
        Some(self.plan.column_expr(mark))
    }

    /// Puts the joins before a stage that its expressions ask for.
    pub(super) fn with_marks(&mut self, mut stage: Stage) -> Stage {
        let Some(mut input) = stage.input() else { return stage };
        let level = self.rows_entered + 1;
        let marks: Vec<Mark> = self.marks.extract_if(.., |mark| mark.level == level).collect();
        if marks.is_empty() {
            return stage;
        }
        for mark in marks {
            let (left, columns) = self.keyed(input, vec![mark.key], mark.span);
            let mut join = Join::new(JoinKind::Mark);
            join.on = vec![JoinCondition { left: columns[0], op: Comparison::Equal, right: mark.other_key }];
            join.mark = Some(mark.mark);
            let mut output = self.plan.node(input).output.clone();
            output.push(OutputField { name: unused_name("in".into(), &output), column: mark.mark });
            let stage = Stage::Join { input: left, other: mark.other, join };
            input = self.plan.add_node(Node { stage, output, span: mark.span });
            self.limit_sources(input, mark.span);
        }
        stage = stage.with_input(input);
        stage
    }

    /// Reports that a stream is put together of too many: names may stand for streams that stand for others, and each
    /// use is run by itself.
    pub(super) fn limit_sources(&mut self, node: NodeId, span: Span) {
        let sources = |c: &Self, mut id: NodeId| loop {
            match (c.source_counts.get(&id), c.plan.node(id).stage.input()) {
                (Some(count), _) => return *count,
                (None, Some(input)) => id = input,
                (None, None) => return 1,
            }
        };
        let inputs: Vec<NodeId> = self.plan.node(node).stage.inputs().collect();
        let count = inputs.into_iter().map(|input| sources(self, input)).fold(0, usize::saturating_add);
        self.source_counts.insert(node, count);
        if count > MOST_SOURCES && !self.exhausted {
            self.exhaust(errors::too_many_sources(span, MOST_SOURCES));
        }
    }
}

/// How many sources the rows of one stream may come from.
const MOST_SOURCES: usize = 1_000;

/// A join that an expression asks for, before the stage it stands in.
pub(super) struct Mark {
    /// How many rows were in scope.
    pub level: usize,
    key: ExprId,
    other: NodeId,
    other_key: ColumnId,
    mark: ColumnId,
    span: Span,
}

/// Whether the sides of a comparison are columns of the other side's table, and of that alone.
fn swapped(a: &ast::Expr, b: &ast::Expr, left: &Stream, right: &Stream) -> bool {
    let (ExprKind::Name(a), ExprKind::Name(b)) = (&a.kind, &b.kind) else { return false };
    let has = |stream: &Stream, name: &str| stream.row.field(name).is_some();
    let known = left.row.known && right.row.known;
    known && !has(left, a) && has(right, a) && !has(right, b) && has(left, b)
}
