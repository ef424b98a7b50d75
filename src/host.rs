//! Functions of the host, as scripts call them.
//!
//! A closure of up to six arguments becomes a function of the catalog. What it returns is a value, or a `Result` whose
//! error is a run-time error of the script at the call; a panic is one too. Nulls never reach it: a null argument gives
//! null without a call.

use crate::row::{Cell, FieldKind, FromCell, HostType, ToCell, Unfit};
use pipelang_lang::catalog::{Effect, FunctionDef, Parameter, Pattern, ResultType, ScalarBody};
use pipelang_lang::codes::E0603;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};
use pipelang_runtime::builtins::{Function, WordBody};
use pipelang_runtime::error::panic_text;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A type that an argument of a host function may have.
#[diagnostic::on_unimplemented(
    message = "a host function cannot have an argument of type `{Self}`",
    note = "arguments are integers, floats, `bool`, `&str`, `String`, times of jiff and std, `Vec` of fields of rows, or `&T` \
            of a `pipelang::HostType`"
)]
pub trait Argument {
    /// The type, borrowed for the call.
    type Value<'a>;
    /// What it is in Pipe.
    const KIND: FieldKind;

    /// The value, or why the cell is none.
    fn value(cell: Cell<'_>) -> Result<Self::Value<'_>, String>;

    /// The value of a word of its kind; none if it does not fit, or is no number and no bool.
    #[inline]
    fn of_word(_word: u64) -> Option<Self::Value<'static>> {
        None
    }
}

/// The argument types: type, its value for one call, kind, and how a cell becomes one.
macro_rules! arguments {
    ($($type:ty, $value:ty, $kind:ident, $cell:pat => $result:expr $(, $word:ident => $of_word:expr)?;)*) => {$(
        impl Argument for $type {
            type Value<'a> = $value;
            const KIND: FieldKind = FieldKind::$kind;

            fn value(cell: Cell<'_>) -> Result<Self::Value<'_>, String> {
                match cell {
                    $cell => Ok($result),
                    _ => Err(stranger(cell)),
                }
            }
            $(

            #[inline]
            fn of_word($word: u64) -> Option<$type> {
                Some($of_word)
            })?
        }
    )*};
}

arguments! {
    bool, bool, Bool, Cell::Bool(x) => x, word => word != 0;
    i64, i64, Int, Cell::Int(x) => x, word => word as i64;
    f64, f64, Float, Cell::Float(x) => x, word => f64::from_bits(word);
    &str, &'a str, String, Cell::String(x) => x;
    String, String, String, Cell::String(x) => x.to_string();
}

/// The numbers that need not fit.
macro_rules! narrow_arguments {
    ($($type:ident, $word:ident => $of_word:expr;)*) => {$(
        impl Argument for $type {
            type Value<'a> = $type;
            const KIND: FieldKind = <$type as ToCell>::KIND;

            fn value(cell: Cell<'_>) -> Result<$type, String> {
                $type::from_cell(cell).map_err(|mismatch| mismatch.to_string())
            }

            #[inline]
            fn of_word($word: u64) -> Option<$type> {
                $of_word
            }
        }
    )*};
}

narrow_arguments! {
    i8, word => i8::try_from(word as i64).ok();
    i16, word => i16::try_from(word as i64).ok();
    i32, word => i32::try_from(word as i64).ok();
    isize, word => isize::try_from(word as i64).ok();
    u8, word => u8::try_from(word as i64).ok();
    u16, word => u16::try_from(word as i64).ok();
    u32, word => u32::try_from(word as i64).ok();
    u64, word => u64::try_from(word as i64).ok();
    usize, word => usize::try_from(word as i64).ok();
    f32, word => Some(f64::from_bits(word) as f32);
}

/// The arguments that are values of their own: times, lists and texts.
macro_rules! owned_arguments {
    ($([$($item:ident)?] $type:ty;)*) => {$(
        impl$(<$item: FromCell + 'static>)? Argument for $type {
            type Value<'a> = $type;
            const KIND: FieldKind = <$type as ToCell>::KIND;

            fn value(cell: Cell<'_>) -> Result<$type, String> {
                <$type>::from_cell(cell).map_err(|mismatch| mismatch.to_string())
            }
        }
    )*};
}

owned_arguments! {
    [] jiff::civil::Date;
    [] jiff::Timestamp;
    [] jiff::SignedDuration;
    [] std::time::SystemTime;
    [] std::time::Duration;
    [] jiff::civil::DateTime;
    [] jiff::Zoned;
    [] Arc<str>;
    [T] Vec<T>;
}

/// Values of the host are borrowed.
impl<T: HostType> Argument for &T {
    type Value<'a> = &'a T;
    const KIND: FieldKind = FieldKind::Host(T::NAME);

    fn value(cell: Cell<'_>) -> Result<&T, String> {
        if let Cell::Host(value) = cell { value.get() } else { None }.ok_or_else(|| stranger(cell))
    }
}

/// What a host function may return: a value that a field of a row may have too, or a `Result` with one; what has an effect
/// may return nothing, `()`.
#[diagnostic::on_unimplemented(
    message = "a host function cannot return `{Self}`",
    note = "results are integers, floats, `bool`, `String`, types that implement `pipelang::HostType`, `Option` of one of \
            those; of `try_func` a `Result` of one of those and an error that can be shown; of `effect_func` any of these or \
            `()`"
)]
pub trait HostResult {
    /// The value.
    type Value: ToCell;

    /// The value, or the text of the error.
    fn result(self) -> Result<Self::Value, String>;
}

impl<T: ToCell> HostResult for T {
    type Value = T;

    fn result(self) -> Result<T, String> {
        Ok(self)
    }
}

/// What a function with an effect gives that gives nothing: it is done, so a `filter` or `assert` that calls it goes on.
const DONE: bool = true;

impl HostResult for () {
    type Value = bool;

    fn result(self) -> Result<bool, String> {
        Ok(DONE)
    }
}

impl<E: Display> HostResult for Result<(), E> {
    type Value = bool;

    fn result(self) -> Result<bool, String> {
        self.map(|()| DONE).map_err(|error| error.to_string())
    }
}

/// What a function of [`EngineBuilder::try_func`](crate::EngineBuilder::try_func) returns: a `Result`.
#[diagnostic::on_unimplemented(
    message = "a function that may fail returns a `Result`, not `{Self}`",
    note = "one that always gives a value is added by `func`, or by `method`"
)]
pub trait Fallible: HostResult {}

impl<T: ToCell, E: Display> Fallible for Result<T, E> {}

impl<T: ToCell, E: Display> HostResult for Result<T, E> {
    type Value = T;

    fn result(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }
}

/// A closure that scripts can call: up to six [`Argument`]s, a [`HostResult`], callable from many threads at once.
#[diagnostic::on_unimplemented(
    message = "scripts cannot call `{Self}`",
    note = "a host function is a closure of up to six arguments that are integers, floats, `bool`, `&str`, `String`, times, \
            `Vec` of those, or `&T` of a `pipelang::HostType` (no `T`), with their types written down; it gives such a value \
            (a `T` of a `HostType`), and is `Fn + Send + Sync + 'static`"
)]
pub trait HostFunction<Arguments>: Send + Sync + 'static {
    /// What it returns.
    type Returned: HostResult;

    /// The kinds of the arguments.
    fn parameters() -> Vec<FieldKind>;

    /// The kind of the result, and whether it may be null.
    fn result() -> (FieldKind, bool);

    /// Calls it with arguments of these kinds; the error is a text, without the function's name.
    fn call(&self, arguments: &[Scalar], kinds: &[Kind]) -> Result<Scalar, String>;

    /// Calls it with words, if its arguments and its result are such; none if it fails.
    fn call_words(&self, arguments: &[u64]) -> Option<u64>;
}

/// Calls a closure that is callable in two ways as one of them.
macro_rules! apply {
    ($closure:expr, $($argument:ident $name:ident),*) => {{
        fn apply<$($argument,)* Returned>(
            closure: impl Fn($($argument),*) -> Returned,
            $($name: $argument),*
        ) -> Returned {
            closure($($name),*)
        }
        apply($closure, $($name),*)
    }};
}

/// The closures of so many arguments.
macro_rules! functions {
    ($(($($argument:ident $name:ident),*);)*) => {$(
        #[allow(unused_mut, unused_variables, reason = "a function of no argument asks for none")]
        impl<Closure, Returned, $($argument),*> HostFunction<($($argument,)*)> for Closure
        where
            Closure: Fn($($argument),*) -> Returned + for<'a> Fn($($argument::Value<'a>),*) -> Returned,
            Closure: Send + Sync + 'static,
            Returned: HostResult,
            $($argument: Argument,)*
        {
            type Returned = Returned;

            fn parameters() -> Vec<FieldKind> {
                vec![$($argument::KIND),*]
            }

            fn result() -> (FieldKind, bool) {
                (Returned::Value::KIND, Returned::Value::NULLABLE)
            }

            fn call(&self, arguments: &[Scalar], kinds: &[Kind]) -> Result<Scalar, String> {
                let mut cells = arguments.iter().zip(kinds).map(|(argument, kind)| Cell::of(argument, kind));
                $(let $name = $argument::value(cells.next().unwrap_or(Cell::Null))?;)*
                let result = apply!(self, $($argument $name),*).result()?;
                result.to_cell().scalar().map_err(Unfit::told)
            }

            #[inline]
            fn call_words(&self, arguments: &[u64]) -> Option<u64> {
                let mut words = arguments.iter();
                $(let $name = $argument::of_word(*words.next()?)?;)*
                apply!(self, $($argument $name),*).result().ok()?.to_cell().word()
            }
        }
    )*};
}

functions! {
    ();
    (A a);
    (A a, B b);
    (A a, B b, C c);
    (A a, B b, C c, D d);
    (A a, B b, C c, D d, E e);
    (A a, B b, C c, D d, E e, F f);
}

/// Why an argument is none.
#[cold]
fn stranger(cell: Cell<'_>) -> String {
    match cell {
        Cell::Host(value) => format!("this `{}` is of another Rust type than the argument", value.type_name()),
        _ => "called with arguments of other types than declared".to_string(),
    }
}

/// The row of the catalog for a host function.
pub(crate) fn define<Arguments, F: HostFunction<Arguments>>(name: &str, effect: Effect, function: F) -> Function {
    let (kind, may_be_null) = F::result();
    let shown: Arc<str> = name.into();
    let kinds: Vec<Kind> = F::parameters().into_iter().map(FieldKind::kind).collect();
    let is_word = |kind: &FieldKind| matches!(kind, FieldKind::Bool | FieldKind::Int | FieldKind::Float);
    let has_words = is_word(&kind) && !may_be_null && F::parameters().iter().all(is_word);
    let function = Arc::new(function);
    let by_words = function.clone();
    let words = move |arguments: &[u64]| {
        // What the panic says is told by the other body.
        catch_unwind(AssertUnwindSafe(|| by_words.call_words(arguments))).ok().flatten()
    };
    let body = move |arguments: &[Scalar]| guarded(&shown, || function.call(arguments, &kinds));
    let def = definition(name, &F::parameters(), (kind, may_be_null), effect, Arc::new(body));
    Function { def, batch: None, words: has_words.then(|| -> WordBody { Arc::new(words) }) }
}

/// Runs code of the host: what it says or a panic is E0603.
pub(crate) fn guarded<T>(name: &str, call: impl FnOnce() -> Result<T, String>) -> Result<T, Fault> {
    match caught(call) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(text)) => Err(Fault::new(E0603, format!("`{name}`: {text}"))),
        Err(panic) => Err(Fault::new(E0603, format!("`{name}` panicked: {panic}"))),
    }
}

/// Runs code of the host; the error is the message of a panic.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| panic_text(&*panic).to_string())
}

/// A function of the host as scripts see it.
pub(crate) fn definition(
    name: &str,
    parameters: &[FieldKind],
    (result, may_be_null): (FieldKind, bool),
    effect: Effect,
    body: ScalarBody,
) -> FunctionDef {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let parameter = |(kind, name): (&FieldKind, &'static str)| Parameter::new(name, Pattern::Is(kind.kind()));
    FunctionDef {
        name: name.into(),
        group: "host",
        doc: "A function of the host.".into(),
        parameters: parameters.iter().zip(NAMES).map(parameter).collect(),
        variadic: false,
        result: ResultType::Is(Type::of(result.kind())),
        may_be_null,
        effect,
        examples: &[],
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<A, F: HostFunction<A>>(function: F, arguments: &[Scalar]) -> Result<Scalar, Fault> {
        (define("f", Effect::MayFail, function).def.body)(arguments)
    }

    #[test]
    fn closures_are_called() {
        let sum = |x: f64, y: i64| x + y as f64;
        assert_eq!(call(sum, &[Scalar::Float(1.5), Scalar::Int(2)]), Ok(Scalar::Float(3.5)));
        let text = Scalar::String("abc".into());
        assert_eq!(call(|s: &str| s.len() as i64, std::slice::from_ref(&text)), Ok(Scalar::Int(3)));
        let join = |a: String, b: bool, c: &str, d: i64| format!("{a}{b}{c}{d}");
        let arguments = [text.clone(), Scalar::Bool(true), text.clone(), Scalar::Int(1)];
        assert_eq!(call(join, &arguments), Ok(Scalar::String("abctrueabc1".into())));
        assert_eq!(call(|s: &str| s.parse::<i64>().ok(), &[text]), Ok(Scalar::Null));
        assert_eq!(define("f", Effect::MayFail, sum).def.signature(), "f(a: float, b: int) -> float");
    }

    #[test]
    fn errors_and_panics_are_faults() {
        let checked = |s: &str| s.parse::<u32>();
        let fault = call(checked, &[Scalar::String("x".into())]).unwrap_err();
        assert_eq!((fault.code, &*fault.detail), (E0603, "`f`: invalid digit found in string"));
        let large = |x: i64| x as u64;
        let fault = call(large, &[Scalar::Int(-1)]).unwrap_err();
        assert_eq!(fault.detail, "`f`: 18446744073709551615 does not fit into int (64 bits)");
        let panics = |x: i64| if x > 0 { panic!("no {x}") } else { x };
        let fault = call(panics, &[Scalar::Int(1)]).unwrap_err();
        assert_eq!((fault.code, &*fault.detail), (E0603, "`f` panicked: no 1"));
        let narrow = |x: u8, y: i32| i64::from(x) + i64::from(y);
        assert_eq!(call(narrow, &[Scalar::Int(255), Scalar::Int(-1)]), Ok(Scalar::Int(254)));
        let fault = call(narrow, &[Scalar::Int(256), Scalar::Int(0)]).unwrap_err();
        assert_eq!((fault.code, &*fault.detail), (E0603, "`f`: 256 does not fit into u8"));
    }
}
