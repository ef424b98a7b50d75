//! Files of Parquet and Arrow: no panic that is not caught, little memory, and the same rows whatever the pieces.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let format = if bytes.starts_with(b"PAR1") { "parquet" } else { "arrow" };
    let path = std::env::temp_dir().join(format!("pipe-fuzz-{}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    reading::read(format, reading::From::File(path.to_str().expect("the path is text")));
});
