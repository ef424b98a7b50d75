//! Times, lists and rows in rows, on their way in and out.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use pipelang::{Engine, Field, Row, Schema, codes};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Row, Clone, Debug, PartialEq)]
struct Leg {
    venue: String,
    px: Option<f64>,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Order {
    id: u64,
    day: Date,
    at: Timestamp,
    sent: SystemTime,
    lasts: SignedDuration,
    good_for: Option<Duration>,
    tags: Vec<String>,
    legs: Vec<Leg>,
    best: Leg,
    grid: Vec<Vec<i32>>,
}

fn order(id: u64) -> Order {
    let leg = |venue: &str, px| Leg { venue: venue.into(), px };
    Order {
        id,
        day: date(2024, 2, 29),
        at: Timestamp::from_microsecond(-1).unwrap(),
        sent: SystemTime::UNIX_EPOCH + Duration::from_micros(id),
        lasts: SignedDuration::from_secs(-90),
        good_for: id.is_multiple_of(2).then(|| Duration::from_millis(id)),
        tags: vec!["a".into(); id as usize % 3],
        legs: vec![leg("X", Some(1.5)), leg("Y", None)],
        best: leg("Z", Some(id as f64)),
        grid: vec![vec![1, 2], vec![]],
    }
}

#[test]
fn all_comes_back_as_it_went_in() {
    let orders: Vec<Order> = (0..100).map(order).collect();
    let engine = Engine::builder().threads(4).build().unwrap();
    let program = engine.compile::<Order, Order>("same.pipe", "input").unwrap();
    assert_eq!(program.run(&orders).collect().unwrap(), orders);
    assert_eq!(program.call(&orders[7]).unwrap(), Some(order(7)));
    let source = "input | filter day == @2024-02-29 and \"a\" in tags and best.px > 50.0 | derive legs = [best], good_for = lasts * -1";
    let program = engine.compile::<Order, Order>("some.pipe", source).unwrap();
    let some = program.run(&orders).collect().unwrap();
    assert_eq!(some[0].legs, [order(52).best]);
    assert_eq!((some[0].id, some[0].good_for), (52, Some(Duration::from_secs(90))));
    assert_eq!(program.call(&orders[52]).unwrap().as_ref(), Some(&some[0]));
    assert_eq!(program.call(&orders[51]).unwrap(), None);
}

#[test]
fn what_does_not_fit_is_an_error_where_it_is_demanded() {
    #[derive(Row)]
    struct Event {
        id: i64,
        at: SystemTime,
        sizes: Vec<u64>,
    }
    #[derive(Row, Debug, PartialEq)]
    struct Id {
        id: i64,
    }
    #[derive(Row, Debug)]
    struct Length {
        lasts: Duration,
    }
    let fine = Event { id: 1, at: SystemTime::UNIX_EPOCH + Duration::from_nanos(1), sizes: vec![u64::MAX] };
    let engine = Engine::default();
    let ids = engine.compile::<Event, Id>("ids.pipe", "input | select id").unwrap();
    assert_eq!(ids.run(std::slice::from_ref(&fine)).collect().unwrap(), [Id { id: 1 }]);
    assert_eq!(ids.call(&fine).unwrap(), Some(Id { id: 1 }));
    for source in ["input | filter at > @2024-01-01T00:00:00Z", "input | filter sizes.len() > 0"] {
        let program = engine.compile::<Event, Id>("demanding.pipe", source).unwrap();
        let report = program.run(std::slice::from_ref(&fine)).collect().unwrap_err();
        assert_eq!(report.code(), Some(codes::E0501), "{report}");
        assert_eq!(program.call(&fine).unwrap_err().code(), Some(codes::E0501));
    }
    let negative = engine.compile::<Event, Length>("negative.pipe", "input | select lasts = -1s").unwrap();
    let report = negative.run(std::slice::from_ref(&fine)).collect().unwrap_err();
    assert!(report.to_string().contains("`lasts` is -PT1S, which does not fit into Duration"), "{report}");
}

#[test]
fn types_are_compared_inside_too() {
    #[derive(Row)]
    struct Out {
        best: Leg,
        tags: Vec<i64>,
    }
    let engine = Engine::default();
    let refuse = |source: &str| {
        let report = engine.compile::<Order, Out>("out.pipe", source).unwrap_err();
        report.diagnostics().iter().map(|diagnostic| diagnostic.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(refuse("input"), ["`tags` is [string] in the result and [int] in `Out`"]);
    assert_eq!(
        refuse("input | select best = {px: 1.0}, tags = [1]"),
        ["`best` is {px: float} in the result and {venue: string, px: float?} in `Out`"]
    );
    assert_eq!(refuse("input | select best, tags = [1, null]"), ["`tags` is [int?] in the result and [int] in `Out`"]);
    // Fields are found by their names, and numbers become floats.
    assert!(
        engine
            .compile::<Order, Out>("out.pipe", "input | select best = {px: 1, more: 2, venue: \"\"}, tags = [1]")
            .is_ok()
    );
}

#[test]
fn host_functions_take_and_give_them() {
    let engine = Engine::builder()
        .func("total", |xs: Vec<f64>| xs.iter().sum::<f64>())
        .func("venues", |legs: Vec<Leg>| legs.into_iter().map(|leg| leg.venue).collect::<Vec<String>>())
        .func("next", |day: Date| day.tomorrow().ok())
        .func("twice", |length: Duration| length * 2)
        .constant("limits", vec![1.5, 2.5])
        .build()
        .unwrap();
    assert_eq!(engine.eval::<f64>("total(limits)").unwrap(), 4.0);
    assert_eq!(engine.eval::<Option<Date>>("next(@2024-02-29)").unwrap(), Some(date(2024, 3, 1)));
    assert_eq!(engine.eval::<Duration>("twice(90s)").unwrap(), Duration::from_secs(180));
    let legs = "venues([{venue: \"A\", px: 1.0}, {venue: \"B\", px: null}])";
    assert_eq!(engine.eval::<Vec<String>>(legs).unwrap(), ["A", "B"]);
    assert_eq!(engine.eval::<Duration>("twice(-1s)").unwrap_err().code(), Some(codes::E0603));
}

#[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
struct SerdeOrder {
    legs: Vec<SerdeLeg>,
    by_name: BTreeMap<String, i64>,
    best: Option<SerdeLeg>,
}

#[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
struct SerdeLeg {
    px: f64,
    venue: String,
}

#[test]
fn serde_knows_them() {
    let engine = Engine::default();
    let leg = |px| SerdeLeg { px, venue: "X".into() };
    #[derive(Row)]
    #[row(input)]
    struct Given {
        legs: Vec<Leg>,
        day: Date,
    }
    #[derive(serde::Serialize)]
    struct Sent {
        day: &'static str,
        legs: Vec<SerdeLeg>,
    }
    let source = "input | filter day > @2024-01-01
        | derive legs = legs.map(leg => {venue: leg.venue, px: leg.px ?? 0.0})
        | select legs, by_name = {\"n\": legs.len()}, best = legs[0]";
    let program = engine.compile::<Given, SerdeOrder>("serde.pipe", source).unwrap();
    let sent = [Sent { day: "2024-02-29", legs: vec![leg(1.5), leg(2.5)] }, Sent { day: "2023-02-28", legs: vec![] }];
    let orders = program.run(pipelang::rows(sent)).collect().unwrap();
    let wanted =
        SerdeOrder { legs: vec![leg(1.5), leg(2.5)], by_name: [("n".to_string(), 2)].into(), best: Some(leg(1.5)) };
    assert_eq!(orders, [wanted]);
    let source = "[{d: @2024-02-29, t: 90s, xs: [1, 2], r: {a: null}, m: {\"k\": 1.5}, j: json({b: [true]})}]";
    let program = engine.compile::<(), serde_json::Value>("any.pipe", source).unwrap();
    let any = program.run(&[]).collect().unwrap();
    let xs = serde_json::json!([1, 2]);
    let wanted = serde_json::json!({
        "d": "2024-02-29", "t": "PT1M30S", "xs": xs, "r": {"a": null}, "m": {"k": 1.5}, "j": {"b": [true]}
    });
    assert_eq!(any, [wanted]);
}

/// A type of Rust as it is written, and what it is in Pipe.
macro_rules! types {
    ($($ty:ty)*) => {
        vec![$((stringify!($ty).replace(" :: ", "::").replace(' ', ""), in_pipe::<$ty>())),*]
    };
}

fn in_pipe<T: pipelang::ToCell>() -> String {
    let field = Schema::new("", vec![Field::of::<T>("x")]).fields.remove(0);
    format!("{}{}", field.kind, if field.nullable { "?" } else { "" })
}

#[derive(Clone)]
struct Money;

impl pipelang::HostType for Money {
    const NAME: &'static str = "Money";
}

#[test]
fn the_documented_types_are_those_that_there_are() {
    let known = types! {
        bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 String Arc<str> Box<str> &str Cow<'_, str>
        jiff::civil::Date jiff::Timestamp SystemTime jiff::civil::DateTime jiff::Zoned jiff::SignedDuration Duration
        Vec<i64> Option<i64> Leg Money
    };
    let text = std::fs::read_to_string("docs/types.md").expect("the document is there");
    let section = text.split("\n## Rust\n").nth(1).expect("it has a section about Rust");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let documented = rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let pipe = cells[2].trim_matches('`').to_string();
        let names = cells[1].split('`').filter(|name| !name.trim().is_empty());
        names.map(move |name| (name.replace(' ', ""), pipe.clone())).collect::<Vec<_>>()
    });
    assert_eq!(documented.collect::<Vec<_>>(), known);
}
