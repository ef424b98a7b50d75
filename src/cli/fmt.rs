//! `pipe fmt FILE…`: the canonical layout of scripts. A file is replaced as a whole or not at all.

use super::arguments::Settings;
use super::{Exit, complain, print_report, read_script};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Formats files in place, or stdin to stdout; with `check` it only says which files it would change. Goes on behind a
/// file that cannot be formatted, and ends as the first such does.
pub fn fmt(files: &[String], check: bool, settings: &Settings) -> Exit {
    let mut exit = Exit::Done;
    for file in files {
        let one = format(file, check, settings);
        if matches!(exit, Exit::Done | Exit::Assertion) && one != Exit::Done {
            exit = one;
        }
    }
    exit
}

fn format(file: &str, check: bool, settings: &Settings) -> Exit {
    let (name, text) = match read_script(file) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let formatted = match pipelang::tools::format(&name, &text) {
        Ok(formatted) => formatted,
        Err(report) => {
            print_report(&report, settings);
            return Exit::of(&report);
        }
    };
    let written = match (check, file) {
        (true, _) if formatted == text => return Exit::Done,
        (true, _) => return differs(&name),
        (false, "-") => io::stdout().write_all(formatted.as_bytes()),
        (false, _) if formatted == text => return Exit::Done,
        (false, file) => replace(Path::new(file), &formatted),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("`{name}` cannot be written: {error}"));
            Exit::Usage
        }
        Ok(()) | Err(_) => Exit::Done,
    }
}

/// Names a file that is not formatted, on stdout.
fn differs(name: &str) -> Exit {
    let _ = writeln!(io::stdout(), "{name}");
    Exit::Assertion
}

/// Writes a file beside the old one and then puts it in its place, with its permissions. Links are followed.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside: PathBuf = file.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut new = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        new.write_all(text.as_bytes())?;
        new.set_permissions(fs::metadata(&file)?.permissions())?;
        new.sync_all()?;
        fs::rename(&beside, &file)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
