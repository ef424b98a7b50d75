//! What a check finds out besides errors: what expressions are, the rows before and after every stage, and what is in
//! sight at one place. For editors and for `pipe check --schema`. Off by default; what is not asked for costs nothing.

use super::Checker;
use super::scope::{Row, Stream, Value};
use crate::ir::{ExprId, Shape};
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::{Field, Kind, Schema, Type};
use std::fmt;
use std::sync::Arc;

/// What a check found out, place by place.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// What expressions and the names that are defined are, inner ones first. What is inlined more than once has an
    /// entry for each call.
    pub values: Vec<(Span, Meaning)>,
    /// The stages, in the order in which they were checked; those of a function's body once for each call.
    pub stages: Vec<StageNote>,
    /// What is in sight at the watched place, if the check came there.
    pub sight: Option<Sight>,
    watched: Option<Span>,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A value.
    Value(Type),
    /// A stream of rows.
    Rows(Rows),
    /// A function that was passed as an argument.
    Function,
}

/// The rows of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Their columns.
    pub schema: Schema,
    /// Whether they are rows, single values, or one value.
    pub shape: Shape,
    /// False after an error: then there may be columns that the schema does not have.
    pub known: bool,
}

/// A stage with the rows that come in and those that go out.
#[derive(Clone, Debug)]
pub struct StageNote {
    /// The stage, from its name to its last argument.
    pub span: Span,
    /// Where its name stands.
    pub name: Span,
    /// What comes in.
    pub input: Rows,
    /// What goes out: rows, or what a user's function makes of them; nothing after an error.
    pub output: Option<Meaning>,
}

/// What a name at some place could mean.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What stands there.
    pub place: Place,
    /// The rows in scope.
    pub row: Option<Rows>,
    /// The names outside the row, the nearest first, with what they are where that is known.
    pub names: Vec<(Arc<str>, Option<Meaning>)>,
    /// The stage whose arguments these are.
    pub stage: Option<Arc<str>>,
    /// Whether reducers can be called here.
    pub reduces: bool,
}

/// What is due at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stage, over `row`.
    Stage,
    /// An operand.
    Operand,
    /// A field or function of this; nothing after an error.
    Member(Option<Meaning>),
    /// A field of this in a pattern.
    Pattern(Option<Meaning>),
}

impl Notes {
    /// Notes that also say what is in sight at `watched`, which is the place of a name.
    pub(super) fn watching(watched: Option<Span>) -> Notes {
        Notes { watched, ..Notes::default() }
    }
}

impl Rows {
    fn of_values(ty: Type) -> Rows {
        let schema = Schema { fields: vec![Field { name: "value".into(), ty }] };
        Rows { schema, shape: Shape::Values, known: true }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Meaning::Value(ty) => write!(f, "{ty}"),
            Meaning::Rows(rows) => write!(f, "{rows}"),
            Meaning::Function => f.write_str("fn"),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.shape, self.schema.fields.first()) {
            (Shape::Scalar, Some(field)) => write!(f, "{}", field.ty),
            (Shape::Values, Some(field)) => write!(f, "stream<{}>", field.ty),
            (Shape::Table, _) | (_, None) => write!(f, "stream<{}>", self.schema),
        }
    }
}

impl<'a> Checker<'a> {
    /// Notes what an expression, or the name at `span`, is.
    pub(super) fn note(&mut self, span: Span, value: &Value<'a>) {
        if self.notes.is_none() {
            return;
        }
        let meaning = self.meaning(value);
        if let (Some(notes), Some(meaning)) = (&mut self.notes, meaning) {
            notes.values.push((span, meaning));
        }
    }

    /// Notes a stage with the rows around it; where the watched place is in it and was not reached (the stage is broken
    /// or unknown, or its arguments are names), the row that comes in is in sight there.
    pub(super) fn note_stage(&mut self, stage: &'a ast::Stage, input: &Stream, output: &Value<'a>) {
        let Some(notes) = &self.notes else { return };
        let Some(name) = stage.name.last() else { return };
        let inside = |watched: &Span| stage.span.start <= watched.start && watched.end <= stage.span.end;
        if let Some(watched) = notes.watched.filter(|watched| notes.sight.is_none() && inside(watched)) {
            let outside = self.stage_name.replace(name.clone());
            let place = if watched == name.span { Place::Stage } else { Place::Operand };
            self.in_row(&input.row, |c| c.note_sight(place));
            self.stage_name = outside;
        }
        let note =
            StageNote { span: stage.span, name: name.span, input: self.rows(&input.row), output: self.meaning(output) };
        if let Some(notes) = &mut self.notes {
            notes.stages.push(note);
        }
    }

    /// The same for a stage over a list, whose items are the rows.
    pub(super) fn note_list_stage(&mut self, stage: &'a ast::Stage, list: ExprId, output: &Value<'a>) {
        let Some(notes) = &self.notes else { return };
        let (Some(name), Kind::List(item)) = (stage.name.last(), &self.ty(list).kind) else { return };
        let input = match &item.kind {
            Kind::Record(schema) if !item.nullable => {
                Rows { schema: (**schema).clone(), shape: Shape::Table, known: true }
            }
            _ => Rows::of_values((**item).clone()),
        };
        if notes.watched == Some(name.span) && notes.sight.is_none() {
            self.note_sight(Place::Stage);
        }
        let note = StageNote { span: stage.span, name: name.span, input, output: self.meaning(output) };
        if let Some(notes) = &mut self.notes {
            notes.stages.push(note);
        }
    }

    /// Notes what is in sight where the name of an operand stands, if that is the watched place.
    pub(super) fn note_operand(&mut self, span: Span) {
        if self.is_watched(span) {
            self.note_sight(Place::Operand);
        }
    }

    /// The same where the name of a field or function stands behind a dot.
    pub(super) fn note_member(&mut self, record: &'a ast::Expr, span: Span) {
        if self.is_watched(span) {
            let record = self.value(record);
            self.note_sight(Place::Member(self.meaning(&record)));
        }
    }

    /// The same where the name of a field stands in a pattern for `subject`.
    pub(super) fn note_pattern(&mut self, subject: &Value<'a>, span: Span) {
        if self.is_watched(span) {
            self.note_sight(Place::Pattern(self.meaning(subject)));
        }
    }

    /// Whether a place is watched and was not reached before.
    fn is_watched(&self, span: Span) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.watched == Some(span) && notes.sight.is_none())
    }

    fn note_sight(&mut self, place: Place) {
        let names = self.scopes.bindings(self.scope);
        let sight = Sight {
            place,
            row: self.scopes.row(self.scope).map(|row| self.rows(&row)),
            names: names.into_iter().map(|(name, value)| (name, self.meaning(&value))).collect(),
            stage: self.stage_name.as_ref().map(|stage| stage.text.clone()),
            reduces: self.aggregation.is_some(),
        };
        if let Some(notes) = &mut self.notes {
            notes.sight = Some(sight);
        }
    }

    fn rows(&self, row: &Row) -> Rows {
        let visible = row.fields.iter().filter(|field| row.shape != Shape::Table || row.field(&field.name).is_some());
        let fields =
            visible.map(|field| Field { name: field.name.clone(), ty: self.plan.column(field.column).ty.clone() });
        Rows { schema: Schema { fields: fields.collect() }, shape: row.shape, known: row.known }
    }

    fn meaning(&self, value: &Value<'a>) -> Option<Meaning> {
        let type_of = |id: &ExprId| Some(self.ty(*id).clone()).filter(|ty| !ty.is_unknown());
        match value {
            Value::Unknown => None,
            Value::Expr(id) => type_of(id).map(Meaning::Value),
            Value::Record(_) => Some(Meaning::Value(self.type_of(value))),
            Value::Stream(stream) => Some(Meaning::Rows(self.rows(&stream.row))),
            Value::List(items) => {
                let item = items.first().map_or(Type::UNKNOWN, |first| self.type_of(first));
                Some(Meaning::Value(Type::of(Kind::List(Arc::new(item)))))
            }
            Value::Range(range) => {
                let ty = type_of(&range.start.or(range.end)?)?;
                Some(Meaning::Rows(Rows::of_values(ty)))
            }
            Value::Lambda(_) => Some(Meaning::Function),
        }
    }
}
