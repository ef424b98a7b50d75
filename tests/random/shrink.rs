//! Makes a failing program small: leaves out statements, stages, definitions, rows and parts of expressions as long as
//! it goes on failing.

use super::program::Program;
use super::run::{Failure, Place, check};

/// How many smaller programs are tried.
const TRIES: usize = 600;

/// The smallest failing program that was found, and how it fails.
pub fn shrink(program: Program, failure: Failure, place: &Place) -> (Program, Failure) {
    if failure.config.is_none() {
        return (program, failure);
    }
    let mut best = Best { program, failure, place, tries: 0 };
    loop {
        let before = best.size();
        best.without_statements();
        best.without_stages();
        best.without_records();
        best.with_simpler_texts();
        if best.size() >= before || best.tries >= TRIES {
            return (best.program, best.failure);
        }
    }
}

struct Best<'a> {
    program: Program,
    failure: Failure,
    place: &'a Place,
    tries: usize,
}

impl Best<'_> {
    fn size(&self) -> usize {
        let rows: usize = self.program.tables.iter().map(|table| table.text().len()).sum();
        self.program.script("").len() + rows
    }

    /// Takes a smaller program if it fails too. One that does not compile proves nothing.
    fn attempt(&mut self, smaller: Program) -> bool {
        self.tries += 1;
        if self.tries > TRIES {
            return false;
        }
        let configurations: Vec<_> = self.failure.config.as_deref().cloned().into_iter().collect();
        match check(&smaller, self.place, &configurations) {
            Err(failure) if failure.what == self.failure.what => {
                (self.program, self.failure) = (smaller, failure);
                true
            }
            Err(_) | Ok(_) => false,
        }
    }

    fn without_statements(&mut self) {
        for at in (0..self.program.statements.len()).rev() {
            let mut smaller = self.program.clone();
            smaller.statements.remove(at);
            self.attempt(smaller);
        }
        for at in (0..self.program.definitions.len()).rev() {
            let mut smaller = self.program.clone();
            smaller.definitions.remove(at);
            self.attempt(smaller);
        }
    }

    fn without_stages(&mut self) {
        for statement in 0..self.program.statements.len() {
            for stage in (0..self.program.statements[statement].stages.len()).rev() {
                let mut smaller = self.program.clone();
                smaller.statements[statement].stages.remove(stage);
                self.attempt(smaller);
            }
            let mut smaller = self.program.clone();
            smaller.statements[statement].after.clear();
            smaller.statements[statement].before.retain(|c| c != '(');
            self.attempt(smaller);
        }
    }

    fn without_records(&mut self) {
        for table in 0..self.program.tables.len() {
            let mut length = self.program.tables[table].records.len().div_ceil(2);
            while length > 0 {
                let mut from = 0;
                while from < self.program.tables[table].records.len() {
                    let mut smaller = self.program.clone();
                    let records = &mut smaller.tables[table].records;
                    records.drain(from..(from + length).min(records.len()));
                    if !self.attempt(smaller) {
                        from += length;
                    }
                }
                length /= 2;
            }
        }
    }

    /// Puts simple values where expressions stand in parentheses, and leaves out arguments behind commas.
    fn with_simpler_texts(&mut self) {
        for statement in 0..self.program.statements.len() {
            for stage in 0..self.program.statements[statement].stages.len() {
                let mut at = 0;
                loop {
                    let text = self.program.statements[statement].stages[stage].clone();
                    let Some(start) = text[at..].find(['(', ',']).map(|found| at + found) else { break };
                    at = start + 1;
                    for simpler in simpler(&text, start) {
                        let mut smaller = self.program.clone();
                        smaller.statements[statement].stages[stage] = simpler;
                        if self.attempt(smaller) {
                            at = 0;
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// The text with what begins at a bracket or comma simplified.
fn simpler(text: &str, start: usize) -> Vec<String> {
    let mut depth = 0;
    let end = text[start..].char_indices().find_map(|(at, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        let closed =
            if text[start..].starts_with('(') { depth == 0 } else { depth < 0 || depth == 0 && at > 0 && c == ',' };
        closed.then_some(start + at)
    });
    if text[start..].starts_with(',') {
        return vec![format!("{}{}", &text[..start], &text[end.unwrap_or(text.len())..])];
    }
    let Some(end) = end else { return Vec::new() };
    let is_call = text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let inside = &text[start + 1..end];
    // A call is replaced whole; the name before it belongs to it.
    let name = if is_call {
        text[..start].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1)
    } else {
        start
    };
    let mut values = vec!["1", "true", "1.5", "null", "\"\""];
    if is_call {
        values.insert(0, inside);
    }
    let shorter = values.into_iter().filter(|value| value.len() < end + 1 - name);
    shorter.map(|value| format!("{}{value}{}", &text[..name], &text[end + 1..])).collect()
}
