//! The one printed form of a plan: for `pipe explain`, for the tests of rules, and to hand a plan elsewhere.
//!
//! ```text
//! table
//!   scan qty, price from read("sales.csv", csv, delimiter: ";") {date: date?, qty: int?, price: float?}, inferred, may fail
//!   | filter qty > 3
//!   | map revenue = float(qty) * price, twice = qty *! 2 -> revenue
//!   | sort revenue desc
//!   | take 20
//! ```
//!
//! A statement is its shape and its stages, one a line, from the source down. Inside a stage the columns have the names
//! of the row that comes in; `->` lists the row that goes out where it is not the natural one
//! ([`super::typing::natural_output`]). `!` stands behind what itself may fail. Types stand only where they do not follow
//! from the operands: `null:int?`. A name that needs it stands in backticks, and a `#2` behind it tells a column that a
//! stage defines from one of the same name that the stage passes on.
//!
//! A function that calls itself is a routine, above the statements: `routine $gcd(a: int, b: int) -> int = …`. What starts
//! with a `#` is no function of the catalog: `#filter(xs, x => x > 3)`, with `with x: int` on a line behind the stage.
//!
//! There are no ids, spans or counters in it, so that nothing changes when something unrelated does. What several
//! statements share is printed once for each. Expressions share operands without bounds, so where one would become
//! long, what it shares is given a name of its own line: `where $1 = …`. Reading it back is `read.rs`'s affair.

mod expr;
mod nested;
mod table;
pub(crate) mod text;
mod window;

pub use expr::print_expr;
pub(super) use expr::{CONVERSIONS, arithmetic_precedence, null_beside, precedence};
pub(super) use table::COMPARISONS;
pub(super) use text::WORDS;
pub use text::scalar as constant;

use super::typing::natural_output;
use super::{
    ColumnId, ExprId, Fields, Node, NodeId, OutputField, Phase, Pivot, Plan, Shape, SortKey, Stage, Statement, Supply,
    TableOrigin, Target,
};
use crate::catalog::{Catalog, Effect, OptionValue, TableFile};
use expr::Printer;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The printed form of a plan whose ids are in range.
pub fn print(plan: &Plan, catalog: &Catalog) -> String {
    let routines = Some(nested::routines(plan, catalog)).filter(|text| !text.is_empty());
    let subqueries = plan.subqueries.iter().map(|subquery| {
        let name = text::name(&plan.column(subquery.column).name);
        format!("subquery {name}, run once\n{}", print(&subquery.plan, catalog))
    });
    let statements = plan.statements.iter().map(|s| print_statement(plan, catalog, s));
    routines.into_iter().chain(subqueries).chain(statements).collect::<Vec<_>>().join("\n")
}

/// The printed form of one statement; it ends in a newline.
pub fn print_statement(plan: &Plan, catalog: &Catalog, statement: &Statement) -> String {
    let target = statement.target.as_ref().map_or(String::new(), target_text);
    let pivot = statement.pivot.as_ref().map_or(String::new(), pivot_text);
    format!("{}{pivot}{target}\n{}", shape_word(statement.shape), print_chain(plan, catalog, statement.node))
}

/// ` pivot behind 2 keys of total, n`
fn pivot_text(pivot: &Pivot) -> String {
    let names = commas(pivot.results.iter().map(|name| text::name(name)));
    let of = if names.is_empty() { "" } else { " of " };
    format!(" pivot behind {} keys{of}{names}", pivot.keys)
}

fn shape_word(shape: Shape) -> &'static str {
    match shape {
        Shape::Table => "table",
        Shape::Values => "values",
        Shape::Scalar => "scalar",
    }
}

/// ` to csv "out.csv"`
fn target_text(target: &Target) -> String {
    let compression = target.compression.as_ref().map_or(String::new(), |name| format!(" by {}", text::name(name)));
    format!(" to {} {}{compression}", text::name(&target.format), text::string(&target.path))
}

/// The stages down to `root`, a line each; what else a stage takes rows of stands below it, further to the right.
fn print_chain(plan: &Plan, catalog: &Catalog, root: NodeId) -> String {
    let mut chain = vec![root];
    while let Some(input) = plan.node(chain[chain.len() - 1]).stage.input() {
        chain.push(input);
    }
    let mut out = String::new();
    for (at, node) in chain.iter().rev().enumerate() {
        out.push_str(if at == 0 { "  " } else { "  | " });
        print_stage(plan, catalog, *node, &mut out);
        if let Some(other) = plan.node(*node).stage.other() {
            print_chain(plan, catalog, other).lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        }
    }
    out
}

/// One stage with its `where` lines.
fn print_stage(plan: &Plan, catalog: &Catalog, id: NodeId, out: &mut String) {
    let node = plan.node(id);
    let input = plan.fields_of(node.stage.input());
    let mut names: HashMap<ColumnId, String> =
        plan.subqueries.iter().map(|s| (s.column, text::name(&plan.column(s.column).name))).collect();
    for field in input.iter() {
        names.entry(field.column).or_insert_with(|| text::name(&field.name));
    }
    let printer = Printer::new(plan, catalog, names, node.stage.state(), &roots(&node.stage));
    let defined = Defined::of(plan, node, &input);
    let mut line = stage_text(&printer, &defined, &node.stage);
    if node.output != natural_output(&node.stage, &input, &defined.names) {
        line.push_str(" -> ");
        line.push_str(&output_text(&printer, &defined, &node.output));
    }
    out.push_str(line.trim_end());
    out.push('\n');
    printer.write_lines(out);
}

/// The columns that a stage defines, and how they are called in it.
struct Defined {
    /// In the order of [`Stage::defines`], as the row has them.
    names: Vec<Arc<str>>,
    /// As they are printed.
    labels: HashMap<ColumnId, String>,
}

impl Defined {
    fn of(plan: &Plan, node: &Node, input: &Fields) -> Defined {
        let columns = node.stage.defines();
        let name = |column: &ColumnId| match node.output.iter().find(|field| field.column == *column) {
            Some(field) => field.name.clone(),
            None => plan.column(*column).name.clone(),
        };
        let names: Vec<Arc<str>> = columns.iter().map(name).collect();
        let mut taken: HashSet<(Arc<str>, usize)> = HashSet::new();
        if node.stage.passes_input() && !columns.is_empty() {
            let kept = |field: &&OutputField| node.output.contains(field.column);
            taken.extend(input.iter().filter(kept).map(|field| (field.name.clone(), 1)));
        }
        let mut labels = HashMap::new();
        for (column, name) in columns.iter().zip(&names) {
            let number = (1..).find(|n| taken.insert((name.clone(), *n))).expect("numbers do not run out");
            let suffix = if number == 1 { String::new() } else { format!("#{number}") };
            labels.insert(*column, text::name(name) + &suffix);
        }
        Defined { names, labels }
    }

    fn label(&self, column: ColumnId) -> &str {
        self.labels.get(&column).map_or("?", String::as_str)
    }
}

/// The expressions of a stage in the order in which they are printed.
pub(super) fn roots(stage: &Stage) -> Vec<ExprId> {
    match stage {
        Stage::Scan { .. } | Stage::Range { .. } | Stage::Slice { .. } | Stage::Union { .. } => Vec::new(),
        Stage::Join { join, .. } => join.nearest.iter().filter_map(|nearest| nearest.within).collect(),
        Stage::Explode { list, .. } => vec![*list],
        Stage::Unpivot { values, .. } => values.iter().map(|(_, value)| *value).collect(),
        Stage::Values { rows, .. } => rows.iter().flatten().copied().collect(),
        Stage::Filter { predicate, .. } | Stage::While { predicate, .. } => vec![*predicate],
        Stage::Iterate { init, next, .. } | Stage::Fold { init, next, .. } => vec![*init, *next],
        Stage::Map { definitions, .. } => definitions.iter().map(|(_, expr)| *expr).collect(),
        Stage::Aggregate { keys, reductions, .. } => reductions
            .iter()
            .flat_map(|r| r.arguments.iter().chain(&r.condition).copied())
            .chain(keys.iter().map(|(_, key)| *key))
            .collect(),
        Stage::Window { .. } => stage.demands(),
        Stage::Number { keys, .. } => keys.clone(),
        Stage::Assert { assertion, .. } => assertion.exprs().collect(),
        Stage::Tee { tee, .. } => tee.exprs().collect(),
        Stage::Sort { keys, .. } | Stage::TopK { keys, .. } => keys.iter().map(|key| key.expr).collect(),
    }
}

fn stage_text(printer: &Printer, defined: &Defined, stage: &Stage) -> String {
    match stage {
        Stage::Scan { table, columns } => {
            let table = &printer.plan.tables[table.0 as usize];
            let field = |(at, column): &(usize, ColumnId)| {
                let field = table.schema.fields.get(*at).map_or("?".into(), |field| text::name(&field.name));
                let label = defined.label(*column);
                if label == field { field } else { format!("{label} = {field}") }
            };
            let effect = match table.effect {
                Effect::Total => "",
                Effect::MayFail => ", may fail",
                Effect::Nondeterministic => ", nondeterministic",
                Effect::Host => ", host",
            };
            let inferred = matches!(table.origin, TableOrigin::File { inferred: true, .. });
            format!(
                "scan {}{}from {} {}{}{effect}",
                commas(columns.iter().map(field)),
                if columns.is_empty() { "" } else { " " },
                origin(&table.origin),
                text::schema(&table.schema, false),
                if inferred { ", inferred" } else { "" },
            )
        }
        Stage::Range { start, end, column } => {
            let end = end.map_or(String::new(), |end| end.to_string());
            format!("range {} = {start}..{end}", defined.label(*column))
        }
        Stage::Values { columns, rows } => {
            let column = |c: &ColumnId| format!("{}: {}", defined.label(*c), text::ty(&printer.plan.column(*c).ty));
            let row = |row: &Vec<ExprId>| format!("({})", commas(row.iter().map(|e| printer.expr(*e))));
            format!("values {{{}}} {}", commas(columns.iter().map(column)), commas(rows.iter().map(row)))
        }
        Stage::Filter { predicate, told, .. } => {
            let told = told.as_ref().map(|told| format!(" telling of {}", text::string(&told.template)));
            format!("filter {}{}", printer.expr(*predicate), told.unwrap_or_default())
        }
        Stage::While { predicate, skip, .. } => {
            format!("{}_while {}", if *skip { "skip" } else { "take" }, printer.expr(*predicate))
        }
        Stage::Iterate { column, init, state, next } | Stage::Fold { column, init, state, next, .. } => {
            let word = match stage {
                Stage::Iterate { .. } => "iterate",
                Stage::Fold { all: true, .. } => "states",
                _ => "fold",
            };
            let (init, state, next) = (printer.expr(*init), printer.column(*state), printer.expr(*next));
            format!("{word} {} = {init}, {state} => {next}", defined.label(*column))
        }
        Stage::Map { definitions, .. } => {
            let one = |(column, expr): &(ColumnId, ExprId)| definition(printer, defined, *column, *expr);
            format!("map {}", commas(definitions.iter().map(one))).trim_end().to_string()
        }
        Stage::Assert { assertion, .. } => {
            let message = assertion.message.map_or(String::new(), |message| format!(", {}", printer.expr(message)));
            let shown = named_exprs(printer, &assertion.shown);
            let shown = if shown.is_empty() { shown } else { format!(" showing {shown}") };
            format!("assert {}{message}{shown}", printer.expr(assertion.predicate))
        }
        Stage::Tee { tee, .. } => {
            let fields = named_exprs(printer, &tee.fields);
            format!("tee {}{} {fields}", shape_word(tee.shape), target_text(&tee.target))
        }
        Stage::Number { column, keys, .. } => {
            let by = if keys.is_empty() { "" } else { " by " };
            format!("number {}{by}{}", defined.label(*column), commas(keys.iter().map(|key| printer.expr(*key))))
        }
        Stage::Aggregate { .. } => aggregate_text(printer, defined, stage),
        Stage::Window { .. } => window::window_text(printer, defined, stage),
        Stage::Sort { keys, .. } => format!("sort {}", sort_keys(printer, keys)),
        Stage::TopK { keys, count, .. } => format!("top_k {count} by {}", sort_keys(printer, keys)),
        Stage::Slice { skip, take, .. } => match (skip, take) {
            (0, Some(take)) => format!("take {take}"),
            (skip, None) => format!("skip {skip}"),
            (skip, Some(take)) => format!("skip {skip} take {take}"),
        },
        Stage::Explode { list, column, keep, .. } => {
            let word = if *keep { "explode keep" } else { "explode" };
            format!("{word} {} = {}", defined.label(*column), printer.expr(*list))
        }
        Stage::Unpivot { name, value, values, .. } => {
            let one = |(name, value): &(Arc<str>, ExprId)| format!("{} = {}", text::name(name), printer.expr(*value));
            let ty = text::ty(&printer.plan.column(*value).ty);
            let values = commas(values.iter().map(one));
            format!("unpivot {}, {}: {ty} of {values}", defined.label(*name), defined.label(*value))
        }
        Stage::Union { columns, other, .. } => table::union_text(printer, defined, columns, *other),
        Stage::Join { join, other, .. } => table::join_text(printer, defined, join, *other),
    }
}

fn aggregate_text(printer: &Printer, defined: &Defined, stage: &Stage) -> String {
    let Stage::Aggregate { keys, reductions, phase, .. } = stage else { return String::new() };
    let phase = match phase {
        Phase::Single => "",
        Phase::Partial => " partial",
        Phase::Final => " final",
    };
    let reduction = |r: &super::Reduction| {
        let definition = printer.catalog.reducer(r.reducer);
        let types: Vec<_> = r.arguments.iter().map(|a| printer.plan.exprs.ty(*a).clone()).collect();
        let ty = &printer.plan.column(r.column).ty;
        let ascribed =
            if (definition.result)(&types).as_ref() == Some(ty) { String::new() } else { format!(":{}", text::ty(ty)) };
        let condition = r.condition.map_or(String::new(), |c| format!(" where {}", printer.expr(c)));
        let arguments = commas(r.arguments.iter().map(|a| printer.expr(*a)));
        format!("{}{ascribed} = {}({arguments}){condition}", defined.label(r.column), text::name(definition.name))
    };
    let mut out = format!("aggregate{phase} {}", commas(reductions.iter().map(reduction))).trim_end().to_string();
    if !keys.is_empty() {
        let key = |(column, expr): &(ColumnId, ExprId)| definition(printer, defined, *column, *expr);
        out.push_str(" by ");
        out.push_str(&commas(keys.iter().map(key)));
    }
    out
}

/// `total = a + b`; only `a` for a column that keeps its name.
fn definition(printer: &Printer, defined: &Defined, column: ColumnId, expr: ExprId) -> String {
    named(defined.label(column).to_string(), printer.expr(expr))
}

/// `total = a + b`; only `a` for what has that name.
fn named(name: String, expr: String) -> String {
    if name == expr { expr } else { format!("{name} = {expr}") }
}

/// `a, total = b`
fn named_exprs(printer: &Printer, exprs: &[(Arc<str>, ExprId)]) -> String {
    commas(exprs.iter().map(|(name, expr)| named(text::name(name), printer.expr(*expr))))
}

fn sort_keys(printer: &Printer, keys: &[SortKey]) -> String {
    commas(keys.iter().map(|key| printer.expr(key.expr) + if key.descending { " desc" } else { "" }))
}

/// `a, total = b`; `()` for rows without columns.
fn output_text(printer: &Printer, defined: &Defined, output: &Fields) -> String {
    if output.is_empty() {
        return "()".into();
    }
    commas(output.iter().map(|field| {
        let name = text::name(&field.name);
        let column = match defined.labels.get(&field.column) {
            Some(label) => label.clone(),
            None => printer.column(field.column),
        };
        if name == column { name } else { format!("{name} = {column}") }
    }))
}

fn origin(origin: &TableOrigin) -> String {
    match origin {
        TableOrigin::Bound(name) => format!("bound {}", text::name(name)),
        TableOrigin::File { path, supply, format, options, files, checked, telling, inferred: _ } => {
            let from = match supply {
                Supply::Files => text::string(path),
                Supply::Stdin => path.to_string(),
                Supply::Stream => format!("stream {}", text::string(path)),
            };
            let mut parts = vec![from, text::name(format)];
            parts.extend(options.iter().map(|(name, value)| format!("{}: {}", text::name(name), option(value))));
            let files: Vec<String> = files.iter().map(file).collect();
            let of = if files.is_empty() { String::new() } else { format!(" of {}", files.join(", ")) };
            let looks = |word: &str, columns: &[Arc<str>]| match columns {
                [] => String::new(),
                columns => format!(" {word} ({})", commas(columns.iter().map(|name| text::name(name)))),
            };
            let (checks, tells) = (looks("checking", checked), looks("telling", telling));
            format!("read({}){of}{checks}{tells}", parts.join(", "))
        }
    }
}

/// `"a.csv" (id, name)`
fn file(file: &TableFile) -> String {
    format!("{} ({})", text::string(&file.path), commas(file.columns.iter().map(|name| text::name(name))))
}

fn option(value: &OptionValue) -> String {
    match value {
        OptionValue::Scalar(value) => text::scalar(value),
        OptionValue::Strings(strings) => format!("[{}]", commas(strings.iter().map(|s| text::string(s)))),
        OptionValue::Schema { schema, open } => text::schema(schema, *open),
    }
}

fn commas(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
