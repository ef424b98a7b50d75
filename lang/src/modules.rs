//! A script with everything that it imports, parsed: what the checker works on.
//!
//! Texts come from [`Sources::module`]; nothing here opens a file. A module is loaded once, however many import it and
//! however they spell its path. Modules are ordered so that what a module imports stands before it. What names mean is
//! the checker's affair.

use crate::catalog::Sources;
use crate::codes::{E0211, E0704, E0801};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::ast::{self, Name};
use std::collections::HashMap;
use std::sync::Arc;

/// How many modules a script may import, those that they import included.
const MOST_MODULES: usize = 256;
/// How long a chain of imports may be.
const LONGEST_CHAIN: usize = 64;
/// The extension of scripts and modules.
const EXTENSION: &str = ".pipe";

/// Names a module, or the script itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A script and the modules that it imports: what a module imports stands before it, the script is the last.
#[derive(Debug)]
pub struct Modules(Vec<Module>);

/// A module, or the script itself.
#[derive(Debug)]
pub struct Module {
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub tree: ast::Script,
    /// The names that it gives to what it imports, in order; no module where that could not be loaded.
    pub imports: Vec<(Name, Option<ModuleId>)>,
}

impl Modules {
    /// A script that imports nothing.
    pub fn alone(source: SourceId, tree: ast::Script) -> Modules {
        Modules(vec![Module { source, tree, imports: Vec::new() }])
    }

    /// The modules, in the order in which they are checked.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        self.0.iter().enumerate().map(|(at, module)| (ModuleId(at as u32), module))
    }

    /// The script.
    pub fn script(&self) -> ModuleId {
        ModuleId(self.0.len() as u32 - 1)
    }
}

/// Parses a script and all that it imports; gives what is wrong with their syntax and with the imports. The texts are
/// added to `map`, that of the script first.
pub fn load(
    map: &mut SourceMap,
    name: impl Into<Arc<str>>,
    text: &str,
    sources: &dyn Sources,
) -> (Modules, Vec<Diagnostic>) {
    let name = name.into();
    let mut loader = Loader {
        map,
        sources,
        modules: Vec::new(),
        loaded: HashMap::new(),
        identities: HashMap::new(),
        chain: Vec::new(),
        count: 0,
        diagnostics: Vec::new(),
    };
    let identity = sources.module_identity(&name);
    loader.module(&name, &identity, text);
    (Modules(loader.modules), loader.diagnostics)
}

struct Loader<'a> {
    map: &'a mut SourceMap,
    sources: &'a dyn Sources,
    modules: Vec<Module>,
    /// By identity; none for what could not be loaded, or is in the chain.
    loaded: HashMap<Arc<str>, Option<ModuleId>>,
    /// By name, so that nobody is asked twice.
    identities: HashMap<Arc<str>, Arc<str>>,
    /// The modules that are being loaded, each imported by the one before it.
    chain: Vec<Link>,
    /// How many have been begun.
    count: usize,
    diagnostics: Vec<Diagnostic>,
}

struct Link {
    name: Arc<str>,
    identity: Arc<str>,
    /// The `import` that is being followed.
    import: Span,
}

impl Loader<'_> {
    /// Parses a text and loads what it imports.
    fn module(&mut self, name: &Arc<str>, identity: &Arc<str>, text: &str) -> ModuleId {
        let source = self.map.add(name.clone(), text);
        let (tree, found) = crate::syntax::parse(source, text);
        self.diagnostics.extend(found);
        self.count += 1;
        let nowhere = Span::new(source, 0, 0);
        self.chain.push(Link { name: name.clone(), identity: identity.clone(), import: nowhere });
        let mut imports = Vec::new();
        for statement in &tree.statements {
            if let ast::Statement::Import(import) = statement {
                let module = self.import(name, import);
                imports.push((import.name(), module));
            }
        }
        self.chain.pop();
        self.modules.push(Module { source, tree, imports });
        ModuleId(self.modules.len() as u32 - 1)
    }

    /// The module that an import names, loaded if it is not yet.
    fn import(&mut self, from: &str, import: &ast::Import) -> Option<ModuleId> {
        if let Some(wrong) = not_a_module(import) {
            self.diagnostics.push(wrong);
            return None;
        }
        let name: Arc<str> = beside(from, &import.path).into();
        let sources = self.sources;
        let asked = self.identities.entry(name.clone());
        let identity = asked.or_insert_with(|| sources.module_identity(&name)).clone();
        if let Some(first) = self.chain.iter().position(|link| link.identity == identity) {
            self.diagnostics.push(in_a_circle(import.path_span, &self.chain[first..]));
            return None;
        }
        if let Some(known) = self.loaded.get(&identity) {
            return *known;
        }
        let module = self.fresh(&name, &identity, import.path_span);
        self.loaded.insert(identity, module);
        module
    }

    fn fresh(&mut self, name: &Arc<str>, identity: &Arc<str>, span: Span) -> Option<ModuleId> {
        if self.count > MOST_MODULES || self.chain.len() >= LONGEST_CHAIN {
            let what = match self.count > MOST_MODULES {
                true => format!("more than {MOST_MODULES} modules are imported"),
                false => format!("modules import each other more than {LONGEST_CHAIN} deep"),
            };
            self.diagnostics.push(Diagnostic::error(E0801, span, what).saying("the limit is reached here"));
            return None;
        }
        match self.sources.module(name, span) {
            Ok(text) => {
                if let Some(link) = self.chain.last_mut() {
                    link.import = span;
                }
                Some(self.module(name, identity, &text))
            }
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                None
            }
        }
    }
}

/// E0704: what is imported is a file of Pipe, by its extension.
fn not_a_module(import: &ast::Import) -> Option<Diagnostic> {
    let path = &*import.path;
    if path.ends_with(EXTENSION) {
        return None;
    }
    let diagnostic = Diagnostic::error(E0704, import.path_span, "a module is a file of Pipe");
    Some(match file_name(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            let name = crate::ty::spell(import.alias.as_ref().map_or(stem, |alias| &*alias.text));
            diagnostic
                .saying(format!("its name ends in `{EXTENSION}`, this one in `.{extension}`"))
                .fix(import.span, format!("let {name} = read({path:?})"))
        }
        Some(_) | None => diagnostic
            .saying(format!("its name ends in `{EXTENSION}`"))
            .fix(import.path_span, format!("{:?}", format!("{path}{EXTENSION}"))),
    })
}

/// E0211: the last import of a chain names the first module of it again.
fn in_a_circle(span: Span, chain: &[Link]) -> Diagnostic {
    let Some((first, others)) = chain.split_first() else {
        return Diagnostic::error(E0211, span, "imports go in a circle");
    };
    if others.is_empty() {
        return Diagnostic::error(E0211, span, "a module cannot import itself")
            .help("what it defines is in scope already");
    }
    let mut diagnostic = Diagnostic::error(E0211, span, "imports go in a circle")
        .saying(format!("back to `{}`", file_name(&first.name)));
    for (link, imported) in chain.iter().zip(others) {
        let text = format!("`{}` imports `{}`", file_name(&link.name), file_name(&imported.name));
        diagnostic = diagnostic.label(link.import, text);
    }
    diagnostic.help("put what both need into a module of its own")
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A path as it is written in `from`, seen from where `from` itself is named: without `.` and `..` where possible.
pub fn beside(from: &str, path: &str) -> String {
    let folder = from.rfind(['/', '\\']).map_or("", |at| &from[..=at]);
    let is_absolute = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    let whole = if is_absolute { path.to_string() } else { format!("{folder}{path}") };
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split(['/', '\\']) {
        match (step, steps.last()) {
            (".", _) => {}
            ("..", Some(last)) if !last.is_empty() && *last != ".." => {
                steps.pop();
            }
            (step, _) => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{NoSources, ReadRequest, TableInfo};
    use crate::codes::{Code, E0701};
    use crate::ty::Schema;

    #[test]
    fn paths_are_relative_to_the_importing_file() {
        for (from, path, wanted) in [
            ("report.pipe", "geo.pipe", "geo.pipe"),
            ("scripts/report.pipe", "./lib/geo.pipe", "scripts/lib/geo.pipe"),
            ("scripts/lib/geo.pipe", "../math.pipe", "scripts/math.pipe"),
            ("./a.pipe", "b.pipe", "b.pipe"),
            ("a.pipe", "../b.pipe", "../b.pipe"),
            ("../x/a.pipe", "../../b.pipe", "../../b.pipe"),
            ("/srv/a.pipe", "../b.pipe", "/b.pipe"),
            ("/srv/a.pipe", "../../b.pipe", "/../b.pipe"),
            ("scripts/a.pipe", "/lib/b.pipe", "/lib/b.pipe"),
            ("<command line>", "lib/b.pipe", "lib/b.pipe"),
            ("C:\\scripts\\a.pipe", "lib/b.pipe", "C:/scripts/lib/b.pipe"),
        ] {
            assert_eq!(beside(from, path), wanted, "{path} in {from}");
        }
    }

    /// Modules as texts by name.
    struct Texts(Vec<(String, String)>);

    impl Sources for Texts {
        fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
            NoSources.describe(request)
        }

        fn bound(&self, _name: &str) -> Option<Schema> {
            None
        }

        fn bound_names(&self) -> Vec<Arc<str>> {
            Vec::new()
        }

        fn module(&self, name: &str, span: Span) -> Result<String, Box<Diagnostic>> {
            let found = self.0.iter().find(|(known, _)| known == name);
            found.map(|(_, text)| text.clone()).ok_or_else(|| Box::new(Diagnostic::error(E0701, span, "missing")))
        }
    }

    /// The modules that are loaded, and the codes of what is reported.
    fn loaded(text: &str, texts: Vec<(String, String)>) -> (usize, Vec<Code>) {
        let (modules, diagnostics) = load(&mut SourceMap::default(), "script.pipe", text, &Texts(texts));
        (modules.iter().count(), diagnostics.iter().map(|diagnostic| diagnostic.code).collect())
    }

    #[test]
    fn many_ways_to_a_module_are_one() {
        let layer = |n: usize| -> String { (0..8).map(|k| format!("import \"m{}_{k}.pipe\"\n", n + 1)).collect() };
        let texts = (0..30).flat_map(|n| (0..8).map(move |k| (format!("m{n}_{k}.pipe"), layer(n)))).collect();
        let (modules, codes) = loaded("import \"m0_0.pipe\"", texts);
        assert_eq!(
            (modules, codes.len()),
            (2 + 29 * 8, 8),
            "8^29 ways; what the last layer imports is missing, and told once"
        );
    }

    #[test]
    fn chains_and_crowds_end() {
        let next = |n: usize| (format!("m{n}.pipe"), format!("import \"m{}.pipe\"", n + 1));
        assert_eq!(loaded("import \"m0.pipe\"", (0..1000).map(next).collect()), (LONGEST_CHAIN, vec![E0801]));
        let crowd: String = (0..300).map(|n| format!("import \"m{n}.pipe\"\n")).collect();
        let (modules, codes) = loaded(&crowd, (0..300).map(|n| (format!("m{n}.pipe"), String::new())).collect());
        assert_eq!((modules, codes.len()), (1 + MOST_MODULES, 300 - MOST_MODULES));
    }
}
