//! Points on the line of all values of a kind that has an order, and the segments between them, for the coverage of
//! patterns. Every kind is discrete here: next to a float is the next float, next to a text the text with a zero behind it.

use crate::calendar;
use crate::ir::print::text;
use crate::scalar::Scalar;
use crate::ty::Kind;
use std::sync::Arc;

/// A value of a kind that has an order; values of one kind compare as they do in the language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    Number(i64),
    Text(Arc<str>),
}

impl Point {
    /// The point of a value; none of null, NaN and what has no order.
    pub fn of(value: &Scalar) -> Option<Point> {
        Some(match value {
            Scalar::Bool(b) => Point::Number(i64::from(*b)),
            Scalar::Int(i) | Scalar::DateTime(i) | Scalar::Duration(i) => Point::Number(*i),
            Scalar::Date(days) => Point::Number(i64::from(*days)),
            Scalar::Float(x) if !x.is_nan() => Point::Number(of_float(*x)),
            Scalar::String(text) => Point::Text(text.clone()),
            Scalar::Float(_)
            | Scalar::Null
            | Scalar::Bytes(_)
            | Scalar::Wide(_)
            | Scalar::List(_)
            | Scalar::Record(_)
            | Scalar::Map(_)
            | Scalar::Opaque(_)
            | Scalar::Json(_) => return None,
        })
    }

    /// The next point; none after the last.
    pub fn next(&self) -> Option<Point> {
        match self {
            Point::Number(at) => at.checked_add(1).map(Point::Number),
            Point::Text(text) => Some(Point::Text(format!("{text}\0").into())),
        }
    }

    /// The point before; of a text only where there is one.
    fn previous(&self) -> Option<Point> {
        match self {
            Point::Number(at) => at.checked_sub(1).map(Point::Number),
            Point::Text(text) => text.strip_suffix('\0').map(|text| Point::Text(text.into())),
        }
    }

    /// As a script writes it.
    fn spelled(&self, kind: &Kind) -> String {
        let value = match (self, kind) {
            (Point::Text(text), _) => Scalar::String(text.clone()),
            (Point::Number(at), Kind::Bool) => Scalar::Bool(*at != 0),
            (Point::Number(at), Kind::Float) => Scalar::Float(to_float(*at)),
            (Point::Number(at), Kind::Date) => Scalar::Date(*at as i32),
            (Point::Number(at), Kind::DateTime) => return format!("@{}", calendar::spell_datetime(*at)),
            (Point::Number(at), Kind::Duration) => return duration(*at),
            (Point::Number(at), _) => Scalar::Int(*at),
        };
        text::scalar(&value)
    }
}

/// Floats in their order; -0.0 is 0.0.
fn of_float(x: f64) -> i64 {
    let magnitude = (x.to_bits() & (u64::MAX >> 1)) as i64;
    if x.is_sign_negative() { -magnitude } else { magnitude }
}

fn to_float(at: i64) -> f64 {
    let magnitude = f64::from_bits(at.unsigned_abs());
    if at < 0 { -magnitude } else { magnitude }
}

/// A length of time in the largest unit that divides it.
fn duration(length: i64) -> String {
    let divides = |name: &&&str| calendar::unit(name).is_some_and(|unit| length % unit == 0);
    match ["w", "d", "h", "min", "s", "ms"].iter().find(divides) {
        Some(name) if length != 0 => format!("{}{name}", length / calendar::unit(name).unwrap_or(1)),
        Some(_) => "0s".to_string(),
        None => "_".to_string(),
    }
}

/// The values from a point to before another one; without it to the greatest value.
#[derive(Debug)]
pub(super) struct Segment {
    start: Point,
    end: Option<Point>,
    /// Whether there are values below it, and above it.
    bounded: (bool, bool),
}

impl Segment {
    /// All values of a kind, cut before each of these points.
    pub fn all(kind: &Kind, mut cuts: Vec<Point>) -> Vec<Segment> {
        let (least, end) = bounds(kind);
        let inside = |cut: &Point| *cut > least && end.as_ref().is_none_or(|end| cut < end);
        cuts.retain(inside);
        cuts.sort();
        cuts.dedup();
        let starts = [vec![least.clone()], cuts.clone()].concat();
        let ends = cuts.into_iter().map(Some).chain([end.clone()]);
        let segment = |(start, stop): (Point, Option<Point>)| {
            let bounded = (start != least, stop != end);
            Segment { start, end: stop, bounded }
        };
        let mut segments: Vec<Segment> = starts.into_iter().zip(ends).map(segment).collect();
        // The example of a text that nobody has thought of comes first.
        if let Some(at) = segments.iter().position(|segment| segment.holds(OTHER)) {
            segments[..=at].rotate_right(1);
        }
        segments
    }

    /// Whether it lies between a point and before another one.
    pub fn lies_in(&self, start: Option<&Point>, end: Option<&Point>) -> bool {
        start.is_none_or(|start| *start <= self.start)
            && end.is_none_or(|end| self.end.as_ref().is_some_and(|own| own <= end))
    }

    fn holds(&self, text: &str) -> bool {
        let Point::Text(start) = &self.start else { return false };
        let before_end = |end: &Point| Point::Text(text.into()) < *end;
        &**start <= text && self.end.as_ref().is_none_or(before_end)
    }

    /// As a pattern; where a pattern cannot say it exactly, one that covers a little more.
    pub fn pattern(&self, kind: &Kind) -> String {
        let last = self.end.as_ref().and_then(Point::previous);
        if last.as_ref() == Some(&self.start) {
            return self.start.spelled(kind);
        }
        if let Point::Text(start) = &self.start {
            return self.example(start);
        }
        let start = if self.bounded.0 { shorter(&self.start, self.start.previous(), kind).0 } else { String::new() };
        let end = match (&self.end, self.bounded.1, kind) {
            (Some(_), true, Kind::Int | Kind::Date | Kind::Bool) => {
                last.map(|last| format!("..{}", last.spelled(kind)))
            }
            (Some(end), true, _) => Some(match shorter(end, last, kind) {
                (text, true) => format!("..<{text}"),
                (text, false) => format!("..{text}"),
            }),
            (_, false, _) | (None, _, _) => None,
        };
        match end {
            None if start.is_empty() => "_".to_string(),
            None => format!("{start}.."),
            Some(end) => start + &end,
        }
    }

    /// A text in it.
    fn example(&self, start: &str) -> String {
        let start = start.trim_end_matches('\0');
        let examples = [OTHER.to_string(), start.to_string(), format!("{start}a"), format!("{start} ")];
        let example = examples.into_iter().find(|example| self.holds(example));
        text::string(&example.unwrap_or_else(|| format!("{start}\0")))
    }
}

/// A text that stands for all that nobody has thought of.
const OTHER: &str = "other";

/// The least value of a kind, and the point behind the greatest one.
fn bounds(kind: &Kind) -> (Point, Option<Point>) {
    let number = |least: i64, greatest: i64| (Point::Number(least), greatest.checked_add(1).map(Point::Number));
    match kind {
        Kind::Bool => number(0, 1),
        Kind::Float => number(of_float(f64::NEG_INFINITY), of_float(f64::INFINITY)),
        Kind::Date => number(i64::from(i32::MIN), i64::from(i32::MAX)),
        Kind::String => (Point::Text("".into()), None),
        _ => number(i64::MIN, i64::MAX),
    }
}

/// The shorter of two spellings, and whether it is the first.
fn shorter(point: &Point, other: Option<Point>, kind: &Kind) -> (String, bool) {
    let (own, other) = (point.spelled(kind), other.map(|other| other.spelled(kind)));
    match other {
        Some(other) if matches!(kind, Kind::Float | Kind::DateTime | Kind::Duration) && other.len() < own.len() => {
            (other, false)
        }
        Some(_) | None => (own, true),
    }
}
