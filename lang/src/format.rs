//! The formats of values in texts, `f"{x:>10,.2}"`: how they are written and what they do to a text that is finished but
//! for its width. The checker reads them to find mistakes, the functions of the runtime to apply them.

use std::fmt;

/// `[[fill]align][0][width][,][.decimals][%|x|e]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    fill: char,
    align: Option<Align>,
    zeros: bool,
    width: usize,
    /// Whether thousands are told apart by commas.
    pub thousands: bool,
    /// How many decimals.
    pub decimals: Option<usize>,
    /// How a number is written.
    pub form: Form,
}

/// Where the text stands in its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Center,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// `%`: a hundred times as much, with `%` behind it.
    Percent,
    /// `x`: hexadecimal.
    Hexadecimal,
    /// `e`: with an exponent.
    Exponent,
}

/// What a format can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// An int.
    Int,
    /// A float.
    Float,
    /// Any other text.
    Text,
}

const MOST_WIDTH: usize = 1000;
const MOST_DECIMALS: usize = 100;

impl Format {
    /// The format that a text spells, or why it is none.
    pub fn parse(text: &str, of: For) -> Result<Format, String> {
        let mut rest = text;
        let (fill, align) = fill_and_align(&mut rest);
        let zeros = rest.starts_with('0') && rest.len() > 1;
        let width = number(&mut rest, "a width", MOST_WIDTH)?.unwrap_or(0);
        let thousands = take(&mut rest, ',');
        let decimals = match take(&mut rest, '.') {
            true => Some(
                number(&mut rest, "a number of decimals", MOST_DECIMALS)?
                    .ok_or("`.` wants a number of decimals behind it")?,
            ),
            false => None,
        };
        let form = match rest {
            "" => Form::Plain,
            "%" => Form::Percent,
            "x" => Form::Hexadecimal,
            "e" => Form::Exponent,
            other => {
                return Err(format!("what does `{other}` mean? such as `.2`, `,`, `05`, `>10`, `.1%`, `x`, `.2e`"));
            }
        };
        let format = Format { fill, align, zeros, width, thousands, decimals, form };
        format.fits(of)?;
        Ok(format)
    }

    fn fits(&self, of: For) -> Result<(), String> {
        let of_numbers = self.thousands || self.decimals.is_some() || self.zeros || self.form != Form::Plain;
        match (of, self.form) {
            (For::Text, _) if of_numbers => {
                Err("of this a format says only where it stands and how wide: `>10`".into())
            }
            (For::Float, Form::Hexadecimal) => Err("`x` is for ints".into()),
            (_, Form::Hexadecimal) if self.thousands || self.decimals.is_some() => {
                Err("`x` goes with neither `,` nor decimals".into())
            }
            (_, Form::Exponent) if self.thousands => Err("`e` does not go with `,`".into()),
            (For::Int | For::Float | For::Text, _) => Ok(()),
        }
    }

    /// A text in its width: a number to the right unless it says otherwise, zeros behind its sign.
    pub fn pad(&self, text: &str, is_number: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.zeros && is_number && self.align.is_none() {
            let digits = text.trim_start_matches('-');
            return format!("{}{}{digits}", &text[..text.len() - digits.len()], "0".repeat(missing));
        }
        let before = match self.align {
            Some(Align::Left) => 0,
            Some(Align::Center) => missing / 2,
            Some(Align::Right) => missing,
            None => {
                if is_number {
                    missing
                } else {
                    0
                }
            }
        };
        let fill = |count| std::iter::repeat_n(self.fill, count);
        fill(before).chain(text.chars()).chain(fill(missing - before)).collect()
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Form::Plain => "",
            Form::Percent => "%",
            Form::Hexadecimal => "x",
            Form::Exponent => "e",
        })
    }
}

fn fill_and_align(rest: &mut &str) -> (char, Option<Align>) {
    let align = |c: char| match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        _ => None,
    };
    let mut chars = rest.chars();
    let (first, second) = (chars.next(), chars.next());
    match (first, first.and_then(align), second.and_then(align)) {
        (Some(fill), _, found @ Some(_)) => {
            *rest = &rest[fill.len_utf8() + 1..];
            (fill, found)
        }
        (Some(_), found @ Some(_), None) => {
            *rest = &rest[1..];
            (' ', found)
        }
        _ => (' ', None),
    }
}

fn take(rest: &mut &str, c: char) -> bool {
    let found = rest.strip_prefix(c);
    *rest = found.unwrap_or(rest);
    found.is_some()
}

fn number(rest: &mut &str, what: &str, most: usize) -> Result<Option<usize>, String> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    match digits.parse::<usize>() {
        Ok(number) if number <= most => Ok(Some(number)),
        Err(_) if digits.is_empty() => Ok(None),
        Ok(_) | Err(_) => Err(format!("{digits} is too large for {what}: at most {most}")),
    }
}
