//! The last step of a `pivot` whose columns are known only when its rows are there.

use super::SiteId;
use std::sync::Arc;

/// Makes columns of the rows of a statement. A row of the statement is a group of some keys and a value of the key that
/// becomes columns: the keys, the name of the value, then for each result two columns, the result and what it is of no
/// rows. Of a group comes one row: the keys, then the results for each name, in order of first appearance; where a group
/// has none of that name, the second of the two.
///
/// Nothing of the results is demanded before: a group without a failing cell before it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pivot {
    /// How many keys there are.
    pub keys: usize,
    /// What stands before the names of the columns of each result; nothing does if there is one result without a name.
    pub results: Vec<Arc<str>>,
    /// Where the key stands whose values become columns.
    pub site: SiteId,
}

impl Pivot {
    /// How many columns the rows of the statement have.
    pub fn width(&self) -> usize {
        self.keys + 1 + 2 * self.results.len().max(1)
    }

    /// What the column of a result is called, for a name of a value.
    pub fn column_name(&self, result: usize, value: &str) -> Arc<str> {
        match self.results.get(result) {
            Some(name) => format!("{name}_{value}").into(),
            None => value.into(),
        }
    }
}
