//! Rules that rewrite a plan.
