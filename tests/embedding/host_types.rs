//! Values of types of the host: they go through every stage as they are, and nobody but the host looks into them.

use super::code;
use pipelang::{Engine, EngineBuilder, Executor, HostType, OutputFormat, Report, Row, Style, codes};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const EXECUTORS: [Executor; 4] = [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto];

#[derive(Clone, Debug, PartialEq)]
struct Money {
    cents: i64,
    currency: Arc<str>,
}

impl HostType for Money {
    const NAME: &'static str = "Money";
}

/// A type with a method of the same name as one of `Money`.
#[derive(Clone, Debug, PartialEq)]
struct Weight(f64);

impl HostType for Weight {
    const NAME: &'static str = "Weight";
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Order {
    id: i64,
    desk: String,
    price: Option<Money>,
    fees: Vec<Money>,
}

fn money(cents: i64) -> Money {
    Money { cents, currency: "EUR".into() }
}

fn builder() -> EngineBuilder {
    let plus = |a: &Money, b: &Money| match a.currency == b.currency {
        true => Ok(money(a.cents + b.cents)),
        false => Err(format!("{} and {} are two currencies", a.currency, b.currency)),
    };
    Engine::builder()
        .host_type::<Money>(|it| {
            it.method("cents", |it: &Money| it.cents)
                .method("currency", |it: &Money| it.currency.to_string())
                .method("abs", |it: &Money| money(it.cents.abs()))
                .method("half", |it: &Money| (it.cents % 2 == 0).then(|| money(it.cents / 2)))
                .method("exploding", |it: &Money| if it.cents > 5 { panic!("too much") } else { it.cents })
                .try_method("plus", plus)
                .describe("An amount in a currency.")
        })
        .host_type::<Weight>(|it| {
            it.method("half", |it: &Weight| Weight(it.0 / 2.0)).method("grams", |it: &Weight| it.0)
        })
        .func("money", money)
        .func("weight", |grams: f64| Weight(grams))
        .func("total", |amounts: Vec<Money>| money(amounts.iter().map(|it| it.cents).sum()))
        .constant("FREE", money(0))
}

fn engine() -> Engine {
    builder().build().unwrap()
}

fn orders(count: i64) -> Vec<Order> {
    let order = |id: i64| Order {
        id,
        desk: ["fx", "bonds", "a desk of a long name"][id as usize % 3].into(),
        price: (id % 4 != 0).then(|| money(id * 10)),
        fees: (0..id % 3).map(|fee| money(fee + id)).collect(),
    };
    (0..count).map(order).collect()
}

/// Compiles it, and runs it everywhere.
fn agree<Out: pipelang::FromRow + Debug + PartialEq + Send>(
    source: &str,
    orders: &[Order],
) -> Result<Vec<Out>, String> {
    let mut results = Vec::new();
    for optimize in [true, false] {
        let engine = builder().optimize(optimize).threads(4).build().unwrap();
        let program = engine.compile::<Order, Out>("orders.pipe", source).unwrap_or_else(|report| panic!("{report}"));
        for executor in EXECUTORS {
            for threads in [1, 4] {
                let run = program.run(orders).executor(executor).threads(threads).collect();
                results.push(run.map_err(|report| report.to_string()));
            }
        }
    }
    assert!(results.iter().all(|other| *other == results[0]), "{source}: {results:#?}");
    results.swap_remove(0)
}

#[derive(Row, Debug, PartialEq)]
struct Id {
    id: i64,
}

fn ids(source: &str) -> Vec<i64> {
    let found: Vec<Id> = agree(source, &orders(20_000)).unwrap();
    found.into_iter().map(|it| it.id).collect()
}

fn refusal(source: &str) -> Report {
    engine().compile::<Order, Id>("orders.pipe", source).map(drop).unwrap_err()
}

#[test]
fn values_go_through_every_stage() {
    let all = orders(20_000);
    let out: Vec<Order> = agree("input", &all).unwrap();
    assert_eq!(out, all);
    let all = orders(4_000);
    for stage in [
        "sort -id",
        "take 100 | skip 3",
        "distinct by desk",
        "filter price != null",
        "filter price.cents() > 500",
        "derive price = price ?? FREE",
        "derive price = if id > 5 { price } else { null }",
        "derive price = match id { 1..10 => price, _ => money(id) }",
        "derive price = price.half()",
        "derive price = price.plus(FREE)",
        "derive fees = fees.map(fee => fee.abs()).filter(fee => fee.cents() > 7)",
        "derive fees = [money(1), FREE].concat(fees)",
        "derive price = fees.first()",
        "derive price = fees[0]?",
        "derive price = {a: price, b: 1}.a",
        "derive price = {\"k\": price}[\"k\"]",
        "derive fees = [total(fees)]",
        "window price = lag(price) by desk on id",
        "aggregate id = count(), price = first(price), fees = list(price ?? FREE) ?? [] by desk | select id, desk, price, fees",
        "aggregate id = count(price), price = arg_max(price, id), fees = flatten(list(fees) ?? []) by desk | select id, desk, price, fees",
        "scan {id: 0, desk: \"\", price: FREE, fees: [FREE]}, (sum, row) => {id: sum.id + 1, desk: row.desk, price: row.price ?? FREE, fees: row.fees} | filter price.cents() % 7 == 0",
        "left_join (input | filter id < 9 | select id, other = price) on id | derive price = other ?? price | drop other",
        "derive fee = fees | explode fee | derive price = fee | drop fee",
        "derive more = price, most = FREE | drop cols(Money) | derive price = FREE",
        "nest by desk | select id = len(rows), desk, price = rows[0].price, fees = rows[1].fees",
    ] {
        let out: Vec<Order> = agree(&format!("input | {stage}"), &all).unwrap();
        assert!(!out.is_empty(), "{stage}");
    }
}

#[test]
fn methods_see_what_the_host_put_in() {
    assert_eq!(
        ids("input | filter price.cents() > 199_900 | select id"),
        (19_991..20_000).filter(|id| id % 4 != 0).collect::<Vec<_>>()
    );
    assert_eq!(ids("input | filter price == null | take 3 | select id"), [0, 4, 8]);
    let of = |source: &str| engine().eval::<i64>(source).unwrap();
    assert_eq!(of("money(-3).abs().cents()"), 3);
    assert_eq!(of("abs(-3)"), 3, "the function of Pipe is still there");
    assert_eq!(of("int(weight(7.0).half().grams() * 2.0)"), 7);
    assert_eq!(of("(money(9).half() ?? money(4)).cents()"), 4);
    assert_eq!(of("total([money(1), FREE, money(2)]).cents()"), 3);
    assert_eq!(of("fn twice(m: Money) -> Money { m.plus(m) }\ntwice(money(4)).cents()"), 8);
    assert_eq!(of("let known = {\"a\": money(1)}\nknown[\"a\"].cents()"), 1);
    assert_eq!(engine().eval::<Money>("money(5)").unwrap(), money(5));
    assert_eq!(engine().eval::<Vec<Option<Money>>>("[null, money(5)].reverse()").unwrap(), [Some(money(5)), None]);
    assert_eq!(engine().eval::<String>("FREE.currency()").unwrap(), "EUR");
}

#[test]
fn errors_are_those_of_functions() {
    let all = orders(100);
    let dollars = Money { cents: 1, currency: "USD".into() };
    let mixed: Vec<Order> =
        all.iter().cloned().map(|it| Order { price: (it.id == 77).then(|| dollars.clone()), ..it }).collect();
    let error = agree::<Id>("input | derive price = price.plus(FREE) | filter price.cents() >= 0 | select id", &mixed)
        .unwrap_err();
    assert!(error.contains("E0603") && error.contains("USD and EUR are two currencies"), "{error}");
    let error = agree::<Id>("input | filter price.exploding() > 0 | select id", &all).unwrap_err();
    assert!(error.contains("`exploding` panicked: too much"), "{error}");
}

#[test]
fn what_only_the_host_knows_is_refused() {
    for source in [
        "input | filter price == FREE | select id",
        "input | filter fees != [FREE] | select id",
        "input | filter price in [FREE] | select id",
        "input | filter price in fees | select id",
        "input | filter price < FREE | select id",
        "input | sort price | select id",
        "input | distinct | select id",
        "input | aggregate id = count() by price | select id",
        "input | aggregate id = count_distinct(price)",
        "input | aggregate id = len(set(price))",
        "input | aggregate price = mode(price)",
        "input | aggregate price = max(price)",
        "input | join (input | select price, other = id) on price | select id",
        "input | select id = len(f\"{price}\")",
        "input | select id = len(f\"{fees}\")",
        "input | select id = len(string(price))",
        "input | select id = int?(to_json(fees)) ?? 0",
        "input | select id = price + price",
        "input | select id = price",
        "input | derive price = if id > 0 { price } else { weight(1.0) } | select id",
        "input | filter price.grams() > 0.0 | select id",
        "input | select id = price.cents",
        "fn f(m: Mony) -> int { 1 }\ninput | select id",
    ] {
        let report = refusal(source);
        let place = report.diagnostics()[0].primary.as_ref();
        assert!(place.is_some(), "{source}: {report}");
    }
    let told = refusal("input | filter price == FREE | select id").to_string();
    assert!(told.contains("values of the host's type `Money` cannot be compared"), "{told}");
    assert!(told.contains("compare what its methods give: cents, currency, abs, half, exploding, plus"), "{told}");
    let told = |expression: &str| refusal(&format!("input | select id = {expression}")).to_string();
    for (expression, message) in [
        ("int(FREE in fees)", "values of the host's type `Money` cannot be compared"),
        ("int(fees.contains(FREE))", "values of the host's type `Money` cannot be compared"),
        ("int(FREE < FREE)", "values of the host's type `Money` cannot be compared"),
        ("len(string(FREE))", "values of the host's type `Money` have no text"),
        ("len(FREE.string())", "values of the host's type `Money` have no text"),
        ("FREE.euros", "they have methods: cents, currency, abs, half, exploding, plus"),
        ("FREE.cent", "fix: replace with `cents()`"),
        ("FREE.cents", "fix: replace with `cents()`"),
        ("FREE.cent()", "fix: replace with `cents`"),
        ("FREE + 1", "take what its methods give: cents"),
        ("int(FREE)", "take what its methods give: cents"),
        ("hash(FREE)", "take what its methods give: cents"),
        ("len(f\"{FREE:>9}\")", "take what its methods give: cents"),
        ("len(fees.distinct())", "compare what its methods give: cents"),
        ("sum(fees)", "take what its methods give: cents"),
    ] {
        let told = told(expression);
        assert!(told.contains(message) && !told.contains("replace with `string("), "{told}");
    }
    for stage in ["sort price", "distinct by price", "aggregate count_distinct(price)", "aggregate n = mode(fees)"] {
        let told = refusal(&format!("input | {stage}")).to_string();
        assert!(told.contains("take what its methods give: cents"), "{told}");
    }
    let told = refusal("fn f(m: Mony) -> int { 1 }\ninput | select id").to_string();
    assert!(told.contains("did you mean `Money`?"), "{told}");
}

#[test]
fn no_format_has_a_place_for_them() {
    let program = engine().compile::<Order, Order>("orders.pipe", "input | select id, desk, price, fees").unwrap();
    let (all, mut out) = (orders(3), Vec::new());
    let report = program.run(&all).write_csv(&mut out).unwrap_err();
    assert_eq!((report.code(), out.len()), (Some(codes::E0301), 0), "{report}");
    assert_eq!(code(program.run(&all).write_jsonl(&mut out)), codes::E0301);
    assert_eq!(
        code(engine().compile::<Order, serde_json::Value>("orders.pipe", "input | select id, price")),
        codes::E0301
    );

    let granted = builder().grant(pipelang::fs::write_below(std::env::temp_dir())).build().unwrap();
    let path = std::env::temp_dir().join("orders-of-money.csv");
    for stage in ["write", "tee"] {
        let source = format!("[1] | derive price = money(it) | {stage} {:?}", path.display().to_string());
        let report = granted.script("orders.pipe", &source, &Default::default()).unwrap_err();
        assert!(report.to_string().contains("csv has no place for `price`"), "{report}");
        assert!(!path.exists());
    }

    let script =
        engine().script("orders.pipe", "[1] | derive price = money(it), all = [FREE]", &Default::default()).unwrap();
    let mut table = Vec::new();
    script
        .write(&mut table, &Style { format: OutputFormat::Table, table: Default::default() }, &Default::default())
        .1
        .unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(table.contains("<Money>"), "a person sees that there is one: {table}");
}

#[test]
fn texts_use_a_method() {
    let engine = Engine::builder()
        .host_type::<Weight>(|it| it.method("string", |it: &Weight| format!("{} g", it.0)))
        .func("weight", |grams: f64| Weight(grams))
        .build()
        .unwrap();
    assert_eq!(
        engine
            .eval::<String>(
                r#"let w = weight(2.5)
        f"{w} and {string(w)} and {w.string()}""#
            )
            .unwrap(),
        "2.5 g and 2.5 g and 2.5 g"
    );
    assert_eq!(engine.eval::<String>("string(3)").unwrap(), "3");
}

#[test]
fn an_event_is_looked_at_with_them() {
    let rule = engine()
        .compile::<Order, Order>("rule.pipe", "input | filter price.cents() > 20 | derive price = price.plus(money(1))")
        .unwrap();
    let [_, _, cheap, dear] = orders(4).try_into().unwrap();
    assert_eq!(rule.call(&cheap).unwrap(), None);
    assert_eq!(rule.call(&dear).unwrap(), Some(Order { price: Some(money(31)), ..dear }));
}

#[test]
fn parameters_and_tables_have_them_too() {
    let engine = builder().table("listed", orders(5)).build().unwrap();
    let program = engine
        .compile::<(), Id>(
            "p.pipe",
            "param more: Money = FREE\nlisted | select id = (price ?? FREE).plus(more).cents()",
        )
        .unwrap();
    let of = |run: pipelang::Run<(), Id>| run.collect().unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(of(program.run(&[])), [0, 10, 20, 30, 0]);
    assert_eq!(of(program.run(&[]).param("more", money(5))), [5, 15, 25, 35, 5]);
    assert_eq!(code(program.run(&[]).param("more", Weight(1.0)).collect()), codes::E0304);
    assert_eq!(code(program.run(&[]).param("more", 5).collect()), codes::E0304);
}

#[test]
fn no_text_is_a_parameter_of_theirs() {
    let script = |given: &[(&str, String)]| {
        let given = given.iter().cloned().collect();
        let report = engine().script("p.pipe", "param m: Money\nparam all: [Money] = []\nm.cents()", &given);
        report.expect_err("it has no value").to_string()
    };
    let missing = script(&[]);
    assert!(missing.contains("the parameter `m` is of the host's type Money"), "{missing}");
    assert!(missing.contains("no text is such a value: the program gives it one"), "{missing}");
    let given = script(&[("m", "5 EUR".into()), ("all", "1 EUR".into())]);
    assert!(given.contains("it was given \"5 EUR\"") && given.contains("the parameter `all` is of"), "{given}");
}

#[test]
fn programs_come_back_from_bytes() {
    let source = "input | derive price = price.plus(FREE).plus(money(2)) | filter price.cents() > 100 | select id";
    let program = engine().compile::<Order, Id>("orders.pipe", source).unwrap();
    let again = engine().load::<Order, Id>(&program.to_bytes()).unwrap();
    let all = orders(30);
    assert_eq!(again.run(&all).collect().unwrap(), program.run(&all).collect().unwrap());
    assert!(Engine::default().load::<Order, Id>(&program.to_bytes()).is_err());
}

#[test]
fn all_are_given_back() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug)]
    struct Counted;
    impl Counted {
        fn new() -> Counted {
            ALIVE.fetch_add(1, Ordering::Relaxed);
            Counted
        }
    }
    impl Clone for Counted {
        fn clone(&self) -> Counted {
            Counted::new()
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    impl HostType for Counted {
        const NAME: &'static str = "Counted";
    }
    let engine = Engine::builder()
        .host_type::<Counted>(|it| it.method("one", |_: &Counted| 1))
        .func("counted", |_: i64| Counted::new())
        .build()
        .unwrap();
    let source =
        "1..50_000 | derive c = counted(it) | sort -value | filter c.one() == 1 and value % 7 == 0 | sum c.one()";
    assert_eq!(engine.eval::<i64>(source).unwrap(), 7142);
    assert_eq!(
        code(engine.eval::<i64>("1..50_000 | derive c = counted(it) | sort -value | sum c.one() // (value - 9)")),
        codes::E0602
    );
    drop(engine);
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0);
}

#[test]
fn memory_is_counted_as_the_type_says() {
    #[derive(Clone)]
    struct Large;
    impl HostType for Large {
        const NAME: &'static str = "Large";

        fn size(&self) -> usize {
            1 << 20
        }
    }
    let engine = Engine::builder().host_type::<Large>(|it| it).func("large", |_: i64| Large).build().unwrap();
    let program = engine
        .compile::<(), Id>(
            "large.pipe",
            "1..1000 | derive l = large(it) | sort -value | select id = if l == null { 0 } else { value }",
        )
        .unwrap();
    for executor in [Executor::Vector, Executor::Jit] {
        assert_eq!(program.run(&[]).executor(executor).collect().unwrap().len(), 1000);
        let report = program.run(&[]).executor(executor).memory(100 << 20).collect().unwrap_err();
        assert_eq!(report.code(), Some(codes::E0801), "{report}");
    }
}

#[test]
fn a_host_is_told_what_it_forgot() {
    let wrong = |builder: EngineBuilder| builder.build().unwrap_err();
    let missing = wrong(Engine::builder().func("money", money));
    assert!(
        missing.to_string().contains("`money` has values of the type `Money`, which this engine does not know"),
        "{missing}"
    );
    assert_eq!(missing.code(), Some(codes::E0301));
    assert_eq!(wrong(Engine::builder().constant("FREE", money(0))).code(), Some(codes::E0301));
    assert_eq!(wrong(Engine::builder().table("listed", orders(1))).code(), Some(codes::E0301));
    assert_eq!(code(Engine::default().compile::<Order, Id>("orders.pipe", "input | select id")), codes::E0301);
    assert_eq!(wrong(builder().host_type::<Money>(|it| it)).code(), Some(codes::E0208));
    assert_eq!(
        wrong(Engine::builder().host_type::<Money>(|it| it.method("sum", |it: &Money| it.cents))).code(),
        Some(codes::E0208)
    );
    assert_eq!(
        wrong(Engine::builder().host_type::<Money>(|it| it.method("double", |cents: i64| cents * 2))).code(),
        Some(codes::E0305)
    );
    let twice =
        |it: pipelang::Methods<Money>| it.method("cents", |it: &Money| it.cents).method("cents", |it: &Money| it.cents);
    assert_eq!(wrong(Engine::builder().host_type::<Money>(twice)).code(), Some(codes::E0208));
}

#[test]
fn help_knows_them() {
    let engine = builder()
        .describe("Money.plus(other)", "Both together.")
        .describe("Weight", "What it weighs.")
        .build()
        .unwrap();
    let functions = engine.functions();
    let signature =
        |name: &str| functions.iter().filter(|it| it.name == name).map(|it| it.signature.as_str()).collect::<Vec<_>>();
    assert_eq!(signature("plus"), ["plus(a: Money, other: Money) -> Money"]);
    assert_eq!(signature("half"), ["half(a: Money) -> Money?", "half(a: Weight) -> Weight"]);
    assert_eq!(signature("Money"), ["type Money"]);
    assert_eq!(signature("FREE"), ["FREE: Money"]);
    let doc = |name: &str| functions.iter().find(|it| it.name == name).map(|it| it.doc.as_str());
    assert_eq!((doc("Money"), doc("Weight")), (Some("An amount in a currency."), Some("What it weighs.")));
}

#[test]
fn nothing_that_is_read_is_one() {
    #[derive(Row, Debug, PartialEq)]
    struct Priced {
        id: i64,
        price: Option<Money>,
    }
    let program = engine().compile::<Priced, Priced>("priced.pipe", "input | filter id > 0").unwrap();
    let csv = || pipelang::csv("id,price\n1,5\n".as_bytes());
    let jsonl = || pipelang::jsonl("{\"id\": 1, \"price\": {\"cents\": 5}}".as_bytes());
    let records = [serde_json::json!({"id": 1, "price": "5"})];
    assert_eq!(code(program.run(csv()).collect()), codes::E0301);
    assert_eq!(code(program.run(jsonl()).collect()), codes::E0301);
    assert_eq!(code(program.run(pipelang::rows(&records)).collect()), codes::E0301);
    // Where nobody asks for them, nothing is missing.
    let program = engine().compile::<Priced, Id>("priced.pipe", "input | select id").unwrap();
    assert_eq!(program.run(csv()).collect().unwrap(), [Id { id: 1 }]);
    assert_eq!(program.run(jsonl()).collect().unwrap(), [Id { id: 1 }]);
    assert_eq!(program.run(pipelang::rows(&records)).collect().unwrap(), [Id { id: 1 }]);
}

#[test]
fn functions_of_numbers_take_them_too() {
    let function = engine().scalar::<fn(Money, i64) -> Option<Money>>("(m, n) => m.plus(money(n)).half()").unwrap();
    assert_eq!(function.call(money(4), 2).unwrap(), Some(money(3)));
    assert_eq!(function.call(money(4), 3).unwrap(), None);
}
