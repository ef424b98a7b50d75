//! What the columns of JSON records are: the keys in order of first appearance, each with the type that a sample of its
//! values suggests, or that `schema:` says.
//!
//! All inferred types are nullable, inside of records and lists too. Text stays text, int beside float is float, and a
//! number of more than 64 bits is one; whatever else is mixed is `json`, and so is what is always null or empty, and a
//! nested record of more than [`MOST_KEYS`] keys.

use super::options::JsonOptions;
use super::text::{Json, Node};
use crate::error::RunError;
use crate::formats::cell;
use crate::formats::csv::infer::report;
use crate::formats::csv::open::clash;
use crate::formats::names::Spelling;
use pipelang_lang::catalog::{Effect, ReadPolicy, ReadRequest, TableInfo};
use pipelang_lang::codes::E0205;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// How many keys a nested record may have; one with more is rather a map, and read as `json`.
const MOST_KEYS: usize = 200;

/// What the values of a column have in common so far.
#[derive(Clone, Debug)]
enum Guess {
    Nothing,
    Bool,
    Int,
    Float,
    String,
    List(Box<Guess>),
    Record(Keys),
    Json,
}

/// The keys that were seen, in order.
#[derive(Clone, Debug, Default)]
struct Keys {
    guesses: Vec<(Arc<str>, Guess)>,
    places: HashMap<Arc<str>, usize>,
}

impl Keys {
    fn add(&mut self, key: &str, node: &Node) {
        let at = match self.places.get(key) {
            Some(at) => *at,
            None => {
                let key: Arc<str> = key.into();
                self.places.insert(key.clone(), self.guesses.len());
                self.guesses.push((key, Guess::Nothing));
                self.guesses.len() - 1
            }
        };
        self.guesses[at].1.add(node);
    }

    fn fields(&self) -> Vec<Field> {
        self.guesses.iter().map(|(name, guess)| Field { name: name.clone(), ty: guess.ty() }).collect()
    }
}

impl Guess {
    fn add(&mut self, node: &Node) {
        match (&mut *self, &node.value) {
            (_, Json::Null) | (Guess::Json, _) | (Guess::Bool, Json::Bool(_)) | (Guess::String, Json::Text(_)) => {}
            (Guess::Int | Guess::Float, Json::Number(text)) => {
                if cell::read_int(text).is_none() {
                    *self = Guess::Float;
                }
            }
            (Guess::List(item), Json::List(items)) => items.iter().for_each(|node| item.add(node)),
            (Guess::Record(keys), Json::Record(fields)) => {
                fields.iter().for_each(|(key, node)| keys.add(key, node));
                if keys.guesses.len() > MOST_KEYS {
                    *self = Guess::Json;
                }
            }
            (Guess::Nothing, value) => {
                *self = match value {
                    Json::Null => Guess::Nothing,
                    Json::Bool(_) => Guess::Bool,
                    Json::Number(_) => Guess::Int,
                    Json::Text(_) => Guess::String,
                    Json::List(_) => Guess::List(Box::new(Guess::Nothing)),
                    Json::Record(_) => Guess::Record(Keys::default()),
                };
                self.add(node);
            }
            (
                Guess::Bool | Guess::Int | Guess::Float | Guess::String | Guess::List(_) | Guess::Record(_),
                Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) | Json::Record(_),
            ) => *self = Guess::Json,
        }
    }

    fn ty(&self) -> Type {
        match self {
            Guess::Bool => Type::BOOL,
            Guess::Int => Type::INT,
            Guess::Float => Type::FLOAT,
            Guess::String => Type::STRING,
            Guess::List(item) => Type::list(item.ty()),
            Guess::Record(keys) if !keys.guesses.is_empty() => Type::record(Schema { fields: keys.fields() }),
            Guess::Nothing | Guess::Record(_) | Guess::Json => Type::JSON,
        }
        .or_null()
    }
}

/// The type in which values of two types are read: `json` where they have nothing in common.
pub fn join(a: &Type, b: &Type) -> Option<Type> {
    let kind = match (&a.kind, &b.kind) {
        (Kind::Null, Kind::Null) => Kind::Json,
        (Kind::Null, kind) | (kind, Kind::Null) => kind.clone(),
        (a, b) if a == b => a.clone(),
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
        (Kind::List(a), Kind::List(b)) => Kind::List(Arc::new(join(a, b)?)),
        (Kind::Record(a), Kind::Record(b)) => Kind::Record(Arc::new(join_records(a, b)?)),
        (_, _) => Kind::Json,
    };
    Some(Type { kind, nullable: a.nullable || b.nullable })
}

fn join_records(a: &Schema, b: &Schema) -> Option<Schema> {
    let mut fields = a.fields.clone();
    for field in &b.fields {
        match a.position(&field.name) {
            Some(at) => fields[at].ty = join(&fields[at].ty, &field.ty)?,
            None => fields.push(field.clone()),
        }
    }
    for field in &mut fields {
        field.ty.nullable |= a.position(&field.name).is_none() || b.position(&field.name).is_none();
    }
    Some(Schema { fields })
}

/// The column of records that are no objects.
pub const VALUE: &str = "value";

/// The records that were looked at.
#[derive(Debug)]
pub struct Sample {
    is_objects: bool,
    keys: Keys,
    spelling: Spelling,
    /// What the file calls each column, where names are spelled in another way.
    spelled: HashMap<String, String>,
    /// Two keys that are the same in that spelling, and what they are then.
    clash: Option<[String; 3]>,
}

impl Sample {
    /// A sample without records. Of objects each key is a column; other values stand in one column.
    pub fn new(is_objects: bool, options: &JsonOptions) -> Sample {
        let (keys, spelling) = (Keys::default(), options.spelling);
        Sample { is_objects, keys, spelling, spelled: HashMap::new(), clash: None }
    }

    /// Looks at a record. One of the other sort is an error where it is read; here it is passed over.
    pub fn add(&mut self, node: &Node) {
        match &node.value {
            Json::Record(fields) if self.is_objects => fields.iter().for_each(|(key, node)| self.add_key(key, node)),
            _ if self.is_objects => {}
            _ => self.keys.add(VALUE, node),
        }
    }

    fn add_key(&mut self, key: &str, node: &Node) {
        if self.spelling == Spelling::AsWritten {
            return self.keys.add(key, node);
        }
        let name = self.spelling.of(key);
        self.keys.add(&name, node);
        match self.spelled.get(&name) {
            Some(other) if other != key => {
                self.clash.get_or_insert_with(|| [other.clone(), key.to_string(), name]);
            }
            Some(_) => {}
            None => _ = self.spelled.insert(name, key.to_string()),
        }
    }

    /// The table of which this is a sample: what is declared, and the rest as it seems to be.
    pub fn table(
        &self,
        format: &'static str,
        request: &ReadRequest,
        options: &JsonOptions,
    ) -> Result<TableInfo, Box<Diagnostic>> {
        match &self.clash {
            Some([first, second, name]) => {
                let message = clash(first, second, name);
                Err(Box::new(report(RunError::Outside { code: E0205, message }, request)))
            }
            None => Ok(self.known(format, options)),
        }
    }

    fn known(&self, format: &'static str, options: &JsonOptions) -> TableInfo {
        let schema = options.schema.as_ref();
        let (declared, is_open) = schema.map_or((&[][..], true), |(schema, is_open)| (&schema.fields[..], *is_open));
        if !is_open {
            return table_of(declared.to_vec(), format, false, options);
        }
        let places: HashMap<&str, &Field> = declared.iter().map(|field| (&*field.name, field)).collect();
        let typed = |field: Field| places.get(&*field.name).map_or(field, |declared| (*declared).clone());
        let mut fields: Vec<Field> = self.keys.fields().into_iter().map(typed).collect();
        for (field, (_, guess)) in fields.iter_mut().zip(&self.keys.guesses) {
            // Another file may know more.
            if matches!(guess, Guess::Nothing) && !places.contains_key(&*field.name) {
                field.ty = Type::NULL;
            }
        }
        fields.extend(declared.iter().filter(|field| !self.keys.places.contains_key(&field.name)).cloned());
        table_of(fields, format, true, options)
    }
}

fn table_of(mut fields: Vec<Field>, format: &'static str, is_open: bool, options: &JsonOptions) -> TableInfo {
    if options.policy == ReadPolicy::Null {
        fields.iter_mut().for_each(|field| field.ty.nullable = true);
    }
    TableInfo { inferred: is_open, is_open, ..TableInfo::new(format, Schema { fields }, Effect::MayFail) }
}
