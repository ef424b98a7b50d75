//! Bytes to tokens: they come in order, within the text, on the borders of characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::syntax::lexer;

fuzz_target!(|text: &str| {
    let lexed = lexer::lex(SourceId(0), text);
    let tokens: Vec<Span> = lexed.tokens.iter().map(|(_, span)| *span).collect();
    for spans in [&tokens, &lexed.comments] {
        assert!(spans.iter().all(|span| text.get(span.range()).is_some()));
        assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
});
