//! Paths at which there is no file to read.

use super::{check, outcome};
use crate::cli;
use std::collections::BTreeMap;
use std::fs;

#[cfg(unix)]
#[test]
fn paths_that_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let folder = cli::folder(&[("good.csv", "a\n1\n"), ("orders.csv", "a\n1\n"), ("part_1.csv", "a\n1\n")]);
    let prefix = format!("{}/", folder.path().to_str().expect("the folder is text"));
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder.csv")).expect("a folder");
    fs::create_dir(at("folder.parquet")).expect("a folder");
    fs::write(at("part_2.csv"), "a,b\n1\n").expect("a file");
    fs::write(at("part_3.csv"), "").expect("a file");
    symlink(at("nothing.csv"), at("dangling.csv")).expect("a link");
    symlink(at("loop.csv"), at("loop.csv")).expect("a link");
    symlink(at("good.csv"), at("link.csv")).expect("a link");
    let fifo = std::process::Command::new("mkfifo").arg(at("fifo.csv")).status();
    assert!(fifo.is_ok_and(|status| status.success()));
    let long = format!("{}.csv", "x".repeat(300));
    let names = [
        "missing.csv",
        "order.csv",
        "folder.csv",
        "folder.parquet",
        "folder.csv/",
        "good.csv/inside.csv",
        "no_folder/x.csv",
        "dangling.csv",
        "loop.csv",
        "link.csv",
        "fifo*.csv",
        "nothing_*.csv",
        "part_[12].csv",
        "part_*.csv",
        "part_[.csv",
        "a\0b.csv",
        "",
        &long,
    ];
    let mut found: BTreeMap<String, String> = names
        .iter()
        .map(|name| {
            let path = cli::path(folder.path(), name).replace('\0', "\\u{0}");
            (name.escape_debug().to_string(), outcome(&prefix, &format!("read(\"{path}\", format: \"csv\")")))
        })
        .collect();
    let device = "/dev/null";
    found.insert(device.into(), outcome(&prefix, &format!("read({device:?}, format: \"csv\")")));
    check("paths", &found);
}
