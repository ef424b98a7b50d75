//! Scripts as text against a small catalog and one file, `seattle-weather.csv`.

mod errors;
mod notes;
mod plans;
mod speed;

use super::{ParameterValue, Parameters};
use crate::catalog::{
    Catalog, Effect, FormatDef, FunctionDef, OptionDef, OptionKind, Parameter, Pattern, ReadRequest, ReducerDef,
    ResultType, Sources, TableInfo,
};
use crate::diagnostic::Diagnostic;
use crate::scalar::Scalar;
use crate::source::SourceMap;
use crate::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

struct Weather;

impl Sources for Weather {
    fn describe(&self, _request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        let field = |name: &str, ty: Type| Field { name: name.into(), ty: ty.or_null() };
        let fields = vec![
            field("date", Type::DATE),
            field("precipitation", Type::FLOAT),
            field("temp_max", Type::FLOAT),
            field("temp_min", Type::FLOAT),
            field("wind", Type::FLOAT),
            field("weather", Type::STRING),
        ];
        Ok(TableInfo { inferred: true, ..TableInfo::new("csv", Schema { fields }, Effect::MayFail) })
    }

    fn bound(&self, name: &str) -> Option<Schema> {
        let field = |name: &str, ty: Type| Field { name: name.into(), ty };
        let fields = vec![field("sku", Type::STRING), field("qty", Type::INT), field("note", Type::STRING.or_null())];
        (name == "sales").then_some(Schema { fields })
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        vec!["sales".into()]
    }
}

fn function(name: &str, patterns: &[(&'static str, Pattern)], result: ResultType, effect: Effect) -> FunctionDef {
    FunctionDef {
        name: name.into(),
        group: "test",
        doc: "".into(),
        parameters: patterns.iter().map(|(name, pattern)| Parameter::new(name, pattern.clone())).collect(),
        variadic: false,
        result,
        may_be_null: name.ends_with('?'),
        effect,
        examples: &[],
        body: Arc::new(|_| Ok(Scalar::Null)),
    }
}

fn catalog() -> Catalog {
    let one = |name, kind, result, effect| function(name, &[("x", Pattern::Is(kind))], ResultType::Is(result), effect);
    let mut round = one("round", Kind::Float, Type::FLOAT, Effect::Total);
    let digits = Parameter { default: Some(Scalar::Int(0)), ..Parameter::new("digits", Pattern::Is(Kind::Int)) };
    round.parameters.push(digits);
    let two = [("a", Pattern::Ordered), ("b", Pattern::Ordered)];
    let functions = vec![
        one("upper", Kind::String, Type::STRING, Effect::Total),
        one("sqrt", Kind::Float, Type::FLOAT, Effect::Total),
        one("int", Kind::String, Type::INT, Effect::MayFail),
        one("int", Kind::Float, Type::INT, Effect::MayFail),
        one("int?", Kind::String, Type::INT, Effect::Total),
        one("float", Kind::String, Type::FLOAT, Effect::MayFail),
        one("float", Kind::Float, Type::FLOAT, Effect::Total),
        one("string", Kind::Int, Type::STRING, Effect::Total),
        function("abs", &[("x", Pattern::Number)], ResultType::SameAsArguments, Effect::MayFail),
        function("least", &two, ResultType::SameAsArguments, Effect::Total),
        round,
    ];
    fn number(types: &[Type]) -> Option<Type> {
        types[0].is_numeric().then_some(Type::FLOAT.or_null())
    }
    fn same(types: &[Type]) -> Option<Type> {
        Some(types[0].clone().or_null())
    }
    fn sum(types: &[Type]) -> Option<Type> {
        match types[0].kind {
            Kind::Int => Some(Type::of(Kind::Wide)),
            Kind::Float => Some(Type::FLOAT),
            _ => None,
        }
    }
    let reducer = |name, arity, result, takes| ReducerDef { name, arity, result, takes, ..ReducerDef::PLAIN };
    let reducers = vec![
        reducer("sum", (1, 1), sum, "a number"),
        reducer("mean", (1, 1), number, "a number"),
        reducer("min", (1, 1), same, "anything"),
        reducer("max", (1, 1), same, "anything"),
        reducer("count", (0, 1), |_| Some(Type::INT), "anything"),
    ];
    const OPTIONS: &[OptionDef] = &[
        OptionDef { name: "delimiter", kind: OptionKind::String, doc: "" },
        OptionDef { name: "header", kind: OptionKind::Bool, doc: "" },
        OptionDef { name: "null_values", kind: OptionKind::Strings, doc: "" },
        OptionDef { name: "schema", kind: OptionKind::Schema, doc: "" },
    ];
    Catalog::new(functions, reducers, vec![FormatDef { name: "csv", extensions: &["csv"], options: OPTIONS }])
}

fn compile_with(text: &str, parameters: &Parameters) -> Result<crate::Compiled, Vec<Diagnostic>> {
    crate::compile(&mut SourceMap::default(), "test", text, &catalog(), &Weather, parameters)
}

/// The printed plan of a script that is right.
fn plan(text: &str) -> String {
    match compile_with(text, &Parameters::default()) {
        Ok(compiled) => crate::ir::print::print(&compiled.plan, &catalog()),
        Err(diagnostics) => panic!("{text}\n{diagnostics:#?}"),
    }
}

/// Code and headline of each error of a script.
fn errors(text: &str) -> Vec<String> {
    found(text).iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
}

fn found(text: &str) -> Vec<Diagnostic> {
    match compile_with(text, &Parameters::default()) {
        Ok(compiled) => panic!("{text}\n{}", crate::ir::print::print(&compiled.plan, &catalog())),
        Err(diagnostics) => diagnostics,
    }
}

/// The script with the edits of its first error made.
fn mended(text: &str) -> String {
    let mut edits = found(text).remove(0).edits;
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    edits.iter().fold(text.to_string(), |mut text, edit| {
        text.replace_range(edit.span.range(), &edit.text);
        text
    })
}
