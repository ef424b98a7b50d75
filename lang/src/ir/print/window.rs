//! The stage `window` in the printed form:
//!
//! ```text
//! | window total = sum(qty) where ok rows from -6 to 0 full, before = lag(qty, 1), place = rank(qty desc) by k on day
//! ```

use super::{Defined, Printer, commas, sort_keys, text};
use crate::ir::{Frame, Stage, WindowKind};

/// The stage; nothing of another one.
pub(super) fn window_text(printer: &Printer, defined: &Defined, stage: &Stage) -> String {
    let Stage::Window { keys, on, functions, .. } = stage else { return String::new() };
    let function = |f: &crate::ir::WindowFunction| format!("{} = {}", defined.label(f.column), kind(printer, &f.kind));
    let mut out = format!("window {}", commas(functions.iter().map(function))).trim_end().to_string();
    if !keys.is_empty() {
        out.push_str(" by ");
        out.push_str(&commas(keys.iter().map(|key| printer.expr(*key))));
    }
    if let Some(on) = on {
        out.push_str(" on ");
        out.push_str(&printer.expr(on.expr));
    }
    out
}

fn kind(printer: &Printer, kind: &WindowKind) -> String {
    match kind {
        WindowKind::Neighbour { value, offset } => {
            let name = if *offset < 0 { "lag" } else { "lead" };
            format!("{name}({}, {})", printer.expr(*value), offset.unsigned_abs())
        }
        WindowKind::RowNumber => "row_number()".to_string(),
        WindowKind::Rank { keys, dense } => {
            format!("{}({})", if *dense { "dense_rank" } else { "rank" }, sort_keys(printer, keys))
        }
        WindowKind::Session { time, gap } => format!("session({}, {})", printer.expr(time.expr), text::scalar(gap)),
        WindowKind::Reduce { reducer, arguments, condition, frame } => {
            let name = text::name(printer.catalog.reducer(*reducer).name);
            let arguments = commas(arguments.iter().map(|argument| printer.expr(*argument)));
            let condition = condition.map_or(String::new(), |c| format!(" where {}", printer.expr(c)));
            format!("{name}({arguments}){condition}{}", frame_text(frame))
        }
    }
}

fn frame_text(frame: &Frame) -> String {
    let (word, start, end) = match frame {
        Frame::Group => return String::new(),
        Frame::Rows { start, end, .. } => ("rows", start.map(|n| n.to_string()), end.map(|n| n.to_string())),
        Frame::Range { start, end, .. } => ("range", start.as_ref().map(text::scalar), end.as_ref().map(text::scalar)),
    };
    let bound = |word: &str, bound: Option<String>| bound.map_or(String::new(), |bound| format!(" {word} {bound}"));
    let full = if frame.is_full() { " full" } else { "" };
    format!(" {word}{}{}{full}", bound("from", start), bound("to", end))
}
