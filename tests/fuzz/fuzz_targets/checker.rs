//! Texts to plans, without sources and with a table in memory: no panic, and what is printed can be read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipelang_lang::catalog::{ReadRequest, Sources, TableInfo};
use pipelang_lang::check::Parameters;
use pipelang_lang::codes::E0701;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::SourceMap;
use pipelang_lang::ty::{Field, Schema, Type};
use pipelang_runtime::Registry;
use std::sync::{Arc, OnceLock};

/// The table `t`, or nothing.
struct Table(bool);

impl Sources for Table {
    fn describe(&self, _: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        Err(Box::new(Diagnostic::outside(E0701, "there are no files")))
    }

    fn bound(&self, name: &str) -> Option<Schema> {
        let field = |name: &str, ty: Type| Field { name: name.into(), ty };
        let fields = vec![
            field("a", Type::INT),
            field("b", Type::FLOAT.or_null()),
            field("c", Type::STRING),
            field("d", Type::DATE.or_null()),
            field("e", Type::BOOL),
        ];
        (self.0 && name == "t").then_some(Schema { fields })
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        if self.0 { vec!["t".into()] } else { Vec::new() }
    }
}

fuzz_target!(|text: &str| {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    let catalog = &REGISTRY.get_or_init(Registry::builtin).catalog;
    for sources in [Table(false), Table(true)] {
        let mut map = SourceMap::default();
        let _ = pipelang_lang::compile(&mut map, "fuzz", text, catalog, &sources, &Parameters::default());
    }
});
