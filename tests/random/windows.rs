//! Random windows: functions of all kinds, with all kinds of frames, by keys and over sorted rows.

use super::expressions::Made;
use super::program::{Column, Kind, Maker, Shape, Ty};

/// What of windows is to be drawn often enough.
pub const FORMS: [&str; 13] = [
    "lag",
    "lead",
    "row_number",
    "rank",
    "dense_rank",
    "session",
    "reducer over a group",
    "frame by rows",
    "running frame",
    "frame by a range",
    "full frame",
    "window by keys",
    "window over sorted rows",
];

impl Maker<'_> {
    /// A window, behind a sort if it wants one.
    pub fn window(&mut self, shape: Shape) -> String {
        let on = self.draw.chance(40).then(|| self.leaf_of_row());
        let mut after = self.row.clone();
        if shape == Shape::Values {
            after[0].name = "value".into();
        }
        let mut parts: Vec<(String, String)> = Vec::new();
        for _ in 0..self.draw.weighted(&[(3, 1), (3, 2), (2, 3)]) {
            let Some(made) = self.window_value(on.as_ref()) else { continue };
            let redefine = shape == Shape::Table && self.draw.chance(20);
            let name = if redefine { self.draw.pick(&self.row).name.clone() } else { self.fresh("w") };
            if parts.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let column = Column { name: name.clone(), ty: Ty { kind: made.kind, nullable: made.nullable } };
            match after.iter_mut().find(|column| column.name == name) {
                Some(old) if made.kind.is_plain() => *old = column,
                Some(_) => continue,
                None => after.push(column),
            }
            parts.push((name, made.text));
        }
        if parts.is_empty() {
            let name = self.fresh("w");
            after.push(Column { name: name.clone(), ty: Ty { kind: Kind::Int, nullable: false } });
            parts.push((name, "row_number()".into()));
        }
        let by = if self.draw.chance(60) {
            self.saw("form window by keys");
            self.by()
        } else {
            String::new()
        };
        self.row = after;
        let parts: Vec<String> = parts.iter().map(|(name, text)| format!("{name} = {text}")).collect();
        let window = format!("window {}{by}", parts.join(", "));
        match on {
            None => window,
            Some(on) if self.wild && self.draw.chance(8) => format!("{window} on {}", on.text),
            Some(on) => {
                self.saw("form window over sorted rows");
                format!("sort {} | {window} on {}", on.text, on.text)
            }
        }
    }

    /// A function of a window, or an expression around it.
    fn window_value(&mut self, on: Option<&Made>) -> Option<Made> {
        let made = self.window_call(on)?;
        if !made.kind.is_numeric() || !self.draw.chance(25) {
            return Some(made);
        }
        // Beside it the columns of the row may be named.
        let kind = if self.draw.chance(50) { Kind::Int } else { Kind::Float };
        let column = self.leaf(kind);
        let nullable = made.nullable || column.nullable;
        Some(Made { text: format!("{} / {}", column.at_level(7), made.text), level: 7, kind: Kind::Float, nullable })
    }

    fn window_call(&mut self, on: Option<&Made>) -> Option<Made> {
        let timed = u64::from(on.is_some_and(|on| has_distance(on.kind)));
        let name = self.draw.weighted(&[
            (3, "lag"),
            (2, "lead"),
            (2, "row_number"),
            (2, "rank"),
            (2, "dense_rank"),
            (5 * timed, "session"),
            (9 + 6 * timed, "reducer"),
        ]);
        if name == "reducer" {
            return self.framed_reducer(on.filter(|on| has_distance(on.kind)));
        }
        self.saw(format!("form {name}"));
        let made = |text, kind, nullable| Some(Made { text, level: 10, kind, nullable });
        match (name, on) {
            ("lag" | "lead", _) => {
                let kind = self.column_kind();
                let value = if self.draw.chance(70) { self.argument_of_row() } else { self.expression(kind, 2) };
                let distance = *self.draw.pick(&["", "", ", n: 2", ", n: 0", ", 5", ", n: 1000"]);
                made(format!("{name}({}{distance})", value.text), value.kind, true)
            }
            ("row_number", _) => made("row_number()".into(), Kind::Int, false),
            ("session", Some(on)) => {
                let (gap, _) = self.distances(on.kind);
                made(format!("session({}, gap: {gap})", on.text), Kind::Int, on.nullable)
            }
            _ => {
                let mut keys = Vec::new();
                for _ in 0..self.draw.weighted(&[(3, 1), (1, 2)]) {
                    let key = self.leaf_of_row();
                    keys.push(if self.draw.chance(50) { format!("-{}", key.text) } else { key.text });
                }
                made(format!("{name}({})", keys.join(", ")), Kind::Int, false)
            }
        }
    }

    /// A reducer, mostly over a frame; a range is of `on`.
    fn framed_reducer(&mut self, on: Option<&Made>) -> Option<Made> {
        let frame = match (self.draw.below(10), on) {
            (0..3, _) => {
                self.saw("form reducer over a group");
                return self.reducer_call();
            }
            (3..5, _) | (5..7, None) => self.rows_frame(),
            (_, None) => {
                self.saw("form running frame");
                (*self.draw.pick(&["rows: ..0", "rows: ..-1", "rows: 0..", "rows: 1.."])).to_string()
            }
            (_, Some(on)) => self.range_frame(on.kind),
        };
        let mut options = vec![frame];
        let full = self.draw.chance(25);
        if full {
            self.saw("form full frame");
            options.push("full: true".into());
        }
        let made = self.reducer_call_with(&options)?;
        Some(Made { nullable: made.nullable || full, ..made })
    }

    fn range_frame(&mut self, kind: Kind) -> String {
        self.saw("form frame by a range");
        let (near, far) = self.distances(kind);
        let back = if near.starts_with('0') { near.to_string() } else { format!("-{near}") };
        match self.draw.below(5) {
            0 => format!("range: ..{near}"),
            1 => format!("range: {back}.."),
            2 => format!("range: {near}..{far}"),
            _ => format!("range: {back}..{far}"),
        }
    }

    fn rows_frame(&mut self) -> String {
        self.saw("form frame by rows");
        let start = self.draw.between(-6, 3);
        let end = start + self.draw.between(0, 5);
        format!("rows: {start}..{end}")
    }

    /// A small distance between values of a kind, and a greater one.
    fn distances(&mut self, kind: Kind) -> (&'static str, &'static str) {
        *match kind {
            Kind::Int => self.draw.pick(&[("0", "1"), ("2", "10"), ("3", "9223372036854775807")]),
            Kind::Float => self.draw.pick(&[("0.5", "1.0"), ("0.0", "3"), ("2", "1e300")]),
            _ => self.draw.pick(&[("1h", "3d"), ("0s", "1d"), ("30d", "4000d")]),
        }
    }
}

/// Whether there is a distance between values of a kind.
fn has_distance(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Float | Kind::Date | Kind::DateTime | Kind::Duration)
}
