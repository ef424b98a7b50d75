//! Lists, records, maps, what is in them, and bodies over the items of a list, which are loops.

use super::code::{Instruction, List, NEVER, Place, Reduction, Value, Word};
use super::compile::Compiler;
use crate::reducers::reducers;
use pipelang_lang::catalog::ReducerId;
use pipelang_lang::ir::{ColumnId, Each, Expr, ExprId};
use pipelang_lang::ty::{Kind, Type};

/// A loop over the items of a list.
struct Items {
    list: Value,
    /// How many items were had.
    at: Word,
    top: u32,
    end: u32,
    /// The item.
    item: Value,
}

impl Compiler<'_> {
    /// The values of some operands, for the side table.
    pub(super) fn operands(&mut self, operands: &[ExprId]) -> u32 {
        let values = operands.iter().map(|operand| self.value(*operand)).collect();
        self.code.operands.push(values);
        self.code.operands.len() as u32 - 1
    }

    /// An expression that makes something nested or looks into it.
    pub(super) fn nested(&mut self, expr: &Expr, ty: &Type) -> Place {
        match expr {
            Expr::List(items) => {
                let (operands, to) = (self.operands(items), self.code.new_value());
                self.emit(Instruction::List { to, operands });
                Place::Value(to)
            }
            Expr::Record(_, values) => {
                let (operands, to) = (self.operands(values), self.code.new_value());
                self.emit(Instruction::Record { to, operands });
                Place::Value(to)
            }
            Expr::Map(keys, values) => {
                let (operands, to) = (self.operands(values), self.code.new_value());
                self.code.keys.push(keys.clone());
                let keys = self.code.keys.len() as u32 - 1;
                self.emit(Instruction::Map { to, keys, operands });
                Place::Value(to)
            }
            Expr::Field(record, at) => {
                let (record, to) = (self.value(*record), self.code.new_value());
                self.emit(Instruction::Field { to, record, at: *at });
                self.unboxed(to, ty)
            }
            Expr::Index { value, index, or_null } => {
                let (value, index) = (self.value(*value), self.value(*index));
                let to = self.code.new_value();
                self.emit(Instruction::Index { to, value, index, or_null: *or_null });
                self.unboxed(to, ty)
            }
            Expr::Reduce(reducer, operands) => self.reduce(*reducer, operands, ty),
            Expr::Each { each, list, item, body } => self.each(*each, *list, (*item, *body), ty),
            Expr::Fold { list, init, state, item, next, scan } => {
                self.fold((*list, *init), (*state, *item), *next, *scan, ty)
            }
            other => unreachable!("{other:?} is compiled elsewhere"),
        }
    }

    /// A reducer over lists.
    fn reduce(&mut self, reducer: ReducerId, operands: &[ExprId], ty: &Type) -> Place {
        let reducer = reducers().get(reducer).clone();
        let lists = operands.len() - usize::from(reducer.def.constant.is_some());
        let (mut types, mut places) = (Vec::new(), Vec::new());
        for (at, operand) in operands.iter().enumerate() {
            types.push(match &self.ty(*operand).kind {
                Kind::List(item) if at < lists => (**item).clone(),
                _constant => self.ty(*operand).clone(),
            });
            places.push((self.value(*operand), at < lists));
        }
        self.code.reductions.push(Reduction { reducer, types: types.into(), operands: places.into() });
        let to = self.code.new_value();
        self.emit(Instruction::Reduce { to, reduction: self.code.reductions.len() as u32 - 1 });
        self.unboxed(to, ty)
    }

    /// Begins a loop over the items of a list.
    fn begin_items(&mut self, list: Value, column: ColumnId) -> (Items, usize) {
        let (at, item) = (self.code.new_word(), self.code.new_value());
        self.emit(Instruction::Copy { to: at, from: NEVER });
        let mark = self.mark();
        let end = self.emit(Instruction::Item { to: item, list, at, target: 0 });
        let place = self.unboxed(item, &self.plan.column(column).ty);
        self.columns.insert(column, place);
        (Items { list, at, top: end, end, item }, mark)
    }

    /// Ends it: goes on here when there are no more items.
    fn end_items(&mut self, items: &Items, mark: usize) {
        self.emit(Instruction::Loop { target: items.top });
        self.forget(mark);
        self.land(&[items.end]);
    }

    /// Makes the result null where a list is, and gives the jump of that case.
    fn null_list(&mut self, place: Place, ty: &Type, result: Place) -> Option<u32> {
        let null = self.is_null(place, ty)?;
        self.move_to(result, Place::Null);
        Some(self.emit(Instruction::JumpIf { condition: null, target: 0 }))
    }

    fn each(&mut self, each: Each, list: ExprId, (column, body): (ColumnId, ExprId), ty: &Type) -> Place {
        let place = self.expr(list);
        let Place::Value(value) = place else { return Place::Null };
        let result = self.place_for(ty);
        let skip = self.null_list(place, self.ty(list), result);
        match each {
            Each::Map | Each::FlatMap | Each::Filter | Each::Sort | Each::SortDescending => {
                let made = self.code.new_list();
                self.emit(Instruction::Begin { list: made });
                let (items, mark) = self.begin_items(value, column);
                self.collect(each, body, &items, made);
                self.end_items(&items, mark);
                let to = self.code.new_value();
                self.emit(Instruction::Finish { to, list: made });
                if matches!(each, Each::Sort | Each::SortDescending) {
                    let descending = each == Each::SortDescending;
                    self.emit(Instruction::Sort { to, list: value, keys: to, descending });
                }
                self.move_to(result, Place::Value(to));
            }
            Each::TakeWhile | Each::SkipWhile => self.split(each, value, (column, body), result),
        }
        self.land(skip.as_slice());
        result
    }

    /// What is done with an item whose list becomes another one.
    fn collect(&mut self, each: Each, body: ExprId, items: &Items, made: List) {
        match each {
            Each::FlatMap => {
                let items = self.value(body);
                self.emit(Instruction::Extend { list: made, items });
            }
            Each::Filter => {
                let (jumps, _) = self.unless(body);
                self.emit(Instruction::Push { list: made, item: items.item });
                self.land(&jumps);
            }
            Each::Map | Each::Sort | Each::SortDescending | Each::TakeWhile | Each::SkipWhile => {
                let item = self.value(body);
                self.emit(Instruction::Push { list: made, item });
            }
        }
    }

    /// The items before or from the first one on for which the body is not true.
    fn split(&mut self, each: Each, list: Value, (column, body): (ColumnId, ExprId), result: Place) {
        let to = self.code.new_value();
        let (items, mark) = self.begin_items(list, column);
        let (jumps, _) = self.unless(body);
        self.end_items(&items, mark);
        // All of them: nothing comes behind.
        if each == Each::TakeWhile {
            self.emit(Instruction::CopyValue { to, from: list });
        } else {
            self.code.operands.push(Box::default());
            self.emit(Instruction::List { to, operands: self.code.operands.len() as u32 - 1 });
        }
        let end = self.emit(Instruction::Jump { target: 0 });
        self.land(&jumps);
        self.emit(match each {
            Each::TakeWhile => Instruction::Before { to, list: items.list, at: items.at },
            _ => Instruction::Since { to, list: items.list, at: items.at },
        });
        self.land(&[end]);
        self.move_to(result, Place::Value(to));
    }

    fn fold(
        &mut self,
        (list, init): (ExprId, ExprId),
        (state, item): (ColumnId, ColumnId),
        next: ExprId,
        scan: bool,
        ty: &Type,
    ) -> Place {
        let (place, init) = (self.expr(list), self.expr(init));
        let Place::Value(value) = place else { return Place::Null };
        let result = self.place_for(ty);
        let skip = self.null_list(place, self.ty(list), result);
        let state_type = &self.plan.column(state).ty;
        let current = self.place_for(state_type);
        self.move_to(current, init);
        let made = self.code.new_list();
        self.emit(Instruction::Begin { list: made });
        // The state has another value with each item, so the loop begins before it is known.
        let (items, mark) = self.begin_items(value, item);
        self.columns.insert(state, current);
        let after = self.expr(next);
        self.move_to(current, after);
        if scan {
            let item = self.boxed(current, &state_type.kind);
            self.emit(Instruction::Push { list: made, item });
        }
        self.end_items(&items, mark);
        if scan {
            let to = self.code.new_value();
            self.emit(Instruction::Finish { to, list: made });
            self.move_to(result, Place::Value(to));
        } else {
            self.move_to(result, current);
        }
        self.land(skip.as_slice());
        result
    }
}
