//! What looks at which values there are: `count_distinct`, `set` and `mode`. Values are one if they are one key: NaN is
//! NaN, -0.0 is 0.0; what is shown is the one that came first. Nulls are skipped.

use super::rows::Rows;
use super::slots::Slots;
use super::{Finished, Frame, Reducer, State, Stop, Weight, comparable_type, same_state, until};
use crate::batch::keys::Keys;
use crate::batch::{Column, Values};
use crate::index::{Index, chunks};
use ahash::RandomState;
use arrow_array::Int64Array;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, ReducerDef, RowOrder};
use pipelang_lang::scalar::{Fault, Items, LARGEST, Scalar, too_large};
use pipelang_lang::ty::Type;
use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// `count_distinct`
pub const COUNT_DISTINCT: Reducer = Reducer {
    def: ReducerDef {
        name: "count_distinct",
        doc: "How many different values there are, nulls aside.",
        takes: "a value that can be compared",
        result: |arguments| comparable_type(arguments).map(|_| Type::INT),
        order: RowOrder::Hidden,
        examples: &[Example { source: "[3, 1, null, 3] | count_distinct it", result: "2" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Distinct::start(arguments, Answer::Count),
    frame: Some(|_| Occurrences::start(Answer::Count)),
};

/// `set`
pub const SET: Reducer = Reducer {
    def: ReducerDef {
        name: "set",
        takes: "a value that can be compared",
        doc: "The different values as a list, nulls aside, in the order in which they are first met; null if there are \
              none.",
        result: |arguments| comparable_type(arguments).map(|ty| Type::list(ty.without_null()).or_null()),
        examples: &[Example { source: "[3, 1, null, 3] | set it", result: "[3,1]" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Distinct::start(arguments, Answer::Set),
    frame: Some(|_| Occurrences::start(Answer::Set)),
};

/// `mode`
pub const MODE: Reducer = Reducer {
    def: ReducerDef {
        name: "mode",
        takes: "a value that can be compared",
        doc: "The most frequent value that is not null; of several the one that is met first. Null if there is none.",
        result: |arguments| comparable_type(arguments).map(Type::or_null),
        examples: &[Example { source: "[3, 1, null, 1, 3] | mode it", result: "3" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Distinct::start(arguments, Answer::Mode),
    frame: Some(|_| Occurrences::start(Answer::Mode)),
};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Count,
    Set,
    Mode,
}

/// The values of all groups, each once in its group.
struct Distinct {
    answer: Answer,
    hasher: RandomState,
    /// By group and key, positions in what follows.
    table: Index,
    entries: Vec<Entry>,
    keys: Keys,
    /// As they were first met.
    values: Slots,
    /// How many values each group has.
    members: Vec<usize>,
    /// Whether a set is larger than a value may be: then nothing is kept, for nothing will come of it.
    is_too_large: bool,
}

/// A set of more values is surely larger than a value may be.
const MOST_MEMBERS: usize = LARGEST / size_of::<Scalar>();

/// A value of a group.
#[derive(Clone, Copy)]
struct Entry {
    group: u32,
    /// How often it occurs.
    count: u64,
    /// Where it occurs first.
    first: u64,
}

impl Distinct {
    fn start(arguments: &[Type], answer: Answer) -> Box<dyn State> {
        Box::new(Distinct {
            answer,
            // What comes out does not depend on the seeds.
            hasher: RandomState::with_seeds(5, 6, 7, 8),
            table: Index::with_capacity(0),
            entries: Vec::new(),
            keys: Keys::default(),
            values: Slots::of(&arguments[0].kind),
            members: Vec::new(),
            is_too_large: false,
        })
    }

    /// Counts the values of some rows that have these keys. Of a value that is the first so far, `put` is told where it is to
    /// be put, and its row.
    fn count(
        &mut self,
        rows: &[usize],
        keys: &Keys,
        entry: impl Fn(usize) -> Entry,
        mut put: impl FnMut(&mut Slots, usize, usize),
        stop: Stop,
    ) {
        for some in chunks(rows.len()) {
            if stop() || self.is_too_large {
                return;
            }
            let hash = |row: &usize| self.hasher.hash_one((entry(*row).group, keys.get(*row)));
            let hashes: Vec<u64> = rows[some.clone()].iter().map(hash).collect();
            self.table.fetch(&hashes);
            for (row, hash) in rows[some].iter().zip(hashes) {
                if self.is_too_large {
                    return;
                }
                if let Some(at) = self.count_one(keys.get(*row), hash, entry(*row)) {
                    put(&mut self.values, at, *row);
                }
            }
        }
    }

    /// Counts a value, and says where its own is to be put if it is the first so far.
    fn count_one(&mut self, key: &[u8], hash: u64, new: Entry) -> Option<usize> {
        let (entries, keys) = (&mut self.entries, &self.keys);
        let is_equal = |at: usize| entries[at].group == new.group && keys.get(at) == key;
        match self.table.find_or_insert(hash, entries.len(), is_equal) {
            Some(at) => {
                let entry = &mut entries[at];
                entry.count += new.count;
                (new.first < entry.first).then(|| {
                    entry.first = new.first;
                    at
                })
            }
            None => {
                let members = &mut self.members[new.group as usize];
                *members += 1;
                if self.answer == Answer::Set && *members > MOST_MEMBERS {
                    self.keep_nothing();
                    return None;
                }
                entries.push(new);
                self.keys.push(key);
                self.values.grow(entries.len());
                Some(entries.len() - 1)
            }
        }
    }

    fn keep_nothing(&mut self) {
        self.is_too_large = true;
        (self.table, self.entries, self.keys) = (Index::with_capacity(0), Vec::new(), Keys::default());
        self.values.take();
    }

    /// For each group where its values are first met, and their positions.
    fn by_group(&self) -> Vec<Vec<(u64, u32)>> {
        let mut groups = vec![Vec::new(); self.members.len()];
        for (entry, at) in self.entries.iter().zip(0..) {
            groups[entry.group as usize].push((entry.first, at));
        }
        groups
    }
}

impl State for Distinct {
    fn grow(&mut self, groups: usize) {
        self.members.resize(groups.max(self.members.len()), 0);
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [column] = arguments else { unreachable!("these reducers have one argument") };
        let keys = Keys::of(arguments, groups.len(), &[]);
        let mut rows = Vec::new();
        Rows::active(groups.len(), active).with_value(column).each(|row| rows.push(row));
        let entry = |row: usize| Entry { group: groups[row], count: 1, first: ordinals[row] };
        self.count(&rows, &keys, entry, |values, at, row| values.set(at, column, row), &|| false);
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], stop: Stop) {
        let other: &mut Distinct = same_state(other);
        if other.is_too_large {
            self.keep_nothing();
        }
        let rows: Vec<usize> = (0..other.entries.len()).collect();
        let entry = |from: usize| {
            let entry = other.entries[from];
            Entry { group: groups[entry.group as usize], ..entry }
        };
        let theirs = &mut other.values;
        self.count(&rows, &other.keys, entry, |values, at, from| values.take_over(at, theirs, from), stop);
    }

    fn weight(&self) -> Weight {
        Weight { group: 8, row: 0 }
    }

    fn kept(&self) -> u64 {
        const OF_VALUE: u64 = 96;
        self.entries.len() as u64 * OF_VALUE + self.keys.size() * 2
    }

    fn finish(&mut self, stop: Stop) -> Finished {
        if self.is_too_large {
            return Err(too_large());
        }
        if self.answer == Answer::Count {
            let counts = self.members.iter().map(|members| *members as i64);
            return Ok(Column::Int(Int64Array::from_iter_values(counts)));
        }
        let mut groups = self.by_group();
        let values = self.values.take().finish();
        let groups = until(stop, groups.iter_mut());
        if self.answer == Answer::Set {
            let sets = groups.map(|group| set(group, &values)).collect::<Result<_, Fault>>()?;
            return Ok(Column::Values(Values::new(sets)));
        }
        let rank = |(first, at): &(u64, u32)| (Reverse(self.entries[*at as usize].count), *first);
        let most = |group: &mut Vec<(u64, u32)>| group.iter().min_by_key(|entry| rank(entry)).map(|(_, at)| *at);
        Ok(values.take(&groups.map(most).collect()))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The list of a group's values; it fails if that would be larger than a value may be.
fn set(group: &mut [(u64, u32)], values: &Column) -> Result<Scalar, Fault> {
    // Parts of it are in order, and such sorting is fast.
    group.sort_by_key(|(first, _)| *first);
    let mut items = Items::default();
    group.iter().try_for_each(|(_, at)| items.push(values.get(*at as usize)))?;
    Ok(if group.is_empty() { Scalar::Null } else { items.take() })
}

/// The values of a frame with the places where each occurs.
struct Occurrences {
    answer: Answer,
    /// How many rows came.
    pushed: u64,
    /// By key.
    values: HashMap<Box<[u8]>, VecDeque<(u64, Scalar)>>,
    /// The values by their frequency (of `mode` alone), the most frequent first, then by where they are met first.
    ranked: BTreeSet<(Reverse<usize>, u64, Box<[u8]>)>,
}

impl Occurrences {
    fn start(answer: Answer) -> Box<dyn Frame> {
        let (values, ranked) = (HashMap::new(), BTreeSet::new());
        Box::new(Occurrences { answer, pushed: 0, values, ranked })
    }

    /// Changes where a value occurs, and with it its rank.
    fn change(&mut self, value: &Scalar, change: impl FnOnce(&mut VecDeque<(u64, Scalar)>)) {
        let key = Keys::of_value(value);
        let places = self.values.entry(key.clone()).or_default();
        let by_frequency = self.answer == Answer::Mode;
        let rank = |places: &VecDeque<(u64, Scalar)>| {
            let frequency = Reverse(if by_frequency { places.len() } else { 0 });
            places.front().map(|(first, _)| (frequency, *first, key.clone()))
        };
        let before = rank(places);
        change(places);
        let after = rank(places);
        if places.is_empty() {
            self.values.remove(&key);
        }
        if before != after {
            if let Some(rank) = before {
                self.ranked.remove(&rank);
            }
            self.ranked.extend(after);
        }
    }

    fn shown(&self, key: &[u8]) -> Scalar {
        let first = self.values.get(key).and_then(VecDeque::front);
        first.map_or(Scalar::Null, |(_, value)| value.clone())
    }
}

impl Frame for Occurrences {
    fn push(&mut self, row: &[Scalar]) {
        let at = self.pushed;
        self.pushed += 1;
        if row[0] != Scalar::Null {
            self.change(&row[0], |places| places.push_back((at, row[0].clone())));
        }
    }

    fn pop(&mut self, row: &[Scalar]) {
        if row[0] != Scalar::Null {
            self.change(&row[0], |places| drop(places.pop_front()));
        }
    }

    fn value(&self) -> Scalar {
        let mut ranked = self.ranked.iter().map(|(_, _, key)| self.shown(key));
        match self.answer {
            Answer::Count => Scalar::Int(self.values.len() as i64),
            Answer::Mode => ranked.next().unwrap_or(Scalar::Null),
            Answer::Set if self.ranked.is_empty() => Scalar::Null,
            Answer::Set => Scalar::List(ranked.collect()),
        }
    }

    fn checked_value(&self) -> Result<Scalar, Fault> {
        self.value().checked()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use pipelang_lang::scalar::Scalar;

    #[test]
    fn keys_decide_what_is_one_value() {
        let column = floats(&[-0.0, 0.0, f64::NAN, -f64::NAN, 1.0]);
        assert_eq!(reduce("count_distinct", column.clone()), int(3));
        let Scalar::List(set) = reduce("set", column.clone()) else { panic!("it is a list") };
        assert_eq!((set.len(), bits(set[0].clone())), (3, (-0.0f64).to_bits()));
        assert_eq!(bits(reduce("mode", column)), (-0.0f64).to_bits());
    }

    #[test]
    fn the_first_of_the_most_frequent() {
        let words = texts(&[Some("b"), Some("a"), None, None, None, Some("a"), Some("b"), Some("c")]);
        assert_eq!(reduce("mode", words.clone()), text("b"));
        assert_eq!(reduce("count_distinct", words), int(3));
        assert_eq!(reduce("mode", ints(&[Some(1), Some(2), Some(2)])), int(2));
    }
}
