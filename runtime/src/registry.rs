//! The tables of the runtime, gathered for the compiler.

use crate::builtins::{Function, Functions};
use crate::formats;
use crate::reducers::{self, Reducers};
use pipelang_lang::catalog::Catalog;

/// All functions, reducers and formats of an engine.
#[derive(Clone)]
pub struct Registry {
    /// What scripts see.
    pub catalog: Catalog,
    /// What the executors call.
    pub functions: Functions,
    /// What aggregates use.
    pub reducers: Reducers,
}

impl Registry {
    /// What Pipe has by itself.
    pub fn builtin() -> Registry {
        Registry::with_functions(Vec::new())
    }

    /// The same and functions of a host.
    pub fn with_functions(host: Vec<Function>) -> Registry {
        Registry::limited(host, None)
    }

    /// The same with a bound for the bytes of a regular expression that is compiled.
    pub fn limited(host: Vec<Function>, regex_bytes: Option<usize>) -> Registry {
        let mut functions = crate::builtins::functions();
        if let Some(bytes) = regex_bytes {
            crate::builtins::limit_patterns(&mut functions.0, bytes);
        }
        functions.0.extend(host);
        let reducers = reducers::reducers();
        let catalog = Catalog::new(
            functions.0.iter().map(|function| function.def.clone()).collect(),
            reducers.0.iter().map(|reducer| reducer.def.clone()).collect(),
            formats::formats().map(|format| format.def).collect(),
        );
        Registry { catalog, functions, reducers }
    }
}
