//! Output as text, for all formats: which there are, and how single values are spelled.
//!
//! All but tables are written by rows: any piece of an output can be turned into bytes by itself, on any thread, and the
//! pieces in order are the output. A table needs all rows to know how wide its columns are; see [`table`](super::table).

#[cfg(feature = "columnar")]
use super::columnar::write::ColumnFormat;
use super::{csv, files, jsonl, md, text};
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::json;
use pipelang_lang::calendar;
use pipelang_lang::codes::E0301;
use pipelang_lang::ir::Shape;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Schema;

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// For eyes: all rows are needed first.
    Table,
    /// In rows.
    Rows(RowFormat),
    /// In columns.
    #[cfg(feature = "columnar")]
    Columns(ColumnFormat),
}

/// E0301 of columns with values of the host, for which no format but a table for people has a place.
pub fn check_types(schema: &Schema, format: &str) -> Result<(), RunError> {
    let opaque = schema.fields.iter().find_map(|field| Some((&field.name, field.ty.kind.opaque()?)));
    opaque.map_or(Ok(()), |(column, name)| {
        let told = format!("{format} has no place for `{column}`, which has values of the host's type `{name}`");
        Err(RunError::Outside { code: E0301, message: told })
    })
}

/// The formats that are written row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// A header, then a record for each row.
    Csv,
    /// The same with tabs.
    Tsv,
    /// One JSON document: a list of objects, or of values.
    Json,
    /// A JSON object for each row.
    Jsonl,
    /// A table of Markdown.
    Md,
    /// Bare values.
    Text,
}

impl OutputFormat {
    /// CSV, which most tests compare.
    pub const CSV: OutputFormat = OutputFormat::Rows(RowFormat::Csv);
    /// JSON lines.
    pub const JSONL: OutputFormat = OutputFormat::Rows(RowFormat::Jsonl);

    /// The format of that name: `table`, a [`RowFormat`], or a format of columns.
    pub fn named(name: &str) -> Option<OutputFormat> {
        match name {
            "table" => Some(OutputFormat::Table),
            name => OutputFormat::of_extension(name),
        }
    }

    fn of_extension(name: &str) -> Option<OutputFormat> {
        #[cfg(feature = "columnar")]
        if let Some(format) = ColumnFormat::named(name) {
            return Some(OutputFormat::Columns(format));
        }
        RowFormat::named(name).map(OutputFormat::Rows)
    }

    /// How to write it as columns.
    #[cfg(feature = "columnar")]
    pub fn by_columns(self) -> Option<ColumnFormat> {
        match self {
            OutputFormat::Columns(format) => Some(format),
            OutputFormat::Table | OutputFormat::Rows(_) => None,
        }
    }

    /// The format that the extension of a path names; that of a compression is looked through.
    pub fn of_path(path: &str) -> Option<OutputFormat> {
        let extension = files::extension_of(files::without_compression(path))?;
        OutputFormat::of_extension(&extension)
    }

    /// How to write it row by row; none for a table, which is rendered as a whole, and for columns.
    pub fn by_rows(self) -> Option<RowFormat> {
        match self {
            OutputFormat::Table => None,
            OutputFormat::Rows(format) => Some(format),
            #[cfg(feature = "columnar")]
            OutputFormat::Columns(_) => None,
        }
    }
}

impl RowFormat {
    /// The format of that name or extension, in lower case.
    pub fn named(name: &str) -> Option<RowFormat> {
        match name {
            "csv" => Some(RowFormat::Csv),
            "tsv" => Some(RowFormat::Tsv),
            "json" => Some(RowFormat::Json),
            "jsonl" | "ndjson" => Some(RowFormat::Jsonl),
            "md" => Some(RowFormat::Md),
            "text" | "txt" => Some(RowFormat::Text),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            RowFormat::Csv => "csv",
            RowFormat::Tsv => "tsv",
            RowFormat::Json => "json",
            RowFormat::Jsonl => "jsonl",
            RowFormat::Md => "md",
            RowFormat::Text => "text",
        }
    }

    /// Whether an empty line stands between two results.
    pub fn has_blank_lines(self) -> bool {
        match self {
            RowFormat::Csv | RowFormat::Tsv | RowFormat::Md => true,
            RowFormat::Json | RowFormat::Jsonl | RowFormat::Text => false,
        }
    }

    /// What stands before the first row.
    pub fn head(self, schema: &Schema, shape: Shape) -> Vec<u8> {
        match self {
            RowFormat::Csv => csv::write::head(schema, shape, b','),
            RowFormat::Tsv => csv::write::head(schema, shape, b'\t'),
            RowFormat::Json if shape != Shape::Scalar => b"[".to_vec(),
            RowFormat::Md => md::head(schema, shape),
            RowFormat::Json | RowFormat::Jsonl | RowFormat::Text => Vec::new(),
        }
    }

    /// The bytes of some rows, to be put behind others by a [`Joint`]. The columns of the batch are those of the schema;
    /// none of them is `wide`, and the batch's faults have been raised before.
    pub fn rows(self, schema: &Schema, shape: Shape, batch: &Batch) -> Vec<u8> {
        match self {
            RowFormat::Csv => csv::write::rows(schema, batch, b','),
            RowFormat::Tsv => csv::write::rows(schema, batch, b'\t'),
            RowFormat::Json if shape != Shape::Scalar => jsonl::items(schema, shape, batch),
            RowFormat::Json | RowFormat::Jsonl => jsonl::rows(schema, shape, batch),
            RowFormat::Md => md::rows(schema, batch),
            RowFormat::Text => text::rows(schema, batch),
        }
    }

    /// What stands after the last row.
    pub fn tail(self, shape: Shape) -> &'static [u8] {
        match self {
            RowFormat::Json if shape != Shape::Scalar => b"\n]\n",
            RowFormat::Csv | RowFormat::Tsv | RowFormat::Json | RowFormat::Jsonl | RowFormat::Md | RowFormat::Text => {
                b""
            }
        }
    }
}

/// Puts the pieces of an output behind each other.
#[derive(Clone, Copy, Debug)]
pub struct Joint {
    /// How many bytes of the next piece are left out.
    before_first: usize,
}

impl Joint {
    /// Before the first piece.
    pub fn new(format: RowFormat, shape: Shape) -> Joint {
        // The first item has no comma before it.
        let is_list = format == RowFormat::Json && shape != Shape::Scalar;
        Joint { before_first: usize::from(is_list) }
    }

    /// What of the next piece is written.
    pub fn next<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        if piece.is_empty() { piece } else { &piece[std::mem::take(&mut self.before_first)..] }
    }
}

/// A value as text, its quoting left to the format.
pub(super) enum Value<'a> {
    /// Null.
    Null,
    /// A string.
    Text(&'a str),
    /// A number that is not finite, spelled as CSV spells it.
    NotFinite(&'static str),
    /// A date, a datetime, a duration or bytes, appended to the buffer; in JSON it is a text.
    Spelled,
    /// A list, a record, a map or JSON: written as JSON of the column's kind.
    Nested(&'a Scalar),
    /// Any other value, appended to the buffer.
    Plain,
}

/// Spells a value: strings are handed back as they are, the others are appended to `out`.
pub(super) fn spell<'a>(column: &'a Column, row: usize, out: &mut Vec<u8>) -> Value<'a> {
    if column.is_null(row) {
        return Value::Null;
    }
    match column {
        Column::Bool(array) => out.extend_from_slice(if array.value(row) { b"true" } else { b"false" }),
        Column::Int(array) => json::write_int(array.value(row), out),
        Column::Float(array) => {
            let number = array.value(row);
            if number.is_nan() {
                return Value::NotFinite("NaN");
            } else if number.is_infinite() {
                return Value::NotFinite(if number > 0.0 { "inf" } else { "-inf" });
            }
            json::write_float(number, out);
        }
        Column::String(array) => return Value::Text(array.value(row)),
        Column::Date(array) => {
            calendar::write_date(array.value(row).into(), out);
            return Value::Spelled;
        }
        Column::DateTime(array) => {
            calendar::write_datetime(array.value(row), b'T', out);
            out.push(b'Z');
            return Value::Spelled;
        }
        Column::Duration(array) => {
            calendar::write_duration(array.value(row), out);
            return Value::Spelled;
        }
        Column::Wide(_) => unreachable!("the checker narrows sums before they are shown"),
        Column::Values(values) => match values.value(row) {
            Scalar::Bytes(bytes) => {
                json::write_base64(bytes, out);
                return Value::Spelled;
            }
            // Only tables for people have such values.
            Scalar::Opaque(value) => {
                out.extend_from_slice(format!("<{}>", value.type_name()).as_bytes());
                return Value::Spelled;
            }
            nested => return Value::Nested(nested),
        },
        Column::Null(_) => return Value::Null,
    }
    Value::Plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cell;
    use pipelang_lang::ty::Kind;

    fn spelled(kind: Kind, value: Scalar) -> String {
        let mut out = Vec::new();
        let column = Column::from_scalars(&kind, &[value]);
        if let Value::NotFinite(word) = spell(&column, 0, &mut out) {
            return word.to_string();
        }
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn floats_are_shortest_and_read_back() {
        for (number, text) in [
            (5.0, "5.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e300, "1e+300"),
            (1.5e-7, "1.5e-7"),
            (0.00012, "0.00012"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(spelled(Kind::Float, Scalar::Float(number)), text);
        }
        let mut bits = 1u64;
        for _ in 0..100_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(bits ^ (bits >> 29));
            let text = spelled(Kind::Float, Scalar::Float(number));
            let back = cell::read_float(&text).expect("what is written is a float");
            assert!(number.is_nan() && back.is_nan() || number.to_bits() == back.to_bits(), "{text}");
        }
    }
}
