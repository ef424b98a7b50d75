//! Expressions: operator precedence over a [`Cursor`].

use super::{Cursor, NOWHERE, Parsed, Reader};
use crate::calendar;
use crate::catalog::FunctionId;
use crate::ir::print::precedence::*;
use crate::ir::print::{CONVERSIONS, arithmetic_precedence, null_beside};
use crate::ir::typing::{natural_type, own_effect, resolve};
use crate::ir::{Expr, ExprId, TypedExpr};
use crate::scalar::{Arithmetic, Comparison, Scalar};
use crate::source::Span;
use crate::ty::{Kind, Type};

/// A binary operator.
#[derive(Clone, Copy)]
enum Binary {
    Arithmetic(Arithmetic),
    Compare(Comparison),
    And,
    Or,
    Coalesce,
}

/// As they are written; one that starts like another stands before it.
const SYMBOLS: [(&str, Binary); 14] = [
    ("**", Binary::Arithmetic(Arithmetic::Power)),
    ("*", Binary::Arithmetic(Arithmetic::Multiply)),
    ("//", Binary::Arithmetic(Arithmetic::FloorDivide)),
    ("/", Binary::Arithmetic(Arithmetic::Divide)),
    ("%", Binary::Arithmetic(Arithmetic::Modulo)),
    ("+", Binary::Arithmetic(Arithmetic::Add)),
    ("-", Binary::Arithmetic(Arithmetic::Subtract)),
    ("==", Binary::Compare(Comparison::Equal)),
    ("!=", Binary::Compare(Comparison::NotEqual)),
    ("<=", Binary::Compare(Comparison::LessOrEqual)),
    ("<", Binary::Compare(Comparison::Less)),
    (">=", Binary::Compare(Comparison::GreaterOrEqual)),
    (">", Binary::Compare(Comparison::Greater)),
    ("??", Binary::Coalesce),
];

impl Binary {
    /// How tightly it binds, and how tightly its right operand must.
    fn precedence(self) -> (u8, u8) {
        match self {
            Binary::Arithmetic(Arithmetic::Power) => (POWER, POWER),
            Binary::Arithmetic(op) => (arithmetic_precedence(op), arithmetic_precedence(op) + 1),
            Binary::Compare(_) => (COMPARE, COMPARE + 1),
            Binary::And => (AND, AND + 1),
            Binary::Or => (OR, OR + 1),
            Binary::Coalesce => (COALESCE, COALESCE + 1),
        }
    }

    fn of(self, a: ExprId, b: ExprId) -> Expr {
        match self {
            Binary::Arithmetic(op) => Expr::Arithmetic(op, a, b),
            Binary::Compare(op) => Expr::Compare(op, a, b),
            Binary::And => Expr::And(a, b),
            Binary::Or => Expr::Or(a, b),
            Binary::Coalesce => Expr::Coalesce(a, b),
        }
    }
}

impl Reader<'_> {
    /// An expression over the columns of the stage at hand.
    pub(super) fn expr(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        self.operand(cursor, OR)
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn operand(&mut self, cursor: &mut Cursor, least: u8) -> Parsed<ExprId> {
        cursor.deeper()?;
        let start = cursor.rest();
        let mut left = self.prefix(cursor)?;
        while let Some((text, operator)) = binary_here(cursor) {
            let left_is_null = is_bare_null(start, cursor);
            let (own, right) = operator.precedence();
            if own < least {
                break;
            }
            cursor.expect(text)?;
            let fails = matches!(operator, Binary::Arithmetic(_)) && cursor.eat_touching("!");
            let start = cursor.rest();
            let mut right = self.operand(cursor, right)?;
            if let Binary::Compare(_) = operator {
                (left, right) = (
                    if left_is_null { self.null_beside(right) } else { left },
                    if is_bare_null(start, cursor) { self.null_beside(left) } else { right },
                );
            }
            left = self.build(operator.of(left, right), fails)?;
        }
        cursor.depth -= 1;
        Ok(left)
    }

    /// The null that a bare `null` is when it is compared with `other`.
    fn null_beside(&mut self, other: ExprId) -> ExprId {
        let ty = null_beside(self.plan.exprs.ty(other));
        self.plan.exprs.literal(Scalar::Null, ty)
    }

    fn prefix(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        if cursor.eat_word("not") {
            let operand = self.operand(cursor, NOT)?;
            return self.build(Expr::Not(operand), false);
        }
        if cursor.rest().strip_prefix('-').is_some_and(|after| !is_number(after)) {
            cursor.expect("-")?;
            let fails = cursor.eat_touching("!");
            let operand = self.operand(cursor, NEGATE)?;
            return self.build(Expr::Negate(operand), fails);
        }
        let atom = self.atom(cursor)?;
        let atom = self.postfix(cursor, atom)?;
        if cursor.eat_touching(":") {
            let ty = cursor.ty()?;
            return self.ascribe(atom, ty);
        }
        Ok(atom)
    }

    fn atom(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        let rest = cursor.rest();
        match rest.chars().next() {
            Some('(') => {
                cursor.expect("(")?;
                let inner = self.operand(cursor, OR)?;
                cursor.expect(")")?;
                Ok(inner)
            }
            Some('[') => {
                cursor.expect("[")?;
                let items = self.operands(cursor, "]")?;
                self.build_at(Expr::List(items.into()), None)
            }
            Some('{') => {
                cursor.expect("{")?;
                self.record(cursor)
            }
            Some('#') => {
                cursor.expect("#")?;
                self.hash(cursor)
            }
            Some('$') => {
                cursor.expect("$")?;
                if !cursor.rest().starts_with(|c: char| c.is_ascii_digit()) {
                    return self.recurse(cursor);
                }
                let number: usize = cursor.number()?;
                let bound = number.checked_sub(1).and_then(|at| self.bindings.get(at)).copied();
                bound.ok_or_else(|| format!("`${number}` is not bound"))
            }
            Some('"' | '@' | '-' | '0'..='9') => self.literal(cursor),
            Some(_) if matches!(cursor.peek_word(), "true" | "false" | "null" | "nan" | "inf") => self.literal(cursor),
            Some(_) if cursor.eat_word("if") => {
                let condition = self.operand(cursor, OR)?;
                cursor.expect("{")?;
                let then = self.operand(cursor, OR)?;
                cursor.expect("}")?;
                cursor.word("else")?;
                cursor.expect("{")?;
                let otherwise = self.operand(cursor, OR)?;
                cursor.expect("}")?;
                self.build(Expr::If(condition, then, otherwise), false)
            }
            Some(_) => self.column_or_call(cursor),
            None => Err("expected an expression, found the end of the line".into()),
        }
    }

    fn column_or_call(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        let mut name = cursor.name()?.to_string();
        let after = cursor.touching();
        if after.starts_with('?') && !after.starts_with("??") {
            cursor.expect("?")?;
            name.push('?');
        }
        let place: Option<usize> = if cursor.eat_touching("@") { Some(cursor.number()?) } else { None };
        let fails = cursor.touching().starts_with("!(") && cursor.eat("!");
        if !cursor.eat_touching("(") {
            if place.is_some() || fails {
                return Err(format!("expected `(` behind `{name}`"));
            }
            if cursor.touching().starts_with('#') {
                cursor.expect("#")?;
                let number: usize = cursor.number()?;
                name.push_str(&format!("#{number}"));
            }
            let column = self.lookup(&name)?;
            return Ok(self.plan.column_expr(column));
        }
        let arguments = self.operands(cursor, ")")?;
        let expr = match (place, arguments.as_slice()) {
            (None, [a]) if name == "float" => Expr::ToFloat(*a),
            (None, [a]) if name == "narrow" => Expr::Narrow(*a),
            (None, [a]) if name == "nonnull" => Expr::NonNull(*a),
            _ => Expr::Call(self.function(&name, place, &arguments)?, arguments.into()),
        };
        self.build(expr, fails)
    }

    fn function(&self, name: &str, place: Option<usize>, arguments: &[ExprId]) -> Parsed<FunctionId> {
        let named = self.catalog.functions_named(name);
        let found = match place {
            Some(place) => place.checked_sub(1).and_then(|at| named.get(at)).copied(),
            None if CONVERSIONS.contains(&name) => None,
            None => {
                let types: Vec<&Type> = arguments.iter().map(|a| self.plan.exprs.ty(*a)).collect();
                resolve(name, &types, self.catalog)
            }
        };
        found.ok_or_else(|| format!("no function `{name}` takes these {} arguments", arguments.len()))
    }

    fn literal(&mut self, cursor: &mut Cursor) -> Parsed<ExprId> {
        let value = scalar(cursor)?;
        let ty = crate::ir::typing::scalar_type(&value).ok_or("a constant without a type")?;
        Ok(self.plan.exprs.literal(value, ty))
    }

    /// Gives an expression a type other than its natural one.
    fn ascribe(&mut self, id: ExprId, ty: Type) -> Parsed<ExprId> {
        let typed = self.plan.exprs.typed(id).clone();
        match (self.plan.exprs.as_constant(id).cloned(), &ty.kind) {
            (Some(Scalar::Int(value)), Kind::Wide) => Ok(self.plan.exprs.literal(Scalar::Wide(value.into()), ty)),
            (Some(value), _) => Ok(self.plan.exprs.literal(value, ty)),
            (None, _) => {
                let effect = own_effect(&typed.expr, &self.plan, self.catalog);
                Ok(self.plan.exprs.add(TypedExpr { ty, ..typed }, effect))
            }
        }
    }

    fn build(&mut self, expr: Expr, fails: bool) -> Parsed<ExprId> {
        self.build_at(expr, fails.then_some(NOWHERE))
    }

    /// The expression with its natural type; it may fail if it has a place.
    pub(super) fn build_at(&mut self, expr: Expr, place: Option<Span>) -> Parsed<ExprId> {
        let ty = natural_type(&expr, &self.plan, self.catalog);
        let ty = ty.ok_or("the operands are not of one kind")?;
        let effect = own_effect(&expr, &self.plan, self.catalog);
        let site = place.map(|place| self.plan.add_site(place, None));
        Ok(self.plan.exprs.add(TypedExpr { expr, ty, site }, effect))
    }
}

fn is_number(after_minus: &str) -> bool {
    let touches_inf = after_minus.starts_with('i') && Cursor::new(after_minus).peek_word() == "inf";
    touches_inf || after_minus.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether what was read since `start` is a `null` without a type.
fn is_bare_null(start: &str, cursor: &Cursor) -> bool {
    start[..start.len() - cursor.touching().len()].trim_end() == "null"
}

/// The binary operator that stands here, not taken yet.
fn binary_here(cursor: &mut Cursor) -> Option<(&'static str, Binary)> {
    match cursor.peek_word() {
        "and" => return Some(("and", Binary::And)),
        "or" => return Some(("or", Binary::Or)),
        _ => {}
    }
    let rest = cursor.rest();
    if rest.starts_with("->") {
        return None;
    }
    SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)).copied()
}

/// A constant.
pub(super) fn scalar(cursor: &mut Cursor) -> Parsed<Scalar> {
    match cursor.rest().chars().next() {
        Some('"') => return Ok(Scalar::String(cursor.string()?.into())),
        Some('@') => return date(cursor),
        _ => {}
    }
    for (word, value) in [
        ("true", Scalar::Bool(true)),
        ("false", Scalar::Bool(false)),
        ("null", Scalar::Null),
        ("nan", Scalar::Float(crate::scalar::canonical(f64::NAN))),
        ("inf", Scalar::Float(f64::INFINITY)),
    ] {
        if cursor.eat_word(word) {
            return Ok(value);
        }
    }
    if cursor.eat("-inf") {
        return Ok(Scalar::Float(f64::NEG_INFINITY));
    }
    number(cursor)
}

fn number(cursor: &mut Cursor) -> Parsed<Scalar> {
    let rest = cursor.rest();
    let mut end = usize::from(rest.starts_with('-'));
    let digits = |from: usize| from + rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let (start, mut is_float) = (end, false);
    end = digits(end);
    if end == start {
        return Err(format!("expected a number, found {}", cursor.found()));
    }
    if rest[end..].starts_with('.') && digits(end + 1) > end + 1 {
        (end, is_float) = (digits(end + 1), true);
    }
    if rest[end..].starts_with('e') {
        let exponent = end + 1 + usize::from(rest[end + 1..].starts_with('-'));
        if digits(exponent) > exponent {
            (end, is_float) = (digits(exponent), true);
        }
    }
    let text = &rest[..end];
    let value = if is_float {
        text.parse().ok().map(Scalar::Float)
    } else {
        let int = text.parse().ok().map(Scalar::Int);
        int.or_else(|| text.parse().ok().map(Scalar::Wide))
    };
    cursor.expect(text)?;
    value.ok_or_else(|| format!("`{text}` is too large"))
}

fn date(cursor: &mut Cursor) -> Parsed<Scalar> {
    cursor.expect("@")?;
    if cursor.eat_word("days") {
        return Ok(Scalar::Date(cursor.number()?));
    }
    let rest = cursor.rest();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(rest.len());
    let text = &rest[..end];
    let date = calendar::parse_date(text.as_bytes()).ok_or_else(|| format!("`@{text}` is no date"))?;
    cursor.expect(text)?;
    Ok(Scalar::Date(date))
}
