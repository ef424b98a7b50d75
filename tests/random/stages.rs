//! Random stages over the row that a program has come to.

use super::expressions::Made;
use super::program::{Column, Kind, Maker, Shape, Ty};

impl Maker<'_> {
    /// A stage and the shape of its rows; `self.row` becomes its columns.
    pub fn stage(&mut self, shape: Shape) -> (String, Shape) {
        let table = u64::from(shape == Shape::Table);
        let name: &str = self.draw.weighted(&[
            (7, "filter"),
            (6, "derive"),
            (3, "select"),
            (table, "drop"),
            (table, "rename"),
            (2, "map"),
            (4, "aggregate"),
            (3, "window"),
            (4, "sort"),
            (3, "take"),
            (2, "skip"),
            (1, "distinct"),
            (1, "assert"),
            (1, "tee"),
            (1, "take_while"),
            (1, "skip_while"),
            (2, "scan"),
            (table, "user's"),
            (4, "join"),
            (2, "left_join"),
            (2, "full_join"),
            (1, "semi_join"),
            (1, "anti_join"),
            (2, "asof_join"),
            (1, "cross_join"),
            (4, "union"),
            (2, "explode"),
            (1, "flat_map"),
            (2 * table, "unpivot"),
            (3, "parse"),
            (1, "pivot"),
            (1, "nest"),
            (1, "describe"),
            (1, "sample"),
        ]);
        if name == "user's" {
            return (self.user_stage(), shape);
        }
        let grows =
            matches!(name, "join" | "left_join" | "full_join" | "cross_join" | "explode" | "flat_map" | "unpivot")
                || name == "union";
        self.growth += usize::from(grows);
        let (stage, shape) = self.stage_named(name, shape);
        if grows && self.growth > 1 {
            // Rows that grow again and again would take too long.
            return (format!("take {} | {stage}", self.draw.between(5, 60)), shape);
        }
        (stage, shape)
    }

    /// A stage of that name.
    pub fn stage_named(&mut self, name: &str, shape: Shape) -> (String, Shape) {
        self.saw(format!("stage {name}"));
        match name {
            "filter" => (self.filter(), shape),
            "derive" => (self.derive(shape), Shape::Table),
            "select" => (self.select(shape), Shape::Table),
            "drop" => (self.drop_column(), Shape::Table),
            "rename" => (self.rename(), Shape::Table),
            "map" => self.map(shape),
            "aggregate" => (self.aggregate(shape), Shape::Table),
            "window" => (self.window(shape), Shape::Table),
            "sort" => (self.sort(shape), shape),
            "take_while" | "skip_while" => (self.while_stage(name), shape),
            "scan" => self.scan(shape),
            "distinct" => (self.distinct(), shape),
            "join" | "left_join" | "full_join" | "semi_join" | "anti_join" | "asof_join" | "cross_join" => {
                (self.join(name, shape), Shape::Table)
            }
            "union" => (self.union(shape), shape),
            "explode" => (self.explode(shape), Shape::Table),
            "flat_map" => self.flat_map(),
            "unpivot" => (self.unpivot(), Shape::Table),
            "parse" => (self.parse(shape), Shape::Table),
            "pivot" => (self.pivot(shape), Shape::Table),
            "nest" => (self.nest(shape), Shape::Table),
            "describe" => (self.describe(), Shape::Table),
            "sample" => (self.sample(), shape),
            "assert" => (self.assert(), shape),
            "tee" => ("tee \"/dev/null\", format: \"csv\"".to_string(), shape),
            "take" => (self.slice("take", &[(1, 0), (2, 1), (4, 5), (4, 13), (2, 100)]), shape),
            _ => (self.slice("skip", &[(1, 0), (4, 1), (3, 4), (1, 50)]), shape),
        }
    }

    fn filter(&mut self) -> String {
        if self.draw.chance(20) {
            let at = self.draw.below(self.row.len());
            let column = &mut self.row[at];
            column.ty.nullable = false;
            let name = column.name.clone();
            self.saw("form narrowing");
            return format!("filter {name} != null");
        }
        if self.draw.chance(25) {
            return format!("filter {}", self.plain_comparison().text);
        }
        if self.wild && self.draw.chance(15) {
            return format!("filter {}", self.guarded_division().text);
        }
        if !self.is_behind_in && self.draw.chance(12) {
            return format!("filter {}", self.condition_in_stream().text);
        }
        // Most filters let most rows through.
        let made = self.expression(Kind::Bool, 3);
        if self.draw.chance(30) {
            let more = self.expression(Kind::Bool, 1);
            self.saw("operator or");
            return format!("filter {} or {}", made.at_level(0), more.at_level(1));
        }
        format!("filter {}", made.text)
    }

    /// The kind of a new column.
    pub fn column_kind(&mut self) -> Kind {
        if self.draw.chance(20) { *self.draw.pick(&Kind::NESTED) } else { self.some_kind() }
    }

    /// A plain kind that is often one that there is.
    pub fn some_kind(&mut self) -> Kind {
        if self.draw.chance(60) {
            let kinds: Vec<Kind> =
                self.row.iter().map(|column| column.ty.kind).filter(|kind| kind.is_plain()).collect();
            *self.draw.pick(&kinds)
        } else {
            self.draw.weighted(&[
                (5, Kind::Int),
                (4, Kind::Float),
                (3, Kind::Bool),
                (2, Kind::String),
                (1, Kind::Date),
                (1, Kind::DateTime),
                (1, Kind::Duration),
            ])
        }
    }

    fn new_name(&mut self) -> String {
        loop {
            let name = format!("n{}", self.draw.below(12));
            if self.row.iter().all(|column| column.name != name) {
                return name;
            }
        }
    }

    fn column_of(name: String, made: &Made) -> Column {
        Column { name, ty: Ty { kind: made.kind, nullable: made.nullable } }
    }

    fn derive(&mut self, shape: Shape) -> String {
        let count = self.draw.weighted(&[(4, 1), (2, 2)]);
        let mut after = self.row.clone();
        if shape == Shape::Values {
            after[0].name = "value".into();
        }
        let mut parts: Vec<(String, String)> = Vec::new();
        for _ in 0..count {
            let redefine = shape == Shape::Table && self.draw.chance(25);
            let name = if redefine { self.draw.pick(&self.row).name.clone() } else { self.new_name() };
            if parts.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let made = if !self.is_behind_in && self.draw.chance(6) {
                self.condition_in_stream()
            } else {
                let kind = if redefine { self.some_kind() } else { self.column_kind() };
                self.expression(kind, 3)
            };
            let column = Self::column_of(name.clone(), &made);
            match after.iter_mut().find(|column| column.name == name) {
                Some(old) => {
                    self.saw("form redefinition");
                    *old = column;
                }
                None => after.push(column),
            }
            parts.push((name, made.text));
        }
        self.row = after;
        let parts: Vec<String> = parts.iter().map(|(name, text)| format!("{name} = {text}")).collect();
        format!("derive {}", parts.join(", "))
    }

    fn select(&mut self, shape: Shape) -> String {
        let mut after: Vec<Column> = Vec::new();
        let mut parts = Vec::new();
        let keep = if shape == Shape::Values { 0 } else { self.draw.below(self.row.len()) + 1 };
        for column in self.row.clone().into_iter().cycle().skip(self.draw.below(4)).take(keep) {
            parts.push(column.name.clone());
            after.push(column);
        }
        let is_bare = !has_plain(&after);
        let computed = self.draw.weighted(&[(2, 0), (2, 1), (1, 2)]).max(usize::from(is_bare));
        for at in 0..computed {
            let (name, kind) =
                (self.new_name(), if is_bare && at == 0 { self.some_kind() } else { self.column_kind() });
            if after.iter().any(|column| column.name == name) {
                continue;
            }
            let made = self.expression(kind, 2);
            after.push(Self::column_of(name.clone(), &made));
            parts.push(format!("{name} = {}", made.text));
        }
        self.row = after;
        format!("select {}", parts.join(", "))
    }

    fn drop_column(&mut self) -> String {
        let at = self.draw.below(self.row.len());
        let others = [&self.row[..at], &self.row[at + 1..]].concat();
        if !has_plain(&others) {
            return self.derive(Shape::Table);
        }
        format!("drop {}", self.row.remove(at).name)
    }

    fn rename(&mut self) -> String {
        let name = self.new_name();
        let at = self.draw.below(self.row.len());
        let old = std::mem::replace(&mut self.row[at].name, name.clone());
        format!("rename {name} = {old}")
    }

    fn map(&mut self, shape: Shape) -> (String, Shape) {
        if shape == Shape::Table && self.draw.chance(15) {
            let (name, kind) = (self.new_name(), self.column_kind());
            let made = self.expression(kind, 2);
            self.row.push(Self::column_of(name.clone(), &made));
            self.saw("form spread");
            return (format!("map {{...it, {name}: {}}}", made.text), Shape::Table);
        }
        if self.draw.chance(45) {
            let kinds = [self.some_kind(), self.some_kind()];
            let made = kinds.map(|kind| self.expression(kind, 2));
            let fields: Vec<String> =
                made.iter().zip(["x", "y"]).map(|(m, name)| format!("{name}: {}", m.text)).collect();
            self.row = made.iter().zip(["x", "y"]).map(|(made, name)| Self::column_of(name.into(), made)).collect();
            self.saw("form map to records");
            return (format!("map {{{}}}", fields.join(", ")), Shape::Table);
        }
        let kind = self.some_kind();
        let text = if self.draw.chance(40) {
            // A lambda: columns are reached through its parameter.
            let lambda = self.fresh("r");
            let row = self.row.clone();
            for column in &mut self.row {
                column.name = if shape == Shape::Values { lambda.clone() } else { format!("{lambda}.{}", column.name) };
            }
            let made = self.expression(kind, 2);
            self.row = row;
            self.saw("form lambda");
            (format!("map {lambda} => {}", made.text), made)
        } else {
            let made = self.expression(kind, 2);
            (format!("map {}", made.text), made)
        };
        self.row = vec![Self::column_of("it".into(), &text.1)];
        (text.0, Shape::Values)
    }

    fn sort(&mut self, shape: Shape) -> String {
        if shape == Shape::Values && self.draw.chance(30) {
            self.saw("form sort without a key");
            return "sort".into();
        }
        let mut keys = Vec::new();
        for _ in 0..self.draw.weighted(&[(4, 1), (2, 2), (1, 3)]) {
            let kind = self.some_kind();
            let made = match self.draw.below(100) {
                0..12 if self.wild => {
                    let by = self.leaf(Kind::Int);
                    self.division(&by)
                }
                0..60 => self.leaf_of_row(),
                _ => self.expression(kind, 2),
            };
            // A literal is no key.
            let is_literal = made.text.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '(')
                || matches!(&*made.text, "true" | "false" | "null");
            let made = if is_literal && made.level > 7 { self.leaf_of_row() } else { made };
            let made = Self::without_minus(made);
            keys.push(if self.draw.chance(45) {
                self.saw("form descending");
                format!("-{}", made.at_level(10))
            } else {
                made.text
            });
        }
        format!("sort {}", keys.join(", "))
    }

    /// The first and the last row, of all and nothing else.
    pub fn ends_of_rows(&mut self) -> String {
        self.saw("form aggregate that sees an order");
        let (column, first, last) = (self.leaf_of_row(), self.fresh("m"), self.fresh("m"));
        let ty = Ty { kind: column.kind, nullable: true };
        self.row = [&first, &last].map(|name| Column { name: name.clone(), ty }).to_vec();
        format!("aggregate {first} = first({0}), {last} = last({0})", column.text)
    }

    /// A column that may be a key.
    pub fn leaf_of_row(&mut self) -> Made {
        let plain: Vec<Column> = self.row.iter().filter(|column| column.ty.kind.is_plain()).cloned().collect();
        let column = self.draw.pick(&plain).clone();
        Made { text: column.name, level: 10, kind: column.ty.kind, nullable: column.ty.nullable }
    }

    fn aggregate(&mut self, shape: Shape) -> String {
        let mut keys: Vec<(String, Column)> = Vec::new();
        for _ in 0..self.draw.weighted(&[(2, 0), (4, 1), (2, 2)]) {
            let (text, column) = if shape == Shape::Table && self.draw.chance(65) {
                let name = self.leaf_of_row().text;
                let column = self.row.iter().find(|column| column.name == name).cloned();
                (name, column.expect("it is a column of the row"))
            } else {
                let (name, kind) = (self.fresh("key"), self.some_kind());
                let made = self.expression(kind, 2);
                (format!("{name} = {}", made.text), Self::column_of(name, &made))
            };
            if keys.iter().all(|(_, other)| other.name != column.name) {
                keys.push((text, column));
            }
        }
        let mut results = Vec::new();
        let mut columns: Vec<Column> = keys.iter().map(|(_, column)| column.clone()).collect();
        for _ in 0..self.draw.weighted(&[(3, 1), (3, 2), (1, 3)]) {
            let Some(made) = self.reducer_call() else { continue };
            let made = self.around_reducer(made);
            let name = self.fresh("m");
            results.push(format!("{name} = {}", made.text));
            columns.push(Self::column_of(name, &made));
        }
        if !self.is_behind_in && self.draw.chance(10) {
            self.saw("form in over a stream in where:");
            let (name, condition) = (self.fresh("m"), self.in_stream());
            results.push(format!("{name} = count(where: {})", condition.text));
            columns.push(Column { name, ty: Ty { kind: Kind::Int, nullable: false } });
        }
        if self.draw.chance(10) && columns.iter().all(|column| column.name != "count") {
            self.saw("form result without a name");
            self.saw("reducer count");
            results.push("count()".into());
            columns.push(Column { name: "count".into(), ty: Ty { kind: Kind::Int, nullable: false } });
        }
        if results.is_empty() || !has_plain(&columns) {
            let name = self.fresh("m");
            results.push(format!("{name} = count()"));
            columns.push(Column { name, ty: Ty { kind: Kind::Int, nullable: false } });
            self.saw("reducer count");
        }
        self.row = columns;
        if keys.is_empty() {
            self.saw("form aggregate of all rows");
            return format!("aggregate {}", results.join(", "));
        }
        self.saw("form by");
        let keys: Vec<String> = keys.into_iter().map(|(text, _)| text).collect();
        format!("aggregate {} by {}", results.join(", "), keys.join(", "))
    }
}

/// Whether there is a column that may be a key.
fn has_plain(columns: &[Column]) -> bool {
    columns.iter().any(|column| column.ty.kind.is_plain())
}
