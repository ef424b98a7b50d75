//! Random tables as CSV text, and what a script must say to read them.

use super::draw::Draw;
use super::program::{Column, Features, Kind, Ty, spell};

/// A file that a program reads.
#[derive(Clone, Debug)]
pub struct TableFile {
    /// The name of the file.
    pub file: String,
    /// Everything before the records.
    pub head: String,
    /// The records with their newlines, so that a smaller table is some of them.
    pub records: Vec<Vec<u8>>,
}

impl TableFile {
    /// The text of the file.
    pub fn text(&self) -> Vec<u8> {
        let mut text = self.head.as_bytes().to_vec();
        self.records.iter().for_each(|record| text.extend(record));
        text
    }
}

/// A table with its `read`.
pub struct Table {
    pub file: TableFile,
    pub columns: Vec<Column>,
    /// `read("{dir}/t0.csv", …)`; the folder is filled in later.
    pub read: String,
    /// A `type` to stand before the statements.
    pub alias: Option<String>,
}

const NAMES: [&str; 9] = ["a", "b", "c", "d", "qty", "Order Date", "by", "e", "price"];

/// How the cells of a table are drawn.
struct Style {
    delimiter: char,
    newline: &'static str,
    declared: bool,
    /// Whether extremes and cells that do not fit are among them.
    wild: bool,
    /// Whether NaN, infinities, zeros and extremes are among its floats; a NaN makes every sum one.
    odd_floats: bool,
    comment: bool,
    /// What its `read` does with what does not fit.
    policy: Option<&'static str>,
}

/// Draws a table; `wild` ones may make a run fail.
pub fn table(draw: &mut Draw, number: usize, wild: bool, features: &mut Features) -> Table {
    let declared = draw.chance(60);
    let zipped = draw.chance(8);
    let tabs = draw.chance(6);
    let semicolon = !tabs && draw.chance(8);
    let style = Style {
        delimiter: if tabs {
            '\t'
        } else if semicolon {
            ';'
        } else {
            ','
        },
        newline: if draw.chance(12) { "\r\n" } else { "\n" },
        declared,
        wild: wild && declared,
        odd_floats: draw.chance(50),
        comment: draw.chance(6),
        policy: if wild && declared && draw.chance(45) { Some(*draw.pick(&["skip", "skip", "null"])) } else { None },
    };
    let mut columns: Vec<Column> = Vec::new();
    for at in 0..draw.weighted(&[(1, 1), (3, 2), (4, 3), (4, 4), (2, 5)]) {
        let kind = match *draw.pick(&Kind::ALL) {
            _ if at == 0 => Kind::Int,
            // Durations are not inferred.
            Kind::Duration if !declared => Kind::DateTime,
            kind => kind,
        };
        let name = loop {
            let name = *draw.pick(&NAMES);
            if columns.iter().all(|column| column.name != spell(name)) {
                break name;
            }
        };
        columns.push(Column { name: spell(name), ty: Ty { kind, nullable: !declared || draw.chance(50) } });
    }
    let mut records = records(draw, &style, &columns);
    let is_large = draw.next().is_multiple_of(80) && records.len() > 40;
    if is_large {
        // More than one morsel of text, whatever the size of a morsel.
        features.insert("source of several megabytes".into());
        let ends = records.last().is_some_and(|last| last.ends_with(b"\n"));
        let bytes: usize = records.iter().map(Vec::len).sum();
        let count = if ends { records.len() * (2 << 20) / bytes.max(1) } else { records.len() };
        records = records.iter().cycle().take(count).cloned().collect();
    }
    // A file without any record says nothing of its columns.
    let header = !declared || draw.chance(92) || records.is_empty();
    let mut file = TableFile {
        file: format!("t{number}.{}{}", if tabs { "tsv" } else { "csv" }, if zipped { ".gz" } else { "" }),
        head: String::new(),
        records,
    };
    if header {
        let names: Vec<String> = columns.iter().map(|column| column.name.trim_matches('`').to_string()).collect();
        file.head = names.join(&style.delimiter.to_string()) + style.newline;
    }
    if !declared {
        see_inferred(&mut columns, &file.records, &style);
    } else if style.wild && draw.chance(18) {
        break_structure(draw, &mut file, &style, columns.len(), features);
    }
    for (seen, feature) in [
        (zipped, "source csv.gz"),
        (tabs, "source tsv"),
        (semicolon, "option delimiter"),
        (!header, "option header"),
        (style.comment, "option comment"),
        (style.policy == Some("null"), "option on_error null"),
        (style.policy == Some("skip"), "option on_error skip"),
        (declared, "option schema"),
        (!declared, "source inferred"),
        (file.records.is_empty(), "source empty"),
    ] {
        if seen {
            features.insert(feature.to_string());
        }
    }
    let (read, alias) = read_of(draw, number, &file, &columns, &style, header, semicolon);
    if style.policy == Some("null") {
        // A text always fits.
        columns.iter_mut().filter(|column| column.ty.kind != Kind::String).for_each(|column| column.ty.nullable = true);
    }
    Table { file, columns, read, alias }
}

/// The `read`, and the `type` that it may need.
fn read_of(
    draw: &mut Draw,
    number: usize,
    file: &TableFile,
    columns: &[Column],
    style: &Style,
    header: bool,
    semicolon: bool,
) -> (String, Option<String>) {
    let mut options = String::new();
    let mut alias = None;
    if style.declared {
        let fields: Vec<String> = columns.iter().map(|c| format!("{}: {}", c.name, c.ty)).collect();
        let schema = format!("{{{}}}", fields.join(", "));
        if draw.chance(25) {
            alias = Some(format!("type T{number} = {schema}"));
            options += &format!(", schema: T{number}");
        } else {
            options += &format!(", schema: {schema}");
        }
    }
    if semicolon {
        options += ", delimiter: \";\"";
    }
    if !header {
        options += ", header: false";
    }
    if style.comment {
        options += ", comment: \"#\"";
    }
    if let Some(policy) = style.policy {
        options += &format!(", on_error: \"{policy}\"");
    }
    (format!("read(\"{{dir}}/{}\"{options})", file.file), alias)
}

fn records(draw: &mut Draw, style: &Style, columns: &[Column]) -> Vec<Vec<u8>> {
    let count = match draw.below(100) {
        0..7 => 0,
        7..25 => draw.below(5) + 1,
        25..85 => draw.below(40) + 5,
        85..99 => draw.below(300) + 40,
        _ => draw.below(3000) + 300,
    };
    // A cell that does not fit is rare: most of the rows before it should come out.
    let misfit_in_thousand = if style.wild && draw.chance(35) { draw.between(2, 30) as u64 } else { 0 };
    let mut records = Vec::new();
    for _ in 0..count {
        if style.comment && draw.chance(5) {
            records.push(format!("# not, \"a row{}", style.newline).into_bytes());
        }
        if columns.len() > 1 && draw.chance(1) {
            records.push(style.newline.into());
        }
        let cells: Vec<String> = columns
            .iter()
            .map(
                |column| {
                    if draw.next() % 1000 < misfit_in_thousand { misfit(draw) } else { cell(draw, style, column.ty) }
                },
            )
            .collect();
        records.push((cells.join(&style.delimiter.to_string()) + style.newline).into_bytes());
    }
    if let Some(last) = records.last_mut()
        && draw.chance(15)
        && last.len() > style.newline.len()
    {
        last.truncate(last.len() - style.newline.len());
    }
    records
}

fn misfit(draw: &mut Draw) -> String {
    (*draw.pick(&["x", "1.2.3", "9223372036854775808", "2024-02-30", "-", "tru"])).to_string()
}

fn cell(draw: &mut Draw, style: &Style, ty: Ty) -> String {
    if ty.nullable && draw.chance(15) {
        let word = ty.kind != Kind::String && draw.chance(30);
        return if word { (*draw.pick(&["NA", "NULL", "nan", "N/A"])).to_string() } else { String::new() };
    }
    match ty.kind {
        Kind::Int if style.wild && draw.chance(8) => (*draw.pick(&[
            "9223372036854775807",
            "-9223372036854775808",
            "4611686018427387904",
            "-1",
            "0",
            "+7",
            "007",
        ]))
        .to_string(),
        Kind::Int if draw.chance(20) => draw.between(-100_000, 100_000).to_string(),
        Kind::Int => draw.between(-9, 20).to_string(),
        Kind::Float if style.odd_floats && draw.chance(25) => (*draw.pick(&[
            "NaN",
            "NaN",
            "-0.0",
            "0.0",
            "inf",
            "-inf",
            "-0.0",
            "0.0",
            "1e308",
            "-1e308",
            "1e-310",
            "0.1",
            "9007199254740993.0",
            "1e16",
        ]))
        .to_string(),
        Kind::Float => format!("{:.2}", draw.between(-5000, 9000) as f64 / 100.0),
        Kind::Bool => (*draw.pick(&["true", "false", "true", "false", "True", "FALSE"])).to_string(),
        Kind::Date => format!(
            "{:04}-{:02}-{:02}",
            // A year with leading zeros is inferred to be a text.
            draw.weighted(&[(8, 2024), (4, 2023), (1, 1900), (1, 9999), (u64::from(style.declared), 1)]),
            draw.between(1, 12),
            draw.between(1, 28)
        ),
        Kind::DateTime => format!(
            "{}-{:02}-29{}{:02}:{:02}:00{}",
            draw.weighted(&[(8, 2024), (2, 1968), (1, 9996)]),
            draw.between(1, 12),
            draw.pick(&[" ", "T"]),
            draw.between(0, 23),
            draw.between(0, 59),
            draw.pick(&["", "Z", ".5", ".000001Z", "+02:00", "-0330"]),
        ),
        Kind::Duration if style.wild && draw.chance(8) => {
            (*draw.pick(&["P106751991DT4H54.775807S", "-P106751991DT4H54.775808S"])).to_string()
        }
        Kind::Duration => (*draw.pick(&["PT5M", "P1D", "-PT0.5S", "90min", "1h 30min", "PT0S", "P1W"])).to_string(),
        Kind::String => text_cell(draw, style),
        Kind::Ints | Kind::Floats | Kind::Texts | Kind::Record => unreachable!("cells are of plain kinds"),
    }
}

fn text_cell(draw: &mut Draw, style: &Style) -> String {
    let text = match draw.below(20) {
        0 => "two\nlines".to_string(),
        1 => "say \"x\"".to_string(),
        2 => format!("a{}b", style.delimiter),
        3 => "ünï 日本".to_string(),
        4 => "a text that is longer than twelve bytes".to_string(),
        5 => String::new(),
        6 => " pad ".to_string(),
        7 => "#7".to_string(),
        8 => draw.between(-5, 50).to_string(),
        _ => (*draw.pick(&["x", "y", "z", "abc", "ABC", "b", "Zed"])).to_string(),
    };
    let must = text.is_empty() || text.starts_with('#') || text.contains(['"', '\n', style.delimiter]);
    if must || draw.chance(10) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// What the reader will say of the columns: it looks at the cells. Only what is certain is claimed.
fn see_inferred(columns: &mut [Column], records: &[Vec<u8>], style: &Style) {
    let lines: Vec<&str> = records.iter().filter_map(|record| std::str::from_utf8(record).ok()).collect();
    for (at, column) in columns.iter_mut().enumerate() {
        column.ty.nullable = true;
        // Fields before this one hold no delimiter unless they are quoted; quoted texts are only in text columns.
        let cells =
            lines.iter().filter(|line| !line.starts_with('#')).filter_map(|line| field(line, at, style.delimiter));
        let is_null = |cell: &String| cell.is_empty() || ["NA", "N/A", "NULL", "nan"].contains(&cell.as_str());
        let known: Vec<String> = cells.filter(|cell| !is_null(cell)).collect();
        let floats = known.iter().any(|cell| cell.parse::<i64>().is_err());
        column.ty.kind = match column.ty.kind {
            _ if known.is_empty() => Kind::String,
            Kind::Float if !floats => Kind::Int,
            Kind::String if known.iter().all(|cell| cell.parse::<i64>().is_ok()) => Kind::Int,
            kind => kind,
        };
    }
}

/// A raw field of a record, quotes and all.
fn field(record: &str, wanted: usize, delimiter: char) -> Option<String> {
    let record = record.trim_end_matches('\n').trim_end_matches('\r');
    if record.is_empty() {
        return None;
    }
    let (mut fields, mut inside) = (vec![String::new()], false);
    for c in record.chars() {
        match c {
            '"' => inside = !inside,
            c if c == delimiter && !inside => {
                fields.push(String::new());
                continue;
            }
            _ => {}
        }
        fields.last_mut()?.push(c);
    }
    fields.get(wanted).cloned()
}

/// Spoils one record: too many fields, too few, an open quote, or bytes that are no text.
fn break_structure(draw: &mut Draw, file: &mut TableFile, style: &Style, columns: usize, features: &mut Features) {
    if file.records.len() < 3 {
        return;
    }
    let at = file.records.len() - 1 - draw.below(file.records.len() / 2);
    let (name, record): (_, Vec<u8>) = match draw.below(4) {
        0 => ("too many fields", format!("1{0}2{0}3{0}4{0}5{0}6{0}7{1}", style.delimiter, style.newline).into()),
        1 => ("blank fields", style.delimiter.to_string().repeat(9).into_bytes()),
        2 => ("open quote", b"\"never closed\n".to_vec()),
        _ => ("not UTF-8", b"\xff\xfe\n".to_vec()),
    };
    features.insert(format!("broken {name}"));
    file.records.insert(at, record);
    // Then another error may come first: of a cell that is read before, but demanded later.
    if draw.chance(75) {
        features.insert("broken behind misfits".to_string());
        let cells: Vec<String> = (0..columns).map(|_| misfit(draw)).collect();
        let record = cells.join(&style.delimiter.to_string()) + style.newline;
        // Often in the same morsel.
        let before = if draw.chance(60) { at - draw.below(3) } else { draw.below(at) };
        file.records.insert(before, record.into_bytes());
    }
}
