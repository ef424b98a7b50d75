//! Completions and man pages, as shells and `man` take them.

use crate::cli::pipe;
use std::process::{Command, Stdio};

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = pipe(&["completions", shell]);
        assert_eq!((output.exit, &*output.err), (Some(0), ""), "{shell}");
        for word in ["explain", "sandbox"] {
            assert!(output.out.contains(word), "{shell} completes `{word}`");
        }
    }
    assert_eq!(pipe(&["completions", "dash"]).exit, Some(2));
}

#[test]
fn bash_completes_commands_options_and_values() {
    if Command::new("bash").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    let completions = pipe(&["completions", "bash"]).out;
    let complete = |words: &str, last: usize| {
        let script = format!(
            "{completions}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _pipe pipe \"${{COMP_WORDS[{last}]}}\" \
             \"${{COMP_WORDS[$(({last} - 1))]}}\"; echo ${{COMPREPLY[@]}}"
        );
        let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        String::from_utf8(output.stdout).expect("words are text").trim().to_string()
    };
    assert_eq!(complete("pipe exp", 1), "explain");
    assert_eq!(complete("pipe --format j", 2), "json jsonl");
    assert_eq!(complete("pipe run --exec", 2), "--executor");
    assert!(complete("pipe check --", 2).contains("--schema"));
}

#[test]
fn the_man_page_has_all_options() {
    let page = pipe(&["man"]);
    assert_eq!((page.exit, &*page.err), (Some(0), ""));
    assert!(page.out.contains(".TH pipe 1") && page.out.contains("interrupted"), "{}", page.out);
    for word in ["\\-\\-sandbox", "\\-\\-format", "pipe\\-completions"] {
        assert!(page.out.contains(word), "{word}: {}", page.out);
    }
    assert!(pipe(&["man", "test"]).out.contains("\\-\\-filter"));
    assert_eq!(pipe(&["man", "nothing"]).exit, Some(2));
}
