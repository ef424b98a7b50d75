//! Time zones by their IANA names, with data that Pipe brings along, so that every machine says the same.

use crate::builtins::row::text;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use pipelang_lang::calendar::SECOND;
use pipelang_lang::catalog::{Parameter, TextCheck, Unfit};
use pipelang_lang::codes::E0604;
use pipelang_lang::diagnostic::did_you_mean;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::Kind;
use std::sync::LazyLock;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The parameter `zone`, which must be given.
pub(super) fn parameter() -> Parameter {
    Parameter { check: TextCheck::of(check), ..crate::builtins::row::of("zone", Kind::String) }
}

/// The parameter `zone`, which is UTC if it is left out.
pub(in crate::builtins) fn optional() -> Parameter {
    Parameter { default: Some(Scalar::String("UTC".into())), ..parameter() }
}

/// Whether there is such a zone.
fn check(name: &str) -> Result<(), Unfit> {
    if DATABASE.get(name).is_ok() {
        return Ok(());
    }
    let names: Vec<String> = DATABASE.available().map(|known| known.to_string()).collect();
    // A city alone is enough to know what is meant.
    let of_city = |known: &&String| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
    let near = match names.iter().find(of_city) {
        Some(zone) => vec![zone.clone()],
        None => did_you_mean(name, names.iter().map(|name| &**name)).into_iter().map(String::from).collect(),
    };
    Err(Unfit { message: format!("there is no time zone {name:?}"), why: None, near })
}

/// The zone that an argument names.
pub(super) fn of(argument: &Scalar) -> Result<TimeZone, Fault> {
    named(text(argument))
}

/// The zone of a name.
pub(super) fn named(name: &str) -> Result<TimeZone, Fault> {
    DATABASE.get(name).map_err(|_| {
        let advice = "; zones are named like \"Europe/Berlin\"";
        Fault::new(E0604, format!("there is no time zone {name:?}{advice}"))
    })
}

fn is_utc(zone: &TimeZone) -> bool {
    zone.iana_name() == Some("UTC")
}

/// How far a zone's clocks are ahead of UTC at a time, in microseconds.
pub(super) fn offset(time: i64, zone: &TimeZone) -> Result<i64, Fault> {
    if is_utc(zone) {
        return Ok(0);
    }
    let timestamp = Timestamp::from_microsecond(time).map_err(|_| too_far(time))?;
    Ok(i64::from(zone.to_offset(timestamp).seconds()) * SECOND)
}

/// What the clocks of a zone show at a time, as the time at which they show that in UTC.
pub(super) fn local(time: i64, zone: &TimeZone) -> Result<i64, Fault> {
    // Zones know years up to 9999 only, so the sum does not overflow.
    Ok(time + offset(time, zone)?)
}

/// The time at which the clocks of a zone show what they show in UTC at `local`: the first one where they show it twice,
/// and as much later as the clocks were turned forward where they skip it.
pub(super) fn instant(local: i64, zone: &TimeZone) -> Result<i64, Fault> {
    if is_utc(zone) {
        return Ok(local);
    }
    let shown = Timestamp::from_microsecond(local).map_err(|_| too_far(local))?;
    let instant = zone.to_ambiguous_timestamp(Offset::UTC.to_datetime(shown)).compatible();
    instant.map(|instant| instant.as_microsecond()).map_err(|_| too_far(local))
}

fn too_far(time: i64) -> Fault {
    let time = pipelang_lang::calendar::spell_datetime(time);
    Fault::new(E0604, format!("{time} is beyond the years -9999 to 9999, for which time zones are known"))
}
