//! The grammar of Pipe for tree-sitter. The parser is generated from `grammar.js`.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_pipe() -> *const ();
}

/// The language, for [`tree_sitter::Parser::set_language`](https://docs.rs/tree-sitter).
pub const LANGUAGE: LanguageFn =
    // SAFETY: the function is the one that tree-sitter generated for this grammar.
    unsafe { LanguageFn::from_raw(tree_sitter_pipe) };

/// The queries for colours.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
