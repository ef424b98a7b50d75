//! How rows stand in a temporary file: each cell a tag and its bytes, numbers as few bytes as they need. The file is read
//! by the process that wrote it, so there are no versions and no checks but for its end.

use crate::batch::Column;
use pipelang_lang::scalar::Scalar;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const STRING: u8 = 5;
const BYTES: u8 = 6;
const DATE: u8 = 7;
const DATETIME: u8 = 8;
const DURATION: u8 = 9;
const LIST: u8 = 10;
const RECORD: u8 = 11;
const MAP: u8 = 12;
const JSON: u8 = 13;
const WIDE: u8 = 14;
/// Stands for a value of the host, which nobody can read again. Rows with one are not written ([`super::RunWriter`]).
const OPAQUE: u8 = 15;

/// Writes a value behind what is there.
pub fn write(out: &mut Vec<u8>, value: &Scalar) {
    match value {
        Scalar::Null => out.push(NULL),
        Scalar::Bool(x) => out.push(if *x { TRUE } else { FALSE }),
        Scalar::Int(x) => signed(out, INT, *x),
        Scalar::Float(x) => fixed(out, FLOAT, &x.to_bits().to_le_bytes()),
        Scalar::String(text) => sized(out, STRING, text.as_bytes()),
        Scalar::Bytes(bytes) => sized(out, BYTES, bytes),
        Scalar::Date(x) => fixed(out, DATE, &x.to_le_bytes()),
        Scalar::DateTime(x) => signed(out, DATETIME, *x),
        Scalar::Duration(x) => signed(out, DURATION, *x),
        Scalar::List(items) => many(out, LIST, items),
        Scalar::Record(items) => many(out, RECORD, items),
        Scalar::Map(entries) => {
            out.push(MAP);
            write_number(out, entries.len() as u64);
            for (key, value) in entries.iter() {
                write_slice(out, key.as_bytes());
                write(out, value);
            }
        }
        Scalar::Json(text) => sized(out, JSON, text.as_bytes()),
        Scalar::Wide(x) => fixed(out, WIDE, &x.to_le_bytes()),
        Scalar::Opaque(_) => out.push(OPAQUE),
    }
}

/// The same of a value of a column.
pub fn write_cell(out: &mut Vec<u8>, column: &Column, row: usize) {
    if column.is_null(row) {
        return out.push(NULL);
    }
    match column {
        Column::Bool(array) => out.push(if array.value(row) { TRUE } else { FALSE }),
        Column::Int(array) => signed(out, INT, array.value(row)),
        Column::Float(array) => fixed(out, FLOAT, &array.value(row).to_bits().to_le_bytes()),
        Column::String(array) => sized(out, STRING, array.value(row).as_bytes()),
        Column::Date(array) => fixed(out, DATE, &array.value(row).to_le_bytes()),
        Column::DateTime(array) => signed(out, DATETIME, array.value(row)),
        Column::Duration(array) => signed(out, DURATION, array.value(row)),
        Column::Wide(array) => fixed(out, WIDE, &array.value(row).to_le_bytes()),
        Column::Values(values) => write(out, values.value(row)),
        Column::Null(_) => out.push(NULL),
    }
}

fn fixed(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn sized(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    write_slice(out, bytes);
}

/// Small numbers are few bytes, whatever their sign, which is the lowest bit.
fn signed(out: &mut Vec<u8>, tag: u8, value: i64) {
    out.push(tag);
    write_number(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn many(out: &mut Vec<u8>, tag: u8, items: &[Scalar]) {
    out.push(tag);
    write_number(out, items.len() as u64);
    items.iter().for_each(|item| write(out, item));
}

/// Reads the next value of `bytes`, which goes on behind it.
pub fn read(bytes: &mut &[u8]) -> io::Result<Scalar> {
    Ok(match u8::from_le_bytes(array(bytes)?) {
        NULL => Scalar::Null,
        FALSE => Scalar::Bool(false),
        TRUE => Scalar::Bool(true),
        INT => Scalar::Int(signed_number(bytes)?),
        FLOAT => Scalar::Float(f64::from_bits(u64::from_le_bytes(array(bytes)?))),
        STRING => Scalar::String(text(bytes)?),
        BYTES => Scalar::Bytes(slice(bytes)?.into()),
        DATE => Scalar::Date(i32::from_le_bytes(array(bytes)?)),
        DATETIME => Scalar::DateTime(signed_number(bytes)?),
        DURATION => Scalar::Duration(signed_number(bytes)?),
        LIST => Scalar::List(items(bytes)?),
        RECORD => Scalar::Record(items(bytes)?),
        MAP => {
            let count = number(bytes)?;
            let entries = (0..count).map(|_| Ok((text(bytes)?, read(bytes)?)));
            Scalar::Map(entries.collect::<io::Result<Vec<_>>>()?.into())
        }
        JSON => Scalar::Json(text(bytes)?),
        WIDE => Scalar::Wide(i128::from_le_bytes(array(bytes)?)),
        _ => return Err(io::Error::from(io::ErrorKind::InvalidData)),
    })
}

/// The next value, if it is an int, or what is counted as one.
pub fn read_signed(bytes: &mut &[u8]) -> io::Result<Option<i64>> {
    if let Some((&(INT | DATETIME | DURATION), rest)) = bytes.split_first() {
        *bytes = rest;
        return signed_number(bytes).map(Some);
    }
    read(bytes).map(|_| None)
}

/// The next value, if it is a float.
pub fn read_float(bytes: &mut &[u8]) -> io::Result<Option<f64>> {
    Ok(match read(bytes)? {
        Scalar::Float(value) => Some(value),
        _ => None,
    })
}

/// The next value, if it is a text.
pub fn read_text<'a>(bytes: &mut &'a [u8]) -> io::Result<Option<&'a str>> {
    if let Some((&STRING, rest)) = bytes.split_first() {
        *bytes = rest;
        return std::str::from_utf8(slice(bytes)?).map(Some).map_err(|_| ErrorKind::InvalidData.into());
    }
    read(bytes).map(|_| None)
}

/// The next `N` bytes.
pub fn array<const N: usize>(bytes: &mut &[u8]) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    bytes.read_exact(&mut array)?;
    Ok(array)
}

/// Writes a number: seven bits in each byte, the lowest first, and a bit that more follow.
pub fn write_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The next number.
pub fn number(bytes: &mut &[u8]) -> io::Result<u64> {
    read_number(|| {
        let (byte, rest) = bytes.split_first().ok_or(ErrorKind::UnexpectedEof)?;
        *bytes = rest;
        Ok(*byte)
    })
}

/// A number whose bytes come one after the other.
pub fn read_number(mut next: impl FnMut() -> io::Result<u8>) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ErrorKind::InvalidData.into())
}

fn signed_number(bytes: &mut &[u8]) -> io::Result<i64> {
    let value = number(bytes)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

/// The next bytes, whose number stands before them.
pub fn slice<'a>(bytes: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let count = number(bytes)? as usize;
    let (slice, rest) = bytes.split_at_checked(count).ok_or(ErrorKind::UnexpectedEof)?;
    *bytes = rest;
    Ok(slice)
}

/// Writes bytes and their number before them.
pub fn write_slice(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn text(bytes: &mut &[u8]) -> io::Result<Arc<str>> {
    let text = std::str::from_utf8(slice(bytes)?).map_err(|_| ErrorKind::InvalidData)?;
    Ok(text.into())
}

fn items(bytes: &mut &[u8]) -> io::Result<Arc<[Scalar]>> {
    let count = number(bytes)?;
    (0..count).map(|_| read(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back() {
        let values = [
            Scalar::Null,
            Scalar::Bool(true),
            Scalar::Bool(false),
            Scalar::Int(i64::MIN),
            Scalar::Int(i64::MAX),
            Scalar::Int(-64),
            Scalar::Int(64),
            Scalar::Float(-0.0),
            Scalar::String("é\0".into()),
            Scalar::Bytes([0, 255].as_slice().into()),
            Scalar::Date(-1),
            Scalar::DateTime(1),
            Scalar::Duration(-1),
            Scalar::List([Scalar::Int(1), Scalar::Null].as_slice().into()),
            Scalar::Record([Scalar::List([].as_slice().into())].as_slice().into()),
            Scalar::Map([("k".into(), Scalar::Float(0.5))].as_slice().into()),
            Scalar::Json("{\"a\":1}".into()),
            Scalar::Wide(i128::MAX),
        ];
        let mut bytes = Vec::new();
        values.iter().for_each(|value| write(&mut bytes, value));
        let mut rest = bytes.as_slice();
        for value in &values {
            assert_eq!(&read(&mut rest).expect("a value"), value);
        }
        assert!(rest.is_empty() && read(&mut rest).is_err());
        for cut in 0..bytes.len() {
            let mut rest = &bytes[..cut];
            while read(&mut rest).is_ok() {}
        }
    }
}
