//! What the type and the effect of an expression are by those of its operands, and what rows a stage gives where
//! nothing else is said.
//!
//! The printer leaves out what follows from here, the reader fills it in, and the verifier compares. Nothing here says
//! whether the operands are right: that is the verifier's part.

use super::{ColumnDef, Expr, Exprs, OutputField, Stage};
use crate::catalog::{Catalog, Effect, FunctionDef, FunctionId, Pattern, ResultType};
use crate::scalar::Scalar;
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// The type of a constant that is not null; of a null, the type of `null`.
pub fn scalar_type(value: &Scalar) -> Type {
    match value {
        Scalar::Null => Type::NULL,
        Scalar::Bool(_) => Type::BOOL,
        Scalar::Int(_) => Type::INT,
        Scalar::Float(_) => Type::FLOAT,
        Scalar::String(_) => Type::STRING,
        Scalar::Date(_) => Type::DATE,
        Scalar::Wide(_) => Type::of(Kind::Wide),
    }
}

/// The type that follows from the operands; none if they do not go together.
pub fn natural_type(expr: &Expr, exprs: &Exprs, columns: &[ColumnDef], catalog: &Catalog) -> Option<Type> {
    let of = |id| exprs.ty(id);
    Some(match expr {
        Expr::Column(column) => columns.get(column.0 as usize)?.ty.clone(),
        Expr::Literal(literal) => scalar_type(exprs.constant(*literal)),
        Expr::Arithmetic(_, a, b) if of(*a).kind == of(*b).kind => of(*a).clone().or_null_if(of(*b).nullable),
        Expr::Arithmetic(..) => return None,
        Expr::Negate(a) => of(*a).clone(),
        Expr::Compare(..) | Expr::And(..) | Expr::Or(..) | Expr::Not(_) => Type::BOOL,
        Expr::If(_, a, b) => one_kind(of(*a), of(*b))?.or_null_if(of(*a).nullable || of(*b).nullable),
        Expr::Coalesce(a, b) => {
            let nullable = of(*a).nullable && of(*b).nullable;
            one_kind(of(*a), of(*b))?.without_null().or_null_if(nullable)
        }
        Expr::NonNull(a) => of(*a).clone().without_null(),
        Expr::ToFloat(a) => Type::FLOAT.or_null_if(of(*a).nullable),
        Expr::Narrow(a) => Type::INT.or_null_if(of(*a).nullable),
        Expr::Call(function, arguments) => {
            let definition = catalog.function(*function);
            let result = match &definition.result {
                ResultType::Is(ty) => ty.clone(),
                ResultType::SameAsArguments => of(*arguments.first()?).clone(),
            };
            result.or_null_if(definition.may_be_null || arguments.iter().any(|a| of(*a).nullable))
        }
    })
}

/// The type of one of the two, if they have one kind, `null` fitting to all.
fn one_kind(a: &Type, b: &Type) -> Option<Type> {
    match (&a.kind, &b.kind) {
        (Kind::Null, _) => Some(b.clone()),
        (_, Kind::Null) => Some(a.clone()),
        (x, y) if x == y => Some(a.clone()),
        _ => None,
    }
}

/// What an expression does by itself, its operands aside.
pub fn own_effect(expr: &Expr, exprs: &Exprs, catalog: &Catalog) -> Effect {
    match expr {
        Expr::Arithmetic(_, a, _) | Expr::Negate(a) => match exprs.ty(*a).kind {
            Kind::Int => Effect::MayFail,
            _ => Effect::Total,
        },
        Expr::Narrow(_) => Effect::MayFail,
        Expr::Call(function, _) => catalog.function(*function).effect,
        Expr::Column(_)
        | Expr::Literal(_)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Coalesce(..)
        | Expr::NonNull(_)
        | Expr::ToFloat(_) => Effect::Total,
    }
}

/// The first function of that name that takes arguments of these types, all conversions done.
pub fn resolve(name: &str, arguments: &[&Type], catalog: &Catalog) -> Option<FunctionId> {
    let takes = |id: &&FunctionId| takes(catalog.function(**id), arguments);
    catalog.functions_named(name).iter().find(takes).copied()
}

/// Whether a function takes arguments of these types, all conversions done.
pub fn takes(function: &FunctionDef, arguments: &[&Type]) -> bool {
    let required = function.parameters.iter().filter(|p| p.default.is_none()).count();
    let fits = |(pattern, ty): (&Pattern, &&Type)| match pattern {
        _ if ty.kind == Kind::Null => true,
        Pattern::Is(kind) => ty.kind == *kind,
        Pattern::Number => ty.is_numeric(),
        Pattern::Ordered => matches!(
            ty.kind,
            Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration
        ),
        Pattern::Any => true,
    };
    (required..=function.parameters.len()).contains(&arguments.len())
        && function.parameters.iter().map(|p| &p.pattern).zip(arguments).all(fits)
}

/// The rows that a stage gives where nothing else is said: what came in, with what it defines in the place of what has
/// the same name, or at the end; a source and an aggregate give what they define. `defined` names what the stage
/// defines, in the order of [`Stage::defines`].
pub fn natural_output(stage: &Stage, input: &[OutputField], defined: &[Arc<str>]) -> Vec<OutputField> {
    let columns = stage.defines();
    let new = columns.iter().zip(defined).map(|(column, name)| OutputField { name: name.clone(), column: *column });
    let mut fields = match stage {
        Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Aggregate { .. } => {
            return new.collect();
        }
        Stage::Filter { .. } | Stage::Map { .. } | Stage::Sort { .. } | Stage::TopK { .. } | Stage::Slice { .. } => {
            input.to_vec()
        }
    };
    for field in new {
        match fields.iter_mut().find(|old| old.name == field.name) {
            Some(old) => *old = field,
            None => fields.push(field),
        }
    }
    fields
}
