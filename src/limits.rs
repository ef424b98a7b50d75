//! What scripts are held to, in one struct.

use pipelang_runtime::limits::Bounds;
use std::time::Duration;

/// How much a script may use. Of each limit, none is no limit. An engine has limits, and a run may tighten them, never
/// widen them. Whoever reaches one ends in E0801, in every executor, and the engine lives on.
///
/// Some bounds are the same for every engine: 256 levels of nesting, 10,000 calls inside one another, 64 MiB for a value that
/// a script makes.
///
/// ```
/// use pipelang::{Engine, Limits, codes};
///
/// let engine = Engine::builder().limits(Limits { fuel: Some(10_000), ..Limits::untrusted() }).build()?;
/// let report = engine.eval::<i64>("1.. | filter it < 0 | count").unwrap_err();
/// assert_eq!(report.code(), Some(codes::E0403), "a stream that never ends is not counted in the first place");
/// let report = engine.eval::<i64>("1..1000000 | filter it % 7 == 0 | count").unwrap_err();
/// assert_eq!(report.code(), Some(codes::E0801));
/// # Ok::<(), pipelang::Report>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a script, without what it imports.
    pub source_bytes: Option<usize>,
    /// Brackets and operators before operands of a script inside one another; 256 at most for every engine.
    pub nesting: Option<usize>,
    /// Stages of a script, with those that stand for what it calls.
    pub stages: Option<usize>,
    /// Work, much the same on any machine: about one unit for each row that goes through some fused stages, and for each
    /// call and each round of a function that calls itself. It is counted in portions, so that a run may end some
    /// thousands of units early.
    pub fuel: Option<u64>,
    /// How long a run may take.
    pub wall: Option<Duration>,
    /// Bytes that a run may hold at once: in sorts, groups and joins, of which what goes beyond lies in temporary files where
    /// that can be, and in texts and lists that are made of rows. Where nothing can go to disk, more is E0801. It may be
    /// exceeded for a moment, by a value.
    pub memory: Option<u64>,
    /// Rows that a run may give, of all its results. So many come before the error.
    pub rows_out: Option<u64>,
    /// Threads of a run.
    pub threads: Option<usize>,
    /// Bytes of a regular expression that is compiled; 4 MiB at most for every engine. A larger one is told where it stands,
    /// like one that is none.
    pub regex_bytes: Option<usize>,
    /// Bytes of a record that is read of a text, such as a line of CSV or an item of a JSON list; 64 MiB at most for every
    /// engine.
    pub record_bytes: Option<usize>,
}

impl Limits {
    /// For scripts of people whom nobody knows.
    pub fn untrusted() -> Limits {
        Limits {
            source_bytes: Some(256 << 10),
            nesting: Some(100),
            stages: Some(1_000),
            fuel: Some(1_000_000_000),
            wall: Some(Duration::from_secs(10)),
            memory: Some(256 << 20),
            rows_out: Some(10_000_000),
            threads: None,
            regex_bytes: Some(4 << 20),
            record_bytes: Some(64 << 20),
        }
    }

    /// For scripts of people who mean well: only what no script that a person wrote comes to.
    pub fn trusted() -> Limits {
        Limits { source_bytes: Some(64 << 20), stages: Some(1_000_000), ..Limits::none() }
    }

    /// No limits but those that every engine has.
    pub fn none() -> Limits {
        Limits::default()
    }

    /// What one run, or one call over a record, may use.
    #[inline]
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { fuel: self.fuel, wall: self.wall, memory: self.memory, record_bytes: self.record_bytes }
    }

    /// Of each limit the tighter one.
    pub(crate) fn tightened(&self, other: &Limits) -> Limits {
        fn least<T: Ord + Copy>(a: Option<T>, b: Option<T>) -> Option<T> {
            a.into_iter().chain(b).min()
        }
        Limits {
            source_bytes: least(self.source_bytes, other.source_bytes),
            nesting: least(self.nesting, other.nesting),
            stages: least(self.stages, other.stages),
            fuel: least(self.fuel, other.fuel),
            wall: least(self.wall, other.wall),
            memory: least(self.memory, other.memory),
            rows_out: least(self.rows_out, other.rows_out),
            threads: least(self.threads, other.threads),
            regex_bytes: least(self.regex_bytes, other.regex_bytes),
            record_bytes: least(self.record_bytes, other.record_bytes),
        }
    }
}
