//! What editors get: completions, hovers, colours, the columns after every stage. In the tables `¦` is the cursor.

use crate::editor_grammars::scripts;
use pipelang::tools::{Class, ItemKind, complete, hover, phases, stages, tokens};
use pipelang::{Engine, Parameters, fs};

fn engine() -> Engine {
    Engine::builder().grant(fs::read_everything()).build().unwrap()
}

/// The text without the cursor, and where that is.
fn at_cursor(text: &str) -> (String, usize) {
    let offset = text.find('¦').expect("a cursor");
    (text.replace('¦', ""), offset)
}

const ROWS: &str = "let xs = [{id: 1, price: 2.5, name: \"a\"}]\nparam least: int = 3\n";

/// A line behind [`ROWS`], and the labels that come first. A `!` before a label: it is not there.
const COMPLETIONS: &[(&str, &[&str])] = &[
    // The columns at the cursor, after the stages before it.
    ("xs | filter ¦", &["id", "price", "name", "it", "least", "xs"]),
    ("xs | filter pr¦", &["price"]),
    ("xs | filter pri¦ce > 1 | take 3", &["price"]),
    ("xs | derive total = price * 2 | select total, id | sort -¦", &["total", "id", "it"]),
    ("xs | rename cost = price | filter c¦", &["cost"]),
    ("xs | drop ¦", &["id", "price", "name"]),
    ("xs | select id, ¦", &["id", "price", "name"]),
    ("xs | filter (price > 1 and ¦", &["id", "price", "name"]),
    ("xs | map {a: price, b: ¦", &["id", "price", "name"]),
    ("xs | derive t = f\"{¦", &["id", "price", "name"]),
    ("xs | derive t = f\"{name} {¦} x\" | take 3", &["id", "price", "name"]),
    ("xs | derive t = if price > 1.0 { i¦", &["id", "it"]),
    ("xs | map x => x.¦", &["id", "price", "name"]),
    ("xs | filter it.¦", &["id", "price", "name"]),
    ("xs | take 2 | filter `pr¦", &["price"]),
    ("xs | no_such_stage ¦", &["id", "price", "name"]),
    (
        "xs | filter price > 1 |\n  filter ¦\nlet ys = 3\nfn later(a: int) { a }",
        &["id", "price", "name", "it", "least", "xs", "later"],
    ),
    (
        "fn f(rows: stream<{a: int, b: string, ..}>, n: int) { rows | filter ¦ }",
        &["a", "b", "it", "n", "rows", "least", "xs"],
    ),
    ("let ys = xs | aggregate n = count(), most = max(price) by name | filter ¦", &["name", "n", "most"]),
    ("1..5 | filter ¦", &["it", "least"]),
    // Reducers, options.
    ("xs | aggregate a = me¦", &["mean"]),
    ("xs | aggregate a = sum(¦", &["id", "price", "name"]),
    ("xs | aggregate a = sum(price, wh¦", &["where:"]),
    ("xs | sum price, wh¦", &["where:"]),
    ("xs | window m = mean(price, ro¦", &["rows:", "row_number", "round"]),
    ("xs | window m = mean(price, rows: ..0, fu¦", &["full:"]),
    ("xs | aggregate m = mean(price, ro¦", &["round"]),
    ("xs | derive r = round(price, d¦", &["digits:"]),
    ("read(\"tests/data/people.csv\", del¦", &["delimiter:"]),
    ("fn f(a: int, deep: int = 3) { a }\nf(1, de¦", &["deep:"]),
    ("read(\"tests/data/people.csv\") | filter ¦", &["id", "name", "age"]),
    // Stages.
    ("xs | ¦", &["filter", "derive", "select"]),
    ("xs | fi¦", &["filter", "first"]),
    ("fn cheap(rows: stream<{price: float, ..}>) { rows | filter price < 9.0 }\nxs | ch¦", &["cheap"]),
    ("xs |\n  # which\n  sel¦", &["select"]),
    ("xs | count | ¦", &["tee", "write"]),
    ("xs | sample ¦", &["n:", "fraction:", "seed:"]),
    ("xs | sample n: 3, ¦", &["n:", "fraction:", "seed:"]),
    ("fn some(rows: stream<{price: float, ..}>, least: float) { rows }\nxs | some l¦", &["least:"]),
    // What is meant by a word that nothing begins with.
    ("xs | filer¦", &["filter"]),
    ("xs | where¦", &["filter"]),
    ("xs | filter prce¦", &["price"]),
    ("xs | filter zzzzzz¦", &[]),
    // Behind a dot: what takes the value.
    ("xs | derive n = name.up¦", &["upper"]),
    ("xs | derive n = price.ro¦", &["round"]),
    ("xs | derive n = price.uppe¦", &[]),
    (
        "fn hot(t: float) { t }\nfn odd(n: int) { n }\nfn wet(days: stream<{a: int}>) { days }\nxs | derive n = price.¦",
        &["hot", "abs"],
    ),
    ("type P = {x: int}\nfn far(p: P) { p.x }\nfn far2(p: {z: int}) { p.z }\nlet p = {x: 1, y: 2}\np.fa¦", &["far"]),
    // The fields of what is matched.
    ("xs | map x => match x { {¦", &["id", "price", "name"]),
    ("xs | map x => match x { {id: 1, pr¦", &["price"]),
    ("xs | map x => match x { {id: 1} => 2, {na¦} => 3 }", &["name"]),
    ("xs | map x => match x { {id: 1} => i¦", &["id", "it"]),
    // The items of a list.
    ("xs | derive ys = ([{a: 1, b: 2}] | filter ¦", &["a", "b", "it"]),
    ("xs | derive ys = ([{a: 1, b: 2}] | derive c = a | so¦", &["sort"]),
    // Types.
    ("type Sale = {a: int}\nfn f(a: S¦", &["Sale"]),
    ("param p: fl¦", &["float"]),
    ("read(\"a.csv\", schema: {a: da¦", &["date", "datetime"]),
    // Modules.
    ("import \"tests/cases/modules/lib/geo.pipe\"\nge¦", &["geo"]),
    ("import \"tests/cases/modules/lib/geo.pipe\"\nlet d = geo::di¦", &["distance"]),
    // Statements, and where nothing is to be said.
    ("pa¦", &["pad_left", "pad_right", "param"]),
    ("le¦", &["least", "len", "let"]),
    ("let ¦", &[]),
    ("# a comm¦", &[]),
    ("xs | filter name == \"i¦", &[]),
    ("xs | derive t = f\"i¦", &[]),
    ("xs | take 1¦", &[]),
];

#[test]
fn completions() {
    let engine = engine();
    let mut faults = Vec::new();
    for (line, expected) in COMPLETIONS {
        let (text, offset) = at_cursor(&format!("{ROWS}{line}"));
        let found = complete(&engine, "", &text, offset, &|_| Vec::new());
        let labels: Vec<&str> = found.items.iter().map(|item| item.label.as_str()).collect();
        let fits = labels.starts_with(expected) && labels.is_empty() == expected.is_empty();
        if !fits {
            faults.push(format!("{line}\n  wanted {expected:?}\n  found  {:?}", &labels[..labels.len().min(8)]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn completions_say_what_they_are() {
    let found = |line: &str| {
        let (text, offset) = at_cursor(&format!("{ROWS}{line}"));
        let completions = complete(&engine(), "", &text, offset, &|_| Vec::new());
        let item = completions.items.into_iter().next().expect("there is one");
        (text[completions.replace].to_string(), item.kind, item.detail, item.insert)
    };
    let expected =
        |word: &str, kind, detail: &str, insert: &str| (word.to_string(), kind, detail.to_string(), insert.to_string());
    assert_eq!(found("xs | filter pri¦ce"), expected("price", ItemKind::Column, "float", "price"));
    assert_eq!(found("xs | filter `pr¦ice` > 1"), expected("`price`", ItemKind::Column, "float", "price"));
    assert_eq!(found("xs | filter pri¦ > 1"), expected("pri", ItemKind::Column, "float", "price"));
    assert_eq!(found("xs | ta¦il 3"), expected("tail", ItemKind::Stage, "take count by key, …", "take"));
    assert_eq!(found("upp¦(\"a\")"), expected("upp", ItemKind::Function, "upper(s: string) -> string", "upper"));
    assert_eq!(found("xs | ta¦"), expected("ta", ItemKind::Stage, "take count by key, …", "take "));
    assert_eq!(found("xs | filter lea¦"), expected("lea", ItemKind::Name, "int", "least"));
    assert_eq!(found("upp¦"), expected("upp", ItemKind::Function, "upper(s: string) -> string", "upper("));
    let joined = "let ys = [{id: 1, town: \"b\"}]\nxs | left_join y = ys on id | select ";
    assert_eq!(found(&format!("{joined}y.to¦")), expected(".to", ItemKind::Field, "string", "?.town"));
    assert_eq!(found(&format!("{joined}y?.to¦")), expected("to", ItemKind::Field, "string", "town"));
    assert_eq!(found("xs | map {a: price} | filter a¦"), expected("a", ItemKind::Column, "float", "a"));
}

#[test]
fn completions_of_files() {
    let files = |begun: &str| -> Vec<String> {
        let all = ["data/a.csv", "data/b.csv", "c.csv"];
        all.iter().filter(|name| name.starts_with(begun)).map(|name| name.to_string()).collect()
    };
    for line in ["read(\"da¦", "xs | write \"da¦", "import \"da¦", "read(\"da¦\") | take 3"] {
        let (text, offset) = at_cursor(line);
        let found = complete(&engine(), "", &text, offset, &files);
        let labels: Vec<&str> = found.items.iter().map(|item| item.label.as_str()).collect();
        assert_eq!((&text[found.replace], labels), ("da", vec!["data/a.csv", "data/b.csv"]), "{line}");
    }
    let (text, offset) = at_cursor("read(\"da¦ta/c.csv\") | take 3");
    assert_eq!(&text[complete(&engine(), "", &text, offset, &files).replace], "data/c.csv");
    let (text, offset) = at_cursor("read(\"da¦) | filter name == \"a\"");
    assert_eq!(&text[complete(&engine(), "", &text, offset, &files).replace], "da");
}

#[test]
fn names_of_files_are_escaped() {
    let files = |begun: &str| -> Vec<String> {
        let all = ["quo\"te.csv", "quo\"ta.csv", "back\\slash.csv"];
        all.iter().filter(|name| name.starts_with(begun)).map(|name| name.to_string()).collect()
    };
    for (line, expected) in
        [(r#"read("quo\"t¦"#, vec![r#"quo\"te.csv"#, r#"quo\"ta.csv"#]), (r#"read("back\\¦"#, vec![r"back\\slash.csv"])]
    {
        let (text, offset) = at_cursor(line);
        let found = complete(&engine(), "", &text, offset, &files);
        let inserted: Vec<&str> = found.items.iter().map(|item| item.insert.as_str()).collect();
        assert_eq!(inserted, expected, "{line}");
    }
}

#[test]
fn completions_anywhere_end_well() {
    let text = "let xs = [{id: 1}] | filter f\"{id:.2} é\" == \"\\n\" | map { a: (x => x), b: [1, `é`] }\nfn f(a: {b: int?, ..}) { match a { {b: 1} => 2 } } # é\n| 'x' && ) ] } é";
    let engine = engine();
    for offset in 0..=text.len() + 1 {
        complete(&engine, "", text, offset, &|_| Vec::new());
        hover(&engine, "", text, offset);
    }
}

/// Whatever the script and the cursor, nothing panics, and what is to be replaced is a piece of the text.
#[test]
fn any_place_of_any_script_ends_well() {
    let engine = engine();
    for (name, text) in scripts() {
        let colours = tokens(&text);
        assert!(colours.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start), "{name}: tokens overlap in\n{text}");
        let step = (text.len() / 2).max(1);
        for offset in (0..=text.len()).step_by(step).filter(|offset| text.is_char_boundary(*offset)) {
            let found = complete(&engine, &name, &text, offset, &|_| Vec::new());
            assert!(text.get(found.replace.clone()).is_some(), "{name} at {offset}: {:?}", found.replace);
            hover(&engine, &name, &text, offset);
        }
    }
}

const HOVERS: &[(&str, &str)] = &[
    ("xs | filter pri¦ce > 1.0", "price: float"),
    ("xs | filter price ¦> 1.0", "bool"),
    ("xs | filter price > ¦1.0", "float"),
    ("let y¦s = xs | take 1", "ys: stream<{id: int, price: float, name: string}>"),
    ("xs | derive up = name.upp¦er()", "upper(s: string) -> string\nThe text in capital letters."),
    (
        "xs | sel¦ect id",
        "select column, name = value, …\nKeeps these columns only, in this order.\nbefore: {id: int, price: float, name: string}\nafter: {id: int}",
    ),
    (
        "xs | cou¦nt",
        "count(…)\nHow many rows there are, or, of `count(x)`, how many where x is not null.\nbefore: {id: int, price: float, name: string}\nafter: int",
    ),
    ("# Twice\n# of it.\nfn twice(a: int) -> int { a * 2 }\ntwi¦ce(3)", "fn twice(a: int) -> int\nTwice of it."),
    ("import \"tests/cases/modules/lib/geo.pipe\"\ngeo::dist¦ance(1, 2)", "fn distance(a: Point, b: Point) -> float"),
    ("type Sale = {a: int}\nparam s: Sa¦le", "type Sale = {a: int}"),
];

#[test]
fn hovers() {
    for (line, expected) in HOVERS {
        let (text, offset) = at_cursor(&format!("{ROWS}{line}"));
        let found = hover(&engine(), "", &text, offset);
        assert_eq!(found.map(|found| found.text).as_deref(), Some(*expected), "{line}");
    }
    let (text, offset) = at_cursor("1 + ¦ 2");
    assert_eq!(hover(&engine(), "", &text, offset), None);
}

#[test]
fn classes() {
    use Class::*;
    let text = "fn f(n: int, xs: stream<A>) -> float? { n } # c\nxs | geo::near(a.b, \"t\", by_x: 1) by k = @2024-01-01\n| map {a: f\"x{y:.2}\", b: null}";
    let found = tokens(text);
    let words: Vec<(&str, Class)> = found.iter().map(|(range, class)| (&text[range.clone()], *class)).collect();
    let names: Vec<(&str, Class)> =
        words.iter().filter(|(_, class)| !matches!(class, Bracket | Punctuation | Operator)).copied().collect();
    let expected = [
        ("fn", Keyword),
        ("f", Function),
        ("n", Name),
        ("int", Type),
        ("xs", Name),
        ("stream", Type),
        ("A", Type),
        ("float", Type),
        ("n", Name),
        ("# c", Comment),
        ("xs", Name),
        ("|", Pipe),
        ("geo", Stage),
        ("near", Stage),
        ("a", Name),
        ("b", Name),
        ("\"t\"", Text),
        ("by_x", Option),
        ("1", Number),
        ("by", Keyword),
        ("k", Column),
        ("@2024-01-01", Number),
        ("|", Pipe),
        ("map", Stage),
        ("a", Column),
        ("f\"", Text),
        ("x", Text),
        ("y", Name),
        (".2", Format),
        ("\"", Text),
        ("b", Column),
        ("null", Constant),
    ];
    assert_eq!(names, expected);
}

#[test]
fn columns_after_every_stage() {
    let text = format!(
        "{ROWS}fn half(rows: stream<{{price: float, ..}}>) {{ rows | derive price = price / 2.0 }}\nxs | half | select price | count"
    );
    let found: Vec<String> = stages(&engine(), "", &text, &Parameters::default())
        .into_iter()
        .map(|stage| {
            let columns: Vec<String> = stage.columns.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
            format!("{} -> {}", stage.name, columns.join(", "))
        })
        .collect();
    let wrong = stages(&engine(), "", "1..5 | no_such_stage | take 3", &Parameters::default());
    assert!(wrong.len() == 2 && wrong.iter().all(|stage| stage.columns.is_empty()));
    let expected = [
        "derive -> price: float",
        "half -> id: int, price: float, name: string",
        "select -> price: float",
        "count -> : int",
    ];
    assert_eq!(found, expected);
}

#[test]
fn all_phases() {
    let phases = phases(&engine(), "", "1..3 | filter it > 1", &Parameters::default());
    assert!(phases.tokens.contains("Name(\"filter\")"), "{}", phases.tokens);
    assert!(phases.tree.contains("filter") && phases.plan.is_some() && phases.optimized.is_some());
    let phases = self::phases(&engine(), "", "1 | nope", &Parameters::default());
    assert_eq!((phases.tree.as_str(), phases.plan), ("1 | nope\n", None));
}
