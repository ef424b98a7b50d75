//! The canonical layout of a script, checked before anybody relies on it.

use crate::report::Report;
use pipelang_lang::codes::E0901;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::SourceMap;
use pipelang_lang::syntax;
use std::sync::Arc;

/// The canonical layout of a script, as `pipe fmt` writes it: lines of at most 100 columns, every comment kept. A script
/// with errors of syntax is left alone; the report, which calls it `name`, says what they are.
///
/// ```
/// use pipelang::tools::format;
/// assert_eq!(format("a.pipe", "1..5|filter it>2  # large")?, "1..5 | filter it > 2 # large\n");
/// assert!(format("a.pipe", "let = 3").is_err());
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn format(name: &str, text: &str) -> Result<String, Report> {
    let mut sources = SourceMap::default();
    let source = sources.add(name, text);
    let formatted = match syntax::format(text) {
        Ok(formatted) => formatted,
        Err(diagnostics) => return Err(Report::new(diagnostics, Arc::new(sources))),
    };
    // Whatever else goes wrong, a script never means something else afterwards.
    let tree = |text: &str| syntax::tree::script(&syntax::parse(source, text).0);
    if tree(text) != tree(&formatted) {
        let bug = Diagnostic::outside(E0901, "this is a bug in Pipe, not in your script");
        return Err(Report::outside(bug.help("please report it with the script; it was not changed")));
    }
    Ok(formatted)
}
