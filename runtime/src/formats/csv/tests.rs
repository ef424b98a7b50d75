//! CSV as a whole: against a reader of one character at a time, cut at every size, and the errors of broken files.

use super::cut::Cutter;
use super::dialect::Dialect;
use super::parse::{CsvParse, Wanted};
use crate::batch::{Batch, Column};
use crate::error::{At, Place, RowFault, RunError};
use crate::formats::{Cut, FileSources, Input, MorselSize, Parse, ScanRequest, cell};
use pipelang_lang::catalog::{OptionValue, ReadRequest, Sources, TableInfo};
use pipelang_lang::codes::{self, Code};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::{Field, Schema, Type};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const PLAIN: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), comment: None, blank_is_row: false };

/// A file that is removed at the end of its test.
struct TestFile(PathBuf);

impl TestFile {
    fn new(extension: &str, content: &[u8]) -> TestFile {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pipe-csv-{}-{}.{extension}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).expect("the temporary folder can be written");
        TestFile(path)
    }

    fn gz(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).expect("memory can be written");
        encoder.finish().expect("memory can be written")
    }

    fn path(&self) -> Arc<str> {
        self.0.to_str().expect("the temporary folder is UTF-8").into()
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn span() -> Span {
    Span::new(SourceId(0), 0, 0)
}

type Options = Vec<(Arc<str>, OptionValue)>;

fn describe(path: &Arc<str>, options: &Options) -> Result<TableInfo, Box<Diagnostic>> {
    let options = options.iter().map(|(name, value)| (name.clone(), span(), value.clone())).collect();
    FileSources::default().describe(&ReadRequest {
        path: path.clone(),
        stdin: false,
        span: span(),
        options,
        room: None,
        one_of_several: false,
    })
}

fn text_option(name: &str, value: &str) -> (Arc<str>, OptionValue) {
    (name.into(), OptionValue::Scalar(Scalar::String(value.into())))
}

fn schema_option(fields: &[(&str, Type)], open: bool) -> (Arc<str>, OptionValue) {
    let fields = fields.iter().map(|(name, ty)| Field { name: (*name).into(), ty: ty.clone() }).collect();
    ("schema".into(), OptionValue::Schema { schema: Schema { fields }, open })
}

/// Reads a whole file: the rows, and the error after them.
fn read(path: &Arc<str>, options: &Options, morsel: MorselSize) -> (Vec<Batch>, Option<RunError>) {
    let info = describe(path, options).expect("the file can be described");
    let columns = (0..info.schema.fields.len()).collect();
    let (schema, inferred, options) = (info.schema, info.inferred, options.clone());
    let request = ScanRequest {
        path: path.clone(),
        input: Input::file(),
        options,
        schema,
        columns,
        inferred,
        morsel,
        telling: None,
    };
    let mut scan = match (super::FORMAT.open)(&request) {
        Ok(scan) => scan,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut batches = Vec::new();
    loop {
        match scan.0() {
            Ok(Some(piece)) => {
                let parsed = piece.read();
                batches.push(parsed.batch);
                if parsed.error.is_some() {
                    return (batches, parsed.error);
                }
            }
            Ok(None) => return (batches, None),
            Err(error) => return (batches, Some(error)),
        }
    }
}

/// The rows as scalars.
fn rows(batches: &[Batch]) -> Vec<Vec<Scalar>> {
    let row = |batch: &Batch, row| batch.columns.iter().map(|column: &Column| column.get(row)).collect();
    batches.iter().flat_map(|batch| (0..batch.rows).map(|at| row(batch, at)).collect::<Vec<_>>()).collect()
}

fn types(content: &str, options: &Options) -> Vec<String> {
    let file = TestFile::new("csv", content.as_bytes());
    let info = describe(&file.path(), options).expect("the file can be described");
    info.schema.fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect()
}

/// What describing a file says is wrong.
fn complaint(content: &[u8], options: &Options) -> (Code, String) {
    let file = TestFile::new("csv", content);
    let diagnostic = describe(&file.path(), options).expect_err("something is wrong");
    (diagnostic.code, diagnostic.message.replace(&*file.path(), "FILE"))
}

/// The fields of each record with the line where it begins, by a machine that sees one character at a time.
fn naive(text: &str) -> (Vec<(u64, Vec<String>)>, bool) {
    #[derive(PartialEq)]
    enum State {
        Start,
        Plain,
        Quoted,
        Closing,
    }
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut state, mut line, mut first_line, mut is_blank) = (State::Start, 1, 1, true);
    let characters: Vec<char> = text.chars().collect();
    for (at, &c) in characters.iter().enumerate() {
        let ends_line = c == '\r' && characters.get(at + 1).is_none_or(|next| *next == '\n');
        if state != State::Quoted && ends_line {
            continue;
        }
        is_blank &= c == '\n';
        state = match (state, c) {
            (State::Quoted, '"') => State::Closing,
            (State::Quoted, c) => {
                field.push(c);
                State::Quoted
            }
            (State::Start, '"') => State::Quoted,
            (State::Closing, '"') => {
                field.push('"');
                State::Quoted
            }
            (_, ',') => {
                record.push(std::mem::take(&mut field));
                State::Start
            }
            (_, '\n') => {
                record.push(std::mem::take(&mut field));
                let record = std::mem::take(&mut record);
                if !is_blank {
                    records.push((first_line, record));
                }
                (first_line, is_blank) = (line + 1, true);
                State::Start
            }
            (_, c) => {
                field.push(c);
                State::Plain
            }
        };
        line += u64::from(c == '\n');
    }
    if state == State::Quoted {
        return (records, true);
    }
    if !is_blank {
        record.push(field);
        records.push((first_line, record));
    }
    (records, false)
}

/// A parser of text columns only.
fn text_parse(arity: usize) -> CsvParse {
    let wanted = |position| Wanted { position, name: "c".into(), ty: Type::STRING, inferred: false };
    CsvParse {
        file: "f".into(),
        dialect: PLAIN,
        arity,
        rule: "the header",
        null_words: cell::default_null_words(),
        columns: (0..arity).map(wanted).collect(),
        skips: false,
    }
}

fn line_of(place: &Place) -> u64 {
    match place.at {
        At::Line(line) => line,
        At::Row(_) => panic!("a text has lines"),
    }
}

/// The records with their lines, and the error, cut as given.
fn cut_and_parse(text: &str, parse: &CsvParse, morsel: MorselSize) -> (Vec<(u64, Vec<String>)>, Option<RunError>) {
    let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    let mut cutter = Cutter::new(input, "f".into(), parse.dialect, morsel);
    let mut records = Vec::new();
    while let Some(chunk) = cutter.next().expect("memory can be read") {
        let parsed = parse.parse(&chunk);
        let origin = parsed.batch.origin.as_ref().expect("rows of a file have an origin");
        for row in 0..parsed.batch.rows {
            let text = |column: &Column| match column.get(row) {
                Scalar::String(text) => text.to_string(),
                other => panic!("{other:?} in a text column"),
            };
            records.push((
                line_of(&origin.place(row).expect("it has one")),
                parsed.batch.columns.iter().map(text).collect(),
            ));
        }
        if parsed.error.is_some() {
            return (records, parsed.error);
        }
    }
    (records, None)
}

fn random() -> impl FnMut(usize) -> usize {
    let mut state = 7u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

#[test]
fn the_reader_agrees_with_a_naive_one_however_it_is_cut() {
    let mut random = random();
    for round in 0..3000 {
        let alphabet: &[&str] = match round % 3 {
            0 => &["a", "bc", ",", "\n", "\"", "\r\n", "é"],
            1 => &["a", ",", ",", "\n", "\r", "12"],
            _ => &["\"", "\"", ",", "\n", "a\r", "\r\n", "\"\"", ",\"", "\",", "\"\n", "long text that no view holds"],
        };
        let text: String = (0..random(60)).map(|_| alphabet[random(alphabet.len())]).collect();
        let (expected, unclosed) = naive(&text);
        let Some(arity) = expected.first().map(|(_, fields)| fields.len()) else { continue };
        if arity == 1 {
            continue;
        }
        let good = expected.iter().position(|(_, fields)| fields.len() != arity);
        let parse = text_parse(arity);
        let morsels = (1..=64).map(MorselSize::Bytes).chain((1..=4).map(MorselSize::Rows));
        for morsel in morsels.step_by(1 + random(4)) {
            let (records, error) = cut_and_parse(&text, &parse, morsel);
            assert_eq!(records, expected[..good.unwrap_or(expected.len())], "{text:?} cut by {morsel:?}");
            let code = error.as_ref().map(RunError::code);
            match good {
                Some(at) => {
                    assert_eq!(code, Some(codes::E0502), "{text:?} cut by {morsel:?}");
                    assert!(
                        matches!(&error, Some(RunError::Record { place, .. }) if line_of(place) == expected[at].0),
                        "{text:?} cut by {morsel:?}: {error:?}"
                    );
                }
                None => assert_eq!(code, unclosed.then_some(codes::E0503), "{text:?} cut by {morsel:?}"),
            }
        }
    }
}

#[test]
fn morsels_of_rows_are_exact() {
    let text = "a,b\n\n1,2\n3,\"4\n\"\n\n5,6\n7,8";
    let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    let mut cutter = Cutter::new(input, "f".into(), PLAIN, MorselSize::Rows(2));
    let mut counts = Vec::new();
    while let Some(chunk) = cutter.next().expect("memory can be read") {
        counts.push((chunk.first_line, text_parse(2).parse(&chunk).batch.rows));
    }
    assert_eq!(counts, [(1, 2), (4, 2), (8, 1)]);
}

#[test]
fn hostile_bytes_do_not_panic() {
    let mut random = random();
    for _ in 0..3000 {
        let bytes: Vec<u8> = (0..random(80)).map(|_| b"\"\",\n\r#\x00\xff\xfe\xc3\xa9a1-.e"[random(16)]).collect();
        let file = TestFile::new("csv", &bytes);
        for options in [vec![], vec![text_option("comment", "#")]] {
            if describe(&file.path(), &options).is_ok() {
                let (whole, error) = read(&file.path(), &options, MorselSize::Bytes(1 << 20));
                let (cut, cut_error) = read(&file.path(), &options, MorselSize::Bytes(3));
                assert_eq!(rows(&whole), rows(&cut), "{bytes:?}");
                assert_eq!(error, cut_error, "{bytes:?}");
            }
        }
    }
}

#[test]
fn types_are_inferred() {
    let text = "id,zip,price,ok,day,name,none,big,q\n\
                1,01234,1.5,true,2024-01-31,x,,1234567890123456789,\"1\"\n\
                2,10000,2,false,2024-02-29,NA,NA,1,2\n\
                NA,,nan,,,y,,,3\n";
    let expected = [
        "id: int?",
        "zip: string?",
        "price: float?",
        "ok: bool?",
        "day: date?",
        "name: string?",
        "none: string?",
        "big: string?",
        "q: string?",
    ];
    assert_eq!(types(text, &vec![]), expected);
}

#[test]
fn types_are_inferred_from_the_whole_length_of_a_file() {
    let mut text = String::from("a,b\n");
    (0..200_000).for_each(|n| text += &format!("{n},x\n"));
    text += "1.5,x\n";
    assert_eq!(types(&text, &vec![]), ["a: float?", "b: string?"]);
}

#[test]
fn headers() {
    assert_eq!(types("\u{feff}a,,c\r\n1,2,3\r\n", &vec![]), ["a: int?", "column_2: int?", "c: int?"]);
    let no_header = vec![("header".into(), OptionValue::Scalar(Scalar::Bool(false)))];
    assert_eq!(types("1,x\n2,y\n", &no_header), ["column_1: int?", "column_2: string?"]);
    let skip = vec![("skip".into(), OptionValue::Scalar(Scalar::Int(2))), text_option("delimiter", ";")];
    assert_eq!(types("\"note\nmore, of it\na;b\n1;2\n", &skip), ["a: int?", "b: int?"]);
    let comment = vec![text_option("comment", "#")];
    assert_eq!(types("# it's \"so\n\na,b\n1,2\n# no, row\n3,4\n", &comment), ["a: int?", "b: int?"]);
}

#[test]
fn schemas() {
    let closed = vec![schema_option(&[("b", Type::STRING), ("a", Type::INT)], false)];
    assert_eq!(types("a,b\nx,1\n", &closed), ["a: int", "b: string"]);
    let open = vec![schema_option(&[("b", Type::STRING)], true)];
    assert_eq!(types("a,b\n1,1\n", &open), ["a: int?", "b: string"]);
    let (code, message) = complaint(b"a,b,c\n", &closed);
    assert_eq!((code, &*message), (codes::E0201, "the schema leaves out columns of the file: `c`"));
    let (code, message) = complaint(b"a,B\n", &closed);
    assert_eq!((code, &*message), (codes::E0207, "the file spells the column `b` as `B`"));
    let mut positional = closed.clone();
    positional.push(("header".into(), OptionValue::Scalar(Scalar::Bool(false))));
    assert_eq!(types("x,1\n", &positional), ["b: string", "a: int"]);
}

#[test]
fn broken_files_are_described() {
    assert_eq!(complaint(b"", &vec![]), (codes::E0508, "`FILE` is empty".into()));
    assert_eq!(complaint(b"\n\n", &vec![]).0, codes::E0508);
    assert_eq!(complaint(b"\xff\xfea\0", &vec![]).0, codes::E0504);
    assert_eq!(complaint(b"a\xff,b\n", &vec![]), (codes::E0504, "FILE:1: this record is not UTF-8".into()));
    let (code, message) = complaint(b"a,b,a\n1,2,3\n", &vec![]);
    assert_eq!((code, &*message), (codes::E0205, "the columns 1 and 3 of `FILE` are both called `a`"));
    assert_eq!(complaint(b"\"a,b\n1,2\n", &vec![]).0, codes::E0503);
    assert_eq!(complaint(b"a,b\r1,2\r", &vec![]).0, codes::E0508);
    assert_eq!(complaint(b"a\n", &vec![text_option("on_error", "ignore")]).0, codes::E0304);
    assert_eq!(complaint(b"a\n", &vec![text_option("delimiter", "::")]).0, codes::E0304);
    assert_eq!(complaint(b"a\n", &vec![text_option("delimeter", ":")]).0, codes::E0206);
}

#[test]
fn missing_files_and_unknown_formats() {
    let file = TestFile::new("csv", b"a\n");
    let typo: Arc<str> = file.path().replace("pipe-csv", "pip-csv").into();
    let diagnostic = describe(&typo, &vec![]).expect_err("there is no such file");
    assert_eq!(diagnostic.code, codes::E0701);
    assert!(diagnostic.help[0].contains(&*file.path()), "{:?}", diagnostic.help);
    assert_eq!(describe(&"x.xyz".into(), &vec![]).expect_err("unknown").code, codes::E0703);
    assert_eq!(describe(&"x".into(), &vec![]).expect_err("unknown").code, codes::E0703);
    assert_eq!(describe(&"nowhere/*.csv".into(), &vec![]).expect_err("a pattern").code, codes::E0701);
    let other = TestFile::new("dat", b"a\tb\n1\t2\n");
    let info = describe(&other.path(), &vec![text_option("format", "tsv")]).expect("a format is given");
    assert_eq!(info.schema.to_string(), "{a: int?, b: int?}");
}

#[test]
fn compressed_files_are_read_and_never_cut_short() {
    let mut text = String::from("n,text\n");
    (0..200_000).for_each(|n| text += &format!("{n},\"a {n}\nb\"\n"));
    let packed = TestFile::gz(text.as_bytes());
    let file = TestFile::new("csv.gz", &packed);
    let (batches, error) = read(&file.path(), &vec![], MorselSize::Bytes(64 << 10));
    assert_eq!((rows(&batches).len(), error), (200_000, None));
    let cut_off = TestFile::new("csv.gz", &packed[..packed.len() / 2]);
    let (batches, error) = read(&cut_off.path(), &vec![], MorselSize::Bytes(64 << 10));
    assert_eq!(error.map(|error| error.code()), Some(codes::E0701));
    assert!(rows(&batches).len() < 200_000);
    let without_end = TestFile::new("csv.gz", &packed[..packed.len() - 4]);
    assert!(read(&without_end.path(), &vec![], MorselSize::Bytes(64 << 10)).1.is_some());
    let nothing = TestFile::new("csv.gz", b"");
    assert!(describe(&nothing.path(), &vec![]).is_err());
}

#[test]
fn misfits_are_faults_and_structure_is_an_error() {
    let options = vec![schema_option(&[("a", Type::INT), ("b", Type::FLOAT.or_null())], false)];
    let file = TestFile::new("csv", b"a,b\n1,\"2\"\nx,\n\n3,y\n\n4,5,6\n7,8\n");
    for morsel in [MorselSize::Bytes(1 << 20), MorselSize::Rows(1)] {
        let (batches, error) = read(&file.path(), &options, morsel);
        let whole = Batch::concat(&batches).expect("there are batches");
        assert_eq!(whole.rows, 3);
        assert_eq!((whole.columns[1].get(0), whole.columns[1].get(1)), (Scalar::Float(2.0), Scalar::Null));
        let faults: Vec<(u32, u32, u64, String)> = whole
            .faults
            .iter()
            .map(|fault| {
                let place = fault.error.place.as_ref().expect("cells have a place");
                let RowFault::Cell(cell) = &fault.error.fault else { panic!("a cell is to blame") };
                (fault.row, fault.column, line_of(place), format!("{}: {}", cell.expected, cell.text))
            })
            .collect();
        assert_eq!(faults, [(1, 0, 3, "int: x".into()), (2, 1, 5, "float: y".into())]);
        let error = error.expect("a record has too many fields");
        assert_eq!(error.code(), codes::E0502);
        let message = error.to_string().replace(&*file.path(), "FILE");
        assert_eq!(
            message,
            "FILE:7: this record has 3 fields, the header 2; perhaps a delimiter in a field is not quoted"
        );
    }
}

#[test]
fn bytes_that_are_not_text_end_the_rows_before_them() {
    let file = TestFile::new("csv", b"a,b\n1,2\n3,\xff\n5,6\n");
    let options = vec![schema_option(&[("a", Type::INT), ("b", Type::STRING)], false)];
    for morsel in [MorselSize::Bytes(1 << 20), MorselSize::Rows(1)] {
        let (batches, error) = read(&file.path(), &options, morsel);
        assert_eq!(rows(&batches).len(), 1);
        let is_located =
            matches!(&error, Some(RunError::Record { code: codes::E0504, place, .. }) if line_of(place) == 3);
        assert!(is_located, "{error:?}");
    }
}

#[test]
fn null_words_beat_what_they_look_like() {
    let file = TestFile::new("csv", b"a,b\n-99,-99\n1,x\n");
    let options = vec![("null_values".into(), OptionValue::Strings(vec!["-99".into()]))];
    let (batches, _) = read(&file.path(), &options, MorselSize::Bytes(1 << 20));
    let text = |text: &str| Scalar::String(text.into());
    assert_eq!(rows(&batches), [[Scalar::Null, text("-99")], [Scalar::Int(1), text("x")]]);
}

#[test]
fn files_of_one_column_have_blank_cells() {
    let file = TestFile::new("csv", b"a\n1\n\n3\n");
    let (batches, error) = read(&file.path(), &vec![], MorselSize::Rows(1));
    assert_eq!((rows(&batches), error), (vec![vec![Scalar::Int(1)], vec![Scalar::Null], vec![Scalar::Int(3)]], None));
}

#[test]
fn what_is_written_is_read_back() {
    let text = "s,f,d\n\"\",1.5,2024-01-01\n\"a\nb\",NaN,\n,inf,1969-12-31\n\"\"\"q\"\", c\",,0001-01-01\n";
    let file = TestFile::new("csv", text.as_bytes());
    let (batches, error) = read(&file.path(), &vec![], MorselSize::Bytes(1 << 20));
    assert_eq!(error, None);
    let fields = ["s", "f", "d"].map(|name| Field { name: name.into(), ty: Type::STRING }).to_vec();
    let schema = Schema { fields };
    let written: Vec<u8> = batches.iter().flat_map(|batch| super::write::rows(&schema, batch, b',')).collect();
    assert_eq!(format!("s,f,d\n{}", String::from_utf8(written).expect("text")), text);
}

#[test]
fn without_columns_the_rows_are_counted_and_checked() {
    let parse = CsvParse { columns: Vec::new(), ..text_parse(2) };
    let (records, error) = cut_and_parse("a,b\nc,d\ne\n", &parse, MorselSize::Bytes(100));
    assert_eq!(records.len(), 2);
    assert_eq!(error.map(|error| error.code()), Some(codes::E0502));
}

#[test]
fn a_quote_that_swallows_the_file_ends_at_a_limit() {
    let text = (&b"a,b\n1,2\n\"x"[..]).chain(std::io::repeat(b'\n').take(1 << 40));
    let mut cutter = Cutter::new(Box::new(text), "f".into(), PLAIN, MorselSize::Bytes(1 << 20));
    let first = cutter.next().expect("whole records come first").expect("there are some");
    assert_eq!(first.text.as_slice(), b"a,b\n1,2\n");
    let error = cutter.next().expect_err("the record is too long");
    assert_eq!(error.code(), codes::E0801);
    assert!(error.to_string().starts_with("f:3: this record is longer than 64 MiB"), "{error}");
}
