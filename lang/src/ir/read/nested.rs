//! Lists, records, maps, their items, and what binds columns for a body.

use super::expr::scalar;
use super::{Cursor, Parsed, Reader};
use crate::ir::{Each, Expr, ExprId};
use crate::scalar::Scalar;
use crate::ty::{Kind, Type};
use std::sync::Arc;

impl Reader<'_> {
    /// What starts with a `#`, read already.
    pub(super) fn hash(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        let word = cursor.peek_word();
        cursor.word(word)?;
        match word {
            "const" => {
                let ty = cursor.ty()?;
                let value = constant(cursor, &ty)?;
                Ok(self.plan.exprs.literal(value, ty))
            }
            "datetime" | "duration" | "json" | "bytes" => self.plain_constant(cursor, word),
            "map" if cursor.eat_touching("{") => {
                let (keys, values) = self.entries(cursor, |cursor| cursor.string().map(Arc::from))?;
                self.build_at(Expr::Map(keys, values), None)
            }
            "widen" => {
                cursor.expect("(")?;
                let operand = self.expr(cursor)?;
                cursor.expect(")")?;
                cursor.expect(":")?;
                let ty = cursor.ty()?;
                let typed = crate::ir::TypedExpr { expr: Expr::Widen(operand), ty, site: None };
                Ok(self.plan.exprs.add(typed, crate::catalog::Effect::Total))
            }
            "reduce" => {
                let name = cursor.name()?;
                let reducer =
                    self.catalog.reducer_named(&name).ok_or_else(|| format!("there is no reducer `{name}`"))?;
                cursor.expect("(")?;
                let operands = self.operands(cursor, ")")?;
                self.build_at(Expr::Reduce(reducer, operands.into()), None)
            }
            "fold" | "scan" => self.fold(cursor, word == "scan"),
            _ => match Each::ALL.into_iter().find(|each| each.name() == word) {
                Some(each) => self.each(cursor, each),
                None => Err(format!("`#{word}` means nothing")),
            },
        }
    }

    fn plain_constant(&mut self, cursor: &mut Cursor, word: &str) -> Parsed<ExprId> {
        let value = match word {
            "datetime" => Scalar::DateTime(cursor.number()?),
            "duration" => Scalar::Duration(cursor.number()?),
            "json" => Scalar::Json(cursor.string()?.into()),
            _ => Scalar::Bytes(bytes(&cursor.string()?)?),
        };
        let ty = crate::ir::typing::scalar_type(&value).ok_or("a constant without a type")?;
        Ok(self.plan.exprs.literal(value, ty))
    }

    /// `filter(list, x => body)` behind its name.
    fn each(&mut self, cursor: &mut Cursor, each: Each) -> Parsed<ExprId> {
        cursor.expect("(")?;
        let list = self.expr(cursor)?;
        cursor.expect(",")?;
        let item = cursor.label()?;
        let item = self.lookup(&item.key())?;
        cursor.expect("=>")?;
        let body = self.expr(cursor)?;
        cursor.expect(")")?;
        self.build_at(Expr::Each { each, list, item, body }, None)
    }

    /// `fold(list, init, (state, item) => next)` behind its name.
    fn fold(&mut self, cursor: &mut Cursor, scan: bool) -> Parsed<ExprId> {
        cursor.expect("(")?;
        let list = self.expr(cursor)?;
        cursor.expect(",")?;
        let init = self.expr(cursor)?;
        cursor.expect(",")?;
        cursor.expect("(")?;
        let state = cursor.label()?;
        let state = self.lookup(&state.key())?;
        cursor.expect(",")?;
        let item = cursor.label()?;
        let item = self.lookup(&item.key())?;
        cursor.expect(")")?;
        cursor.expect("=>")?;
        let next = self.expr(cursor)?;
        cursor.expect(")")?;
        self.build_at(Expr::Fold { list, init, state, item, next, scan }, None)
    }

    /// `{a: 1, b: 2}`, its `{` read already.
    pub(super) fn record(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        let (names, values) = self.entries(cursor, |cursor| cursor.name())?;
        self.build_at(Expr::Record(names, values), None)
    }

    #[expect(clippy::type_complexity, reason = "the two parts of a record or map, in the form that it has")]
    fn entries(
        &mut self,
        cursor: &mut Cursor,
        key: impl Fn(&mut Cursor) -> Parsed<Arc<str>>,
    ) -> Parsed<(Box<[Arc<str>]>, Box<[ExprId]>)> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        while !cursor.eat("}") {
            if !keys.is_empty() {
                cursor.expect(",")?;
            }
            keys.push(key(cursor)?);
            cursor.expect(":")?;
            values.push(self.expr(cursor)?);
        }
        Ok((keys.into(), values.into()))
    }

    /// Expressions up to a closing bracket.
    pub(super) fn operands(&mut self, cursor: &mut Cursor, close: &str) -> Parsed<Vec<ExprId>> {
        let mut operands = Vec::new();
        while !cursor.eat(close) {
            if !operands.is_empty() {
                cursor.expect(",")?;
            }
            operands.push(self.expr(cursor)?);
        }
        Ok(operands)
    }

    /// `.name` and `[index]` behind an operand.
    pub(super) fn postfix(&mut self, cursor: &mut Cursor, mut operand: ExprId) -> Parsed<ExprId> {
        loop {
            if cursor.eat_touching("[") {
                let index = self.expr(cursor)?;
                cursor.expect("]")?;
                let or_null = cursor.touching().starts_with('?') && cursor.eat("?");
                let site = cursor.eat_touching("!").then_some(super::NOWHERE);
                operand = self.build_at(Expr::Index { value: operand, index, or_null }, site)?;
            } else if cursor.eat_touching(".") {
                let name = cursor.name()?;
                let Kind::Record(schema) = &self.plan.exprs.ty(operand).kind else {
                    return Err(format!("`.{name}` of what is no record"));
                };
                let at = schema.position(&name).ok_or_else(|| format!("there is no field `{name}`"))?;
                operand = self.build_at(Expr::Field(operand, at as u32), None)?;
            } else {
                return Ok(operand);
            }
        }
    }
}

/// A constant of a type that tells how it is written.
fn constant(cursor: &mut Cursor, ty: &Type) -> Parsed<Scalar> {
    cursor.deeper()?;
    let value = match &ty.kind {
        _ if cursor.eat_word("null") => Scalar::Null,
        Kind::List(item) => {
            cursor.expect("[")?;
            let mut items = Vec::new();
            while !cursor.eat("]") {
                if !items.is_empty() {
                    cursor.expect(",")?;
                }
                items.push(constant(cursor, item)?);
            }
            Scalar::List(items.into())
        }
        Kind::Record(schema) => {
            cursor.expect("{")?;
            let mut values = Vec::new();
            for (at, field) in schema.fields.iter().enumerate() {
                if at > 0 {
                    cursor.expect(",")?;
                }
                values.push(constant(cursor, &field.ty)?);
            }
            cursor.expect("}")?;
            Scalar::Record(values.into())
        }
        Kind::Map(value) => {
            cursor.expect("{")?;
            let mut entries: Vec<(Arc<str>, Scalar)> = Vec::new();
            while !cursor.eat("}") {
                if !entries.is_empty() {
                    cursor.expect(",")?;
                }
                let key = cursor.string()?.into();
                cursor.expect(":")?;
                entries.push((key, constant(cursor, value)?));
            }
            Scalar::Map(entries.into())
        }
        Kind::DateTime if cursor.eat("#datetime") => Scalar::DateTime(cursor.number()?),
        Kind::Duration if cursor.eat("#duration") => Scalar::Duration(cursor.number()?),
        Kind::Json if cursor.eat("#json") => Scalar::Json(cursor.string()?.into()),
        Kind::Bytes if cursor.eat("#bytes") => Scalar::Bytes(bytes(&cursor.string()?)?),
        _ => scalar(cursor)?,
    };
    cursor.depth -= 1;
    Ok(value)
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Parsed<Arc<[u8]>> {
    let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.map(Arc::from).ok_or_else(|| "these are no bytes".into())
}
