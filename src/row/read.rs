//! Results read into any type that serde can build: a struct field by field from the columns of the same names, a map or
//! a `serde_json::Value` from all columns.
//!
//! What a struct wants is found out when a program is compiled, by building one from made-up values.

use super::{Cell, CellMismatch, Field, FieldKind, FromRow, Items, ResultRow, Schema};
use serde_core::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde_core::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde_core::forward_to_deserialize_any;
use std::fmt::{self, Display};

impl<T: DeserializeOwned> FromRow for T {
    fn wanted() -> Option<Schema> {
        let mut probe = Probe { schema: None };
        // A type that made-up values do not fit still says which fields it has.
        let _ = T::deserialize(&mut probe);
        probe.schema
    }

    fn from_row(row: &ResultRow<'_>) -> Result<T, CellMismatch> {
        T::deserialize(RowDeserializer(row)).map_err(|Error(mismatch)| mismatch)
    }
}

/// Why a value could not be built.
#[derive(Debug)]
struct Error(CellMismatch);

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Error {
        let (found, wanted) = ("a value".to_string(), format!("the type ({message})"));
        Error(CellMismatch { column: String::new(), found, wanted: wanted.into() })
    }

    fn invalid_type(_: de::Unexpected, wanted: &dyn de::Expected) -> Error {
        Error(CellMismatch { column: String::new(), found: String::new(), wanted: wanted.to_string().into() })
    }

    fn invalid_value(found: de::Unexpected, wanted: &dyn de::Expected) -> Error {
        Error::invalid_type(found, wanted)
    }
}

/// A row as a map from names to values.
struct RowDeserializer<'a>(&'a ResultRow<'a>);

impl<'de> Deserializer<'de> for RowDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Columns { row: self.0, next: 0 })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Columns<'a> {
    row: &'a ResultRow<'a>,
    next: usize,
}

impl<'de> MapAccess<'de> for Columns<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.row.name(self.next) else { return Ok(None) };
        let key: StrDeserializer<Error> = name.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let field = self.next;
        self.next += 1;
        self.row.with(field, |cell| {
            seed.deserialize(CellDeserializer(cell)).map_err(|Error(mismatch)| {
                let column = self.row.name(field).unwrap_or_default().to_string();
                let found = if mismatch.found.is_empty() { cell.to_string() } else { mismatch.found };
                Error(CellMismatch { column, found, ..mismatch })
            })
        })
    }
}

struct CellDeserializer<'a>(Cell<'a>);

impl<'de> Deserializer<'de> for CellDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cell::Null => visitor.visit_unit(),
            Cell::Bool(x) => visitor.visit_bool(x),
            Cell::Int(x) => visitor.visit_i64(x),
            Cell::Float(x) => visitor.visit_f64(x),
            Cell::String(x) => visitor.visit_str(x),
            Cell::Date(_) | Cell::DateTime(_) | Cell::Duration(_) => visitor.visit_str(&self.0.to_string()),
            Cell::Bytes(x) => visitor.visit_bytes(x),
            // By a reader, since nothing can borrow from the cell.
            Cell::Json(text) => {
                serde_json::Deserializer::from_reader(text.as_bytes()).deserialize_any(visitor).map_err(of_json)
            }
            Cell::List(items) => visitor.visit_seq(Values { items, next: 0 }),
            Cell::Record(items) | Cell::Map(items) => visitor.visit_map(Values { items, next: 0 }),
            Cell::Host(_) | Cell::Unfit(_) => Err(de::Error::invalid_type(de::Unexpected::Other(""), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cell::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Cell::String(name) => {
                let variant: StrDeserializer<Error> = name.into_deserializer();
                visitor.visit_enum(variant)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// What is in a list, a record or a map.
struct Values<'a> {
    items: Items<'a>,
    next: usize,
}

impl Values<'_> {
    fn read<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let at = self.next;
        self.next += 1;
        seed.deserialize(CellDeserializer(self.items.at(at)))
    }
}

impl<'de> SeqAccess<'de> for Values<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.next == self.items.len() { Ok(None) } else { self.read(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

impl<'de> MapAccess<'de> for Values<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.items.name(self.next) else { return Ok(None) };
        let key: StrDeserializer<Error> = name.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.read(seed)
    }
}

fn of_json(error: serde_json::Error) -> Error {
    de::Error::custom(error)
}

/// Finds out which fields a type has.
struct Probe {
    /// None as long as it has asked for no struct: then it takes what there is.
    schema: Option<Schema>,
}

impl<'de> Deserializer<'de> for &mut Probe {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { probe: self, next: 0 })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let field = |name: &&str| Field { name: name.to_string(), kind: FieldKind::Any, nullable: true };
        self.schema = Some(Schema::new(name, fields.iter().map(field).collect()));
        visitor.visit_map(Fields { probe: self, next: 0 })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields<'a> {
    probe: &'a mut Probe,
    next: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let fields = self.probe.schema.as_ref().map(|schema| &schema.fields);
        let Some(field) = fields.and_then(|fields| fields.get(self.next)) else { return Ok(None) };
        let key: StrDeserializer<Error> = field.name.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let fields = self.probe.schema.as_mut().map(|schema| &mut schema.fields);
        let field = fields.and_then(|fields| fields.get_mut(self.next)).expect("there was a key");
        self.next += 1;
        let read = seed.deserialize(FieldProbe { field: &mut *field, is_optional: false });
        if read.is_err() {
            // It wants certain values, such as the text of a date.
            field.kind = FieldKind::Any;
        }
        read
    }
}

/// Gives made-up values, and notes what was asked for.
struct FieldProbe<'a> {
    field: &'a mut Field,
    is_optional: bool,
}

impl FieldProbe<'_> {
    fn is(self, kind: FieldKind) {
        self.field.kind = kind;
        self.field.nullable = self.is_optional;
    }
}

/// What is asked for, of which kind it is, and what is given.
macro_rules! probes {
    ($($method:ident $kind:ident $visit:ident $value:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.is(FieldKind::$kind);
            visitor.$visit($value)
        }
    )*};
}

impl<'de> Deserializer<'de> for FieldProbe<'_> {
    type Error = Error;

    probes! {
        deserialize_bool Bool visit_bool true;
        deserialize_i8 Int visit_i8 1;
        deserialize_i16 Int visit_i16 1;
        deserialize_i32 Int visit_i32 1;
        deserialize_i64 Int visit_i64 1;
        deserialize_u8 Int visit_u8 1;
        deserialize_u16 Int visit_u16 1;
        deserialize_u32 Int visit_u32 1;
        deserialize_u64 Int visit_u64 1;
        deserialize_f32 Float visit_f32 1.0;
        deserialize_f64 Float visit_f64 1.0;
        deserialize_char String visit_char 'a';
        deserialize_str String visit_str "a";
        deserialize_string String visit_str "a";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(FieldProbe { is_optional: true, ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::<_, Error>::new(std::iter::empty::<()>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::<_, Error>::new(std::iter::empty::<((), ())>()))
    }

    forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct struct enum identifier ignored_any
    }
}
