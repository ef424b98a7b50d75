//! What the type and the effect of an expression are by those of its operands, and what rows a stage gives where
//! nothing else is said.
//!
//! The printer leaves out what follows from here, the reader fills it in, and the verifier compares. Nothing here says
//! whether the operands are right: that is the verifier's part.

use super::{Each, Expr, ExprId, Fields, OutputField, Plan, Stage};
use crate::catalog::{Catalog, Effect, FunctionDef, FunctionId, Pattern, ReducerId};
use crate::scalar::{Arithmetic, Scalar, arithmetic_kind};
use crate::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// The type of a constant that tells it; of a null, the type of `null`. Lists, records and maps do not tell theirs.
pub fn scalar_type(value: &Scalar) -> Option<Type> {
    Some(match value {
        Scalar::Null => Type::NULL,
        Scalar::Bool(_) => Type::BOOL,
        Scalar::Int(_) => Type::INT,
        Scalar::Float(_) => Type::FLOAT,
        Scalar::String(_) => Type::STRING,
        Scalar::Bytes(_) => Type::of(Kind::Bytes),
        Scalar::Date(_) => Type::DATE,
        Scalar::DateTime(_) => Type::DATETIME,
        Scalar::Duration(_) => Type::DURATION,
        Scalar::Wide(_) => Type::of(Kind::Wide),
        Scalar::Json(_) => Type::JSON,
        Scalar::Opaque(value) => Type::of(Kind::Opaque(value.type_name().into())),
        Scalar::List(_) | Scalar::Record(_) | Scalar::Map(_) => return None,
    })
}

/// Whether a constant is a value of a type.
pub fn is_of_type(value: &Scalar, ty: &Type) -> bool {
    match (value, &ty.kind) {
        (Scalar::Null, _) => ty.nullable,
        (Scalar::List(items), Kind::List(item)) => items.iter().all(|value| is_of_type(value, item)),
        (Scalar::Map(entries), Kind::Map(item)) => entries.iter().all(|(_, value)| is_of_type(value, item)),
        (Scalar::Record(values), Kind::Record(schema)) => {
            values.len() == schema.fields.len()
                && values.iter().zip(&schema.fields).all(|(value, field)| is_of_type(value, &field.ty))
        }
        _ => scalar_type(value).is_some_and(|own| own.kind == ty.kind),
    }
}

/// The type that follows from the operands; none if they do not go together, or do not tell.
pub fn natural_type(expr: &Expr, plan: &Plan, catalog: &Catalog) -> Option<Type> {
    let of = |id| plan.exprs.ty(id);
    Some(match expr {
        Expr::Column(column) => plan.columns.get(column.0 as usize)?.ty.clone(),
        Expr::Literal(literal) => return scalar_type(plan.exprs.constant(*literal)),
        Expr::Arithmetic(op, a, b) => {
            let kind = arithmetic_kind(*op, &of(*a).kind, &of(*b).kind)?;
            Type::of(kind).or_null_if(of(*a).nullable || of(*b).nullable)
        }
        Expr::Negate(a) => of(*a).clone(),
        Expr::Compare(..) | Expr::And(..) | Expr::Or(..) | Expr::Not(_) => Type::BOOL,
        Expr::If(_, a, b) => one_kind(of(*a), of(*b))?.or_null_if(of(*a).nullable || of(*b).nullable),
        Expr::Coalesce(a, b) => {
            let nullable = of(*a).nullable && of(*b).nullable;
            one_kind(of(*a), of(*b))?.without_null().or_null_if(nullable)
        }
        Expr::NonNull(a) => of(*a).clone().without_null(),
        Expr::Widen(_) => return None,
        Expr::ToFloat(a) => Type::FLOAT.or_null_if(of(*a).nullable),
        Expr::Narrow(a) => Type::INT.or_null_if(of(*a).nullable),
        Expr::Call(function, arguments) => {
            let definition = catalog.function(*function);
            let types: Vec<&Type> = arguments.iter().map(|a| of(*a)).collect();
            definition
                .result_of(&types)?
                .or_null_if(definition.may_be_null || arguments.iter().any(|a| of(*a).nullable))
        }
        Expr::Recurse(routine, arguments) => {
            let routine = plan.routines.get(routine.0 as usize)?;
            let lifted = |(argument, parameter): (&ExprId, &super::ColumnId)| {
                of(*argument).nullable && !plan.column(*parameter).ty.nullable
            };
            routine.result.clone().or_null_if(arguments.iter().zip(&routine.parameters).any(lifted))
        }
        Expr::Reduce(reducer, operands) => {
            let nullable = reduced_lists(*reducer, operands, catalog).iter().any(|list| of(*list).nullable);
            let types = reduced_types(*reducer, operands, plan, catalog)?;
            (catalog.reducer(*reducer).result)(&types)?.or_null_if(nullable)
        }
        Expr::List(items) => Type::list(common_type(items, plan)?),
        Expr::Map(_, values) => Type::map(common_type(values, plan)?),
        Expr::Record(names, values) => {
            let field = |(name, value): (&Arc<str>, &ExprId)| Field { name: name.clone(), ty: of(*value).clone() };
            Type::record(Schema { fields: names.iter().zip(values).map(field).collect() })
        }
        Expr::Field(record, at) => {
            let Kind::Record(schema) = &of(*record).kind else { return None };
            schema.fields.get(*at as usize)?.ty.clone().or_null_if(of(*record).nullable)
        }
        Expr::Index { value, index, or_null } => {
            let nullable = *or_null || of(*value).nullable || of(*index).nullable;
            match &of(*value).kind {
                Kind::List(item) | Kind::Map(item) => (**item).clone().or_null_if(nullable),
                _ => return None,
            }
        }
        Expr::Each { each, list, body, .. } => {
            let result = match each {
                Each::Map => Type::list(of(*body).clone()),
                Each::FlatMap => of(*body).clone().without_null(),
                Each::Filter | Each::TakeWhile | Each::SkipWhile | Each::Sort | Each::SortDescending => {
                    of(*list).clone()
                }
            };
            result.or_null_if(of(*list).nullable)
        }
        Expr::Fold { list, state, scan, .. } => {
            let state = plan.columns.get(state.0 as usize)?.ty.clone();
            let result = if *scan { Type::list(state) } else { state };
            result.or_null_if(of(*list).nullable)
        }
    })
}

/// The operands of a reduction of lists that are lists: all but a constant.
pub fn reduced_lists<'a>(reducer: ReducerId, operands: &'a [ExprId], catalog: &Catalog) -> &'a [ExprId] {
    match (&catalog.reducer(reducer).constant, operands) {
        (Some(_), [lists @ .., _constant]) => lists,
        (Some(_) | None, lists) => lists,
    }
}

/// The types of the arguments that a reduction of lists has for each item; none if one is no list.
pub fn reduced_types(reducer: ReducerId, operands: &[ExprId], plan: &Plan, catalog: &Catalog) -> Option<Vec<Type>> {
    let lists = reduced_lists(reducer, operands, catalog).len();
    let argument = |(at, operand): (usize, &ExprId)| match &plan.exprs.ty(*operand).kind {
        Kind::List(item) if at < lists => Some((**item).clone()),
        _ if at < lists => None,
        _ => Some(plan.exprs.ty(*operand).clone()),
    };
    operands.iter().enumerate().map(argument).collect()
}

/// The type that all these expressions have, nulls among them; of none, the type of `null`.
fn common_type(exprs: &[ExprId], plan: &Plan) -> Option<Type> {
    let types = || exprs.iter().map(|expr| plan.exprs.ty(*expr));
    let one = types().try_fold(Type::NULL, |common, ty| one_kind(&common, ty))?;
    Some(Type { kind: one.kind, nullable: exprs.is_empty() || types().any(|ty| ty.nullable) })
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
pub fn own_effect(expr: &Expr, plan: &Plan, catalog: &Catalog) -> Effect {
    match expr {
        Expr::Arithmetic(Arithmetic::Divide, ..) => Effect::Total,
        Expr::Arithmetic(_, a, _) | Expr::Negate(a) => match plan.exprs.ty(*a).kind {
            Kind::Float => Effect::Total,
            _ => Effect::MayFail,
        },
        Expr::Narrow(_) | Expr::Recurse(..) | Expr::Index { or_null: false, .. } => Effect::MayFail,
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
        | Expr::ToFloat(_)
        | Expr::Widen(_)
        | Expr::Reduce(..)
        | Expr::List(_)
        | Expr::Record(..)
        | Expr::Map(..)
        | Expr::Field(..)
        | Expr::Index { or_null: true, .. }
        | Expr::Each { .. }
        | Expr::Fold { .. } => Effect::Total,
    }
}

/// Whether every value of a type is one of another type: the same, or with null in more places inside it.
pub fn is_wider(wide: &Type, narrow: &Type) -> bool {
    let kinds = match (&wide.kind, &narrow.kind) {
        (_, Kind::Null) => true,
        (Kind::List(wide), Kind::List(narrow)) | (Kind::Map(wide), Kind::Map(narrow)) => is_wider(wide, narrow),
        (Kind::Record(wide), Kind::Record(narrow)) => {
            let wider = |(wide, narrow): (&Field, &Field)| wide.name == narrow.name && is_wider(&wide.ty, &narrow.ty);
            wide.fields.len() == narrow.fields.len() && wide.fields.iter().zip(&narrow.fields).all(wider)
        }
        (wide, narrow) => wide == narrow,
    };
    kinds && (wide.nullable || !narrow.nullable)
}

/// The first function of that name that takes arguments of these types, all conversions done.
pub fn resolve(name: &str, arguments: &[&Type], catalog: &Catalog) -> Option<FunctionId> {
    let takes = |id: &&FunctionId| takes(catalog.function(**id), arguments);
    catalog.functions_named(name).iter().find(takes).copied()
}

/// Whether a function takes arguments of these types, all conversions done.
pub fn takes(function: &FunctionDef, arguments: &[&Type]) -> bool {
    let required = function.parameters.iter().filter(|p| p.default.is_none()).count();
    let item = arguments.iter().find_map(|ty| if let Kind::List(item) = &ty.kind { Some(&item.kind) } else { None });
    let fits = |(at, ty): (usize, &&Type)| match function.parameter(at).map(|p| &p.pattern) {
        Some(Pattern::Item) => matches!(ty.kind, Kind::Null) || item.is_none_or(|item| ty.kind == *item),
        Some(pattern) => accepts(pattern, &ty.kind),
        None => false,
    };
    arguments.len() >= required && arguments.iter().enumerate().all(fits)
}

/// Whether a pattern accepts values of a kind, all conversions done.
pub fn accepts(pattern: &Pattern, kind: &Kind) -> bool {
    match (pattern, kind) {
        (_, Kind::Null) => true,
        (Pattern::Is(wanted), kind) => kind == wanted,
        (Pattern::Number, kind) => matches!(kind, Kind::Int | Kind::Float),
        (Pattern::Ordered, kind) => matches!(
            kind,
            Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration
        ),
        (Pattern::Any | Pattern::Item, _) => true,
        (Pattern::Plain, kind) => kind.opaque().is_none(),
        (Pattern::List(items), Kind::List(item)) => accepts(items, &item.kind),
        (Pattern::AnyList, kind) => matches!(kind, Kind::List(_)),
        (Pattern::List(_), _) => false,
        (Pattern::Map, kind) => matches!(kind, Kind::Map(_)),
    }
}

/// The rows that a stage gives where nothing else is said: what came in, with what it defines in the place of what has
/// the same name, or at the end; a stage that passes nothing on gives what it defines. `defined` names what the stage
/// defines, in the order of [`Stage::defines`].
pub fn natural_output(stage: &Stage, input: &Fields, defined: &[Arc<str>]) -> Fields {
    let columns = stage.defines();
    let new = columns.iter().zip(defined).map(|(column, name)| OutputField { name: name.clone(), column: *column });
    if !stage.passes_input() {
        return new.collect();
    }
    let mut fields = input.clone();
    new.for_each(|field| fields.put(field));
    fields
}
