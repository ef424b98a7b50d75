//! Types and schemas.

use std::fmt;
use std::sync::Arc;

/// What a value is, nullability aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// 64-bit signed integer, checked.
    Int,
    /// IEEE 754 double.
    Float,
    /// UTF-8 text.
    String,
    /// Bytes.
    Bytes,
    /// A day of the proleptic Gregorian calendar.
    Date,
    /// A UTC instant in microseconds.
    DateTime,
    /// An exact length of time in microseconds.
    Duration,
    /// The exact 128-bit sum of ints before it is checked. No script can name or see it.
    Wide,
    /// A list.
    List(Arc<Type>),
    /// A record.
    Record(Arc<Schema>),
    /// String keys to values.
    Map(Arc<Type>),
    /// Dynamic JSON.
    Json,
    /// A type of the host, by its name: what its values are, only the host's functions know.
    Opaque(Arc<str>),
    /// The type of a bare `null`, which fits every `T?`.
    Null,
    /// The type of what has been reported already; it fits everything and says nothing.
    Unknown,
}

impl Kind {
    /// The types that it is made of: what a list or a map holds, the fields of a record.
    pub fn parts(&self) -> impl Iterator<Item = &Type> {
        let (held, fields) = match self {
            Kind::List(held) | Kind::Map(held) => (Some(&**held), &[][..]),
            Kind::Record(schema) => (None, schema.fields.as_slice()),
            Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Bytes | Kind::Json => (None, &[][..]),
            Kind::Opaque(_) => (None, &[][..]),
            Kind::Date | Kind::DateTime | Kind::Duration => (None, &[][..]),
            Kind::Wide | Kind::Null | Kind::Unknown => (None, &[][..]),
        };
        held.into_iter().chain(fields.iter().map(|field| &field.ty))
    }

    /// The name of a type of the host that it is or that is in it, if there is one.
    pub fn opaque(&self) -> Option<&str> {
        match self {
            Kind::Opaque(name) => Some(name),
            kind => kind.parts().find_map(|part| part.kind.opaque()),
        }
    }
}

/// A kind, with or without null: `int`, `int?`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What it is when it is not null.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
}

impl Type {
    /// `bool`
    pub const BOOL: Type = Type { kind: Kind::Bool, nullable: false };
    /// `int`
    pub const INT: Type = Type { kind: Kind::Int, nullable: false };
    /// `float`
    pub const FLOAT: Type = Type { kind: Kind::Float, nullable: false };
    /// `string`
    pub const STRING: Type = Type { kind: Kind::String, nullable: false };
    /// `date`
    pub const DATE: Type = Type { kind: Kind::Date, nullable: false };
    /// `datetime`
    pub const DATETIME: Type = Type { kind: Kind::DateTime, nullable: false };
    /// `duration`
    pub const DURATION: Type = Type { kind: Kind::Duration, nullable: false };
    /// `json`
    pub const JSON: Type = Type { kind: Kind::Json, nullable: false };
    /// The type of `null`.
    pub const NULL: Type = Type { kind: Kind::Null, nullable: true };
    /// Reported already.
    pub const UNKNOWN: Type = Type { kind: Kind::Unknown, nullable: false };

    /// The type of that kind without null.
    pub fn of(kind: Kind) -> Type {
        Type { kind, nullable: false }
    }

    /// `[item]`
    pub fn list(item: Type) -> Type {
        Type::of(Kind::List(Arc::new(item)))
    }

    /// `map<value>`
    pub fn map(value: Type) -> Type {
        Type::of(Kind::Map(Arc::new(value)))
    }

    /// A record.
    pub fn record(schema: Schema) -> Type {
        Type::of(Kind::Record(Arc::new(schema)))
    }

    /// `T?`
    pub fn or_null(mut self) -> Type {
        self.nullable = true;
        self
    }

    /// `T` of a `T?`.
    pub fn without_null(mut self) -> Type {
        self.nullable = false;
        self
    }

    /// `T?` if `nullable`, else unchanged.
    pub fn or_null_if(mut self, nullable: bool) -> Type {
        self.nullable |= nullable;
        self
    }

    /// Whether arithmetic takes it.
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, Kind::Int | Kind::Float)
    }

    /// Whether it has been reported already.
    pub fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Whether a value of this type may stand where `wanted` is wanted without a conversion (`T` for `T?`, `null` for
    /// any `T?`). Int to float is a conversion and not counted here.
    pub fn fits(&self, wanted: &Type) -> bool {
        self.is_unknown()
            || wanted.is_unknown()
            || ((self.kind == wanted.kind || self.kind == Kind::Null) && (wanted.nullable || !self.nullable))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("bool"),
            Kind::Int => f.write_str("int"),
            Kind::Float => f.write_str("float"),
            Kind::String => f.write_str("string"),
            Kind::Bytes => f.write_str("bytes"),
            Kind::Date => f.write_str("date"),
            Kind::DateTime => f.write_str("datetime"),
            Kind::Duration => f.write_str("duration"),
            Kind::Wide => f.write_str("wide"),
            Kind::List(item) => write!(f, "[{item}]"),
            Kind::Record(schema) => write!(f, "{schema}"),
            Kind::Map(value) => write!(f, "map<{value}>"),
            Kind::Json => f.write_str("json"),
            Kind::Opaque(name) => f.write_str(name),
            Kind::Null => f.write_str("null"),
            Kind::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (&self.kind, self.nullable) {
            (Kind::Null, _) | (_, false) => write!(f, "{}", self.kind),
            (kind, true) => write!(f, "{kind}?"),
        }
    }
}

/// One column of a schema or field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name, any text.
    pub name: Arc<str>,
    /// The type.
    pub ty: Type,
}

/// Columns or fields in order; names are distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    /// The fields.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The position of a name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }
}

/// A name as a script spells it: in backticks unless it is an identifier that is not reserved.
pub fn spell(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !RESERVED.contains(&name) { name.to_string() } else { format!("`{name}`") }
}

/// The reserved words of `language.md`, section 1.
pub const RESERVED: [&str; 15] =
    ["let", "fn", "if", "else", "match", "in", "and", "or", "not", "true", "false", "null", "it", "by", "on"];

/// A name as `names: "snake"` spells it. A word begins behind what is no letter or digit, at a capital behind a small
/// letter or digit, and at the last capital of several that goes on in small letters. What would be no name, or a reserved
/// one, has a `_` before it.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    let mut is_apart = false;
    for (at, char) in chars.iter().enumerate() {
        if !char.is_alphanumeric() {
            is_apart = true;
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let goes_on_small = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = char.is_uppercase()
            && before.is_some_and(|c| c.is_lowercase() || c.is_numeric() || c.is_uppercase() && goes_on_small);
        if (is_apart || begins) && !snake.is_empty() {
            snake.push('_');
        }
        is_apart = false;
        snake.extend(char.to_lowercase());
    }
    if snake.starts_with(|first: char| first.is_numeric()) || RESERVED.contains(&&*snake) {
        snake.insert(0, '_');
    }
    snake
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("{")?;
        for (at, field) in self.fields.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{}: {}", spell(&field.name), field.ty)?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_they_are_written() {
        let field = |name: &str, ty| Field { name: name.into(), ty };
        let schema = Schema { fields: vec![field("a", Type::INT.or_null()), field("Order Date", Type::DATE)] };
        assert_eq!(schema.to_string(), "{a: int?, `Order Date`: date}");
        assert_eq!(
            Type::of(Kind::List(Arc::new(Type::of(Kind::Record(Arc::new(schema)))))).to_string(),
            "[{a: int?, `Order Date`: date}]"
        );
        assert_eq!(spell("by"), "`by`");
    }

    #[test]
    fn null_fits_only_nullable() {
        assert!(Type::NULL.fits(&Type::INT.or_null()));
        assert!(!Type::NULL.fits(&Type::INT));
        assert!(Type::INT.fits(&Type::INT.or_null()));
        assert!(!Type::INT.or_null().fits(&Type::INT));
        assert!(!Type::INT.fits(&Type::FLOAT));
    }
}
