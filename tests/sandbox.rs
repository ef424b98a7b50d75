//! `--sandbox`: what the command line does not name is out of reach, by whatever way a script goes there.

use crate::cli::{Output, output_of};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder with a secret, and in it the folder `box` that commands run in: data, a module, a folder, and links that lead
/// out.
fn world() -> tempfile::TempDir {
    let world = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| fs::write(world.path().join(name), text).expect("a file");
    for folder in ["box", "box/data", "outside"] {
        fs::create_dir(world.path().join(folder)).expect("a folder");
    }
    for name in ["secret.csv", "outside/secret.csv", "box/near.csv"] {
        file(name, "x\n42\n");
    }
    file("box/a.csv", "x\n1\n");
    file("box/data/b.csv", "x\n2\n");
    file("box/data/c.csv", "x\n3\n");
    file("box/module.pipe", "fn f(x: int) -> int { x }\n");
    #[cfg(unix)]
    for (target, link) in [
        ("../secret.csv", "box/link.csv"),
        ("../outside", "box/far"),
        ("../../outside", "box/data/far"),
        ("../new.csv", "box/data/new.csv"),
    ] {
        std::os::unix::fs::symlink(target, world.path().join(link)).expect("a link");
    }
    world
}

fn pipe(world: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.arg("--sandbox").args(arguments).current_dir(world.join("box")).env("LC_ALL", "C.UTF-8");
    output_of(command, stdin)
}

/// All files below a folder with what is in them.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let files = crate::tidy::walk(folder);
    files.iter().map(|file| (file.display().to_string(), fs::read_to_string(file).unwrap_or_default())).collect()
}

/// Runs a script from its file, with the words behind it.
fn run(world: &Path, options: &[&str], script: &str, words: &[&str]) -> Output {
    fs::write(world.join("box/s.pipe"), script).expect("a file");
    let arguments: Vec<&str> = options.iter().copied().chain(["s.pipe"]).chain(words.iter().copied()).collect();
    pipe(world, &arguments, "")
}

#[test]
fn what_the_command_line_names_is_there() {
    let world = world();
    let world = world.path();
    let script = "param of: string\nread(of) | sum x\n";
    for words in [vec!["--of", "a.csv"], vec!["--of=a.csv"], vec!["--of", "data/../a.csv"], vec!["--of", "link.csv"]] {
        let output = run(world, &[], script, &words);
        let sum = if words.contains(&"link.csv") { "42\n" } else { "1\n" };
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), sum, ""), "{words:?}");
    }
    let all = "param folder: string\nread(f\"{folder}/[bc].csv\") | sum x\n";
    assert_eq!(run(world, &[], all, &["--folder", "data"]).out, "5\n");
    assert_eq!(run(world, &["--allow-read", "data"], "read(\"data/c.csv\") | sum x\n", &[]).out, "3\n");
    assert_eq!(pipe(world, &["-e", "stdin | sum x"], "x,y\n7,1\n").out, "7\n");
    assert_eq!(run(world, &["--allow-read", "module.pipe"], "import \"module.pipe\"\nmodule::f(3)\n", &[]).out, "3\n");
    assert_eq!(run(world, &["-o", "out.csv"], "1..2\n", &[]).exit, Some(0));
    assert_eq!(fs::read_to_string(world.join("box/out.csv")).expect("it was written"), "value\n1\n2\n");
    let write = "1..2 | write \"new/out.csv\"\n";
    fs::create_dir(world.join("box/new")).expect("a folder");
    assert_eq!(run(world, &["--allow-write", "new"], write, &[]).err, "");
    assert_eq!(run(world, &["--allow-write", "new/out.csv"], write, &[]).err, "");
    let check = crate::cli::pipe(&["check", "--sandbox", "-e", "read(\"tests/data/none.csv\")"]);
    assert!(check.exit == Some(3) && check.err.contains("error[E0405]"), "checks are held to it too: {}", check.err);
}

#[test]
fn nothing_else_can_be_read() {
    let world = world();
    let (world, absolute) = (world.path(), world.path().join("secret.csv"));
    let before = contents(world);
    let paths = [
        "near.csv",
        "../secret.csv",
        "data/../../secret.csv",
        "./data/../near.csv",
        "a.csv/../near.csv",
        "link.csv",
        "far/secret.csv",
        "data/far/secret.csv",
        "data/far/../../secret.csv",
        "*.csv",
        "data/*/secret.csv",
        "data/**/*.csv",
        "../*.csv",
        "data/../*.csv",
        "../box/near.csv",
        "/proc/self/cwd/near.csv",
        "/proc/self/environ",
        "/dev/stdin",
        "/dev/fd/0",
        "/etc/passwd",
        "s.csv",
        "",
        absolute.to_str().expect("UTF-8"),
    ];
    for path in paths {
        for call in [format!("read({path:?}, format: \"csv\")"), format!("lines({path:?})")] {
            let output = run(world, &["--allow-read", "data"], &format!("{call} | count\n"), &["--", "a.csv"][..0]);
            assert_eq!((output.exit, &*output.out), (Some(3), ""), "{call}: {}", output.err);
            assert!(output.err.contains("error[E0405]"), "{call}: {}", output.err);
        }
    }
    // What is not there and what may not be read sound alike.
    let error = |path: &str| run(world, &[], &format!("read({path:?})\n"), &[]).err.replace(path, "");
    assert_eq!(error("../secret.csv"), error("../nobody.csv"));
    for import in ["module.pipe", "../box/module.pipe", "data/../module.pipe"] {
        let output = run(world, &["--allow-read", "data"], &format!("import {import:?} as m\nm::f(3)\n"), &[]);
        assert!(output.err.contains("error[E0405]"), "{import}: {}", output.err);
    }
    for call in ["now()", "today()", "env(\"HOME\")"] {
        assert!(pipe(world, &["-e", call], "").err.contains("error[E0405]"), "{call}");
    }
    fs::remove_file(world.join("box/s.pipe")).expect("it is there");
    assert_eq!(contents(world), before);
}

#[test]
fn nothing_else_can_be_written() {
    let world = world();
    let world = world.path();
    let before = contents(world);
    let options = ["--allow-write", "data/made.csv", "--allow-write", "data/far2", "--allow-read", "."];
    let hard = world.join("made.csv");
    let targets = [
        "made.csv",
        "a.csv",
        "s.pipe",
        "../made.csv",
        "data/b.csv",
        "data/../made.csv",
        "data/made.csv/../x.csv",
        "link.csv",
        "far/made.csv",
        "data/far/made.csv",
        "data/made.csv.gz",
        "/dev/stdout",
        "/dev/fd/1",
        "/tmp/made.csv",
        hard.to_str().expect("UTF-8"),
    ];
    for target in targets {
        for stage in [format!("write {target:?}, format: \"csv\""), format!("tee({target:?}) | count")] {
            let output = run(world, &options, &format!("1..3 | {stage}\n"), &[]);
            assert_eq!((output.exit, &*output.out), (Some(3), ""), "{stage}: {}", output.err);
            assert!(output.err.contains("E0405") || output.err.contains("error["), "{stage}: {}", output.err);
        }
    }
    // A parameter names what may be read: writing it is another matter.
    let own = run(world, &[], "param of: string\n1..3 | write \"a.csv\"\n", &["--of", "a.csv"]);
    assert!(own.err.contains("error[E0405]"), "{}", own.err);
    // A link that leads nowhere is replaced, never followed.
    let dangling = run(world, &["--allow-write", "data"], "1..3 | write \"data/new.csv\"\n", &[]);
    assert!(dangling.exit == Some(0) && !world.join("new.csv").exists(), "{}", dangling.err);
    fs::remove_file(world.join("box/data/new.csv")).expect("it was written there");
    fs::remove_file(world.join("box/s.pipe")).expect("it is there");
    let links = |files: Vec<(String, String)>| {
        files.into_iter().filter(|(name, _)| !name.ends_with("new.csv")).collect::<Vec<_>>()
    };
    assert_eq!(links(contents(world)), links(before));
}

#[test]
fn what_is_allowed_is_said_with_the_sandbox_alone() {
    let output = crate::cli::pipe(&["--allow-read", "a.csv", "-e", "1"]);
    assert!(output.exit == Some(2) && output.err.contains("--sandbox"), "{}", output.err);
}
