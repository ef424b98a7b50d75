//! What the phases of the compiler make of a script, as text.

use crate::engine::Engine;
use pipelang_lang::check::Parameters;
use pipelang_lang::ir::print;
use pipelang_lang::opt::RULES;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::{self, tree};
use std::fmt::Write as _;

/// What each phase of the compiler made of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phases {
    /// The tokens as the grammar reads them, one a line, with their bytes.
    pub tokens: String,
    /// The tree, a statement a line.
    pub tree: String,
    /// The plan as the script has it; nothing if the script is wrong.
    pub plan: Option<String>,
    /// The plan after all rules.
    pub optimized: Option<String>,
}

/// What the phases make of a script. Whatever is wrong in it, there are tokens and a tree.
pub fn phases(engine: &Engine, name: &str, text: &str, parameters: &Parameters) -> Phases {
    let compiled = engine.script(name, text, parameters).ok();
    let catalog = &engine.inner().registry.catalog;
    let plans = compiled.as_ref().map(|script| (script.written(), script.plan()));
    Phases {
        tokens: tokens_text(text),
        tree: tree_text(text),
        plan: plans.map(|(written, _)| print::print(written, catalog)),
        optimized: plans.map(|(_, optimized)| print::print(optimized, catalog)),
    }
}

/// The rules of the optimizer in the order in which they are applied, one a line, each with what it does.
pub fn rules_text() -> String {
    let widest = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    RULES.iter().map(|rule| format!("{:widest$}  {}\n", rule.name, rule.what)).collect()
}

/// The tokens of a script as the grammar reads them, one a line, with their bytes.
pub fn tokens_text(text: &str) -> String {
    let mut tokens = String::new();
    for (token, span) in syntax::tokens(SourceId(0), text).tokens {
        let _ = writeln!(tokens, "{:>5}..{:<5} {token:?}", span.start, span.end);
    }
    tokens
}

/// The tree of a script, a statement a line.
pub fn tree_text(text: &str) -> String {
    format!("{}\n", tree::script(&syntax::parse(SourceId(0), text).0))
}
