//! Lists, records and maps in the printed form, and what binds columns for a body: `#filter(qtys, x => x > 3)`. The
//! columns that are bound have lines of their own behind the stage, `with x: int`.

use super::expr::{Printer, precedence};
use super::text;
use crate::ir::{Expr, ExprId, Plan, RoutineId};
use crate::ty::Kind;
use std::sync::Arc;

impl Printer<'_> {
    /// What is made of lists, records and maps.
    pub(super) fn write_nested(&self, id: ExprId, mark: &str, out: &mut String) {
        match self.plan.exprs.get(id) {
            Expr::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expr(*item)).collect();
                out.push_str(&format!("[{}]", items.join(", ")));
            }
            Expr::Record(names, values) => {
                let fields = names.iter().map(|name| text::name(name));
                out.push_str(&format!("{{{}}}", self.entries(fields, values)));
            }
            Expr::Map(keys, values) => {
                let keys = keys.iter().map(|key| text::string(key));
                out.push_str(&format!("#map{{{}}}", self.entries(keys, values)));
            }
            Expr::Field(record, at) => {
                let name = match &self.plan.exprs.ty(*record).kind {
                    Kind::Record(schema) => schema.fields.get(*at as usize).map(|field| field.name.clone()),
                    _ => None,
                };
                self.write(*record, precedence::ATOM, out);
                out.push_str(&format!(".{}", name.map_or("?".into(), |name| text::name(&name))));
            }
            Expr::Index { value, index, or_null } => {
                self.write(*value, precedence::ATOM, out);
                out.push_str(&format!("[{}]{}", self.expr(*index), if *or_null { "?" } else { mark }));
            }
            Expr::Each { each, list, item, body } => {
                let (list, item, body) = (self.expr(*list), self.column(*item), self.expr(*body));
                out.push_str(&format!("#{}({list}, {item} => {body})", each.name()));
            }
            Expr::Fold { list, init, state, item, next, scan } => {
                let word = if *scan { "scan" } else { "fold" };
                let (list, init, next) = (self.expr(*list), self.expr(*init), self.expr(*next));
                let (state, item) = (self.column(*state), self.column(*item));
                out.push_str(&format!("#{word}({list}, {init}, ({state}, {item}) => {next})"));
            }
            other => unreachable!("{other:?} is not nested"),
        }
    }

    fn entries(&self, keys: impl Iterator<Item = String>, values: &[ExprId]) -> String {
        let entries: Vec<String> =
            keys.zip(values).map(|(key, value)| format!("{key}: {}", self.expr(*value))).collect();
        entries.join(", ")
    }
}

/// `$gcd`, or `$gcd#2` for the second routine of that name.
pub(super) fn routine(plan: &Plan, id: RoutineId) -> String {
    let name = |id: usize| &plan.routines[id].name;
    let at = id.0 as usize;
    let number = 1 + (0..at).filter(|other| name(*other) == name(at)).count();
    let suffix = if number == 1 { String::new() } else { format!("#{number}") };
    format!("${}{suffix}", text::name(name(at)))
}

/// The routines of a plan, each `routine gcd(a: int, b: int) -> int = …` with its `with` and `where` lines.
pub(super) fn routines(plan: &Plan, catalog: &crate::catalog::Catalog) -> String {
    let mut out = String::new();
    for (at, routine) in plan.routines.iter().enumerate() {
        let mut names = std::collections::HashMap::new();
        let mut parameters = Vec::new();
        for column in &routine.parameters {
            let column_def = plan.column(*column);
            let name = text::name(&column_def.name);
            parameters.push(format!("{name}: {}", text::ty(&column_def.ty)));
            names.insert(*column, name);
        }
        let printer = Printer::new(plan, catalog, names, None, &[routine.body]);
        let head = self::routine(plan, RoutineId(at as u32));
        let (parameters, result) = (parameters.join(", "), text::ty(&routine.result));
        out.push_str(&format!("routine {head}({parameters}) -> {result} = {}\n", printer.expr(routine.body)));
        printer.write_lines(&mut out);
    }
    out
}

/// The names that a stage gives to its state and to what its expressions bind: each the name with which the column was made, numbered
/// where that is taken.
pub(super) fn bound_names(
    plan: &Plan,
    state: Option<crate::ir::ColumnId>,
    postorder: &[ExprId],
    taken: impl Iterator<Item = String>,
) -> Vec<(crate::ir::ColumnId, String)> {
    let mut taken: std::collections::HashSet<String> = taken.collect();
    let mut names: Vec<(crate::ir::ColumnId, String)> = Vec::new();
    for column in state.into_iter().chain(postorder.iter().flat_map(|id| plan.exprs.get(*id).binds())) {
        if names.iter().any(|(known, _)| *known == column) {
            continue;
        }
        let name: &Arc<str> = &plan.column(column).name;
        let numbered = |n: usize| if n == 1 { text::name(name) } else { format!("{}#{n}", text::name(name)) };
        let free = (1..).map(numbered).find(|name| taken.insert(name.clone()));
        names.push((column, free.expect("numbers do not run out")));
    }
    names
}
