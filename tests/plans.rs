//! What each rule does: every script under `tests/plans` is compiled, its plan printed, rewritten by the rule that the
//! file is named after (`all`: by all rules), and printed again. `BLESS=1` rewrites the expected files; read the diff.
//!
//! No file is opened: the tables are what the scripts declare by `schema:`, and a bound table `t` that cannot fail.

use crate::harness::registry;
use crate::tidy::walk;
use pipelang_lang::catalog::{Effect, OptionValue, ReadRequest, Sources, TableInfo, WriteRequest};
use pipelang_lang::check::Parameters;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ir::Plan;
use pipelang_lang::ir::print::print;
use pipelang_lang::ir::read::read;
use pipelang_lang::opt::{RULES, RuleSet, optimize};
use pipelang_lang::source::SourceMap;
use pipelang_lang::ty::{Field, Schema, Type};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Knows what a script declares.
struct Declared;

impl Sources for Declared {
    fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        let schema = request.options.iter().find_map(|(_, _, value)| match value {
            OptionValue::Schema { schema, .. } => Some(schema.clone()),
            OptionValue::Scalar(_) | OptionValue::Strings(_) => None,
        });
        let schema = schema.expect("the scripts of this test declare their schemas");
        Ok(TableInfo::new("csv", schema, Effect::MayFail))
    }

    fn target(&self, _request: &WriteRequest) -> Result<&'static str, Box<Diagnostic>> {
        Ok("csv")
    }

    fn bound(&self, name: &str) -> Option<Schema> {
        let field = |name: &str, ty| Field { name: name.into(), ty };
        let fields = vec![
            field("k", Type::STRING.or_null()),
            field("x", Type::INT),
            field("y", Type::FLOAT.or_null()),
            field("s", Type::STRING),
        ];
        (name == "t").then_some(Schema { fields })
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        vec!["t".into()]
    }
}

/// The plan of a script without a mistake.
fn plan(name: &str, text: &str) -> Plan {
    let catalog = &registry().catalog;
    let mut sources = SourceMap::default();
    let compiled = pipelang_lang::compile(&mut sources, name, text, catalog, &Declared, &Parameters::default());
    compiled.unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics:#?}")).plan
}

#[test]
fn rules_do_what_they_say() {
    let catalog = &registry().catalog;
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let mut faults = Vec::new();
    for path in walk(Path::new("tests/plans")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "pipe"))
    {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let rules = if name == "all" { Some(RuleSet::all()) } else { RuleSet::only(&name) };
        let rules = rules.unwrap_or_else(|| panic!("{} is named after no rule", path.display())).verified();
        let before = plan(&name, &fs::read_to_string(&path).expect("a script is text"));
        let printed = print(&before, catalog);
        let again = read(&printed, catalog).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(print(&again, catalog), printed, "{} reads back as another plan", path.display());
        let after = print(&optimize(before, catalog, &rules), catalog);
        let actual = format!("# before\n\n{printed}\n# after\n\n{after}");
        let expected = path.with_extension("plan");
        if bless {
            fs::write(&expected, actual).expect("an expected file can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != actual {
            faults.push(format!("{} is now\n{actual}", expected.display()));
        }
    }
    assert!(faults.is_empty(), "{}\nBLESS=1 rewrites them", faults.join("\n"));
}

#[test]
fn every_rule_has_its_plans() {
    for rule in RULES {
        let path = Path::new("tests/plans").join(rule.name).with_extension("pipe");
        assert!(path.is_file(), "the rule `{}` needs {}: where it fires, where it refuses", rule.name, path.display());
    }
}
