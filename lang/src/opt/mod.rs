//! Rules that rewrite a plan into one that does the same with less work.
//!
//! A rule never changes the rows, their order, the schema of a statement or the error of a run. What makes that easy is
//! call by need: a definition evaluates nothing by itself, so moving or dropping one changes no error. Only a *demander*
//! (filter, sort, aggregate) can fail, and so a rule looks at what it moves across a demander. Rules read what stages
//! and functions declare (effects, types), never their names.
//!
//! Before the first rule, what statements share is copied, so that every stage has one user and a rule may rewrite it in
//! place: streams run once per use in any case.

mod constant_folding;
mod count_rows;
mod dead_columns;
mod dead_stages;
mod first_row;
mod identities;
mod mark_join;
mod merge_slices;
mod push_filter;
mod push_slice;
mod rewrite;
mod top_k;
mod tree;
mod unseen_order;

use crate::catalog::Catalog;
use crate::ir::Plan;
use crate::ir::verify::verify;
use std::sync::Arc;

/// A rewrite of plans. Every stage of the plan that it gets has one user.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name: that of its file and of its test.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    /// Rewrites the plan as far as it goes; whether it changed anything.
    pub apply: fn(&mut Plan, &Catalog) -> bool,
}

/// All rules in the order in which they are applied.
pub const RULES: [Rule; 12] = [
    // First, for it takes away conditions and definitions that the others would have to move.
    constant_folding::RULE,
    // Behind `constant_folding`, which leaves the operands that it looks at.
    identities::RULE,
    // Before `top_k`: between a sort and a slice a filter hides the one from the other.
    push_filter::RULE,
    // Behind `push_filter`, which takes other conditions out of the way.
    mark_join::RULE,
    // Before `push_slice`, for it makes slices.
    first_row::RULE,
    // Before `merge_slices` and `top_k`, which then meet slices where they were not.
    push_slice::RULE,
    // Before `top_k`, which then meets one slice.
    merge_slices::RULE,
    // Behind `push_filter`, see there.
    top_k::RULE,
    // Behind `push_filter`, which takes filters out of the way.
    unseen_order::RULE,
    // Before `dead_columns`, for it leaves a column without users.
    count_rows::RULE,
    // Behind all that leaves columns without users or keys without a say.
    dead_stages::RULE,
    // Last, for the others leave columns behind that nobody uses any more.
    dead_columns::RULE,
];

/// How often all rules are applied at most. Each goes as far as it can by itself, so that more than three rounds are
/// rare; the bound is there so that two rules which undo each other cost time and not the run.
const MOST_ROUNDS: usize = 8;

/// Which rules are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSet {
    enabled: [bool; RULES.len()],
    verified: bool,
}

impl RuleSet {
    /// All rules. The plan is verified after each in debug builds.
    pub fn all() -> RuleSet {
        RuleSet { enabled: [true; RULES.len()], verified: cfg!(debug_assertions) }
    }

    /// No rule: the plan is executed as the checker made it.
    pub fn none() -> RuleSet {
        RuleSet { enabled: [false; RULES.len()], ..RuleSet::all() }
    }

    /// One rule; none if there is none of that name.
    pub fn only(name: &str) -> Option<RuleSet> {
        position(name).map(|at| RuleSet::none().switched(at, true))
    }

    /// All but one rule; none if there is none of that name.
    pub fn without(name: &str) -> Option<RuleSet> {
        position(name).map(|at| RuleSet::all().switched(at, false))
    }

    /// The same with the plan verified after each rule, in release builds too.
    pub fn verified(mut self) -> RuleSet {
        self.verified = true;
        self
    }

    fn switched(mut self, at: usize, on: bool) -> RuleSet {
        self.enabled[at] = on;
        self
    }
}

fn position(name: &str) -> Option<usize> {
    RULES.iter().position(|rule| rule.name == name)
}

/// The plan with the enabled rules applied until none changes it any more. A plan that a rule leaves violating
/// [`verify`] is our bug and ends in a panic that names the rule.
pub fn optimize(mut plan: Plan, catalog: &Catalog, rules: &RuleSet) -> Plan {
    for subquery in &mut plan.subqueries {
        subquery.plan = Arc::new(optimize((*subquery.plan).clone(), catalog, rules));
    }
    if !rules.enabled.contains(&true) || !tree::unshare(&mut plan) {
        return plan;
    }
    check(&plan, catalog, rules, "copying what is shared");
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        for (rule, _) in RULES.iter().zip(rules.enabled).filter(|(_, enabled)| *enabled) {
            if (rule.apply)(&mut plan, catalog) {
                changed = true;
                check(&plan, catalog, rules, rule.name);
            }
        }
        if !changed {
            break;
        }
    }
    plan
}

fn check(plan: &Plan, catalog: &Catalog, rules: &RuleSet, step: &str) {
    if !rules.verified {
        return;
    }
    if let Err(errors) = verify(plan, catalog) {
        let text = crate::ir::print::print(plan, catalog);
        panic!("{step} left a plan that is not right:\n{}\n{text}", errors.join("\n"));
    }
}

#[cfg(test)]
mod tests;
