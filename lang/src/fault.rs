//! Deliberate bugs, to test the tests: with `--cfg fault` one of them can be switched on, and the random programs must
//! find it (`tests/faults.rs`, `docs/decisions/0012-seeded-faults.md`). Both crates ask here. Without that flag every
//! question is a constant `false` and the bugs are not compiled.
//!
//! None stands in what the oracle is made of: `scalar.rs`, the scalar bodies of functions, the meaning of a cell, the
//! runtime's `reference`, and how results are written. These are not the faults of [`crate::scalar::Fault`], which are
//! values that failed.

/// Makes the enum, the list and the sentences of its rows.
macro_rules! faults {
    ($($name:ident $what:literal;)*) => {
        /// A deliberate bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault { $(#[doc = $what] $name),* }

        impl Fault {
            /// All of them.
            pub const ALL: &[Fault] = &[$(Fault::$name),*];

            /// What goes wrong.
            pub fn what(self) -> &'static str {
                match self {
                    $(Fault::$name => $what),*
                }
            }
        }
    };
}

faults! {
    FilterPastDemander "a filter goes past a sort or an aggregate that demands what may fail";
    ConjunctsSwapped "a filter's second conjunct is evaluated before the first";
    FailureFolded "constant arithmetic that fails is folded to 0";
    FailingOperandDropped "`x and false` is folded to `false` though x may fail";
    FailingReductionDropped "a reduction that may fail is dropped if nobody reads its result";
    TopKTooShort "a top-k does not reckon with the rows that are skipped";
    NullMaskOff "the result of arithmetic is null nowhere";
    NullsUnequal "`null == null` is false";
    ZeroDivisorUnchecked "an int is divided by zero unnoticed";
    SumUnchecked "a sum of ints that does not fit is cut to 64 bits";
    BranchesSwapped "of `if`, each branch is checked in the rows of the other";
    NanOrdered "`x >= y` is true with a NaN";
    NullFreeKernel "whether a batch has nulls is asked of its first column only";
    LastLaneLost "a filter drops the last row of a chunk";
    LastLaneUnchecked "a failure in the last row of a chunk is not noticed";
    JitOverflowUnchecked "native code does not notice an overflow";
    JitTruncates "native code rounds an int division towards zero";
    LastMorselLost "the last morsel of what an operator gave is lost if it is not full";
    LaterErrorReported "morsels go on after one that failed, and the last error is reported";
    TailErrorLost "an error in the source comes before one of an earlier row behind a slice";
    PrefixNotCut "rows behind the failing row of a batch are written";
    PrefixLost "rows before the failing row of a batch are not written";
    FaultsLost "a value that failed without being demanded is null after a sort";
    TakeTooMany "`take` counts one row too few where it ends a morsel";
    SkipTwice "`skip` skips in every morsel";
    SortUnstable "a sort does not keep the order of equal rows";
    NanKeysDiffer "a NaN is not the same key as another";
    ZeroKeysDiffer "0.0 and -0.0 are two keys";
    NullsFirst "nulls come first in a descending sort";
    GroupOrderLost "groups do not appear in the order of their first rows when workers are merged";
    SumInexact "floats are summed naively";
    NanWins "`min` and `max` do not skip NaN";
    FirstOfAnyWorker "`first` and `last` take the row of the worker that is merged last";
    LastRecordLost "a last record without a newline is not read";
    QuotedEmptyNull "a quoted empty cell is null";
    QuotedNewlineCut "a file is cut at a newline in quotes";
    UnmatchedLost "a left join loses the rows that nothing matches";
    NullKeysMatch "null keys of a join match each other";
    MatchesReversed "the matches of a row come in the opposite order";
    MatchForgotten "a full join does not know of a right row's match behind the first of its key";
    DuplicatesUnnoticed "two right rows with one key are no error where they must be unique";
    WithinUnchecked "an asof join does not look at how much earlier a row is";
    RightErrorFirst "an error of the right side comes before one of the left side";
    UnionSwapped "the other rows of a union come first";
    EmptyListsLost "`explode` with `keep: true` drops rows without items";
    UnpivotedFaultsLost "a value that failed is null after `unpivot`";
    FilterIntoOneSide "a filter behind a union goes into the first side only";
    MarkNegationLost "a filter by a negated mark becomes a semi-join";
    NotLessOfNothing "`not (a < b)` becomes `a >= b` where there may be a null or a NaN";
    SliceOfSideTooShort "a slice of a union's side does not reckon with the rows that are skipped";
    FirstRowOfFailing "no second row is asked for though a later one may fail";
    NullsCounted "`count(x)` becomes `count()` though x may be null";
    SeenOrderDropped "a sort is dropped though a reducer behind it sees the order of its rows";
    SortByFirstKeyOnly "a sort loses all its keys but the first";
    NeighbourOfOtherGroup "`lag` and `lead` look over the end of a group";
    RankDense "`rank` does not leave out the places of equal rows";
    FrameTooLong "a frame by rows goes one row too far";
    LongIntWraps "a cell of 19 digits that is no int is read as one";
}

/// Whether that bug is switched on.
#[cfg(not(fault))]
#[inline(always)]
pub const fn is(_fault: Fault) -> bool {
    false
}

#[cfg(fault)]
mod selection {
    use super::Fault;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The position of a fault in the enum, from 1; 0 is none.
    static SELECTED: AtomicUsize = AtomicUsize::new(0);

    /// Whether that bug is switched on.
    pub fn is(fault: Fault) -> bool {
        SELECTED.load(Ordering::Relaxed) == fault as usize + 1
    }

    /// Switches one bug on and all others off, for the whole process.
    pub fn select(fault: Option<Fault>) {
        SELECTED.store(fault.map_or(0, |fault| fault as usize + 1), Ordering::Relaxed);
    }
}

#[cfg(fault)]
pub use selection::{is, select};
