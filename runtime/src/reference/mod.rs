//! The oracle: the meaning of plans, row at a time, obvious and slow. Everything else is held to it.

pub mod expr;
