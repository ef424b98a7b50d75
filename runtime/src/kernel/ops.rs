//! The one table of operations: name, operands, results, whether machine code can be made of it, and what it does.
//! Printer, verifier, the vector kernels and the JIT all read it; the kernels themselves are not here.

use pipelang_lang::ty::Kind;
use std::fmt;

/// What the lanes of a register hold, one value a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// 64 bits: ints, datetimes and durations.
    Int,
    /// Doubles.
    Float,
    /// Days, 32 bits.
    Date,
    /// A bitmap: masks, validity, faults and `bool` values.
    Bool,
    /// String views.
    Text,
    /// 128-bit sums.
    Wide,
    /// Lists, records, maps, JSON, bytes and values of the host.
    Value,
}

impl Lane {
    /// All of them.
    pub const ALL: [Lane; 7] = [Lane::Int, Lane::Float, Lane::Date, Lane::Bool, Lane::Text, Lane::Wide, Lane::Value];

    /// The lanes that hold values of a kind; none for `null`, which needs no lanes.
    pub fn of(kind: &Kind) -> Option<Lane> {
        match kind {
            Kind::Bool => Some(Lane::Bool),
            Kind::Int | Kind::DateTime | Kind::Duration => Some(Lane::Int),
            Kind::Float => Some(Lane::Float),
            Kind::String => Some(Lane::Text),
            Kind::Date => Some(Lane::Date),
            Kind::Wide => Some(Lane::Wide),
            Kind::Null | Kind::Unknown => None,
            Kind::Bytes | Kind::List(_) | Kind::Record(_) | Kind::Map(_) => Some(Lane::Value),
            Kind::Json | Kind::Opaque(_) => Some(Lane::Value),
        }
    }

    /// Its name in the printed form.
    fn name(self) -> &'static str {
        match self {
            Lane::Int => "int",
            Lane::Float => "float",
            Lane::Date => "date",
            Lane::Bool => "bool",
            Lane::Text => "string",
            Lane::Wide => "wide",
            Lane::Value => "value",
        }
    }

    /// Whether a machine register can hold one.
    pub fn is_machine(self) -> bool {
        match self {
            Lane::Int | Lane::Float | Lane::Date | Lane::Bool => true,
            Lane::Text | Lane::Wide | Lane::Value => false,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The lanes of an operand or result in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// These.
    Is(Lane),
    /// Any, but the same in all such places of one instruction.
    Same,
}

/// Who executes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Binds a register before the work begins.
    Bind,
    /// A loop over lanes that machine code can be made of, if the lanes are such as a machine register holds.
    Compiled,
    /// A primitive over a whole batch, in Rust.
    Primitive,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Its name in the printed form.
    pub name: &'static str,
    /// Its operands; of `call` and `row` only the first.
    pub operands: &'static [Slot],
    /// Its results.
    pub results: &'static [Slot],
    /// Who executes it.
    pub class: Class,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! slot {
    (Same) => {
        Slot::Same
    };
    ($lane:ident) => {
        Slot::Is(Lane::$lane)
    };
}

/// Makes the enum and the table of its rows.
macro_rules! operations {
    ($($op:ident $name:literal ($($operand:ident),*) -> ($($result:ident),*) $class:ident $doc:literal;)*) => {
        /// An operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Op { $(#[doc = $doc] $op),* }

        impl Op {
            /// All operations.
            pub const ALL: &[Op] = &[$(Op::$op),*];

            /// Its row of the table.
            pub fn info(self) -> &'static OpInfo {
                match self {
                    $(Op::$op => &OpInfo {
                        name: $name,
                        operands: &[$(slot!($operand)),*],
                        results: &[$(slot!($result)),*],
                        class: Class::$class,
                        doc: $doc,
                    }),*
                }
            }
        }
    };
}

operations! {
    Input "input" () -> (Same) Bind "the values of a column; where it is null, anything";
    Valid "valid" () -> (Bool) Bind "where a column is not null";
    Constant "constant" () -> (Same) Bind "one value for all rows";
    IntAdd "int.add" (Int, Int) -> (Int, Bool) Compiled "the wrapped sum, and where it overflows";
    IntSubtract "int.subtract" (Int, Int) -> (Int, Bool) Compiled "the wrapped difference, and where it overflows";
    IntMultiply "int.multiply" (Int, Int) -> (Int, Bool) Compiled "the wrapped product, and where it overflows";
    IntFloorDivide "int.floor_divide" (Int, Int) -> (Int, Bool) Compiled "the quotient rounded down (0 where there is none), and where there is none";
    IntModulo "int.modulo" (Int, Int) -> (Int, Bool) Compiled "the remainder with the sign of the divisor (0 where there is none), and where that is zero";
    IntPower "int.power" (Int, Int) -> (Int, Bool) Primitive "the power (0 where there is none), and where it overflows or the exponent is negative";
    IntNegate "int.negate" (Int) -> (Int, Bool) Compiled "the wrapped negation, and where it overflows";
    Narrow "narrow" (Wide) -> (Int, Bool) Primitive "the low 64 bits, and where they are not all of it";
    DateToInt "date.to_int" (Date) -> (Int) Compiled "the days since 1970-01-01";
    IntToDate "int.to_date" (Int) -> (Date, Bool) Compiled "the date of a day since 1970-01-01, and where there is none";
    FloatAdd "float.add" (Float, Float) -> (Float) Compiled "the sum; a NaN of any bits";
    FloatSubtract "float.subtract" (Float, Float) -> (Float) Compiled "the difference; a NaN of any bits";
    FloatMultiply "float.multiply" (Float, Float) -> (Float) Compiled "the product; a NaN of any bits";
    FloatDivide "float.divide" (Float, Float) -> (Float) Compiled "the quotient; a NaN of any bits";
    FloatFloorDivide "float.floor_divide" (Float, Float) -> (Float) Compiled "the quotient rounded down; a NaN of any bits";
    FloatModulo "float.modulo" (Float, Float) -> (Float) Primitive "the remainder with the sign of the divisor; a NaN of any bits";
    FloatPower "float.power" (Float, Float) -> (Float) Primitive "the power; a NaN of any bits";
    FloatNegate "float.negate" (Float) -> (Float) Compiled "the negation; a NaN of any bits";
    Canonical "float.canonical" (Float) -> (Float) Compiled "the same, but every NaN the positive quiet one";
    ToFloat "to_float" (Int) -> (Float) Compiled "the nearest float";
    Equal "equal" (Same, Same) -> (Bool) Compiled "where both are equal (floats by IEEE)";
    Less "less" (Same, Same) -> (Bool) Compiled "where the first is less; text by its bytes";
    LessOrEqual "less_or_equal" (Same, Same) -> (Bool) Compiled "where the first is less or equal";
    And "and" (Bool, Bool) -> (Bool) Compiled "where both are set";
    AndNot "and_not" (Bool, Bool) -> (Bool) Compiled "where the first is set and the second is not";
    Or "or" (Bool, Bool) -> (Bool) Compiled "where either is set";
    Not "not" (Bool) -> (Bool) Compiled "where it is not set";
    Select "select" (Bool, Same, Same) -> (Same) Compiled "the second where the first is set, else the third";
    Check "check" (Bool, Bool) -> () Compiled "fails the batch if both are set anywhere";
    Row "row" (Bool) -> (Same, Bool) Primitive "an expression for the rows that are set, and where it is not null; fails the batch if it fails for one of them";
    Call "call" (Bool) -> (Same, Bool) Primitive "a function for the rows that are set, and where it is not null; fails the batch if it fails for one of them";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> = Op::ALL.iter().map(|op| op.info().name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
