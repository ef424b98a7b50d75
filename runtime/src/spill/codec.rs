//! How rows stand in a temporary file: each cell a tag and its bytes. The file is read by the run that wrote it, so there
//! are no versions and no checks but for its end.

use pipelang_lang::scalar::Scalar;
use std::io::{self, Read};
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

/// Writes a value behind what is there.
pub fn write(out: &mut Vec<u8>, value: &Scalar) {
    match value {
        Scalar::Null => out.push(NULL),
        Scalar::Bool(x) => out.push(if *x { TRUE } else { FALSE }),
        Scalar::Int(x) => fixed(out, INT, &x.to_le_bytes()),
        Scalar::Float(x) => fixed(out, FLOAT, &x.to_bits().to_le_bytes()),
        Scalar::String(text) => sized(out, STRING, text.as_bytes()),
        Scalar::Bytes(bytes) => sized(out, BYTES, bytes),
        Scalar::Date(x) => fixed(out, DATE, &x.to_le_bytes()),
        Scalar::DateTime(x) => fixed(out, DATETIME, &x.to_le_bytes()),
        Scalar::Duration(x) => fixed(out, DURATION, &x.to_le_bytes()),
        Scalar::List(items) => many(out, LIST, items),
        Scalar::Record(items) => many(out, RECORD, items),
        Scalar::Map(entries) => {
            fixed(out, MAP, &(entries.len() as u64).to_le_bytes());
            for (key, value) in entries.iter() {
                length(out, key.len());
                out.extend_from_slice(key.as_bytes());
                write(out, value);
            }
        }
        Scalar::Json(text) => sized(out, JSON, text.as_bytes()),
        Scalar::Wide(x) => fixed(out, WIDE, &x.to_le_bytes()),
    }
}

fn fixed(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn sized(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn many(out: &mut Vec<u8>, tag: u8, items: &[Scalar]) {
    out.push(tag);
    length(out, items.len());
    items.iter().for_each(|item| write(out, item));
}

/// Reads the next value of `bytes`, which goes on behind it.
pub fn read(bytes: &mut &[u8]) -> io::Result<Scalar> {
    Ok(match u8::from_le_bytes(array(bytes)?) {
        NULL => Scalar::Null,
        FALSE => Scalar::Bool(false),
        TRUE => Scalar::Bool(true),
        INT => Scalar::Int(i64::from_le_bytes(array(bytes)?)),
        FLOAT => Scalar::Float(f64::from_bits(u64::from_le_bytes(array(bytes)?))),
        STRING => Scalar::String(text(bytes)?),
        BYTES => Scalar::Bytes(slice(bytes)?.into()),
        DATE => Scalar::Date(i32::from_le_bytes(array(bytes)?)),
        DATETIME => Scalar::DateTime(i64::from_le_bytes(array(bytes)?)),
        DURATION => Scalar::Duration(i64::from_le_bytes(array(bytes)?)),
        LIST => Scalar::List(items(bytes)?),
        RECORD => Scalar::Record(items(bytes)?),
        MAP => {
            let count = u64::from_le_bytes(array(bytes)?);
            let entries = (0..count).map(|_| Ok((text(bytes)?, read(bytes)?)));
            Scalar::Map(entries.collect::<io::Result<Vec<_>>>()?.into())
        }
        JSON => Scalar::Json(text(bytes)?),
        WIDE => Scalar::Wide(i128::from_le_bytes(array(bytes)?)),
        _ => return Err(io::Error::from(io::ErrorKind::InvalidData)),
    })
}

/// The next `N` bytes.
pub fn array<const N: usize>(bytes: &mut &[u8]) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    bytes.read_exact(&mut array)?;
    Ok(array)
}

/// The next bytes, whose number stands before them.
pub fn slice<'a>(bytes: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let count = u64::from_le_bytes(array(bytes)?) as usize;
    let (slice, rest) = bytes.split_at_checked(count).ok_or(io::ErrorKind::UnexpectedEof)?;
    *bytes = rest;
    Ok(slice)
}

/// Writes bytes and their number before them.
pub fn write_slice(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn text(bytes: &mut &[u8]) -> io::Result<Arc<str>> {
    let text = std::str::from_utf8(slice(bytes)?).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(text.into())
}

fn items(bytes: &mut &[u8]) -> io::Result<Arc<[Scalar]>> {
    let count = u64::from_le_bytes(array(bytes)?);
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
