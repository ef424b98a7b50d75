//! Every block of the documents is run: a block of `pipe` is a script, a block of `sh` is commands, and a block of `text`
//! right behind either is what it prints. `BLESS=1` writes what is printed; then the diff is read.

use crate::harness::{Config, Script};
use crate::tidy::walk;
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kinds of blocks that are run, and how.
type Run = fn(&str) -> String;
const RUNS: [(&str, Run); 2] = [("pipe", run_script), ("sh", run_commands)];

fn run_script(text: &str) -> String {
    let script = Script { name: "script.pipe", text, format: OutputFormat::Table, parameters: Vec::new() };
    let outcome =
        script.run(&Config { executor: Executor::Auto, rules: RuleSet::all(), threads: 2, morsel_rows: None });
    outcome.out + &outcome.err
}

/// Runs commands with the `pipe` that was just built, first on the path.
fn run_commands(text: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_pipe"));
    let folder = binary.parent().expect("a program lies in a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{text}")])
        .env("PATH", format!("{folder}:{path}"))
        .env("NO_COLOR", "1")
        .output()
        .expect("there is a shell");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// A fenced block: the words behind its fence and the lines in it, by position.
struct Block {
    info: String,
    first: usize,
    end: usize,
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => open = Some((info.trim().to_string(), at + 1)),
            (Some(_), Some((info, first))) => blocks.push(Block { info, first, end: at }),
            (None, still) => open = still,
        }
    }
    blocks
}

/// The document as it should be, and what is wrong with it.
fn checked(path: &Path, text: &str) -> (String, Vec<String>) {
    let lines: Vec<&str> = text.lines().collect();
    let blocks = blocks(&lines);
    let (mut out, mut faults, mut copied) = (Vec::new(), Vec::new(), 0);
    for (at, block) in blocks.iter().enumerate() {
        let Some((_, run)) = RUNS.iter().find(|(kind, _)| *kind == block.info) else { continue };
        let printed = run(&lines[block.first..block.end].join("\n"));
        let printed = printed.trim_end();
        let place = format!("{}:{}", path.display(), block.first);
        let answer = blocks.get(at + 1).filter(|next| next.info == "text" && next.first <= block.end + 3);
        match answer {
            Some(answer) => {
                out.extend(lines[copied..answer.first].iter().map(ToString::to_string));
                out.extend(printed.lines().map(ToString::to_string));
                copied = answer.end;
                let expected = lines[answer.first..answer.end].join("\n");
                if expected != printed {
                    faults.push(format!("{place}:\n--- expected\n{expected}\n--- is\n{printed}"));
                }
            }
            None if printed.contains("error[") || printed.contains("error:") => {
                faults.push(format!("{place} fails:\n{printed}"));
            }
            None => {}
        }
    }
    out.extend(lines[copied..].iter().map(ToString::to_string));
    (out.join("\n") + "\n", faults)
}

fn documents() -> Vec<PathBuf> {
    let is_document = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut documents: Vec<PathBuf> = walk(Path::new("docs")).into_iter().filter(is_document).collect();
    documents.retain(|path| !path.starts_with("docs/decisions"));
    documents
}

#[test]
fn every_block_of_the_documents_runs() {
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let only = std::env::var("DOC").unwrap_or_default();
    let mut faults = Vec::new();
    for path in documents().into_iter().filter(|path| path.to_string_lossy().contains(&only)) {
        let text = fs::read_to_string(&path).expect("documents are text");
        let (right, found) = checked(&path, &text);
        if bless {
            fs::write(&path, right).expect("a document can be written");
        } else {
            faults.extend(found);
        }
    }
    assert!(faults.is_empty(), "{} blocks differ\n{}", faults.len(), faults.join("\n\n"));
}
