//! The table of `docs/types.md`, entry by entry, and files that are damaged in eleven thousand ways.

use super::write::{ColumnFormat, ColumnWriter};
use super::{ipc, parquet};
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::formats::{Format, MorselSize, ScanRequest};
use arrow_array::builder::{Int64Builder, ListViewBuilder, MapBuilder, StringBuilder};
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::i256;
use arrow_schema::{DataType, Field as ArrowField, Schema as ArrowSchema};
use pipelang_lang::catalog::{ReadRequest, TableInfo};
use pipelang_lang::codes::{Code, E0205, E0501, E0507, E0508, E0509, E0801};
use pipelang_lang::ir::Shape;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

fn describe(format: &Format, path: &Path) -> Result<TableInfo, Code> {
    let path = path.to_str().expect("its name is text").into();
    let request =
        ReadRequest { path, stdin: false, span: NOWHERE, options: Vec::new(), room: None, one_of_several: false };
    (format.infer)(&request, &crate::formats::Input::file()).map_err(|diagnostic| diagnostic.code)
}

/// All rows of a file, and why there are no more.
fn read(format: &Format, path: &Path, morsel: MorselSize) -> Result<(Schema, Vec<Batch>), Code> {
    let info = describe(format, path)?;
    let columns = (0..info.schema.fields.len()).collect();
    let path = path.to_str().expect("its name is text").into();
    let (schema, options) = (info.schema.clone(), Vec::new());
    let request = ScanRequest {
        path,
        input: crate::formats::Input::file(),
        options,
        schema,
        columns,
        inferred: false,
        morsel,
        telling: None,
    };
    let code = |error: RunError| error.code();
    let mut scan = (format.open)(&request).map_err(code)?;
    let mut batches = Vec::new();
    while let Some(piece) = scan.0().map_err(code)? {
        let parsed = piece.read();
        if let Some(error) = parsed.error {
            return Err(error.code());
        }
        batches.push(parsed.batch);
    }
    Ok((info.schema, batches))
}

/// The entries of one of the tables of the page: what stands in its first and second column.
fn entries(heading: &str) -> Vec<(Vec<String>, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/types.md");
    let text = fs::read_to_string(page).expect("the page is there");
    let part = text.split("\n## ").find(|part| part.starts_with(heading)).expect("the page has this part");
    let rows = part.lines().filter(|line| line.starts_with('|')).skip(2);
    let entry = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = cells[1].split('`').skip(1).step_by(2).map(str::to_string).collect();
        (names, cells[2].trim_matches('`').to_string())
    };
    rows.map(entry).collect()
}

/// An array of each type that is read, its name on the page, and what its values are in Pipe.
fn samples() -> Vec<(&'static str, ArrayRef, Vec<Scalar>)> {
    fn array(array: impl Array + 'static) -> ArrayRef {
        Arc::new(array)
    }
    let ints = || vec![Scalar::Int(1), Scalar::Null, Scalar::Int(127)];
    macro_rules! ints {
        ($array:ident) => {
            array($array::from(vec![Some(1), None, Some(127)]))
        };
    }
    let float = |x: f64| vec![Scalar::Float(x), Scalar::Null];
    let texts = || vec![Scalar::String("a".into()), Scalar::Null];
    let bytes = || vec![Scalar::Bytes(Arc::from(&b"ab"[..])), Scalar::Null];
    let time = |micros| vec![Scalar::DateTime(micros), Scalar::Null];
    let length = |micros| vec![Scalar::Duration(micros), Scalar::Null];
    let list = || vec![Scalar::List([Scalar::Int(1), Scalar::Null].into()), Scalar::Null];
    let items = || vec![Some(vec![Some(1), None]), None];
    let int = Arc::new(ArrowField::new("element", DataType::Int64, true));
    let mut views = ListViewBuilder::new(Int64Builder::new());
    views.append_value([Some(1), None]);
    views.append_null();
    let mut large_views = arrow_array::builder::LargeListViewBuilder::new(Int64Builder::new());
    large_views.append_value([Some(1), None]);
    large_views.append_null();
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for (key, value) in [("a", 1), ("b", 2), ("a", 3)] {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).expect("as many keys as values");
    map.append(false).expect("as many keys as values");
    let fields = vec![ArrowField::new("x", DataType::Int64, true), ArrowField::new("s", DataType::Utf8, true)];
    let columns: Vec<ArrayRef> =
        vec![array(Int64Array::from(vec![Some(1), None])), array(StringArray::from(vec![None, Some("lost")]))];
    let record = StructArray::new(fields.into(), columns, Some(vec![true, false].into()));
    vec![
        ("Boolean", array(BooleanArray::from(vec![Some(true), None])), vec![Scalar::Bool(true), Scalar::Null]),
        ("Int8", ints!(Int8Array), ints()),
        ("Int16", ints!(Int16Array), ints()),
        ("Int32", ints!(Int32Array), ints()),
        ("Int64", ints!(Int64Array), ints()),
        ("UInt8", ints!(UInt8Array), ints()),
        ("UInt16", ints!(UInt16Array), ints()),
        ("UInt32", ints!(UInt32Array), ints()),
        ("UInt64", ints!(UInt64Array), ints()),
        ("Float16", half(), float(0.5)),
        ("Float32", array(Float32Array::from(vec![Some(0.1), None])), float(f64::from(0.1f32))),
        ("Float64", array(Float64Array::from(vec![Some(0.1), None])), float(0.1)),
        ("Decimal32", decimal::<Decimal32Type>(7, 2), float(0.07)),
        ("Decimal64", decimal::<Decimal64Type>(7, 2), float(0.07)),
        ("Decimal128", decimal::<Decimal128Type>(7, 2), float(0.07)),
        ("Decimal256", decimal::<Decimal256Type>(i256::from(7), 2), float(0.07)),
        ("Utf8", array(StringArray::from(vec![Some("a"), None])), texts()),
        ("LargeUtf8", array(LargeStringArray::from(vec![Some("a"), None])), texts()),
        ("Utf8View", array(StringViewArray::from(vec![Some("a"), None])), texts()),
        ("Binary", array(BinaryArray::from(vec![Some(&b"ab"[..]), None])), bytes()),
        ("LargeBinary", array(LargeBinaryArray::from(vec![Some(&b"ab"[..]), None])), bytes()),
        ("BinaryView", array(BinaryViewArray::from_iter([Some(&b"ab"[..]), None])), bytes()),
        ("FixedSizeBinary", fixed_bytes(), bytes()),
        ("Date32", array(Date32Array::from(vec![Some(-1), None])), vec![Scalar::Date(-1), Scalar::Null]),
        ("Date64", array(Date64Array::from(vec![Some(-86_400_000), None])), vec![Scalar::Date(-1), Scalar::Null]),
        ("Timestamp(s)", array(TimestampSecondArray::from(vec![Some(-2), None])), time(-2_000_000)),
        ("Timestamp(ms)", array(TimestampMillisecondArray::from(vec![Some(-2), None])), time(-2000)),
        ("Timestamp(us)", zoned(TimestampMicrosecondArray::from(vec![Some(-2), None])), time(-2)),
        ("Timestamp(ns)", zoned(TimestampNanosecondArray::from(vec![Some(-2000), None])), time(-2)),
        ("Time32", array(Time32SecondArray::from(vec![Some(3), None])), length(3_000_000)),
        ("Time64", array(Time64NanosecondArray::from(vec![Some(3000), None])), length(3)),
        ("Duration(s)", array(DurationSecondArray::from(vec![Some(-2), None])), length(-2_000_000)),
        ("Duration(ms)", array(DurationMillisecondArray::from(vec![Some(-2), None])), length(-2000)),
        ("Duration(us)", array(DurationMicrosecondArray::from(vec![Some(-2), None])), length(-2)),
        ("Duration(ns)", array(DurationNanosecondArray::from(vec![Some(-2000), None])), length(-2)),
        ("Dictionary", array(DictionaryArray::<Int8Type>::from_iter([Some("a"), None])), texts()),
        ("List", array(ListArray::from_iter_primitive::<Int64Type, _, _>(items())), list()),
        ("LargeList", array(LargeListArray::from_iter_primitive::<Int64Type, _, _>(items())), list()),
        ("FixedSizeList", fixed(int), list()),
        ("ListView", array(views.finish()), list()),
        ("LargeListView", array(large_views.finish()), list()),
        ("Struct", array(record), vec![Scalar::Record([Scalar::Int(1), Scalar::Null].into()), Scalar::Null]),
        (
            "Map",
            array(map.finish()),
            vec![Scalar::Map([("a".into(), Scalar::Int(3)), ("b".into(), Scalar::Int(2))].into()), Scalar::Null],
        ),
        ("Null", array(NullArray::new(2)), vec![Scalar::Null, Scalar::Null]),
    ]
}

fn half() -> ArrayRef {
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    Arc::new(Float16Array::from(vec![Some(Half::from_f32(0.5)), None]))
}

fn decimal<T: DecimalType>(value: T::Native, scale: i8) -> ArrayRef {
    let array = PrimitiveArray::<T>::from_iter([Some(value), None]);
    Arc::new(array.with_precision_and_scale(9, scale).expect("it is allowed"))
}

fn zoned<T: ArrowTimestampType>(array: PrimitiveArray<T>) -> ArrayRef {
    Arc::new(array.with_timezone("+02:00"))
}

fn fixed_bytes() -> ArrayRef {
    let values = [Some(&b"ab"[..]), None].into_iter();
    Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, 2).expect("both are of that size"))
}

fn fixed(item: Arc<ArrowField>) -> ArrayRef {
    let items = Int64Array::from(vec![Some(1), None, None, None]);
    Arc::new(FixedSizeListArray::new(item, 2, Arc::new(items), Some(vec![true, false].into())))
}

/// A folder for a test's files, gone at its end.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for small files")
}

/// A file of one column.
fn written(folder: &Path, format: ColumnFormat, array: &ArrayRef) -> Option<PathBuf> {
    let field = ArrowField::new("c", array.data_type().clone(), true);
    let rows = RecordBatch::try_new(Arc::new(ArrowSchema::new(vec![field])), vec![array.clone()]).expect("one column");
    let path = folder.join(format!("a.{}", format.name()));
    let file = fs::File::create(&path).expect("the folder is ours");
    match format {
        ColumnFormat::Parquet => {
            let mut writer = ::parquet::arrow::ArrowWriter::try_new(file, rows.schema(), None).ok()?;
            writer.write(&rows).ok()?;
            writer.close().ok()?;
        }
        ColumnFormat::Arrow => {
            let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &rows.schema()).ok()?;
            writer.write(&rows).ok()?;
            writer.finish().ok()?;
        }
        ColumnFormat::ArrowStream => {
            let mut writer = arrow_ipc::writer::StreamWriter::try_new(file, &rows.schema()).ok()?;
            writer.write(&rows).ok()?;
            writer.finish().ok()?;
        }
    }
    Some(path)
}

const FORMATS: [(ColumnFormat, &Format); 3] = [
    (ColumnFormat::Parquet, &parquet::FORMAT),
    (ColumnFormat::Arrow, &ipc::FORMAT),
    (ColumnFormat::ArrowStream, &ipc::FORMAT),
];

#[test]
fn each_entry_of_the_page_is_read_so() {
    let page = entries("Read");
    let samples = samples();
    let folder = folder();
    for (names, ty) in &page {
        for name in names.iter().filter(|_| ty != "E0509") {
            let sample = samples.iter().find(|(sample, ..)| sample == name);
            let (_, array, expected) = sample.unwrap_or_else(|| panic!("there is no sample of `{name}`"));
            for (format, reader) in FORMATS {
                let Some(path) = written(folder.path(), format, array) else {
                    assert!(name.contains("View") && format == ColumnFormat::Parquet, "{name} in {format:?}");
                    continue;
                };
                for morsel in [MorselSize::Rows(1), MorselSize::Bytes(1 << 20)] {
                    let (schema, batches) = read(reader, &path, morsel).expect("nothing is wrong with it");
                    let found = schema.fields[0].ty.to_string();
                    assert_eq!(found.trim_end_matches('?'), ty.trim_end_matches('?'), "{name} in {format:?}");
                    let value =
                        |batch: &Batch| (0..batch.rows).map(|row| batch.columns[0].get(row)).collect::<Vec<_>>();
                    let values: Vec<Scalar> = batches.iter().flat_map(value).collect();
                    assert_eq!(&values, expected, "{name} in {format:?}");
                }
            }
        }
    }
    let named = |name: &str| page.iter().any(|(names, _)| names.iter().any(|other| other == name));
    assert!(samples.iter().all(|(name, ..)| named(name)), "a sample is not on the page");
}

#[test]
fn what_is_not_in_the_table_is_named() {
    let folder = folder();
    let intervals: ArrayRef = Arc::new(IntervalYearMonthArray::from(vec![1]));
    let runs: ArrayRef = Arc::new(RunArray::<Int32Type>::from_iter(["a", "a"]));
    for array in [intervals, runs] {
        let path = written(folder.path(), ColumnFormat::Arrow, &array).expect("Arrow has all its types");
        let foreign = describe(&ipc::FORMAT, &path).map(|info| info.foreign.len());
        assert_eq!(foreign, Ok(1));
    }
}

#[test]
fn values_that_do_not_fit_are_faults_of_their_rows() {
    let folder = folder();
    let arrays: [ArrayRef; 4] = [
        Arc::new(UInt64Array::from(vec![1, u64::MAX, 3])),
        Arc::new(TimestampNanosecondArray::from(vec![1000, 1, 3000])),
        Arc::new(TimestampSecondArray::from(vec![1, i64::MAX, 3])),
        Arc::new(DurationMillisecondArray::from(vec![1, i64::MIN, 3])),
    ];
    for array in arrays {
        for (format, reader) in FORMATS {
            let path = written(folder.path(), format, &array).expect("all have such types");
            let (_, batches) = read(reader, &path, MorselSize::Rows(2)).expect("the file is whole");
            assert_eq!(batches.len(), 2);
            let faults: Vec<_> = batches[0].faults.iter().map(|fault| (fault.row, fault.column)).collect();
            assert_eq!((faults, batches[1].faults.len()), (vec![(1, 0)], 0), "{array:?} in {format:?}");
            let error = RunError::Row(batches[0].faults[0].error.clone());
            assert_eq!(error.code(), E0501);
        }
    }
}

#[test]
fn each_entry_of_the_page_is_written_so() {
    let folder = folder();
    let record = |fields: &[(&str, Type)]| {
        let field = |(name, ty): &(&str, Type)| Field { name: (*name).into(), ty: ty.clone() };
        Kind::Record(Arc::new(Schema { fields: fields.iter().map(field).collect() }))
    };
    let int = || Type::INT.or_null();
    let kinds = [
        (Kind::Bool, Scalar::Bool(true)),
        (Kind::Int, Scalar::Int(i64::MIN)),
        (Kind::Float, Scalar::Float(-0.0)),
        (Kind::String, Scalar::String("ä".into())),
        (Kind::Json, Scalar::Json("[1,{}]".into())),
        (Kind::Bytes, Scalar::Bytes(Arc::from(&b"\xff"[..]))),
        (Kind::Date, Scalar::Date(i32::MAX)),
        (Kind::DateTime, Scalar::DateTime(i64::MAX)),
        (Kind::Duration, Scalar::Duration(i64::MIN)),
        (Kind::List(Arc::new(int())), Scalar::List([Scalar::Null, Scalar::Int(1)].into())),
        (
            record(&[("x", int()), ("s", Type::STRING.or_null())]),
            Scalar::Record([Scalar::Int(1), Scalar::String("a".into())].into()),
        ),
        (Kind::Map(Arc::new(int())), Scalar::Map([("k".into(), Scalar::Null)].into())),
        (Kind::Null, Scalar::Null),
    ];
    let page = entries("Written");
    for (kind, value) in &kinds {
        let row = page.iter().find(|(names, _)| names[0] == kind.to_string());
        let (_, wanted) = row.unwrap_or_else(|| panic!("`{kind}` is not on the page"));
        let schema = Schema { fields: vec![Field { name: "c".into(), ty: Type::of(kind.clone()).or_null() }] };
        let values = [value.clone(), Scalar::Null, value.clone()];
        let batch = Batch::new(3, vec![Column::from_scalars(kind, &values)]);
        for (format, reader) in FORMATS {
            let path = folder.path().join(format!("w.{}", format.name()));
            let file = fs::File::create(&path).expect("the folder is ours");
            let mut writer = ColumnWriter::new(format, (&schema, Shape::Table), None, file).expect("it can be written");
            writer.write(&batch).expect("it can be written");
            writer.finish().expect("it can be written");
            let (found, batches) = read(reader, &path, MorselSize::Rows(3)).expect("it can be read");
            let got: Vec<Scalar> = (0..3).map(|row| batches[0].columns[0].get(row)).collect();
            match value {
                Scalar::Json(text) => assert_eq!(got[2], Scalar::String(text.clone())),
                _ => assert_eq!((&found, got), (&schema, values.to_vec()), "{format:?}"),
            }
            if format == ColumnFormat::ArrowStream {
                let ty = ipc::Messages::open(path.to_str().expect("text")).expect("it is ours").schema.field(0).clone();
                let name = format!("{}", ty.data_type()).replace("\u{b5}s", "us");
                let head = name.split(['(', ' ']).next().unwrap_or_default();
                assert!(wanted.starts_with(head), "`{kind}` is written as {name}, the page says {wanted}");
            }
        }
    }
    assert_eq!(page.len(), kinds.len());
}

/// Numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }

    /// Damages some bytes: flips, numbers that are extreme, pieces that are gone, doubled or cut off. Half of it is done
    /// where the metadata are.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let tail = bytes.len() - bytes.len() / 4;
            let at = if self.below(2) == 0 { tail + self.below(bytes.len() - tail) } else { self.below(bytes.len()) };
            let rest = bytes.len() - at;
            match self.below(7) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.below(256) as u8,
                2 => bytes[at..at + rest.min(4)].fill([0, 0x7f, 0xff][self.below(3)]),
                3 => bytes[at..at + rest.min(8)].fill([0, 0x7f, 0xff][self.below(3)]),
                4 => bytes.truncate(at.max(1)),
                5 => drop(bytes.drain(at..at + rest.min(1 + self.below(16)))),
                _ => {
                    let copy = bytes[at..at + rest.min(1 + self.below(16))].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
    }
}

/// Eleven thousand damaged files: each is read or is an error of the file, without a panic and in little memory.
#[test]
fn damaged_files_are_errors() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/columnar");
    let folder = folder();
    let files: [(&str, &Format); 11] = [
        ("flat.parquet", &parquet::FORMAT),
        ("nested.parquet", &parquet::FORMAT),
        ("required.parquet", &parquet::FORMAT),
        ("delta_length.parquet", &parquet::FORMAT),
        ("delta_text.parquet", &parquet::FORMAT),
        ("wide_delta.parquet", &parquet::FORMAT),
        ("gzip.parquet", &parquet::FORMAT),
        ("lz4.parquet", &parquet::FORMAT),
        ("flat.arrow", &ipc::FORMAT),
        ("flat.arrows", &ipc::FORMAT),
        ("nested.feather", &ipc::FORMAT),
    ];
    let mut counts = [0; 2];
    for (number, (name, format)) in files.iter().enumerate() {
        let whole = fs::read(data.join(name)).expect("the file is there");
        let path = folder.path().join(name);
        for variant in 0..1000 {
            let mut chance = Chance((number * 1000 + variant) as u64 * 7919 + 1);
            let mut bytes = whole.clone();
            chance.damage(&mut bytes);
            fs::write(&path, &bytes).expect("the folder is ours");
            let morsel = if variant % 2 == 0 { MorselSize::Rows(2) } else { MorselSize::Bytes(1 << 20) };
            let code = read(format, &path, morsel).map(|_| ());
            let is_expected = matches!(code, Ok(()) | Err(E0205 | E0507 | E0508 | E0509 | E0801));
            assert!(is_expected, "{name}, variant {variant}: {code:?}");
            counts[usize::from(code.is_err())] += 1;
        }
    }
    assert!(counts[1] > 5000, "{counts:?}: read, and refused");
}
