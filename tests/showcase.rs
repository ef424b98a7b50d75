//! The scripts that the language was made for (`tests/showcase`), as they stand, over small files.

use crate::cli::{Output, folder, path};
use flate2::{Compression, write::GzEncoder};
use pipelang::{Engine, Row};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Runs one of the scripts in a folder, in every way that could make a difference, and gives what all of them gave.
fn run(name: &str, folder: &Path) -> Output {
    let script = fs::canonicalize(format!("tests/showcase/{name}")).expect("the script");
    let run = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
        let output = command.args(options).arg(&script).current_dir(folder).output().expect("`pipe` runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Output { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    let first = run(&[]);
    for options in [&["--executor", "reference"][..], &["--executor", "jit"], &["--no-optimize"], &["--memory", "3MB"]]
    {
        let other = run(options);
        assert_eq!((other.exit, &other.out, &other.err), (first.exit, &first.out, &first.err), "{name} {options:?}");
    }
    first
}

fn gzip(path: &Path, text: &str) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    fs::write(path, encoder.finish().expect("memory")).expect("a file");
}

#[test]
fn sales() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("sales")).expect("a folder");
    let header = "date,region,sku,qty,price,promo\n";
    gzip(
        &folder.path().join("sales/2024-01.csv.gz"),
        &format!("{header}2024-01-02,EU,a,2,3.5,x\n2024-01-03,US,b,1,10,\n2023-12-31,US,b,1,10,\n"),
    );
    gzip(&folder.path().join("sales/2024-02.csv.gz"), &format!("{header}2024-02-02,EU,a,2,3.5,\n"));
    let output = run("sales.pipe", folder.path());
    let rows = "{\"region\":\"EU\",\"revenue\":14.0,\"orders\":2,\"promo_rate\":0.5,\"share\":0.5833333333333334}\n\
                {\"region\":\"US\",\"revenue\":10.0,\"orders\":1,\"promo_rate\":0.0,\"share\":0.4166666666666667}\n";
    assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), rows, ""));
    let report = fs::read_to_string(folder.path().join("report.csv")).expect("the report");
    assert_eq!(report.lines().nth(1), Some("EU,14.0,2,0.5,0.5833333333333334"));
}

#[test]
fn logs() {
    let folder = folder(&[]);
    let line = |time: &str, path: &str, status: &str, bytes: &str| {
        format!("1.2.3.4 - - [10/Oct/2024:{time} -0700] \"GET {path} HTTP/1.1\" {status} {bytes} \"x\"\n")
    };
    let lines = [
        line("13:55:36", "/a", "500", "2326"),
        line("13:56:36", "/b", "503", "-"),
        "broken\n".to_string(),
        line("13:57:00", "/c", "200", "7"),
        line("13:58:00", "/d", "503", "1000"),
    ];
    gzip(&folder.path().join("access.log.gz"), &lines.concat());
    let output = run("logs.pipe", folder.path());
    let rows = "{\"hour\":\"2024-10-10T20:00:00Z\",\"status\":503,\"hits\":2,\"mb\":0.001,\"sample\":\"/b\"}\n\
                {\"hour\":\"2024-10-10T20:00:00Z\",\"status\":500,\"hits\":1,\"mb\":0.002326,\"sample\":\"/a\"}\n";
    assert_eq!((output.exit, &*output.out), (Some(0), rows));
    assert!(output.err.ends_with(": 1 row was left out, which does not fit\n"), "{}", output.err);
}

#[test]
fn four_short_ones() {
    let folder = folder(&[
        ("book.txt", "The cat, the dog.\nThe end\n"),
        ("orders.csv", "order,customer_id,amount\n1,1,5.5\n2,3,6\n"),
    ]);
    let output = run("short.pipe", folder.path());
    assert_eq!((output.exit, &*output.err), (Some(0), ""));
    let lines: Vec<&str> = output.out.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], "{\"name\":\"Ada\",\"score\":9,\"dept\":\"a\"}");
    assert_eq!(lines[4], "{\"word\":\"the\",\"n\":3}");
    assert!(lines.contains(&"{\"ts\":\"2024-01-03\",\"account\":1,\"amount\":5.0,\"balance\":7.5,\"prev\":2.5}"));
    let script = format!("read({:?}) | select order, segment", path(folder.path(), "enriched.parquet"));
    let back = crate::cli::pipe(&["--format", "csv", "-e", &script]);
    assert_eq!(&*back.out, "order,segment\n1,gold\n2,unknown\n", "{}", back.err);
}

#[test]
fn rules_in_a_host() {
    #[derive(Row)]
    struct Request {
        id: i64,
        country: String,
        amount: f64,
        age_days: i64,
        score: Option<f64>,
    }
    #[derive(Row, Debug, PartialEq)]
    struct Decided {
        id: i64,
        action: String,
        reason: String,
    }
    let script = fs::read_to_string("tests/showcase/rules.pipe").expect("the script");
    let program = Engine::default().compile::<Request, Decided>("rules.pipe", &script).expect("it compiles");
    let request =
        |id, country: &str, amount, age_days, score| Request { id, country: country.into(), amount, age_days, score };
    let requests = [
        request(1, "XX", 1.0, 100, Some(0.5)),
        request(2, "DE", 5000.4, 2, Some(0.5)),
        request(3, "DE", 5.0, 2, None),
        request(4, "DE", 5.0, 2, Some(1.0)),
    ];
    let decided = program.run(&requests[..]).collect().expect("it runs");
    let decision = |id, action: &str, reason: &str| Decided { id, action: action.into(), reason: reason.into() };
    let expected =
        [decision(1, "deny", "country"), decision(2, "review", "new account, 5000"), decision(3, "review", "no score")];
    assert_eq!(decided, expected);
}

/// With fewer numbers: these are many for a debug build.
#[test]
fn plain_scripting() {
    let script = fs::read_to_string("tests/showcase/plain.pipe").expect("the script");
    let script = script.replace("1_000_000", "10_000").replace("3_000_000", "3_000");
    let folder = folder(&[("plain.pipe", &script)]);
    let output = crate::cli::pipe(&[&path(folder.path(), "plain.pipe")]);
    let sum: i64 = (1..=10_000).filter(|n| n % 2 == 1).map(|n| n * n).sum();
    assert_eq!((output.exit, output.out.lines().next()), (Some(0), Some(&*sum.to_string())), "{}", output.err);
    assert!(output.out.lines().any(|line| line == "2919"), "{}", output.out);
}
