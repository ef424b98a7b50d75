//! The row evaluator: what an expression is for one row, by the letter of `language.md`, section 5.
//!
//! Call by need and strictly left to right: operands before the operation, an operand of `and or ?? if` only where it
//! decides, all arguments of a call before null is looked at. The first failure in that order is the row's error.
//!
//! The oracle (`stages.rs`) evaluates everything here; the driver replays here the batches on which a kernel failed, so
//! that this file alone says which error a row has. It is meant to be read, not to be fast.

use super::nested::list;
use crate::builtins::Functions;
use crate::error::{Place, RowError, RowFault};
use crate::limits::Watch;
use pipelang_lang::catalog::Catalog;
use pipelang_lang::ir::{ColumnId, Expr, ExprId, Plan};
use pipelang_lang::scalar::{self, Fault, Scalar};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

pub use crate::batch::Outcome;

/// The columns of one row. Asking for a column is demanding it.
pub trait Row {
    /// The value of a column, or why there is none.
    fn column(&self, column: ColumnId) -> Outcome;

    /// Where the row stands in a file, if it comes from one without a breaker in between.
    fn place(&self) -> Option<Place>;

    /// The row that this one only adds columns to, if it does no more: calls nest ten thousand deep, and so do their rows.
    fn below(&self) -> Option<&dyn Row> {
        None
    }
}

/// A row of no columns.
#[derive(Clone, Copy, Debug)]
pub struct NoRow;

impl Row for NoRow {
    fn column(&self, column: ColumnId) -> Outcome {
        unreachable!("a constant expression does not mention column {}", column.0)
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

/// Evaluates the expressions of one plan.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The plan that has the expressions.
    pub plan: &'a Plan,
    /// The functions that it calls.
    pub functions: &'a Functions,
    /// Knows the reducers by name.
    pub catalog: &'a Catalog,
    /// Looked at in functions that call themselves.
    pub(super) watch: &'a Watch,
    /// How deep calls nest.
    pub(super) depth: u32,
}

/// What has been evaluated of one row already: expressions are a graph, and as trees they may be exponentially large.
pub(super) type Memo = HashMap<ExprId, Outcome>;

impl<'a> Evaluator<'a> {
    /// Evaluates the expressions of a plan until `watch` stops it.
    pub fn new(plan: &'a Plan, functions: &'a Functions, catalog: &'a Catalog, watch: &'a Watch) -> Evaluator<'a> {
        Evaluator { plan, functions, catalog, watch, depth: 0 }
    }

    /// What stops it.
    pub fn watch(&self) -> &'a Watch {
        self.watch
    }
}

impl Evaluator<'_> {
    /// The value of an expression for a row.
    pub fn eval(&self, expr: ExprId, row: &dyn Row) -> Outcome {
        self.eval_shared(expr, row, &mut Memo::new())
    }

    /// Whether a condition holds for a row; null counts as false.
    pub fn holds(&self, condition: ExprId, row: &dyn Row) -> Result<bool, Arc<RowError>> {
        Ok(self.eval(condition, row)? == Scalar::Bool(true))
    }

    pub(super) fn eval_shared(&self, id: ExprId, row: &dyn Row, memo: &mut Memo) -> Outcome {
        match self.plan.exprs.get(id) {
            Expr::Column(column) => return row.column(*column),
            Expr::Literal(literal) => return Ok(self.plan.exprs.constant(*literal).clone()),
            _operation => {}
        }
        if let Some(known) = memo.get(&id) {
            return known.clone();
        }
        // Chains of operators nest thousands deep, and columns are expressions again.
        let outcome = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.operation(id, row, memo));
        memo.insert(id, outcome.clone());
        outcome
    }

    fn operation(&self, id: ExprId, row: &dyn Row, memo: &mut Memo) -> Outcome {
        let mut eval = |operand: ExprId| self.eval_shared(operand, row, memo);
        let raise = |fault: Fault| match self.plan.exprs.site(id) {
            Some(site) => Arc::new(RowError { fault: RowFault::Expression { site, fault }, place: row.place() }),
            None => self.too_large(fault, row),
        };
        Ok(match self.plan.exprs.get(id) {
            Expr::Column(_) | Expr::Literal(_) => unreachable!("leaves have been evaluated already"),
            Expr::Arithmetic(op, a, b) => {
                let (a, b) = (eval(*a)?, eval(*b)?);
                scalar::arithmetic(*op, &a, &b).map_err(raise)?
            }
            Expr::Negate(a) => scalar::negate(&eval(*a)?).map_err(raise)?,
            Expr::Compare(op, a, b) => {
                let (a, b) = (eval(*a)?, eval(*b)?);
                Scalar::Bool(scalar::compare(*op, &a, &b))
            }
            Expr::And(a, b) => Scalar::Bool(is_true(&eval(*a)?) && is_true(&eval(*b)?)),
            Expr::Or(a, b) => Scalar::Bool(is_true(&eval(*a)?) || is_true(&eval(*b)?)),
            Expr::Not(a) => match eval(*a)? {
                Scalar::Null => Scalar::Null,
                value => Scalar::Bool(!is_true(&value)),
            },
            Expr::If(condition, then, otherwise) => {
                if is_true(&eval(*condition)?) {
                    eval(*then)?
                } else {
                    eval(*otherwise)?
                }
            }
            Expr::Coalesce(a, b) => match eval(*a)? {
                Scalar::Null => eval(*b)?,
                value => value,
            },
            Expr::NonNull(a) | Expr::Widen(a) => eval(*a)?,
            Expr::ToFloat(a) => match eval(*a)? {
                Scalar::Null => Scalar::Null,
                Scalar::Int(a) => Scalar::Float(a as f64),
                other => unreachable!("the checker converts ints only, not {other:?}"),
            },
            Expr::Narrow(a) => match eval(*a)? {
                Scalar::Null => Scalar::Null,
                Scalar::Wide(sum) => Scalar::Int(scalar::narrow(sum).map_err(raise)?),
                other => unreachable!("the checker narrows sums only, not {other:?}"),
            },
            Expr::Call(function, arguments) => {
                let arguments = arguments.iter().map(|a| eval(*a)).collect::<Result<Vec<_>, _>>()?;
                if arguments.contains(&Scalar::Null) {
                    Scalar::Null
                } else {
                    let value = (self.functions.get(*function).def.body)(&arguments).map_err(raise)?;
                    self.look(&value, row)?;
                    value
                }
            }
            Expr::Recurse(routine, arguments) => {
                let arguments = arguments.iter().map(|a| eval(*a)).collect::<Result<_, _>>()?;
                self.call(*routine, arguments, id, row)?
            }
            Expr::Reduce(reducer, operands) => {
                let operands = operands.iter().map(|a| eval(*a)).collect::<Result<Vec<_>, _>>()?;
                self.reduce(*reducer, id, &operands).map_err(raise)?
            }
            Expr::List(items) => {
                let items = items.iter().map(|a| eval(*a)).collect::<Result<_, _>>()?;
                list(items).checked().map_err(raise)?
            }
            Expr::Record(_, values) => {
                let values = values.iter().map(|a| eval(*a)).collect::<Result<_, _>>()?;
                Scalar::Record(values).checked().map_err(raise)?
            }
            Expr::Map(keys, values) => {
                let entry = |(key, a): (&Arc<str>, &ExprId)| Ok((key.clone(), eval(*a)?));
                let entries = keys.iter().zip(values).map(entry).collect::<Result<_, Arc<RowError>>>()?;
                Scalar::Map(entries).checked().map_err(raise)?
            }
            Expr::Field(record, at) => match eval(*record)? {
                Scalar::Record(fields) => fields[*at as usize].clone(),
                _null => Scalar::Null,
            },
            Expr::Index { value, index, or_null } => {
                let (value, index) = (eval(*value)?, eval(*index)?);
                if value == Scalar::Null || index == Scalar::Null {
                    return Ok(Scalar::Null);
                }
                match scalar::index(&value, &index) {
                    Err(_) if *or_null => Scalar::Null,
                    found => found.map_err(raise)?,
                }
            }
            Expr::Each { each, list, item, body } => match eval(*list)? {
                Scalar::List(items) => self.each(*each, &items, *item, *body, row)?,
                _null => Scalar::Null,
            },
            Expr::Fold { list: from, init, state, item, next, scan } => match (eval(*from)?, eval(*init)?) {
                (Scalar::List(items), init) => self.fold((&items, init), (*state, *item), *next, *scan, row)?,
                _null => Scalar::Null,
            },
        })
    }
}

/// Whether a condition counts as true: null does not.
pub(super) fn is_true(value: &Scalar) -> bool {
    *value == Scalar::Bool(true)
}

/// A row with further columns, each evaluated over the row below when somebody first asks for it, and not again. `B` is
/// a pointer to the row below.
pub struct Defined<'a, B> {
    evaluator: Evaluator<'a>,
    below: B,
    definitions: &'a [(ColumnId, ExprId)],
    known: RefCell<HashMap<ColumnId, Outcome>>,
}

impl<'a, B> Defined<'a, B> {
    /// The row `below` with `definitions`, which all see the row below.
    pub fn new(evaluator: Evaluator<'a>, below: B, definitions: &'a [(ColumnId, ExprId)]) -> Defined<'a, B> {
        Defined { evaluator, below, definitions, known: RefCell::default() }
    }
}

impl<'r, B: Deref<Target = dyn Row + 'r>> Row for Defined<'_, B> {
    fn column(&self, column: ColumnId) -> Outcome {
        let Some((_, expr)) = self.definitions.iter().find(|(defined, _)| *defined == column) else {
            return self.below.column(column);
        };
        if let Some(known) = self.known.borrow().get(&column) {
            return known.clone();
        }
        let outcome = self.evaluator.eval(*expr, &*self.below);
        self.known.borrow_mut().insert(column, outcome.clone());
        outcome
    }

    fn place(&self) -> Option<Place> {
        self.below.place()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::catalog::Effect;
    use pipelang_lang::codes::{E0601, E0602};
    use pipelang_lang::ir::TypedExpr;
    use pipelang_lang::scalar::{Arithmetic, Comparison};
    use pipelang_lang::source::{SourceId, Span};
    use pipelang_lang::ty::Type;

    /// Builds expressions; every operation has a site, the n-th to be built the site n.
    #[derive(Default)]
    struct Builder {
        plan: Plan,
    }

    impl Builder {
        fn add(&mut self, expr: Expr) -> ExprId {
            let site = Some(self.plan.add_site(Span::new(SourceId(0), 0, 0), None));
            self.plan.exprs.add(TypedExpr { expr, ty: Type::INT.or_null(), site }, Effect::MayFail)
        }

        fn int(&mut self, value: i64) -> ExprId {
            self.plan.exprs.literal(Scalar::Int(value), Type::INT)
        }

        fn bool(&mut self, value: bool) -> ExprId {
            self.plan.exprs.literal(Scalar::Bool(value), Type::BOOL)
        }

        fn null(&mut self) -> ExprId {
            self.plan.exprs.literal(Scalar::Null, Type::NULL)
        }

        fn arithmetic(&mut self, op: Arithmetic, a: ExprId, b: ExprId) -> ExprId {
            self.add(Expr::Arithmetic(op, a, b))
        }

        /// `1 // 0`
        fn failing(&mut self) -> ExprId {
            let (one, zero) = (self.int(1), self.int(0));
            self.arithmetic(Arithmetic::FloorDivide, one, zero)
        }

        fn eval(&self, expr: ExprId) -> Outcome {
            Evaluator::new(&self.plan, &Functions::default(), &Catalog::default(), &Watch::default()).eval(expr, &NoRow)
        }

        fn code(&self, expr: ExprId) -> (u32, pipelang_lang::codes::Code) {
            match &self.eval(expr).expect_err("it fails").fault {
                RowFault::Expression { site, fault } => (site.0, fault.code),
                other => panic!("nothing but expressions fails here: {other:?}"),
            }
        }
    }

    #[test]
    fn operands_that_do_not_decide_are_not_evaluated() {
        let mut b = Builder::default();
        let (fails, yes, no, null, one) = (b.failing(), b.bool(true), b.bool(false), b.null(), b.int(1));
        for (expr, value) in [
            (Expr::And(no, fails), Scalar::Bool(false)),
            (Expr::And(null, fails), Scalar::Bool(false)),
            (Expr::Or(yes, fails), Scalar::Bool(true)),
            (Expr::Coalesce(one, fails), Scalar::Int(1)),
            (Expr::If(yes, one, fails), Scalar::Int(1)),
            (Expr::If(null, fails, one), Scalar::Int(1)),
            (Expr::And(yes, null), Scalar::Bool(false)),
            (Expr::Or(null, yes), Scalar::Bool(true)),
        ] {
            let id = b.add(expr.clone());
            assert_eq!(b.eval(id), Ok(value), "{expr:?}");
        }
        for expr in [Expr::And(yes, fails), Expr::Or(null, fails), Expr::Coalesce(null, fails)] {
            let id = b.add(expr.clone());
            assert_eq!(b.code(id), (0, E0602), "{expr:?}");
        }
    }

    #[test]
    fn the_first_failure_from_the_left_is_the_error() {
        let mut b = Builder::default();
        let (least, minus_one, null) = (b.int(i64::MIN), b.int(-1), b.null());
        let overflow = b.arithmetic(Arithmetic::FloorDivide, least, minus_one);
        let by_zero = b.failing();
        let both = b.arithmetic(Arithmetic::Add, overflow, by_zero);
        assert_eq!(b.code(both), (0, E0601));
        let both = b.arithmetic(Arithmetic::Add, by_zero, overflow);
        assert_eq!(b.code(both), (1, E0602));
        // A null on the left does not spare the right operand.
        let after_null = b.arithmetic(Arithmetic::Add, null, by_zero);
        assert_eq!(b.code(after_null), (1, E0602));
        let compared = b.add(Expr::Compare(Comparison::Less, null, by_zero));
        assert_eq!(b.code(compared), (1, E0602));
    }

    #[test]
    fn long_chains_and_shared_operands_are_no_trouble() {
        let mut b = Builder::default();
        let one = b.int(1);
        let mut chain = one;
        for _ in 0..20_000 {
            chain = b.arithmetic(Arithmetic::Add, chain, one);
        }
        assert_eq!(b.eval(chain), Ok(Scalar::Int(20_001)));
        let mut doubled = one;
        for _ in 0..62 {
            doubled = b.arithmetic(Arithmetic::Add, doubled, doubled);
        }
        assert_eq!(b.eval(doubled), Ok(Scalar::Int(1 << 62)));
    }

    #[test]
    fn a_definition_is_evaluated_on_demand() {
        let mut b = Builder::default();
        let fails = b.failing();
        let (x, y) = (b.plan.add_column("x", Type::INT), b.plan.add_column("y", Type::INT));
        let one = b.int(1);
        let functions = Functions::default();
        let (catalog, watch) = (Catalog::default(), Watch::default());
        let evaluator = Evaluator::new(&b.plan, &functions, &catalog, &watch);
        let definitions = [(x, fails), (y, one)];
        let below: &dyn Row = &NoRow;
        let row = Defined::new(evaluator, below, &definitions);
        assert_eq!(row.column(y), Ok(Scalar::Int(1)));
        assert!(row.column(x).is_err() && row.column(x) == row.column(x));
    }
}
