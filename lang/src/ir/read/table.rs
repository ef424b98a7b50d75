//! Stages that take the rows of two streams.

use super::stage::Defining;
use super::{Cursor, Label, Parsed, Reader};
use crate::ir::print::COMPARISONS;
use crate::ir::{ColumnId, Join, JoinCondition, JoinKind, Nearest, NodeId, Stage};
use crate::ty::Type;

impl Reader<'_> {
    /// `union id: int = a & b, …`
    pub(super) fn union(&mut self, cursor: &mut Cursor, input: NodeId, other: NodeId) -> Parsed<Defining> {
        let (mut columns, mut labels) = (Vec::new(), Vec::new());
        while !cursor.rest().is_empty() && !cursor.rest().starts_with("->") {
            if !labels.is_empty() {
                cursor.expect(",")?;
            }
            let (label, column) = self.typed_label(cursor)?;
            let first = self.left(cursor)?;
            cursor.expect("&")?;
            columns.push((column, first, self.right(cursor, other)?));
            labels.push(label);
        }
        Ok((Stage::Union { input, other, columns }, labels))
    }

    /// `join left unique on a == b nearest t, u within 5 right x: int? = y left …`
    pub(super) fn join(&mut self, cursor: &mut Cursor, input: NodeId, other: NodeId) -> Parsed<Defining> {
        let word = cursor.peek_word();
        let kind = JoinKind::ALL.into_iter().find(|kind| kind.name() == word);
        let kind = kind.ok_or_else(|| format!("`{word}` is no kind of join"))?;
        cursor.eat_word(word);
        let mut join = Join::new(kind);
        if cursor.eat_word("unique") {
            join.unique = Some(self.plan.add_site(super::NOWHERE, None));
        }
        if cursor.eat_word("on") {
            join.on.push(self.condition(cursor, other)?);
            while cursor.eat(",") {
                join.on.push(self.condition(cursor, other)?);
            }
        }
        if cursor.eat_word("nearest") {
            let left = self.left(cursor)?;
            cursor.expect(",")?;
            let right = self.right(cursor, other)?;
            let within = if cursor.eat_word("within") { Some(self.expr(cursor)?) } else { None };
            join.nearest = Some(Nearest { left, right, within });
        }
        let (mut rights, mut labels) = (Vec::new(), Vec::new());
        if cursor.eat_word("right") {
            while rights.is_empty() || cursor.eat(",") {
                let (label, column) = self.typed_label(cursor)?;
                join.right.push((column, self.right(cursor, other)?));
                rights.push(label);
            }
        }
        if cursor.eat_word("as") {
            let label = cursor.label()?;
            join.mark = Some(self.plan.add_column(label.name.clone(), Type::BOOL));
            rights.push(label);
        }
        if cursor.eat_word("left") {
            while labels.is_empty() || cursor.eat(",") {
                let (label, column) = self.typed_label(cursor)?;
                join.left.push((column, self.left(cursor)?));
                labels.push(label);
            }
        }
        labels.append(&mut rights);
        Ok((Stage::Join { input, other, join }, labels))
    }

    fn condition(&mut self, cursor: &mut Cursor, other: NodeId) -> Parsed<JoinCondition> {
        let left = self.left(cursor)?;
        let Some((op, _)) = COMPARISONS.into_iter().find(|(_, text)| cursor.eat(text)) else {
            return Err(format!("expected a comparison, found {}", cursor.found()));
        };
        Ok(JoinCondition { left, op, right: self.right(cursor, other)? })
    }

    /// `id: int =`, a new column.
    fn typed_label(&mut self, cursor: &mut Cursor) -> Parsed<(Label, ColumnId)> {
        let label = cursor.label()?;
        cursor.expect(":")?;
        let ty = cursor.ty()?;
        cursor.expect("=")?;
        Ok((label.clone(), self.plan.add_column(label.name, ty)))
    }

    fn left(&mut self, cursor: &mut Cursor) -> Parsed<ColumnId> {
        let name = cursor.name()?;
        self.lookup(&name)
    }

    fn right(&mut self, cursor: &mut Cursor, other: NodeId) -> Parsed<ColumnId> {
        let name = cursor.name()?;
        let field = self.plan.node(other).output.iter().find(|field| field.name == name);
        field.map(|field| field.column).ok_or_else(|| format!("the other rows have no column `{name}`"))
    }
}
