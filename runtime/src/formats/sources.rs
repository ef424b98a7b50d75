//! The files that scripts name, as the compiler sees them.

#[cfg(feature = "columnar")]
use super::columnar::write::ColumnFormat;
use super::{ByteStream, Format, Input, Streams, advice, by_extension, by_name, files, formats, several};
use pipelang_lang::catalog::{MOST_MODULE_BYTES, OptionValue, ReadRequest, Sources, TableInfo, WriteRequest};
use pipelang_lang::codes::{E0206, E0304, E0405, E0701, E0703, E0704, E0801, E0902};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::Span;
use pipelang_lang::ty::Schema;
use std::io::{self, Read};
use std::sync::Arc;

/// All files of this machine, modules among them, by paths as the process sees them. Binds no tables. Whether there is a
/// clock and an environment is the affair of the run.
#[derive(Clone, Debug, Default)]
pub struct FileSources {
    /// What scripts read that comes once.
    pub streams: Streams,
    /// The most bytes of a record, if fewer than otherwise.
    pub record_bytes: Option<usize>,
}

impl FileSources {
    /// The table behind a `read` of files that have been looked for: see [`matching`](super::matching).
    pub fn describe_files(
        &self,
        request: &ReadRequest,
        files: Option<Vec<Arc<str>>>,
    ) -> Result<TableInfo, Box<Diagnostic>> {
        if request.stdin {
            let Some(stdin) = &self.streams.stdin else {
                let diagnostic = Diagnostic::error(E0405, request.span, "this program may not read `stdin`");
                return Err(Box::new(diagnostic.help("the host of this script gives it nothing to read there")));
            };
            return describe_stream(request, stdin, self.record_bytes);
        }
        if files.is_none() && is_stream(&request.path) {
            let info = describe_stream(request, &self.streams.look(&request.path), self.record_bytes)?;
            return Ok(TableInfo { is_stream: true, ..info });
        }
        let format = format_of(request)?;
        several::describe(request, files, format, &|request| match std::fs::metadata(&*request.path) {
            Ok(known) if known.is_file() || known.is_dir() => {
                (format.infer)(request, &Input::file().with_longest(self.record_bytes))
            }
            Ok(_) => Err(Box::new(one_of_several(request))),
            Err(error) => {
                let missing = files::unopened(&request.path, &error).to_string();
                Err(Box::new(unopened(&request.path, request.span, missing)))
            }
        })
    }
}

impl Sources for FileSources {
    fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        self.describe_files(request, several::matching(&request.path))
    }

    fn target(&self, request: &WriteRequest) -> Result<&'static str, Box<Diagnostic>> {
        let (name, span) = match &request.format {
            Some((name, span)) => (name.to_string(), *span),
            None => {
                let path = files::without_compression(&request.path);
                (files::extension_of(path).unwrap_or_default(), request.span)
            }
        };
        #[cfg(feature = "columnar")]
        if let Some(format) = ColumnFormat::named(&name.to_ascii_lowercase()) {
            let known = format.compressions();
            return match &request.compression {
                Some((name, span)) if !known.contains(&&**name) => {
                    let message = format!("`{}` is not packed by `{name}`", format.name());
                    Err(Box::new(Diagnostic::error(E0304, *span, message).help(format!("known: {}", known.join(", ")))))
                }
                Some(_) | None => Ok(format.name()),
            };
        }
        if let Some((_, span)) = &request.compression {
            let message = format!("`{name}` is packed by the name of its file, not by `compression:`");
            return Err(Box::new(
                Diagnostic::error(E0304, *span, message).help(format!("name the file `{}.gz`", request.path)),
            ));
        }
        match super::target::format_named(&name) {
            Some(format) => Ok(format.name()),
            None => Err(Box::new(no_output_format(&name, span))),
        }
    }

    fn bound(&self, _name: &str) -> Option<Schema> {
        None
    }

    fn clock(&self) -> bool {
        true
    }

    fn environment(&self) -> bool {
        true
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn module(&self, name: &str, span: Span) -> Result<String, Box<Diagnostic>> {
        let missing = |error: &io::Error| unopened(name, span, files::unopened(name, error).to_string());
        let mut text = Vec::new();
        let read = files::open(name, None).and_then(|file| file.take(MOST_MODULE_BYTES + 1).read_to_end(&mut text));
        read.map_err(|error| Box::new(missing(&error)))?;
        if text.len() as u64 > MOST_MODULE_BYTES {
            let message = format!("the module `{name}` is larger than {} MiB", MOST_MODULE_BYTES >> 20);
            return Err(Box::new(Diagnostic::error(E0801, span, message)));
        }
        String::from_utf8(text).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the module `{name}` is not UTF-8 text");
            Box::new(Diagnostic::error(E0704, span, message).saying(format!("byte {at} of it is not")))
        })
    }

    fn module_identity(&self, name: &str) -> Arc<str> {
        match std::fs::canonicalize(name) {
            Ok(path) => path.to_string_lossy().into(),
            Err(_) => name.into(),
        }
    }
}

/// Whether there is something at a path that cannot be opened again.
fn is_stream(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir())
}

/// The table behind what comes once, whose format is given, or shows in its name or in its first line.
fn describe_stream(
    request: &ReadRequest,
    stream: &ByteStream,
    record_bytes: Option<usize>,
) -> Result<TableInfo, Box<Diagnostic>> {
    let mut request = request.clone();
    let mut found = Vec::new();
    let is_given = request.options.iter().any(|(name, ..)| &**name == "format");
    if !is_given && (request.stdin || by_extension(&request.path).is_none()) {
        let format = stream.format().map_err(|error| {
            let why = files::unopened(&request.path, &error).to_string();
            Box::new(Diagnostic::error(E0701, request.span, why))
        })?;
        let format = if suits(&format, &request) { format } else { "csv".into() };
        let format = OptionValue::Scalar(Scalar::String(format));
        request.options.push(("format".into(), request.span, format.clone()));
        found.push(("format".into(), format));
    }
    let format = format_of(&request)?;
    let one = |request: &ReadRequest| (format.infer)(request, &Input::look(stream.clone()).with_longest(record_bytes));
    let mut info = several::describe(&request, None, format, &one)?;
    info.found = found;
    Ok(info)
}

/// Whether lines are what is asked for, if they are what is there: who says more of them means columns.
fn suits(format: &str, request: &ReadRequest) -> bool {
    let known = by_name(format).map_or(&[][..], |format| format.def.options);
    format != "lines" || request.options.iter().all(|(name, ..)| known.iter().any(|option| option.name == &**name))
}

/// E0902 of a format that is to come, else E0703.
fn no_output_format(name: &str, span: Span) -> Diagnostic {
    const LATER: [&str; 2] = ["parquet", "arrow"];
    if LATER.contains(&name) {
        return Diagnostic::error(E0902, span, format!("writing the format `{name}` is not there yet"))
            .saying("the language has this, but this version of Pipe does not");
    }
    Diagnostic::error(E0703, span, format!("there is no format called `{name}` to write"))
        .help("known: `.csv`, `.tsv`, `.json`, `.jsonl`, `.md`, `.txt`, each also with `.gz` and `.zst`, `.parquet`, `.arrow`")
        .help("or say it: write …, format: \"csv\"")
}

/// E0701 of a FIFO or a device that a pattern has found: nobody may have meant to wait for what comes there.
fn one_of_several(request: &ReadRequest) -> Diagnostic {
    let message = format!("`{}` is no plain file, and is read only where it is named", request.path);
    Diagnostic::error(E0701, request.span, message).help(format!("read it by itself: read({:?})", request.path))
}

/// A file that cannot be opened, and what may have been meant.
fn unopened(path: &str, span: Span, why: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0701, span, why);
    if let Some(advice) = advice::unopened(path) {
        return diagnostic.help(advice);
    }
    match files::near(path).as_slice() {
        [] => diagnostic,
        near => diagnostic.help(format!("did you mean {}?", quoted(near))),
    }
}

/// Formats that the language has and this version has not. A name goes when its format comes.
const LATER: &[&str] = &[
    #[cfg(not(feature = "columnar"))]
    "parquet",
    #[cfg(not(feature = "columnar"))]
    "arrow",
];

fn later(name: &str) -> Option<&'static str> {
    LATER.iter().copied().find(|later| name.eq_ignore_ascii_case(later))
}

fn not_yet(span: Span, format: &str) -> Box<Diagnostic> {
    let message = format!("reading the format `{format}` is not there yet");
    Box::new(Diagnostic::error(E0902, span, message).saying("the language has this, but this version of Pipe does not"))
}

/// The format that the options or the extension name.
fn format_of(request: &ReadRequest) -> Result<&'static Format, Box<Diagnostic>> {
    let known = || formats().map(|format| format.def.name);
    let given = request.options.iter().find(|(name, ..)| &**name == "format");
    if let Some((_, span, value)) = given {
        let OptionValue::Scalar(Scalar::String(name)) = value else {
            return Err(Box::new(Diagnostic::error(E0206, *span, "`format` is the name of a format")));
        };
        return by_name(name).ok_or_else(|| {
            if let Some(later) = later(name) {
                return not_yet(*span, later);
            }
            let diagnostic = Diagnostic::error(E0703, *span, format!("there is no format called `{name}`"));
            Box::new(match did_you_mean(name, known()).first() {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("known formats: {}", known().collect::<Vec<_>>().join(", "))),
            })
        });
    }
    if let Some(format) = by_extension(&request.path) {
        return Ok(format);
    }
    let name = files::without_compression(&request.path);
    if let Some(later) = files::extension_of(name).and_then(|extension| later(&extension)) {
        return Err(not_yet(request.span, later));
    }
    if &*request.path == "-" {
        let error = Diagnostic::error(E0703, request.span, "what comes by a pipe of the shell is called `stdin`");
        return Err(Box::new(
            error.fix(request.span, "stdin").help("or with its format: read(stdin, format: \"csv\")"),
        ));
    }
    let message = match files::extension_of(name) {
        Some(extension) => format!("no known format has the extension `.{extension}`"),
        None => format!("`{}` has no extension that names its format", request.path),
    };
    let known: Vec<String> = formats().flat_map(|f| f.def.extensions).map(|e| format!("`.{e}`")).collect();
    let diagnostic = Diagnostic::error(E0703, request.span, message)
        .help(format!("known: {}, each also with `.gz` and `.zst`", known.join(", ")));
    Err(Box::new(diagnostic.help(advice::unknown(&request.path))))
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(" or ")
}
