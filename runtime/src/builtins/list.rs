//! Lists and maps. What takes a function (`map`, `fold`) is no function of the catalog but an expression of the plan.

use super::Function;
use super::row::{gives, int, like, maybe, of, optional, shows, text, total};
use crate::batch::keys::Keys;
use pipelang_lang::catalog::{Example, Parameter, Pattern, ResultType};
use pipelang_lang::codes::E0801;
use pipelang_lang::scalar::{self, Comparison, Fault, Scalar, fits, sort_order};
use pipelang_lang::ty::{Kind, Type};
use std::collections::HashSet;
use std::sync::Arc;

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = of_one_list();
    rows.extend(parts());
    rows.extend(orders());
    rows.extend(made());
    rows.extend(maps());
    rows
}

/// A parameter that is a list.
fn xs(items: Pattern) -> Parameter {
    like("xs", Pattern::List(Box::new(items)))
}

/// The items that an argument has.
fn items(value: &Scalar) -> &[Scalar] {
    if let Scalar::List(items) = value { items } else { unreachable!("the checker gives a list, not {value:?}") }
}

/// The entries that an argument has.
fn entries(value: &Scalar) -> &[(Arc<str>, Scalar)] {
    if let Scalar::Map(entries) = value { entries } else { unreachable!("the checker gives a map, not {value:?}") }
}

fn list(items: impl Into<Arc<[Scalar]>>) -> Scalar {
    Scalar::List(items.into())
}

fn of_one_list() -> Vec<Function> {
    let any = || vec![xs(Pattern::Any)];
    vec![
        total(
            "len",
            any(),
            gives(Type::INT),
            "How many items a list has.",
            &[shows!("len([4, 5])", "2")],
            |arguments| Ok(Scalar::Int(items(&arguments[0]).len() as i64)),
        ),
        maybe(total(
            "first",
            any(),
            ResultType::Item,
            "The first item of a list; null where there is none.",
            &[shows!("first([4, 5])", "4"), shows!("first([4].skip(1))", "null")],
            |arguments| Ok(items(&arguments[0]).first().cloned().unwrap_or(Scalar::Null)),
        )),
        maybe(total(
            "last",
            any(),
            ResultType::Item,
            "The last item of a list; null where there is none.",
            &[shows!("last([4, 5])", "5")],
            |arguments| Ok(items(&arguments[0]).last().cloned().unwrap_or(Scalar::Null)),
        )),
        total(
            "reverse",
            any(),
            ResultType::SameAsArguments,
            "The list from its end to its start.",
            &[shows!("reverse([1, 2, 3])", "[3,2,1]")],
            |arguments| Ok(list(items(&arguments[0]).iter().rev().cloned().collect::<Vec<_>>())),
        ),
        total(
            "flatten",
            vec![xs(Pattern::List(Box::new(Pattern::Any)))],
            ResultType::Item,
            "The items of the lists in a list, one list behind the other.",
            &[shows!("flatten([[1], [2, 3]])", "[1,2,3]")],
            |arguments| {
                let inner = items(&arguments[0]).iter().filter(|inner| **inner != Scalar::Null);
                fits(inner.clone().map(Scalar::size).sum())?;
                Ok(list(inner.flat_map(|inner| items(inner).iter().cloned()).collect::<Vec<_>>()))
            },
        ),
    ]
}

fn parts() -> Vec<Function> {
    let counted = || vec![xs(Pattern::Any), of("count", Kind::Int)];
    vec![
        total(
            "contains",
            vec![xs(Pattern::Plain), like("item", Pattern::Item)],
            gives(Type::BOOL),
            "Whether a list has an item that is equal to another value; `x in xs` is the same.",
            &[shows!("contains([1, 2], 2)", "true"), shows!("contains([1, 2], 2.5)", "false")],
            |arguments| {
                let is_it = |item: &Scalar| scalar::compare(Comparison::Equal, item, &arguments[1]);
                Ok(Scalar::Bool(items(&arguments[0]).iter().any(is_it)))
            },
        ),
        total(
            "slice",
            vec![xs(Pattern::Any), of("from", Kind::Int), optional("to", Kind::Int, Scalar::Int(i64::MAX))],
            ResultType::SameAsArguments,
            "The items from a position up to, not including, another one; negative positions count from the end.",
            &[shows!("slice([1, 2, 3, 4], 1, 3)", "[2,3]"), shows!("slice([1, 2, 3], -2)", "[2,3]")],
            |arguments| {
                let all = items(&arguments[0]);
                let range = span(all.len(), int(&arguments[1]), int(&arguments[2]));
                Ok(list(&all[range]))
            },
        ),
        total(
            "take",
            counted(),
            ResultType::SameAsArguments,
            "The first items of a list, as many as there are.",
            &[shows!("take([1, 2, 3], 2)", "[1,2]"), shows!("take([1], 5)", "[1]")],
            |arguments| {
                let all = items(&arguments[0]);
                Ok(list(&all[..clipped(all.len(), int(&arguments[1]))]))
            },
        ),
        total(
            "skip",
            counted(),
            ResultType::SameAsArguments,
            "A list without its first items.",
            &[shows!("skip([1, 2, 3], 2)", "[3]")],
            |arguments| {
                let all = items(&arguments[0]);
                Ok(list(&all[clipped(all.len(), int(&arguments[1]))..]))
            },
        ),
    ]
}

/// The positions from one to another that a list of that length has; negative ones count from its end.
pub(super) fn span(length: usize, from: i64, to: i64) -> std::ops::Range<usize> {
    let place = |at: i64| clipped(length, if at < 0 { at.saturating_add(length as i64) } else { at });
    let from = place(from);
    from..place(to).max(from)
}

fn clipped(length: usize, at: i64) -> usize {
    usize::try_from(at.max(0)).map_or(length, |at| at.min(length))
}

fn orders() -> Vec<Function> {
    vec![
        total(
            "sort",
            vec![xs(Pattern::Ordered)],
            ResultType::SameAsArguments,
            "The items in order, nulls last.",
            &[shows!("sort([3, 1, 2])", "[1,2,3]"), shows!("sort([null, \"b\", \"a\"])", "[\"a\",\"b\",null]")],
            |arguments| {
                let mut sorted = items(&arguments[0]).to_vec();
                sorted.sort_by(|a, b| sort_order(a, b, false));
                Ok(list(sorted))
            },
        ),
        total(
            "distinct",
            vec![xs(Pattern::Plain)],
            ResultType::SameAsArguments,
            "The items without those that stand before in the list, too.",
            &[shows!("distinct([2, 1, 2])", "[2,1]"), shows!("distinct([{a: 1}, {a: 1}])", "[{\"a\":1}]")],
            |arguments| {
                let mut met = HashSet::new();
                let new = items(&arguments[0]).iter().filter(|item| met.insert(Keys::of_value(item)));
                Ok(list(new.cloned().collect::<Vec<_>>()))
            },
        ),
        total(
            "join",
            vec![like("xs", Pattern::Is(Kind::List(Arc::new(Type::STRING)))), of("between", Kind::String)],
            gives(Type::STRING),
            "The texts of a list as one text.",
            &[shows!("join([\"a\", \"b\"], \"-\")", "\"a-b\"")],
            |arguments| {
                let (texts, between) = (items(&arguments[0]).iter().map(text), text(&arguments[1]));
                fits(texts.clone().map(|text| text.len() + between.len()).sum())?;
                Ok(Scalar::String(texts.collect::<Vec<_>>().join(between).into()))
            },
        ),
    ]
}

/// How many ints a list made of a range may have.
const LONGEST: i128 = 1_000_000;

fn made() -> Vec<Function> {
    const RANGE: &[Example] =
        &[shows!("range(2, 4)", "[2,3,4]"), shows!("range(2, 1)", "[]"), shows!("range(0, 9000000)", "E0801")];
    let mut concat = total(
        "concat",
        vec![xs(Pattern::Any)],
        ResultType::SameAsArguments,
        "The items of lists, one list behind the other.",
        &[shows!("concat([1], [2, 3], [4])", "[1,2,3,4]"), shows!("[1].concat([2.5])", "[1.0,2.5]")],
        |arguments| {
            fits(arguments.iter().map(Scalar::size).sum())?;
            Ok(list(arguments.iter().flat_map(|xs| items(xs).iter().cloned()).collect::<Vec<_>>()))
        },
    );
    concat.def.variadic = true;
    let zip = total(
        "zip",
        vec![like("left", Pattern::AnyList), like("right", Pattern::AnyList)],
        ResultType::Pairs,
        "The items of two lists side by side, as records; as many as the shorter list has.",
        &[
            shows!("zip([1, 2], [\"a\", \"b\", \"c\"])", "[{\"left\":1,\"right\":\"a\"},{\"left\":2,\"right\":\"b\"}]"),
            shows!("zip([2, 3], [4, 5]).map(p => p.left * p.right)", "[8,15]"),
        ],
        |arguments| {
            let pairs = items(&arguments[0]).iter().zip(items(&arguments[1]));
            let record = |(left, right): (&Scalar, &Scalar)| Scalar::Record([left.clone(), right.clone()].into());
            Ok(list(pairs.map(record).collect::<Vec<_>>()))
        },
    );
    let enumerate = total(
        "enumerate",
        vec![xs(Pattern::Any)],
        ResultType::Numbered,
        "The items of a list with their positions, from 0, as records.",
        &[shows!("enumerate([\"a\", \"b\"])", "[{\"index\":0,\"item\":\"a\"},{\"index\":1,\"item\":\"b\"}]")],
        |arguments| {
            let record = |(at, item): (usize, &Scalar)| Scalar::Record([Scalar::Int(at as i64), item.clone()].into());
            Ok(list(items(&arguments[0]).iter().enumerate().map(record).collect::<Vec<_>>()))
        },
    );
    let range = total(
        "range",
        vec![of("from", Kind::Int), of("to", Kind::Int)],
        gives(Type::list(Type::INT)),
        "The ints from one to another one, both included; `from..to` is the same where a list is wanted.",
        RANGE,
        |arguments| {
            let (from, to) = (int(&arguments[0]), int(&arguments[1]));
            if i128::from(to) - i128::from(from) >= LONGEST {
                return Err(Fault::new(E0801, format!("{from}..{to} as a list has more than {LONGEST} items")));
            }
            Ok(list((from..=to).map(Scalar::Int).collect::<Vec<_>>()))
        },
    );
    vec![concat, zip, enumerate, range.failing()]
}

fn maps() -> Vec<Function> {
    let m = || vec![like("m", Pattern::Map)];
    vec![
        total(
            "len",
            m(),
            gives(Type::INT),
            "How many keys a map has.",
            &[shows!("len({\"a\": 1})", "1")],
            |arguments| Ok(Scalar::Int(entries(&arguments[0]).len() as i64)),
        ),
        total(
            "keys",
            m(),
            gives(Type::list(Type::STRING)),
            "The keys of a map, in the order in which they were given.",
            &[shows!("keys({\"b\": 1, \"a\": 2})", "[\"b\",\"a\"]")],
            |arguments| {
                let keys = entries(&arguments[0]).iter().map(|(key, _)| Scalar::String(key.clone()));
                Ok(list(keys.collect::<Vec<_>>()))
            },
        ),
        total(
            "values",
            m(),
            ResultType::Items,
            "The values of a map, in the order of its keys.",
            &[shows!("values({\"b\": 1, \"a\": 2})", "[1,2]")],
            |arguments| Ok(list(entries(&arguments[0]).iter().map(|(_, value)| value.clone()).collect::<Vec<_>>())),
        ),
        maybe(total(
            "get",
            vec![like("m", Pattern::Map), of("key", Kind::String)],
            ResultType::Item,
            "The value of a key; null where there is none. `m[key]?` is the same.",
            &[shows!("get({\"a\": 1}, \"a\")", "1"), shows!("get({\"a\": 1}, \"b\")", "null")],
            |arguments| Ok(scalar::index(&arguments[0], &arguments[1]).unwrap_or(Scalar::Null)),
        )),
    ]
}
