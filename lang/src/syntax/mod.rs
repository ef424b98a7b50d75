//! Text to tree. Parsing never fails: it recovers at the next stage or statement and gives a tree with holes, and
//! everything that was wrong. The only place with logos and chumsky.

pub mod ast;
