//! The fields of rows, shared: a pipeline of a thousand stages that each add a column has a thousand rows, and each holds
//! only what is new in it.
//!
//! A row is a few parts in a fixed order. Rows share whole parts, never half of one; what is added goes into a part of its
//! own, and parts are put together while the last is not much shorter than the one before. So there are at most about
//! twenty, a name is found by asking each, and a field is copied only as often as its part grows twofold.

use super::{ColumnId, OutputField};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Up to how many fields a part is looked through.
const MOST_UNINDEXED: usize = 16;

/// The fields of a row in their order.
#[derive(Clone, Default)]
pub struct Fields {
    parts: Vec<Arc<Part>>,
}

/// Fields that stand beside each other.
#[derive(Clone, Default)]
struct Part {
    fields: Vec<OutputField>,
    /// Where there are too many to look through them.
    index: Option<Index>,
}

#[derive(Clone, Default)]
struct Index {
    /// Where each name stands first.
    names: HashMap<Arc<str>, usize>,
    /// How many fields are that column.
    columns: HashMap<ColumnId, usize>,
}

impl Part {
    fn push(&mut self, field: OutputField) {
        self.fields.push(field);
        let at = self.fields.len() - 1;
        match &mut self.index {
            Some(index) => index.add(at, &self.fields[at]),
            None if at < MOST_UNINDEXED => {}
            None => {
                let mut index = Index::default();
                self.fields.iter().enumerate().for_each(|(at, field)| index.add(at, field));
                self.index = Some(index);
            }
        }
    }

    /// Puts a field in the place of one of the same name.
    fn replace(&mut self, at: usize, field: OutputField) {
        if let Some(index) = &mut self.index {
            *index.columns.entry(field.column).or_default() += 1;
            *index.columns.entry(self.fields[at].column).or_default() -= 1;
        }
        self.fields[at] = field;
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.names.get(name).copied(),
            None => self.fields.iter().position(|field| &*field.name == name),
        }
    }

    fn contains(&self, column: ColumnId) -> bool {
        match &self.index {
            Some(index) => index.columns.get(&column).is_some_and(|count| *count > 0),
            None => self.fields.iter().any(|field| field.column == column),
        }
    }
}

impl Index {
    fn add(&mut self, at: usize, field: &OutputField) {
        self.names.entry(field.name.clone()).or_insert(at);
        *self.columns.entry(field.column).or_default() += 1;
    }
}

impl Fields {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.fields.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &OutputField> + Clone {
        self.parts.iter().flat_map(|part| &part.fields)
    }

    /// The first of them.
    pub fn first(&self) -> Option<&OutputField> {
        self.iter().next()
    }

    /// The first of that name.
    pub fn named(&self, name: &str) -> Option<&OutputField> {
        self.parts.iter().find_map(|part| part.position(name).map(|at| &part.fields[at]))
    }

    /// Whether one of them is that column.
    pub fn contains(&self, column: ColumnId) -> bool {
        self.parts.iter().any(|part| part.contains(column))
    }

    /// Whether another field has the name of this one, which is one of them.
    pub fn repeats(&self, field: &OutputField) -> bool {
        let mut named = self.parts.iter().filter_map(|part| part.position(&field.name).map(|at| &part.fields[at]));
        named.any(|other| !std::ptr::eq(other, field))
    }

    /// Those that are not known to be among `others` because both hold the same part.
    pub fn apart_from(&self, others: &Fields) -> impl Iterator<Item = &OutputField> {
        let is_shared = |part: &Arc<Part>| others.parts.iter().any(|other| Arc::ptr_eq(part, other));
        self.parts.iter().filter(move |part| !is_shared(part)).flat_map(|part| &part.fields)
    }

    /// Adds a field behind the others.
    pub fn push(&mut self, field: OutputField) {
        match self.parts.last_mut() {
            Some(last) if last.index.is_none() || Arc::strong_count(last) == 1 => Arc::make_mut(last).push(field),
            Some(_) | None => {
                let mut part = Part::default();
                part.push(field);
                self.parts.push(Arc::new(part));
            }
        }
        while let [.., before, last] = self.parts.as_slice()
            && last.index.is_some()
            && last.fields.len() * 2 > before.fields.len()
        {
            let last = self.parts.pop().expect("there are two");
            let before = self.parts.last_mut().expect("there was another");
            last.fields.iter().for_each(|field| Arc::make_mut(before).push(field.clone()));
        }
    }

    /// Puts a field where the first of its name stands, else behind the others.
    pub fn put(&mut self, field: OutputField) {
        for part in &mut self.parts {
            if let Some(at) = part.position(&field.name) {
                return Arc::make_mut(part).replace(at, field);
            }
        }
        self.push(field);
    }

    /// Keeps the fields for which that is true.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&OutputField) -> bool) {
        for part in &mut self.parts {
            let kept: Vec<bool> = part.fields.iter().map(&mut is_kept).collect();
            if kept.contains(&false) {
                let fields = part.fields.iter().zip(kept).filter(|(_, kept)| *kept);
                *part = Arc::new(fields.map(|(field, _)| field.clone()).collect());
            }
        }
        self.parts.retain(|part| !part.fields.is_empty());
    }
}

impl FromIterator<OutputField> for Part {
    fn from_iter<I: IntoIterator<Item = OutputField>>(fields: I) -> Part {
        let mut part = Part::default();
        fields.into_iter().for_each(|field| part.push(field));
        part
    }
}

impl FromIterator<OutputField> for Fields {
    fn from_iter<I: IntoIterator<Item = OutputField>>(fields: I) -> Fields {
        let part = Part::from_iter(fields);
        Fields { parts: if part.fields.is_empty() { Vec::new() } else { vec![Arc::new(part)] } }
    }
}

impl From<Vec<OutputField>> for Fields {
    fn from(fields: Vec<OutputField>) -> Fields {
        fields.into_iter().collect()
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Fields) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnId, Fields, MOST_UNINDEXED, OutputField};

    fn field(number: u32) -> OutputField {
        OutputField { name: format!("c{number}").into(), column: ColumnId(number) }
    }

    #[test]
    fn rows_that_grow_share_their_parts() {
        let mut rows = vec![Fields::default()];
        for number in 0..2_000 {
            let mut row = rows[rows.len() - 1].clone();
            row.push(field(number));
            rows.push(row);
        }
        for (len, row) in rows.iter().enumerate() {
            assert!(row.iter().cloned().eq((0..len as u32).map(field)));
            assert!(row.parts.len() <= 12, "{len} fields in {} parts", row.parts.len());
        }
        let copied: usize = rows.windows(2).map(|rows| rows[1].apart_from(&rows[0]).count()).sum();
        assert!(copied < 2_000 * 3 * MOST_UNINDEXED, "{copied} fields were copied");
        let last = &rows[2_000];
        assert!((0..2_000).all(|n| last.named(&format!("c{n}")) == Some(&field(n)) && last.contains(ColumnId(n))));
        assert!(last.named("c2000").is_none() && !last.contains(ColumnId(2_000)));
    }

    #[test]
    fn fields_are_put_and_left_out() {
        for count in [5, 50] {
            let mut row: Fields = (0..count).map(field).collect();
            let before = row.clone();
            row.put(OutputField { column: ColumnId(100), ..field(3) });
            row.put(field(101));
            row.retain(|field| field.column != ColumnId(1));
            let numbers: Vec<u32> = row.iter().map(|field| field.column.0).collect();
            assert_eq!((&numbers[..3], numbers.last()), (&[0, 2, 100][..], Some(&101)));
            assert!([1, 3].iter().all(|gone| !row.contains(ColumnId(*gone))) && row.contains(ColumnId(100)));
            assert!(row.named("c1").is_none() && row.named("c3").is_some_and(|field| field.column == ColumnId(100)));
            assert!(before.iter().cloned().eq((0..count).map(field)));
        }
    }

    #[test]
    fn a_name_given_twice_is_found() {
        for count in [5, 50] {
            let mut row: Fields = (0..count).map(field).collect();
            assert!(!row.iter().any(|field| row.repeats(field)));
            let shared = row.clone();
            row.push(OutputField { column: ColumnId(100), ..field(3) });
            assert!(row.apart_from(&shared).any(|field| row.repeats(field)));
        }
    }
}
