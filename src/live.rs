//! A program that can be replaced while it is in use.

use crate::program::Program;
use std::sync::{Arc, PoisonError, RwLock};

/// A place for a program: who takes it out runs it to the end, whatever is put in meanwhile. Clones are the same place.
///
/// ```
/// use pipelang::{Engine, Row};
///
/// #[derive(Row, Debug, PartialEq)]
/// struct Value { x: i64 }
///
/// let engine = Engine::default();
/// let live = engine.compile::<Value, Value>("v.pipe", "input | select x = x + 1")?.live();
/// let values = [Value { x: 1 }];
/// assert_eq!(live.get().run(&values).collect()?, [Value { x: 2 }]);
/// live.replace(engine.compile("v.pipe", "input | select x = x + 2")?);
/// assert_eq!(live.get().run(&values).collect()?, [Value { x: 3 }]);
/// # Ok::<(), pipelang::Report>(())
/// ```
#[derive(Debug)]
pub struct Live<In, Out>(Arc<RwLock<Program<In, Out>>>);

impl<In, Out> Clone for Live<In, Out> {
    fn clone(&self) -> Self {
        Live(self.0.clone())
    }
}

impl<In, Out> Live<In, Out> {
    pub(crate) fn new(program: Program<In, Out>) -> Live<In, Out> {
        Live(Arc::new(RwLock::new(program)))
    }

    /// The program that is there now.
    pub fn get(&self) -> Program<In, Out> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another one in its place, at once for all who ask from now on. The one before is given back.
    pub fn replace(&self, program: Program<In, Out>) -> Program<In, Out> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), program)
    }
}
