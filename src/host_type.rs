//! The methods of a type of the host: functions whose first argument is a value of it.

use crate::host::{self, Fallible, HostFunction};
use crate::row::{FieldKind, HostType, ToCell};
use pipelang_lang::catalog::Effect;
use pipelang_runtime::builtins::Function;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// What [`EngineBuilder::host_type`](crate::EngineBuilder::host_type) is told of a type.
#[must_use]
pub struct Methods<T> {
    pub(crate) functions: Vec<Function>,
    pub(crate) doc: Arc<str>,
    /// The methods without an argument of the type.
    pub(crate) strangers: Vec<String>,
    of: PhantomData<fn(T)>,
}

impl<T> fmt::Debug for Methods<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.functions.iter().map(|function| function.def.signature())).finish()
    }
}

impl<T: HostType> Methods<T> {
    pub(crate) fn new() -> Methods<T> {
        Methods { functions: Vec::new(), doc: "A type of the host.".into(), strangers: Vec::new(), of: PhantomData }
    }

    /// Adds a function whose first argument is `&T`, under the rules of [`EngineBuilder::func`]. Types may have
    /// methods of the same names as other types and as functions of Pipe: the value before the dot says which is meant.
    /// A method of the name `string` is what texts such as `f"{price}"` use.
    ///
    /// [`EngineBuilder::func`]: crate::EngineBuilder::func
    pub fn method<Arguments, F>(self, name: &str, method: F) -> Methods<T>
    where
        F: HostFunction<Arguments>,
        F::Returned: ToCell,
    {
        self.add(name, method)
    }

    /// The same for a function that gives a `Result`: an `Err` ends the script with E0603 at the call, with the row.
    pub fn try_method<Arguments, F>(self, name: &str, method: F) -> Methods<T>
    where
        F: HostFunction<Arguments>,
        F::Returned: Fallible,
    {
        self.add(name, method)
    }

    fn add<Arguments, F: HostFunction<Arguments>>(mut self, name: &str, method: F) -> Methods<T> {
        if F::parameters().first() != Some(&FieldKind::Host(T::NAME)) {
            self.strangers.push(name.to_string());
        }
        self.functions.push(host::define(name, Effect::MayFail, method));
        self
    }

    /// What help says of the type, in a sentence.
    pub fn describe(self, doc: &str) -> Methods<T> {
        Methods { doc: doc.into(), ..self }
    }
}
