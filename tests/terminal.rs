//! What needs to know whether somebody looks: colours, the progress line, statistics. The terminal of these tests is one of
//! `script`, where there is such a program.

use crate::cli::{command, folder, output_of, path, pipe};
use std::process::Command;

/// What `pipe` writes to a terminal, stdout and stderr together; none where there is no terminal to be had.
fn on_a_terminal(arguments: &str) -> Option<String> {
    on_a_terminal_run(&format!("{} {arguments}", env!("CARGO_BIN_EXE_pipe")))
}

fn on_a_terminal_run(line: &str) -> Option<String> {
    let mut command = Command::new("script");
    command.args(["-qec", line, "/dev/null"]);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
    let is_there = Command::new("script").arg("--version").output().is_ok_and(|it| it.status.success());
    is_there.then(|| output_of(command, "").out)
}

#[test]
fn colours_follow_options_and_environment() {
    let script = ["--format", "table", "-e", "[{a: null}]"];
    for (option, variables, expected) in [
        (None, vec![], false),
        (None, vec![("CLICOLOR_FORCE", "1")], true),
        (None, vec![("CLICOLOR_FORCE", "0")], false),
        (None, vec![("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (Some("always"), vec![("NO_COLOR", "1")], true),
        (Some("never"), vec![("CLICOLOR_FORCE", "1")], false),
    ] {
        let options: Vec<&str> = option.iter().flat_map(|option| ["--color", option]).chain(script).collect();
        let mut command = command(&options);
        command.envs(variables.clone());
        let output = output_of(command, "");
        assert_eq!(output.out.contains('\x1b'), expected, "{option:?} {variables:?}");
    }
    let Some(plain) = on_a_terminal("-e '[{a: null}]'") else { return };
    assert!(plain.contains("\x1b[2mnull"), "nulls are dim: {plain:?}");
}

#[test]
fn a_long_run_has_a_line_that_is_erased() {
    if Command::new("timeout").arg("--version").output().is_err() {
        return;
    }
    let endless = |options: &str| {
        let pipe = format!("timeout --foreground -s INT 2 {} {options}", env!("CARGO_BIN_EXE_pipe"));
        on_a_terminal_run(&format!("{pipe} --errors short -e '1.. | filter it < 0'"))
    };
    let Some(shown) = endless("") else { return };
    let (line, rest) = shown.rsplit_once("\r\x1b[K").expect("the line is there, and is erased");
    assert!(line.contains(" rows, 1 s"), "{shown:?}");
    assert_eq!(rest, "E0802: interrupted\r\n", "{shown:?}");
    assert_eq!(endless("--no-progress").as_deref(), Some("E0802: interrupted\r\n"));
}

#[test]
fn files_of_columns_are_not_for_terminals() {
    for format in ["parquet", "arrow"] {
        let Some(shown) = on_a_terminal(&format!("--format {format} -e 1..3")) else { return };
        assert!(shown.contains("-o FILE"), "{shown:?}");
        let piped = command(&["--format", format, "-e", "1..3"]).output().expect("`pipe` runs");
        assert!(piped.status.success() && piped.stdout.len() > 100, "{format}");
    }
}

#[test]
fn statistics_count_what_came_and_went() {
    let folder = folder(&[("a.csv", &format!("n\n{}", "7\n".repeat(1000)))]);
    let (file, to) = (path(folder.path(), "a.csv"), path(folder.path(), "b.csv"));
    let script = format!("read({file:?}) | filter n > 1 | take 10");
    for executor in ["vector", "jit"] {
        let output = pipe(&["--stats", "--executor", executor, "--format", "csv", "-e", &script]);
        for part in ["in: 1_000 rows, 2.00 kB\n", "out: 10 rows, 22 bytes\n", &format!("executor {executor}, ")] {
            assert!(output.err.contains(part), "{part}: {}", output.err);
        }
        let output = pipe(&["--stats", "--executor", executor, "-o", &to, "-e", &script]);
        assert!(output.err.contains("out: 10 rows, 22 bytes\n"), "{}", output.err);
    }
    let stdin = crate::cli::pipe_with(&["--stats", "-e", "stdin | count"], "n,m\n1,2\n2,3\n");
    assert!(stdin.err.contains("in: 2 rows, 12 bytes\n"), "{}", stdin.err);
}
