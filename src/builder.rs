//! The settings of an engine, collected until it is built.

mod names;

pub(crate) use names::{taken_name, unknown_type};

use crate::engine::{Engine, Inner};
use crate::given::{Constant, Given, GivenType, HostTable};
use crate::grant::{self, Grant};
use crate::host::{self, Fallible, HostFunction};
use crate::host_type::Methods;
use crate::kernel::{self, KernelFunction};
use crate::limits::Limits;
use crate::report::Report;
use crate::row::{FieldType, HostType, Row, ToCell};
use pipelang_lang::catalog::Effect;
use pipelang_lang::codes::{E0305, E0310};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_runtime::Registry;
use pipelang_runtime::builtins::Function;
use pipelang_runtime::exec::{HostPool, Pool};
use pipelang_runtime::formats::Streams;
use std::sync::Arc;

/// A function that computes many rows at once.
#[derive(Clone)]
pub(crate) struct Kernel {
    /// Which of the functions it is.
    at: usize,
    /// Makes it for one engine: what each finds out about it is its own.
    make: Arc<dyn Fn(bool) -> Function + Send + Sync>,
}

/// Settings of an engine.
#[must_use]
pub struct EngineBuilder {
    functions: Vec<Function>,
    /// Those of them that are kernels.
    kernels: Vec<Kernel>,
    constants: Vec<(Constant, Result<(), String>)>,
    tables: Vec<HostTable>,
    types: Vec<GivenType>,
    /// What is wrong with methods.
    strangers: Vec<String>,
    /// What there is to say of the others.
    descriptions: Vec<(&'static str, String)>,
    grants: Vec<Grant>,
    limits: Limits,
    pool: Pool,
    optimize: bool,
    locked: bool,
    native: bool,
    check_kernels: bool,
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
            kernels: Vec::new(),
            constants: Vec::new(),
            tables: Vec::new(),
            types: Vec::new(),
            strangers: Vec::new(),
            descriptions: Vec::new(),
            grants: Vec::new(),
            limits: Limits::trusted(),
            pool: Pool::new(0),
            optimize: true,
            locked: false,
            native: true,
            check_kernels: false,
        }
    }

    /// A builder with all that an engine has.
    pub(crate) fn of(engine: &Inner) -> EngineBuilder {
        EngineBuilder {
            functions: engine.functions.clone(),
            kernels: engine.kernels.clone(),
            constants: engine.given.constants.iter().map(|constant| (constant.clone(), Ok(()))).collect(),
            tables: engine.given.tables.clone(),
            types: engine.given.types.clone(),
            strangers: Vec::new(),
            descriptions: Vec::new(),
            grants: engine.grants.clone(),
            limits: engine.limits.clone(),
            pool: engine.pool.clone(),
            optimize: engine.optimize,
            locked: engine.locked,
            native: engine.native,
            check_kernels: engine.check_kernels,
        }
    }

    /// Scripts can call a closure by this name. It has up to six arguments (numbers, `bool`, `&str`, `String`, times, `Vec`, values
    /// of the host) and must be pure: calls may be left out, repeated, moved, folded and made from many threads. If it panics, or an
    /// argument does not fit into its type, the script ends with E0603 at the call. A null argument gives null without a call.
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
    ///
    /// Nor do they for the other ways to add a function:
    ///
    /// ```compile_fail,E0277
    /// let count = std::rc::Rc::new(1);
    /// let builder = pipelang::Engine::builder().try_func("count", move |x: i64| Ok::<i64, String>(x + *count));
    /// ```
    ///
    /// ```compile_fail,E0277
    /// let count = std::rc::Rc::new(1);
    /// let builder = pipelang::Engine::builder().effect_func("count", move |x: i64| x + *count);
    /// ```
    ///
    /// ```compile_fail,E0277
    /// let count = std::cell::Cell::new(1);
    /// let builder = pipelang::Engine::builder().kernel("add", move |x: &[i64], out: &mut [i64]| {
    ///     x.iter().zip(out).for_each(|(x, out)| *out = x + count.get());
    /// });
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
        let (name, function) = (name.to_string(), Arc::new(function));
        let make = Arc::new(move |check| kernel::define(&name, check, function.clone()));
        self.kernels.push(Kernel { at: self.functions.len(), make: make.clone() });
        self.functions.push(make(self.check_kernels));
        self
    }

    /// Whether kernels compute each batch a second time, in pieces that are cut anywhere: other results are E0603. For
    /// tests of a host.
    pub fn check_kernels(mut self, check: bool) -> EngineBuilder {
        self.check_kernels = check;
        self
    }

    /// A function that does something. It is called where its value is demanded (by a `filter`, an `assert` or in the
    /// result), once for each such row, in the order of the rows, on one thread; it is never folded, and never called for
    /// a column that nobody looks at. A program that calls one runs a row at a time. A closure may give nothing, or a
    /// `Result` with nothing: scripts have `true` for that, so that a `filter` calls it for each row and lets it go on.
    ///
    /// ```
    /// use pipelang::Engine;
    /// use std::sync::{Arc, Mutex};
    ///
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let log = seen.clone();
    /// let engine = Engine::builder().effect_func("audit", move |x: i64| log.lock().unwrap().push(x)).build()?;
    /// assert_eq!(engine.eval::<i64>("1..3 | filter audit(it) | sum it")?, 6);
    /// assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn effect_func<Arguments, F: HostFunction<Arguments>>(mut self, name: &str, function: F) -> EngineBuilder {
        self.functions.push(host::define(name, Effect::Host, function));
        self
    }

    /// A type of the host, and its methods: scripts have values of it from functions, constants, tables and inputs, hand
    /// them on, and call its methods with a dot. What a [`HostType`] is in a script, it says.
    ///
    /// ```
    /// use pipelang::{Engine, HostType, Row};
    ///
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Money { cents: i64 }
    ///
    /// impl HostType for Money {
    ///     const NAME: &'static str = "Money";
    /// }
    ///
    /// #[derive(Row, Clone, Debug, PartialEq)]
    /// struct Order { id: i64, price: Money }
    ///
    /// let engine = Engine::builder()
    ///     .host_type::<Money>(|money| {
    ///         money
    ///             .method("cents", |money: &Money| money.cents)
    ///             .method("times", |money: &Money, count: i64| Money { cents: money.cents * count })
    ///     })
    ///     .func("money", |cents: i64| Money { cents })
    ///     .build()?;
    /// let program = engine.compile::<Order, Order>(
    ///     "orders.pipe",
    ///     "input | derive price = price.times(2) | filter price.cents() > money(500).cents()",
    /// )?;
    /// let orders = [Order { id: 1, price: Money { cents: 200 } }, Order { id: 2, price: Money { cents: 300 } }];
    /// assert_eq!(program.run(&orders).collect()?, [Order { id: 2, price: Money { cents: 600 } }]);
    ///
    /// let report = engine.eval::<bool>("money(1) == money(1)").unwrap_err();
    /// assert!(report.to_string().contains("compare what its methods give: cents, times"));
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn host_type<T: HostType>(mut self, methods: impl FnOnce(Methods<T>) -> Methods<T>) -> EngineBuilder {
        let Methods { functions, doc, strangers, .. } = methods(Methods::new());
        self.functions.extend(functions);
        self.types.push(GivenType { name: T::NAME.into(), doc });
        let told = |name: String| format!("the first argument of the method `{name}` is no `{}`", T::NAME);
        self.strangers.extend(strangers.into_iter().map(told));
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
    /// On one of them `collect`, `for_each` and the like help along what they wait for; [`Run::rows`](crate::Run::rows), which only
    /// waits, begins a run there that needs none of them.
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
        wrong.extend(self.strangers.drain(..).map(|told| Diagnostic::outside(E0305, told)));
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
        for Kernel { at, make } in &self.kernels {
            let Function { def, batch, words } = make(self.check_kernels);
            let function = &mut self.functions[*at];
            // The names and the description stay what they became.
            (function.def.body, function.batch, function.words) = (def.body, batch, words);
        }
        let constants = self.constants.into_iter().map(|(constant, _)| constant).collect();
        let mut registry = Registry::limited(self.functions.clone(), self.limits.regex_bytes);
        let types = self.types.iter().map(|ty| ty.name.clone()).collect();
        registry.catalog = registry.catalog.with_opaque_types(types);
        Ok(Engine(Arc::new(Inner {
            registry,
            pool: self.pool,
            given: Given { constants, tables: self.tables, types: self.types },
            streams: Streams::of(grant::granted_stdin(&self.grants)),
            grants: self.grants,
            limits: self.limits,
            optimize: self.optimize,
            locked: self.locked,
            native: self.native,
            functions: self.functions,
            kernels: self.kernels,
            check_kernels: self.check_kernels,
        })))
    }
}
