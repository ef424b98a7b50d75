//! What every plan keeps to, whoever made or rewrote it. A violation is our bug, never the user's, so the texts name
//! stages as the printed form has them and carry no spans.
//!
//! It looks at all nodes, used or not, and does not stop at the first violation; only what would make it go astray
//! (an id out of range) ends it early.

mod expr;

use super::print::print_expr;
use super::{
    Ascending, ColumnId, ExprId, Fields, Frame, Join, JoinKind, Node, NodeId, Phase, Plan, Reduction, Routine, Shape,
    Stage, Tee, WindowFunction, WindowKind,
};
use crate::catalog::{Catalog, ReducerDef, ReducerId};
use crate::ty::{Kind, Type};
use std::collections::HashSet;

/// All that is wrong with a plan.
pub fn verify(plan: &Plan, catalog: &Catalog) -> Result<(), Vec<String>> {
    let mut verifier = Verifier { plan, catalog, errors: Vec::new(), place: String::new() };
    if verifier.ids() {
        let mut roots: Vec<ExprId> = plan.nodes.iter().flat_map(|node| super::print::roots(&node.stage)).collect();
        roots.extend(plan.routines.iter().map(|routine| routine.body));
        for id in plan.exprs.postorder(&roots) {
            verifier.expr(id);
        }
        verifier.columns_defined_once();
        for subquery in &plan.subqueries {
            if let Err(errors) = verify(&subquery.plan, catalog) {
                verifier.errors.extend(errors.into_iter().map(|error| format!("subquery: {error}")));
            }
        }
        plan.routines.iter().for_each(|routine| verifier.routine(routine));
        for (at, node) in plan.nodes.iter().enumerate() {
            verifier.node(at, node);
        }
        verifier.statements();
    }
    if verifier.errors.is_empty() { Ok(()) } else { Err(verifier.errors) }
}

struct Verifier<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    errors: Vec<String>,
    /// What is being looked at, for the texts.
    place: String,
}

impl Verifier<'_> {
    fn check(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            let separator = if self.place.is_empty() { "" } else { ": " };
            self.errors.push(format!("{}{separator}{}", self.place, otherwise()));
        }
    }

    /// Whether all ids are in range, so that the rest may follow them.
    fn ids(&mut self) -> bool {
        let plan = self.plan;
        for (at, node) in plan.nodes.iter().enumerate() {
            self.place = format!("node {at}");
            let precede = node.stage.inputs().all(|input| (input.0 as usize) < at);
            self.check(precede, || "its input does not precede it".into());
            let incoming = plan.fields_of(node.stage.input().filter(|_| precede));
            let mut columns = node.stage.defines();
            columns.extend(node.output.apart_from(&incoming).map(|field| field.column));
            columns.extend(node.stage.state());
            columns.extend(node.stage.takes());
            columns.extend(node.stage.takes_of_other());
            let known = columns.iter().all(|c| (c.0 as usize) < plan.columns.len());
            self.check(known, || "a column of it is not in the plan".into());
            let exprs = super::print::roots(&node.stage);
            self.check(exprs.iter().all(|e| (e.0 as usize) < plan.exprs.len()), || "an expression is missing".into());
            if let Stage::Scan { table, .. } = &node.stage {
                self.check((table.0 as usize) < plan.tables.len(), || "its table is not in the plan".into());
            }
            let reducers = self.catalog.reducers().count();
            let known = reducers_of(&node.stage).iter().all(|reducer| (reducer.0 as usize) < reducers);
            self.check(known, || "a reducer is not in the catalog".into());
        }
        for routine in &plan.routines {
            self.place = format!("routine `{}`", routine.name);
            let known = routine.parameters.iter().all(|c| (c.0 as usize) < plan.columns.len());
            self.check(known && (routine.body.0 as usize) < plan.exprs.len(), || "a part of it is missing".into());
        }
        self.place.clear();
        let known = |id: NodeId| (id.0 as usize) < plan.nodes.len();
        self.check(plan.statements.iter().all(|s| known(s.node)), || "a statement names no node".into());
        let callers = plan.sites.iter().enumerate().all(|(at, s)| s.caller.is_none_or(|c| (c.0 as usize) < at));
        self.check(callers, || "the caller of a site does not precede it".into());
        self.errors.is_empty() && self.expr_ids()
    }

    fn routine(&mut self, routine: &Routine) {
        self.place = format!("routine `{}`", routine.name);
        let ty = self.plan.exprs.ty(routine.body);
        self.check(*ty == routine.result, || format!("its body is of type {ty}, not {}", routine.result));
        let free = self.plan.exprs.columns(routine.body);
        let known = free.iter().all(|column| routine.parameters.contains(column));
        self.check(known, || "its body mentions a column that is no parameter".into());
    }

    fn columns_defined_once(&mut self) {
        self.place.clear();
        let mut defined = HashSet::new();
        let stages = self.plan.nodes.iter().flat_map(|node| node.stage.defines());
        let parameters = self.plan.routines.iter().flat_map(|routine| routine.parameters.clone());
        for column in stages.chain(parameters) {
            let name = || format!("the column `{}` is defined twice", self.plan.column(column).name);
            if !defined.insert(column) {
                self.errors.push(name());
            }
        }
    }

    fn node(&mut self, at: usize, node: &Node) {
        self.place = format!("node {at}");
        let incoming = self.plan.fields_of(node.stage.input());
        self.output(node, &incoming);
        self.taken(&node.stage.takes(), &incoming);
        self.taken(&node.stage.takes_of_other(), &self.plan.fields_of(node.stage.other()));
        for root in super::print::roots(&node.stage) {
            let foreign = |c: &ColumnId| {
                Some(*c) != node.stage.state() && self.plan.subqueries.iter().all(|subquery| subquery.column != *c)
            };
            for column in self.plan.exprs.columns(root).into_iter().filter(foreign) {
                let text = || format!("`{}` is not a column of its input", self.plan.column(column).name);
                self.check(incoming.contains(column), text);
            }
        }
        match &node.stage {
            Stage::Scan { .. } => self.scan(&node.stage),
            Stage::Range { column, .. } => {
                self.check(self.plan.column(*column).ty == Type::INT, || "a range's column is not an `int`".into());
            }
            Stage::Values { columns, rows } => self.values(columns, rows),
            Stage::Filter { predicate, .. } => self.condition(*predicate),
            Stage::Map { definitions, .. } => self.definitions(definitions),
            Stage::Aggregate { keys, reductions, phase, .. } => {
                self.definitions(keys);
                reductions.iter().for_each(|reduction| self.reduction(reduction, *phase));
            }
            Stage::Window { keys, on, functions, .. } => self.window(keys, on.as_ref(), functions),
            Stage::Sort { keys, .. } | Stage::TopK { keys, .. } => keys.iter().for_each(|key| self.key(key.expr)),
            Stage::Slice { .. } => {}
            Stage::Explode { list, column, keep, .. } => self.explode(*list, *column, *keep),
            Stage::Unpivot { name, value, values, .. } => self.unpivot(*name, *value, values),
            Stage::Union { columns, .. } => self.union(columns),
            Stage::Join { join, .. } => self.join(join),
            Stage::Assert { assertion, .. } => {
                self.condition(assertion.predicate);
                let message = assertion.message.map(|message| &self.plan.exprs.ty(message).kind);
                let says = message.is_none_or(|kind| matches!(kind, Kind::String | Kind::Null));
                self.check(says, || "the message of an assertion is no text".into());
                let known = (assertion.site.0 as usize) < self.plan.sites.len();
                self.check(known, || "an assertion has no site".into());
            }
            Stage::Tee { tee, .. } => self.tee(tee),
            Stage::Number { column, keys, .. } => {
                self.check(self.plan.column(*column).ty == Type::INT, || "a number is not an `int`".into());
                keys.iter().for_each(|key| self.key(*key));
            }
            Stage::While { predicate, .. } => self.condition(*predicate),
            Stage::Iterate { column, init, state, next } | Stage::Fold { column, init, state, next, .. } => {
                self.states(*column, *state, [*init, *next]);
            }
        }
    }

    fn tee(&mut self, tee: &Tee) {
        let one = tee.fields.len() == 1 || tee.shape == Shape::Table;
        self.check(one, || format!("single values of rows with {} columns", tee.fields.len()));
        for (name, expr) in &tee.fields {
            let kind = &self.plan.exprs.ty(*expr).kind;
            self.check(*kind != Kind::Wide, || format!("`{name}` is an unchecked sum"));
        }
    }

    fn taken(&mut self, columns: &[ColumnId], incoming: &Fields) {
        for column in columns {
            let text = || format!("`{}` is not a column of its input", self.plan.column(*column).name);
            self.check(incoming.contains(*column), text);
        }
    }

    fn explode(&mut self, list: ExprId, column: ColumnId, keep: bool) {
        let (list, item) = (self.plan.exprs.ty(list), &self.plan.column(column).ty);
        let fits = match &list.kind {
            Kind::List(own) => own.as_ref().clone().or_null_if(keep) == *item,
            _other => false,
        };
        self.check(fits, || format!("the items of {list} are not of type {item}"));
    }

    fn unpivot(&mut self, name: ColumnId, value: ColumnId, values: &[(std::sync::Arc<str>, ExprId)]) {
        let (name, ty) = (&self.plan.column(name).ty, &self.plan.column(value).ty);
        self.check(*name == Type::STRING, || "the name of a value is no text".into());
        for (_, value) in values {
            let own = self.plan.exprs.ty(*value);
            self.check(own.fits(ty), || format!("a value of type {own}, not {ty}"));
        }
    }

    fn union(&mut self, columns: &[(ColumnId, ColumnId, ColumnId)]) {
        for (column, first, other) in columns {
            let [ty, first, other] = [column, first, other].map(|column| &self.plan.column(*column).ty);
            let fit = first.fits(ty) && other.fits(ty);
            self.check(fit, || format!("a union of {first} and {other} is not {ty}"));
        }
    }

    fn join(&mut self, join: &Join) {
        let nearest = join.nearest.iter().map(|nearest| (nearest.left, nearest.right));
        for (left, right) in join.on.iter().map(|on| (on.left, on.right)).chain(nearest) {
            let (left, right) = (&self.plan.column(left).ty, &self.plan.column(right).ty);
            let one = left.kind == right.kind || left.kind == Kind::Null || right.kind == Kind::Null;
            self.check(one, || format!("a {left} is joined to a {right}"));
        }
        for (new, old) in join.left.iter().chain(&join.right) {
            let (new, old) = (&self.plan.column(*new).ty, &self.plan.column(*old).ty);
            self.check(old.fits(new), || format!("a column of type {new} for one of type {old}"));
        }
        self.check(join.left.is_empty() || join.kind == JoinKind::Full, || "new names for left columns".into());
        let mark = join.mark.is_none_or(|mark| self.plan.column(mark).ty == Type::BOOL);
        self.check(mark && join.mark.is_some() == (join.kind == JoinKind::Mark), || "not the mark of a join".into());
        let gives_none = matches!(join.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::Mark);
        self.check(join.right.is_empty() || !gives_none, || "right columns of rows that only exist".into());
    }

    fn states(&mut self, column: ColumnId, state: ColumnId, values: [ExprId; 2]) {
        let (ty, state) = (&self.plan.column(column).ty, &self.plan.column(state).ty);
        self.check(ty == state, || format!("its column is of type {ty}, its state of type {state}"));
        for value in values.map(|value| self.plan.exprs.ty(value)) {
            self.check(value.fits(state), || format!("a state of type {value}, not {state}"));
        }
    }

    /// What is the input's as a whole was looked at there.
    fn output(&mut self, node: &Node, incoming: &Fields) {
        let own: HashSet<ColumnId> = node.stage.defines().into_iter().collect();
        let shared = if node.stage.passes_input() { incoming } else { &Fields::default() };
        for field in node.output.apart_from(shared) {
            self.check(!node.output.repeats(field), || format!("two columns are called `{}`", field.name));
            let there = own.contains(&field.column) || shared.contains(field.column);
            self.check(there, || format!("the column `{}` of its output comes from nowhere", field.name));
        }
    }

    fn scan(&mut self, stage: &Stage) {
        let Stage::Scan { table, columns } = stage else { return };
        let fields = &self.plan.tables[table.0 as usize].schema.fields;
        let mut names = HashSet::new();
        self.check(fields.iter().all(|f| names.insert(&f.name)), || "two columns of its table have one name".into());
        for (at, column) in columns {
            let column = self.plan.column(*column);
            let text = || format!("`{}` is of type {}, which is not what column {at} is", column.name, column.ty);
            self.check(fields.get(*at).is_some_and(|field| field.ty == column.ty), text);
        }
    }

    fn values(&mut self, columns: &[ColumnId], rows: &[Vec<ExprId>]) {
        for row in rows {
            self.check(row.len() == columns.len(), || format!("a row has {} values", row.len()));
            for (expr, column) in row.iter().zip(columns) {
                let (ty, column) = (self.plan.exprs.ty(*expr), self.plan.column(*column));
                self.check(ty.fits(&column.ty), || format!("a value of type {ty} in `{}`: {}", column.name, column.ty));
            }
        }
    }

    fn condition(&mut self, predicate: ExprId) {
        let ty = self.plan.exprs.ty(predicate);
        let text = || format!("the condition {} is a {ty}", print_expr(self.plan, self.catalog, predicate));
        self.check(ty.kind == Kind::Bool || ty.kind == Kind::Null, text);
    }

    fn definitions(&mut self, definitions: &[(ColumnId, ExprId)]) {
        for (column, expr) in definitions {
            let (column, ty) = (self.plan.column(*column), self.plan.exprs.ty(*expr));
            let text = || format!("`{}` is of type {}, its definition of type {ty}", column.name, column.ty);
            self.check(column.ty == *ty, text);
        }
    }

    fn reducer_arguments(&mut self, definition: &ReducerDef, arguments: &[ExprId]) {
        let (least, most) = definition.arity;
        let (most, count) = (most + usize::from(definition.weighted), arguments.len());
        self.check((least..=most).contains(&count), || format!("`{}` of {count} arguments", definition.name));
        if definition.constant.is_some() {
            let last = arguments.last().and_then(|last| self.plan.exprs.as_constant(*last));
            self.check(last.is_some(), || format!("the last argument of `{}` is no constant", definition.name));
        }
    }

    fn reduction(&mut self, reduction: &Reduction, phase: Phase) {
        let definition = self.catalog.reducer(reduction.reducer);
        if let Some(condition) = reduction.condition {
            self.condition(condition);
        }
        if phase != Phase::Final {
            self.reducer_arguments(definition, &reduction.arguments);
        }
        if phase == Phase::Single {
            let types: Vec<Type> = reduction.arguments.iter().map(|a| self.plan.exprs.ty(*a).clone()).collect();
            let (ty, own) = ((definition.result)(&types), &self.plan.column(reduction.column).ty);
            let text = || match &ty {
                Some(ty) => format!("`{}` gives {ty}, its column is of type {own}", definition.name),
                None => format!("`{}` does not take its arguments", definition.name),
            };
            self.check(ty.as_ref() == Some(own), text);
        }
    }

    fn window(&mut self, keys: &[ExprId], on: Option<&Ascending>, functions: &[WindowFunction]) {
        keys.iter().chain(on.iter().map(|on| &on.expr)).for_each(|key| self.key(*key));
        for function in functions {
            match &function.kind {
                WindowKind::Neighbour { .. } | WindowKind::RowNumber => {}
                WindowKind::Rank { keys, .. } => keys.iter().for_each(|key| self.key(key.expr)),
                WindowKind::Session { time, .. } => self.key(time.expr),
                WindowKind::Reduce { reducer, arguments, condition, frame } => {
                    condition.iter().for_each(|condition| self.condition(*condition));
                    self.reducer_arguments(self.catalog.reducer(*reducer), arguments);
                    let sorted = on.is_some() || !matches!(frame, Frame::Range { .. });
                    self.check(sorted, || "a frame by a range, and nothing that it is of".into());
                }
            }
            let (of, catalog) = (|expr| self.plan.exprs.ty(expr).clone(), self.catalog);
            let ty = function.kind.ty(of, |id, types| (catalog.reducer(id).result)(types));
            let own = &self.plan.column(function.column).ty;
            let text = || format!("a function of a window gives {ty:?}, its column is of type {own}");
            self.check(ty.as_ref() == Some(own), text);
        }
    }

    /// Of a sort, a window, or by which rows are numbered.
    fn key(&mut self, key: ExprId) {
        let ty = self.plan.exprs.ty(key);
        let ordered = match ty.kind {
            Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Bytes => true,
            Kind::Date | Kind::DateTime | Kind::Duration | Kind::Null => true,
            Kind::Wide | Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json => false,
            Kind::Opaque(_) | Kind::Unknown => false,
        };
        self.check(ordered, || format!("a key of type {ty}"));
    }

    fn statements(&mut self) {
        for (at, statement) in self.plan.statements.iter().enumerate() {
            self.place = format!("statement {at}");
            let output = &self.plan.node(statement.node).output;
            let one = output.len() == 1 || statement.shape == Shape::Table;
            self.check(one, || format!("single values of rows with {} columns", output.len()));
            if let Some(pivot) = &statement.pivot {
                let fits = output.len() == pivot.width() && statement.shape == Shape::Table;
                self.check(fits, || "its rows are not what its pivot takes".into());
                let name = output.iter().nth(pivot.keys).map(|field| &self.plan.column(field.column).ty);
                self.check(name == Some(&Type::STRING), || "the names of its pivot are no texts".into());
            }
            for field in output.iter() {
                let kind = &self.plan.column(field.column).ty.kind;
                self.check(*kind != Kind::Wide, || format!("`{}` is an unchecked sum", field.name));
            }
        }
    }
}

/// The reducers that a stage names.
fn reducers_of(stage: &Stage) -> Vec<ReducerId> {
    let of_window = |function: &WindowFunction| match &function.kind {
        WindowKind::Reduce { reducer, .. } => Some(*reducer),
        _ => None,
    };
    match stage {
        Stage::Aggregate { reductions, .. } => reductions.iter().map(|reduction| reduction.reducer).collect(),
        Stage::Window { functions, .. } => functions.iter().filter_map(of_window).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
