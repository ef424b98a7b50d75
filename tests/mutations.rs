//! What the fuzz targets of the readers do, without a fuzzer: files of the tests, changed by chance, are read in small
//! pieces and in large ones. `reading` says what must hold.

#[path = "fuzz/fuzz_targets/reading.rs"]
mod reading;

use crate::cli;
use crate::hostile_files::Chance;
use reading::From;
use std::fs;
use std::path::Path;

/// Pieces that mean something to some reader.
const WORDS: [&[u8]; 16] = [
    b"\"", b"\n", b"\r\n", b",", b"\"\"", b"{", b"}", b"[", b"]", b":", b"\\", b"\\ud83d", b"\0", b"\xff", b"1e999",
    b"null",
];

/// Changes a few bytes.
fn mutated(chance: &mut Chance, whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + 1 + chance.below(12)).min(bytes.len());
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at.min(end)..end)),
            3 => {
                let copy = bytes[at.min(end)..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => drop(bytes.splice(at..at, WORDS[chance.below(WORDS.len())].iter().copied())),
        }
    }
    bytes
}

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect("the file is there")
}

/// Reads so many variants of files of text; how many that were.
fn texts(variants: usize) -> usize {
    let seeds: [(&str, Vec<u8>); 7] = [
        ("csv", data("people.csv").into_iter().take(400).collect()),
        ("csv", b"a,b,c\n1,\"x\n\"\"y\"\"\",2024-01-01\n2,z,\n\n3,\"\",true\n".to_vec()),
        ("tsv", b"a\tb\n1\t\"x\ty\"\n2\t3\n".to_vec()),
        ("jsonl", b"{\"a\":1,\"b\":\"x\\u00e9\"}\n{\"b\":null,\"a\":2.5}\n{\"a\":3,\"b\":\"\"}\n".to_vec()),
        ("jsonl", b"[1,2]\n[]\n[3,[4]]\n".to_vec()),
        ("json", b"[{\"a\":1,\"b\":[{}]},\n {\"a\":2,\"b\":[]}, {\"a\":\"x]\"}]\n".to_vec()),
        ("json", b"{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]}}".to_vec()),
    ];
    for (number, (format, whole)) in seeds.iter().enumerate() {
        for variant in 0..variants {
            let mut chance = Chance((number * 1_000_003 + variant) as u64 * 7919 + 11);
            let bytes = mutated(&mut chance, whole);
            let read = || reading::read(format, From::Memory(&bytes));
            let text = String::from_utf8_lossy(&bytes);
            assert!(std::panic::catch_unwind(read).is_ok(), "{format}, variant {variant}: {text:?}");
        }
    }
    seeds.len() * variants
}

/// The same of files of columns.
fn columns(variants: usize) -> usize {
    let names = ["flat.parquet", "nested.parquet", "gzip.parquet", "flat.arrow", "flat.arrows", "nested.feather"];
    let folder = cli::folder(&[]);
    for (number, name) in names.iter().enumerate() {
        let (whole, path) = (data(&format!("columnar/{name}")), cli::path(folder.path(), name));
        let format = if name.ends_with(".parquet") { "parquet" } else { "arrow" };
        for variant in 0..variants {
            let mut chance = Chance((number * 1_000_003 + variant) as u64 * 7919 + 13);
            fs::write(&path, mutated(&mut chance, &whole)).expect("the folder is ours");
            let read = || reading::read(format, From::File(&path));
            assert!(std::panic::catch_unwind(read).is_ok(), "{name}, variant {variant}");
        }
    }
    names.len() * variants
}

#[test]
fn texts_that_are_changed_by_chance() {
    texts(300);
}

#[test]
fn columns_that_are_changed_by_chance() {
    columns(40);
}

#[test]
#[ignore = "takes minutes"]
fn many_files_that_are_changed_by_chance() {
    println!("{} files of text and {} of columns read", texts(100_000), columns(5000));
}
