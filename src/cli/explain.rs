//! `pipe explain FILE`: how a script is run. `pipe explain E0201`: what an error means.

use super::arguments::{ExplainArguments, PhaseName};
use super::{Entry, Exit, complain, flags, print_report, read_script, show};
use pipelang::{ParameterWay, Phase, codes, tools};
use std::fmt::Write as _;

/// Explains a script, a code, or what the optimizer does.
pub fn explain(entry: &Entry, arguments: &ExplainArguments) -> Exit {
    match (&arguments.eval, &arguments.what) {
        (Some(text), _) => explain_script(entry, "<command line>", text, arguments),
        (None, Some(what)) => explain_what(entry, what, arguments),
        (None, None) => show(&tools::rules_text()),
    }
}

fn explain_what(entry: &Entry, what: &str, arguments: &ExplainArguments) -> Exit {
    if let Some(text) = page(what) {
        return show(&text);
    }
    if looks_like_code(what) && !std::path::Path::new(what).exists() {
        complain(&format!("there is no error code `{what}`"));
        return Exit::Usage;
    }
    match read_script(what) {
        Ok((name, text)) => explain_script(entry, &name, &text, arguments),
        Err(exit) => exit,
    }
}

fn explain_script(entry: &Entry, name: &str, text: &str, arguments: &ExplainArguments) -> Exit {
    let phase = match arguments.phase {
        PhaseName::Tokens => return show(&tools::tokens_text(text)),
        PhaseName::Tree => return show(&tools::tree_text(text)),
        PhaseName::Plan => Phase::Plan,
        PhaseName::Kernel => Phase::Kernel,
    };
    let parameters = match flags::of(name, text, &arguments.parameters, ParameterWay::BehindDashes) {
        Ok(parameters) => parameters,
        Err(exit) => return exit,
    };
    let settings = &arguments.settings;
    match entry.engine(settings).script(name, text, &parameters) {
        Ok(script) => show(&script.explain(phase, settings.executor.into())),
        Err(report) => {
            print_report(&report, settings);
            Exit::of(&report)
        }
    }
}

fn looks_like_code(what: &str) -> bool {
    let digits = what.strip_prefix(['E', 'e']).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The page of an error code.
pub fn page(code: &str) -> Option<String> {
    let info = codes::info(codes::parse(code)?)?;
    let mut text = format!("{}: {}\n", info.code, info.title);
    for paragraph in info.explanation.split("\n\n") {
        let _ = writeln!(text, "\n{}", wrapped(paragraph, PAGE_WIDTH));
    }
    for (heading, script) in [("For example:", info.example), ("Instead:", info.mended)] {
        if !script.is_empty() {
            let _ = writeln!(text, "\n{heading}\n");
            for line in script.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    Some(text)
}

/// How wide the text of a page is.
const PAGE_WIDTH: usize = 80;

/// A paragraph in lines of at most `width` characters.
fn wrapped(paragraph: &str, width: usize) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            text.push('\n');
            used = 0;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
    }
    text
}
