//! The engine: everything that programs share. It compiles; what it compiles runs itself.

use crate::assertions::Tests;
use crate::builder::{EngineBuilder, Kernel};
use crate::fs::HostSources;
use crate::given::Given;
use crate::grant::Grant;
use crate::input::{Wanted, declared};
use crate::limits::Limits;
use crate::program::{INPUT, Program, value_of};
use crate::report::Report;
use crate::row::{Dynamic, FromCell, FromRow, Row};
use crate::scalar::{Function, Signature};
use crate::script::Script;
use crate::store;
use pipelang_lang::Compiled;
use pipelang_lang::catalog::Catalog;
use pipelang_lang::check::{FORMS, FRAME_OPTIONS, Parameters, WINDOW_FUNCTIONS};
use pipelang_lang::codes::{E0801, E0901};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ir::Plan;
use pipelang_lang::opt::{self, RuleSet};
use pipelang_lang::source::SourceMap;
use pipelang_lang::stages::STAGES;
use pipelang_lang::syntax;
use pipelang_runtime::Registry;
use pipelang_runtime::builtins;
use pipelang_runtime::error::panic_text;
use pipelang_runtime::exec::Pool;
use pipelang_runtime::formats::Streams;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Compiles scripts. Immutable, cheap to clone, shared by threads; engines know nothing of each other.
///
/// ```
/// let engine = pipelang::Engine::default();
/// assert_eq!(engine.eval::<f64>("1 + 2")?, 3.0);
/// # Ok::<(), pipelang::Report>(())
/// ```
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) registry: Registry,
    pub(crate) pool: Pool,
    pub(crate) given: Given,
    pub(crate) grants: Vec<Grant>,
    /// What scripts read that comes once.
    pub(crate) streams: Streams,
    pub(crate) limits: Limits,
    pub(crate) optimize: bool,
    pub(crate) locked: bool,
    pub(crate) native: bool,
    /// The functions of the host, its kernels, and whether those are checked: for engines that are made of this one.
    pub(crate) functions: Vec<builtins::Function>,
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) check_kernels: bool,
}

impl Default for Engine {
    /// An engine that grants nothing and has no functions but Pipe's own.
    fn default() -> Engine {
        Engine::builder().build().expect("an engine without functions and constants has no two of one name")
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Engine").field("threads", &self.0.pool.threads()).field("grants", &self.0.grants).finish()
    }
}

impl Engine {
    /// Starts an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::new()
    }

    /// Starts an engine that has all that this one has: other grants or limits for some scripts, say.
    ///
    /// ```
    /// use pipelang::{Engine, Limits};
    ///
    /// let engine = Engine::builder().func("fee", |px: f64| px * 0.01).constant("VAT", 0.25).build()?;
    /// let strict = engine.to_builder().limits(Limits::untrusted()).build()?;
    /// assert_eq!(strict.eval::<f64>("fee(100.0) + VAT")?, 1.25);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn to_builder(&self) -> EngineBuilder {
        EngineBuilder::of(&self.0)
    }

    /// What scripts may do.
    pub fn grants(&self) -> &[Grant] {
        &self.0.grants
    }

    /// Compiles a program whose input is a slice of `In`, the table `input` in the script, and whose one result has rows
    /// of `Out`. Both are checked now: a run can only fail for what is in the rows. `name` stands in reports.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row)]
    /// struct Trade { sym: &'static str, px: f64, qty: u32 }
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Total { sym: String, notional: f64 }
    ///
    /// let trades = [Trade { sym: "A", px: 2.0, qty: 3 }, Trade { sym: "B", px: 1.0, qty: 1 }];
    /// let program = Engine::default().compile::<Trade, Total>(
    ///     "total.pipe",
    ///     "input | aggregate notional = sum(px * qty) by sym | filter notional > 5.0",
    /// )?;
    /// assert_eq!(program.run(&trades).collect()?, [Total { sym: "A".into(), notional: 6.0 }]);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn compile<In: Row, Out: FromRow>(&self, name: &str, text: &str) -> Result<Program<In, Out>, Report> {
        Program::compile(self, (name, text), inputs_of::<In>(), Vec::new())
    }

    /// The same with inputs that Rust does not know as types, by the names that the script has for them. The run is given
    /// [`Inputs`](crate::Inputs), or, if there is one input alone, anything that gives its records. The names of inputs and
    /// those of the columns of each are distinct, an input has no name of a function, and columns have types.
    ///
    /// ```
    /// use pipelang::{Engine, Field, Row, Schema};
    /// use serde_json::{Value, json};
    ///
    /// let event = Schema::new("event", vec![Field::of::<String>("user"), Field::of::<i64>("bytes")]);
    /// let program = Engine::default().compile_dyn::<Value>(
    ///     &[("events", event)],
    ///     "top.pipe",
    ///     "events | aggregate total = sum(bytes) by user | sort -total",
    /// )?;
    /// let events = [json!({"user": "ada", "bytes": 3}), json!({"user": "ben", "bytes": 4}), json!({"user": "ada", "bytes": 2})];
    /// assert_eq!(program.run(pipelang::rows(&events)).collect()?[0], json!({"user": "ada", "total": 5}));
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn compile_dyn<Out: FromRow>(
        &self,
        inputs: &[(&str, crate::row::Schema)],
        name: &str,
        text: &str,
    ) -> Result<Program<Dynamic, Out>, Report> {
        let wanted = |(name, schema): &(&str, crate::row::Schema)| Wanted {
            name: Arc::from(*name),
            row: schema.name.as_str().into(),
            schema: schema.columns(),
        };
        let inputs = inputs.iter().map(wanted).collect();
        Program::compile(self, (name, text), inputs, Vec::new())
    }

    /// A program of [`Program::to_bytes`]. It is compiled again, by this engine and under its grants and limits; if another
    /// plan comes of it, since the version of Pipe, a file's columns or what the engine adds is another, it is refused.
    pub fn load<In: Row, Out: FromRow>(&self, bytes: &[u8]) -> Result<Program<In, Out>, Report> {
        loaded(bytes, |name, text| self.compile(name, text))
    }

    /// The same for a program of [`Engine::compile_dyn`].
    ///
    /// ```
    /// use pipelang::{Engine, Field, Row, Schema};
    /// use serde_json::{Value, json};
    ///
    /// let (engine, event) = (Engine::default(), Schema::new("event", vec![Field::of::<i64>("bytes")]));
    /// let inputs = [("events", event)];
    /// let bytes = engine.compile_dyn::<Value>(&inputs, "large.pipe", "events | filter bytes > 9")?.to_bytes();
    /// let program = engine.load_dyn::<Value>(&inputs, &bytes)?;
    /// assert_eq!(program.run(pipelang::rows([json!({"bytes": 10})])).collect()?, [json!({"bytes": 10})]);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn load_dyn<Out: FromRow>(
        &self,
        inputs: &[(&str, crate::row::Schema)],
        bytes: &[u8],
    ) -> Result<Program<Dynamic, Out>, Report> {
        loaded(bytes, |name, text| self.compile_dyn(inputs, name, text))
    }

    /// Compiles a function of one to four numbers, bools or texts.
    ///
    /// ```
    /// let fee = pipelang::Engine::default().scalar::<fn(f64, i64) -> f64>("(px, qty) => px * float(qty) * 0.01")?;
    /// assert_eq!(fee.call(2.0, 50)?, 1.0);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn scalar<F: Signature>(&self, text: &str) -> Result<Function<F>, Report> {
        Function::compile(self, text)
    }

    /// Compiles a script of any number of statements, to be written out as text. `parameters` are the values of its
    /// `param`s.
    pub fn script(&self, name: &str, text: &str, parameters: &Parameters) -> Result<Script, Report> {
        self.compile_with(name, text, parameters, &[])
    }

    /// Compiles the tests of a script with values for its `param`s.
    pub fn tests(&self, name: &str, text: &str, parameters: &Parameters) -> Result<Tests, Report> {
        let (sources, compiled, optimized) =
            self.compiled(name, text, parameters, &[], |compiled| &compiled.tests.plan)?;
        let list = compiled.tests.list;
        let plans = (compiled.tests.plan, optimized);
        Ok(Tests::new(Script::new(self.clone(), sources, plans, compiled.warnings, compiled.stages), list))
    }

    /// The value of an expression; of a pipeline its rows, where a `Vec` is wanted.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Square { n: i64, square: i64 }
    ///
    /// let engine = Engine::default();
    /// assert_eq!(engine.eval::<f64>("1 + 2")?, 3.0);
    /// assert_eq!(engine.eval::<Vec<i64>>("1..5 | filter it % 2 == 0")?, [2, 4]);
    /// let squares = engine.eval::<Vec<Square>>("3..3 | select n = it, square = it * it")?;
    /// assert_eq!(squares, [Square { n: 3, square: 9 }]);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn eval<T: FromCell>(&self, text: &str) -> Result<T, Report> {
        value_of(&self.compile_with("<expression>", text, &Parameters::default(), &[])?)
    }

    /// What is wrong with a script, and what is suspicious about it, without running it: its parameters need no values.
    pub fn check(&self, name: &str, text: &str) -> Report {
        let mut sources = SourceMap::default();
        let files = self.sources(&[]);
        let check = || pipelang_lang::diagnose(&mut sources, name, text, &self.0.registry.catalog, &files);
        let diagnostics = catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| vec![bug(&*panic)]);
        Report::new(diagnostics, Arc::new(sources))
    }

    /// All functions, reducers and stages that scripts can use, and the host's constants and tables, by group, for help and
    /// completion.
    pub fn functions(&self) -> Vec<FunctionInfo> {
        let catalog = &self.0.registry.catalog;
        let functions = catalog.functions().map(|function| FunctionInfo {
            name: function.name.to_string(),
            signature: function.signature(),
            group: function.group,
            doc: function.doc.to_string(),
            options: Vec::new(),
            examples: function.examples.iter().map(|it| (it.source, it.result)).collect(),
        });
        let reducers = catalog.reducers().map(|reducer| FunctionInfo {
            name: reducer.name.to_string(),
            signature: format!("{}({})", reducer.name, if reducer.arity.1 == 0 { "" } else { "…" }),
            group: "reducers",
            doc: reducer.doc.to_string(),
            options: vec![("where", "Only the rows for which this is true.")],
            examples: reducer.examples.iter().map(|it| (it.source, it.result)).collect(),
        });
        let windowed = WINDOW_FUNCTIONS.iter().map(|function| FunctionInfo {
            name: function.name.to_string(),
            signature: function.signature.to_string(),
            group: "window",
            doc: function.doc.to_string(),
            options: Vec::new(),
            examples: Vec::new(),
        });
        let stages = STAGES.iter().map(|stage| FunctionInfo {
            name: stage.name.to_string(),
            signature: stage.signature.to_string(),
            group: "stages",
            doc: stage.doc.to_string(),
            options: if stage.name == "window" { FRAME_OPTIONS.to_vec() } else { Vec::new() },
            examples: Vec::new(),
        });
        let forms = FORMS.iter().map(|form| FunctionInfo {
            name: form.name.to_string(),
            signature: form.signature.to_string(),
            group: form.group,
            doc: form.doc.to_string(),
            options: if form.name == "read" { read_options(catalog) } else { Vec::new() },
            examples: Vec::new(),
        });
        let own = functions.chain(reducers).chain(windowed).chain(stages).chain(forms);
        let mut all: Vec<FunctionInfo> = own.chain(self.0.given.infos()).collect();
        all.sort_by(|a, b| (a.group, &a.signature).cmp(&(b.group, &b.signature)));
        all
    }

    pub(crate) fn compile_with(
        &self,
        name: &str,
        text: &str,
        parameters: &Parameters,
        inputs: &[Wanted],
    ) -> Result<Script, Report> {
        let (sources, compiled, optimized) =
            self.compiled(name, text, parameters, inputs, |compiled| &compiled.plan)?;
        Ok(Script::new(self.clone(), sources, (compiled.plan, optimized), compiled.warnings, compiled.stages))
    }

    /// A compiled script with its texts, and one of its plans optimized.
    fn compiled(
        &self,
        name: &str,
        text: &str,
        parameters: &Parameters,
        inputs: &[Wanted],
        plan: fn(&Compiled) -> &Plan,
    ) -> Result<(SourceMap, Compiled, Plan), Report> {
        let mut sources = SourceMap::default();
        let catalog = &self.0.registry.catalog;
        let files = self.sources(inputs);
        let compile = || {
            self.check_size(text)?;
            let wrong = declared::faults(inputs, &self.0);
            if !wrong.is_empty() {
                return Err(wrong);
            }
            let compiled = pipelang_lang::compile(&mut sources, name, text, catalog, &files, parameters);
            compiled.and_then(|compiled| {
                self.check_nesting(text)?;
                let plan = plan(&compiled).clone();
                // What does something stays where it stands, and what awaits a value is not run.
                let is_kept = plan.exprs.call_host() || parameters.may_be_missing;
                let rules = if self.0.optimize && !is_kept { RuleSet::all() } else { RuleSet::none() };
                let optimized = opt::optimize(plan, catalog, &rules);
                self.check_stages(&optimized)?;
                Ok((compiled, optimized))
            })
        };
        // A panic is a bug of ours; the host lives on.
        let compiled = catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| Err(vec![bug(&*panic)]));
        match compiled {
            Ok((compiled, optimized)) => Ok((sources, compiled, optimized)),
            Err(diagnostics) => Err(Report::new(diagnostics, Arc::new(sources))),
        }
    }

    /// E0801 for a script that is too long.
    fn check_size(&self, text: &str) -> Result<(), Vec<Diagnostic>> {
        let most = self.0.limits.source_bytes.unwrap_or(usize::MAX);
        let told = || format!("the script has {} bytes, and its limit is {most}", text.len());
        if text.len() > most { Err(vec![Diagnostic::outside(E0801, told())]) } else { Ok(()) }
    }

    /// E0801 for a script that is nested deeper than the engine lets it; the parser has told of what is beyond its own limit.
    fn check_nesting(&self, text: &str) -> Result<(), Vec<Diagnostic>> {
        let Some(most) = self.0.limits.nesting else { return Ok(()) };
        let deepest = syntax::nesting(text);
        let told =
            || format!("the script nests {deepest} brackets and operators before operands, and its limit is {most}");
        if deepest > most { Err(vec![Diagnostic::outside(E0801, told())]) } else { Ok(()) }
    }

    /// E0801 for a plan that is too large.
    fn check_stages(&self, plan: &Plan) -> Result<(), Vec<Diagnostic>> {
        let (most, stages) = (self.0.limits.stages.unwrap_or(usize::MAX), plan.nodes.len());
        let told = || format!("the script has {stages} stages, and its limit is {most}");
        if stages > most { Err(vec![Diagnostic::outside(E0801, told())]) } else { Ok(()) }
    }

    /// What scripts can read; `inputs` are the tables that a host binds.
    pub(crate) fn sources<'a>(&'a self, inputs: &'a [Wanted]) -> HostSources<'a> {
        HostSources {
            record_bytes: self.0.limits.record_bytes,
            grants: &self.0.grants,
            streams: &self.0.streams,
            given: &self.0.given,
            inputs,
            locked: self.0.locked,
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

/// The one input of a program over rows of `In`; none if those have no fields.
fn inputs_of<In: Row>() -> Arc<[Wanted]> {
    let schema = In::schema();
    let table = Wanted { name: INPUT.into(), row: schema.name.as_str().into(), schema: schema.columns() };
    Some(table).into_iter().filter(|table| !table.schema.fields.is_empty()).collect()
}

/// A program of [`Program::to_bytes`], compiled again.
fn loaded<In, Out: FromRow>(
    bytes: &[u8],
    compile: impl FnOnce(&str, &str) -> Result<Program<In, Out>, Report>,
) -> Result<Program<In, Out>, Report> {
    let stored = store::from_bytes(bytes)?;
    let program = compile(&stored.name, &stored.text)?;
    match program.printed() == stored.plan {
        true => Ok(program),
        false => Err(store::refused("this program means something else here than where it was stored")),
    }
}

/// What a panic of the compiler is told as.
fn bug(panic: &(dyn Any + Send)) -> Diagnostic {
    Diagnostic::outside(E0901, "this is a bug in Pipe, not in your script")
        .help(format!("please report it with the script: {}", panic_text(panic)))
}

/// What `read` takes for any format.
fn read_options(catalog: &Catalog) -> Vec<(&'static str, &'static str)> {
    let mut options: Vec<(&'static str, &'static str)> = Vec::new();
    for option in catalog.formats().iter().flat_map(|format| format.options) {
        if options.iter().all(|(name, _)| *name != option.name) {
            options.push((option.name, option.doc));
        }
    }
    options
}

/// What is known of a function, reducer or stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// `round`
    pub name: String,
    /// `round(x: number, digits?: int) -> float`
    pub signature: String,
    /// `math`, `text`, `host`, `reducers`, `stages`, `constants`, `tables` …
    pub group: &'static str,
    /// One sentence.
    pub doc: String,
    /// Options with a sentence each, as far as the signature is not enough.
    pub options: Vec<(&'static str, &'static str)>,
    /// Expressions with their values as JSON, or the codes of their errors.
    pub examples: Vec<(&'static str, &'static str)>,
}
