//! The settings of an engine, collected until it is built.

use crate::engine::{Engine, Inner};
use crate::given::{Constant, Given, HostTable};
use crate::grant::{self, Grant};
use crate::host::{self, Fallible, HostFunction};
use crate::kernel::{self, KernelFunction};
use crate::limits::Limits;
use crate::program::INPUT;
use crate::report::Report;
use crate::row::{FieldType, Row, ToCell};
use pipelang_lang::catalog::Effect;
use pipelang_lang::check::{FORMS, WINDOW_FUNCTIONS};
use pipelang_lang::codes::{E0112, E0203, E0208, E0305, E0310};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::spell;
use pipelang_runtime::Registry;
use pipelang_runtime::builtins::Function;
use pipelang_runtime::exec::{HostPool, Pool};
use pipelang_runtime::formats::Streams;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Settings of an engine.
#[must_use]
pub struct EngineBuilder {
    functions: Vec<Function>,
    constants: Vec<(Constant, Result<(), String>)>,
    tables: Vec<HostTable>,
    /// What there is to say of the others.
    descriptions: Vec<(&'static str, String)>,
    grants: Vec<Grant>,
    limits: Limits,
    pool: Pool,
    optimize: bool,
    locked: bool,
    native: bool,
    /// Shared with the kernels.
    check_kernels: Arc<AtomicBool>,
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let functions: Vec<String> = self.functions.iter().map(|function| function.def.signature()).collect();
        f.debug_struct("EngineBuilder").field("functions", &functions).field("grants", &self.grants).finish()
    }
}

impl EngineBuilder {
    pub(crate) fn new() -> EngineBuilder {
        EngineBuilder {
            functions: Vec::new(),
            constants: Vec::new(),
            tables: Vec::new(),
            descriptions: Vec::new(),
            grants: Vec::new(),
            limits: Limits::trusted(),
            pool: Pool::new(0),
            optimize: true,
            locked: false,
            native: true,
            check_kernels: Arc::default(),
        }
    }

    /// A builder with all that an engine has.
    pub(crate) fn of(engine: &Inner) -> EngineBuilder {
        EngineBuilder {
            functions: engine.functions.clone(),
            constants: engine.given.constants.iter().map(|constant| (constant.clone(), Ok(()))).collect(),
            tables: engine.given.tables.clone(),
            descriptions: Vec::new(),
            grants: engine.grants.clone(),
            limits: engine.limits.clone(),
            pool: engine.pool.clone(),
            optimize: engine.optimize,
            locked: engine.locked,
            native: engine.native,
            check_kernels: engine.check_kernels.clone(),
        }
    }

    /// Scripts can call a closure by this name. It has one to four arguments of `f64`, `i64`, `bool`, `&str` or `String`
    /// and must be pure: calls may be left out, repeated, moved, folded and made from many threads. If it panics, the
    /// script ends with E0603 at the call. A null argument gives null without a call.
    ///
    /// ```
    /// let engine = pipelang::Engine::builder().func("fee", |px: f64, qty: i64| px * qty as f64 * 0.01).build()?;
    /// assert_eq!(engine.eval::<f64>("fee(2.0, 50)")?, 1.0);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    ///
    /// What is not `Send + Sync`, or borrows what does not live as long as the program, does not compile:
    ///
    /// ```compile_fail,E0277
    /// let count = std::rc::Rc::new(1);
    /// let builder = pipelang::Engine::builder().func("count", move |x: i64| x + *count);
    /// ```
    ///
    /// ```compile_fail,E0277
    /// let count = std::cell::Cell::new(1);
    /// let builder = pipelang::Engine::builder().func("count", move |x: i64| x + count.get());
    /// ```
    ///
    /// ```compile_fail
    /// let count = 1;
    /// let builder = pipelang::Engine::builder().func("count", |x: i64| x + count);
    /// ```
    pub fn func<Arguments, F>(mut self, name: &str, function: F) -> EngineBuilder
    where
        F: HostFunction<Arguments>,
        F::Returned: ToCell,
    {
        self.functions.push(host::define(name, Effect::MayFail, function));
        self
    }

    /// The same for a closure that gives a `Result`: an `Err` ends the script with E0603 at the call, with the row.
    ///
    /// ```
    /// let engine = pipelang::Engine::builder().try_func("port", |text: &str| text.parse::<u16>()).build()?;
    /// assert_eq!(engine.eval::<u16>(r#"port("80")"#)?, 80);
    /// let report = engine.eval::<u16>(r#"port("http")"#).unwrap_err();
    /// assert!(report.to_string().contains("`port`: invalid digit found in string"));
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn try_func<Arguments, F>(mut self, name: &str, function: F) -> EngineBuilder
    where
        F: HostFunction<Arguments>,
        F::Returned: Fallible,
    {
        self.functions.push(host::define(name, Effect::MayFail, function));
        self
    }

    /// A function that computes many rows at once, from slices of `f64` or `i64` into a slice of one of them: each result
    /// from the arguments of its own row alone, as if it were called for one row after the other. Null arguments give
    /// null, and their rows are taken out before. A panic is E0603.
    ///
    /// ```
    /// let engine = pipelang::Engine::builder()
    ///     .kernel("square", |xs: &[f64], out: &mut [f64]| out.iter_mut().zip(xs).for_each(|(out, x)| *out = x * x))
    ///     .build()?;
    /// assert_eq!(engine.eval::<f64>("[1.0, 2.0, 3.0] | derive y = square(it) | sum y")?, 14.0);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn kernel<Types, F: KernelFunction<Types>>(mut self, name: &str, function: F) -> EngineBuilder {
        self.functions.push(kernel::define(name, self.check_kernels.clone(), function));
        self
    }

    /// Whether kernels compute each batch a second time, in pieces that are cut anywhere: other results are E0603. For
    /// tests of a host.
    pub fn check_kernels(self, check: bool) -> EngineBuilder {
        self.check_kernels.store(check, Ordering::Relaxed);
        self
    }

    /// A function that does something. It is called where its value is demanded (by a `filter`, an `assert` or in the
    /// result), once for each such row, in the order of the rows, on one thread; it is never folded, and never called for
    /// a column that nobody looks at. A program that calls one runs a row at a time.
    pub fn effect_func<Arguments, F: HostFunction<Arguments>>(mut self, name: &str, function: F) -> EngineBuilder {
        self.functions.push(host::define(name, Effect::Host, function));
        self
    }

    /// A name that has this value in every script.
    ///
    /// ```
    /// let engine = pipelang::Engine::builder().constant("VAT", 0.25).build()?;
    /// assert_eq!(engine.eval::<f64>("100 * (1 + VAT)")?, 125.0);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn constant<T: ToCell>(mut self, name: &str, value: T) -> EngineBuilder {
        let value = value.to_cell().scalar();
        let told = value.as_ref().map(drop).map_err(|unfit| unfit.told());
        let doc = "A constant of the host.".into();
        let (name, value) = (name.into(), value.unwrap_or(Scalar::Null));
        // A value that is there is not null.
        let ty = FieldType::of::<T>().ty().without_null().or_null_if(value == Scalar::Null);
        self.constants.push((Constant { name, value, ty, doc }, told));
        self
    }

    /// A table that every script can read by this name, as often as it likes. An input of a program that has the name hides
    /// it; so `input` can be the rows that scripts are tried with.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row)]
    /// struct Desk { desk: &'static str, limit: i64 }
    ///
    /// let desks = vec![Desk { desk: "fx", limit: 100 }, Desk { desk: "bonds", limit: 200 }];
    /// let engine = Engine::builder().table("desks", desks).build()?;
    /// assert_eq!(engine.eval::<i64>("desks | sum limit")?, 300);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn table<T: Row + Send + Sync + 'static>(mut self, name: &str, rows: Vec<T>) -> EngineBuilder {
        self.tables.push(HostTable::new(name, rows));
        self
    }

    /// What help and completion say of a function, constant or table, in a sentence; behind the name of a function its
    /// parameters may stand, which then can be named in calls.
    ///
    /// ```
    /// let engine = pipelang::Engine::builder()
    ///     .func("fee", |px: f64, qty: i64| px * qty as f64 * 0.01)
    ///     .describe("fee(price, quantity)", "What a trade costs.")
    ///     .build()?;
    /// let functions = engine.functions();
    /// let fee = functions.iter().find(|function| function.name == "fee").unwrap();
    /// assert_eq!(fee.signature, "fee(price: float, quantity: int) -> float");
    /// assert_eq!(fee.doc, "What a trade costs.");
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn describe(mut self, what: &'static str, doc: &str) -> EngineBuilder {
        self.descriptions.push((what, doc.to_string()));
        self
    }

    /// What scripts are held to; [`Limits::trusted`] if nothing is said.
    pub fn limits(mut self, limits: Limits) -> EngineBuilder {
        self.limits = limits;
        self
    }

    /// Scripts may do this.
    pub fn grant(mut self, grant: Grant) -> EngineBuilder {
        self.grants.push(grant);
        self
    }

    /// Takes back what scripts may do so far.
    pub fn revoke_grants(mut self) -> EngineBuilder {
        self.grants.clear();
        self
    }

    /// No engine has more threads: beyond all processors they only wait for each other.
    pub const MOST_THREADS: usize = Pool::MOST_THREADS;

    /// The threads of all runs together, at most [`EngineBuilder::MOST_THREADS`]; 0, the default, is as many
    /// as there are processors. They start with the first run that needs them.
    pub fn threads(mut self, threads: usize) -> EngineBuilder {
        self.pool = Pool::new(threads);
        self
    }

    /// The threads of the host, in place of those of the engine: runs take turns on them with whatever else it does there.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("there are threads"));
    /// let engine = pipelang::Engine::builder().pool(pool.clone()).build()?;
    /// assert_eq!(engine.eval::<i64>("1..1000000 | filter it % 2 == 0 | count")?, 500_000);
    /// assert_eq!(pool.install(|| engine.eval::<i64>("1..1000000 | sum it"))?, 500_000_500_000, "from one of them too");
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn pool(mut self, pool: Arc<HostPool>) -> EngineBuilder {
        self.pool = Pool::of(pool);
        self
    }

    /// Whether plans are optimized (they are by default). Results and errors are the same.
    pub fn optimize(mut self, optimize: bool) -> EngineBuilder {
        self.optimize = optimize;
        self
    }

    /// Whether machine code may be made (by default it may, where there is any for the machine): a host that must not have
    /// memory which is both written and run says no. Results and errors are the same.
    pub fn native_code(mut self, native: bool) -> EngineBuilder {
        self.native = native;
        self
    }

    /// Whether the types of all columns of files must be declared, by `schema:`, so that no sample decides what a script
    /// means (by default they need not). What is not declared is E0408.
    pub fn locked(mut self, locked: bool) -> EngineBuilder {
        self.locked = locked;
        self
    }

    /// The engine. It is an error if two functions, constants or tables have one name, or one of Pipe's own, or a name that no
    /// script can write.
    ///
    /// ```
    /// let report = pipelang::Engine::builder().func("round", |x: f64| x).build().unwrap_err();
    /// assert_eq!(report.code(), Some(pipelang::codes::E0208));
    /// ```
    pub fn build(mut self) -> Result<Engine, Report> {
        let mut wrong = self.clashes();
        for (constant, told) in &self.constants {
            if let Err(why) = told {
                wrong.push(Diagnostic::outside(E0310, format!("the constant `{}`: {why}", constant.name)));
            }
        }
        for (what, doc) in std::mem::take(&mut self.descriptions) {
            wrong.extend(self.describe_one(what, &doc));
        }
        if !wrong.is_empty() {
            return Err(Report::new(wrong, Arc::default()));
        }
        let constants = self.constants.into_iter().map(|(constant, _)| constant).collect();
        Ok(Engine(Arc::new(Inner {
            registry: Registry::limited(self.functions.clone(), self.limits.regex_bytes),
            pool: self.pool,
            given: Given { constants, tables: self.tables },
            streams: Streams::of(grant::granted_stdin(&self.grants)),
            grants: self.grants,
            limits: self.limits,
            optimize: self.optimize,
            locked: self.locked,
            native: self.native,
            functions: self.functions,
            check_kernels: self.check_kernels,
        })))
    }

    /// Says of what was added what there is to say; or what is wrong.
    fn describe_one(&mut self, what: &'static str, doc: &str) -> Option<Diagnostic> {
        let (name, parameters) = match what.split_once('(') {
            Some((name, parameters)) => (name, Some(parameters.trim_end_matches(')'))),
            None => (what, None),
        };
        if let Some(function) = self.functions.iter_mut().find(|function| &*function.def.name == name) {
            function.def.doc = doc.into();
            let named = parameters?.split(',').map(str::trim);
            let known = &mut function.def.parameters;
            if named.clone().count() != known.len() || named.clone().any(|name| spell(name) != *name) {
                let told = format!("`{what}` is another function than {}", function.def.signature());
                return Some(Diagnostic::outside(E0305, told));
            }
            known.iter_mut().zip(named).for_each(|(parameter, name)| parameter.name = name);
            return None;
        }
        let constants = self.constants.iter_mut().map(|(constant, _)| (&*constant.name, &mut constant.doc));
        let tables = self.tables.iter_mut().map(|table| (&*table.wanted.name, &mut table.doc));
        if let Some((_, of_it)) = constants.chain(tables).find(|(known, _)| *known == name) {
            *of_it = doc.into();
            return None;
        }
        let near = did_you_mean(name, self.names());
        let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Some(Diagnostic::outside(E0203, format!("`{name}` is described, and was not added{hint}")))
    }

    /// The names of all that was added.
    fn names(&self) -> impl Iterator<Item = &str> {
        let functions = self.functions.iter().map(|function| &*function.def.name);
        let constants = self.constants.iter().map(|(constant, _)| &*constant.name);
        functions.chain(constants).chain(self.tables.iter().map(|table| &*table.wanted.name))
    }

    /// E0208 for each name that is taken, and E0112 for each that is none.
    fn clashes(&self) -> Vec<Diagnostic> {
        let own = Registry::builtin().catalog;
        let is_taken = |name: &str| {
            // A stage may have the name of a function: it stands where no call can stand.
            let mut words = FORMS.iter().map(|it| it.name).chain(WINDOW_FUNCTIONS.iter().map(|it| it.name));
            !own.functions_named(name).is_empty() || own.reducer_named(name).is_some() || words.any(|word| word == name)
        };
        let is_table = |name: &str| self.tables.iter().any(|table| &*table.wanted.name == name);
        let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
        for name in self.names() {
            let told = match name {
                name if spell(name) != *name => Some((E0112, "is no name of a function, constant or table")),
                name if is_taken(name) => Some((E0208, "is a name of Pipe's own")),
                INPUT if !is_table(name) => Some((E0208, "is the name of the input")),
                name if !seen.insert(name) => Some((E0208, "is added twice")),
                _ => None,
            };
            wrong.extend(told.map(|(code, why)| Diagnostic::outside(code, format!("`{name}` {why}"))));
        }
        wrong
    }
}
