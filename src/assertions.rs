//! The tests of a script: each assertion's statements are run as any others are, and what they give is compared here.

use crate::report::Report;
use crate::script::{RunSettings, Script};
use pipelang_lang::check::{Claim, Test};
use pipelang_lang::codes::E0605;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_runtime::batch::Batch;
use pipelang_runtime::exec::{Encoded, Sink};
use pipelang_runtime::formats::jsonl;

/// So much of a value is shown.
const LONGEST: usize = 120;

/// The compiled tests of a script.
///
/// ```
/// let text = "fn double(x: int) -> int { x + x }\ntest \"doubling\" { assert_eq(double(2), 5) }";
/// let tests = pipelang::Engine::default().tests("double.pipe", text, &Default::default())?;
/// let report = tests.run(0, &pipelang::RunSettings::default()).unwrap_err();
/// assert!(report.to_string().contains("this is 4"));
/// # Ok::<(), pipelang::Report>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tests {
    script: Script,
    list: Vec<Test>,
}

impl Tests {
    pub(crate) fn new(script: Script, list: Vec<Test>) -> Tests {
        Tests { script, list }
    }

    /// What they are called, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|test| &*test.name)
    }

    /// What is suspicious about the script.
    pub fn warnings(&self) -> &Report {
        self.script.warnings()
    }

    /// Runs a test, up to the first assertion that fails (E0605), or whose rows do.
    pub fn run(&self, test: usize, settings: &RunSettings) -> Result<(), Report> {
        self.list[test].assertions.iter().try_for_each(|claim| match self.failure(claim, settings)? {
            None => Ok(()),
            Some(failure) => Err(Report::new(vec![failure], self.script.sources().clone())),
        })
    }

    /// What is wrong with what an assertion claims.
    fn failure(&self, claim: &Claim, settings: &RunSettings) -> Result<Option<Diagnostic>, Report> {
        match claim {
            Claim::Holds { condition, message, operands } => {
                if self.rows(*condition, settings)?.value() == Some(Scalar::Bool(true)) {
                    return Ok(None);
                }
                let diagnostic = Diagnostic::error(E0605, self.place(*condition), "this does not hold");
                let mut diagnostic = match operands {
                    Some((left, sign, right)) => {
                        let (left, right) = (self.rows(*left, settings)?, self.rows(*right, settings)?);
                        diagnostic.saying(format!("{} {sign} {}", left.text(0), right.text(0)))
                    }
                    None => diagnostic,
                };
                if let Some(message) = message
                    && let Some(Scalar::String(text)) = self.rows(*message, settings)?.value()
                {
                    diagnostic.message = shortened(&text);
                }
                Ok(Some(diagnostic))
            }
            Claim::Equal { left, right } => {
                let (mut a, mut b) = (self.rows(*left, settings)?, self.rows(*right, settings)?);
                match (a.is_one_value, b.is_one_value) {
                    (true, false) => a.unpack(),
                    (false, true) => b.unpack(),
                    (true, true) | (false, false) => {}
                }
                let most = a.count.max(b.count);
                let Some(row) = (0..most).find(|row| !same_row(a.row(*row), b.row(*row))) else { return Ok(None) };
                let says = |rows: &Rows| match (rows.is_one_value, row < rows.count) {
                    (true, _) => format!("this is {}", rows.text(0)),
                    (false, true) => format!("row {} is {}", row + 1, rows.text(row)),
                    (false, false) => format!("there are {} rows", rows.count),
                };
                let diagnostic = Diagnostic::error(E0605, self.place(*left), "these are not equal");
                Ok(Some(diagnostic.saying(says(&a)).label(self.place(*right), says(&b))))
            }
        }
    }

    fn place(&self, statement: usize) -> pipelang_lang::source::Span {
        self.script.plan().statements[statement].span
    }

    /// All rows of a statement.
    fn rows(&self, statement: usize, settings: &RunSettings) -> Result<Rows<'_>, Report> {
        let mut batches = Vec::new();
        let mut accept = |encoded: Encoded| {
            if let Encoded::Rows(batch) = encoded {
                batches.push(batch);
            }
            Ok(())
        };
        let sink = Sink { encode: &Encoded::Rows, accept: &mut accept };
        self.script.run(statement, &self.script.tables(&[]), settings, sink)?;
        let batch = Batch::concat(&batches);
        let count = batch.as_ref().map_or(0, |batch| batch.rows);
        let shape = self.script.plan().statements[statement].shape;
        let is_one_value = shape == pipelang_lang::ir::Shape::Scalar;
        Ok(Rows { script: &self.script, statement, batch, items: None, count, is_one_value })
    }
}

/// What a statement gave.
struct Rows<'a> {
    script: &'a Script,
    statement: usize,
    batch: Option<Batch>,
    /// The items of the one value as rows, if it is a list that is compared with rows.
    items: Option<Vec<Vec<Scalar>>>,
    count: usize,
    is_one_value: bool,
}

impl Rows<'_> {
    /// The values of a row.
    fn row(&self, row: usize) -> Option<Vec<Scalar>> {
        if let Some(items) = &self.items {
            return items.get(row).cloned();
        }
        let batch = self.batch.as_ref().filter(|batch| row < batch.rows)?;
        Some(batch.columns.iter().map(|column| column.get(row)).collect())
    }

    /// The items of the only value take the place of the row.
    fn unpack(&mut self) {
        let Some(Scalar::List(items)) = self.value() else { return };
        let row = |item: &Scalar| match item {
            Scalar::Record(fields) => fields.to_vec(),
            item => vec![item.clone()],
        };
        self.count = items.len();
        self.items = Some(items.iter().map(row).collect());
    }

    /// The only value.
    fn value(&self) -> Option<Scalar> {
        self.row(0)?.into_iter().next()
    }

    /// A row as JSON.
    fn text(&self, row: usize) -> String {
        let Some(batch) = &self.batch else { return "nothing".to_string() };
        let statement = &self.script.plan().statements[self.statement];
        let schema = self.script.plan().schema(statement.node);
        let line = jsonl::rows(&schema, statement.shape, &batch.slice(row, 1));
        shortened(String::from_utf8_lossy(&line).trim_end())
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

fn same_row(a: Option<Vec<Scalar>>, b: Option<Vec<Scalar>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| is_same(a, b)),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Whether two values are equal as keys are: NaN is NaN. An int is the float that it converts to.
fn is_same(a: &Scalar, b: &Scalar) -> bool {
    let all = |a: &[Scalar], b: &[Scalar]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b));
    match (a, b) {
        (Scalar::Float(a), Scalar::Float(b)) => a == b || a.is_nan() && b.is_nan(),
        (Scalar::Int(a), Scalar::Float(b)) | (Scalar::Float(b), Scalar::Int(a)) => *a as f64 == *b,
        (Scalar::List(a), Scalar::List(b)) | (Scalar::Record(a), Scalar::Record(b)) => all(a, b),
        (Scalar::Map(a), Scalar::Map(b)) => {
            let has = |(key, value): &(_, Scalar)| b.iter().any(|(other, of)| other == key && is_same(value, of));
            a.len() == b.len() && a.iter().all(has)
        }
        (a, b) => a == b,
    }
}
