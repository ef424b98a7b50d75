//! What a host lets scripts do: nothing, unless it grants it. Files are in `fs.rs`; here are the others.

use pipelang_runtime::builtins::Outside;
use pipelang_runtime::formats::ByteStream;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Something that a script may do; handed to [`EngineBuilder::grant`](crate::EngineBuilder::grant).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant(pub(crate) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ReadBelow(PathBuf),
    ReadAll,
    WriteBelow(PathBuf),
    WriteAll,
    /// The time at which a run begins; none is the machine's.
    Clock(Option<SystemTime>),
    Environment(Variables),
    Stdin(ByteStream),
}

/// The variables of an environment. Their values may be secrets, so that they are not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Variables(Arc<BTreeMap<String, String>>);

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// Scripts may know what time it is: `now()` and `today()`.
pub mod clock {
    use super::{Grant, Kind};
    use std::time::SystemTime;

    /// The time of this machine, looked at when a run begins.
    pub fn system() -> Grant {
        Grant(Kind::Clock(None))
    }

    /// Always this time, so that runs can be repeated.
    ///
    /// ```
    /// use pipelang::{Engine, clock};
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// let engine = Engine::builder().grant(clock::at(UNIX_EPOCH + Duration::from_secs(86_400))).build()?;
    /// assert_eq!(engine.eval::<String>("string(today())")?, "1970-01-02");
    /// assert!(Engine::default().eval::<String>("string(today())").is_err());
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn at(time: SystemTime) -> Grant {
        Grant(Kind::Clock(Some(time)))
    }
}

/// Scripts may read variables of an environment: `env("HOME")`.
pub mod environment {
    use super::{Grant, Kind, Variables};

    /// These variables and no others, whatever the environment of the process has.
    ///
    /// ```
    /// use pipelang::{Engine, environment};
    ///
    /// let engine = Engine::builder().grant(environment::variables([("REGION", "EU")])).build()?;
    /// assert_eq!(engine.eval::<Option<String>>(r#"env("REGION")"#)?.as_deref(), Some("EU"));
    /// assert_eq!(engine.eval::<Option<String>>(r#"env("HOME")"#)?, None);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn variables<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Grant {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Grant(Kind::Environment(Variables(std::sync::Arc::new(variables))))
    }
}

/// Scripts may read a stream as `stdin`, once.
pub mod stdin {
    use super::{Grant, Kind};
    use pipelang_runtime::formats::ByteStream;
    use std::io::Read;

    /// This stream, of the format that its first line looks like.
    ///
    /// ```
    /// use pipelang::{Engine, stdin};
    ///
    /// let orders = "id,price\n1,2.5\n2,4\n";
    /// let engine = Engine::builder().grant(stdin::from(orders.as_bytes())).build()?;
    /// assert_eq!(engine.eval::<f64>("stdin | sum price")?, 6.5);
    /// // It comes only once.
    /// assert!(engine.eval::<i64>("stdin | count").is_err());
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn from(stream: impl Read + Send + 'static) -> Grant {
        Grant(Kind::Stdin(ByteStream::aside(|| Ok(stream), None)))
    }

    /// This stream, of this format (`csv`, `jsonl` …).
    pub fn of_format(stream: impl Read + Send + 'static, format: &str) -> Grant {
        Grant(Kind::Stdin(ByteStream::aside(|| Ok(stream), Some(format))))
    }

    /// The standard input of this process, of that format, or of the one that its first line looks like. A thread reads
    /// it, from when a script first asks for it: so a run that waits for more can be stopped.
    pub fn of_process(format: Option<&str>) -> Grant {
        Grant(Kind::Stdin(ByteStream::aside(|| Ok(std::io::stdin()), format)))
    }
}

/// What is granted as `stdin`. Of several grants the first counts.
pub(crate) fn granted_stdin(grants: &[Grant]) -> Option<ByteStream> {
    grants.iter().find_map(|grant| match &grant.0 {
        Kind::Stdin(stdin) => Some(stdin.clone()),
        Kind::ReadBelow(_) | Kind::ReadAll | Kind::WriteBelow(_) | Kind::WriteAll => None,
        Kind::Clock(_) | Kind::Environment(_) => None,
    })
}

/// What a run may ask that begins now. Of several grants of one kind the first counts.
pub(crate) fn outside(grants: &[Grant]) -> Outside {
    let now = grants.iter().find_map(|grant| match grant.0 {
        Kind::Clock(time) => Some(microseconds(time.unwrap_or_else(SystemTime::now))),
        Kind::ReadBelow(_) | Kind::ReadAll | Kind::WriteBelow(_) | Kind::WriteAll => None,
        Kind::Environment(_) | Kind::Stdin(_) => None,
    });
    let variables = grants.iter().find_map(|grant| match &grant.0 {
        Kind::Environment(variables) => Some(variables.0.clone()),
        Kind::ReadBelow(_) | Kind::ReadAll | Kind::WriteBelow(_) | Kind::WriteAll => None,
        Kind::Clock(_) | Kind::Stdin(_) => None,
    });
    Outside { now, variables }
}

/// A time as datetimes are; one beyond the years that zones know is the last of those, or the first.
fn microseconds(time: SystemTime) -> i64 {
    /// The year 9999, in microseconds.
    const MOST: i64 = 253_370_764_800_000_000;
    let whole = |length: std::time::Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX).min(MOST);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => whole(after),
        Err(before) => -whole(before.duration()),
    }
}
