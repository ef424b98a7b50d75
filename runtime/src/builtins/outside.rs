//! What scripts may ask of the world around them, where the host grants it. Each question has one answer a run, which is put
//! in place of the call before the run begins: the rows have no bodies that could be folded, or run twice.

use super::Function;
use super::row::{gives, maybe, of, shows, total};
use super::time::{date_in_zone, zone};
use pipelang_lang::catalog::{Effect, FunctionDef};
use pipelang_lang::codes::E0405;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a run knows of the world around it; nothing of what is not granted.
#[derive(Clone, Default)]
pub struct Outside {
    /// When it began, in microseconds since 1970-01-01T00:00:00Z.
    pub now: Option<i64>,
    /// The variables of its environment.
    pub variables: Option<Arc<BTreeMap<String, String>>>,
}

impl Outside {
    /// The answer to a call; none if that is not granted.
    pub fn answer(&self, function: &FunctionDef, arguments: &[Scalar]) -> Option<Scalar> {
        let now = || self.now.map(Scalar::DateTime);
        match (&*function.name, arguments) {
            ("now", []) => now(),
            ("today", [zone]) => date_in_zone(&[now()?, zone.clone()]).ok(),
            ("env", [Scalar::String(name)]) => {
                let value = self.variables.as_ref()?.get(&**name);
                Some(value.map_or(Scalar::Null, |value| Scalar::String(value.as_str().into())))
            }
            _ => None,
        }
    }
}

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let unanswered = |_: &[Scalar]| Err(Fault::new(E0405, "this run may not ask for it"));
    let mut rows = [
        total(
            "now",
            Vec::new(),
            gives(Type::DATETIME),
            "When the run began: the same in all of it. The host grants the clock.",
            &[shows!("now() >= @2024-01-01T00:00:00Z", "true")],
            unanswered,
        ),
        total(
            "today",
            vec![zone::optional()],
            gives(Type::DATE),
            "The date when the run began, in UTC or in a zone. The host grants the clock.",
            &[shows!("today() == date(now())", "true")],
            unanswered,
        ),
        maybe(total(
            "env",
            vec![of("name", Kind::String)],
            gives(Type::STRING),
            "A variable of the environment; null where it is not set. Its name is known before the script runs, and the host grants the environment.",
            &[shows!("env(\"NO_SUCH_VARIABLE\") ?? \"none\"", "\"none\"")],
            unanswered,
        )),
    ];
    rows.iter_mut().for_each(|row| row.def.effect = Effect::Nondeterministic);
    rows.into()
}
