//! Everything that a script can name and that is not syntax: functions, reducers, stages and formats, as data.
//!
//! The runtime gathers the rows of its tables into a [`Catalog`] (`runtime/src/registry.rs`); nothing here computes,
//! except that a function may lend its scalar body for constant folding.

mod sources;

pub use sources::{
    FILE_COLUMN, MOST_MODULE_BYTES, NoSources, ReadRequest, Room, STDIN, Sources, TableFile, TableInfo, WriteRequest,
    foreign_column,
};

use crate::scalar::{Fault, Scalar};
use crate::ty::{Field, Kind, Schema, Type};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What evaluating something may do besides giving a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Always gives a value.
    Total,
    /// May fail for some values.
    MayFail,
    /// Asks what is known only when a run begins, such as the time: one value a run, put in place of the call then
    /// (`ir/asked.rs`).
    Nondeterministic,
    /// Calls the host in order.
    Host,
}

/// What a parameter accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// That kind (an int is converted where a float is wanted).
    Is(Kind),
    /// Int or float.
    Number,
    /// Anything with an order: number, string, bool, date, datetime, duration.
    Ordered,
    /// Anything.
    Any,
    /// Anything that can be compared and spelled: all but what has values of the host in it.
    Plain,
    /// A list of what the pattern accepts. The lists and [`Pattern::Item`]s among the arguments are brought to one type.
    List(Box<Pattern>),
    /// A list of anything, which keeps its type beside other lists.
    AnyList,
    /// An item of the lists among the arguments.
    Item,
    /// A map to anything.
    Map,
}

impl fmt::Display for Pattern {
    /// As signatures have it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Pattern::Is(kind) => write!(f, "{kind}"),
            Pattern::Number => f.write_str("number"),
            Pattern::Ordered => f.write_str("ordered"),
            Pattern::Any | Pattern::Plain => f.write_str("any"),
            Pattern::List(items) => write!(f, "[{items}]"),
            Pattern::AnyList => f.write_str("[any]"),
            Pattern::Item => f.write_str("item"),
            Pattern::Map => f.write_str("map"),
        }
    }
}

/// How the type of a result follows from the arguments. Nullability is added by the checker: a null argument gives null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultType {
    /// Always this.
    Is(Type),
    /// The type of argument 0, after int has been unified with float among all `Number` and `Ordered` arguments, and the
    /// items among all lists.
    SameAsArguments,
    /// The type of the items of argument 0, or of the values of a map.
    Item,
    /// A list of those.
    Items,
    /// A list of records of the items of argument 0 and argument 1: `[{left: …, right: …}]`.
    Pairs,
    /// A list of records of the items of argument 0 and their positions: `[{index: int, item: …}]`.
    Numbered,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for signatures and named arguments.
    pub name: &'static str,
    /// What it accepts.
    pub pattern: Pattern,
    /// What it is when it is left out; optional parameters come last.
    pub default: Option<Scalar>,
    /// Looks at a text that is known when the script is compiled, so that a wrong one is told before any work is done.
    pub check: Option<TextCheck>,
    /// What is called instead where the argument is a raw string; then that is a regular expression.
    pub raw: Option<RawForm>,
}

impl Parameter {
    /// A parameter without a default.
    pub fn new(name: &'static str, pattern: Pattern) -> Parameter {
        Parameter { name, pattern, default: None, check: None, raw: None }
    }
}

/// The function that is meant where a pattern is a raw string, and what stands around the pattern then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawForm {
    /// Its name; it has parameters of the same names.
    pub function: &'static str,
    /// Before the pattern.
    pub before: &'static str,
    /// Behind it.
    pub after: &'static str,
}

/// Looks at a text.
type Look = dyn Fn(&str) -> Result<(), Unfit> + Send + Sync;

/// Whether a text can be an argument.
#[derive(Clone)]
pub struct TextCheck(Arc<Look>);

impl TextCheck {
    /// A check that looks at the text alone.
    pub fn of(check: impl Fn(&str) -> Result<(), Unfit> + Send + Sync + 'static) -> Option<TextCheck> {
        Some(TextCheck(Arc::new(check)))
    }

    /// Why a text is none, if it is none.
    pub fn check(&self, text: &str) -> Result<(), Unfit> {
        (self.0)(text)
    }
}

impl fmt::Debug for TextCheck {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("TextCheck")
    }
}

/// Why a text is no argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong with it.
    pub message: String,
    /// Why that is so, if that is more.
    pub why: Option<String>,
    /// What may have been meant, the best first.
    pub near: Vec<String>,
}

/// An example that the tests run: `source` gives `result` (as JSON), or fails with the code in `result`.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// An expression.
    pub source: &'static str,
    /// Its value as JSON, or a code such as `E0604`.
    pub result: &'static str,
}

/// The scalar body of a function; no argument is null.
pub type ScalarBody = Arc<dyn Fn(&[Scalar]) -> Result<Scalar, Fault> + Send + Sync>;

/// A function as scripts see it.
#[derive(Clone)]
pub struct FunctionDef {
    /// Its name.
    pub name: Arc<str>,
    /// The group it is listed under: `math`, `text` …
    pub group: &'static str,
    /// One sentence.
    pub doc: Arc<str>,
    /// Its parameters in order. Functions may share a name if their parameters differ; the first that fits is taken.
    pub parameters: Vec<Parameter>,
    /// Whether the last parameter may be given any number of times, but at least once.
    pub variadic: bool,
    /// Its result.
    pub result: ResultType,
    /// Whether the result may be null although no argument is (`int?("x")`).
    pub may_be_null: bool,
    /// What else it does.
    pub effect: Effect,
    /// Run by the tests.
    pub examples: &'static [Example],
    /// The scalar body: for constant folding, for the oracle, and for batches where no better way is given.
    pub body: ScalarBody,
}

impl fmt::Debug for FunctionDef {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.signature())
    }
}

impl FunctionDef {
    /// `round(x: number, digits?: int) -> the same`
    pub fn signature(&self) -> String {
        let mut parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|p| format!("{}{}: {}", p.name, if p.default.is_some() { "?" } else { "" }, p.pattern))
            .collect();
        if self.variadic {
            parameters.push("…".into());
        }
        let result = match &self.result {
            ResultType::Is(ty) => ty.clone().or_null_if(self.may_be_null).to_string(),
            ResultType::SameAsArguments => "the same".into(),
            ResultType::Item => format!("item{}", if self.may_be_null { "?" } else { "" }),
            ResultType::Items => "[item]".into(),
            ResultType::Pairs => "[{left: item, right: item}]".into(),
            ResultType::Numbered => "[{index: int, item: item}]".into(),
        };
        format!("{}({}) -> {result}", self.name, parameters.join(", "))
    }

    /// The type of the host that it is a method of, if its first parameter is one.
    pub fn receiver(&self) -> Option<&str> {
        match &self.parameters.first()?.pattern {
            Pattern::Is(Kind::Opaque(name)) => Some(name),
            _ => None,
        }
    }

    /// The kinds of its arguments and of its result, as far as it names them.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        let result = if let ResultType::Is(ty) = &self.result { Some(ty.kind.clone()) } else { None };
        let parameters = self.parameters.iter().filter_map(|parameter| match &parameter.pattern {
            Pattern::Is(kind) => Some(kind.clone()),
            _ => None,
        });
        parameters.chain(result)
    }

    /// The parameter that argument `at` is for.
    pub fn parameter(&self, at: usize) -> Option<&Parameter> {
        let last = self.parameters.last().filter(|_| self.variadic);
        self.parameters.get(at).or(last)
    }

    /// The result for arguments of these types, nullability by null arguments aside; none where they do not tell.
    pub fn result_of(&self, arguments: &[&Type]) -> Option<Type> {
        let item_of = |at: usize| match &arguments.get(at)?.kind {
            Kind::List(item) | Kind::Map(item) => Some((**item).clone()),
            _ => None,
        };
        let item = || item_of(0);
        let records = |fields: [(&str, Type); 2]| {
            let fields = fields.map(|(name, ty)| Field { name: name.into(), ty });
            Type::list(Type::record(Schema { fields: fields.into() }))
        };
        match &self.result {
            ResultType::Is(ty) => Some(ty.clone()),
            ResultType::SameAsArguments => arguments.first().map(|ty| (*ty).clone()),
            ResultType::Item => item(),
            ResultType::Items => item().map(Type::list),
            ResultType::Pairs => Some(records([("left", item()?), ("right", item_of(1)?)])),
            ResultType::Numbered => Some(records([("index", Type::INT), ("item", item()?)])),
        }
    }
}

/// What a reducer makes of the types of its arguments; `None` if it does not take them.
pub type ReducerType = fn(&[Type]) -> Option<Type>;

/// A reducer as scripts see it: many rows to one value.
#[derive(Clone, Debug)]
pub struct ReducerDef {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Least and greatest number of arguments.
    pub arity: (usize, usize),
    /// Its result. `Wide` means: the checker puts a checked narrowing to int behind it, evaluated where it is used.
    pub result: ReducerType,
    /// What it takes, in words: `a number`.
    pub takes: &'static str,
    /// Whether ints among its arguments are converted to floats first.
    pub in_floats: bool,
    /// Its last argument, if that is one value for all rows.
    pub constant: Option<ConstantDef>,
    /// Whether, as a stage, its first argument may be left out and is then the row.
    pub takes_row: bool,
    /// Whether it takes `weight:`, which comes behind its arguments.
    pub weighted: bool,
    /// Whether the order of the rows shows in its value.
    pub order: RowOrder,
    /// Whether it counts rows, those in which its argument is not null if it has one.
    pub counts_rows: bool,
    /// Whether its value is that of the first row.
    pub takes_first: bool,
    /// Run by the tests: `[1, 2] | sum it`.
    pub examples: &'static [Example],
}

impl ReducerDef {
    /// What most reducers have in common: one argument, and nothing special about it.
    pub const PLAIN: ReducerDef = ReducerDef {
        name: "",
        doc: "",
        arity: (1, 1),
        result: |_| None,
        takes: "a value",
        in_floats: false,
        constant: None,
        takes_row: false,
        weighted: false,
        order: RowOrder::Shows,
        counts_rows: false,
        takes_first: false,
        examples: &[],
    };
}

/// Whether the order of the rows shows in what a reducer makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// It may.
    Shows,
    /// It does not.
    Hidden,
    /// Only of floats, where values that are equal differ: 0.0 and -0.0.
    ShowsInFloats,
}

/// An argument of a reducer that is known before the first row.
#[derive(Clone, Debug)]
pub struct ConstantDef {
    /// What it is: `a number from 0 to 1`.
    pub takes: &'static str,
    /// Its kind; an int is converted to a float.
    pub kind: Kind,
    /// Whether a value of the kind will do.
    pub accepts: fn(&Scalar) -> bool,
}

/// An option of a format: `delimiter: ";"`.
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: OptionKind,
    /// One sentence.
    pub doc: &'static str,
}

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// `true` or `false`
    Bool,
    /// An int.
    Int,
    /// Text.
    String,
    /// A list of texts.
    Strings,
    /// A type: `schema: {id: int, ..}`.
    Schema,
}

impl std::fmt::Display for OptionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            OptionKind::Bool => "bool",
            OptionKind::Int => "int",
            OptionKind::String => "string",
            OptionKind::Strings => "[string]",
            OptionKind::Schema => "a type",
        })
    }
}

/// A file format as scripts see it.
#[derive(Clone, Copy, Debug)]
pub struct FormatDef {
    /// `csv`
    pub name: &'static str,
    /// Extensions without the dot.
    pub extensions: &'static [&'static str],
    /// What `read` accepts for it.
    pub options: &'static [OptionDef],
}

/// Names a function of one catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// Names a reducer of one catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReducerId(pub u32);

/// All known functions, reducers and formats.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    functions: Vec<FunctionDef>,
    reducers: Vec<ReducerDef>,
    formats: Vec<FormatDef>,
    opaque_types: Vec<Arc<str>>,
    by_name: HashMap<Arc<str>, Vec<FunctionId>>,
}

impl Catalog {
    /// A catalog of these rows.
    pub fn new(functions: Vec<FunctionDef>, reducers: Vec<ReducerDef>, formats: Vec<FormatDef>) -> Catalog {
        let mut by_name: HashMap<Arc<str>, Vec<FunctionId>> = HashMap::new();
        for (at, function) in functions.iter().enumerate() {
            by_name.entry(function.name.clone()).or_default().push(FunctionId(at as u32));
        }
        Catalog { functions, reducers, formats, opaque_types: Vec::new(), by_name }
    }

    /// The same and types of the host of these names.
    pub fn with_opaque_types(self, opaque_types: Vec<Arc<str>>) -> Catalog {
        Catalog { opaque_types, ..self }
    }

    /// The names of the types of the host.
    pub fn opaque_types(&self) -> &[Arc<str>] {
        &self.opaque_types
    }

    /// The names of the functions whose first parameter is of that type of the host.
    pub fn methods(&self, of: &str) -> Vec<&str> {
        let is_method = |function: &&FunctionDef| function.receiver() == Some(of);
        self.functions.iter().filter(is_method).map(|function| &*function.name).collect()
    }

    /// The function that `id` names.
    pub fn function(&self, id: FunctionId) -> &FunctionDef {
        &self.functions[id.0 as usize]
    }

    /// All functions of that name, in the order in which they are tried.
    pub fn functions_named(&self, name: &str) -> &[FunctionId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = &FunctionDef> {
        self.functions.iter()
    }

    /// The reducer that `id` names.
    pub fn reducer(&self, id: ReducerId) -> &ReducerDef {
        &self.reducers[id.0 as usize]
    }

    /// The reducer of that name.
    pub fn reducer_named(&self, name: &str) -> Option<ReducerId> {
        self.reducers.iter().position(|r| r.name == name).map(|at| ReducerId(at as u32))
    }

    /// All reducers.
    pub fn reducers(&self) -> impl Iterator<Item = &ReducerDef> {
        self.reducers.iter()
    }

    /// All formats.
    pub fn formats(&self) -> &[FormatDef] {
        &self.formats
    }
}

/// A value of an option, as written in the script.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A constant.
    Scalar(Scalar),
    /// Texts.
    Strings(Vec<Arc<str>>),
    /// A type. `open` is the `..` at its end: further columns are inferred.
    Schema {
        /// The declared fields.
        schema: Schema,
        /// Whether it ends in `..`.
        open: bool,
    },
}

/// What a `read` does with what does not fit: its option `on_error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadPolicy {
    /// A value that does not fit is an error where somebody wants it.
    #[default]
    Fail,
    /// It is read as null, and counted.
    Null,
    /// Its row is left out, and counted.
    Skip,
}

impl ReadPolicy {
    /// The policy of that name.
    pub fn named(name: &str) -> Option<ReadPolicy> {
        match name {
            "fail" => Some(ReadPolicy::Fail),
            "null" => Some(ReadPolicy::Null),
            "skip" => Some(ReadPolicy::Skip),
            _ => None,
        }
    }

    /// What the options of a `read` say, which are known to be right.
    pub fn of(options: &[(Arc<str>, OptionValue)]) -> ReadPolicy {
        let policy = options.iter().find_map(|(name, value)| match value {
            OptionValue::Scalar(Scalar::String(policy)) if **name == *ON_ERROR => ReadPolicy::named(policy),
            OptionValue::Scalar(_) | OptionValue::Strings(_) | OptionValue::Schema { .. } => None,
        });
        policy.unwrap_or_default()
    }
}

/// The option that names a [`ReadPolicy`].
pub const ON_ERROR: &str = "on_error";
