//! A small catalog and the helpers that the tests of plans and rules share.

use super::{Plan, print, read, verify};
use crate::catalog::{Catalog, Effect, FunctionDef, Parameter, Pattern, ReducerDef, ResultType};
use crate::codes::{E0601, E0604};
use crate::scalar::{Fault, Scalar, int_negate, overflow};
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// `abs upper int int? now float pi` and `sum count mean min first`.
pub fn catalog() -> Catalog {
    let abs_int = |a: &[Scalar]| match &a[0] {
        Scalar::Int(i) if *i < 0 => int_negate(*i).map(Scalar::Int),
        other => Ok(other.clone()),
    };
    let abs_float = |a: &[Scalar]| match &a[0] {
        Scalar::Float(x) => Ok(Scalar::Float(x.abs())),
        other => Ok(other.clone()),
    };
    let upper = |a: &[Scalar]| match &a[0] {
        Scalar::String(s) => Ok(Scalar::String(s.to_uppercase().into())),
        other => Ok(other.clone()),
    };
    let int = |a: &[Scalar]| match &a[0] {
        Scalar::String(s) => s.parse().map(Scalar::Int).map_err(|_| Fault::new(E0604, format!("{s:?} is no int"))),
        _ => Err(overflow("it")),
    };
    let int_or_null = move |a: &[Scalar]| Ok(int(a).unwrap_or(Scalar::Null));
    let ill = |_: &[Scalar]| Err(Fault::new(E0601, "never folded"));
    let functions = vec![
        function("abs", Pattern::Is(Kind::Int), Type::INT, Effect::MayFail, abs_int),
        function("abs", Pattern::Is(Kind::Float), Type::FLOAT, Effect::Total, abs_float),
        function("upper", Pattern::Is(Kind::String), Type::STRING, Effect::Total, upper),
        function("int", Pattern::Is(Kind::String), Type::INT, Effect::MayFail, int),
        FunctionDef {
            may_be_null: true,
            ..function("int?", Pattern::Is(Kind::String), Type::INT, Effect::Total, int_or_null)
        },
        FunctionDef { parameters: vec![], ..function("now", Pattern::Any, Type::DATE, Effect::Nondeterministic, ill) },
        function("float", Pattern::Is(Kind::String), Type::FLOAT, Effect::MayFail, ill),
        FunctionDef {
            parameters: vec![],
            ..function("pi", Pattern::Any, Type::FLOAT, Effect::Total, |_| Ok(Scalar::Float(3.0)))
        },
    ];
    Catalog::new(functions, reducers(), vec![])
}

fn function(
    name: &str,
    pattern: Pattern,
    result: Type,
    effect: Effect,
    body: impl Fn(&[Scalar]) -> Result<Scalar, Fault> + Send + Sync + 'static,
) -> FunctionDef {
    FunctionDef {
        name: name.into(),
        group: "test",
        doc: "for tests".into(),
        parameters: vec![Parameter::new("x", pattern)],
        variadic: false,
        result: ResultType::Is(result),
        may_be_null: false,
        effect,
        examples: &[],
        body: Arc::new(body),
    }
}

fn reducers() -> Vec<ReducerDef> {
    let row = |name, arity, result| ReducerDef { name, arity, result, takes: "a number", ..ReducerDef::PLAIN };
    vec![
        row("sum", (1, 1), |types| match types[0].kind {
            Kind::Int => Some(Type::of(Kind::Wide)),
            Kind::Float => Some(Type::FLOAT),
            _ => None,
        }),
        row("count", (0, 1), |_| Some(Type::INT)),
        row("mean", (1, 1), |types| types[0].is_numeric().then(|| Type::FLOAT.or_null())),
        row("min", (1, 1), |types| Some(types[0].clone().or_null())),
        row("first", (1, 1), |types| Some(types[0].clone().or_null())),
    ]
}

/// The verified plan that a printed form describes.
pub fn plan(text: &str) -> Plan {
    let catalog = catalog();
    let plan = read::read(text, &catalog).unwrap_or_else(|error| panic!("{error}\n{text}"));
    verify::verify(&plan, &catalog).unwrap_or_else(|errors| panic!("{}\n{text}", errors.join("\n")));
    plan
}

/// The printed form of a plan, which must read back to the same.
pub fn printed(plan: &Plan) -> String {
    let catalog = catalog();
    let text = print::print(plan, &catalog);
    let again = read::read(&text, &catalog).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(print::print(&again, &catalog), text);
    text
}
