//! Random stages that take the rows of another stream: joins of all kinds, unions, and `x in (t | select k)`.

use super::expressions::Made;
use super::program::{Column, Kind, Maker, Shape, Stream, Ty};

/// What of them is to be drawn often enough.
pub const FORMS: [&str; 11] = [
    "column shared by both sides",
    "named right row",
    "several conditions",
    "order beside equality",
    "stages on the right side",
    "unique",
    "within",
    "in over a stream",
    "in over a stream in where:",
    "union of several",
    "union with fill",
];

/// A table to join: its text, in parentheses, and its columns.
struct Right {
    text: String,
    columns: Vec<Column>,
}

/// A condition of `on`. A shared column is named by its place in the left row.
struct Condition {
    text: String,
    shared: Option<usize>,
}

impl Maker<'_> {
    /// A join of that kind; the rows are a table behind it.
    pub fn join(&mut self, name: &str, shape: Shape) -> String {
        let most = if name == "cross_join" { 4 } else { *self.draw.pick(&[3, 12, 12, 40]) };
        let mut right = self.right(most);
        let mut conditions = Vec::new();
        if name != "cross_join" {
            conditions = self.conditions(name, shape, &mut right);
        }
        let mut texts: Vec<String> = conditions.iter().map(|condition| condition.text.clone()).collect();
        if name == "asof_join" {
            texts.push(self.time_condition(&right));
        } else if name != "cross_join" && self.draw.chance(if self.wild { 15 } else { 4 }) {
            self.saw("form unique");
            texts.push("unique: true".into());
        }
        if shape == Shape::Values {
            self.row[0].name = "value".into();
        }
        let given = (!matches!(name, "semi_join" | "anti_join") && self.draw.chance(25)).then(|| self.fresh("j"));
        let shared: Vec<usize> = conditions.iter().filter_map(|condition| condition.shared).collect();
        let behind = self.behind_join(name, &right, &shared, given.as_deref());
        let table = given.map_or(right.text.clone(), |given| format!("{given} = {}", right.text));
        let on = if texts.is_empty() { String::new() } else { format!(" on {}", texts.join(", ")) };
        format!("{name} {table}{on}{behind}")
    }

    /// The row behind a join, and the stages that take a named right row apart.
    fn behind_join(&mut self, name: &str, right: &Right, shared: &[usize], given: Option<&str>) -> String {
        if matches!(name, "semi_join" | "anti_join") {
            return String::new();
        }
        let either = matches!(name, "left_join" | "full_join" | "asof_join");
        let left = self.row.clone();
        if name == "full_join" {
            self.row.iter_mut().for_each(|column| column.ty.nullable = true);
        }
        let mut parts = Vec::new();
        for column in &right.columns {
            let at = left.iter().position(|other| other.name == column.name).filter(|at| shared.contains(at));
            let ty = Ty { nullable: column.ty.nullable || either, ..column.ty };
            match (given, at) {
                (Some(given), _) => {
                    let new = self.fresh("j");
                    let safe = if either { "?" } else { "" };
                    parts.push(format!("{new} = {given}{safe}.{}", column.name));
                    self.row.push(Column { name: new, ty });
                }
                (None, Some(at)) if name == "full_join" => {
                    self.row[at].ty.nullable = left[at].ty.nullable || column.ty.nullable;
                }
                (None, Some(_)) => {}
                (None, None) => self.row.push(Column { name: column.name.clone(), ty }),
            }
        }
        match given {
            Some(given) => {
                self.saw("form named right row");
                format!(" | derive {} | drop {given}", parts.join(", "))
            }
            None => String::new(),
        }
    }

    /// A table of at most so many rows, whose columns have names that the row does not have.
    fn right(&mut self, most: usize) -> Right {
        let left = std::mem::take(&mut self.row);
        let (mut text, shape) = self.other_rows(most);
        // The column of single values is then called `value`.
        let is_other = |column: &Column| column.name != "value" && left.iter().all(|other| other.name != column.name);
        if shape == Shape::Table && self.row.iter().all(is_other) {
            let columns = std::mem::replace(&mut self.row, left);
            return Right { text: format!("({text})"), columns };
        }
        let (mut parts, mut columns) = (Vec::new(), Vec::new());
        for column in self.row.clone() {
            let name = self.fresh("j");
            parts.push((name.clone(), column.name));
            columns.push(Column { name, ty: column.ty });
        }
        let pairs = |middle: &str| -> String {
            parts.iter().map(|(new, old)| format!("{new}{middle}{old}")).collect::<Vec<_>>().join(", ")
        };
        match shape {
            Shape::Table => text += &format!(" | select {}", pairs(" = ")),
            Shape::Values | Shape::Scalar => text += &format!(" | map {{{}}}", pairs(": ")),
        }
        self.row = left;
        Right { text: format!("({text})"), columns }
    }

    /// Another stream with some stages; `self.row` becomes its row.
    fn other_rows(&mut self, most: usize) -> (String, Shape) {
        let Stream { mut text, columns, mut shape, .. } = self.other_stream();
        self.row = columns;
        let count = self.draw.between(1, most as i64);
        let is_cut_first = self.draw.chance(60);
        if is_cut_first {
            text += &format!(" | take {count}");
        }
        for _ in 0..self.draw.weighted(&[(4, 0), (4, 1), (2, 2)]) {
            self.saw("form stages on the right side");
            let name = self.draw.weighted(&[
                (6, "filter"),
                (6, "derive"),
                (2, "select"),
                (2, "map"),
                (3, "aggregate"),
                (2, "window"),
                (4, "sort"),
                (3, "skip"),
                (2, "distinct"),
                (1, "take_while"),
                (1, "scan"),
            ]);
            let (stage, new_shape) = self.stage_named(name, shape);
            text += &format!(" | {stage}");
            shape = new_shape;
        }
        if !is_cut_first {
            text += &format!(" | take {count}");
        }
        (text, shape)
    }

    fn conditions(&mut self, name: &str, shape: Shape, right: &mut Right) -> Vec<Condition> {
        let mut conditions = Vec::new();
        let count = match name {
            "asof_join" => self.draw.weighted(&[(3, 0), (3, 1), (1, 2)]),
            _ => self.draw.weighted(&[(5, 1), (2, 2)]),
        };
        for at in 0..count {
            if at > 0 {
                self.saw("form several conditions");
            }
            let shared = if shape == Shape::Table && at == 0 { self.shared(name, right) } else { None };
            conditions.push(match shared {
                Some(shared) => Condition { text: self.row[shared].name.clone(), shared: Some(shared) },
                None => Condition { text: self.condition("==", right), shared: None },
            });
        }
        if name != "asof_join" && self.draw.chance(25) {
            self.saw("form order beside equality");
            let op = *self.draw.pick(&["<", "<=", ">", ">=", "!="]);
            let text = self.condition(op, right);
            conditions.push(Condition { text, shared: None });
        }
        conditions
    }

    /// A column of both sides: one on the right is given the name of one on the left.
    fn shared(&mut self, name: &str, right: &mut Right) -> Option<usize> {
        if !self.draw.chance(40) {
            return None;
        }
        let fits = |left: &Column, right: &Column| {
            let kinds = [left.ty.kind, right.ty.kind];
            kinds[0].is_plain() && (kinds[0] == kinds[1] || name != "full_join" && kinds.iter().all(|k| k.is_numeric()))
        };
        let pairs: Vec<(usize, usize)> = (0..self.row.len())
            .flat_map(|left| (0..right.columns.len()).map(move |right| (left, right)))
            .filter(|(left, at)| fits(&self.row[*left], &right.columns[*at]))
            .collect();
        let (left, at) = *pairs.get(self.draw.below(pairs.len()))?;
        self.saw("form column shared by both sides");
        let (new, old) = (self.row[left].name.clone(), std::mem::take(&mut right.columns[at].name));
        right.columns[at].name = new.clone();
        right.text = format!("{} | rename {new} = {old})", right.text.strip_suffix(')')?);
        Some(left)
    }

    /// `a == b`, the one of the left row, the other of the right one.
    fn condition(&mut self, op: &str, right: &Right) -> String {
        let left = self.key(None);
        let other = *self.draw.pick(&[Kind::Int, Kind::Float]);
        let kind = if left.kind.is_numeric() && self.draw.chance(20) { other } else { left.kind };
        let row = std::mem::replace(&mut self.row, right.columns.clone());
        let other = self.key(Some(kind));
        self.row = row;
        format!("{} {op} {}", left.at_level(6), other.at_level(6))
    }

    /// A key, mostly a column; of any kind, or of that one.
    fn key(&mut self, kind: Option<Kind>) -> Made {
        let fits = |column: &&Column| column.ty.kind.is_plain() && kind.is_none_or(|kind| column.ty.kind == kind);
        let columns: Vec<Column> = self.row.iter().filter(fits).cloned().collect();
        if !columns.is_empty() && self.draw.chance(80) {
            let column = self.draw.pick(&columns).clone();
            return Made { text: column.name, level: 10, kind: column.ty.kind, nullable: column.ty.nullable };
        }
        let kind = kind.unwrap_or_else(|| self.some_kind());
        if kind == Kind::Int && self.wild && self.draw.chance(50) {
            let by = self.leaf(Kind::Int);
            return self.division(&by);
        }
        self.expression(kind, 2)
    }

    /// `time >= other` of an `asof_join`, and perhaps how much earlier the right row may be.
    fn time_condition(&mut self, right: &Right) -> String {
        let has_order = |column: &&Column| !matches!(column.ty.kind, Kind::Bool | Kind::String);
        let plain = |column: &&Column| column.ty.kind.is_plain();
        let times: Vec<Column> = self.row.iter().filter(plain).filter(has_order).cloned().collect();
        let kind = if times.is_empty() { Kind::Int } else { self.draw.pick(&times).ty.kind };
        let left = self.key(Some(kind));
        let row = std::mem::replace(&mut self.row, right.columns.clone());
        let other = self.key(Some(kind));
        self.row = row;
        let within = match kind {
            _ if self.draw.chance(60) => "",
            Kind::Int => ", within: 4",
            Kind::Float => ", within: 2.5",
            Kind::Date => ", within: 30d",
            _ => ", within: 3h",
        };
        if !within.is_empty() {
            self.saw("form within");
        }
        format!("{} >= {}{within}", left.at_level(6), other.at_level(6))
    }

    /// `x in (t | select k)`, which may stand where the expression of a stage is not inside something else.
    pub fn in_stream(&mut self) -> Made {
        self.saw("form in over a stream");
        let x = self.key(None);
        let left = std::mem::take(&mut self.row);
        self.is_behind_in = true;
        let (text, _) = self.other_rows(30);
        self.is_behind_in = false;
        let key = self.key(Some(x.kind));
        self.row = left;
        let (op, name) = (*self.draw.pick(&["in", "in", "not in"]), self.fresh("j"));
        let text = format!("{} {op} ({text} | select {name} = {})", x.at_level(6), key.text);
        Made { text, level: 3, kind: Kind::Bool, nullable: false }
    }

    /// A condition with `x in (t | select k)` in it.
    pub fn condition_in_stream(&mut self) -> Made {
        let made = self.in_stream();
        let other = self.expression(Kind::Bool, 1);
        let (text, level) = match self.draw.below(8) {
            0 => (format!("{} and {}", other.at_level(1), made.text), 1),
            1 => (format!("{} and {}", made.text, other.at_level(2)), 1),
            2 => (format!("{} or {}", other.at_level(0), made.text), 0),
            3 => (format!("not ({})", made.text), 2),
            4 => {
                let second = self.in_stream();
                (format!("{} or {}", made.text, second.text), 0)
            }
            _ => return made,
        };
        Made { text, level, kind: Kind::Bool, nullable: false }
    }

    /// `union`: the rows of one or two other streams, made to fit.
    pub fn union(&mut self, shape: Shape) -> String {
        let (nested, plain): (Vec<Column>, Vec<Column>) =
            self.row.drain(..).partition(|column| !column.ty.kind.is_plain());
        self.row = plain;
        // Lists and records are the same only with all their parts.
        let names: Vec<String> = nested.into_iter().map(|column| column.name).collect();
        let before = if names.is_empty() { String::new() } else { format!("drop {} | ", names.join(", ")) };
        let count = self.draw.weighted(&[(3, 1), (1, 2)]);
        if count > 1 {
            self.saw("form union of several");
        }
        let fill = shape == Shape::Table && self.draw.chance(25);
        let mut branches = Vec::new();
        for _ in 0..count {
            branches.push(if shape == Shape::Table { self.branch(fill) } else { self.branch_of_values() });
        }
        let fill = if fill { ", fill: true" } else { "" };
        format!("{before}union {}{fill}", branches.join(", "))
    }

    /// A branch of a union of single values.
    fn branch_of_values(&mut self) -> String {
        let mut values = std::mem::take(&mut self.row);
        let (text, _) = self.other_rows(60);
        let made = self.key(Some(values[0].ty.kind));
        values[0].ty.nullable |= made.nullable;
        self.row = values;
        format!("({text} | map {})", made.text)
    }

    /// A branch of a union: the columns in some order; to be filled, one more and perhaps one less.
    fn branch(&mut self, fill: bool) -> String {
        let mut wanted = std::mem::take(&mut self.row);
        let (text, _) = self.other_rows(60);
        let start = self.draw.below(wanted.len());
        let mut parts = Vec::new();
        let count = wanted.len();
        for at in 0..count {
            let column = &mut wanted[(at + start) % count];
            if fill && !parts.is_empty() && self.draw.chance(40) {
                column.ty.nullable = true;
                continue;
            }
            let mixed = column.ty.kind.is_numeric() && self.draw.chance(15);
            let made = self.key(Some(if mixed { Kind::Float } else { column.ty.kind }));
            column.ty = Ty { kind: made.kind, nullable: column.ty.nullable || made.nullable };
            parts.push(format!("{} = {}", column.name, made.text));
        }
        if fill {
            self.saw("form union with fill");
            let (name, kind) = (self.fresh("j"), self.some_kind());
            let made = self.key(Some(kind));
            parts.push(format!("{name} = {}", made.text));
            wanted.push(Column { name, ty: Ty { kind, nullable: true } });
        }
        self.row = wanted;
        format!("({text} | select {})", parts.join(", "))
    }
}
