//! Formats of dates and times in letters, `YYYY-MM-DD HH24:MI:SS` and `yyyy-MM-dd HH:mm:ss`, and the same in Pipe.

/// What stands for a part of a date elsewhere, and what does here; of two that begin alike the longer one stands first.
const WORDS: &[(&str, &str)] = &[
    ("YYYY", "%Y"),
    ("yyyy", "%Y"),
    ("YY", "%y"),
    ("yy", "%y"),
    ("Month", "%B"),
    ("MMMM", "%B"),
    ("Mon", "%b"),
    ("MMM", "%b"),
    ("MM", "%m"),
    ("MI", "%M"),
    ("mi", "%M"),
    ("mm", "%M"),
    ("DDD", "%j"),
    ("DD", "%d"),
    ("dd", "%d"),
    ("Day", "%A"),
    ("EEEE", "%A"),
    ("dddd", "%A"),
    ("Dy", "%a"),
    ("EEE", "%a"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("HH", "%H"),
    ("hh24", "%H"),
    ("hh", "%I"),
    ("SS", "%S"),
    ("ss", "%S"),
    ("AM", "%p"),
    ("PM", "%p"),
];

/// A format in letters as Pipe writes it; none if there is anything else in it.
pub fn date_format(format: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), format);
    while let Some(first) = rest.chars().next() {
        match meant(rest, &out, format) {
            Some((length, meant)) => {
                out.push_str(meant);
                rest = &rest[length..];
            }
            // The `T` between a date and a time is one everywhere.
            None if first.is_ascii_alphanumeric() && first != 'T' || first == '%' => return None,
            None => {
                out.extend(Some(first).filter(|c| *c != '\''));
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out.contains('%').then_some(out)
}

/// The word that `rest` begins with: how long it is, and what is meant after what stands before it.
fn meant(rest: &str, before: &str, format: &str) -> Option<(usize, &'static str)> {
    let (word, meant) = WORDS.iter().find(|(word, _)| rest.starts_with(word))?;
    let meant = match *word {
        // Months that stand where minutes do: `HH:MM`.
        "MM" if before.ends_with("%H:") || before.ends_with("%I:") => "%M",
        // And minutes where months do: `yyyy-mm-dd`.
        "mm" if !before.contains("%H") && !before.contains("%I") => "%m",
        // Half a day, unless it says nowhere which half.
        "hh" if !format.contains(['A', 'a', 'P', 'p']) => "%H",
        _ => meant,
    };
    Some((word.len(), meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_in_letters() {
        let known = [
            ("YYYY-MM", "%Y-%m"),
            ("yyyy-MM-dd'T'HH:mm:ss", "%Y-%m-%dT%H:%M:%S"),
            ("DD.MM.YY HH24:MI:SS", "%d.%m.%y %H:%M:%S"),
            ("YYYY-MM-DD HH:MM:SS", "%Y-%m-%d %H:%M:%S"),
            ("yyyy-mm-dd", "%Y-%m-%d"),
            ("hh:mm AM", "%I:%M %p"),
        ];
        for (theirs, ours) in known {
            assert_eq!(date_format(theirs).as_deref(), Some(ours), "{theirs}");
        }
        assert_eq!(date_format("week WW"), None);
        assert_eq!(date_format("%Y-%m"), None);
        assert_eq!(date_format("-"), None);
    }
}
