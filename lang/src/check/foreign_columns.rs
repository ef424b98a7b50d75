//! Columns of files whose values the language does not have. They are carried along, and whoever asks for one is told.

use super::Checker;
use super::scope::Row;
use crate::catalog::foreign_column;
use crate::diagnostic::Diagnostic;
use crate::ir::OutputField;

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
}
