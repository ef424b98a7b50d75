//! Hostile files that are compressed.

use super::{Hostile, file, with};
use flate2::write::GzEncoder;
use std::io::Write;

pub fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

pub fn zst(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory can be written");
    encoder.include_checksum(true).and_then(|()| encoder.write_all(content)).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// Rows that do not pack to nothing.
fn rows() -> String {
    let row = |n: u64| format!("{n},{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    "a,b\n".to_string() + &(0..2000).map(row).collect::<String>()
}

pub fn files() -> Vec<Hostile> {
    ["gz", "zst"].into_iter().flat_map(both).chain(gzip()).collect()
}

/// What can be wrong with either.
fn both(extension: &str) -> Vec<Hostile> {
    let pack = if extension == "gz" { gz } else { zst };
    let named = |name: &str, bytes: Vec<u8>| file(format!("{name}.{extension}"), bytes);
    let whole = pack(rows().as_bytes());
    let small = pack(b"a,b\n1,2\n");
    let cut = |length: usize| whole[..length].to_vec();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    vec![
        named("whole.csv", whole.clone()),
        named("empty.csv", Vec::new()),
        named("packed_nothing.csv", pack(b"")),
        named("not_packed.csv", b"a,b\n1,2\n".to_vec()),
        named("one_byte.csv", cut(1)),
        named("cut_in_magic.csv", cut(3)),
        named("cut_in_head.csv", cut(6)),
        named("cut_early.csv", cut(40)),
        named("cut_in_the_middle.csv", cut(whole.len() / 2)),
        named("cut_at_end.csv", cut(whole.len() - 1)),
        named("cut_before_check.csv", cut(whole.len() - 8)),
        named("wrong_magic.csv", flipped(0)),
        named("wrong_method.csv", flipped(if extension == "gz" { 2 } else { 4 })),
        named("flipped_early.csv", flipped(60)),
        named("flipped_in_the_middle.csv", flipped(whole.len() / 2)),
        named("two_parts.csv", [small.clone(), pack(b"3,4\n")].concat()),
        named("two_parts_cut_a_record.csv", [pack(b"a,b\n1,"), pack(b"2\n")].concat()),
        named("second_part_cut.csv", [small.clone(), cut(whole.len() / 2)].concat()),
        named("second_part_empty.csv", [small.clone(), pack(b"")].concat()),
        named("garbage_behind.csv", [small.clone(), b"garbage".to_vec()].concat()),
        named("zeros_behind.csv", [small.clone(), vec![0; 512]].concat()),
        named("packed_twice.csv", pack(&small)),
        named("utf16.csv", pack(&[b"\xff\xfea\0,\0b\0"[..].to_vec()].concat())),
        named("bad_utf8.csv", pack(b"a,b\n1,\xff\n")),
        named("broken.jsonl", pack(b"{\"a\":1}\n{\"a\":\n")),
        named("cut.jsonl", pack(b"{\"a\":1}\n{\"a\":2")),
        named("lists.json", pack(b"[[1],[2]]")),
        named("deep.json", pack("[".repeat(1_000_000).as_bytes())),
        with("format: \"lines\"", named("lines.log", cut(whole.len() / 2))),
        named("in_capitals.CSV", small.clone()),
        named("text.parquet", small),
        named("cut.arrow", cut(whole.len() / 2)),
    ]
}

/// What only gzip has.
fn gzip() -> Vec<Hostile> {
    let whole = gz(rows().as_bytes());
    let with_last = |from_end: usize, byte: u8| {
        let mut bytes = whole.clone();
        let at = bytes.len() - from_end;
        bytes[at] ^= byte;
        bytes
    };
    vec![
        file("wrong_check.csv.gz", with_last(8, 1)),
        file("wrong_length.csv.gz", with_last(1, 1)),
        file("zstd_in_gz.csv.gz", zst(b"a,b\n1,2\n")),
        file("gz_in_zst.csv.zst", gz(b"a,b\n1,2\n")),
        file("long_name_in_head.csv.gz", [&b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"[..], &vec![b'x'; 100_000]].concat()),
    ]
}
