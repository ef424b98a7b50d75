//! A plan over one record at a time: `input | filter … | select …`, for what handles events one by one. No batch is made:
//! the kernel runs over single words (`vector/single.rs`), its leaves in native code where there is any; if something
//! fails, the row evaluator says what.

use super::pipeline::{self, End, Link, Source};
use super::replay;
use crate::error::{CellError, Place, RowError, RowFault, RunError};
#[cfg(feature = "jit")]
use crate::kernel::ir::Program;
use crate::kernel::{Segment, lower};
use crate::limits::Bounds;
use crate::reference::expr::{Evaluator, Outcome, Row};
use crate::registry::Registry;
use crate::vector::single::{Output, Registers, Single, Value};
use pipelang_lang::codes::Code;
use pipelang_lang::ir::{ColumnId, Plan, TableOrigin};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// So many registers lie on the stack; those of larger programs are kept by the thread.
pub const FEW: usize = 24;

thread_local! {
    /// Registers of large programs.
    static WORDS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A statement that makes at most one row of each row.
#[derive(Debug)]
pub struct OneRow {
    segment: Segment,
    /// Of each input of the segment, which column of the table it is.
    columns: Vec<usize>,
    kernel: Option<Kernel>,
}

struct Kernel {
    single: Single,
    /// What few registers are before a row.
    few: Option<[u64; FEW]>,
    #[cfg(feature = "jit")]
    compiled: Option<crate::jit::one_row::CompiledRow>,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.single.fmt(f)
    }
}

/// What came of a row: its columns can be asked for.
pub enum Made<'r, 'a> {
    /// By a kernel.
    Kernel(&'r Single, &'r Registers<'r, 'a>, &'r dyn Fn(usize) -> Value<'a>),
    /// By the row evaluator.
    Values(&'r [Scalar]),
}

impl<'r> Made<'r, '_> {
    /// A column.
    pub fn column(&self, at: usize) -> Output<'_> {
        match self {
            Made::Kernel(single, registers, input) => single.output(at, registers, &|column| input(column)),
            Made::Values(values) => Output::Value(Value::of(&values[at])),
        }
    }
}

/// What a column of the record holds.
pub enum Given<'a> {
    /// A value.
    Value(Value<'a>),
    /// A value that is no word and no text: of a program that has no kernel.
    Made(Scalar),
    /// What is no value of the language: an error if it is demanded.
    Unfit {
        /// E0501, or E0603 where the host panicked.
        code: Code,
        /// The type that it should be of.
        expected: &'static str,
        /// What it is.
        text: String,
    },
}

/// What a record is computed with.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The plan that has the statement.
    pub plan: &'a Plan,
    /// Functions and reducers.
    pub registry: &'a Registry,
    /// What each call may use.
    pub bounds: Bounds,
}

impl OneRow {
    /// The statement, if it is one that makes at most one row of each row of the table `name` and asks for nothing else.
    pub fn new(plan: &Plan, name: &str, native: bool) -> Option<OneRow> {
        let [statement] = plan.statements.as_slice() else { return None };
        if !plan.subqueries.is_empty()
            || plan.exprs.call_host()
            || statement.pivot.is_some()
            || statement.target.is_some()
        {
            return None;
        }
        let pipelines = pipeline::cut(plan, statement);
        let [pipeline] = pipelines.as_slice() else { return None };
        let ([branch], [], End::Output) = (pipeline.branches.as_slice(), pipeline.links.as_slice(), &pipeline.end)
        else {
            return None;
        };
        let (Source::Scan { table, columns }, [Link::Segment(segment)]) = (&branch.source, branch.links.as_slice())
        else {
            return None;
        };
        let table = &plan.tables[table.0 as usize];
        if segment.told.is_some() {
            return None;
        }
        if !matches!(&table.origin, TableOrigin::Bound(bound) if &**bound == name) {
            return None;
        }
        let types: Vec<&Type> = columns.iter().map(|column| &table.schema.fields[*column].ty).collect();
        let is_word = |ty: &&Type| matches!(ty.kind, Kind::Bool | Kind::Int | Kind::Float | Kind::String);
        let nullable: Vec<bool> = types.iter().map(|ty| ty.nullable).collect();
        let are_words = types.iter().all(is_word);
        let kernel = if are_words { Kernel::new(segment, plan, &nullable, native) } else { None };
        Some(OneRow { segment: segment.clone(), columns: columns.clone(), kernel })
    }

    /// The program, if it has one that words can be run through.
    #[cfg(feature = "jit")]
    pub(super) fn program(&self) -> Option<&Program> {
        Some(self.kernel.as_ref()?.single.program())
    }

    /// Which column of the table an input of the program is.
    #[cfg(feature = "jit")]
    pub(super) fn column(&self, input: usize) -> usize {
        self.columns[input]
    }

    /// What the words of its registers are before a row, if they are few.
    #[cfg(feature = "jit")]
    pub(super) fn words(&self) -> Option<[u64; FEW]> {
        self.kernel.as_ref()?.few
    }

    /// Runs a record; `given` knows its columns. `take` gets what comes of it, unless a filter drops it.
    #[inline]
    pub fn run<'a, T>(
        &'a self,
        parts: Parts,
        given: impl Fn(usize) -> Given<'a>,
        take: impl FnOnce(Made) -> T,
    ) -> Result<Option<T>, RunError> {
        // A record is a unit of work; where there is none, the evaluator says so.
        let Some(kernel) = self.kernel.as_ref().filter(|_| parts.bounds.fuel != Some(0)) else {
            return self.evaluate(parts, &given, take);
        };
        if let Some(mut words) = kernel.few {
            return self.run_on(&mut words, kernel, parts, given, take);
        }
        // A function of the host may call a program again: it finds other registers then.
        let mut words = WORDS.take();
        words.clear();
        words.extend_from_slice(kernel.single.template());
        let result = self.run_on(&mut words, kernel, parts, given, take);
        WORDS.set(words);
        result
    }

    #[inline]
    fn run_on<'a, T>(
        &'a self,
        words: &mut [u64],
        kernel: &'a Kernel,
        parts: Parts,
        given: impl Fn(usize) -> Given<'a>,
        take: impl FnOnce(Made) -> T,
    ) -> Result<Option<T>, RunError> {
        let is_outside = std::cell::Cell::new(false);
        let input = |at: usize| match given(self.columns[at]) {
            Given::Value(value) => value,
            Given::Made(_) | Given::Unfit { .. } => {
                is_outside.set(true);
                Value::Null
            }
        };
        if let Some(registers) = kernel.run(parts, words, &input)
            && !is_outside.get()
        {
            if !kernel.single.keeps(&registers) {
                return Ok(None);
            }
            let result = take(Made::Kernel(&kernel.single, &registers, &input));
            if !is_outside.get() {
                return Ok(Some(result));
            }
            return self.evaluate(parts, &given, |_| result);
        }
        self.evaluate(parts, &given, take)
    }

    /// By the row evaluator, which knows why a row fails.
    #[cold]
    fn evaluate<'a, T>(
        &self,
        Parts { plan, registry, bounds }: Parts,
        given: &impl Fn(usize) -> Given<'a>,
        take: impl FnOnce(Made) -> T,
    ) -> Result<Option<T>, RunError> {
        let column = |(column, at): (&ColumnId, &usize)| {
            let outcome = match given(*at) {
                Given::Value(value) => Ok(value.scalar()),
                Given::Made(value) => Ok(value),
                Given::Unfit { code, expected, text } => Err(unfit(plan, *column, code, expected, text)),
            };
            (*column, outcome)
        };
        let columns = self.segment.inputs.iter().zip(&self.columns).map(column).collect();
        let watch = bounds.begin();
        watch.spend(1)?;
        let evaluator = Evaluator::new(plan, &registry.functions, &registry.catalog, &watch);
        match replay::one(evaluator, &self.segment, Rc::new(Record { columns })).map_err(RunError::Row)? {
            None => Ok(None),
            Some(outcomes) => {
                let values: Result<Vec<Scalar>, _> = outcomes.into_iter().collect();
                Ok(Some(take(Made::Values(&values.map_err(RunError::Row)?))))
            }
        }
    }
}

impl Kernel {
    fn new(segment: &Segment, plan: &Plan, nullable: &[bool], native: bool) -> Option<Kernel> {
        let program = Arc::new(lower(segment, plan, nullable));
        #[cfg(not(feature = "jit"))]
        let _ = native;
        let single = Single::new(&program)?;
        let mut few = [0; FEW];
        let is_small = few.get_mut(..single.template().len()).map(|words| words.copy_from_slice(single.template()));
        Some(Kernel {
            single,
            few: is_small.map(|()| few),
            #[cfg(feature = "jit")]
            compiled: if native { crate::jit::one_row::compile(&program).ok() } else { None },
        })
    }

    #[inline]
    fn run<'w, 'a: 'w>(
        &'a self,
        Parts { registry, bounds, .. }: Parts,
        words: &'w mut [u64],
        input: &impl Fn(usize) -> Value<'a>,
    ) -> Option<Registers<'w, 'a>> {
        #[cfg(feature = "jit")]
        if let Some(compiled) = &self.compiled {
            return self.single.run(compiled, (&registry.functions, bounds), words, input);
        }
        self.single.run(&crate::vector::single::Interpreted, (&registry.functions, bounds), words, input)
    }
}

fn unfit(plan: &Plan, column: ColumnId, code: Code, expected: &'static str, text: String) -> Arc<RowError> {
    let column = plan.column(column).name.clone();
    let cell = CellError { code, column, inside: None, expected, text, inferred: false };
    Arc::new(RowError { fault: RowFault::Cell(cell), place: None })
}

/// A record as the row evaluator reads it.
struct Record {
    columns: Vec<(ColumnId, Outcome)>,
}

impl Row for Record {
    fn column(&self, column: ColumnId) -> Outcome {
        let known = self.columns.iter().find(|(known, _)| *known == column);
        known.expect("a segment's inputs are all it mentions").1.clone()
    }

    fn place(&self) -> Option<Place> {
        None
    }
}
