//! How the answers to the questions of `tests/cases/real` are compared with DuckDB's: cell by cell, but for what
//! `agreed.txt` lists. A difference that is listed and not there any more is a fault too.

use std::fs;

/// A difference from DuckDB that is meant, of one case.
enum Difference {
    /// `digits`: floats are the same to 1e-12 of their size.
    Digits,
    /// `order`: the rows are the same in another order.
    Order,
    /// `column NAME: OURS for THEIRS`, where `nothing` is an empty cell.
    Column { name: String, ours: String, theirs: String },
}

/// What is wrong with our answer to a question, given DuckDB's.
pub fn difference(case: &str, ours: &str, theirs: &str) -> Option<String> {
    let agreed = agreed(case);
    if let Some(fault) = compare(ours, theirs, &agreed.iter().collect::<Vec<_>>()) {
        return Some(fault);
    }
    for (left_out, _) in agreed.iter().enumerate() {
        let rest: Vec<_> = agreed.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, one)| one).collect();
        if compare(ours, theirs, &rest).is_none() {
            return Some(format!("difference {} of `{case}` in agreed.txt is not there", left_out + 1));
        }
    }
    None
}

/// The differences of a case, from lines of the form `case  difference  # reason`.
fn agreed(case: &str) -> Vec<Difference> {
    let text = fs::read_to_string("tests/cases/real/agreed.txt").expect("the list is committed");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of_case = lines.filter_map(|line| {
        let (what, _reason) = line.split_once('#')?;
        what.split_once(' ').filter(|(name, _)| *name == case).map(|(_, what)| what.trim())
    });
    of_case
        .map(|what| match what {
            "digits" => Difference::Digits,
            "order" => Difference::Order,
            _ => column(what).unwrap_or_else(|| panic!("agreed.txt: `{what}` is no difference")),
        })
        .collect()
}

fn column(what: &str) -> Option<Difference> {
    let (name, values) = what.strip_prefix("column ")?.split_once(": ")?;
    let (ours, theirs) = values.split_once(" for ")?;
    let value = |text: &str| if text == "nothing" { String::new() } else { text.to_string() };
    Some(Difference::Column { name: name.to_string(), ours: value(ours), theirs: value(theirs) })
}

fn compare(ours: &str, theirs: &str, agreed: &[&Difference]) -> Option<String> {
    let (mut our_rows, mut their_rows) = (rows(ours), rows(theirs));
    if our_rows.first() != their_rows.first() {
        return Some(format!("columns {:?}, expected {:?}", our_rows.first(), their_rows.first()));
    }
    if our_rows.len() != their_rows.len() {
        return Some(format!("{} lines, expected {}", our_rows.len(), their_rows.len()));
    }
    let names = our_rows.first()?.clone();
    if agreed.iter().any(|one| matches!(one, Difference::Order)) {
        our_rows.sort();
        their_rows.sort();
    }
    our_rows.iter().zip(&their_rows).find_map(|(ours, theirs)| {
        let same = ours.len() == theirs.len()
            && names.iter().zip(ours.iter().zip(theirs)).all(|(name, (ours, theirs))| {
                ours == theirs || same_number(ours, theirs) || agreed.iter().any(|one| one.covers(name, ours, theirs))
            });
        (!same).then(|| format!("row {ours:?}, expected {theirs:?}"))
    })
}

/// DuckDB does not always print the digits that are nearest to a float, only enough of them.
fn same_number(ours: &str, theirs: &str) -> bool {
    matches!((ours.parse::<f64>(), theirs.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

impl Difference {
    fn covers(&self, column: &str, ours: &str, theirs: &str) -> bool {
        match self {
            Difference::Digits => match (ours.parse::<f64>(), theirs.parse::<f64>()) {
                (Ok(a), Ok(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
                _ => false,
            },
            Difference::Order => false,
            Difference::Column { name, ours: mine, theirs: other } => name == column && mine == ours && other == theirs,
        }
    }
}

/// The cells of a CSV file, as they are spelt: a quoted empty text is not the same as nothing.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    for character in text.trim_end_matches('\n').chars() {
        let row = rows.last_mut().expect("there is a row from the start");
        match character {
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            _ => {
                quoted ^= character == '"';
                row.last_mut().expect("there is a cell from the start").push(character);
            }
        }
    }
    rows
}
