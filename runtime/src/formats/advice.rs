//! What may be done about a path that nothing can be read from.

use super::files;
use std::path::Path;

/// Of a file that cannot be opened.
pub fn unopened(path: &str) -> Option<String> {
    if path.contains("://") {
        return Some(format!(
            "files of this machine are read; what another program fetches is `stdin`: curl -s {path} | pipe -e 'stdin | …'"
        ));
    }
    if path.starts_with('~') {
        return Some("`~` is a folder to the shell alone; here the whole path is written".into());
    }
    of_folder(path)
}

/// Of a file whose name says no known format.
pub fn unknown(path: &str) -> String {
    const SHEETS: [&str; 4] = ["xlsx", "xls", "ods", "numbers"];
    const LINES: [&str; 4] = ["txt", "log", "text", "out"];
    const PACKED: [(&str, &str); 5] =
        [("bz2", "bzip2 -dc"), ("xz", "xz -dc"), ("lz4", "lz4 -dc"), ("br", "brotli -dc"), ("zip", "unzip -p")];
    if let Some(advice) = of_folder(path) {
        return advice;
    }
    let extension = files::extension_of(path).unwrap_or_default();
    if SHEETS.contains(&extension.as_str()) {
        return "a sheet is read once it is saved as CSV".into();
    }
    if let Some((_, unpack)) = PACKED.iter().find(|(packed, _)| *packed == extension) {
        return format!("what another program unpacks is `stdin`: {unpack} {path} | pipe -e 'stdin | …'");
    }
    let format = if LINES.contains(&extension.as_str()) { "lines" } else { "csv" };
    format!("or say it: read(…, format: \"{format}\")")
}

fn of_folder(path: &str) -> Option<String> {
    let folder = path.trim_end_matches('/');
    Path::new(path).is_dir().then(|| format!("this is a folder; a pattern reads its files: read(\"{folder}/*.csv\")"))
}
