//! Random expressions of a wanted type over the names in scope.

use super::program::{Column, Kind, Maker, Ty};
use pipelang_lang::catalog::{Effect, FunctionDef, Pattern, ResultType};
use pipelang_lang::ty;
use std::collections::BTreeSet;

/// An expression with what is known of it.
#[derive(Clone, Debug)]
pub struct Made {
    pub text: String,
    /// How tightly it binds: 10 a name or call, 9 `**`, 8 unary minus, 7 `*`, 6 `+`, 4 `??`, 3 comparisons, 2 `not`,
    /// 1 `and`, 0 `or` and `if`.
    pub level: u8,
    pub kind: Kind,
    pub nullable: bool,
}

impl Made {
    fn new(text: impl Into<String>, level: u8, kind: Kind, nullable: bool) -> Made {
        Made { text: text.into(), level, kind, nullable }
    }

    /// The text as an operand where at least `level` is needed.
    pub fn at_level(&self, level: u8) -> String {
        if self.level >= level { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// Functions that a text may go through row after row: others make it longer each time.
const KEEP_SHORT: [&str; 10] =
    ["lower", "upper", "trim", "trim_start", "trim_end", "title", "reverse", "slice", "md5", "sha256"];

impl Maker<'_> {
    /// An expression of a kind.
    pub fn expression(&mut self, kind: Kind, depth: usize) -> Made {
        if depth == 0 || self.draw.chance(20) {
            return self.leaf(kind);
        }
        let nested = if kind == Kind::String { 75 } else { 54 };
        match self.draw.below(100) {
            0..9 => self.if_else(kind, depth),
            9..17 => self.coalesce(kind, depth),
            17..37 => self.call(kind, depth).unwrap_or_else(|| self.leaf(kind)),
            37..43 => self.user_call(kind, depth).unwrap_or_else(|| self.leaf(kind)),
            _ if !kind.is_plain() => self.nested_value(kind, depth),
            at @ 43.. if at < nested => self.taken_out(kind, depth),
            _ => match kind {
                Kind::Int => self.int_operator(depth),
                Kind::Float => self.float_operator(depth),
                Kind::Bool => self.bool_operator(depth),
                Kind::String | Kind::Ints | Kind::Floats | Kind::Texts | Kind::Record => self.leaf(kind),
                Kind::Date | Kind::DateTime | Kind::Duration => self.time_operator(kind, depth),
            },
        }
    }

    /// A name of that kind, or a constant.
    pub fn leaf(&mut self, kind: Kind) -> Made {
        let fits = |column: &&Column| column.ty.kind == kind;
        let named: Vec<Column> = self.row.iter().filter(fits).cloned().collect();
        let outer: Vec<Column> = self.outer.iter().filter(fits).cloned().collect();
        let from = if !named.is_empty() && self.draw.chance(80) {
            &named
        } else if !outer.is_empty() && self.draw.chance(40) {
            &outer
        } else {
            return self.literal(kind);
        };
        let column = self.draw.pick(from).clone();
        if !kind.is_plain() {
            self.saw("form column of a nested kind");
        }
        Made::new(column.name, 10, kind, column.ty.nullable)
    }

    /// A constant.
    pub fn literal(&mut self, kind: Kind) -> Made {
        let text = match kind {
            Kind::Int if self.wild && self.draw.chance(10) => {
                let text =
                    *self.draw.pick(&["9223372036854775807", "(-9223372036854775807 - 1)", "4611686018427387904"]);
                text.to_string()
            }
            Kind::Int if self.draw.chance(5) => (*self.draw.pick(&["0xff", "1_000", "0"])).to_string(),
            Kind::Int => self.draw.between(-3, 12).to_string(),
            Kind::Float if self.draw.chance(15) => (*self.draw.pick(&[
                "1e308",
                "0.0",
                "0.0",
                "1e-310",
                "-0.0",
                "-0.0",
                "9007199254740993.0",
                "(0.0 / 0.0)",
            ]))
            .to_string(),
            Kind::Float => format!("{:?}", self.draw.between(-40, 90) as f64 / 8.0),
            Kind::Bool => (*self.draw.pick(&["true", "false"])).to_string(),
            Kind::String => {
                let text = *self.draw.pick(&[
                    "\"X\"",
                    "\"\"",
                    "\"abc\"",
                    "\"B\"",
                    "\"Zed\"",
                    "\"two\\nlines\"",
                    "\"say \\\"x\\\"\"",
                    "\"ünï 日本\"",
                    "\"a text that is longer than twelve bytes\"",
                ]);
                text.to_string()
            }
            Kind::Date => (*self.draw.pick(&["@2024-02-29", "@2023-12-31", "@1900-01-01", "@2024-06-15"])).to_string(),
            Kind::DateTime => {
                let texts = ["@2024-02-29T12:00:00Z", "@1969-12-31T23:59:59.5", "@2024-03-31T02:30+01:00"];
                (*self.draw.pick(&texts)).to_string()
            }
            Kind::Duration if self.wild && self.draw.chance(10) => "15250284w".to_string(),
            Kind::Duration => (*self.draw.pick(&["5min", "1d", "2h", "250ms", "1w", "0s", "90s"])).to_string(),
            Kind::Ints | Kind::Floats | Kind::Texts | Kind::Record => self.nested_literal(kind),
        };
        let level = if text.starts_with('-') { 8 } else { 10 };
        Made::new(text, level, kind, false)
    }

    fn binary(&mut self, op: &str, level: u8, a: &Made, b: &Made, kind: Kind, nullable: bool) -> Made {
        self.saw(format!("operator {op}"));
        // A comparison has two sides and no more.
        let left = if level == 3 { 4 } else { level };
        Made::new(format!("{} {op} {}", a.at_level(left), b.at_level(level + 1)), level, kind, nullable)
    }

    fn int_operator(&mut self, depth: usize) -> Made {
        let a = self.expression(Kind::Int, depth - 1);
        let choices = [(6, "+"), (5, "-"), (4, "*"), (3, "//"), (3, "%"), (2, "**"), (2, "neg")];
        let op = self.draw.weighted(&choices);
        if op == "neg" {
            return self.negated(&a);
        }
        if op == "//" && self.draw.chance(20) {
            return self.of_times("//", Kind::Duration, Kind::Duration, Kind::Int, depth);
        }
        let b = match op {
            "//" | "%" if !self.wild || self.draw.chance(45) => {
                let divisor = *self.draw.pick(&["2", "3", "7", "-4", "10"]);
                Made::new(divisor, if divisor.starts_with('-') { 8 } else { 10 }, Kind::Int, false)
            }
            "**" if !self.wild || self.draw.chance(70) => {
                Made::new(*self.draw.pick(&["0", "1", "2", "3"]), 10, Kind::Int, false)
            }
            "*" if !self.wild => Made::new(self.draw.between(0, 9).to_string(), 10, Kind::Int, false),
            _ => self.expression(Kind::Int, depth - 1),
        };
        self.arithmetic(op, &a, &b, Kind::Int)
    }

    fn float_operator(&mut self, depth: usize) -> Made {
        let op =
            self.draw.weighted(&[(6, "+"), (5, "-"), (5, "*"), (5, "/"), (2, "//"), (2, "%"), (1, "**"), (2, "neg")]);
        if op == "/" && self.draw.chance(20) {
            return self.of_times("/", Kind::Duration, Kind::Duration, Kind::Float, depth);
        }
        let other = if op == "/" && self.draw.chance(40) { Kind::Int } else { Kind::Float };
        let a = self.expression(other, depth - 1);
        if op == "neg" {
            return self.negated(&a);
        }
        // An int beside a float is converted.
        let kind = if op == "/" || self.draw.chance(25) { Kind::Int } else { Kind::Float };
        let b = self.expression(kind, depth - 1);
        if kind == Kind::Int && other == Kind::Float {
            self.saw("form int beside float");
        }
        self.arithmetic(op, &a, &b, Kind::Float)
    }

    /// Arithmetic that gives a date, a time or a duration.
    fn time_operator(&mut self, kind: Kind, depth: usize) -> Made {
        use Kind::{Date, DateTime, Duration, Int};
        let (op, a, b) = match kind {
            Date => return self.date_moved(depth),
            DateTime => {
                *self.draw.pick(&[("+", DateTime, Duration), ("-", DateTime, Duration), ("+", Duration, DateTime)])
            }
            _ => *self.draw.pick(&[
                ("-", Date, Date),
                ("-", DateTime, DateTime),
                ("+", Duration, Duration),
                ("-", Duration, Duration),
                ("*", Int, Duration),
                ("*", Duration, Int),
                ("//", Duration, Int),
                ("%", Duration, Duration),
                ("neg", Duration, Duration),
            ]),
        };
        if op == "neg" {
            let a = self.expression(Duration, depth - 1);
            return self.negated(&a);
        }
        if matches!(op, "//" | "%") && !self.wild {
            let a = self.expression(a, depth - 1);
            let b = Made::new(if b == Int { "3" } else { "7min" }, 10, b, false);
            return self.arithmetic(op, &a, &b, kind);
        }
        self.of_times(op, a, b, kind, depth)
    }

    fn of_times(&mut self, op: &str, a: Kind, b: Kind, kind: Kind, depth: usize) -> Made {
        let (a, b) = (self.expression(a, depth - 1), self.expression(b, depth - 1));
        self.saw("form arithmetic of times");
        self.arithmetic(op, &a, &b, kind)
    }

    /// A date some days on. What is known not to be whole days is refused before the run.
    fn date_moved(&mut self, depth: usize) -> Made {
        let date = self.expression(Kind::Date, depth - 1);
        // What is inlined may be a constant: parameters and the names of blocks.
        let is_of_rows = |column: &&Column| !column.name.starts_with(['p', 'v']);
        let mut lengths = self.row.iter().filter(|column| column.ty.kind == Kind::Duration).filter(is_of_rows);
        let days = match lengths.next().cloned().filter(|_| self.wild) {
            Some(column) => Made::new(column.name, 10, Kind::Duration, column.ty.nullable),
            None => {
                let (count, day) = (self.leaf(Kind::Int), Made::new("1d", 10, Kind::Duration, false));
                self.arithmetic("*", &count, &day, Kind::Duration)
            }
        };
        self.saw("form date moved");
        let op = *self.draw.pick(&["+", "-"]);
        self.arithmetic(op, &date, &days, Kind::Date)
    }

    fn arithmetic(&mut self, op: &str, a: &Made, b: &Made, kind: Kind) -> Made {
        let nullable = a.nullable || b.nullable;
        if op == "**" {
            self.saw("operator **");
            return Made::new(format!("{} ** {}", a.at_level(10), b.at_level(10)), 9, kind, nullable);
        }
        self.binary(op, if matches!(op, "+" | "-") { 6 } else { 7 }, a, b, kind, nullable)
    }

    fn negated(&mut self, a: &Made) -> Made {
        self.saw("operator unary -");
        Made::new(format!("-{}", a.at_level(9)), 8, a.kind, a.nullable)
    }

    fn bool_operator(&mut self, depth: usize) -> Made {
        match self.draw.below(100) {
            0..46 => {
                let kind = self.draw.weighted(&[
                    (6, Kind::Int),
                    (4, Kind::Float),
                    (2, Kind::String),
                    (1, Kind::Bool),
                    (1, Kind::Date),
                    (1, Kind::DateTime),
                    (1, Kind::Duration),
                ]);
                let op = *self.draw.pick(&["==", "!=", "<", "<=", ">", ">="]);
                let (a, mut b) = (self.expression(kind, depth - 1), self.expression(kind, depth - 1));
                if kind == Kind::Float && self.draw.chance(20) {
                    b = self.expression(Kind::Int, depth - 1);
                }
                self.binary(op, 3, &a, &b, Kind::Bool, false)
            }
            46..56 => {
                let kind = *self.draw.pick(&Kind::ALL);
                let a = self.leaf(kind);
                self.saw("form null test");
                let null = Made::new("null", 10, kind, true);
                let op = *self.draw.pick(&["==", "!="]);
                self.binary(op, 3, &a, &null, Kind::Bool, false)
            }
            56..70 => self.connected("and", 1, depth),
            70..84 => self.connected("or", 0, depth),
            84..92 => {
                let mut a = if self.draw.chance(40) {
                    // Of null and NaN the opposite of `<` is not `>=`.
                    let kind = *self.draw.pick(&[Kind::Float, Kind::Float, Kind::Int, Kind::String]);
                    let op = *self.draw.pick(&["<", "<=", ">", ">="]);
                    let (a, b) = (self.leaf(kind), self.leaf(kind));
                    self.binary(op, 3, &a, &b, Kind::Bool, false)
                } else {
                    self.expression(Kind::Bool, depth - 1)
                };
                if a.nullable {
                    a = Made::new(
                        format!("{} ?? {}", a.at_level(4), self.literal(Kind::Bool).text),
                        4,
                        Kind::Bool,
                        false,
                    );
                    self.saw("operator ??");
                }
                self.saw("operator not");
                Made::new(format!("not {}", a.at_level(3)), 2, Kind::Bool, false)
            }
            92..96 => {
                let text = self.expression(Kind::String, depth - 1);
                let pattern = *self.draw.pick(&["r\"^[a-z]+$\"", "\"b\"", "r\"\\d\"", "r\"x|y\""]);
                self.saw("operator ~");
                Made::new(format!("{} ~ {pattern}", text.at_level(4)), 3, Kind::Bool, false)
            }
            _ => self.contained(depth),
        }
    }

    /// A column compared with a constant.
    pub fn plain_comparison(&mut self) -> Made {
        let a = self.leaf_of_row();
        let b = self.literal(a.kind);
        let op = *self.draw.pick(&["==", "!=", "<", "<=", ">", ">="]);
        self.binary(op, 3, &a, &b, Kind::Bool, false)
    }

    /// `12 // x`: may fail.
    pub fn division(&mut self, x: &Made) -> Made {
        let a = self.expression(Kind::Int, 1);
        let op = *self.draw.pick(&["//", "%"]);
        self.arithmetic(op, &a, x, Kind::Int)
    }

    /// `x != 0 and 12 // x > 1`: the second conjunct fails where the first is false. Or `12 // x > 1 and false`.
    pub fn guarded_division(&mut self) -> Made {
        let (x, b) = (self.leaf(Kind::Int), self.literal(Kind::Int));
        let quotient = self.division(&x);
        let compared = self.binary("<", 3, &quotient, &b, Kind::Bool, false);
        self.saw("form guard");
        if self.draw.chance(30) {
            let constant = Made::new("false", 10, Kind::Bool, false);
            return self.binary("and", 1, &compared, &constant, Kind::Bool, false);
        }
        let zero = Made::new("0", 10, Kind::Int, false);
        let guard = self.binary("!=", 3, &x, &zero, Kind::Bool, false);
        self.binary("and", 1, &guard, &compared, Kind::Bool, false)
    }

    fn connected(&mut self, op: &str, level: u8, depth: usize) -> Made {
        let (a, mut b) = (self.expression(Kind::Bool, depth - 1), self.expression(Kind::Bool, depth - 1));
        if self.draw.chance(10) {
            self.saw("form decided by a constant");
            b = self.literal(Kind::Bool);
        }
        self.binary(op, level, &a, &b, Kind::Bool, false)
    }

    /// `x in 1..5`, `x not in [1, 2]`
    fn contained(&mut self, depth: usize) -> Made {
        let kind = self.draw.weighted(&[
            (5, Kind::Int),
            (2, Kind::Float),
            (2, Kind::String),
            (1, Kind::Date),
            (1, Kind::DateTime),
        ]);
        let x = self.expression(kind, depth - 1);
        let op = *self.draw.pick(&["in", "in", "not in"]);
        let right = if kind != Kind::String && self.draw.chance(60) {
            let dots = *self.draw.pick(&["..", "..<"]);
            let (a, b) = (self.literal(kind), self.literal(kind));
            self.saw("form in a range");
            format!("{}{dots}{}", a.at_level(8), b.at_level(8))
        } else {
            self.saw("form in a list");
            let mut items: Vec<String> = (0..3).map(|_| self.literal(kind).text).collect();
            if self.draw.chance(20) {
                items.push("null".into());
            }
            format!("[{}]", items.join(", "))
        };
        self.saw(format!("operator {op}"));
        Made::new(format!("{} {op} {right}", x.at_level(6)), 3, Kind::Bool, false)
    }

    fn if_else(&mut self, kind: Kind, depth: usize) -> Made {
        self.saw("form if");
        let condition = self.expression(Kind::Bool, depth - 1);
        let (then, mut otherwise) = (self.expression(kind, depth - 1), self.expression(kind, depth - 1));
        if self.draw.chance(12) {
            self.saw("form null in a branch");
            otherwise = Made::new("null", 10, kind, true);
        }
        let nullable = then.nullable || otherwise.nullable;
        let middle = if self.draw.chance(15) {
            let (second, third) = (self.expression(Kind::Bool, depth - 1), self.expression(kind, depth - 1));
            self.saw("form else if");
            let nullable = nullable || third.nullable;
            (format!(" else if {} {{ {} }}", second.text, third.text), nullable)
        } else {
            (String::new(), nullable)
        };
        let text = format!("if {} {{ {} }}{} else {{ {} }}", condition.text, then.text, middle.0, otherwise.text);
        // Never at the end of an operand: what follows would go on after the brace.
        Made::new(format!("({text})"), 10, kind, middle.1)
    }

    fn coalesce(&mut self, kind: Kind, depth: usize) -> Made {
        let (a, b) = (self.expression(kind, depth - 1), self.expression(kind, depth - 1));
        let nullable = a.nullable && b.nullable;
        self.binary("??", 4, &a, &b, kind, nullable)
    }

    fn user_call(&mut self, kind: Kind, depth: usize) -> Option<Made> {
        let fitting: Vec<_> = self.functions.iter().filter(|function| function.result.kind == kind).cloned().collect();
        let fitting = if self.is_state_text { Vec::new() } else { fitting };
        let function = (!fitting.is_empty()).then(|| self.draw.pick(&fitting).clone())?;
        let mut nullable = function.result.nullable;
        let mut arguments = Vec::new();
        for ty in &function.parameters {
            let made = self.expression(ty.kind, depth - 1);
            nullable |= made.nullable && !ty.nullable;
            arguments.push(made);
        }
        self.saw("form call of a user's function");
        Some(self.written_call(&function.name, &arguments, kind, nullable))
    }

    /// `f(a, b)` or `a.f(b)`
    fn written_call(&mut self, name: &str, arguments: &[Made], kind: Kind, nullable: bool) -> Made {
        let texts: Vec<String> = arguments.iter().map(|argument| argument.text.clone()).collect();
        let first = texts.first().cloned().unwrap_or_default();
        let plain = first.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '`' || c == '(')
            && arguments[0].level == 10;
        // Without a dot, `lines` reads a file.
        let text = if name == "lines" {
            format!("({first}).lines()")
        } else if plain && self.draw.chance(35) {
            self.saw("form method call");
            format!("{first}.{name}({})", texts[1..].join(", "))
        } else {
            format!("{name}({})", texts.join(", "))
        };
        Made::new(text, 10, kind, nullable)
    }

    /// A call of a function of the catalog, whatever there is.
    fn call(&mut self, kind: Kind, depth: usize) -> Option<Made> {
        self.call_that(kind, depth, &|function| gives(function, kind))
    }

    /// A call of a function of the catalog that makes a list of texts, none of them null.
    pub fn call_of_texts(&mut self, depth: usize) -> Option<Made> {
        let texts = ResultType::Is(ty::Type::list(ty::Type::STRING));
        self.call_that(Kind::Texts, depth, &|function| function.result == texts)
    }

    fn call_that(&mut self, kind: Kind, depth: usize, gives: &dyn Fn(&FunctionDef) -> bool) -> Option<Made> {
        let catalog = self.catalog;
        let keeps_short = |function: &FunctionDef| {
            !(self.is_state_text && kind == Kind::String) || KEEP_SHORT.contains(&&*function.name)
        };
        // What a run asks has the same answer in all of these runs.
        let tame = |f: &&FunctionDef| matches!(f.effect, Effect::Total | Effect::Nondeterministic);
        let all: Vec<&FunctionDef> = catalog
            .functions()
            .filter(|f| gives(f) && keeps_short(f) && f.effect <= Effect::Nondeterministic)
            .collect();
        let total: Vec<&FunctionDef> = all.iter().copied().filter(|f| tame(f)).collect();
        // What makes a text hardly ever fails.
        let failing = if kind == Kind::Date { 45 } else { 15 };
        let all_of_them = self.wild || kind == Kind::String || total.is_empty() || self.draw.chance(failing);
        let from = if all_of_them { &all } else { &total };
        // By its name first: some have many signatures.
        let names: BTreeSet<&str> = from.iter().map(|f| &*f.name).collect();
        // A state would grow by a third from row to row.
        let names: Vec<&str> = names.into_iter().filter(|name| !self.is_state_text || *name != "base64").collect();
        let name = (!names.is_empty()).then(|| *self.draw.pick(&names))?;
        let signatures: Vec<&FunctionDef> = from.iter().copied().filter(|f| *f.name == *name).collect();
        let function = *self.draw.pick(&signatures);
        let mut arguments = self.arguments(function, kind, depth)?;
        let last_at = arguments.len().saturating_sub(1);
        let kinds: Vec<ty::Kind> = arguments.iter().map(|a| Ty { kind: a.kind, nullable: false }.full().kind).collect();
        let chosen = catalog.functions_named(&function.name).iter().find(|id| takes(catalog.function(**id), &kinds))?;
        if !std::ptr::eq(catalog.function(*chosen), function) {
            return None;
        }
        let declared = matches!(&function.result, ResultType::Is(ty) if ty.nullable);
        let nullable = function.may_be_null || declared || arguments.iter().any(|a| a.nullable);
        self.saw(format!("function {}", function.name));
        if let [_, .., last] = arguments.as_mut_slice()
            && self.draw.chance(10)
        {
            self.saw("form named argument");
            last.text = format!("{}: {}", function.parameters[last_at].name, last.text);
        }
        Some(self.written_call(&function.name, &arguments, kind, nullable))
    }

    fn arguments(&mut self, function: &FunctionDef, kind: Kind, depth: usize) -> Option<Vec<Made>> {
        let mut arguments = Vec::new();
        let same = function.result == ResultType::SameAsArguments;
        for (at, parameter) in function.parameters.iter().enumerate() {
            if parameter.default.is_some() && self.draw.chance(50) {
                break;
            }
            let wanted = match &parameter.pattern {
                Pattern::Is(wanted) => Kind::of(wanted)?,
                Pattern::Number | Pattern::Ordered | Pattern::Any | Pattern::Plain if same => kind,
                Pattern::Number => *self.draw.pick(&[Kind::Int, Kind::Float]),
                Pattern::Ordered | Pattern::Any | Pattern::Plain => *self.draw.pick(&Kind::ALL),
                Pattern::List(_) | Pattern::AnyList | Pattern::Item | Pattern::Map => return None,
            };
            // A constant that has no meaning is refused before the run.
            let known: &[&str] = match parameter.name {
                "zone" => &["\"UTC\"", "\"Europe/Berlin\"", "\"America/New_York\"", "\"Asia/Kolkata\""],
                "name" => &["\"REGION\"", "\"EMPTY\"", "\"MISSING\""],
                "unit" => &["\"s\"", "\"ms\"", "\"us\""],
                "format" => &["\"%Y-%m-%d\"", "\"%d.%m.%y\"", "\"%F %T\"", "\"%j of %Y\""],
                _ => &[],
            };
            if !known.is_empty() {
                arguments.push(Made::new(*self.draw.pick(known), 10, Kind::String, false));
                continue;
            }
            // Texts behind the first are mostly patterns and formats, ints beside texts mostly lengths.
            arguments.push(match wanted {
                Kind::String if at > 0 => {
                    let text =
                        *self.draw.pick(&["\"a\"", "\"x\"", "\"b\"", "\"\"", "r\"[a-z]+\"", "r\"\\d\"", "\" \""]);
                    if parameter.name == "pattern" {
                        self.saw("form pattern")
                    };
                    Made::new(text, 10, Kind::String, false)
                }
                Kind::Int if at > 0 && !same => {
                    let number = self.draw.between(if self.wild { -1 } else { 0 }, 6).to_string();
                    Made::new(number.clone(), if number.starts_with('-') { 8 } else { 10 }, Kind::Int, false)
                }
                wanted => self.expression(wanted, depth - 1),
            });
        }
        Some(arguments)
    }
}

/// Whether a function can give values of a kind.
fn gives(function: &FunctionDef, kind: Kind) -> bool {
    match &function.result {
        ResultType::Is(ty) => Kind::of(&ty.kind) == Some(kind),
        ResultType::SameAsArguments => match function.parameters.first().map(|p| &p.pattern) {
            Some(Pattern::Number) => kind.is_numeric(),
            Some(Pattern::Ordered) => kind.is_plain(),
            Some(Pattern::Any | Pattern::Plain) => true,
            Some(Pattern::Is(first)) => Kind::of(first) == Some(kind),
            Some(Pattern::List(_) | Pattern::AnyList | Pattern::Item | Pattern::Map) | None => false,
        },
        ResultType::Item | ResultType::Items | ResultType::Pairs | ResultType::Numbered => false,
    }
}

/// Whether a function takes arguments of these kinds as they are.
fn takes(function: &FunctionDef, kinds: &[ty::Kind]) -> bool {
    let required = function.parameters.iter().filter(|parameter| parameter.default.is_none()).count();
    let fits = |(kind, pattern): (&ty::Kind, &Pattern)| match pattern {
        Pattern::Is(wanted) => kind == wanted,
        Pattern::Number => matches!(kind, ty::Kind::Int | ty::Kind::Float),
        Pattern::Ordered | Pattern::Any | Pattern::Plain => true,
        Pattern::List(_) | Pattern::AnyList | Pattern::Item | Pattern::Map => false,
    };
    (required..=function.parameters.len()).contains(&kinds.len())
        && kinds.iter().zip(function.parameters.iter().map(|parameter| &parameter.pattern)).all(fits)
}
