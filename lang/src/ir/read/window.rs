//! The stage `window` of the printed form.

use super::expr::scalar;
use super::stage::Defining;
use super::{Cursor, NOWHERE, Parsed, Reader};
use crate::ir::{Ascending, Frame, NodeId, Stage, WindowFunction, WindowKind};
use crate::scalar::Scalar;
use crate::ty::Type;

impl Reader<'_> {
    pub(super) fn window(&mut self, cursor: &mut Cursor, input: NodeId) -> Parsed<Defining> {
        let (mut functions, mut labels) = (Vec::new(), Vec::new());
        while !ends(cursor) && !matches!(cursor.peek_word(), "by" | "on") {
            if !functions.is_empty() {
                cursor.expect(",")?;
            }
            let label = cursor.label()?;
            cursor.expect("=")?;
            let kind = self.window_kind(cursor)?;
            let ty = self.window_type(&kind).ok_or("a reducer does not take its arguments")?;
            functions.push(WindowFunction { column: self.plan.add_column(label.name.clone(), ty), kind });
            labels.push(label);
        }
        let mut keys = Vec::new();
        if cursor.eat_word("by") {
            loop {
                keys.push(self.expr(cursor)?);
                if !cursor.eat(",") {
                    break;
                }
            }
        }
        let on = if cursor.eat_word("on") { Some(self.ascending(cursor)?) } else { None };
        Ok((Stage::Window { input, keys, on, functions }, labels))
    }

    fn window_type(&self, kind: &WindowKind) -> Option<Type> {
        kind.ty(|expr| self.plan.exprs.ty(expr).clone(), |id, types| (self.catalog.reducer(id).result)(types))
    }

    fn window_kind(&mut self, cursor: &mut Cursor) -> Parsed<WindowKind> {
        let name = cursor.name()?;
        cursor.expect("(")?;
        let kind = match &*name {
            "lag" | "lead" => {
                let value = self.expr(cursor)?;
                cursor.expect(",")?;
                let offset: i64 = cursor.number()?;
                let back = &*name == "lag";
                WindowKind::Neighbour { value, offset: if back { offset.saturating_neg() } else { offset } }
            }
            "row_number" => WindowKind::RowNumber,
            "rank" | "dense_rank" => WindowKind::Rank { keys: self.sort_keys(cursor)?, dense: &*name == "dense_rank" },
            "session" => {
                let time = self.ascending(cursor)?;
                cursor.expect(",")?;
                WindowKind::Session { time, gap: bound(cursor)? }
            }
            _ => return self.reduce(cursor, &name),
        };
        cursor.expect(")")?;
        Ok(kind)
    }

    /// `qty) where ok rows from -6 to 0`
    fn reduce(&mut self, cursor: &mut Cursor, name: &str) -> Parsed<WindowKind> {
        let reducer = self.catalog.reducer_named(name).ok_or_else(|| format!("there is no reducer `{name}`"))?;
        let mut arguments = Vec::new();
        while !cursor.eat(")") {
            if !arguments.is_empty() {
                cursor.expect(",")?;
            }
            arguments.push(self.expr(cursor)?);
        }
        let condition = if cursor.eat_word("where") { Some(self.expr(cursor)?) } else { None };
        Ok(WindowKind::Reduce { reducer, arguments, condition, frame: frame(cursor)? })
    }

    fn ascending(&mut self, cursor: &mut Cursor) -> Parsed<Ascending> {
        let expr = self.expr(cursor)?;
        Ok(Ascending { expr, site: self.plan.add_site(NOWHERE, None) })
    }
}

/// Whether the stage ends here.
fn ends(cursor: &mut Cursor) -> bool {
    cursor.rest().is_empty() || cursor.rest().starts_with("->")
}

fn frame(cursor: &mut Cursor) -> Parsed<Frame> {
    if cursor.eat_word("rows") {
        let start = if cursor.eat_word("from") { Some(cursor.number()?) } else { None };
        let end = if cursor.eat_word("to") { Some(cursor.number()?) } else { None };
        return Ok(Frame::Rows { start, end, full: cursor.eat_word("full") });
    }
    if !cursor.eat_word("range") {
        return Ok(Frame::Group);
    }
    let start = if cursor.eat_word("from") { Some(bound(cursor)?) } else { None };
    let end = if cursor.eat_word("to") { Some(bound(cursor)?) } else { None };
    Ok(Frame::Range { start, end, full: cursor.eat_word("full") })
}

fn bound(cursor: &mut Cursor) -> Parsed<Scalar> {
    if cursor.eat("#duration") { Ok(Scalar::Duration(cursor.number()?)) } else { scalar(cursor) }
}
