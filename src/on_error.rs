//! What a run does with rows that fail.

use crate::report::Report;
use std::fmt;
use std::sync::Arc;

/// What happens to a row that fails where its value is demanded: a cell that does not fit its column, a division by zero,
/// an `Err` of the host. What a script asserts, a reached limit, a broken file and a sum that overflows end every run.
#[derive(Clone, Default)]
pub enum OnError {
    /// The run ends with the error; the rows before it have come out.
    #[default]
    Fail,
    /// The row is left out.
    Skip,
    /// The row is left out, and somebody is told why: see [`OnError::divert`].
    Divert(Arc<dyn Fn(&Report) + Send + Sync>),
}

impl OnError {
    /// Leaves the row out and tells why. The rows come in their order, though not all at once with those that are fine:
    /// work is ahead of what came out.
    pub fn divert(tell: impl Fn(&Report) + Send + Sync + 'static) -> OnError {
        OnError::Divert(Arc::new(tell))
    }
}

impl fmt::Debug for OnError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            OnError::Fail => "Fail",
            OnError::Skip => "Skip",
            OnError::Divert(_) => "Divert",
        })
    }
}
