//! Templates of `parse`: fixed text with holes, `"{ip} - {_} [{time}] {status:int}"`. A hole takes the shortest text up to
//! the fixed text behind it, the last one the rest; both ends of the text are met. No hole can be the better for being
//! longer: the next one takes whatever is left. So it is a row of searches, and never goes back.

use std::sync::Arc;

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What stands before the first hole.
    pub before: String,
    /// The holes, each with the fixed text behind it; only the last may have none.
    pub holes: Vec<(Hole, String)>,
}

/// What a hole becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The column; none of `{_}`.
    pub name: Option<Arc<str>>,
    /// The name of its type; text if there is none.
    pub ty: Option<Arc<str>>,
    /// Whether what is no value of that type is null.
    pub or_null: bool,
}

impl Template {
    /// Reads a template. The error says what is wrong, and at which byte.
    pub fn parse(text: &str) -> Result<Template, (usize, String)> {
        let (mut before, mut holes) = (String::new(), Vec::<(Hole, String)>::new());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let at = text.len() - rest.len();
            let has_holes = !holes.is_empty();
            let fixed = holes.last_mut().map_or(&mut before, |(_, behind)| behind);
            if let Some(brace) = ["{{", "}}"].into_iter().find(|brace| rest.starts_with(brace)) {
                fixed.push(c);
                rest = &rest[brace.len()..];
            } else if c == '{' {
                if has_holes && fixed.is_empty() {
                    return Err((at, "two holes need text between them".into()));
                }
                let end = rest.find('}').ok_or_else(|| (at, "this hole has no `}`".to_string()))?;
                holes.push((hole(&rest[1..end]).map_err(|message| (at, message))?, String::new()));
                rest = &rest[end + 1..];
            } else if c == '}' {
                return Err((at, "a `}` by itself is written `}}`".into()));
            } else {
                fixed.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        Ok(Template { before, holes })
    }

    /// What the holes take of a text, `{_}` among them; none if it does not fit.
    pub fn take<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut rest = text.strip_prefix(&*self.before)?;
        let Some(((_, last), others)) = self.holes.split_last() else { return rest.is_empty().then(Vec::new) };
        let mut taken = Vec::with_capacity(self.holes.len());
        for (_, behind) in others {
            let at = rest.find(&**behind)?;
            taken.push(&rest[..at]);
            rest = &rest[at + behind.len()..];
        }
        taken.push(rest.strip_suffix(&**last)?);
        Some(taken)
    }
}

/// `status:int?`
fn hole(text: &str) -> Result<Hole, String> {
    let (name, ty) = match text.split_once(':') {
        Some((name, ty)) => (name.trim(), Some(ty.trim())),
        None => (text.trim(), None),
    };
    let is_name = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.is_empty() || !is_name(name) {
        return Err(format!("`{name}` is no name of a column"));
    }
    let (ty, or_null) = match ty.map(|ty| ty.strip_suffix('?').map_or((ty, false), |ty| (ty, true))) {
        Some((ty, or_null)) => (Some(ty.into()), or_null),
        None => (None, false),
    };
    Ok(Hole { name: (name != "_").then(|| name.into()), ty, or_null })
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn take<'t>(template: &str, text: &'t str) -> Option<Vec<&'t str>> {
        Template::parse(template).expect(template).take(text)
    }

    #[test]
    fn holes_are_short_and_both_ends_are_met() {
        assert_eq!(take("{a} {b}", "x y z"), Some(vec!["x", "y z"]));
        assert_eq!(take("{a}:{b}.", "x:y.z."), Some(vec!["x", "y.z"]));
        assert_eq!(take("[{a}]", "[]"), Some(vec![""]));
        assert_eq!(take("[{a}]", "["), None);
        assert_eq!(take("{a}--{b}", "a-b"), None);
        assert_eq!(take("same", "same"), Some(vec![]));
        assert_eq!(take("same", "samee"), None);
        assert_eq!(take("{{{a}}}", "{1}"), Some(vec!["1"]));
        assert_eq!(take("ä{a}ö", "äxö"), Some(vec!["x"]));
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (text, at) in [("{a}{b}", 3), ("{a", 0), ("x}", 1), ("{1a}", 0), ("{}", 0)] {
            assert_eq!(Template::parse(text).expect_err(text).0, at, "{text}");
        }
    }
}
