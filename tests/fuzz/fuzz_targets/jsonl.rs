//! Files of `jsonl`: no panic, and the same rows and errors whatever the pieces.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| reading::read("jsonl", reading::From::Memory(bytes)));
