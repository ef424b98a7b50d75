//! Where the stages of a script stand: errors of a run say which of them they happen in.

use super::ast;
use super::nodes::Node;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The stages of a script and of what it imports.
#[derive(Clone, Debug, Default)]
pub struct StagePlaces(Vec<(Span, String)>);

impl StagePlaces {
    /// The stages of some trees.
    pub fn of<'a>(trees: impl Iterator<Item = &'a ast::Script>) -> StagePlaces {
        let mut places = Vec::new();
        for tree in trees {
            tree.walk(&mut |node| {
                if let Node::Stage(stage) = node {
                    let words: Vec<&str> = stage.name.iter().map(|name| &*name.text).collect();
                    places.push((stage.span, words.join("::")));
                }
            });
        }
        StagePlaces(places)
    }

    /// The name of the innermost stage around a place.
    pub fn around(&self, place: Span) -> Option<&str> {
        let holds = |stage: Span| stage.source == place.source && stage.start <= place.start && place.end <= stage.end;
        // The outer stand before the inner.
        self.0.iter().rfind(|(stage, _)| holds(*stage)).map(|(_, name)| name.as_str())
    }

    /// Says of an error the stage that it is in: in a function outside of stages, the one that called it.
    pub fn name(&self, diagnostic: &mut Diagnostic) {
        let places = diagnostic.primary.iter().chain(&diagnostic.labels);
        diagnostic.stage = places.map(|label| label.span).find_map(|place| self.around(place)).map(str::to_string);
    }
}
