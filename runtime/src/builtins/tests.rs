//! Runs the examples of all functions through their scalar bodies and, where there is one, through their bodies over
//! columns. Examples are simple: calls of literals and calls.

use super::*;
use pipelang_lang::calendar;
use pipelang_lang::catalog::{Effect, Pattern, ResultType};
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::Kind;

struct Reader<'a> {
    functions: &'a Functions,
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, what: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(what);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> String {
        let (word, rest) = self.rest.split_at(self.rest.find(end).unwrap_or(self.rest.len()));
        self.rest = rest;
        word.to_string()
    }

    /// `zone: ` before an argument.
    fn label(&mut self) -> Option<String> {
        let (label, rest) = self.rest.trim_start().split_once(": ")?;
        let is_label = label.chars().all(|c| c.is_ascii_lowercase());
        is_label.then(|| self.rest = rest).map(|()| label.to_string())
    }

    fn value(&mut self) -> Result<Scalar, Fault> {
        self.rest = self.rest.trim_start();
        if self.take("r\"") || self.take("\"") {
            let text = self.until(|c| c == '"');
            assert!(self.take("\""));
            return Ok(Scalar::String(text.into()));
        }
        let word = self.until(|c| matches!(c, '(' | ')' | ','));
        if self.take("(") {
            let mut arguments = Vec::new();
            while !self.take(")") {
                arguments.push((self.label(), self.value()?));
                self.take(",");
            }
            return call(self.functions, &word, arguments);
        }
        Ok(match word.as_str() {
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            date if date.starts_with('@') && date.len() == 11 => {
                Scalar::Date(calendar::parse_date(&date.as_bytes()[1..]).expect("a date"))
            }
            time if time.starts_with('@') => {
                Scalar::DateTime(calendar::parse_datetime(&time.as_bytes()[1..]).expect("a datetime"))
            }
            length if calendar::parse_duration(length).is_some() => {
                Scalar::Duration(calendar::parse_duration(length).expect("a duration"))
            }
            int if int.parse::<i64>().is_ok() => Scalar::Int(int.parse().expect("an int")),
            float => Scalar::Float(float.parse().expect("a float")),
        })
    }
}

fn kind(value: &Scalar) -> Kind {
    match value {
        Scalar::Null => Kind::Null,
        Scalar::Bool(_) => Kind::Bool,
        Scalar::Int(_) => Kind::Int,
        Scalar::Float(_) => Kind::Float,
        Scalar::String(_) => Kind::String,
        Scalar::Date(_) => Kind::Date,
        Scalar::DateTime(_) => Kind::DateTime,
        Scalar::Duration(_) => Kind::Duration,
        Scalar::Json(_) => Kind::Json,
        Scalar::Bytes(_) => Kind::Bytes,
        Scalar::Wide(_) => Kind::Wide,
        Scalar::List(_) | Scalar::Record(_) | Scalar::Map(_) | Scalar::Opaque(_) => {
            unreachable!("no example has such arguments")
        }
    }
}

/// The arguments as a function wants them, if it takes them.
fn arranged(function: &Function, given: &[(Option<String>, Scalar)], convert: bool) -> Option<Vec<Scalar>> {
    let parameters = &function.def.parameters;
    let mut arguments: Vec<Option<Scalar>> = parameters.iter().map(|parameter| parameter.default.clone()).collect();
    for (at, (label, value)) in given.iter().enumerate() {
        let named = |label: &String| parameters.iter().position(|parameter| parameter.name == label);
        *arguments.get_mut(label.as_ref().map_or(Some(at), named)?)? = Some(value.clone());
    }
    let mut arguments = arguments.into_iter().collect::<Option<Vec<Scalar>>>()?;
    let float = function.def.result == ResultType::SameAsArguments
        && arguments
            .iter()
            .zip(parameters)
            .any(|(a, p)| kind(a) == Kind::Float && !matches!(p.pattern, Pattern::Is(_)));
    for (argument, parameter) in arguments.iter_mut().zip(parameters) {
        let wants_float = match &parameter.pattern {
            Pattern::Is(Kind::Float) => convert,
            Pattern::Is(wanted) if kind(argument) == *wanted => false,
            Pattern::Is(_) => return None,
            Pattern::Number if !matches!(kind(argument), Kind::Int | Kind::Float) => return None,
            Pattern::Number | Pattern::Ordered | Pattern::Any | Pattern::Plain => float,
            Pattern::List(_) | Pattern::AnyList | Pattern::Item | Pattern::Map => return None,
        };
        match argument {
            Scalar::Int(i) if wants_float => *argument = Scalar::Float(*i as f64),
            _ => {}
        }
        if parameter.pattern == Pattern::Is(Kind::Float) && kind(argument) != Kind::Float {
            return None;
        }
    }
    Some(arguments)
}

fn call(functions: &Functions, name: &str, given: Vec<(Option<String>, Scalar)>) -> Result<Scalar, Fault> {
    let overloads = || functions.0.iter().filter(|function| &*function.def.name == name);
    for convert in [false, true] {
        for function in overloads() {
            if let Some(arguments) = arranged(function, &given, convert) {
                let result = (function.def.body)(&arguments);
                assert!(result.is_ok() || function.def.effect == Effect::MayFail, "{name} must not fail");
                over_columns(function, &arguments, &result);
                return result;
            }
        }
    }
    panic!("no {name} takes {given:?}")
}

/// The body over columns must say the same: of rows, of a row, and with arguments that stand for all rows.
fn over_columns(function: &Function, arguments: &[Scalar], wanted: &Result<Scalar, Fault>) {
    let Some(body) = &function.batch else { return };
    for (rows, constant_from) in [(1, 9), (70, 9), (70, 1), (70, 0)] {
        let columns: Vec<Column> = (arguments.iter().enumerate())
            .map(|(at, value)| {
                let length = if at >= constant_from { 1 } else { rows };
                Column::from_scalars(&kind(value), &vec![value.clone(); length])
            })
            .collect();
        let result = body(&columns, rows, None);
        assert_eq!(result.failed, wanted.is_err(), "{}", function.def.name);
        if let Ok(wanted) = wanted {
            assert_eq!(result.column.len(), rows);
            // As text, so that NaN is NaN and 0 is not -0.
            assert_eq!(format!("{:?}", result.column.get(rows - 1)), format!("{wanted:?}"), "{}", function.def.name);
        }
        let none = arrow_buffer::BooleanBuffer::new_unset(rows);
        let idle = body(&columns, rows, Some(&none));
        assert!(idle.column.len() == rows);
    }
}

fn shown(functions: &Functions, value: &Scalar) -> String {
    match value {
        Scalar::Null => "null".into(),
        Scalar::Float(x) => format!("{x:?}"),
        Scalar::String(s) => format!("{s:?}"),
        Scalar::Date(_) | Scalar::DateTime(_) | Scalar::Duration(_) => {
            shown(functions, &call(functions, "string", vec![(None, value.clone())]).expect("a text"))
        }
        Scalar::Int(i) => i.to_string(),
        Scalar::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(functions, item)).collect();
            format!("[{}]", items.join(","))
        }
        Scalar::Bool(b) => b.to_string(),
        other => unreachable!("no example gives {other:?}"),
    }
}

#[test]
fn examples_are_true() {
    let functions = functions();
    for function in &functions.0 {
        let def = &function.def;
        assert!(!def.examples.is_empty() && def.doc.ends_with('.'), "{} has a sentence and an example", def.name);
        if matches!(def.group, "lists" | "json" | "outside") || def.variadic {
            // These are more than calls of literals and calls; `tests/functions.rs` runs them as scripts.
            continue;
        }
        assert!(def.may_be_null || !def.name.ends_with('?'), "{}", def.name);
        let raw = def.parameters.iter().any(|parameter| parameter.raw.is_some());
        // What a raw string and a dot mean is the checker's affair.
        let is_checked = |source: &str| source.contains("\".") || raw && source.contains("r\"");
        for example in def.examples.iter().filter(|example| !is_checked(example.source)) {
            let mut reader = Reader { functions: &functions, rest: example.source };
            let result = match reader.value() {
                Ok(value) => shown(&functions, &value),
                Err(fault) => fault.code.to_string(),
            };
            assert_eq!(result, example.result, "{}", example.source);
        }
    }
}

#[test]
fn overloads_differ() {
    let functions = functions();
    for (at, function) in functions.0.iter().enumerate() {
        let same = |other: &&Function| {
            let patterns = |f: &Function| f.def.parameters.iter().map(|p| p.pattern.clone()).collect::<Vec<_>>();
            other.def.name == function.def.name && patterns(other) == patterns(function)
        };
        assert!(functions.0[at + 1..].iter().find(same).is_none(), "{:?} twice", function.def);
    }
}
