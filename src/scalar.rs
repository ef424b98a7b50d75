//! A function of a few numbers, compiled: as near to a function of Rust as a script comes.

use crate::engine::Engine;
use crate::input::Wanted;
use crate::program::{INPUT, given, misfit, show, unreadable};
use crate::report::Report;
use crate::row::{Cell, Field, FromCell, ToCell};
use crate::script::Script;
use pipelang_lang::check::Parameters;
use pipelang_lang::codes::{Code, E0103, E0105, E0130, E0208, E0301};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::{SourceMap, Span};
use pipelang_lang::syntax;
use pipelang_lang::ty::{Kind, spell};
#[cfg(feature = "jit")]
use pipelang_runtime::exec::direct::{Direct, Number};
use pipelang_runtime::exec::single::{Made, OneRow};
use std::marker::PhantomData;
use std::sync::Arc;

/// A compiled function, made by [`Engine::scalar`]. `F` is its type, `fn(f64, i64) -> f64`.
pub struct Function<F> {
    script: Script,
    /// What it was made of.
    text: Text,
    one: OneRow,
    /// The shorter way, if there is one.
    #[cfg(feature = "jit")]
    direct: Option<Direct>,
    /// What it gives.
    kind: Kind,
    types: PhantomData<fn() -> F>,
}

impl<F> std::fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Function").field("type", &std::any::type_name::<F>()).finish()
    }
}

/// The type of a function of one to four arguments: `fn(f64, i64) -> f64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a function that Pipe knows",
    note = "write `fn(f64, i64) -> f64`: one to four numbers, bools or texts, and a result of one of those"
)]
pub trait Signature {
    /// The parameters by these names.
    fn parameters(names: &[&str]) -> Vec<Field>;

    /// How many there are.
    const COUNT: usize;

    /// The result.
    fn result() -> Field;
}

/// The functions of so many arguments.
macro_rules! functions {
    ($($count:literal ($($argument:ident $name:ident $at:literal),*);)*) => {$(
        impl<Returned: FromCell, $($argument: ToCell),*> Signature for fn($($argument),*) -> Returned {
            const COUNT: usize = $count;

            fn parameters(names: &[&str]) -> Vec<Field> {
                vec![$(Field::of::<$argument>(names[$at])),*]
            }

            fn result() -> Field {
                Field::of::<Returned>("result")
            }
        }

        impl<Returned: FromCell, $($argument: ToCell),*> Function<fn($($argument),*) -> Returned> {
            /// Calls it.
            #[inline]
            pub fn call(&self, $($name: $argument),*) -> Result<Returned, Report> {
                #[cfg(feature = "jit")]
                if let (Some(direct), $(Some($name)),*) = (&self.direct, $(word($name.to_cell())),*)
                    && let Some(made) = direct.call([$($name),*])
                    && let Ok(value) = Returned::from_cell(cell(direct.kind(), made))
                {
                    return Ok(value);
                }
                self.run(|at| match at {
                    $($at => $name.to_cell(),)*
                    _ => Cell::Null,
                })
            }
        }
    )*};
}

functions! {
    1 (A a 0);
    2 (A a 0, B b 1);
    3 (A a 0, B b 1, C c 2);
    4 (A a 0, B b 1, C c 2, D d 3);
}

impl<F> Function<F> {
    /// Calls it with any arguments. It is not inlined: what is around a call in the shorter way stays small.
    #[inline(never)]
    fn run<'a, Returned: FromCell>(&'a self, argument: impl Fn(usize) -> Cell<'a>) -> Result<Returned, Report> {
        let take = |made: Made| show(made.column(0), &self.kind, Returned::from_cell);
        match self.one.run(self.script.parts(), |at| given(argument(at)), take) {
            Ok(Some(Ok(value))) => Ok(value),
            other => Err(self.failed(other)),
        }
    }

    #[cold]
    fn failed<T>(
        &self,
        result: Result<Option<Result<T, crate::row::CellMismatch>>, pipelang_runtime::error::RunError>,
    ) -> Report {
        match result {
            Ok(Some(Err(mismatch))) => unreadable(&mismatch),
            Err(error) => self.text.told(self.script.failed(&error)),
            Ok(Some(Ok(_)) | None) => Report::outside(Diagnostic::outside(E0301, "the function gave no value")),
        }
    }
}

impl<F: Signature> Function<F> {
    pub(crate) fn compile(engine: &Engine, text: &str) -> Result<Function<F>, Report> {
        let source = Text::of(text)?;
        let names = source.names()?;
        source.check_brackets()?;
        if names.len() != F::COUNT {
            let (found, wanted) = (names.len(), F::COUNT);
            let told = format!("the function has {found} parameters, and its type in Rust {wanted}");
            return Err(source.refused(E0130, told));
        }
        let schema = crate::row::Schema::new("", F::parameters(&names)).columns();
        let inputs = [Wanted { name: INPUT.into(), row: "".into(), schema }];
        let script = engine.compile_with(NAME, &source.script(), &Parameters::default(), &inputs);
        let script = script.map_err(|report| source.told(report))?;
        let wrong = |code, text| Report::outside(Diagnostic::outside(code, text));
        let [statement] = script.plan().statements.as_slice() else {
            return Err(wrong(E0301, "one expression is wanted here".to_string()));
        };
        let schema = script.plan().schema(statement.node);
        let [found] = schema.fields.as_slice() else {
            return Err(wrong(E0301, format!("one value is wanted here, and this is {schema}")));
        };
        if let Some((code, _)) = misfit(found, &F::result(), "") {
            let Field { kind, nullable, .. } = F::result();
            let null = if nullable { "?" } else { "" };
            return Err(wrong(code, format!("the function gives {}, and {kind}{null} is wanted", found.ty)));
        }
        let one = |native| {
            let one = OneRow::new(script.plan(), INPUT, native);
            one.ok_or_else(|| wrong(E0301, "this function needs more than its arguments".to_string()))
        };
        let interpreted = one(false)?;
        #[cfg(feature = "jit")]
        let direct = direct(&interpreted, engine.inner());
        Ok(Function {
            // What is left to it behind the shorter way fails or is null.
            #[cfg(feature = "jit")]
            one: if direct.is_some() { interpreted } else { one(engine.inner().native)? },
            #[cfg(not(feature = "jit"))]
            one: interpreted,
            #[cfg(feature = "jit")]
            direct,
            kind: found.ty.kind.clone(),
            text: source,
            types: PhantomData,
            script,
        })
    }
}

/// The shorter way, if there is one.
#[cfg(feature = "jit")]
fn direct(one: &OneRow, engine: &crate::engine::Inner) -> Option<Direct> {
    let direct = if engine.native { Direct::new(one, &engine.registry.functions)? } else { return None };
    // What the host does may take time, and it is looked at its limits behind that.
    (!direct.has_calls() || engine.limits.bounds() == Default::default()).then_some(direct)
}

/// The word of a number.
#[cfg(feature = "jit")]
#[inline]
fn word(cell: Cell<'_>) -> Option<u64> {
    match cell {
        Cell::Bool(x) => Some(u64::from(x)),
        Cell::Int(x) => Some(x as u64),
        Cell::Float(x) => Some(x.to_bits()),
        _ => None,
    }
}

#[cfg(feature = "jit")]
#[inline]
fn cell(kind: Number, word: u64) -> Cell<'static> {
    match kind {
        Number::Bool => Cell::Bool(word != 0),
        Number::Int => Cell::Int(word as i64),
        Number::Float => Cell::Float(f64::from_bits(word)),
    }
}

/// What reports call a function.
const NAME: &str = "<function>";
/// A function is the one column of a script.
const BEFORE_BODY: &str = "input | select result = (";

/// `(x, y) => x + y`
struct Text {
    text: Box<str>,
    /// Where the `=>` is.
    arrow: usize,
}

impl Text {
    fn of(text: &str) -> Result<Text, Report> {
        let found = text.find("=>").map(|arrow| Text { text: text.into(), arrow });
        found.ok_or_else(|| Report::outside(Diagnostic::outside(E0130, "a function is written `(x, y) => x + y`")))
    }

    /// Where what it computes begins.
    fn body(&self) -> usize {
        self.arrow + "=>".len()
    }

    /// The names of its parameters.
    fn names(&self) -> Result<Vec<&str>, Report> {
        let head = self.text[..self.arrow].trim();
        let inner = head.strip_prefix('(').map_or(Some(head), |inner| inner.strip_suffix(')'));
        let names: Vec<&str> = inner.unwrap_or(head).split(',').map(str::trim).collect();
        if let Some(wrong) = names.iter().find(|name| spell(name) != **name) {
            let told = format!("`{wrong}` is no name of a parameter: a function is written `(x, y) => x + y`");
            return Err(self.refused(E0130, told));
        }
        match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            Some((_, twice)) => Err(self.refused(E0208, format!("two parameters have the name `{twice}`"))),
            None => Ok(names),
        }
    }

    /// What is wrong with the brackets and quotes of what it computes: in the script there are others around it.
    fn check_brackets(&self) -> Result<(), Report> {
        let alone = " ".repeat(self.body()) + &self.text[self.body()..];
        let mut sources = SourceMap::default();
        let (_, mut wrong) = syntax::parse(sources.add(NAME, &*self.text), &alone);
        wrong.retain(|diagnostic| [E0103, E0105].contains(&diagnostic.code));
        if wrong.is_empty() { Ok(()) } else { Err(Report::new(wrong, Arc::new(sources))) }
    }

    /// The script that computes it.
    fn script(&self) -> String {
        // What it computes may end in a comment.
        format!("{BEFORE_BODY}{}\n)", &self.text[self.body()..])
    }

    /// What a report on that script says of the function.
    fn told(&self, report: Report) -> Report {
        report.within(BEFORE_BODY.len(), (NAME, &self.text), self.body())
    }

    /// What is wrong with its parameters.
    fn refused(&self, code: Code, told: String) -> Report {
        let mut sources = SourceMap::default();
        let source = sources.add(NAME, &*self.text);
        Report::new(vec![Diagnostic::error(code, Span::new(source, 0, self.arrow), told)], Arc::new(sources))
    }
}
