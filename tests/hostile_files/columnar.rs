//! Hostile files of Parquet and Arrow: those of `tests/data/columnar`, cut and changed. (Ten thousand of them by chance are
//! among the unit tests of the reader.)

use super::packed::{gz, zst};
use super::{Chance, Hostile, file, with};
use std::path::Path;

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/columnar").join(name);
    std::fs::read(path).expect("the file is there")
}

pub fn files() -> Vec<Hostile> {
    let mut files = misnamed();
    for (name, extension) in [("flat.parquet", "parquet"), ("flat.arrow", "arrow"), ("flat.arrows", "arrows")] {
        files.extend(damaged(&data(name), extension));
    }
    files.extend(parquet(&data("flat.parquet")));
    files.extend(arrow(&data("flat.arrow")));
    files
}

fn misnamed() -> Vec<Hostile> {
    vec![
        file("empty.parquet", ""),
        file("empty.arrow", ""),
        file("text.parquet", "a,b\n1,2\n"),
        file("text.arrow", "a,b\n1,2\n"),
        file("arrow.parquet", data("flat.arrow")),
        file("parquet.arrow", data("flat.parquet")),
        file("magic.parquet", "PAR1"),
        file("magic_twice.parquet", "PAR1PAR1"),
        file("magic.arrow", "ARROW1\0\0"),
        file("magic_twice.arrow", "ARROW1\0\0ARROW1"),
        file("zeros.parquet", vec![0; 4096]),
        file("zeros.arrow", vec![0; 4096]),
        file("ones.arrow", vec![0xff; 4096]),
        file("stream.arrow", data("flat.arrows")),
        file("packed.parquet.gz", gz(&data("flat.parquet"))),
        file("packed_and_cut.parquet.gz", gz(&data("flat.parquet")[..500])),
        file("packed.arrow.zst", zst(&data("flat.arrow"))),
        file("packed_and_cut.arrows.zst", zst(&data("flat.arrows")[..500])),
        with("format: \"csv\"", file("as_csv.parquet", data("flat.parquet"))),
        with("format: \"jsonl\"", file("as_jsonl.arrow", data("flat.arrow"))),
    ]
}

/// The same of any of them.
fn damaged(whole: &[u8], extension: &str) -> Vec<Hostile> {
    let named = |name: String, bytes: Vec<u8>| file(format!("{name}.{extension}"), bytes);
    let mut files = Vec::new();
    for eighth in 0..8 {
        let length = (whole.len() * eighth / 8).max(1);
        files.push(named(format!("cut_{eighth}_of_8"), whole[..length].to_vec()));
    }
    for length in [1, 4, 8] {
        files.push(named(format!("cut_at_end_{length}"), whole[..whole.len() - length].to_vec()));
        files.push(named(format!("beheaded_{length}"), whole[length..].to_vec()));
    }
    files.push(named("twice".into(), [whole, whole].concat()));
    files.push(named("with_text_behind".into(), [whole, b"text"].concat()));
    for seed in 0..6 {
        let mut chance = Chance(seed * 7919 + 3);
        let mut bytes = whole.to_vec();
        let at = chance.below(bytes.len());
        bytes[at] ^= 1 << chance.below(8);
        files.push(named(format!("flipped_{seed}"), bytes));
        let mut bytes = whole.to_vec();
        let at = chance.below(bytes.len() - 8);
        bytes[at..at + 8].fill([0, 0x7f, 0xff][seed as usize % 3]);
        files.push(named(format!("overwritten_{seed}"), bytes));
    }
    files
}

/// The length of the footer stands before the last four bytes.
fn parquet(whole: &[u8]) -> Vec<Hostile> {
    let footer = |length: u32| {
        let mut bytes = whole.to_vec();
        let at = bytes.len() - 8;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let mut encrypted = whole.to_vec();
    let at = encrypted.len() - 4;
    encrypted[at..].copy_from_slice(b"PARE");
    vec![
        file("footer_of_0.parquet", footer(0)),
        file("footer_of_1.parquet", footer(1)),
        file("footer_of_4_gib.parquet", footer(u32::MAX)),
        file("footer_of_file.parquet", footer(whole.len() as u32 - 12)),
        file("encrypted.parquet", encrypted),
    ]
}

/// The same before the last six.
fn arrow(whole: &[u8]) -> Vec<Hostile> {
    let footer = |length: u32| {
        let mut bytes = whole.to_vec();
        let at = bytes.len() - 10;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let message = |length: u32, rest: usize| [&[0xff; 4][..], &length.to_le_bytes(), &vec![0; rest]].concat();
    vec![
        file("footer_of_0.arrow", footer(0)),
        file("footer_of_4_gib.arrow", footer(u32::MAX)),
        file("footer_of_2_gib.arrow", footer(i32::MAX as u32)),
        file("message_of_2_gib.arrows", message(i32::MAX as u32, 100)),
        file("message_of_less_than_nothing.arrows", message(u32::MAX, 100)),
        file("message_of_zeros.arrows", message(64, 64)),
    ]
}
