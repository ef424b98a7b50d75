//! Dates, times and durations. Days are those of the proleptic Gregorian calendar, times are in UTC unless a zone is given.

mod convert;
pub(super) mod format;
mod parts;
mod shift;
pub(super) mod zone;

pub(super) use convert::date_in_zone;

use super::Function;

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    [parts::rows(), shift::rows(), convert::rows()].concat()
}
