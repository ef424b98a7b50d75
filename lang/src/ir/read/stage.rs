//! Stages, without the `->` behind them.

use super::{Cursor, Label, NOWHERE, Parsed, Reader};
use crate::catalog::{Effect, OptionValue, STDIN, TableFile};
use crate::ir::{
    Assertion, ColumnId, ExprId, NodeId, Phase, Reduction, SortKey, Stage, Supply, Table, TableId, TableOrigin, Tee,
    Told,
};
use crate::ty::{Kind, Schema, Type};
use std::sync::Arc;

/// A stage with what it calls the columns that it defines, in the order of [`Stage::defines`].
pub(super) type Defining = (Stage, Vec<Label>);

impl Reader<'_> {
    /// The stage that stands here; `input` is there for all but the first of a chain, `other` for what takes two.
    pub(super) fn stage(
        &mut self,
        cursor: &mut Cursor,
        input: Option<NodeId>,
        other: Option<NodeId>,
    ) -> Parsed<Defining> {
        let word = cursor.peek_word();
        if !cursor.eat_word(word) || word.is_empty() {
            return Err(format!("expected a stage, found {}", cursor.found()));
        }
        let Some(input) = input else {
            return match word {
                "scan" => self.scan(cursor),
                "range" => self.range(cursor),
                "values" => self.values(cursor),
                "iterate" => {
                    self.states(cursor, |column, init, state, next| Stage::Iterate { column, init, state, next })
                }
                other => {
                    Err(format!("a statement starts with `scan`, `range`, `values` or `iterate`, not with `{other}`"))
                }
            };
        };
        if let Some(other) = other {
            return match word {
                "union" => self.union(cursor, input, other),
                "join" => self.join(cursor, input, other),
                word => Err(format!("`{word}` does not take the rows of two streams")),
            };
        }
        match word {
            "explode" => {
                let keep = cursor.eat_word("keep");
                let label = cursor.label()?;
                cursor.expect("=")?;
                let list = self.expr(cursor)?;
                let Kind::List(item) = &self.plan.exprs.ty(list).kind else {
                    return Err("what is exploded is no list".into());
                };
                let ty = (**item).clone().or_null_if(keep);
                let column = self.plan.add_column(label.name.clone(), ty);
                Ok((Stage::Explode { input, list, column, keep }, vec![label]))
            }
            "unpivot" => self.unpivot(cursor, input),
            "filter" => {
                let predicate = self.expr(cursor)?;
                let told = match cursor.eat_word("telling") {
                    false => None,
                    true => {
                        cursor.word("of")?;
                        Some(Told { site: self.plan.add_site(NOWHERE, None), template: cursor.string()?.into() })
                    }
                };
                Ok((Stage::Filter { input, predicate, told }, Vec::new()))
            }
            "take_while" => Ok((Stage::While { input, predicate: self.expr(cursor)?, skip: false }, Vec::new())),
            "skip_while" => Ok((Stage::While { input, predicate: self.expr(cursor)?, skip: true }, Vec::new())),
            "fold" | "states" => {
                let all = word == "states";
                self.states(cursor, |column, init, state, next| Stage::Fold { input, column, init, state, next, all })
            }
            "map" => self.map(cursor, input),
            "aggregate" => self.aggregate(cursor, input),
            "window" => self.window(cursor, input),
            "number" => self.number(cursor, input),
            "assert" => self.assertion(cursor, input),
            "tee" => self.tee(cursor, input),
            "sort" => Ok((Stage::Sort { input, keys: self.sort_keys(cursor)? }, Vec::new())),
            "top_k" => {
                let count = cursor.number()?;
                cursor.word("by")?;
                Ok((Stage::TopK { input, keys: self.sort_keys(cursor)?, count }, Vec::new()))
            }
            "take" => Ok((Stage::Slice { input, skip: 0, take: Some(cursor.number()?) }, Vec::new())),
            "skip" => {
                let skip = cursor.number()?;
                let take = if cursor.eat_word("take") { Some(cursor.number()?) } else { None };
                Ok((Stage::Slice { input, skip, take }, Vec::new()))
            }
            other => Err(format!("`{other}` is no stage that takes rows")),
        }
    }

    /// `unpivot year, amount: int? of jan = a, feb = b`
    fn unpivot(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let label = cursor.label()?;
        let name = self.plan.add_column(label.name.clone(), Type::STRING);
        cursor.expect(",")?;
        let value_label = cursor.label()?;
        cursor.expect(":")?;
        let ty = cursor.ty()?;
        let value = self.plan.add_column(value_label.name.clone(), ty);
        cursor.word("of")?;
        let mut values = Vec::new();
        while values.is_empty() || cursor.eat(",") {
            let name = cursor.name()?;
            cursor.expect("=")?;
            values.push((name, self.expr(cursor)?));
        }
        Ok((Stage::Unpivot { input, name, value, values }, vec![label, value_label]))
    }

    fn scan(&mut self, cursor: &mut Cursor) -> Parsed<Defining> {
        let mut wanted: Vec<(Label, Arc<str>)> = Vec::new();
        while !cursor.eat_word("from") {
            if !wanted.is_empty() {
                cursor.expect(",")?;
            }
            let label = cursor.label()?;
            let field = if cursor.eat("=") { cursor.name()? } else { label.name.clone() };
            wanted.push((label, field));
        }
        let table = self.table(cursor)?;
        let (mut columns, mut labels) = (Vec::new(), Vec::new());
        for (label, field) in wanted {
            let at = table.schema.position(&field).ok_or_else(|| format!("the table has no column `{field}`"))?;
            columns.push((at, self.plan.add_column(label.name.clone(), table.schema.fields[at].ty.clone())));
            labels.push(label);
        }
        self.plan.tables.push(table);
        Ok((Stage::Scan { table: TableId(self.plan.tables.len() as u32 - 1), columns }, labels))
    }

    fn table(&mut self, cursor: &mut Cursor) -> Parsed<Table> {
        let mut origin = if cursor.eat_word("bound") {
            TableOrigin::Bound(cursor.name()?)
        } else {
            cursor.word("read")?;
            cursor.expect("(")?;
            let supply = match cursor.peek_word() {
                STDIN => Supply::Stdin,
                "stream" => Supply::Stream,
                _ => Supply::Files,
            };
            let path = match supply {
                Supply::Files => cursor.string()?.into(),
                Supply::Stdin => cursor.name()?,
                Supply::Stream => {
                    cursor.word("stream")?;
                    cursor.string()?.into()
                }
            };
            cursor.expect(",")?;
            let format = cursor.name()?;
            let mut options = Vec::new();
            while !cursor.eat(")") {
                cursor.expect(",")?;
                let name = cursor.name()?;
                cursor.expect(":")?;
                options.push((name, option(cursor)?));
            }
            let mut files = Vec::new();
            while cursor.eat_word("of") || !files.is_empty() && cursor.eat(",") {
                files.push(file(cursor)?);
            }
            let checked = if cursor.eat_word("checking") { names(cursor)? } else { Vec::new() };
            let telling = if cursor.eat_word("telling") { names(cursor)? } else { Vec::new() };
            TableOrigin::File { path, supply, format, options, inferred: false, files, checked, telling }
        };
        let schema = cursor.schema()?.0;
        let mut effect = Effect::Total;
        while cursor.eat(",") {
            match (cursor.peek_word(), &mut origin) {
                ("inferred", TableOrigin::File { inferred, .. }) => *inferred = cursor.eat("inferred"),
                ("may", _) if cursor.eat("may fail") => effect = Effect::MayFail,
                ("nondeterministic", _) if cursor.eat("nondeterministic") => effect = Effect::Nondeterministic,
                ("host", _) if cursor.eat("host") => effect = Effect::Host,
                _ => return Err(format!("a table is not {}", cursor.found())),
            }
        }
        Ok(Table { origin, schema, effect, span: NOWHERE })
    }

    fn range(&mut self, cursor: &mut Cursor) -> Parsed<Defining> {
        let label = cursor.label()?;
        cursor.expect("=")?;
        let start = cursor.number()?;
        cursor.expect("..")?;
        let bounded = cursor.rest().starts_with(|c: char| c.is_ascii_digit())
            || (cursor.rest().starts_with('-') && !cursor.rest().starts_with("->"));
        let end = if bounded { Some(cursor.number()?) } else { None };
        let column = self.plan.add_column(label.name.clone(), Type::INT);
        Ok((Stage::Range { start, end, column }, vec![label]))
    }

    /// `label = init, state => next`
    fn states(
        &mut self,
        cursor: &mut Cursor,
        stage: impl FnOnce(ColumnId, ExprId, ColumnId, ExprId) -> Stage,
    ) -> Parsed<Defining> {
        let label = cursor.label()?;
        cursor.expect("=")?;
        let init = self.expr(cursor)?;
        cursor.expect(",")?;
        let state = cursor.label()?;
        let state = self.lookup(&state.key())?;
        cursor.expect("=>")?;
        let next = self.expr(cursor)?;
        let column = self.plan.add_column(label.name.clone(), self.plan.column(state).ty.clone());
        Ok((stage(column, init, state, next), vec![label]))
    }

    fn values(&mut self, cursor: &mut Cursor) -> Parsed<Defining> {
        let (mut columns, mut labels, mut rows) = (Vec::new(), Vec::<Label>::new(), Vec::new());
        cursor.expect("{")?;
        while !cursor.eat("}") {
            if !labels.is_empty() {
                cursor.expect(",")?;
            }
            let label = cursor.label()?;
            cursor.expect(":")?;
            columns.push(self.plan.add_column(label.name.clone(), cursor.ty()?));
            labels.push(label);
        }
        while cursor.rest().starts_with('(') {
            cursor.expect("(")?;
            let mut row = Vec::new();
            while !cursor.eat(")") {
                if !row.is_empty() {
                    cursor.expect(",")?;
                }
                row.push(self.expr(cursor)?);
            }
            rows.push(row);
            if !cursor.eat(",") {
                break;
            }
        }
        Ok((Stage::Values { columns, rows }, labels))
    }

    fn map(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let (mut definitions, mut labels) = (Vec::new(), Vec::new());
        while !cursor.rest().is_empty() && !cursor.rest().starts_with("->") {
            if !labels.is_empty() {
                cursor.expect(",")?;
            }
            let (label, column, expr) = self.definition(cursor)?;
            definitions.push((column, expr));
            labels.push(label);
        }
        Ok((Stage::Map { input, definitions }, labels))
    }

    /// `total = a + b`, or `a`, which is `a = a`.
    fn definition(&mut self, cursor: &mut Cursor) -> Parsed<(Label, ColumnId, ExprId)> {
        let label = cursor.label()?;
        let expr = if cursor.eat("=") {
            self.expr(cursor)?
        } else {
            let column = self.lookup(&label.name)?;
            self.plan.column_expr(column)
        };
        let ty = self.plan.exprs.ty(expr).clone();
        Ok((label.clone(), self.plan.add_column(label.name, ty), expr))
    }

    /// `x > 0, "message" showing x, y = z`
    fn assertion(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let predicate = self.expr(cursor)?;
        let message = if cursor.eat(",") { Some(self.expr(cursor)?) } else { None };
        let shown = if cursor.eat_word("showing") { self.named_exprs(cursor)? } else { Vec::new() };
        let site = self.plan.add_site(NOWHERE, None);
        Ok((Stage::Assert { input, assertion: Assertion { predicate, message, shown, site } }, Vec::new()))
    }

    /// `table to csv "out.csv" x, y = z`
    fn tee(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let shape = super::shape_word(cursor)?;
        let target = super::target(cursor)?.ok_or("a `tee` has a file")?;
        let fields = if cursor.rest().is_empty() || cursor.rest().starts_with("->") {
            Vec::new()
        } else {
            self.named_exprs(cursor)?
        };
        Ok((Stage::Tee { input, tee: Tee { target, shape, fields } }, Vec::new()))
    }

    /// `x, y = z`
    fn named_exprs(&mut self, cursor: &mut Cursor) -> Parsed<Vec<(Arc<str>, ExprId)>> {
        let mut exprs = Vec::new();
        while exprs.is_empty() || cursor.eat(",") {
            let label = cursor.label()?;
            let expr = if cursor.eat("=") {
                self.expr(cursor)?
            } else {
                let column = self.lookup(&label.name)?;
                self.plan.column_expr(column)
            };
            exprs.push((label.name, expr));
        }
        Ok(exprs)
    }

    /// `n by k, x + 1`
    fn number(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let label = cursor.label()?;
        let mut keys = Vec::new();
        if cursor.eat_word("by") {
            keys.push(self.expr(cursor)?);
            while cursor.eat(",") {
                keys.push(self.expr(cursor)?);
            }
        }
        let column = self.plan.add_column(label.name.clone(), Type::INT);
        Ok((Stage::Number { input, column, keys }, vec![label]))
    }

    fn aggregate(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let phase = if cursor.eat_word("partial") {
            Phase::Partial
        } else if cursor.eat_word("final") {
            Phase::Final
        } else {
            Phase::Single
        };
        let (mut keys, mut labels) = (Vec::new(), Vec::new());
        let (mut reductions, mut reduced) = (Vec::new(), Vec::new());
        while !cursor.rest().is_empty() && !cursor.rest().starts_with("->") && cursor.peek_word() != "by" {
            if !reductions.is_empty() {
                cursor.expect(",")?;
            }
            let (label, reduction) = self.reduction(cursor)?;
            reductions.push(reduction);
            reduced.push(label);
        }
        if cursor.eat_word("by") {
            loop {
                let (label, column, expr) = self.definition(cursor)?;
                keys.push((column, expr));
                labels.push(label);
                if !cursor.eat(",") {
                    break;
                }
            }
        }
        labels.append(&mut reduced);
        Ok((Stage::Aggregate { input, keys, reductions, phase }, labels))
    }

    /// `n = count() where x > 3`
    fn reduction(&mut self, cursor: &mut Cursor) -> Parsed<(Label, Reduction)> {
        let label = cursor.label()?;
        let ascribed = if cursor.eat_touching(":") { Some(cursor.ty()?) } else { None };
        cursor.expect("=")?;
        let name = cursor.name()?;
        let reducer = self.catalog.reducer_named(&name).ok_or_else(|| format!("there is no reducer `{name}`"))?;
        cursor.expect("(")?;
        let mut arguments = Vec::new();
        while !cursor.eat(")") {
            if !arguments.is_empty() {
                cursor.expect(",")?;
            }
            arguments.push(self.expr(cursor)?);
        }
        let condition = if cursor.eat_word("where") { Some(self.expr(cursor)?) } else { None };
        let types: Vec<Type> = arguments.iter().map(|a| self.plan.exprs.ty(*a).clone()).collect();
        let ty = ascribed.or_else(|| (self.catalog.reducer(reducer).result)(&types));
        let ty = ty.ok_or_else(|| format!("`{name}` does not take these arguments"))?;
        let column = self.plan.add_column(label.name.clone(), ty);
        Ok((label, Reduction { column, reducer, arguments, condition }))
    }

    pub(super) fn sort_keys(&mut self, cursor: &mut Cursor) -> Parsed<Vec<SortKey>> {
        let mut keys = Vec::new();
        loop {
            let expr = self.expr(cursor)?;
            keys.push(SortKey { expr, descending: cursor.eat_word("desc") });
            if !cursor.eat(",") {
                return Ok(keys);
            }
        }
    }
}

/// `"a.csv" (id, name)`
fn file(cursor: &mut Cursor) -> Parsed<TableFile> {
    Ok(TableFile { path: cursor.string()?.into(), columns: names(cursor)? })
}

/// `(id, name)`
fn names(cursor: &mut Cursor) -> Parsed<Vec<Arc<str>>> {
    cursor.expect("(")?;
    let mut names = Vec::new();
    while !cursor.eat(")") {
        if !names.is_empty() {
            cursor.expect(",")?;
        }
        names.push(cursor.name()?);
    }
    Ok(names)
}

fn option(cursor: &mut Cursor) -> Parsed<OptionValue> {
    if cursor.rest().starts_with('{') {
        let (schema, open): (Schema, bool) = cursor.schema()?;
        return Ok(OptionValue::Schema { schema, open });
    }
    if !cursor.eat("[") {
        return super::expr::scalar(cursor).map(OptionValue::Scalar);
    }
    let mut strings = Vec::new();
    while !cursor.eat("]") {
        if !strings.is_empty() {
            cursor.expect(",")?;
        }
        strings.push(cursor.string()?.into());
    }
    Ok(OptionValue::Strings(strings))
}
