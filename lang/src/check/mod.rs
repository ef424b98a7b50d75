//! Tree to plan: names, types and elaboration in one walk.
