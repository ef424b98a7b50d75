//! Scripts moved to another place: what they mean there must be what they meant.

use pipelang_lang::modules::beside;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax;
use pipelang_lang::syntax::ast::{ExprKind, RecordItem, Script, Statement};
use pipelang_lang::syntax::nodes::Node;
use std::ops::Range;

/// The text with a value in the place of a name, in parentheses unless it is the source of a pipeline; none if the name is
/// not used. Parameters of that name are another thing, and so are fields and columns that are given.
///
/// ```
/// use pipelang::tools::with_value;
/// assert_eq!(with_value("_ | take 2", "_", "1..5").as_deref(), Some("1..5 | take 2"));
/// assert_eq!(with_value("let x = [_, 1]", "_", "1 + 2").as_deref(), Some("let x = [(1 + 2), 1]"));
/// assert_eq!(with_value("1 | map _ => _", "_", "5"), None);
/// ```
pub fn with_value(text: &str, name: &str, value: &str) -> Option<String> {
    let mut found = Vec::new();
    for statement in &parsed(text).statements {
        uses(Node::Statement(statement), name, &mut found);
    }
    let edits: Vec<(Range<usize>, String)> = found
        .into_iter()
        .map(|(range, is_field)| {
            let is_source = text[..range.start].trim().is_empty() && text[range.end..].trim_start().starts_with('|');
            let is_all = text.trim() == name;
            let new = match (is_source || is_all, is_field) {
                (true, _) => value.to_string(),
                (false, true) => format!("{name}: ({value})"),
                (false, false) => format!("({value})"),
            };
            (range, new)
        })
        .collect();
    (!edits.is_empty()).then(|| edited(text, edits))
}

/// The text of a `let` whose value is made with the name itself: there stands the value that `old`, another `let`, gave it.
///
/// ```
/// use pipelang::tools::with_own_value;
/// assert_eq!(with_own_value("let a = a + 1", "let a = 2 * 3").as_deref(), Some("let a = (2 * 3) + 1"));
/// assert_eq!(with_own_value("let a = b + 1", "let a = 2 * 3"), None);
/// ```
pub fn with_own_value(text: &str, old: &str) -> Option<String> {
    let binding = |text: &str| match parsed(text).statements.into_iter().next() {
        Some(Statement::Let(it)) => Some((it.name.text.clone(), it.value.span.range())),
        _ => None,
    };
    let ((name, _), (old_name, value)) = (binding(text)?, binding(old)?);
    (name == old_name).then(|| with_value(text, &name, &old[value])).flatten()
}

/// The text with another default for a parameter.
///
/// ```
/// use pipelang::tools::with_default;
/// assert_eq!(with_default("param n: int = 3", "n", "4"), "param n: int = 4");
/// assert_eq!(with_default("param n: int", "n", "4"), "param n: int = 4");
/// ```
pub fn with_default(text: &str, name: &str, default: &str) -> String {
    let edits = parsed(text).statements.into_iter().filter_map(|statement| match statement {
        Statement::Parameter(parameter) if *parameter.name.text == *name => {
            let end = parameter.ty.span().range().end;
            let old = parameter.default.map_or(end..end, |default| end..default.span.range().end);
            Some((old, format!(" = {default}")))
        }
        _ => None,
    });
    edited(text, edits.collect())
}

/// The text of the script `from` as one of the current folder: the paths of its imports are such as lead there.
///
/// ```
/// let moved = pipelang::tools::moved_here("import \"geo.pipe\"", "lib/report.pipe");
/// assert_eq!(moved, "import \"lib/geo.pipe\"");
/// ```
pub fn moved_here(text: &str, from: &str) -> String {
    let imports = parsed(text).statements.into_iter().filter_map(|statement| match statement {
        Statement::Import(import) => Some((import.path_span.range(), format!("{:?}", beside(from, &import.path)))),
        _ => None,
    });
    edited(text, imports.collect())
}

/// The text of a script of the folder `here` as one that stands at `to`: the paths of its imports are such as lead back.
/// Both are absolute.
///
/// ```
/// let moved = pipelang::tools::moved_to("import \"lib/geo.pipe\"", "/home/me", "/home/me/scripts/report.pipe");
/// assert_eq!(moved, "import \"../lib/geo.pipe\"");
/// ```
pub fn moved_to(text: &str, here: &str, to: &str) -> String {
    let imports = parsed(text).statements.into_iter().filter_map(|statement| match statement {
        Statement::Import(import) => {
            let path = beside(&format!("{here}/"), &import.path);
            Some((import.path_span.range(), format!("{:?}", from_folder_of(&beside("", to), &path))))
        }
        _ => None,
    });
    edited(text, imports.collect())
}

/// The way from the folder of a file to another file; both are absolute.
fn from_folder_of(file: &str, to: &str) -> String {
    let (file, to): (Vec<&str>, Vec<&str>) = (file.split('/').collect(), to.split('/').collect());
    let folder = &file[..file.len() - 1];
    let shared = folder.iter().zip(&to[..to.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = folder[shared..].iter().map(|_| "..");
    up.chain(to[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

fn parsed(text: &str) -> Script {
    syntax::parse(SourceId(0), text).0
}

/// The places where a name stands for a value, each with whether it is a whole field of a record.
fn uses(node: Node, name: &str, found: &mut Vec<(Range<usize>, bool)>) {
    if let Node::Expr(expr) = node {
        match &expr.kind {
            ExprKind::Name(used) if **used == *name => found.push((expr.span.range(), false)),
            ExprKind::Lambda { parameters, .. } if parameters.iter().any(|it| *it.text == *name) => return,
            ExprKind::Record(items) => {
                for item in items {
                    match item {
                        RecordItem::Short(value) => {
                            let before = found.len();
                            uses(Node::Expr(value), name, found);
                            found[before..].iter_mut().for_each(|(_, is_field)| *is_field = true);
                        }
                        RecordItem::Field(_, value) | RecordItem::Spread(value) => {
                            uses(Node::Expr(value), name, found);
                        }
                    }
                }
                return;
            }
            _ => {}
        }
    }
    for child in node.children() {
        uses(child, name, found);
    }
}

/// The text with pieces of it replaced.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = text.to_string();
    for (range, new) in edits.iter().rev() {
        edited.replace_range(range.clone(), new);
    }
    edited
}
