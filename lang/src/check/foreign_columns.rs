//! Columns of files whose values the language does not have. They are carried along, and whoever asks for one is told.

use super::Checker;
use super::scope::Row;
use crate::catalog::foreign_column;
use crate::diagnostic::Diagnostic;
use crate::ir::OutputField;

/// The stages that look at no columns but those that they name, and carry the others along or drop them.
const CARRYING: [&str; 27] = [
    "filter",
    "sort",
    "take",
    "skip",
    "take_while",
    "skip_while",
    "sample",
    "select",
    "drop",
    "rename",
    "derive",
    "map",
    "flat_map",
    "explode",
    "parse",
    "aggregate",
    "window",
    "pivot",
    "scan",
    "fold",
    "assert",
    "join",
    "left_join",
    "cross_join",
    "semi_join",
    "anti_join",
    "asof_join",
];

impl Checker<'_> {
    /// E0509 of a column, if it is such a one.
    pub(super) fn foreign_column(&self, field: &OutputField) -> Option<Diagnostic> {
        let (holds, read) = self.foreign.get(&field.column)?;
        Some(foreign_column(*read, &field.name, holds))
    }

    /// Whether all columns can be asked for; reported if not.
    pub(super) fn has_no_foreign(&mut self, row: &Row) -> bool {
        if self.foreign.is_empty() {
            return true;
        }
        let error = row.fields.iter().find_map(|field| self.foreign_column(field));
        let none = error.is_none();
        if let Some(error) = error {
            self.report(error);
        }
        none
    }

    /// Whether a stage looks at all columns, whatever it names.
    pub(super) fn looks_at_all(&self, stage: &str, keyed: bool) -> bool {
        let carries = CARRYING.contains(&stage) || stage == "distinct" && keyed;
        !carries && self.catalog.reducer_named(stage).is_none()
    }
}
