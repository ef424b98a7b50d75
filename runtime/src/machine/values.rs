//! The instructions on values: what takes and gives scalars, lists and texts.

use super::code::{Code, Instruction, List, NEVER, Reduction, Value, unwrap};
use crate::batch::Column;
use crate::builtins::Functions;
use pipelang_lang::scalar::{self, Items, Scalar};
use pipelang_lang::ty::Type;
use std::sync::Arc;

/// The values and lists in the making of a frame.
pub struct Values<'a> {
    /// What it runs.
    pub code: &'a Code,
    /// The functions of the catalog.
    pub functions: &'a Functions,
    /// Its values.
    pub values: &'a mut [Scalar],
    /// Its lists in the making.
    pub lists: &'a mut [Items],
    /// How many bytes were made since it was last looked how many there are.
    pub made: &'a mut u64,
}

impl Values<'_> {
    fn get(&self, value: Value) -> &Scalar {
        &self.values[value.0 as usize]
    }

    fn set(&mut self, to: Value, value: Scalar) {
        self.values[to.0 as usize] = value;
    }

    fn making(&mut self, list: List) -> &mut Items {
        &mut self.lists[list.0 as usize]
    }

    /// The next item of a list, or false at its end.
    pub fn item(&mut self, to: Value, list: Value, at: &mut u64) -> bool {
        let Scalar::List(items) = self.get(list) else { return false };
        let Some(item) = items.get(*at as usize).cloned() else { return false };
        *at += 1;
        self.set(to, item);
        true
    }

    /// Does an operation that is not on words alone; false if it has no result.
    #[inline(never)]
    pub fn run(&mut self, instruction: Instruction, words: &mut [u64]) -> bool {
        let word = |words: &[u64], word: super::code::Word| words[word.0 as usize];
        let (to, result) = match instruction {
            Instruction::IsNull { to, value } => {
                words[to.0 as usize] = u64::from(*self.get(value) == Scalar::Null);
                return true;
            }
            Instruction::CompareValue { op, to, a, b } => {
                words[to.0 as usize] = u64::from(scalar::compare(op, self.get(a), self.get(b)));
                return true;
            }
            Instruction::Unwrap { to, null, from } => {
                let bits = unwrap(self.get(from));
                words[to.0 as usize] = bits.unwrap_or(0);
                if null != NEVER {
                    words[null.0 as usize] = u64::from(bits.is_none());
                }
                return true;
            }
            Instruction::Begin { list } => {
                self.making(list).clear();
                return true;
            }
            Instruction::Push { list, item } => {
                let item = self.get(item).clone();
                *self.made += size_of::<Scalar>() as u64;
                return self.making(list).push(item).is_ok();
            }
            Instruction::Extend { list, items } => {
                let Scalar::List(items) = self.get(items).clone() else { return true };
                *self.made += size_of_val(&*items) as u64;
                return self.making(list).extend(&items).is_ok();
            }
            Instruction::CopyValue { to, from } => (to, Some(self.get(from).clone())),
            Instruction::Null { to } => (to, Some(Scalar::Null)),
            Instruction::Constant { to, at } => (to, Some(self.code.scalars[at as usize].clone())),
            Instruction::Wrap { to, word: from, null, kind } => {
                let is_null = word(words, null) != 0;
                (to, Some(if is_null { Scalar::Null } else { kind.wrap(word(words, from)) }))
            }
            Instruction::Arithmetic { op, to, a, b } => (to, scalar::arithmetic(op, self.get(a), self.get(b)).ok()),
            Instruction::Before { to, list, at } => (to, Some(self.cut(list, |items| &items[..last(words, at)]))),
            Instruction::Since { to, list, at } => (to, Some(self.cut(list, |items| &items[last(words, at)..]))),
            operation => return self.make(operation),
        };
        self.put(to, result)
    }

    fn put(&mut self, to: Value, result: Option<Scalar>) -> bool {
        match result {
            Some(value) => {
                *self.made += own_size(&value);
                self.set(to, value);
                true
            }
            None => false,
        }
    }

    fn cut(&self, list: Value, part: impl Fn(&[Scalar]) -> &[Scalar]) -> Scalar {
        match self.get(list) {
            Scalar::List(items) => Scalar::List(part(items).into()),
            _null => Scalar::Null,
        }
    }

    fn operands(&self, at: u32) -> Vec<Scalar> {
        self.code.operands[at as usize].iter().map(|value| self.get(*value).clone()).collect()
    }

    /// What a reducer makes of lists, which have one length; none where that is too large.
    fn reduce(&self, reduction: &Reduction) -> Option<Scalar> {
        let mut rows = 0;
        for (operand, is_list) in &reduction.operands {
            match self.get(*operand) {
                Scalar::List(items) => rows = items.len(),
                Scalar::Null if *is_list => return Some(Scalar::Null),
                _constant => {}
            }
        }
        let column = |((operand, is_list), ty): (&(Value, bool), &Type)| match self.get(*operand) {
            Scalar::List(items) if *is_list => Column::from_scalars(&ty.kind, items),
            constant => Column::from_scalars(&ty.kind, &vec![constant.clone(); rows]),
        };
        let columns: Vec<Column> = reduction.operands.iter().zip(&reduction.types).map(column).collect();
        reduction.reducer.reduce(&reduction.types, &columns, rows).ok()
    }

    /// Does an operation that makes a value of values.
    fn make(&mut self, instruction: Instruction) -> bool {
        let (to, result) = match instruction {
            Instruction::Narrow { to, from } => match self.get(from) {
                Scalar::Wide(sum) => (to, scalar::narrow(*sum).ok().map(Scalar::Int)),
                _null => (to, Some(Scalar::Null)),
            },
            Instruction::Function { function, to, operands } => {
                let operands = self.operands(operands);
                match operands.contains(&Scalar::Null) {
                    true => (to, Some(Scalar::Null)),
                    false => (to, (self.functions.get(function).def.body)(&operands).ok()),
                }
            }
            Instruction::Reduce { to, reduction } => (to, self.reduce(&self.code.reductions[reduction as usize])),
            Instruction::List { to, operands } => (to, Scalar::List(self.operands(operands).into()).checked().ok()),
            Instruction::Record { to, operands } => (to, Scalar::Record(self.operands(operands).into()).checked().ok()),
            Instruction::Map { to, keys, operands } => {
                let keys = self.code.keys[keys as usize].iter().cloned();
                (to, Scalar::Map(keys.zip(self.operands(operands)).collect()).checked().ok())
            }
            Instruction::Field { to, record, at } => match self.get(record) {
                Scalar::Record(fields) => (to, Some(fields[at as usize].clone())),
                _null => (to, Some(Scalar::Null)),
            },
            Instruction::Index { to, value, index, or_null } => {
                let found = find(self.get(value), self.get(index));
                (to, if or_null { Some(found.unwrap_or(Scalar::Null)) } else { found })
            }
            Instruction::Sort { to, list, keys, descending } => {
                (to, Some(sorted(self.get(list), self.get(keys), descending)))
            }
            Instruction::Finish { to, list } => (to, Some(self.making(list).take())),
            other => unreachable!("{other:?} is executed elsewhere"),
        };
        self.put(to, result)
    }
}

/// How many bytes a value takes that others do not share with it.
fn own_size(value: &Scalar) -> u64 {
    match value {
        Scalar::String(text) | Scalar::Json(text) => text.len() as u64,
        Scalar::List(items) | Scalar::Record(items) => size_of_val(&**items) as u64,
        Scalar::Map(entries) => size_of_val(&**entries) as u64,
        _ => 0,
    }
}

/// The items of a list in the order of their keys.
fn sorted(list: &Scalar, keys: &Scalar, descending: bool) -> Scalar {
    let (Scalar::List(items), Scalar::List(keys)) = (list, keys) else { return Scalar::Null };
    let mut sorted: Vec<(&Scalar, &Scalar)> = keys.iter().zip(&**items).collect();
    sorted.sort_by(|a, b| scalar::sort_order(a.0, b.0, descending));
    Scalar::List(sorted.into_iter().map(|(_, item)| item.clone()).collect())
}

/// The position of the item that was last had.
fn last(words: &[u64], at: super::code::Word) -> usize {
    words[at.0 as usize] as usize - 1
}

/// An item of a list or value of a map, null if either is null; none if there is nothing.
fn find(value: &Scalar, index: &Scalar) -> Option<Scalar> {
    match (value, index) {
        (Scalar::List(items), Scalar::Int(at)) => scalar::item(items, *at).cloned(),
        (Scalar::Map(entries), Scalar::String(key)) => {
            entries.iter().find(|(known, _): &&(Arc<str>, Scalar)| known == key).map(|(_, value)| value.clone())
        }
        _null => Some(Scalar::Null),
    }
}
