//! Expressions in the printed form: infix, with as few parentheses as the operators' precedences allow, and with names
//! for what would be printed many times over.

use super::{nested, text};
use crate::catalog::{Catalog, FunctionId};
use crate::ir::typing::{natural_type, resolve};
use crate::ir::{ColumnId, Expr, ExprId, Plan};
use crate::scalar::{Arithmetic, Scalar};
use crate::ty::Type;
use std::collections::HashMap;

/// The nodes that the expressions of a stage may have, printed in full, before what they share gets names.
const MOST_NODES: u64 = 200;
/// How deep one printed expression nests at most.
const MOST_DEPTH: u32 = 40;

/// How tightly operators bind, the loosest first.
pub(in crate::ir) mod precedence {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARE: u8 = 4;
    pub const COALESCE: u8 = 5;
    pub const SUM: u8 = 6;
    pub const PRODUCT: u8 = 7;
    pub const NEGATE: u8 = 8;
    pub const POWER: u8 = 9;
    pub const ATOM: u8 = 10;
}
use precedence::*;

/// How tightly an arithmetic operator binds.
pub(in crate::ir) fn arithmetic_precedence(op: Arithmetic) -> u8 {
    match op {
        Arithmetic::Add | Arithmetic::Subtract => SUM,
        Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Modulo => PRODUCT,
        Arithmetic::Power => POWER,
    }
}

/// Words that look like a call but are no function of the catalog.
pub(in crate::ir) const CONVERSIONS: [&str; 3] = ["float", "narrow", "nonnull"];

/// The type of a bare `null` that is compared with a value of type `other`.
pub(in crate::ir) fn null_beside(other: &Type) -> Type {
    other.clone().or_null()
}

/// An expression for a message: columns by the names they were made with, and `…` for what would make it long.
pub fn print_expr(plan: &Plan, catalog: &Catalog, expr: ExprId) -> String {
    let names = plan.exprs.columns(expr).into_iter().map(|c| (c, text::name(&plan.column(c).name))).collect();
    let mut printer = Printer::new(plan, catalog, names, None, &[expr]);
    printer.bound.values_mut().for_each(|name| *name = "…".into());
    printer.unbound(expr)
}

/// What prints the expressions of one stage.
pub struct Printer<'a> {
    pub plan: &'a Plan,
    pub catalog: &'a Catalog,
    names: HashMap<ColumnId, String>,
    /// The columns that the expressions bind, with their names in the stage.
    binds: Vec<(ColumnId, String)>,
    /// In the order of their numbers.
    order: Vec<ExprId>,
    bound: HashMap<ExprId, String>,
}

impl<'a> Printer<'a> {
    /// A printer for a stage with this state and these expressions over columns of these names.
    pub fn new(
        plan: &'a Plan,
        catalog: &'a Catalog,
        mut names: HashMap<ColumnId, String>,
        state: Option<ColumnId>,
        roots: &[ExprId],
    ) -> Self {
        let exprs = &plan.exprs;
        let postorder = exprs.postorder(roots);
        let binds = nested::bound_names(plan, state, &postorder, names.values().cloned());
        names.extend(binds.iter().cloned());
        let (mut size, mut uses) = (HashMap::new(), HashMap::new());
        for id in &postorder {
            let mut nodes = 1u64;
            for operand in exprs.get(*id).operands() {
                nodes = nodes.saturating_add(size[&operand]);
                *uses.entry(operand).or_insert(0u32) += 1;
            }
            size.insert(*id, nodes);
        }
        roots.iter().for_each(|root| *uses.entry(*root).or_insert(0) += 1);
        let long = roots.iter().fold(0u64, |sum, root| sum.saturating_add(size[root])) > MOST_NODES;
        let (mut order, mut bound, mut depth) = (Vec::new(), HashMap::new(), HashMap::<ExprId, u32>::new());
        for id in postorder {
            let operands = exprs.get(id).operands();
            let below = operands.iter().map(|o| depth[o] + 1).max().unwrap_or(0);
            let leaf = operands.is_empty();
            if !leaf && (below >= MOST_DEPTH || (long && uses[&id] > 1)) {
                order.push(id);
                bound.insert(id, format!("${}", order.len()));
                depth.insert(id, 0);
            } else {
                depth.insert(id, below);
            }
        }
        Printer { plan, catalog, names, binds, order, bound }
    }

    /// An expression of the stage.
    pub fn expr(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.write(id, OR, &mut out);
        out
    }

    /// The lines behind the stage: `with x: int` for each column that the expressions bind, and `where $1 = …` for each
    /// name that they use.
    pub fn write_lines(&self, out: &mut String) {
        for (column, name) in &self.binds {
            out.push_str(&format!("      with {name}: {}\n", text::ty(&self.plan.column(*column).ty)));
        }
        for id in &self.order {
            out.push_str(&format!("      where {} = {}\n", self.bound[id], self.unbound(*id)));
        }
    }

    /// The name of a column of the row; one that is not there is told apart, for a plan that is not right.
    pub fn column(&self, column: ColumnId) -> String {
        match self.names.get(&column) {
            Some(name) => name.clone(),
            None => format!("{}#unknown", text::name(&self.plan.column(column).name)),
        }
    }

    fn unbound(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.write_unbound(id, OR, &mut out);
        out
    }

    /// In parentheses if it binds less tightly than `least`.
    pub(super) fn write(&self, id: ExprId, least: u8, out: &mut String) {
        match self.bound.get(&id) {
            Some(name) => out.push_str(name),
            None => self.write_unbound(id, least, out),
        }
    }

    fn write_unbound(&self, id: ExprId, least: u8, out: &mut String) {
        let typed = self.plan.exprs.typed(id);
        let natural = natural_type(&typed.expr, self.plan, self.catalog);
        if natural.as_ref() == Some(&typed.ty) {
            return self.write_plain(id, least, out);
        }
        match self.plan.exprs.as_constant(id) {
            Some(value @ (Scalar::List(_) | Scalar::Record(_) | Scalar::Map(_))) => {
                out.push_str(&format!("#const {} {}", text::ty(&typed.ty), text::scalar(value)));
                return;
            }
            Some(Scalar::Wide(sum)) => out.push_str(&sum.to_string()),
            _ => self.write_plain(id, ATOM, out),
        }
        out.push(':');
        out.push_str(&text::ty(&typed.ty));
    }

    fn write_plain(&self, id: ExprId, least: u8, out: &mut String) {
        let own = self.precedence(id);
        if own < least {
            out.push('(');
        }
        self.write_operation(id, out);
        if own < least {
            out.push(')');
        }
    }

    fn precedence(&self, id: ExprId) -> u8 {
        match self.plan.exprs.get(id) {
            Expr::Or(..) => OR,
            Expr::And(..) => AND,
            Expr::Not(_) => NOT,
            Expr::Compare(..) => COMPARE,
            Expr::Coalesce(..) => COALESCE,
            Expr::Arithmetic(op, ..) => arithmetic_precedence(*op),
            Expr::Negate(_) => NEGATE,
            Expr::Literal(literal) => match self.plan.exprs.constant(*literal) {
                Scalar::Int(i) if *i < 0 => NEGATE,
                Scalar::Float(x) if !x.is_nan() && x.is_sign_negative() => NEGATE,
                Scalar::Wide(w) if *w < 0 => NEGATE,
                Scalar::Null
                | Scalar::Bool(_)
                | Scalar::Int(_)
                | Scalar::Float(_)
                | Scalar::String(_)
                | Scalar::Bytes(_)
                | Scalar::Date(_)
                | Scalar::DateTime(_)
                | Scalar::Duration(_)
                | Scalar::Wide(_)
                | Scalar::List(_)
                | Scalar::Record(_)
                | Scalar::Map(_)
                | Scalar::Json(_)
                | Scalar::Opaque(_) => ATOM,
            },
            Expr::Column(_)
            | Expr::If(..)
            | Expr::NonNull(_)
            | Expr::ToFloat(_)
            | Expr::Narrow(_)
            | Expr::Widen(_)
            | Expr::Call(..)
            | Expr::Recurse(..)
            | Expr::Reduce(..)
            | Expr::List(_)
            | Expr::Record(..)
            | Expr::Map(..)
            | Expr::Field(..)
            | Expr::Index { .. }
            | Expr::Each { .. }
            | Expr::Fold { .. } => ATOM,
        }
    }

    fn write_operation(&self, id: ExprId, out: &mut String) {
        let mark = if self.plan.exprs.site(id).is_some() { "!" } else { "" };
        match self.plan.exprs.get(id) {
            Expr::Column(column) => out.push_str(&self.column(*column)),
            Expr::Literal(literal) => out.push_str(&text::scalar(self.plan.exprs.constant(*literal))),
            Expr::Arithmetic(op, a, b) => {
                let own = arithmetic_precedence(*op);
                let (left, right) = if *op == Arithmetic::Power { (own + 1, own) } else { (own, own + 1) };
                self.write_binary(*a, left, &format!("{}{mark}", op.symbol()), *b, right, out);
            }
            Expr::Compare(op, a, b) => {
                self.write_compared(*a, *b, out);
                out.push_str(&format!(" {} ", op.symbol()));
                self.write_compared(*b, *a, out);
            }
            Expr::And(a, b) => self.write_binary(*a, AND, "and", *b, AND + 1, out),
            Expr::Or(a, b) => self.write_binary(*a, OR, "or", *b, OR + 1, out),
            Expr::Coalesce(a, b) => self.write_binary(*a, COALESCE, "??", *b, COALESCE + 1, out),
            Expr::Not(a) => {
                out.push_str("not ");
                self.write(*a, NOT, out);
            }
            Expr::Negate(a) => {
                // a constant behind a minus would be read as a negative constant
                let constant = matches!(self.plan.exprs.get(*a), Expr::Literal(_) | Expr::Negate(_));
                let mut operand = String::new();
                self.write(*a, NEGATE, &mut operand);
                let digit = operand.starts_with(|c: char| c.is_ascii_digit() || c == '-');
                let operand = if constant || digit { format!("({operand})") } else { operand };
                out.push_str(&format!("-{mark}{operand}"));
            }
            Expr::If(condition, then, otherwise) => {
                out.push_str("if ");
                self.write(*condition, OR, out);
                out.push_str(" { ");
                self.write(*then, OR, out);
                out.push_str(" } else { ");
                self.write(*otherwise, OR, out);
                out.push_str(" }");
            }
            Expr::NonNull(a) => self.write_call("nonnull", mark, &[*a], out),
            Expr::ToFloat(a) => self.write_call("float", mark, &[*a], out),
            Expr::Narrow(a) => self.write_call("narrow", mark, &[*a], out),
            Expr::Call(function, arguments) => {
                self.write_call(&self.function(*function, arguments), mark, arguments, out);
            }
            Expr::Widen(a) => self.write_call("#widen", mark, &[*a], out),
            Expr::Reduce(reducer, operands) => {
                let operands: Vec<String> = operands.iter().map(|operand| self.expr(*operand)).collect();
                let name = self.catalog.reducer(*reducer).name;
                out.push_str(&format!("#reduce {name}({})", operands.join(", ")));
            }
            Expr::Recurse(routine, arguments) => {
                self.write_call(&nested::routine(self.plan, *routine), mark, arguments, out);
            }
            Expr::List(_)
            | Expr::Record(..)
            | Expr::Map(..)
            | Expr::Field(..)
            | Expr::Index { .. }
            | Expr::Each { .. }
            | Expr::Fold { .. } => self.write_nested(id, mark, out),
        }
    }

    fn write_binary(&self, a: ExprId, left: u8, operator: &str, b: ExprId, right: u8, out: &mut String) {
        self.write(a, left, out);
        out.push(' ');
        out.push_str(operator);
        out.push(' ');
        self.write(b, right, out);
    }

    /// An operand of a comparison; the type of a null that is compared follows from the other one.
    fn write_compared(&self, id: ExprId, other: ExprId, out: &mut String) {
        let exprs = &self.plan.exprs;
        if exprs.as_constant(id) != Some(&Scalar::Null) {
            self.write(id, COMPARE + 1, out);
        } else if *exprs.ty(id) == null_beside(exprs.ty(other)) {
            out.push_str("null");
        } else {
            out.push_str(&format!("null:{}", text::ty(exprs.ty(id))));
        }
    }

    fn write_call(&self, name: &str, mark: &str, arguments: &[ExprId], out: &mut String) {
        out.push_str(name);
        out.push_str(mark);
        out.push('(');
        for (at, argument) in arguments.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            self.write(*argument, OR, out);
        }
        out.push(')');
    }

    /// The name of a function, with its place among those of that name if the arguments do not tell (`float@1`).
    fn function(&self, function: FunctionId, arguments: &[ExprId]) -> String {
        let name = &self.catalog.function(function).name;
        let types: Vec<_> = arguments.iter().map(|a| self.plan.exprs.ty(*a)).collect();
        let spelled = match name.strip_suffix('?') {
            Some(stem) if text::plain_name(stem) => name.to_string(),
            _ => text::name(name),
        };
        if !CONVERSIONS.contains(&&**name) && resolve(name, &types, self.catalog) == Some(function) {
            return spelled;
        }
        let at = self.catalog.functions_named(name).iter().position(|id| *id == function).unwrap_or(0);
        format!("{spelled}@{}", at + 1)
    }
}
