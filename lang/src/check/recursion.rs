//! Functions that call themselves, directly or by way of others: each is a routine of the plan, and each call of it an
//! expression. All other functions are inlined.
//!
//! A routine takes single values: of a record that it is given its fields, each as a parameter of its own. A record that it
//! gives is one value.

use super::generic::Letters;
use super::inline::Evaluated;
use super::module::Definition;
use super::scope::Value;
use super::types::Declared;
use super::{Checker, errors};
use crate::catalog::Effect;
use crate::ir::typing::is_wider;
use crate::ir::{ColumnId, Expr, ExprId, Routine, RoutineId};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Name};
use crate::syntax::nodes::Node;
use crate::ty::{Kind, Schema, Type};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// How a routine is called.
#[derive(Clone)]
pub(super) struct Callable {
    id: RoutineId,
    /// The types of the parameters of the function.
    parameters: Vec<Type>,
    result: Type,
}

/// The functions of a module that call themselves, by the places of their names. What is imported cannot call back.
pub(super) fn recursive_functions(functions: &HashMap<Arc<str>, Definition>) -> HashSet<Span> {
    let names: HashMap<&str, usize> = functions.keys().enumerate().map(|(at, name)| (&**name, at)).collect();
    let called = |definition: &Definition| {
        let called = called_names(definition.function).into_iter();
        called.filter_map(|name| names.get(name).copied()).collect()
    };
    let calls: Vec<Vec<usize>> = functions.values().map(called).collect();
    let on_cycles = on_cycles(&calls);
    let recursive = functions.values().zip(on_cycles).filter(|(_, on_cycle)| *on_cycle);
    recursive.map(|(definition, _)| definition.function.name.span).collect()
}

/// Whether each node of a graph reaches itself: Tarjan's strongly connected components (1972), without recursion.
fn on_cycles(edges: &[Vec<usize>]) -> Vec<bool> {
    let mut found = vec![false; edges.len()];
    let (mut index, mut low) = (vec![None; edges.len()], vec![0; edges.len()]);
    let (mut component, mut is_open) = (Vec::new(), vec![false; edges.len()]);
    let mut met = 0;
    for root in 0..edges.len() {
        let mut path = if index[root].is_none() { vec![(root, 0)] } else { Vec::new() };
        while let Some((node, next)) = path.pop() {
            if next == 0 {
                (index[node], low[node], is_open[node]) = (Some(met), met, true);
                component.push(node);
                met += 1;
            } else {
                low[node] = low[node].min(low[edges[node][next - 1]]);
            }
            // From where it was left, the edges that lead to nothing new are passed at once.
            let new = (next..edges[node].len()).find(|at| {
                let to = edges[node][*at];
                low[node] = if is_open[to] { low[node].min(index[to].unwrap_or(met)) } else { low[node] };
                index[to].is_none()
            });
            if let Some(at) = new {
                path.extend([(node, at + 1), (edges[node][at], 0)]);
            } else if index[node] == Some(low[node]) {
                let first = component.iter().rposition(|other| *other == node).expect("it was pushed above");
                let members = component.split_off(first);
                let is_cycle = members.len() > 1 || edges[node].contains(&node);
                for member in members {
                    (found[member], is_open[member]) = (is_cycle, false);
                }
            }
        }
    }
    found
}

/// The functions, methods and stages that a function names without a module.
fn called_names(function: &ast::Function) -> Vec<&str> {
    let mut open: Vec<Node> = function.parameters.iter().map(Node::Parameter).collect();
    open.push(Node::Block(&function.body));
    let mut called = Vec::new();
    while let Some(node) = open.pop() {
        let path: &[Name] = match node {
            Node::Expr(expr) => match &expr.kind {
                ExprKind::Call { function, .. } | ExprKind::Method { function, .. } => function,
                _ => &[],
            },
            Node::Stage(stage) => &stage.name,
            _ => &[],
        };
        if let [name] = path {
            called.push(&*name.text);
        }
        open.extend(node.children());
    }
    called
}

impl<'a> Checker<'a> {
    /// Whether a function calls itself.
    pub(super) fn is_recursive(&self, definition: Definition<'a>) -> bool {
        self.names_of(definition.module).recursive.contains(&definition.function.name.span)
    }

    /// A call of a function that calls itself. `evaluated` says which of the values may be null although the parameter
    /// takes none: a routine gives null then by itself.
    pub(super) fn call_routine(
        &mut self,
        definition: Definition<'a>,
        values: Vec<Value<'a>>,
        evaluated: &[Evaluated],
        span: Span,
    ) -> Value<'a> {
        if self.guessing {
            return Value::Unknown;
        }
        let Some(callable) = self.routine(definition) else { return Value::Unknown };
        let mut arguments = Vec::new();
        for (value, ty) in values.iter().zip(&callable.parameters) {
            if self.flatten(value, ty, span, &mut arguments).is_none() {
                return Value::Unknown;
            }
        }
        arguments.iter_mut().for_each(|argument| *argument = self.as_given(*argument, evaluated));
        let parameters = self.plan.routine(callable.id).parameters.clone();
        let lifted = |(argument, column): (&ExprId, &ColumnId)| {
            self.ty(*argument).nullable && !self.plan.column(*column).ty.nullable
        };
        let ty = callable.result.or_null_if(arguments.iter().zip(&parameters).any(lifted));
        let call = self.add_fallible(Expr::Recurse(callable.id, arguments.into()), ty, span, Effect::MayFail);
        if self.is_too_deep(call, span) { Value::Unknown } else { self.exploded(call) }
    }

    /// The routine of a function, made when it is first called; nothing if it cannot be one, which is reported.
    pub(super) fn routine(&mut self, definition: Definition<'a>) -> Option<Callable> {
        let function = definition.function;
        if let Some(known) = self.routines.get(&function.name.span) {
            return known.clone();
        }
        self.called.insert(function.name.span);
        self.routines.insert(function.name.span, None);
        let parameters = self.routine_parameters(definition)?;
        let result = self.routine_result(definition, &parameters)?;
        let mut columns = Vec::new();
        let values: Vec<Value<'a>> = function
            .parameters
            .iter()
            .zip(&parameters)
            .map(|(parameter, ty)| self.parameter_value(&parameter.name.text, ty, &mut columns))
            .collect();
        let id = RoutineId(self.plan.routines.len() as u32);
        let body = self.null_of(&result);
        let (name, parameter_columns) = (function.name.text.clone(), columns);
        self.plan.routines.push(Routine { name, parameters: parameter_columns, result: result.clone(), body });
        let callable = Callable { id, parameters, result };
        self.routines.insert(function.name.span, Some(callable.clone()));
        let body = self.routine_body(definition, values, &callable.result);
        if let Some(body) = body {
            self.plan.routines[id.0 as usize].body = body;
        }
        Some(callable)
    }

    /// The types of the parameters: single values and records.
    fn routine_parameters(&mut self, definition: Definition<'a>) -> Option<Vec<Type>> {
        let function = definition.function;
        let mut types = Some(Vec::new());
        for parameter in &function.parameters {
            let ty = match self.declared_in(definition.module, &parameter.ty) {
                Declared::Type(ty) => Some(ty),
                Declared::Record { schema, .. } => Some(Type::record(schema)),
                Declared::Unknown => None,
                Declared::Stream(_) | Declared::Function | Declared::Any => {
                    self.report(errors::recursive_parameter(parameter.ty.span(), &function.name.text));
                    None
                }
            };
            let ty = ty.filter(|ty| !has_unknown(ty));
            types = types.zip(ty).map(|(mut types, ty)| {
                types.push(ty);
                types
            });
        }
        types
    }

    /// The declared result. Where there is none, what it seems to be is offered.
    fn routine_result(&mut self, definition: Definition<'a>, parameters: &[Type]) -> Option<Type> {
        let function = definition.function;
        let Some(result) = &function.result else {
            let guess = self.guessed_result(definition, parameters);
            let body = function.body.span;
            self.report(errors::recursive_result(function.name.span, &function.name.text, body, guess.as_ref()));
            return None;
        };
        match self.declared_in(definition.module, result) {
            Declared::Type(ty) => Some(ty).filter(|ty| !has_unknown(ty)),
            Declared::Record { schema, .. } => Some(Type::record(schema)).filter(|ty| !has_unknown(ty)),
            Declared::Unknown => None,
            Declared::Stream(_) | Declared::Function | Declared::Any => {
                self.report(errors::recursive_parameter(result.span(), &function.name.text));
                None
            }
        }
    }

    /// What a function seems to give, by the branches that do not call it again.
    fn guessed_result(&mut self, definition: Definition<'a>, parameters: &[Type]) -> Option<Type> {
        let said = self.diagnostics.len();
        let mut columns = Vec::new();
        let names = definition.function.parameters.iter().map(|parameter| &parameter.name.text);
        let values = names.zip(parameters).map(|(name, ty)| self.parameter_value(name, ty, &mut columns)).collect();
        self.guessing = true;
        let value = self.in_routine(definition, values, |_, value| value);
        self.guessing = false;
        if !self.exhausted {
            self.diagnostics.truncate(said);
        }
        Some(self.type_of(&value)).filter(|ty| !has_unknown(ty) && ty.kind != Kind::Null)
    }

    /// The body as an expression of the declared type.
    fn routine_body(&mut self, definition: Definition<'a>, values: Vec<Value<'a>>, result: &Type) -> Option<ExprId> {
        let function = definition.function;
        let value = self.in_routine(definition, values, |c, value| c.result(definition, &Letters::new(), value));
        let span = function.body.value.as_ref().map_or(function.body.span, |value| value.span);
        let body = self.packed(value, result, span)?;
        (!self.is_too_deep(body, span)).then_some(body)
    }

    /// The value of the body, with nothing in sight but what the function sees.
    fn in_routine(
        &mut self,
        definition: Definition<'a>,
        values: Vec<Value<'a>>,
        then: impl FnOnce(&mut Self, Value<'a>) -> Value<'a>,
    ) -> Value<'a> {
        let function = definition.function;
        let scope = self.function_scope(definition);
        let outside = (self.caller.take(), self.aggregation.take(), self.stage_name.take(), self.base.take());
        // The body is evaluated where a row is, and knows nothing of it.
        self.rows_entered += 1;
        let value = self.deeper(function.body.span, |c| {
            c.in_scope(scope, |c| {
                for (parameter, value) in function.parameters.iter().zip(values) {
                    c.bind(&parameter.name.text, parameter.name.span, value);
                }
                let value = c.block(&function.body);
                then(c, value)
            })
        });
        self.rows_entered -= 1;
        (self.caller, self.aggregation, self.stage_name, self.base) = outside;
        value.unwrap_or(Value::Unknown)
    }

    /// A parameter as columns of the routine, one for each single value.
    fn parameter_value(&mut self, name: &Arc<str>, ty: &Type, columns: &mut Vec<ColumnId>) -> Value<'a> {
        match &ty.kind {
            Kind::Record(schema) if !ty.nullable => {
                let field = |field: &crate::ty::Field| {
                    (field.name.clone(), self.parameter_value(&field.name, &field.ty, columns))
                };
                Value::Record(Rc::new(schema.fields.iter().map(field).collect()))
            }
            _ => {
                let column = self.add_column(name, ty.clone(), None);
                columns.push(column);
                Value::Expr(self.plan.column_expr(column))
            }
        }
    }

    /// The single values of an argument, in the order of the columns of its parameter.
    fn flatten(&mut self, value: &Value<'a>, ty: &Type, span: Span, arguments: &mut Vec<ExprId>) -> Option<()> {
        match (value, &ty.kind) {
            (Value::Record(fields), Kind::Record(schema)) if !ty.nullable => {
                schema.fields.iter().try_for_each(|field| {
                    let (_, value) = fields.iter().find(|given| given.0 == field.name)?;
                    self.flatten(value, &field.ty, span, arguments)
                })
            }
            (Value::Expr(id), kind) => {
                arguments.push(self.coerce(*id, kind)?);
                Some(())
            }
            (Value::Record(fields), _) => {
                arguments.push(self.packed(Value::Record(fields.clone()), ty, span)?);
                Some(())
            }
            _ => None,
        }
    }

    /// An argument with the null that the parameter does not take.
    fn as_given(&self, argument: ExprId, evaluated: &[Evaluated]) -> ExprId {
        let Expr::NonNull(inner) = self.plan.exprs.get(argument) else { return argument };
        let before = match self.plan.exprs.get(*inner) {
            Expr::ToFloat(before) => *before,
            _ => *inner,
        };
        let lifted = evaluated.iter().any(|given| given.lifted && (given.id == *inner || given.id == before));
        if lifted { *inner } else { argument }
    }

    /// A value as a single one of a type.
    fn packed(&mut self, value: Value<'a>, ty: &Type, span: Span) -> Option<ExprId> {
        match (value, &ty.kind) {
            (Value::Unknown, _) => None,
            (Value::Record(fields), Kind::Record(schema)) => {
                let mut values = Vec::new();
                for field in &schema.fields {
                    let (_, value) = fields.iter().find(|given| given.0 == field.name)?;
                    values.push(self.packed(value.clone(), &field.ty, span)?);
                }
                Some(self.record_of(schema, &values))
            }
            (value, kind) => {
                let id = self.as_scalar(value, span)?;
                let id = self.coerce(id, kind)?;
                self.widened(id, ty)
            }
        }
    }

    fn widened(&mut self, id: ExprId, ty: &Type) -> Option<ExprId> {
        match self.ty(id) {
            found if found == ty => Some(id),
            found if is_wider(ty, found) => Some(self.add(Expr::Widen(id), ty.clone())),
            _ => None,
        }
    }

    /// A record of these values. A record that was taken apart is the same again, and of the branches of a condition the
    /// record is made in each, so that a call at the end of a branch is the end of the routine.
    fn record_of(&mut self, schema: &Arc<Schema>, values: &[ExprId]) -> ExprId {
        let ty = Type::of(Kind::Record(schema.clone()));
        let get = |id: &ExprId| self.plan.exprs.get(*id);
        if let Some(Expr::Field(whole, 0)) = values.first().map(get) {
            let is_field = |(at, id): (usize, &ExprId)| *get(id) == Expr::Field(*whole, at as u32);
            if *self.ty(*whole) == ty && values.iter().enumerate().all(is_field) {
                return *whole;
            }
        }
        if let Some(Expr::If(test, ..)) = values.first().map(get) {
            let test = *test;
            let branches = values.iter().map(|id| match get(id) {
                Expr::If(other, then, otherwise) if *other == test => Some((*then, *otherwise)),
                _ => None,
            });
            if let Some(branches) = branches.collect::<Option<Vec<_>>>() {
                let (then, otherwise): (Vec<_>, Vec<_>) = branches.into_iter().unzip();
                let [then, otherwise] = [then, otherwise].map(|values| self.fields_as(schema, &values));
                if let (Some(then), Some(otherwise)) = (then, otherwise) {
                    let (then, otherwise) = (self.record_of(schema, &then), self.record_of(schema, &otherwise));
                    return self.add(Expr::If(test, then, otherwise), ty);
                }
            }
        }
        let names = schema.fields.iter().map(|field| field.name.clone()).collect();
        self.add(Expr::Record(names, values.into()), ty)
    }

    fn fields_as(&mut self, schema: &Schema, values: &[ExprId]) -> Option<Vec<ExprId>> {
        schema.fields.iter().zip(values).map(|(field, value)| self.widened(*value, &field.ty)).collect()
    }

    /// A record as its fields; any other value as it is.
    fn exploded(&mut self, id: ExprId) -> Value<'a> {
        let ty = self.ty(id).clone();
        let Kind::Record(schema) = &ty.kind else { return Value::Expr(id) };
        let fields = schema.fields.iter().enumerate().map(|(at, field)| {
            let field_type = field.ty.clone().or_null_if(ty.nullable);
            let value = self.add(Expr::Field(id, at as u32), field_type);
            let value = if field.ty.nullable { Value::Expr(value) } else { self.exploded(value) };
            (field.name.clone(), value)
        });
        Value::Record(Rc::new(fields.collect()))
    }
}

/// Whether something in a type has been reported.
fn has_unknown(ty: &Type) -> bool {
    ty.is_unknown() || ty.kind.parts().any(has_unknown)
}

#[cfg(test)]
mod tests {
    use super::on_cycles;

    #[test]
    fn nodes_on_cycles_are_found() {
        let edges = [vec![1], vec![2, 3], vec![1], vec![4], vec![], vec![5], vec![0, 5]];
        assert_eq!(on_cycles(&edges), [false, true, true, false, false, true, false]);
        let chain: Vec<Vec<usize>> = (1..=100_000).map(|next| vec![next % 100_000]).collect();
        assert!(on_cycles(&chain).into_iter().all(|on_cycle| on_cycle));
    }
}
