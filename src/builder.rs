//! The settings of an engine, collected until it is built.

use crate::engine::{Engine, Inner};
use crate::grant::Grant;
use crate::host::{self, Fallible, HostFunction};
use crate::kernel::{self, KernelFunction};
use crate::limits::Limits;
use crate::program::INPUT;
use crate::report::Report;
use crate::row::ToCell;
use pipelang_lang::catalog::Effect;
use pipelang_lang::check::{FORMS, WINDOW_FUNCTIONS};
use pipelang_lang::codes::{E0112, E0208, E0310};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::spell;
use pipelang_runtime::Registry;
use pipelang_runtime::builtins::Function;
use pipelang_runtime::exec::Pool;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Settings of an engine.
#[must_use]
pub struct EngineBuilder {
    functions: Vec<Function>,
    constants: Vec<(Arc<str>, Result<Scalar, String>)>,
    grants: Vec<Grant>,
    limits: Limits,
    threads: usize,
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
            grants: Vec::new(),
            limits: Limits::trusted(),
            threads: 0,
            optimize: true,
            locked: false,
            native: true,
            check_kernels: Arc::default(),
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
    /// ```compile_fail
    /// let count = std::rc::Rc::new(1);
    /// let builder = pipelang::Engine::builder().func("count", move |x: i64| x + *count);
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
    pub fn constant(mut self, name: &str, value: impl ToCell) -> EngineBuilder {
        self.constants.push((name.into(), value.to_cell().scalar()));
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

    /// The threads of all runs together; 0, the default, is as many as there are processors. They start with the first
    /// run that needs them.
    pub fn threads(mut self, threads: usize) -> EngineBuilder {
        self.threads = threads;
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

    /// The engine. It is an error if two functions or constants have one name, or one of Pipe's own, or a name that no
    /// script can write.
    ///
    /// ```
    /// let report = pipelang::Engine::builder().func("round", |x: f64| x).build().unwrap_err();
    /// assert_eq!(report.code(), Some(pipelang::codes::E0208));
    /// ```
    pub fn build(self) -> Result<Engine, Report> {
        let mut wrong = self.clashes();
        let mut constants = Vec::new();
        for (name, value) in self.constants {
            match value {
                Ok(value) => constants.push((name, value)),
                Err(why) => wrong.push(Diagnostic::outside(E0310, format!("the constant `{name}`: {why}"))),
            }
        }
        if !wrong.is_empty() {
            return Err(Report::new(wrong, Arc::default()));
        }
        Ok(Engine(Arc::new(Inner {
            registry: Registry::with_functions(self.functions),
            pool: Pool::new(self.threads),
            grants: self.grants,
            constants,
            limits: self.limits,
            optimize: self.optimize,
            locked: self.locked,
            native: self.native,
        })))
    }

    /// E0208 for each name that is taken, and E0112 for each that is none.
    fn clashes(&self) -> Vec<Diagnostic> {
        let own = Registry::builtin().catalog;
        let is_taken = |name: &str| {
            // A stage may have the name of a function: it stands where no call can stand.
            let mut words = FORMS.iter().map(|it| it.name).chain(WINDOW_FUNCTIONS.iter().map(|it| it.name));
            !own.functions_named(name).is_empty() || own.reducer_named(name).is_some() || words.any(|word| word == name)
        };
        let functions = self.functions.iter().map(|function| &*function.def.name);
        let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
        for name in functions.chain(self.constants.iter().map(|(name, _)| &**name)) {
            let told = match name {
                name if spell(name) != *name => Some((E0112, "is no name of a function or constant")),
                name if is_taken(name) => Some((E0208, "is a name of Pipe's own")),
                INPUT => Some((E0208, "is the name of the input")),
                name if !seen.insert(name) => Some((E0208, "is added twice")),
                _ => None,
            };
            wrong.extend(told.map(|(code, why)| Diagnostic::outside(code, format!("`{name}` {why}"))));
        }
        wrong
    }
}
