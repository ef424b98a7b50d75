//! Random expressions through lists, records, maps and JSON: most are made and taken apart in one expression of a kind
//! that columns have; some are columns themselves.

use super::expressions::Made;
use super::program::{Column, Kind, Maker, Ty};

/// What must occur, beside what the catalog lists.
pub const FORMS: [&str; 23] = [
    "list literal",
    "column of a nested kind",
    "map of a list",
    "filter of a list",
    "scan of a list",
    "flat_map of a list",
    "fold of a list",
    "any or all of a list",
    "reducer of a list",
    "sort of a list by a key",
    "index",
    "index or null",
    "in a computed list",
    "field of a record",
    "field or null",
    "map by key",
    "json",
    "f-string",
    "match",
    "pipeline over a list",
    "lambda in a lambda",
    "recursion",
    "stage of a user's function",
];

/// A list with what is known of its items.
pub struct List {
    pub text: String,
    pub nullable: bool,
    pub item: Ty,
}

impl List {
    /// What a method or an index gives.
    fn with(&self, after: &str) -> String {
        format!("{}{after}", self.text)
    }
}

fn made(text: String, kind: Kind, nullable: bool) -> Made {
    Made { text, level: 10, kind, nullable }
}

/// A value of a constant of that kind that a fold may start with.
fn start(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "0",
        Kind::Float => "0.5",
        Kind::Bool => "false",
        Kind::String => "\"s\"",
        Kind::Date => "@2024-01-31",
        Kind::DateTime => "@2024-01-31T12:00:00Z",
        Kind::Duration => "3min",
        Kind::Ints | Kind::Floats | Kind::Texts => "[]",
        Kind::Record => "{f: 0, g: null}",
    }
}

impl Maker<'_> {
    fn saw_form(&mut self, form: &str) {
        self.saw(format!("form {form}"));
    }

    /// An expression of a plain kind that is taken out of something nested.
    pub fn taken_out(&mut self, kind: Kind, depth: usize) -> Made {
        if self.is_state_text && kind == Kind::String {
            return self.matched(kind, depth);
        }
        match (self.draw.below(100), kind) {
            (0..22, Kind::Bool) => self.test_of_a_list(depth),
            (0..22, Kind::Int) => self.length(depth),
            (0..40, Kind::String) => self.format_string(depth),
            (40..47, Kind::String) => self.joined(depth),
            (0..30, _) => self.item(kind, depth),
            (30..36, _) => self.folded(kind, depth),
            (36..42, _) => self.reduced(kind, depth),
            (42..56, _) => self.field(kind, depth),
            (56..64, _) => self.by_key(kind, depth),
            (64..72, Kind::Int | Kind::Float | Kind::Bool | Kind::String | Kind::Date) => {
                self.through_json(kind, depth)
            }
            (64..72, _) => self.item(kind, depth),
            _ => self.matched(kind, depth),
        }
    }

    /// A list or a record, as columns have them.
    pub fn nested_value(&mut self, kind: Kind, depth: usize) -> Made {
        match kind.item() {
            Some(item) => {
                let list = self.list(item, depth);
                made(list.text, kind, list.nullable)
            }
            None => self.record(depth),
        }
    }

    /// A constant list or record.
    pub fn nested_literal(&mut self, kind: Kind) -> String {
        match kind.item() {
            Some(item) => format!("[{}, {}]", self.literal(item).text, self.literal(item).text),
            None => format!("({{f: {}, g: {}}})", self.literal(Kind::Int).text, self.literal(Kind::String).text),
        }
    }

    /// `{f: a, g: b}`, or one that is like another.
    fn record(&mut self, depth: usize) -> Made {
        let part = *self.draw.pick(&[Kind::Int, Kind::String]);
        let (name, value) = (if part == Kind::Int { "f" } else { "g" }, self.expression(part, depth - 1));
        if self.draw.chance(30) {
            let other = self.leaf(Kind::Record);
            if !other.nullable {
                self.saw_form("spread of a record");
                return made(format!("({{...{}, {name}: {}}})", other.text, value.text), Kind::Record, false);
            }
        }
        let rest = if part == Kind::Int { Kind::String } else { Kind::Int };
        let other = self.expression(rest, depth - 1);
        let (f, g) = if part == Kind::Int { (value, other) } else { (other, value) };
        made(format!("({{f: {}, g: {}}})", f.text, g.text), Kind::Record, false)
    }

    /// Some expressions over the parameters of a lambda.
    fn with_names<T>(&mut self, names: &[(&str, Ty)], draw: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.row.clone();
        if self.is_in_lambda {
            self.saw_form("lambda in a lambda");
        }
        let outside = std::mem::replace(&mut self.is_in_lambda, true);
        // They are named as often as the columns together.
        for _ in 0..before.len().clamp(1, 4) {
            self.row.extend(names.iter().map(|(name, ty)| Column { name: (*name).into(), ty: *ty }));
        }
        let drawn = draw(self);
        (self.row, self.is_in_lambda) = (before, outside);
        drawn
    }

    /// A list of items of a kind.
    pub fn list(&mut self, kind: Kind, depth: usize) -> List {
        if depth == 0 || self.draw.chance(35) {
            return self.plain_list(kind, depth);
        }
        match self.draw.below(100) {
            0..18 => {
                self.saw_form("map of a list");
                let from = self.some_list(depth);
                let name = self.fresh("v");
                let body = self.with_names(&[(&name, from.item)], |maker| maker.expression(kind, depth - 1));
                let item = Ty { kind, nullable: body.nullable };
                List { text: from.with(&format!(".map({name} => {})", body.text)), nullable: from.nullable, item }
            }
            18..38 => {
                self.saw_form("filter of a list");
                let method = *self.draw.pick(&["filter", "filter", "take_while", "skip_while"]);
                let from = self.list(kind, depth - 1);
                let condition = self.condition_of_item(&from, depth);
                List { text: from.with(&format!(".{method}({condition})")), ..from }
            }
            38..48 => {
                self.saw_form("flat_map of a list");
                let from = self.some_list(depth);
                let name = self.fresh("v");
                let inner = self.with_names(&[(&name, from.item)], |maker| maker.plain_list(kind, depth - 1));
                let text = from.with(&format!(".flat_map({name} => {})", inner.text));
                // A list that is null among them makes no item.
                List { text, nullable: from.nullable || inner.nullable, item: inner.item }
            }
            48..58 => {
                self.saw_form("scan of a list");
                let from = self.some_list(depth);
                let states = self.states_of_list(&from, kind, depth);
                let item = Ty { kind, nullable: true };
                List { text: from.with(&format!(".scan({states})")), nullable: from.nullable, item }
            }
            58..80 => self.rearranged(kind, depth),
            80..90 if self.is_in_rows => self.pipeline_over_list(kind, depth),
            _ => {
                self.saw_form("list of records");
                let (a, b) = (self.expression(kind, depth - 1), self.expression(kind, depth - 1));
                let (name, item) = (self.fresh("v"), Ty { kind, nullable: a.nullable || b.nullable });
                let text = format!("[{{h: {}}}, {{h: {}}}].map({name} => {name}.h)", a.text, b.text);
                List { text, nullable: false, item }
            }
        }
    }

    /// A literal, or a column.
    fn plain_list(&mut self, kind: Kind, depth: usize) -> List {
        if kind == Kind::String
            && depth > 0
            && self.draw.chance(85)
            && let Some(call) = self.call_of_texts(depth)
        {
            return List { text: call.text, nullable: call.nullable, item: Ty { kind, nullable: false } };
        }
        if let Some(list_kind) = Kind::list_of(kind) {
            let columns: Vec<Column> = self.row.iter().filter(|column| column.ty.kind == list_kind).cloned().collect();
            if !columns.is_empty() && self.draw.chance(70) {
                let column = self.draw.pick(&columns).clone();
                self.saw_form("column of a nested kind");
                return List { text: column.name, nullable: column.ty.nullable, item: Ty { kind, nullable: true } };
            }
        }
        self.saw_form("list literal");
        let mut items: Vec<Made> = Vec::new();
        for _ in 0..self.draw.weighted(&[(2, 1), (3, 2), (2, 3)]) {
            items.push(if self.draw.chance(50) { self.leaf(kind) } else { self.expression(kind, depth.min(1)) });
        }
        let mut nullable = items.iter().any(|item| item.nullable);
        let mut texts: Vec<String> = items.into_iter().map(|item| item.text).collect();
        if self.draw.chance(12) {
            texts.push("null".into());
            nullable = true;
        }
        List { text: format!("[{}]", texts.join(", ")), nullable: false, item: Ty { kind, nullable } }
    }

    /// A list of items of any kind.
    fn some_list(&mut self, depth: usize) -> List {
        let kind = *self.draw.pick(&[Kind::Int, Kind::Int, Kind::Float, Kind::String, Kind::Bool, Kind::Date]);
        self.list(kind, depth - 1)
    }

    /// `v => condition`
    fn condition_of_item(&mut self, list: &List, depth: usize) -> String {
        self.function_of_item(list, Kind::Bool, depth)
    }

    /// `v => expression`
    fn function_of_item(&mut self, list: &List, kind: Kind, depth: usize) -> String {
        let name = self.fresh("v");
        let body = self.with_names(&[(&name, list.item)], |maker| maker.expression(kind, depth.min(2)));
        format!("{name} => {}", body.text)
    }

    /// A reducer over a list.
    fn reduced(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("reducer of a list");
        let list = self.some_list(depth);
        let function = |maker: &mut Self, kind| maker.function_of_item(&list, kind, depth);
        let number = *self.draw.pick(&[Kind::Int, Kind::Float]);
        let arguments = match (kind, self.draw.below(4)) {
            (Kind::Int, 0) => format!("sum({})", function(self, kind)),
            (Kind::Int, 1) => format!("count_distinct({})", function(self, kind)),
            (Kind::Int, 2) => format!("count(where: {})", function(self, Kind::Bool)),
            (Kind::Float, 0) => format!("quantile({}, 0.3)", function(self, number)),
            (Kind::Float, 1) => format!("corr({}, {})", function(self, number), function(self, number)),
            (Kind::Float, 2) => {
                format!("mean({}, weight: {})", function(self, number), function(self, number))
            }
            (Kind::String, 0) => format!("string_join({}, \"-\")", function(self, kind)),
            (_, 3) => format!("arg_max({}, {})", function(self, kind), function(self, number)),
            _ => {
                let reducer = *self.draw.pick(&["min", "max", "mode"]);
                format!("{reducer}({})", function(self, kind))
            }
        };
        made(list.with(&format!(".{arguments}")), kind, true)
    }

    /// `init, (s, v) => next`
    fn states_of_list(&mut self, list: &List, kind: Kind, depth: usize) -> String {
        let (state, name) = (self.fresh("v"), self.fresh("v"));
        let names = [(state.as_str(), Ty { kind, nullable: true }), (name.as_str(), list.item)];
        let next = self.with_names(&names, |maker| maker.expression(kind, depth.min(2)));
        format!("{}, ({state}, {name}) => {}", start(kind), next.text)
    }

    /// Functions from lists to lists.
    fn rearranged(&mut self, kind: Kind, depth: usize) -> List {
        let list = self.list(kind, depth - 1);
        if self.draw.chance(15) {
            self.saw_form("sort of a list by a key");
            let key = *self.draw.pick(&[Kind::Int, Kind::Float, Kind::String]);
            let function = self.function_of_item(&list, key, depth);
            return List { text: list.with(&format!(".sort({function})")), ..list };
        }
        let name = *self.draw.pick(&["reverse", "sort", "distinct", "take", "skip", "slice", "concat"]);
        self.saw(format!("function {name}"));
        let number = self.draw.below(3);
        match name {
            "take" | "skip" => List { text: list.with(&format!(".{name}({number})")), ..list },
            "slice" => {
                let from = self.draw.between(-2, 1);
                List { text: list.with(&format!(".slice({from}, {number})")), ..list }
            }
            "concat" => {
                let other = self.plain_list(kind, depth - 1);
                let item = Ty { kind, nullable: list.item.nullable || other.item.nullable };
                let text = list.with(&format!(".concat({})", other.text));
                List { text, nullable: list.nullable || other.nullable, item }
            }
            _ => List { text: list.with(&format!(".{name}()")), ..list },
        }
    }

    /// `(xs | filter it > 2 | map it + 1)`: sees its own row, and parameters of lambdas.
    fn pipeline_over_list(&mut self, kind: Kind, depth: usize) -> List {
        let bound = |name: &str| {
            let mut letters = name.chars();
            let first = letters.next();
            first == Some('v') && letters.all(|c| c.is_ascii_digit())
        };
        let of_row = |column: &&Column| column.ty.kind.is_plain();
        let columns: Vec<Column> = self.row.iter().filter(of_row).cloned().collect();
        let Some(column) = (!columns.is_empty()).then(|| self.draw.pick(&columns).clone()) else {
            return self.plain_list(kind, depth);
        };
        self.saw_form("pipeline over a list");
        let second = self.literal(column.ty.kind).text;
        let before = self.row.clone();
        self.row.retain(|column| bound(&column.name));
        let inside = |ty: Ty| Column { name: "it".into(), ty };
        let mut item = column.ty;
        self.row.extend(vec![inside(item); 3]);
        let mut stages = String::new();
        if self.draw.chance(60) {
            let stage = *self.draw.pick(&["filter", "take_while", "skip_while"]);
            stages += &format!(" | {stage} {}", self.expression(Kind::Bool, depth.min(2)).text);
        }
        if item.kind != kind || self.draw.chance(60) {
            let body = self.expression(kind, depth - 1);
            stages += &format!(" | map {}", body.text);
            item = Ty { kind, nullable: body.nullable };
        }
        if stages.is_empty() || self.draw.chance(20) {
            stages += *self.draw.pick(&[" | take 2", " | skip 1"]);
        }
        self.row = before;
        List { text: format!("([{}, {second}]{stages})", column.name), nullable: false, item }
    }

    /// `xs[i]`, `xs[i]?`, `first(xs)`
    fn item(&mut self, kind: Kind, depth: usize) -> Made {
        let list = self.list(kind, depth - 1);
        if self.draw.chance(25) {
            let name = *self.draw.pick(&["first", "last"]);
            return made(format!("{name}({})", list.text), kind, true);
        }
        let index = self.expression(Kind::Int, depth - 1);
        let nullable = list.nullable || list.item.nullable || index.nullable;
        if self.wild && self.draw.chance(30) {
            self.saw_form("index");
            return made(list.with(&format!("[{}]", index.text)), kind, nullable);
        }
        if list.text.starts_with('[') && list.text.ends_with(']') && self.draw.chance(30) {
            self.saw_form("index");
            return made(list.with("[0]"), kind, nullable);
        }
        self.saw_form("index or null");
        made(list.with(&format!("[{}]?", index.text)), kind, true)
    }

    fn folded(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("fold of a list");
        let list = self.some_list(depth);
        let states = self.states_of_list(&list, kind, depth);
        made(list.with(&format!(".fold({states})")), kind, true)
    }

    /// A question that a list answers.
    fn test_of_a_list(&mut self, depth: usize) -> Made {
        let list = self.some_list(depth);
        if self.draw.chance(60) {
            self.saw_form("any or all of a list");
            let (method, condition) = (*self.draw.pick(&["any", "all"]), self.condition_of_item(&list, depth));
            return made(list.with(&format!(".{method}({condition})")), Kind::Bool, true);
        }
        if self.draw.chance(20) {
            self.saw_form("lists that are equal");
            let other = self.plain_list(list.item.kind, depth - 1);
            return Made { level: 3, ..made(format!("{} == {}", list.text, other.text), Kind::Bool, false) };
        }
        self.saw_form("in a computed list");
        let x = self.expression(list.item.kind, depth - 1);
        let op = *self.draw.pick(&["in", "not in"]);
        Made { level: 3, ..made(format!("{} {op} {}", x.at_level(6), list.text), Kind::Bool, false) }
    }

    fn length(&mut self, depth: usize) -> Made {
        let list = self.some_list(depth);
        self.saw("function len");
        if self.draw.chance(20) {
            self.saw_form("json");
            return made(format!("len(to_json({}))", list.text), Kind::Int, true);
        }
        made(format!("len({})", list.text), Kind::Int, list.nullable)
    }

    fn joined(&mut self, depth: usize) -> Made {
        let (list, name) = (self.list(Kind::String, depth - 1), self.fresh("v"));
        self.saw("function join");
        let text = list.with(&format!(".map({name} => {name} ?? \"-\").join(\"+\")"));
        made(text, Kind::String, list.nullable)
    }

    /// `r.f`, `({f: a, g: b}).f`, `(if c { {f: a} } else { null })?.f`
    fn field(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("field of a record");
        let name = if kind == Kind::Int { "f" } else { "g" };
        if matches!(kind, Kind::Int | Kind::String) && self.draw.chance(60) {
            let record = self.leaf(Kind::Record);
            let safe = if record.nullable { "?" } else { "" };
            if record.nullable {
                self.saw_form("field or null");
            }
            return made(format!("{}{safe}.{name}", record.text), kind, true);
        }
        let (value, other_kind) = (self.expression(kind, depth - 1), *self.draw.pick(&Kind::ALL));
        let other = self.expression(other_kind, depth - 1);
        let record = format!("{{{name}: {}, other: {}}}", value.text, other.text);
        if self.draw.chance(50) {
            return made(format!("({record}).{name}"), kind, value.nullable);
        }
        self.saw_form("field or null");
        let condition = self.expression(Kind::Bool, depth - 1);
        made(format!("(if {} {{ {record} }} else {{ null }})?.{name}", condition.text), kind, true)
    }

    /// `({"x": a, "b": c})[s]?`
    fn by_key(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("map by key");
        let (a, b) = (self.expression(kind, depth - 1), self.leaf(kind));
        let key = self.expression(Kind::String, depth - 1);
        let map = format!("({{\"x\": {}, \"b\": {}}})", a.text, b.text);
        let nullable = a.nullable || b.nullable;
        match self.draw.below(10) {
            // A constant that is no key is refused before the run.
            0..3 if self.is_of_a_row(&key) => made(format!("{map}[{}]", key.text), kind, nullable || key.nullable),
            0..4 => made(format!("{map}[\"b\"]"), kind, nullable),
            4 => made(format!("first(values({map}))"), kind, true),
            _ => made(format!("{map}[{}]?", key.text), kind, true),
        }
    }

    /// Whether a text certainly comes from a row: parameters and names of blocks may be constants.
    fn is_of_a_row(&self, made: &Made) -> bool {
        let is_it = |column: &Column| column.name == made.text && !column.name.starts_with(['p', 'v']);
        self.wild && self.is_in_rows && self.row.iter().any(is_it)
    }

    /// Into JSON and back.
    fn through_json(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("json");
        let value = self.expression(kind, depth - 1);
        let list = self.some_list(depth);
        let (json, path) = match self.draw.below(3) {
            0 => (format!("json({{a: {}, b: {}}})", value.text, list.text), ".a"),
            1 => (format!("json([{}, null])", value.text), "[0]"),
            _ => (format!("json({{a: {{b: {}}}}})", value.text), "[\"a\"].b"),
        };
        if kind == Kind::String && self.draw.chance(30) {
            return made(format!("string(json({}))", list.text), kind, true);
        }
        if self.wild && self.draw.chance(15) {
            let (text, question) = (self.leaf(Kind::String).text, if kind == Kind::String { "" } else { "?" });
            return made(format!("{kind}{question}(json?({text}))"), kind, true);
        }
        let question = if kind != Kind::String && self.draw.chance(40) { "?" } else { "" };
        made(format!("{kind}{question}({json}{path})"), kind, true)
    }

    /// `f"{x:.2} of {n:,}"`: a text whatever is in it.
    fn format_string(&mut self, depth: usize) -> Made {
        self.saw_form("f-string");
        let mut text = String::from("f\"");
        for _ in 0..self.draw.weighted(&[(3, 1), (2, 2)]) {
            text += *self.draw.pick(&["", "-", "ü ", "{{"]);
            let kind = if self.draw.chance(20) { *self.draw.pick(&Kind::NESTED) } else { *self.draw.pick(&Kind::ALL) };
            let hole = self.expression(kind, depth - 1);
            let format = match kind {
                Kind::Int => *self.draw.pick(&["", "", ":,", ":04", ":x", ":>6"]),
                Kind::Float => *self.draw.pick(&["", ":.2", ":,.1", ":.1%", ":.2e", ":09.3"]),
                Kind::Bool => *self.draw.pick(&["", ":>6"]),
                Kind::String => *self.draw.pick(&["", ":>5", ":.^6"]),
                Kind::Date => *self.draw.pick(&["", ":%d.%m.%Y"]),
                _ => "",
            };
            text += &format!("{{{}{format}}}", hole.text);
        }
        made(text + "\"", Kind::String, false)
    }

    /// `match x { 1 or 2 => a, 3..7 => b, v if c => d, _ => e }`
    fn matched(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw_form("match");
        let subject_kind =
            *self.draw.pick(&[Kind::Int, Kind::Int, Kind::String, Kind::Float, Kind::Bool, Kind::Record]);
        let subject = self.expression(subject_kind, depth - 1);
        let patterns: &[&str] = match subject_kind {
            Kind::Int => &["0", "1 or 2", "3..7", "..<0", "12.."],
            Kind::Float => &["0.0", "..<-1.0", "1.5..4.0", "7.5.."],
            Kind::String => &["\"x\"", "\"b\" or \"abc\"", "\"\"", "\"y\".."],
            Kind::Bool => &["true"],
            _ => &["{f: 0}", "{g: \"x\", f: ..3}", "{g: null}", "{f: 4 or 5, g: \"b\"}"],
        };
        let mut arms = Vec::new();
        let mut nullable = false;
        let mut arm = |maker: &mut Self, pattern: String| {
            let body = maker.expression(kind, depth - 1);
            nullable |= body.nullable;
            arms.push(format!("{pattern} => {}", body.text));
        };
        if subject.nullable && self.draw.chance(40) && self.expects_null(&subject) {
            arm(self, "null".into());
        }
        let (from, count) = (self.draw.below(patterns.len()), self.draw.weighted(&[(2, 1), (3, 2)]));
        for pattern in patterns.iter().skip(from).take(count) {
            arm(self, (*pattern).into());
        }
        if self.draw.chance(40) {
            let (name, pattern, ty) = self.binding(&subject);
            self.with_names(&[(&name, ty)], |maker| {
                let guard = maker.expression(Kind::Bool, depth.min(2));
                arm(maker, format!("{pattern} if {}", guard.text));
            });
        }
        arm(self, "_".into());
        made(format!("(match {} {{ {} }})", subject.text, arms.join(", ")), kind, nullable)
    }

    /// Whether the checker thinks so, too: of a column it certainly does.
    fn expects_null(&self, subject: &Made) -> bool {
        self.row.iter().any(|column| column.name == subject.text)
    }

    /// A name, the pattern that binds it, and its type.
    fn binding(&mut self, subject: &Made) -> (String, String, Ty) {
        let name = self.fresh("v");
        if subject.kind == Kind::Record {
            let pattern = format!("{{f: {name}}}");
            return (name, pattern, Ty { kind: Kind::Int, nullable: true });
        }
        (name.clone(), name, Ty { kind: subject.kind, nullable: subject.nullable })
    }
}
