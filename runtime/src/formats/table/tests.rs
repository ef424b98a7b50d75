//! The exact look of tables.

use super::*;
use pipelang_lang::scalar::Scalar;

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty }
}

fn texts(texts: &[&str]) -> Column {
    let scalars: Vec<Scalar> = texts.iter().map(|text| Scalar::String((*text).into())).collect();
    Column::from_scalars(&Kind::String, &scalars)
}

fn people() -> (Schema, Batch) {
    let schema = Schema {
        fields: vec![
            field("name", Type::STRING),
            field("amount", Type::FLOAT.or_null()),
            field("born", Type::DATE),
            field("note", Type::STRING.or_null()),
        ],
    };
    let floats = [Scalar::Float(1.5), Scalar::Null, Scalar::Float(-1200.0)];
    let dates = [0, 19_723, -1].map(Scalar::Date);
    let columns = vec![
        texts(&["Ada", "日本語", "Grace\nHopper"]),
        Column::from_scalars(&Kind::Float, &floats),
        Column::from_scalars(&Kind::Date, &dates),
        texts(&["", "x\u{202e}y", "the quick brown fox jumps"]),
    ];
    (schema, Batch::new(3, columns))
}

fn drawn(schema: &Schema, shape: Shape, batches: &[Batch], style: &TableStyle) -> String {
    let mut rows = TableRows::new(style.rows);
    batches.iter().for_each(|batch| rows.push(batch.clone()));
    render(schema, shape, &rows, style, &|| Ok(())).expect("nothing stops it")
}

#[test]
fn a_plain_table() {
    let (schema, batch) = people();
    let table = drawn(&schema, Shape::Table, &[batch.slice(0, 1), batch.slice(1, 2)], &TableStyle::default());
    assert_eq!(
        table,
        "\
name            amount  born        note
string          float?  date        string?
─────────────────────────────────────────────────────────────
Ada                1.5  1970-01-01
日本語            null  2024-01-01  x\\u{202e}y
Grace\\nHopper  -1200.0  1969-12-31  the quick brown fox jumps
3 rows
"
    );
}

#[test]
fn a_narrow_table() {
    let (schema, batch) = people();
    let style = TableStyle { width: Some(44), ..TableStyle::default() };
    assert_eq!(
        drawn(&schema, Shape::Table, std::slice::from_ref(&batch), &style),
        "\
name            amount  born        note
string          float?  date        string?
────────────────────────────────────────────
Ada                1.5  1970-01-01
日本語            null  2024-01-01  x\\u{202…
Grace\\nHopper  -1200.0  1969-12-31  the qui…
3 rows
"
    );
    let style = TableStyle { width: Some(20), ..TableStyle::default() };
    let narrow = drawn(&schema, Shape::Table, &[batch], &style);
    assert!(narrow.lines().all(|line| line.width() <= 23), "{narrow}");
    assert!(narrow.ends_with("3 rows, 2 more columns\n"), "{narrow}");
}

#[test]
fn columns_that_have_no_room_are_named() {
    let fields = (0..100_000).map(|at| field(&format!("c{at}"), Type::INT)).collect();
    let footer = |width| {
        let style = TableStyle { width: Some(width), ..TableStyle::default() };
        drawn(&Schema { fields }, Shape::Table, &[], &style).lines().last().expect("a footer").to_string()
    };
    assert_eq!(footer(42), "0 rows, 99992 more columns: c8, c9, c10 …");
}

#[test]
fn the_only_column_may_have_a_long_name() {
    let schema = Schema { fields: vec![field(&"n".repeat(100), Type::INT)] };
    let style = TableStyle { width: Some(20), ..TableStyle::default() };
    let table = drawn(&schema, Shape::Table, &[], &style);
    assert!(table.lines().all(|line| line.chars().count() <= 20), "{table}");
}

#[test]
fn many_rows_are_counted() {
    let schema = Schema { fields: vec![field("it", Type::INT)] };
    let ints: Vec<Scalar> = (1..=1000).map(Scalar::Int).collect();
    let batch = Batch::new(1000, vec![Column::from_scalars(&Kind::Int, &ints)]);
    let style = TableStyle { rows: 3, ..TableStyle::default() };
    assert_eq!(
        drawn(&schema, Shape::Values, &[batch], &style),
        "value\n  int\n─────\n    1\n    2\n… 997 rows more …\n 1000\n1000 rows\n"
    );
}

#[test]
fn single_values_and_empty_tables() {
    let schema = Schema { fields: vec![field("it", Type::STRING)] };
    let style = TableStyle::default();
    let batch = Batch::new(1, vec![texts(&["a\n\u{1b}[31mb"])]);
    assert_eq!(drawn(&schema, Shape::Scalar, &[batch], &style), "a\n\\u{1b}[31mb\n");
    let null = Batch::new(1, vec![Column::Null(1)]);
    assert_eq!(drawn(&schema, Shape::Scalar, &[null], &style), "null\n");
    assert_eq!(drawn(&schema, Shape::Table, &[], &style), "it\nstring\n──────\n0 rows\n");
}

#[test]
fn colours() {
    let schema = Schema { fields: vec![field("a", Type::INT.or_null())] };
    let batch = Batch::new(1, vec![Column::from_scalars(&Kind::Int, &[Scalar::Null])]);
    let style = TableStyle { color: true, ..TableStyle::default() };
    let table = drawn(&schema, Shape::Table, &[batch], &style);
    assert_eq!(
        table,
        "\x1b[1m   a\x1b[0m\n\x1b[2mint?\x1b[0m\n\x1b[2m────\x1b[0m\n\x1b[2mnull\x1b[0m\n\x1b[2m1 row\x1b[0m\n"
    );
}

#[test]
fn only_the_ends_are_kept() {
    let schema = Schema { fields: vec![field("n", Type::INT)] };
    let numbers: Vec<Scalar> = (0..1000).map(Scalar::Int).collect();
    let whole = Batch::new(1000, vec![Column::from_scalars(&Kind::Int, &numbers)]);
    for (shown, most_kept) in [(1, 8), (6, 16), (7, 16), (999, 1000), (1000, 1000), (usize::MAX, 1000)] {
        let style = TableStyle { rows: shown, ..TableStyle::default() };
        let mut rows = TableRows::new(shown);
        for start in (0..1000).step_by(7) {
            rows.push(whole.slice(start, 7.min(1000 - start)));
        }
        let text = render(&schema, Shape::Table, &rows, &style, &|| Ok(())).expect("nothing stops it");
        assert_eq!(text, drawn(&schema, Shape::Table, std::slice::from_ref(&whole), &style), "{shown} rows");
        assert_eq!(text.contains(" more …"), shown < 1000, "{shown} rows");
        assert!(rows.kept().count() <= most_kept + 7, "{shown} rows: {} kept", rows.kept().count());
    }
}
