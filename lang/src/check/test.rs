//! `test "name" { … }`: its assertions become statements of a plan of their own, so that they go the way of every script:
//! through the verifier, the rules and any executor. What an assertion makes of the rows is told by [`Claim`].
//!
//! A test sees all names of its script, wherever it stands. Tests of imported modules are not looked at.

use super::expr::or_unknown;
use super::{Checker, errors, named};
use crate::ir::{Plan, Shape};
use crate::scalar::Comparison;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, BinaryOperator, ExprKind, Label};
use crate::ty::{Field, Kind, Type};
use std::sync::Arc;

/// The tests of a script.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    /// Its statements are what the assertions look at.
    pub plan: Plan,
    /// The tests in order.
    pub list: Vec<Test>,
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What is tested.
    pub name: Arc<str>,
    /// Where that stands.
    pub span: Span,
    /// The assertions in order.
    pub assertions: Vec<Claim>,
}

/// What an assertion claims of statements of the plan, which it names by their positions.
#[derive(Clone, Debug)]
pub enum Claim {
    /// `assert(condition, message)`
    Holds {
        /// A `bool`; null counts as false.
        condition: usize,
        /// A text that says what is wrong otherwise.
        message: Option<usize>,
        /// The operands of the condition, if it is a comparison.
        operands: Option<(usize, &'static str, usize)>,
    },
    /// `assert_eq(left, right)`: the same rows in the same order.
    Equal {
        /// What is tested, as a rule.
        left: usize,
        /// What is expected, as a rule.
        right: usize,
    },
}

impl<'a> Checker<'a> {
    /// All tests of a script. Nothing may be added to the plan afterwards that the script itself needs.
    pub(super) fn tests(&mut self, script: &'a ast::Script) -> Tests {
        let before = std::mem::take(&mut self.plan.statements);
        let mut list = Vec::new();
        let scope = self.names().all();
        for statement in &script.statements {
            if let ast::Statement::Test(test) = statement {
                let assertions = self.in_scope(scope, |c| c.assertions(&test.body));
                list.push(Test { name: test.name.clone(), span: test.name_span, assertions });
            }
        }
        let mut plan = if list.is_empty() { Plan::default() } else { self.plan.clone() };
        named::note(&mut plan);
        self.plan.statements = before;
        Tests { plan, list }
    }

    fn assertions(&mut self, body: &'a ast::Block) -> Vec<Claim> {
        let mut claims = Vec::new();
        for statement in &body.statements {
            match statement {
                ast::Statement::Let(definition) => self.let_statement(definition),
                ast::Statement::Expression(expr) => claims.extend(self.assertion(expr)),
                ast::Statement::Error(_) => {}
                // The grammar has no others here.
                ast::Statement::Function(_)
                | ast::Statement::Parameter(_)
                | ast::Statement::Type(_)
                | ast::Statement::Import(_)
                | ast::Statement::Test(_) => self.report(errors::no_assertion(statement.span(), None)),
            }
        }
        claims
    }

    fn assertion(&mut self, expr: &'a ast::Expr) -> Option<Claim> {
        let (name, arguments): (&str, &'a [Argument]) = match &expr.kind {
            ExprKind::Call { function, arguments } if function.len() == 1 => (&function[0].text, arguments),
            ExprKind::Error => return None,
            _ => ("", &[]),
        };
        match name {
            "assert" => self.claim_that_holds(arguments, expr.span),
            "assert_eq" => self.claim_of_equals(arguments, expr.span),
            _ => {
                let value = self.value(expr);
                let is_condition = matches!(value, super::scope::Value::Expr(id) if self.ty(id).kind == Kind::Bool);
                self.report(errors::no_assertion(expr.span, is_condition.then_some("assert")));
                None
            }
        }
    }

    /// `assert(condition)`, `assert(condition, message)`
    fn claim_that_holds(&mut self, arguments: &'a [Argument], span: Span) -> Option<Claim> {
        let given = self.plain_arguments(arguments)?;
        let (condition, message) = match given.as_slice() {
            [condition] => (*condition, None),
            [condition, message] => (*condition, Some(*message)),
            _ => {
                let signatures = ["assert(condition)".to_string(), "assert(condition, message)".to_string()];
                self.report(errors::argument_count(span, "assert", given.len(), &signatures));
                return None;
            }
        };
        self.base = None;
        let id = self.condition(condition, "assert");
        let holds = self.observed(or_unknown(id), condition.span);
        let message = message.map(|message| {
            self.base = None;
            let id = self.scalar(message)?;
            let ty = self.ty(id).clone();
            if ty.kind != Kind::String {
                self.report(errors::wanted(message.span, "the message of `assert`", &crate::ty::Type::STRING, &ty));
                return None;
            }
            self.observed(super::scope::Value::Expr(id), message.span)
        });
        let operands = holds.and_then(|_| self.operands(condition));
        let message = match message {
            None => None,
            Some(message) => Some(message?),
        };
        Some(Claim::Holds { condition: holds?, message, operands })
    }

    /// The two sides of a comparison, so that a failure can show them.
    fn operands(&mut self, condition: &'a ast::Expr) -> Option<(usize, &'static str, usize)> {
        match &condition.kind {
            ExprKind::Parenthesized(inner) => self.operands(inner),
            ExprKind::Binary(BinaryOperator::Comparison(comparison), _, left, right) => {
                let (left, right) = (self.observed_expr(left)?, self.observed_expr(right)?);
                Some((left, Comparison::symbol(*comparison), right))
            }
            _ => None,
        }
    }

    /// `assert_eq(left, right)`
    fn claim_of_equals(&mut self, arguments: &'a [Argument], span: Span) -> Option<Claim> {
        let given = self.plain_arguments(arguments)?;
        let [left_ast, right_ast] = given.as_slice() else {
            let signatures = ["assert_eq(what_is, what_should_be)".to_string()];
            self.report(errors::argument_count(span, "assert_eq", given.len(), &signatures));
            return None;
        };
        let (left, right) = (self.observed_expr(left_ast), self.observed_expr(right_ast));
        let (left, right) = (left?, right?);
        if !self.may_be_equal(left, right) {
            let (a, b) = (self.result_type(left), self.result_type(right));
            self.report(errors::never_equal((left_ast.span, &a), (right_ast.span, &b)));
            return None;
        }
        Some(Claim::Equal { left, right })
    }

    /// Whether the rows of two statements have the same columns, int and float aside.
    fn may_be_equal(&self, left: usize, right: usize) -> bool {
        let (a, b) = (&self.plan.statements[left], &self.plan.statements[right]);
        let (x, y) = (self.plan.schema(a.node).fields, self.plan.schema(b.node).fields);
        match (items_of(a.shape, &x), items_of(b.shape, &y)) {
            (Some(item), None) => return is_row(item, b.shape, &y),
            (None, Some(item)) => return is_row(item, a.shape, &x),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let is_empty_list = |fields: &[Field]| matches!(fields, [one] if one.ty.kind == Kind::Null);
        if a.shape != Shape::Scalar && b.shape != Shape::Scalar && (is_empty_list(&x) || is_empty_list(&y)) {
            return true;
        }
        a.shape == b.shape && same_fields(a.shape, &x, &y)
    }

    fn result_type(&self, statement: usize) -> String {
        let statement = &self.plan.statements[statement];
        super::notes::Rows { schema: self.plan.schema(statement.node), shape: statement.shape, known: true }.to_string()
    }

    /// The arguments of an assertion: expressions without names.
    fn plain_arguments(&mut self, arguments: &'a [Argument]) -> Option<Vec<&'a ast::Expr>> {
        let mut plain = Some(Vec::new());
        for argument in arguments {
            match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) => plain.iter_mut().for_each(|plain| plain.push(expr)),
                (Label::Column(name) | Label::Option(name), _) => {
                    self.report(errors::unknown_option(name.span, "assert", &name.text, &[]));
                    plain = None;
                }
                (Label::None, ArgumentValue::Type(_)) => plain = None,
            }
        }
        plain
    }

    fn observed_expr(&mut self, expr: &'a ast::Expr) -> Option<usize> {
        self.base = None;
        let value = self.value(expr);
        self.observed(value, expr.span)
    }

    /// A statement that gives a value; its position.
    fn observed(&mut self, value: super::scope::Value<'a>, span: Span) -> Option<usize> {
        let statement = self.shown(value, span)?;
        if statement.pivot.is_some() {
            self.report_open_pivot(statement.node, None);
            return None;
        }
        self.plan.statements.push(statement);
        Some(self.plan.statements.len() - 1)
    }
}

/// The items of a list that is the only value.
fn items_of(shape: Shape, fields: &[Field]) -> Option<&Type> {
    match fields {
        [Field { ty: Type { kind: Kind::List(item), .. }, .. }] if shape == Shape::Scalar => Some(item),
        _ => None,
    }
}

/// Whether an item may be a row.
fn is_row(item: &Type, shape: Shape, fields: &[Field]) -> bool {
    match (&item.kind, shape, fields) {
        (Kind::Null, Shape::Values | Shape::Table, _) => true,
        (_, Shape::Values, [one]) => same_kind(&item.kind, &one.ty.kind),
        (Kind::Record(schema), Shape::Table, fields) => same_fields(shape, &schema.fields, fields),
        _ => false,
    }
}

fn same_fields(shape: Shape, xs: &[Field], ys: &[Field]) -> bool {
    let same =
        |(x, y): (&Field, &Field)| (shape != Shape::Table || x.name == y.name) && same_kind(&x.ty.kind, &y.ty.kind);
    xs.len() == ys.len() && xs.iter().zip(ys).all(same)
}

fn same_kind(x: &Kind, y: &Kind) -> bool {
    match (x, y) {
        (Kind::Int | Kind::Float, Kind::Int | Kind::Float) | (Kind::Null, _) | (_, Kind::Null) => true,
        (x, y) => x == y,
    }
}
