//! Random stages that give rows of another shape, or some of them by chance: `pivot`, `nest`, `describe`, `sample`.

use super::program::{Column, Kind, Maker, Shape, Ty};

impl Maker<'_> {
    /// `pivot` by the values of a condition or of a remainder.
    pub fn pivot(&mut self, shape: Shape) -> String {
        let (key, values): (String, &[&str]) = match self.draw.chance(50) {
            true => (self.expression(Kind::Bool, 2).text, &["true", "false"]),
            false => (format!("{} % 3", self.leaf(Kind::Int).at_level(7)), &["0", "2"]),
        };
        let by = self.group_key(shape);
        let mut columns: Vec<Column> = by.iter().map(|(_, column)| column.clone()).collect();
        let mut results = Vec::new();
        for _ in 0..2 {
            let name = self.fresh("m");
            let made = self.reducer_call();
            let (text, ty) = match made {
                Some(made) => (made.text, Ty { kind: made.kind, nullable: true }),
                None => ("count()".into(), Ty { kind: Kind::Int, nullable: true }),
            };
            results.push(format!("{name} = {text}"));
            columns.extend(values.iter().map(|value| Column { name: format!("{name}_{value}"), ty }));
        }
        // Something that may be a key.
        let count = self.fresh("m");
        results.push(format!("{count} = count()"));
        let ty = Ty { kind: Kind::Int, nullable: false };
        columns.extend(values.iter().map(|value| Column { name: format!("{count}_{value}"), ty }));
        self.row = columns;
        let by = by.map_or(String::new(), |(text, _)| format!(" by {text}"));
        format!("pivot {}, key: {key}, values: [{}]{by}", results.join(", "), values.join(", "))
    }

    /// `nest`, and how many rows each group has.
    pub fn nest(&mut self, shape: Shape) -> String {
        let key = self.fresh("key");
        let (text, column) = match self.group_key(shape) {
            Some(key) => key,
            None => (format!("{key} = 1"), Column { name: key, ty: Ty { kind: Kind::Int, nullable: false } }),
        };
        let count = self.fresh("m");
        let selected = format!("{}, {count} = nested.len()", column.name);
        self.row = vec![column, Column { name: count, ty: Ty { kind: Kind::Int, nullable: false } }];
        format!("nest name: \"nested\" by {text} | select {selected}")
    }

    /// `describe`
    pub fn describe(&mut self) -> String {
        let column = |name: &str, kind, nullable| Column { name: name.into(), ty: Ty { kind, nullable } };
        self.row = vec![
            column("column", Kind::String, false),
            column("count", Kind::Int, false),
            column("nulls", Kind::Int, false),
            column("distinct", Kind::Int, false),
            column("min", Kind::String, true),
            column("max", Kind::String, true),
            column("mean", Kind::Float, true),
            column("stddev", Kind::Float, true),
        ];
        "describe | drop type".into()
    }

    /// `sample`
    pub fn sample(&mut self) -> String {
        let amount = *self.draw.pick(&["n: 0", "n: 2", "n: 7", "fraction: 0.3", "fraction: 0.9", "fraction: 1"]);
        let by = if self.draw.chance(40) { self.by() } else { String::new() };
        format!("sample {amount}, seed: {}{by}", self.draw.between(-3, 3))
    }

    /// A key behind a `by`, or none: its text, and the column that it becomes.
    fn group_key(&mut self, shape: Shape) -> Option<(String, Column)> {
        if self.draw.chance(25) {
            return None;
        }
        if shape == Shape::Table && self.draw.chance(70) {
            let made = self.leaf_of_row();
            let ty = Ty { kind: made.kind, nullable: made.nullable };
            return Some((made.text.clone(), Column { name: made.text, ty }));
        }
        let name = self.fresh("key");
        let kind = *self.draw.pick(&[Kind::Int, Kind::Bool, Kind::String]);
        let made = self.expression(kind, 2);
        let ty = Ty { kind: made.kind, nullable: made.nullable };
        Some((format!("{name} = {}", made.text), Column { name, ty }))
    }
}
