//! `match`: each arm becomes a condition of nested `If`s, so that nothing of it is left in the plan. The last arm that is
//! needed is what remains: its pattern is not tested.

mod coverage;
mod pattern;
mod point;

use super::build::DEEPEST;
use super::scope::Value;
use super::{Checker, errors};
use crate::ir::{Expr, ExprId};
use crate::source::Span;
use crate::syntax::ast::{self, Arm, Pattern};
use crate::ty::{Kind, Type};
use coverage::{Cover, Domain, Look, Values, uncovered};
use pattern::{Subject, names};

/// An arm that has been checked.
struct Checked<'a> {
    /// Where it is taken, if no arm before it is; nothing where it always is.
    test: Option<ExprId>,
    value: Value<'a>,
    span: Span,
    /// The values that it covers; an arm with a guard covers none for sure.
    cover: Cover,
    guarded: bool,
}

impl<'a> Checker<'a> {
    /// `match subject { pattern if guard => value … }`; of records field by field.
    pub(super) fn match_value(&mut self, subject: &'a ast::Expr, arms: &'a [Arm], span: Span) -> Value<'a> {
        if arms.len() as u32 > DEEPEST {
            self.exhaust(errors::too_deep(span));
            return Value::Unknown;
        }
        let value = match self.value(subject) {
            value @ (Value::Expr(_) | Value::Record(_) | Value::Unknown) => value,
            other => super::expr::or_unknown(self.as_scalar(other, subject.span)),
        };
        let subject = Subject { value, span: subject.span };
        let before = self.not_null.len();
        let mut checked = Some(Vec::new());
        for arm in arms {
            let arm = self.arm(arm, &subject);
            if let Some(test) = arm.as_ref().and_then(|arm| arm.test) {
                let known = self.facts(test, false);
                self.not_null.extend(known);
            }
            checked = checked.zip(arm).map(|(mut checked, arm)| {
                checked.push(arm);
                checked
            });
        }
        self.not_null.truncate(before);
        let Some(checked) = checked else { return Value::Unknown };
        let covers_all = self.covers_all(arms, &checked, &subject);
        let value = self.first_match(checked, span);
        if covers_all { value } else { Value::Unknown }
    }

    /// One arm, where those before it do not match.
    fn arm(&mut self, arm: &'a Arm, subject: &Subject<'a>) -> Option<Checked<'a>> {
        let outside = self.scope;
        let matched = self.pattern(&arm.pattern, subject);
        match &matched {
            Some(matched) => {
                matched.bound.iter().for_each(|(name, value)| self.bind(&name.text, name.span, value.clone()))
            }
            None => {
                let mut bound = Vec::new();
                names(&arm.pattern, &mut bound);
                bound.into_iter().for_each(|name| self.bind(&name.text, name.span, Value::Unknown));
            }
        }
        let test = matched.as_ref().and_then(|matched| matched.test);
        let mut known = test.map_or_else(Vec::new, |test| self.facts(test, true));
        known.extend(matched.iter().flat_map(|matched| &matched.not_null));
        let (guard, value) = self.knowing(&known, |c| {
            let guard = arm.guard.as_ref().map(|guard| c.condition(guard, "if"));
            let known = guard.flatten().map_or_else(Vec::new, |guard| c.facts(guard, true));
            (guard, c.knowing(&known, |c| c.value(&arm.value)))
        });
        self.scope = outside;
        let (matched, guarded) = (matched?, guard.is_some());
        let test = match (test, guard) {
            (_, Some(None)) => return None,
            (Some(test), Some(Some(guard))) => Some(self.add(Expr::And(test, guard), Type::BOOL)),
            (None, Some(guard)) => guard,
            (test, None) => test,
        };
        Some(Checked { test, value, span: arm.value.span, cover: matched.cover, guarded })
    }

    /// Reports values that no arm covers, and arms that nothing reaches.
    fn covers_all(&mut self, arms: &'a [Arm], checked: &[Checked<'a>], subject: &Subject<'a>) -> bool {
        let Some(domain) = self.domain(&subject.value) else { return false };
        let mut covers: Vec<&Cover> = Vec::new();
        for (arm, checked) in arms.iter().zip(checked) {
            let (patterns, alternatives) = match (&arm.pattern, &checked.cover) {
                (Pattern::Either(patterns, _), Cover::Either(covers)) => (&patterns[..], &covers[..]),
                (pattern, cover) => (std::slice::from_ref(pattern), std::slice::from_ref(cover)),
            };
            let mut above = covers.clone();
            for (pattern, cover) in patterns.iter().zip(alternatives) {
                if self.look(&above, cover, &domain).is_some_and(|found| found.is_empty()) {
                    let is_empty = self.look(&[], cover, &domain).is_some_and(|found| found.is_empty());
                    self.report(errors::unreachable_arm(span_of(pattern), is_empty));
                }
                above.push(cover);
            }
            if !checked.guarded {
                covers.extend(alternatives);
            }
        }
        let found = self.look(&covers, &Cover::Any, &domain);
        match found {
            Some(found) if found.is_empty() => return true,
            found => {
                let guarded = checked.iter().any(|arm| arm.guarded);
                self.report(errors::not_covered(subject.span, &found.unwrap_or_default(), guarded));
            }
        }
        false
    }

    /// Looks for what is not covered, on the script's account; nothing if it cannot be told.
    fn look(&mut self, covers: &[&Cover], wanted: &Cover, domain: &Domain) -> Option<Vec<String>> {
        let (look, steps) = uncovered(covers, wanted, domain);
        self.steps += steps / 16;
        match look {
            Look::Found(found) => Some(found),
            Look::GaveUp => None,
        }
    }

    /// What a subject may be; nothing if that is not known.
    fn domain(&self, value: &Value<'a>) -> Option<Domain> {
        let (ty, values) = match value {
            Value::Record(fields) => {
                let other = || Domain { values: Values::Other, nullable: false };
                let field =
                    |(name, value): &(_, Value<'a>)| (Clone::clone(name), self.domain(value).unwrap_or_else(other));
                (None, Values::Record(fields.iter().map(field).collect()))
            }
            Value::Expr(id) => (Some(self.ty(*id)), values_of(&self.ty(*id).kind)?),
            Value::Stream(_) | Value::List(_) | Value::Range(_) | Value::Lambda(_) => (None, Values::Other),
            Value::Unknown => return None,
        };
        let nullable =
            ty.is_some_and(|ty| ty.nullable) && !matches!(value, Value::Expr(id) if self.not_null.contains(id));
        Some(Domain { values, nullable })
    }

    /// The value of the first arm that matches.
    fn first_match(&mut self, arms: Vec<Checked<'a>>, span: Span) -> Value<'a> {
        let mut arms = arms.into_iter().rev();
        let Some(last) = arms.next() else { return Value::Unknown };
        let (mut rest, mut rest_span) = (last.value, last.span);
        for arm in arms {
            let is_null = self.type_of(&arm.value).kind == Kind::Null;
            let test = arm.test.unwrap_or_else(|| self.bool(true));
            let chosen = self.choose("match", test, (arm.value.clone(), arm.span), (rest, rest_span), span);
            // Nothing behind an arm that always matches is reached; it has been checked that it is of the same type.
            rest = match (arm.test, chosen) {
                (None, Value::Unknown) => Value::Unknown,
                (None, _) => arm.value,
                (Some(_), chosen) => chosen,
            };
            rest_span = if is_null { rest_span } else { arm.span };
        }
        rest
    }
}

fn values_of(kind: &Kind) -> Option<Values> {
    Some(match kind {
        Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration => {
            Values::Ordered(kind.clone())
        }
        Kind::Record(schema) => {
            let field = |field: &crate::ty::Field| {
                let values = values_of(&field.ty.kind).unwrap_or(Values::Other);
                (field.name.clone(), Domain { values, nullable: field.ty.nullable })
            };
            Values::Record(schema.fields.iter().map(field).collect())
        }
        Kind::Bytes | Kind::Wide | Kind::List(_) | Kind::Map(_) | Kind::Json | Kind::Opaque(_) => Values::Other,
        Kind::Null => Values::None,
        Kind::Unknown => return None,
    })
}

/// Where a pattern stands.
fn span_of(pattern: &Pattern) -> Span {
    match pattern {
        Pattern::Anything(span) | Pattern::Record(_, span) | Pattern::Either(_, span) => *span,
        Pattern::Name(name) => name.span,
        Pattern::Value(expr) => expr.span,
    }
}
