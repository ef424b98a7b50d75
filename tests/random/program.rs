//! Random programs as text, well-typed by construction: statements, stages and definitions. Expressions are in
//! `expressions.rs`, tables in `tables.rs`.

use super::draw::Draw;
use super::expressions::Made;
use super::tables::{self, Table, TableFile};
use pipelang_lang::catalog::Catalog;
use pipelang_lang::ty::{self, Field, Schema, Type};
use std::collections::BTreeSet;
use std::fmt;

/// The types that columns have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Float,
    Bool,
    String,
    Date,
    DateTime,
    Duration,
    /// `[int?]`
    Ints,
    /// `[float?]`
    Floats,
    /// `[string?]`
    Texts,
    /// `{f: int?, g: string?}`
    Record,
}

impl Kind {
    pub const ALL: [Kind; 7] =
        [Kind::Int, Kind::Float, Kind::Bool, Kind::String, Kind::Date, Kind::DateTime, Kind::Duration];

    pub const NESTED: [Kind; 4] = [Kind::Ints, Kind::Floats, Kind::Texts, Kind::Record];

    /// Whether it may be a key, and be compared.
    pub fn is_plain(self) -> bool {
        Kind::ALL.contains(&self)
    }

    /// What a list of this kind has.
    pub fn item(self) -> Option<Kind> {
        match self {
            Kind::Ints => Some(Kind::Int),
            Kind::Floats => Some(Kind::Float),
            Kind::Texts => Some(Kind::String),
            _ => None,
        }
    }

    /// Lists of this kind.
    pub fn list_of(item: Kind) -> Option<Kind> {
        Kind::NESTED.into_iter().find(|kind| kind.item() == Some(item))
    }

    pub fn of(kind: &ty::Kind) -> Option<Kind> {
        match kind {
            ty::Kind::List(_) | ty::Kind::Record(_) => {
                Kind::NESTED.into_iter().find(|nested| Ty { kind: *nested, nullable: false }.full().kind == *kind)
            }
            ty::Kind::Int | ty::Kind::Wide => Some(Kind::Int),
            ty::Kind::Float => Some(Kind::Float),
            ty::Kind::Bool => Some(Kind::Bool),
            ty::Kind::String => Some(Kind::String),
            ty::Kind::Date => Some(Kind::Date),
            ty::Kind::DateTime => Some(Kind::DateTime),
            ty::Kind::Duration => Some(Kind::Duration),
            _ => None,
        }
    }

    pub fn is_numeric(self) -> bool {
        matches!(self, Kind::Int | Kind::Float)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Duration => "duration",
            Kind::Ints => "[int?]",
            Kind::Floats => "[float?]",
            Kind::Texts => "[string?]",
            Kind::Record => "{f: int?, g: string?}",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ty {
    pub kind: Kind,
    pub nullable: bool,
}

impl Ty {
    /// The same as the compiler has it.
    pub fn full(self) -> ty::Type {
        let kind = match self.kind {
            Kind::Int => ty::Kind::Int,
            Kind::Float => ty::Kind::Float,
            Kind::Bool => ty::Kind::Bool,
            Kind::String => ty::Kind::String,
            Kind::Date => ty::Kind::Date,
            Kind::DateTime => ty::Kind::DateTime,
            Kind::Duration => ty::Kind::Duration,
            Kind::Ints => ty::Kind::List(Type::INT.or_null().into()),
            Kind::Floats => ty::Kind::List(Type::FLOAT.or_null().into()),
            Kind::Texts => ty::Kind::List(Type::STRING.or_null().into()),
            Kind::Record => {
                let field = |name: &str, ty: Type| Field { name: name.into(), ty: ty.or_null() };
                let fields = vec![field("f", Type::INT), field("g", Type::STRING)];
                return Type { nullable: self.nullable, ..Type::record(Schema { fields }) };
            }
        };
        ty::Type { kind, nullable: self.nullable }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.kind, if self.nullable { "?" } else { "" })
    }
}

/// A column, parameter or binding that expressions may name, spelled as scripts spell it.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub ty: Ty,
}

/// What occurs in a program: `stage filter`, `operator +` …
pub type Features = BTreeSet<String>;

pub fn spell(name: &str) -> String {
    ty::spell(name)
}

/// A statement: where its rows come from, the stages, and what stands around all of it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// `let x = `, or nothing.
    pub before: String,
    pub source: String,
    pub stages: Vec<String>,
    /// For a value of a stream in an expression: `) * 2`, and then `before` ends in `(`.
    pub after: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.before, self.source)?;
        self.stages.iter().try_for_each(|stage| write!(f, "\n| {stage}"))?;
        f.write_str(&self.after)
    }
}

/// A program with its files. `{dir}` in its text stands for their folder.
#[derive(Clone, Debug)]
pub struct Program {
    pub seed: u64,
    pub definitions: Vec<String>,
    pub statements: Vec<Statement>,
    pub tables: Vec<TableFile>,
    pub features: Features,
}

impl Program {
    /// The text of the script, its files being in `dir`.
    pub fn script(&self, dir: &str) -> String {
        let statements = self.statements.iter().map(|statement| statement.to_string());
        let lines: Vec<String> = self.definitions.iter().cloned().chain(statements).collect();
        (lines.join("\n") + "\n").replace("{dir}", dir)
    }
}

/// What the rows of a stream look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Table,
    Values,
    Scalar,
}

/// A stream that a statement may start from.
#[derive(Clone)]
pub struct Stream {
    pub text: String,
    pub columns: Vec<Column>,
    pub shape: Shape,
    /// How many of its stages make many rows of one.
    pub growth: usize,
}

/// A user's function: its name, the types of its parameters, its result.
#[derive(Clone)]
pub struct UserFunction {
    pub name: String,
    pub parameters: Vec<Ty>,
    pub result: Ty,
}

/// Makes one program.
pub struct Maker<'a> {
    pub draw: Draw,
    pub catalog: &'a Catalog,
    /// Whether values that make a run fail are likely.
    pub wild: bool,
    pub features: Features,
    /// Names outside of rows.
    pub outer: Vec<Column>,
    /// The columns of the row, or the parameters of a function.
    pub row: Vec<Column>,
    pub functions: Vec<UserFunction>,
    /// Definitions that a stage needs.
    pub late: Vec<String>,
    /// Whether an expression has rows around it, so that a pipeline in it is one over a value.
    pub is_in_rows: bool,
    pub is_in_lambda: bool,
    /// Whether a text goes from row to row: it must not double on its way.
    pub is_state_text: bool,
    /// Whether a stream stands behind an `in`: in it there is no other `in` over a stream.
    pub is_behind_in: bool,
    /// How many stages so far make many rows of one.
    pub growth: usize,
    /// The stream that the statement at hand starts from.
    current: Option<Stream>,
    streams: Vec<Stream>,
    names: usize,
}

/// The program of a seed.
pub fn program(seed: u64, catalog: &Catalog) -> Program {
    let mut draw = Draw::new(seed);
    let wild = draw.chance(45);
    let mut maker = Maker {
        draw,
        catalog,
        wild,
        features: Features::new(),
        outer: Vec::new(),
        row: Vec::new(),
        functions: Vec::new(),
        late: Vec::new(),
        is_in_rows: false,
        is_in_lambda: false,
        is_state_text: false,
        is_behind_in: false,
        growth: 0,
        current: None,
        streams: Vec::new(),
        names: 0,
    };
    let (mut definitions, mut files) = (Vec::new(), Vec::new());
    for number in 0..maker.draw.weighted(&[(1, 0), (7, 1), (4, 2)]) {
        let Table { file, columns, read, alias } = tables::table(&mut maker.draw, number, wild, &mut maker.features);
        maker.features.insert("source read".into());
        files.push(file);
        definitions.extend(alias);
        // The first read is the likeliest source.
        let growth = usize::from(maker.features.contains("source of several megabytes"));
        let stream = Stream { text: read, columns, shape: Shape::Table, growth };
        maker.streams.extend(vec![stream; if number == 0 { 5 } else { 2 }]);
    }
    for _ in 0..maker.draw.weighted(&[(6, 0), (3, 1), (1, 2)]) {
        definitions.push(maker.constant());
    }
    for _ in 0..maker.draw.weighted(&[(6, 0), (3, 1), (1, 2)]) {
        definitions.push(if maker.draw.chance(30) { maker.recursive_function() } else { maker.function() });
    }
    let mut statements = Vec::new();
    for _ in 0..maker.draw.weighted(&[(7, 1), (3, 2), (1, 3)]) {
        if maker.draw.chance(18) {
            statements.push(maker.let_stream());
        }
        statements.push(maker.statement());
    }
    definitions.append(&mut maker.late);
    Program { seed, definitions, statements, tables: files, features: maker.features }
}

impl Maker<'_> {
    pub fn saw(&mut self, feature: impl Into<String>) {
        self.features.insert(feature.into());
    }

    /// A name that nothing else has.
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn kind(&mut self) -> Kind {
        self.draw.weighted(&[
            (5, Kind::Int),
            (3, Kind::Float),
            (3, Kind::Bool),
            (2, Kind::String),
            (1, Kind::Date),
            (1, Kind::DateTime),
            (1, Kind::Duration),
        ])
    }

    /// `let k = 5` or `param k: int = 5`
    fn constant(&mut self) -> String {
        let kind = self.kind();
        let name = self.fresh("k");
        let made = self.literal(kind);
        self.outer.push(Column { name: name.clone(), ty: Ty { kind, nullable: false } });
        if self.draw.chance(50) && made.level == 10 {
            self.saw("form param");
            format!("param {name}: {kind} = {}", made.text)
        } else {
            self.saw("form let value");
            format!("let {name} = {}", made.text)
        }
    }

    /// `fn f(x: int, y: float?) { … }`
    fn function(&mut self) -> String {
        let name = self.fresh("f");
        let count = self.draw.weighted(&[(3, 1), (2, 2)]);
        let parameters: Vec<Column> = (0..count)
            .map(|_| {
                let nested = self.draw.chance(15);
                let kind = if nested { *self.draw.pick(&Kind::NESTED) } else { self.kind() };
                let ty = Ty { kind, nullable: self.draw.chance(25) };
                Column { name: self.fresh("p"), ty }
            })
            .collect();
        let kind = if self.draw.chance(10) { *self.draw.pick(&Kind::NESTED) } else { self.kind() };
        self.row = parameters.clone();
        let inner = self.draw.chance(25).then(|| {
            let (inner_kind, inner_name) = (self.kind(), self.fresh("v"));
            let made = self.expression(inner_kind, 1);
            let ty = Ty { kind: made.kind, nullable: made.nullable };
            self.row.push(Column { name: inner_name.clone(), ty });
            self.saw("form let in a block");
            format!("let {inner_name} = {}; ", made.text)
        });
        let body = self.expression(kind, 2);
        self.row.clear();
        self.saw("form fn");
        let result = Ty { kind: body.kind, nullable: body.nullable };
        self.functions.push(UserFunction {
            name: name.clone(),
            parameters: parameters.iter().map(|parameter| parameter.ty).collect(),
            result,
        });
        let heads: Vec<String> = parameters.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect();
        let declared = if self.draw.chance(40) { format!(" -> {result}") } else { String::new() };
        format!("fn {name}({}){declared} {{ {}{} }}", heads.join(", "), inner.unwrap_or_default(), body.text)
    }

    /// `let s = source | stage`, for later statements.
    fn let_stream(&mut self) -> Statement {
        let name = self.fresh("s");
        let (mut statement, columns, shape) = self.pipeline(false);
        statement.before = format!("let {name} = ");
        self.saw("form let stream");
        let stream = Stream { text: name, columns, shape, growth: self.growth };
        self.streams.extend([stream.clone(), stream]);
        statement
    }

    fn statement(&mut self) -> Statement {
        if self.draw.chance(4) {
            self.saw("form scalar statement");
            let kind = self.kind();
            let made = self.expression(kind, 3);
            return Statement { before: String::new(), source: made.text, stages: Vec::new(), after: String::new() };
        }
        let (mut statement, columns, shape) = self.pipeline(true);
        if shape == Shape::Scalar && columns[0].ty.kind.is_numeric() && self.draw.chance(35) {
            self.saw("form expression over a reducer");
            statement.before = "(".into();
            statement.after = (*self.draw.pick(&[") + 1", ") * 2", ") / 2", ") - 0.5", ") > 3"])).into();
        }
        statement
    }

    /// A source and some stages. With `reduce` the last may be a reducer.
    fn pipeline(&mut self, reduce: bool) -> (Statement, Vec<Column>, Shape) {
        let (source, endless) = self.source();
        self.current = Some(source.clone()).filter(|_| !endless);
        let Stream { text: source, columns, mut shape, growth } = source;
        self.growth = growth;
        self.row = columns;
        self.is_in_rows = true;
        let mut stages = Vec::new();
        if endless {
            let (divisor, rest) = (self.draw.between(2, 5), self.draw.between(0, 1));
            if self.draw.chance(40) {
                stages.push(format!("filter it % {divisor} == {rest}"));
            }
            stages.push(format!("take {}", self.draw.between(0, 30)));
        }
        if self.wild && self.draw.chance(20) {
            // Behind it, cells that do not fit are demanded later than the records behind them are read.
            self.saw("form slice of a source");
            stages.push((*self.draw.pick(&["skip 1", "skip 3", "take 1000", "take 60"])).into());
        }
        let count = self.draw.weighted(&[(1, 0), (3, 1), (4, 2), (4, 3), (3, 4), (2, 5), (1, 7)]);
        for at in 0..count {
            let is_last = at + 1 == count;
            let (stage, new_shape) =
                if reduce && is_last && self.draw.chance(25) { self.last_reducer(shape) } else { self.stage(shape) };
            let (is_sort, is_union) = (stage.starts_with("sort"), stage.contains("union "));
            stages.push(stage);
            shape = new_shape;
            if is_sort && self.draw.chance(20) || is_union && self.draw.chance(40) {
                self.saw(if is_sort { "form page of a sort" } else { "form page of a union" });
                stages.push(format!("skip {}", self.draw.between(1, 6)));
                stages.push(format!("take {}", self.draw.between(1, 12)));
            } else if is_sort && self.draw.chance(15) {
                stages.push(self.ends_of_rows());
                shape = Shape::Table;
            }
        }
        self.is_in_rows = false;
        let columns = std::mem::take(&mut self.row);
        (Statement { before: String::new(), source, stages, after: String::new() }, columns, shape)
    }

    /// Where rows come from, and whether they never end.
    fn source(&mut self) -> (Stream, bool) {
        let values = |text: String, ty: Ty| {
            let columns = vec![Column { name: "it".into(), ty }];
            Stream { text, columns, shape: Shape::Values, growth: 0 }
        };
        let int = Ty { kind: Kind::Int, nullable: false };
        if !self.streams.is_empty() && self.draw.chance(82) {
            let stream = self.draw.pick(&self.streams).clone();
            return (stream, false);
        }
        match self.draw.below(10) {
            0..4 => {
                self.saw("source range");
                let from = self.draw.between(-20, 20);
                let to = from + self.draw.between(-3, 90);
                let dots = *self.draw.pick(&["..", "..<"]);
                (values(format!("{from}{dots}{to}"), int), false)
            }
            4 => {
                self.saw("source range of extremes");
                let from = i64::MAX - self.draw.between(0, 12);
                (values(format!("{from}..{}", i64::MAX), int), false)
            }
            5 => {
                self.saw("source endless range");
                let from = self.draw.between(-20, 1000);
                (values(format!("{from}.."), int), true)
            }
            6 | 7 => {
                self.saw("source list of values");
                let kind = self.kind();
                let (items, nullable) = self.items(kind, 6);
                (values(format!("[{}]", items.join(", ")), Ty { kind, nullable }), false)
            }
            _ => {
                self.saw("source list of records");
                let rows = self.draw.below(8) + 1;
                let columns: Vec<(Column, Vec<String>)> = ["a", "b", "c"]
                    .iter()
                    .map(|name| {
                        let kind = self.kind();
                        let (items, nullable) = self.items(kind, rows);
                        (Column { name: (*name).into(), ty: Ty { kind, nullable } }, items)
                    })
                    .collect();
                let record = |row: usize| {
                    let fields: Vec<String> =
                        columns.iter().map(|(column, items)| format!("{}: {}", column.name, items[row])).collect();
                    format!("{{{}}}", fields.join(", "))
                };
                let text = format!("[{}]", (0..rows).map(record).collect::<Vec<_>>().join(", "));
                let columns = columns.into_iter().map(|(column, _)| column).collect();
                (Stream { text, columns, shape: Shape::Table, growth: 0 }, false)
            }
        }
    }

    /// A stream to put beside the one at hand, which now and then is the same.
    pub fn other_stream(&mut self) -> Stream {
        match &self.current {
            Some(stream) if self.draw.chance(20) && !(self.is_behind_in && stream.text.starts_with('[')) => {
                let stream = stream.clone();
                self.saw("form stream beside itself");
                stream
            }
            _ => loop {
                let (stream, endless) = self.source();
                // Stages over a list, which is a value where a value may stand, are fewer.
                let is_list_behind_in = self.is_behind_in && stream.text.starts_with('[');
                if !endless && !is_list_behind_in {
                    return stream;
                }
            },
        }
    }

    /// Constant items of one kind, at least one of them not null.
    fn items(&mut self, kind: Kind, count: usize) -> (Vec<String>, bool) {
        let mut nullable = false;
        let items = (0..count).map(|at| {
            if at > 0 && self.draw.chance(12) {
                nullable = true;
                return "null".to_string();
            }
            self.literal(kind).text
        });
        (items.collect(), nullable)
    }

    /// An expression whose text does not begin with a minus, so that it can be a key of a sort.
    pub fn without_minus(made: Made) -> Made {
        if !made.text.trim_start_matches('(').starts_with('-') {
            return made;
        }
        if made.kind == Kind::Bool {
            return Made { text: format!("({}) == true", made.text), level: 3, nullable: false, ..made };
        }
        let zero = if made.kind.is_numeric() { "0" } else { "0s" };
        Made { text: format!("{zero} + {}", made.at_level(7)), level: 6, ..made }
    }
}
