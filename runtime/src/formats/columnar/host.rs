//! Record batches that a host has, and that it is given.

use super::types::kind_of;
use super::{Nanoseconds, Wanted, arrays};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::Parsed;
use crate::formats::write::check_types;
use arrow_array::RecordBatch;
use pipelang_lang::codes::{E0501, E0508};
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::{Field, Kind, Schema};
use std::sync::Arc;

/// The columns of those fields, found by their names in a record batch of the table `name`, whose first row has number
/// `first` there, from 0.
pub fn read(name: &Arc<str>, fields: &[Field], batch: &RecordBatch, first: u64) -> Parsed {
    match arrays_of(name, fields, batch) {
        Err(error) => Parsed { batch: Batch::default(), error: Some(error), left_out: 0 },
        Ok(arrays) => {
            let columns = fields.iter().cloned().enumerate().collect();
            let wanted = Wanted { file: name.clone(), positions: (0..fields.len()).collect(), columns };
            wanted.rows(&arrays, (1..=batch.num_rows() as u64).map(|row| first + row).collect())
        }
    }
}

fn arrays_of(name: &str, fields: &[Field], batch: &RecordBatch) -> Result<Vec<arrow_array::ArrayRef>, RunError> {
    let array = |field: &Field| {
        let outside = |code, message| RunError::Outside { code, message };
        let array = batch.column_by_name(&field.name);
        let array = array.ok_or_else(|| outside(E0508, format!("`{name}` has no column `{}`", field.name)))?;
        let found = kind_of(array.data_type(), Nanoseconds::Times);
        let fits = match (&found, &field.ty.kind) {
            (Ok(found), wanted) if found == wanted => true,
            (Ok(Kind::Int), Kind::Float) => true,
            (Ok(Kind::Null), _) => field.ty.nullable,
            (Ok(_) | Err(_), _) => false,
        };
        let told = || format!("the column `{}` of `{name}` holds {}, not {}", field.name, array.data_type(), field.ty);
        if fits { Ok(array.clone()) } else { Err(outside(E0501, told())) }
    };
    fields.iter().map(array).collect()
}

/// The rows of a batch without faults, whose columns are those; in several parts if they have very long texts.
pub fn write(schema: &Schema, shape: Shape, batch: &Batch) -> Result<Vec<RecordBatch>, RunError> {
    check_types(schema, "arrow")?;
    let types: Vec<_> = schema.fields.iter().map(|field| field.ty.clone()).collect();
    arrays::rows(&arrays::schema_of(schema, shape), &types, batch)
}
