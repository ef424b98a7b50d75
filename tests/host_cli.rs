//! The command line of a host's program, `examples/embed/host_cli.rs`, as a process: what the host adds is there for every
//! command, and every message has its name.

use crate::cli::{Output, output_of, path};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The program, which is built if it is not: tests are run without the examples, too.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let tests = std::env::current_exe().expect("a process has a program");
        let folder = tests.parent().and_then(|deps| deps.parent()).expect("it is in `deps` of its profile");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "host_cli"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        cargo.env("CARGO_TARGET_DIR", folder.parent().expect("a profile is in a target folder"));
        assert!(cargo.status().is_ok_and(|status| status.success()), "the example is built");
        folder.join("examples/host_cli")
    })
}

fn trader(arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8");
    output_of(command, "")
}

#[test]
fn scripts_have_what_the_host_adds() {
    let script = "trades | derive euros = fee(price, quantity) * rate(currency) * (1 + VAT) \
                  | aggregate fees = round(sum(euros), 3) by desk";
    let output = trader(&["--format", "csv", "-e", script]);
    assert_eq!((&*output.out, &*output.err), ("desk,fees\nbonds,25.951\nfx,68.25\n", ""));
    let own =
        "type Own = Trade\nfn net(trade: Own) -> float { trade.price * (1 - VAT) }\ntrades | map net(it) | sum it";
    assert_eq!(trader(&["-e", own]).out, "150.405\n");
}

#[test]
fn every_command_knows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = path(folder.path(), "a.pipe");
    let text = "trades | derive f = fee(price, quantity)\ntest \"fees\" { assert_eq(fee(2.0, 500), 1.0) }\n";
    std::fs::write(&file, text).expect("a file");
    for arguments in [vec!["run", &file], vec!["check", &file], vec!["test", &file], vec!["explain", &file]] {
        let output = trader(&arguments);
        assert_eq!((output.exit, &*output.err), (Some(0), ""), "{arguments:?}");
    }
    let columns = trader(&["check", "--schema", &file]).out;
    assert!(
        columns.contains("derive: desk: string, currency: string, price: float, quantity: int, f: float"),
        "{columns}"
    );
}

#[test]
fn functions_document_what_the_host_adds() {
    let all = trader(&["functions"]).out;
    for line in [
        "  fee(price: float, quantity: int) -> float    What a trade costs.",
        "  rate(currency: string) -> float              Euros for one of a currency.",
        "  VAT: float = 0.25                            The share of a fee that is tax.",
        "  trades: stream<{desk: string, currency: string, price: float, quantity: int}> All trades of today.",
        "  type Trade = {desk: string, currency: string, price: float, quantity: int} The rows of `trades`.",
    ] {
        assert!(all.lines().any(|it| it == line), "{line}\n{all}");
    }
    assert_eq!(trader(&["functions", "VAT"]).out, "VAT: float = 0.25\n  The share of a fee that is tax.\n");
    assert!(trader(&["functions", "--names"]).out.lines().any(|name| name == "trades"));
}

#[test]
fn messages_have_the_name_of_the_program() {
    assert_eq!(trader(&["--version"]).out, "trader 1.2.0\n");
    let help = trader(&["--help"]).out;
    assert!(help.starts_with("Rules over trades\n") && help.contains("  trader check report.pipe"), "{help}");
    let wrong = trader(&["-e", "trades | filter prise > 1"]).err;
    assert!(wrong.contains("did you mean `price`?") && wrong.contains("more: trader explain E0201"), "{wrong}");
    assert_eq!(trader(&["no.pipe"]).err, "trader: there is no file `no.pipe`\n");
    assert!(trader(&["--formet", "csv"]).err.contains("trader has no option '--formet'; did you mean '--format'?"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = path(folder.path(), "a.pipe");
    std::fs::write(&file, "param year: int\nyear\n").expect("a file");
    assert!(trader(&[&file, "--help"]).out.starts_with("Usage: trader "));
}
