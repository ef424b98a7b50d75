//! What a host gives to all scripts of an engine beside functions: constants, and tables that are read by name. With what
//! there is to say of them, for help and completion.

use crate::engine::FunctionInfo;
use crate::input::{self, Wanted};
use crate::row::Row;
use pipelang_lang::ir::print;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Type;
use pipelang_runtime::batch::Batch;
use pipelang_runtime::exec::{Chosen, Tables};
use std::fmt;
use std::sync::Arc;

/// The group of constants in [`Engine::functions`](crate::Engine::functions).
const CONSTANTS: &str = "constants";
/// That of tables.
const TABLES: &str = "tables";
/// That of the types of their rows.
pub(crate) const TYPES: &str = "types";

/// A name that has a value in every script.
#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub(crate) name: Arc<str>,
    pub(crate) value: Scalar,
    pub(crate) ty: Type,
    pub(crate) doc: Arc<str>,
}

/// A type of the host.
#[derive(Clone, Debug)]
pub(crate) struct GivenType {
    pub(crate) name: Arc<str>,
    pub(crate) doc: Arc<str>,
}

/// Fills the wanted columns of some rows.
type Gather = dyn Fn(&[usize], Chosen) -> Batch + Send + Sync;

/// A table that every script can read.
#[derive(Clone)]
pub(crate) struct HostTable {
    pub(crate) wanted: Wanted,
    pub(crate) doc: Arc<str>,
    rows: usize,
    gather: Arc<Gather>,
}

impl fmt::Debug for HostTable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {} of {} rows", self.wanted.name, self.wanted.schema, self.rows)
    }
}

impl HostTable {
    /// A table of these rows.
    pub(crate) fn new<T: Row + Send + Sync + 'static>(name: &str, rows: Vec<T>) -> HostTable {
        let schema = T::schema();
        HostTable {
            wanted: Wanted { name: name.into(), row: schema.name.as_str().into(), schema: schema.columns() },
            doc: "A table of the host.".into(),
            rows: rows.len(),
            gather: Arc::new(move |wanted, chosen| input::fill(&schema.fields, &rows, wanted, chosen)),
        }
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) constants: Vec<Constant>,
    pub(crate) tables: Vec<HostTable>,
    pub(crate) types: Vec<GivenType>,
}

impl Given {
    /// The constant of that name.
    pub(crate) fn constant(&self, name: &str) -> Option<&Constant> {
        self.constants.iter().find(|constant| &*constant.name == name)
    }

    /// The tables as scripts know them.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.tables.iter().map(|table| &table.wanted)
    }

    /// Binds the tables for a run, but for those whose names its own inputs have.
    pub(crate) fn bind(&self, tables: &mut Tables, inputs: &[Wanted]) {
        for table in self.tables.iter().filter(|table| !inputs.iter().any(|own| own.name == table.wanted.name)) {
            let Wanted { name, schema, .. } = &table.wanted;
            let gather = table.gather.clone();
            let gather = move |wanted: &[usize], rows: Chosen| gather(wanted, rows);
            tables.bind(name.clone(), schema.clone(), table.rows, Box::new(gather));
        }
    }

    /// What is known of each.
    pub(crate) fn infos(&self) -> impl Iterator<Item = FunctionInfo> {
        let info = |name: &str, signature: String, group, doc: &str| FunctionInfo {
            name: name.to_string(),
            signature,
            group,
            doc: doc.to_string(),
            options: Vec::new(),
            examples: Vec::new(),
        };
        let constants = self.constants.iter().map(move |Constant { name, value, ty, doc }| {
            let value = if value.is_opaque() { String::new() } else { format!(" = {}", print::constant(value)) };
            info(name, format!("{name}: {ty}{value}"), CONSTANTS, doc)
        });
        let tables = self.tables.iter().map(move |HostTable { wanted: Wanted { name, schema, .. }, doc, .. }| {
            info(name, format!("{name}: stream<{schema}>"), TABLES, doc)
        });
        let types = self.wanted().filter(|table| !table.row.is_empty()).map(move |Wanted { name, row, schema }| {
            info(row, format!("type {row} = {schema}"), TYPES, &format!("The rows of `{name}`."))
        });
        let opaque =
            self.types.iter().map(move |GivenType { name, doc }| info(name, format!("type {name}"), TYPES, doc));
        constants.chain(tables).chain(types).chain(opaque)
    }
}
