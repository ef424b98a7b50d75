//! What a row says for which an assertion does not hold.

use super::expr::{Evaluator, Row};
use crate::error::{RowError, RowFault};
use crate::json;
use pipelang_lang::ir::Assertion;
use pipelang_lang::scalar::Scalar;
use std::sync::Arc;

/// So much of a value is shown.
const LONGEST: usize = 60;

impl Evaluator<'_> {
    /// Fails where the condition is not true: with the message, and the values that the condition looked at, as far as
    /// there are some.
    pub fn assert(&self, assertion: &Assertion, row: &dyn Row) -> Result<(), Arc<RowError>> {
        if self.holds(assertion.predicate, row)? {
            return Ok(());
        }
        let message = match assertion.message.map(|message| self.eval(message, row)) {
            Some(Ok(Scalar::String(text))) => Some(text.to_string()),
            Some(_) | None => None,
        };
        let values: Vec<String> = assertion
            .shown
            .iter()
            .filter_map(|(name, expr)| {
                let value = self.eval(*expr, row).ok()?;
                let text = json::text(&value, &self.plan.exprs.ty(*expr).kind);
                Some(format!("{name} is {}", shortened(&text)))
            })
            .collect();
        let fault = RowFault::Assertion { site: assertion.site, message, values: values.join(", ") };
        Err(Arc::new(RowError { fault, place: row.place() }))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}
