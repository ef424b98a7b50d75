//! Which values the arms of a `match` do not cover: the usefulness of patterns by Maranget ("Warnings for pattern
//! matching", 2007), over sets of values instead of constructors.
//!
//! The values of a kind with an order are cut where a pattern begins or ends, and what lies between two cuts is looked at
//! as one. Nothing here knows the tree or the plan.

use super::point::{Point, Segment};
use crate::ty::{Kind, spell};
use std::sync::Arc;

/// How many steps a look may take; the patterns of records with many fields may need exponentially many.
const MOST_STEPS: usize = 20_000;
/// How many examples are gathered.
const MOST_EXAMPLES: usize = 4;

/// What a subject may be.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub values: Values,
    pub nullable: bool,
}

/// What a subject may be but null.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// Values of a kind with an order.
    Ordered(Kind),
    /// Records.
    Record(Vec<(Arc<str>, Domain)>),
    /// What no pattern looks into: lists, maps and the like.
    Other,
    /// Nothing: of `null` itself.
    None,
}

/// The values that a pattern covers.
#[derive(Clone, Debug)]
pub(super) enum Cover {
    /// All, null and NaN among them.
    Any,
    /// Null.
    Null,
    /// From a point (else from the least value) to before another one (else to the greatest value).
    Range(Option<Point>, Option<Point>),
    /// Records; by the positions of fields, those that it looks at.
    Record(Vec<(usize, Cover)>),
    /// What any of them covers.
    Either(Vec<Cover>),
}

/// What a look found.
pub(super) enum Look {
    /// Values that are not covered, as patterns; none if all are.
    Found(Vec<String>),
    /// The patterns are too many to tell.
    GaveUp,
}

/// Which values of `wanted` none of `covers` covers, and how many steps it took to tell.
pub(super) fn uncovered(covers: &[&Cover], wanted: &Cover, domain: &Domain) -> (Look, usize) {
    let mut search = Search { steps: 0 };
    let rows = covers.iter().map(|cover| vec![*cover]).collect();
    let found = search.examples(rows, vec![wanted], vec![domain]);
    let look = match search.steps {
        0..=MOST_STEPS => Look::Found(found.into_iter().map(|mut example| example.remove(0)).collect()),
        _ => Look::GaveUp,
    };
    (look, search.steps)
}

struct Search {
    steps: usize,
}

/// A pattern for each column that is still to be looked at.
type Row<'c> = Vec<&'c Cover>;
/// An example for each of these columns.
type Example = Vec<String>;

impl Search {
    /// Examples of what `wanted` covers and no row does.
    fn examples<'c>(&mut self, rows: Vec<Row<'c>>, wanted: Row<'c>, domains: Vec<&'c Domain>) -> Vec<Example> {
        self.steps += 1;
        let Some((domain, others)) = domains.split_first() else {
            return if rows.is_empty() { vec![Vec::new()] } else { Vec::new() };
        };
        if self.steps > MOST_STEPS {
            return Vec::new();
        }
        let (first, rest) = (wanted[0], &wanted[1..]);
        let mut found = Vec::new();
        if let Cover::Either(covers) = first {
            for cover in covers {
                let wanted = [&[cover], rest].concat();
                found.extend(self.examples(rows.clone(), wanted, domains.clone()));
            }
            return found;
        }
        let column: Vec<&Cover> = rows.iter().map(|row| row[0]).chain([first]).collect();
        if column.iter().all(|cover| matches!(cover, Cover::Any)) {
            let rows = rows.into_iter().map(|row| row[1..].to_vec()).collect();
            found = self.examples(rows, rest.to_vec(), others.to_vec());
            found.iter_mut().for_each(|example| example.insert(0, "_".into()));
            return found;
        }
        let mut texts: Vec<Vec<Row>> = Vec::new();
        for atom in atoms(domain, &column) {
            if found.len() >= MOST_EXAMPLES {
                break;
            }
            let (names, inner) = atom.fields(domain, &column);
            let Some(wanted) = atom.specialize(&wanted, &names).into_iter().next() else { continue };
            let rows: Vec<Row> = rows.iter().flat_map(|row| atom.specialize(row, &names)).collect();
            // One text that nobody has thought of is enough.
            if matches!(domain.values, Values::Ordered(Kind::String)) && !matches!(atom, Atom::Null) {
                if texts.iter().any(|known| same_rows(known, &rows)) {
                    continue;
                }
                texts.push(rows.clone());
            }
            let domains = [&inner, others].concat();
            let examples = self.examples(rows, wanted, domains);
            found.extend(examples.into_iter().map(|example| atom.put_together(example, domain, &names)));
        }
        found.truncate(MOST_EXAMPLES);
        found
    }
}

fn same_rows(a: &[Row], b: &[Row]) -> bool {
    let same = |(a, b): (&Row, &Row)| a.iter().zip(b).all(|(a, b)| std::ptr::eq(*a, *b));
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// A part of a domain that no pattern of a column divides.
enum Atom {
    Null,
    Nan,
    Segment(Segment),
    Record,
    Other,
}

/// The parts into which the patterns of a column divide a domain.
fn atoms(domain: &Domain, column: &[&Cover]) -> Vec<Atom> {
    let mut atoms = match &domain.values {
        Values::Ordered(kind) => {
            let mut cuts = Vec::new();
            column.iter().for_each(|cover| cuts_of(cover, &mut cuts));
            Segment::all(kind, cuts).into_iter().map(Atom::Segment).collect()
        }
        Values::Record(_) => vec![Atom::Record],
        Values::Other => vec![Atom::Other],
        Values::None => Vec::new(),
    };
    if matches!(domain.values, Values::Ordered(Kind::Float)) {
        atoms.push(Atom::Nan);
    }
    // An arm for null is no mistake where there is none: functions are checked for each call.
    if domain.nullable || matches!(column.last(), Some(Cover::Null)) {
        atoms.push(Atom::Null);
    }
    atoms
}

fn cuts_of(cover: &Cover, cuts: &mut Vec<Point>) {
    match cover {
        Cover::Range(start, end) => cuts.extend(start.iter().chain(end).cloned()),
        Cover::Either(covers) => covers.iter().for_each(|cover| cuts_of(cover, cuts)),
        Cover::Any | Cover::Null | Cover::Record(_) => {}
    }
}

/// The fields that a pattern looks at.
fn fields_of(cover: &Cover, fields: &mut Vec<usize>) {
    match cover {
        Cover::Record(given) => fields.extend(given.iter().map(|(at, _)| *at)),
        Cover::Either(covers) => covers.iter().for_each(|cover| fields_of(cover, fields)),
        Cover::Any | Cover::Null | Cover::Range(..) => {}
    }
}

impl Atom {
    /// The columns that take the place of this one: of a record its fields, those that a pattern looks at.
    fn fields<'c>(&self, domain: &'c Domain, column: &[&Cover]) -> (Vec<usize>, Vec<&'c Domain>) {
        let (Atom::Record, Values::Record(domains)) = (self, &domain.values) else { return Default::default() };
        let mut fields = Vec::new();
        column.iter().for_each(|cover| fields_of(cover, &mut fields));
        fields.sort_unstable();
        fields.dedup();
        let inner = fields.iter().map(|at| &domains[*at].1).collect();
        (fields, inner)
    }

    /// What a row says of this part: nothing if its first pattern does not cover it, else its further patterns.
    fn specialize<'c>(&self, row: &[&'c Cover], fields: &[usize]) -> Vec<Row<'c>> {
        let (first, rest) = (row[0], &row[1..]);
        let covers = match (self, first) {
            (_, Cover::Any) => true,
            (_, Cover::Either(covers)) => {
                let rows = covers.iter().map(|cover| [&[cover], rest].concat());
                return rows.flat_map(|row| self.specialize(&row, fields)).collect();
            }
            (Atom::Segment(segment), Cover::Range(start, end)) => segment.lies_in(start.as_ref(), end.as_ref()),
            (Atom::Null, Cover::Null) | (Atom::Record, Cover::Record(_)) => true,
            (_, Cover::Range(..) | Cover::Null | Cover::Record(_)) => false,
        };
        let given: &[(usize, Cover)] = if let Cover::Record(given) = first { given } else { &[] };
        let field = |at: &usize| given.iter().find(|(field, _)| field == at).map_or(&Cover::Any, |(_, cover)| cover);
        let inner: Row<'c> = fields.iter().map(field).collect();
        if covers { vec![[&inner, rest].concat()] } else { Vec::new() }
    }

    /// The example of which the first columns are this part.
    fn put_together(&self, mut example: Example, domain: &Domain, fields: &[usize]) -> Example {
        let rest = example.split_off(fields.len());
        let first = match (self, &domain.values) {
            (Atom::Null, _) => "null".to_string(),
            (Atom::Nan, _) => "NaN".to_string(),
            (Atom::Segment(segment), Values::Ordered(kind)) => segment.pattern(kind),
            (Atom::Record, Values::Record(domains)) => {
                let field = |(at, example): (&usize, &String)| format!("{}: {example}", spell(&domains[*at].0));
                let fields: Vec<String> = fields.iter().zip(&example).map(field).collect();
                if fields.is_empty() { "_".to_string() } else { format!("{{{}}}", fields.join(", ")) }
            }
            (Atom::Segment(_) | Atom::Record | Atom::Other, _) => "_".to_string(),
        };
        [vec![first], rest].concat()
    }
}
