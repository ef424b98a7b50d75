//! Reads the printed form of a plan (`print.rs`) back: for tests of rules, and for a plan that was written elsewhere.
//!
//! It knows names, kinds of operands and functions, for otherwise it could not build expressions; whether the plan is
//! right is [`super::verify`]'s affair. Spans are empty: they stand in no script. It takes any text without a panic.

mod cursor;
mod expr;
mod nested;
mod routine;
mod stage;
mod table;
mod window;

use super::{ColumnId, ExprId, Fields, Node, NodeId, OutputField, Pivot, Plan, Shape, Statement, Target};
use crate::catalog::Catalog;
use crate::source::{SourceId, Span};
use cursor::Cursor;
use std::collections::HashMap;
use std::fmt;

/// Why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ReadError {}

/// What most functions here return; the line is added at the top.
type Parsed<T> = Result<T, String>;

/// The plan that a text describes.
pub fn read(text: &str, catalog: &Catalog) -> Result<Plan, ReadError> {
    let mut reader = Reader { plan: Plan::default(), catalog, scope: HashMap::new(), bindings: Vec::new() };
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty()).collect();
    let mut at = reader.routines(&lines)?;
    while let Some(&(number, line)) = lines.get(at) {
        let (shape, pivot, target) = reader.first_line(number, line)?;
        let behind = lines[at + 1..].iter().take_while(|(_, line)| line.starts_with(' ')).count();
        let node = reader.chain(&lines[at + 1..at + 1 + behind], 0)?;
        let node = node.ok_or_else(|| error(number, "this statement has no stages"))?;
        reader.plan.statements.push(Statement { node, shape, target, pivot, span: NOWHERE });
        at += 1 + behind;
    }
    Ok(reader.plan)
}

/// How far a line stands to the right.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line belongs to the stage before it.
fn is_behind(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("where ") || line.starts_with("with ")
}

fn error(line: usize, message: impl Into<String>) -> ReadError {
    ReadError { line, message: message.into() }
}

fn shape_word(cursor: &mut Cursor) -> Parsed<Shape> {
    let word = cursor.peek_word();
    let shape = match word {
        "table" => Shape::Table,
        "values" => Shape::Values,
        "scalar" => Shape::Scalar,
        other => return Err(format!("`{other}` is no shape: `table`, `values` or `scalar`")),
    };
    cursor.eat_word(word);
    Ok(shape)
}

/// `to csv "out.csv"`, `to parquet "out.parquet" by zstd`, or nothing.
fn target(cursor: &mut Cursor) -> Parsed<Option<Target>> {
    if !cursor.eat_word("to") {
        return Ok(None);
    }
    let (format, path) = (cursor.name()?, cursor.string()?.into());
    let compression = if cursor.eat_word("by") { Some(cursor.name()?) } else { None };
    Ok(Some(Target { path, format, compression }))
}

/// The empty span that everything read has.
const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

struct Reader<'a> {
    plan: Plan,
    catalog: &'a Catalog,
    /// The columns of the row that comes into the stage at hand.
    scope: HashMap<String, ColumnId>,
    /// What `$1`, `$2` … are in the stage at hand.
    bindings: Vec<ExprId>,
}

impl Reader<'_> {
    /// `table`, or `table pivot behind 2 keys to csv "out.csv"`.
    fn first_line(&mut self, number: usize, line: &str) -> Result<(Shape, Option<Pivot>, Option<Target>), ReadError> {
        let mut cursor = Cursor::new(line);
        if line.starts_with(' ') {
            return Err(error(number, "a statement starts with `table`, `values` or `scalar`"));
        }
        let mut parts = || {
            let shape = shape_word(&mut cursor)?;
            let pivot = self.pivot(&mut cursor)?;
            let target = target(&mut cursor)?;
            cursor.end().map(|()| (shape, pivot, target))
        };
        parts().map_err(|message| error(number, message))
    }

    /// `pivot behind 2 keys of total, n`, or nothing.
    fn pivot(&mut self, cursor: &mut Cursor) -> Parsed<Option<Pivot>> {
        if !cursor.eat_word("pivot") {
            return Ok(None);
        }
        cursor.word("behind")?;
        let keys = cursor.number::<usize>()?;
        cursor.word("keys")?;
        let mut results = Vec::new();
        if cursor.eat_word("of") {
            while results.is_empty() || cursor.eat(",") {
                results.push(cursor.name()?);
            }
        }
        let site = self.plan.add_site(NOWHERE, None);
        Ok(Some(Pivot { keys, results, site }))
    }

    /// The stages of these lines, and those that stand further to the right as the other rows of the stage before them;
    /// the last of them. None of no lines.
    fn chain(&mut self, lines: &[(usize, &str)], depth: u32) -> Result<Option<NodeId>, ReadError> {
        let (mut last, mut at) = (None, 0);
        while let Some(&(number, line)) = lines.get(at) {
            if depth > cursor::MOST_DEPTH {
                return Err(error(number, "streams nest too deep"));
            }
            let own = indent(line);
            let behind = &lines[at + 1..];
            let first = behind.iter().take_while(|(_, line)| is_behind(line)).count();
            let below = behind[first..].iter().take_while(|(_, line)| indent(line) > own).count();
            let other = self.chain(&behind[first..first + below], depth + 1)?;
            self.enter(last);
            self.lines_behind(&behind[..first])?;
            last = Some(self.node(line.trim(), last, other).map_err(|message| error(number, message))?);
            at += 1 + first + below;
        }
        Ok(last)
    }

    /// Starts a stage over the rows of `input`.
    fn enter(&mut self, input: Option<NodeId>) {
        self.bindings.clear();
        self.scope.clear();
        for field in input.iter().flat_map(|input| self.plan.node(*input).output.iter()) {
            self.scope.entry(field.name.to_string()).or_insert(field.column);
        }
    }

    /// The `with` and `where` lines behind a stage; how many they are.
    fn lines_behind(&mut self, lines: &[(usize, &str)]) -> Result<usize, ReadError> {
        let behind: Vec<_> = lines.iter().take_while(|(_, line)| is_behind(line)).collect();
        for (number, line) in &behind {
            let read = match line.trim().strip_prefix("with ") {
                Some(column) => self.bound_column(column),
                None => self.binding(line.trim()),
            };
            read.map_err(|message| error(*number, message))?;
        }
        Ok(behind.len())
    }

    /// `x: int`, a column that an expression of the stage binds.
    fn bound_column(&mut self, text: &str) -> Parsed<()> {
        let mut cursor = Cursor::new(text);
        let label = cursor.label()?;
        cursor.expect(":")?;
        let ty = cursor.ty()?;
        cursor.end()?;
        let column = self.plan.add_column(label.name.clone(), ty);
        self.scope.insert(label.key(), column);
        Ok(())
    }

    /// `where $1 = …`
    fn binding(&mut self, line: &str) -> Parsed<()> {
        let mut cursor = Cursor::new(line);
        cursor.word("where")?;
        cursor.expect("$")?;
        let number: usize = cursor.number()?;
        if number != self.bindings.len() + 1 {
            return Err(format!("`${number}` is out of order"));
        }
        cursor.expect("=")?;
        let expr = self.expr(&mut cursor)?;
        cursor.end()?;
        self.bindings.push(expr);
        Ok(())
    }

    /// A stage with its `->`.
    fn node(&mut self, line: &str, input: Option<NodeId>, other: Option<NodeId>) -> Parsed<NodeId> {
        let mut cursor = Cursor::new(line);
        if input.is_some() {
            cursor.expect("|")?;
        }
        let (stage, defined) = self.stage(&mut cursor, input, other)?;
        let names: Vec<_> = defined.iter().map(|label| label.name.clone()).collect();
        let natural = super::typing::natural_output(&stage, &self.plan.fields_of(input), &names);
        let output = if cursor.eat("->") { self.output(&mut cursor, &stage.defines(), &defined)? } else { natural };
        cursor.end()?;
        Ok(self.plan.add_node(Node { stage, output, span: NOWHERE }))
    }

    /// `a, total = b`, or `()`.
    fn output(&self, cursor: &mut Cursor, columns: &[ColumnId], defined: &[Label]) -> Parsed<Fields> {
        let mut fields = Fields::default();
        if cursor.eat("(") {
            cursor.expect(")")?;
            return Ok(fields);
        }
        loop {
            let first = cursor.label()?;
            let named = if cursor.eat("=") { cursor.label()? } else { first.clone() };
            let column = match defined.iter().position(|label| *label == named) {
                Some(at) => columns[at],
                None if named.number == 1 => self.lookup(&named.name)?,
                None => return Err(format!("there is no column `{}#{}`", named.name, named.number)),
            };
            fields.push(OutputField { name: first.name, column });
            if !cursor.eat(",") {
                return Ok(fields);
            }
        }
    }

    fn lookup(&self, name: &str) -> Parsed<ColumnId> {
        self.scope.get(name).copied().ok_or_else(|| format!("there is no column `{name}`"))
    }
}

/// A name as a stage defines it: `x`, or `x#2` beside another `x`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    name: std::sync::Arc<str>,
    number: usize,
}

impl Label {
    /// What stands for it in the scope.
    fn key(&self) -> String {
        if self.number == 1 { self.name.to_string() } else { format!("{}#{}", self.name, self.number) }
    }
}

#[cfg(test)]
mod tests;
