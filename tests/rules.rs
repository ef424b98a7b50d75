//! Random plans mean the same after each rule alone, after all but one, and after all: the same rows before the same
//! error. They are run by the oracle, so what is tested is the rules and nothing else. Constants of a source may fail, as
//! cells of files do, and about every third plan ends in an error.

use crate::harness::registry;
use pipelang_lang::ir::Plan;
use pipelang_lang::ir::print::print;
use pipelang_lang::ir::read::read;
use pipelang_lang::ir::verify::verify;
use pipelang_lang::opt::{RULES, RuleSet, optimize};
use pipelang_runtime::limits::Watch;
use pipelang_runtime::reference::Oracle;

/// How many plans are tried; `PLANS=100000` tries more.
const PLANS: u64 = 3000;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
}

impl Kind {
    /// The type as plans print it.
    fn text(self, nullable: bool) -> String {
        let name = match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Text => "string",
        };
        format!("{name}{}", if nullable { "?" } else { "" })
    }
}

#[derive(Clone)]
struct Column {
    name: String,
    kind: Kind,
    nullable: bool,
}

/// Writes plans. All that it writes is right, so that a plan that is refused is a bug.
struct Writer {
    state: u64,
    columns: Vec<Column>,
    text: String,
    names: usize,
    /// How many stages so far take the rows of other streams, or make many rows of one.
    grown: usize,
}

impl Writer {
    fn plan(seed: u64) -> String {
        let state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut writer = Writer { state, columns: Vec::new(), text: String::new(), names: 0, grown: 0 };
        writer.source();
        for _ in 0..writer.below(7) {
            writer.stage();
        }
        format!("table\n{}", writer.text)
    }

    /// Less than `bound`, by a counter that is hashed (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("c{}", self.names)
    }

    fn source(&mut self) {
        if self.below(4) == 0 {
            self.columns = vec![Column { name: "r".into(), kind: Kind::Int, nullable: false }];
            self.text += "  range r = -2..4\n";
            return;
        }
        let mut row = || {
            let a = ["0", "1", "2", "3", "60 //! 0"][self.below(5) as usize];
            let b = ["null", "1", "2", "-3", "9223372036854775807 +! 1"][self.below(5) as usize];
            let f = ["null", "0.0", "-0.0", "1.5", "nan"][self.below(5) as usize];
            let s = ["\"\"", "\"a\"", "\"b\""][self.below(3) as usize];
            let t = ["null", "true", "false"][self.below(3) as usize];
            format!("({a}, {b}, {f}, {s}, {t})")
        };
        let rows: Vec<String> = (0..6).map(|_| row()).collect();
        self.text += "  values {a: int, b: int?, f: float?, s: string, t: bool?} ";
        self.text += &rows.join(", ");
        self.text += "\n";
        let column = |name: &str, kind, nullable| Column { name: name.into(), kind, nullable };
        self.columns = vec![
            column("a", Kind::Int, false),
            column("b", Kind::Int, true),
            column("f", Kind::Float, true),
            column("s", Kind::Text, false),
            column("t", Kind::Bool, true),
        ];
    }

    fn stage(&mut self) {
        if self.grown < 2 && self.below(3) == 0 {
            self.grown += 1;
            return self.stage_that_grows();
        }
        let line = match self.below(11) {
            0..=2 => format!("filter {}", self.condition(2)),
            3 | 4 => self.map(),
            5 => format!("sort {}", self.keys()),
            6 => format!("top_k {} by {}", self.below(7), self.keys()),
            7 => format!("take {}", self.below(5)),
            8 => format!("skip {}", self.below(3)),
            9 => self.window(),
            _ => self.aggregate(),
        };
        self.text += &format!("  | {line}\n");
    }

    fn stage_that_grows(&mut self) {
        match self.below(6) {
            0 => self.explode(),
            1 => self.unpivot(),
            2 => self.union(),
            _ => self.join(),
        }
        // Most rules look at what stands behind.
        for _ in 0..self.below(3) {
            let line = match self.columns.iter().find(|column| column.name.starts_with("mark")).cloned() {
                Some(mark) if self.below(2) == 0 => {
                    let not = ["", "not "][self.below(2) as usize];
                    self.columns.retain(|column| column.name != mark.name);
                    let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                    format!("filter {not}{} -> {}", mark.name, names.join(", "))
                }
                _ => format!("filter {}", self.condition(2)),
            };
            self.text += &format!("  | {line}\n");
        }
    }

    fn explode(&mut self) {
        let (int, nullable) = self.int(1);
        let name = self.name();
        let keep = self.below(2) == 0;
        let question = if nullable { "?" } else { "" };
        let word = if keep { "explode keep" } else { "explode" };
        // Some rows have no items.
        self.text +=
            &format!("  | {word} {name} = #filter([{int}, {int}], v => v != 2)\n      with v: int{question}\n");
        self.columns.push(Column { name, kind: Kind::Int, nullable: nullable || keep });
    }

    fn unpivot(&mut self) {
        let (a, x) = self.int(1);
        let (b, y) = self.int(1);
        let (name, value) = (self.name(), self.name());
        let question = if x || y { "?" } else { "" };
        self.text += &format!("  | unpivot {name}, {value}: int{question} of one = {a}, two = {b}\n");
        self.columns.push(Column { name, kind: Kind::Text, nullable: false });
        self.columns.push(Column { name: value, kind: Kind::Int, nullable: x || y });
    }

    /// Other rows, as the lines below the stage that takes them.
    fn other(&mut self) -> Writer {
        let state = self.below(u64::MAX);
        let mut other = Writer { state, columns: Vec::new(), text: String::new(), names: self.names, grown: 2 };
        other.source();
        for _ in 0..other.below(3) {
            other.stage();
        }
        self.names = other.names;
        other.text = other.text.lines().map(|line| format!("    {line}\n")).collect();
        other
    }

    fn union(&mut self) {
        let mut other = self.other();
        let (mut new, mut texts) = (Vec::new(), Vec::new());
        for column in std::mem::take(&mut self.columns) {
            let Some(beside) = other.column(column.kind) else { continue };
            let name = self.name();
            let nullable = column.nullable || beside.nullable;
            texts.push(format!("{name}: {} = {} & {}", column.kind.text(nullable), column.name, beside.name));
            new.push(Column { name, kind: column.kind, nullable });
        }
        self.columns = new;
        self.text += &format!("  | union {}\n{}", texts.join(", "), other.text);
    }

    fn join(&mut self) {
        let mut other = self.other();
        let kind = ["inner", "left", "full", "semi", "anti", "mark", "mark", "mark"][self.below(8) as usize];
        let mut on = Vec::new();
        for kind in [Kind::Int, Kind::Float, Kind::Text] {
            if let (Some(left), Some(right)) = (self.column(kind), other.column(kind))
                && (on.is_empty() || self.below(3) == 0)
            {
                let op = if on.is_empty() { "==" } else { ["==", "<", "!="][self.below(3) as usize] };
                on.push(format!("{} {op} {}", left.name, right.name));
            }
        }
        let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join(", ")) };
        let unique = if self.below(6) == 0 { " unique" } else { "" };
        let mut line = format!("join {kind}{unique}{on}");
        let right = match kind {
            "inner" | "left" | "full" => self.renamed("right", &other.columns, kind != "inner", &mut line),
            _ => Vec::new(),
        };
        if kind == "mark" {
            let name = format!("mark{}", self.name());
            line += &format!(" as {name}");
            self.columns.push(Column { name, kind: Kind::Bool, nullable: false });
        }
        if kind == "full" {
            let left = std::mem::take(&mut self.columns);
            self.columns = self.renamed("left", &left, true, &mut line);
        }
        self.columns.extend(right);
        self.text += &format!("  | {line}\n{}", other.text);
    }

    /// Columns of a side of a join under new names, which are added to the line.
    fn renamed(&mut self, side: &str, columns: &[Column], nullable: bool, line: &mut String) -> Vec<Column> {
        let (mut new, mut texts) = (Vec::new(), Vec::new());
        for column in columns {
            let (name, nullable) = (self.name(), column.nullable || nullable);
            texts.push(format!("{name}: {} = {}", column.kind.text(nullable), column.name));
            new.push(Column { name, kind: column.kind, nullable });
        }
        if !texts.is_empty() {
            *line += &format!(" {side} {}", texts.join(", "));
        }
        new
    }

    fn keys(&mut self) -> String {
        let key = |w: &mut Writer| w.any(1).0 + if w.below(2) == 0 { " desc" } else { "" };
        (0..1 + self.below(2)).map(|_| key(self)).collect::<Vec<_>>().join(", ")
    }

    fn map(&mut self) -> String {
        let (mut new, mut texts) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.below(2) {
            let (text, kind, nullable) = self.any(2);
            let name = self.name();
            texts.push(format!("{name} = {text}"));
            new.push(Column { name, kind, nullable });
        }
        let kept: Vec<Column> = self.columns.clone().into_iter().filter(|_| self.below(3) > 0).chain(new).collect();
        let names: Vec<&str> = kept.iter().map(|column| column.name.as_str()).collect();
        let line = format!("map {} -> {}", texts.join(", "), names.join(", "));
        self.columns = kept;
        line
    }

    fn aggregate(&mut self) -> String {
        let (mut new, mut keys, mut reductions) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.below(3) {
            let (text, kind, nullable) = self.any(1);
            let name = self.name();
            keys.push(format!("{name} = {text}"));
            new.push(Column { name, kind, nullable });
        }
        let mut narrow = Vec::new();
        for _ in 0..1 + self.below(2) {
            let (name, int) = (self.name(), self.int(1).0);
            let (reducer, nullable) = match self.below(4) {
                0 => ("count()".to_string(), false),
                1 => (format!("sum({int})"), false),
                2 => (format!("min({int})"), true),
                _ => (format!("count({int})"), false),
            };
            let condition = if self.below(3) == 0 { format!(" where {}", self.condition(1)) } else { String::new() };
            if reducer.starts_with("sum") {
                narrow.push(format!("{name} = narrow!({name})"));
            }
            reductions.push(format!("{name} = {reducer}{condition}"));
            new.push(Column { name, kind: Kind::Int, nullable });
        }
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
        let narrow = if narrow.is_empty() { String::new() } else { format!("\n  | map {}", narrow.join(", ")) };
        self.columns = new;
        format!("aggregate {}{by}{narrow}", reductions.join(", "))
    }

    fn window(&mut self) -> String {
        let (mut new, mut functions) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.below(2) {
            let (int, nullable) = self.int(1);
            let (text, nullable) = match self.below(6) {
                0 => (format!("lag({int}, 1)"), true),
                1 => ("row_number()".to_string(), false),
                2 => (format!("rank({int} desc)"), false),
                3 => (format!("session({int}, 2)"), nullable),
                4 => (format!("min({int}) rows from -1 to 1"), true),
                _ => (format!("count({int}) where {} rows to 0", self.condition(1)), false),
            };
            let name = self.name();
            functions.push(format!("{name} = {text}"));
            new.push(Column { name, kind: Kind::Int, nullable });
        }
        let keys: Vec<String> = (0..self.below(3)).map(|_| self.any(0).0).collect();
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
        let on = if self.below(6) == 0 { format!(" on {}", self.any(1).0) } else { String::new() };
        self.columns.extend(new);
        format!("window {}{by}{on}", functions.join(", "))
    }

    /// Some column of a kind.
    fn column(&mut self, kind: Kind) -> Option<Column> {
        let fit: Vec<Column> = self.columns.iter().filter(|column| column.kind == kind).cloned().collect();
        if fit.is_empty() { None } else { Some(fit[self.below(fit.len() as u64) as usize].clone()) }
    }

    /// An expression, its kind, and whether it may be null.
    fn any(&mut self, depth: u32) -> (String, Kind, bool) {
        let kind = [Kind::Int, Kind::Int, Kind::Float, Kind::Text, Kind::Bool][self.below(5) as usize];
        match kind {
            Kind::Int => self.int(depth).with(kind),
            Kind::Float => self.float(depth).with(kind),
            Kind::Text => match self.column(Kind::Text) {
                Some(column) => (column.name, kind, column.nullable),
                None => ("\"x\"".into(), kind, false),
            },
            Kind::Bool => (self.condition(depth), kind, false),
        }
    }

    fn int(&mut self, depth: u32) -> (String, bool) {
        if depth > 0 {
            let (a, x) = self.int(depth - 1);
            let (b, y) = self.int(depth - 1);
            match self.below(7) {
                0 => return (format!("({a} +! {b})"), x || y),
                1 => return (format!("({a} *! {b})"), x || y),
                2 => return (format!("(60 //! {a})"), x),
                3 => return (format!("({a} ?? {b})"), x && y),
                4 => return (format!("(if {} {{ {a} }} else {{ {b} }})", self.condition(depth - 1)), x || y),
                _ => {}
            }
        }
        match self.column(Kind::Int) {
            Some(column) if self.below(4) > 0 => (column.name, column.nullable),
            _ => (["0", "1", "2", "-1", "9223372036854775807"][self.below(5) as usize].into(), false),
        }
    }

    fn float(&mut self, depth: u32) -> (String, bool) {
        if depth > 0 {
            let (a, x) = self.float(depth - 1);
            let (int, z) = self.int(depth - 1);
            match self.below(3) {
                0 => return (format!("(1.0 / {a})"), x),
                1 => return (format!("float({int})"), z),
                _ => {}
            }
        }
        match self.column(Kind::Float) {
            Some(column) if self.below(4) > 0 => (column.name, column.nullable),
            _ => (["0.0", "-0.0", "2.5"][self.below(3) as usize].into(), false),
        }
    }

    fn condition(&mut self, depth: u32) -> String {
        let compare = ["==", "!=", "<", "<=", ">", ">="][self.below(6) as usize];
        match self.below(8) {
            0 | 1 if depth > 0 => format!("({} and {})", self.condition(depth - 1), self.condition(depth - 1)),
            2 if depth > 0 => format!("({} or {})", self.condition(depth - 1), self.condition(depth - 1)),
            3 if depth > 0 => format!("not ({})", self.condition(depth - 1)),
            4 => ["true", "false"][self.below(2) as usize].into(),
            5 => format!("({} {compare} {})", self.float(depth).0, self.float(depth).0),
            6 => match (self.column(Kind::Text), self.column(Kind::Bool)) {
                (Some(column), _) if self.below(2) == 0 => format!("({} {compare} \"a\")", column.name),
                (_, Some(column)) => format!("({} or false)", column.name),
                (_, None) => "1 < 2".into(),
            },
            _ => format!("({} {compare} {})", self.int(depth).0, self.int(depth).0),
        }
    }
}

trait WithKind {
    fn with(self, kind: Kind) -> (String, Kind, bool);
}

impl WithKind for (String, bool) {
    fn with(self, kind: Kind) -> (String, Kind, bool) {
        (self.0, kind, self.1)
    }
}

/// The rows, and the error behind them.
fn run(plan: &Plan) -> (Vec<String>, Option<String>) {
    let registry = registry();
    let oracle = Oracle {
        plan,
        functions: &registry.functions,
        catalog: &registry.catalog,
        tables: &|_| None,
        streams: &Default::default(),
        watch: &Watch::default(),
        tally: &Default::default(),
        tees: &Default::default(),
    };
    let mut rows = Vec::new();
    let result = oracle.run(plan.statements[0].node, &mut |row| {
        rows.push(format!("{row:?}"));
        Ok(())
    });
    (rows, result.err().map(|error| format!("{error:?}")))
}

#[test]
fn random_plans_mean_the_same_after_every_rule() {
    let catalog = &registry().catalog;
    let plans = std::env::var("PLANS").ok().and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let mut sets = vec![RuleSet::all()];
    for rule in RULES {
        sets.push(RuleSet::only(rule.name).expect("a rule"));
        sets.push(RuleSet::without(rule.name).expect("a rule"));
    }
    let (mut failing, mut rewritten) = (0, 0);
    for seed in 0..plans {
        let text = Writer::plan(seed);
        let plan = read(&text, catalog).unwrap_or_else(|error| panic!("{seed}: {error}\n{text}"));
        verify(&plan, catalog).unwrap_or_else(|errors| panic!("{seed}: {}\n{text}", errors.join("\n")));
        let printed = print(&plan, catalog);
        let again = read(&printed, catalog).unwrap_or_else(|error| panic!("{seed}: {error}\n{printed}"));
        assert_eq!(print(&again, catalog), printed, "{seed}: reads back as another plan");
        let expected = run(&plan);
        failing += u64::from(expected.1.is_some());
        for rules in &sets {
            let after = optimize(plan.clone(), catalog, &rules.verified());
            let changed = print(&after, catalog);
            rewritten += u64::from(changed != printed);
            assert_eq!(run(&after), expected, "{seed}: {rules:?}\n{printed}\n{changed}");
        }
    }
    assert!(failing * 8 > plans && failing * 8 < plans * 7, "{failing} of {plans} plans fail: that tests little");
    assert!(rewritten * 2 > plans, "{rewritten} rewrites of {plans} plans: that tests little");
}
