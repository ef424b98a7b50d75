//! Outputs that fail at every call, one after the other: each is an error with its code, and what was written before is
//! the beginning of the whole.

use pipelang::{
    CancelToken, ColumnFormat, Engine, OutputFormat, Parameters, RowFormat, RunSettings, Style, TableStyle,
};
use std::io::{self, ErrorKind, Write};

/// Takes so many calls, then fails for good.
struct Failing {
    calls: usize,
    kind: ErrorKind,
    bytes: Vec<u8>,
    /// How many bytes it takes at once.
    most: usize,
}

impl Failing {
    fn call(&mut self) -> io::Result<()> {
        self.calls = self.calls.checked_sub(1).ok_or(self.kind)?;
        Ok(())
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call()?;
        let count = bytes.len().min(self.most);
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call()
    }
}

const SCRIPT: &str = "1..300 | map {a: it, s: f\"x{it}\", f: it / 7}";

#[test]
fn an_output_that_fails_at_any_call() {
    let engine = Engine::builder().threads(2).build().expect("an engine");
    let script = engine.script("a.pipe", SCRIPT, &Parameters::default()).expect("it compiles");
    let formats = [
        OutputFormat::Table,
        OutputFormat::Rows(RowFormat::Csv),
        OutputFormat::Rows(RowFormat::Tsv),
        OutputFormat::Rows(RowFormat::Json),
        OutputFormat::Rows(RowFormat::Jsonl),
        OutputFormat::Rows(RowFormat::Md),
        OutputFormat::Rows(RowFormat::Text),
        OutputFormat::Columns(ColumnFormat::Parquet),
        OutputFormat::Columns(ColumnFormat::Arrow),
        OutputFormat::Columns(ColumnFormat::ArrowStream),
    ];
    let mut faults = 0;
    for format in formats {
        let style = Style { format, table: TableStyle { rows: usize::MAX, ..TableStyle::default() } };
        let run = |calls, kind| {
            let mut out = Failing { calls, kind, bytes: Vec::new(), most: 700 };
            let settings = RunSettings { morsel_rows: Some(40), cancel: CancelToken::new(), ..RunSettings::default() };
            let (_, result) = script.write(&mut out, &style, &settings);
            (out.bytes, result)
        };
        let (whole, result) = run(usize::MAX, ErrorKind::StorageFull);
        result.expect("nothing fails");
        for calls in 0.. {
            let (bytes, result) = run(calls, ErrorKind::StorageFull);
            let is_beginning = whole.starts_with(&bytes);
            assert!(is_beginning, "{format:?}, call {calls}: something else is written");
            let Err(report) = result else {
                assert_eq!(bytes, whole, "{format:?}, call {calls}");
                assert!(calls > 2, "{format:?} is written in few calls");
                break;
            };
            let text = report.to_string();
            assert!(text.contains("E0702") && text.contains("the disk is full"), "{format:?}, call {calls}: {text}");
            // A reader that has gone is no error.
            let (_, closed) = run(calls, ErrorKind::BrokenPipe);
            let is_quiet = closed.as_ref().is_err_and(|report| report.diagnostics().is_empty());
            assert!(is_quiet, "{format:?}, call {calls}: {closed:?}");
            faults += 2;
        }
    }
    assert!(faults > 200, "{faults}");
}
