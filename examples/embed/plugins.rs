//! A folder of rules that is looked at again and again: a changed file takes effect between two events, a broken one is
//! told and the rule before it stays.
//!
//! ```text
//! two rules: 5 %
//! one of them changed: 10 %
//! error[E0201]: there is no column `totl` here
//!    ╭─[ large.pipe:1:16 ]
//!  1 │ input | filter totl > 200 | select percent = 99.0
//!    │ ──┬──          ──┬─
//!    │   ╰────────────────── its columns: customer, total
//!    │                  ╰─── did you mean `total`?
//! ───╯ fix: replace with `total`     more: pipe explain E0201
//! as before: 10 %
//! ```

use pipelang::{Engine, Live, Report, Row};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

#[derive(Row)]
struct Order {
    customer: &'static str,
    total: f64,
}

#[derive(Row)]
struct Discount {
    percent: f64,
}

/// The rules by the names of their files, with the texts that they came of.
struct Plugins {
    engine: Engine,
    rules: BTreeMap<String, (String, Live<Order, Discount>)>,
}

impl Plugins {
    /// Compiles what is new or has changed; the reports of what does not compile.
    fn reload(&mut self, folder: &Path) -> Result<Vec<Report>, std::io::Error> {
        let mut broken = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let (name, text) =
                (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read_to_string(&path)?);
            if self.rules.get(&name).is_some_and(|(known, _)| *known == text) {
                continue;
            }
            match (self.engine.compile(&name, &text), self.rules.get_mut(&name)) {
                // Whoever runs the old one ends with it.
                (Ok(program), Some((known, live))) => {
                    live.replace(program);
                    *known = text;
                }
                (Ok(program), None) => drop(self.rules.insert(name, (text, program.live()))),
                (Err(report), _) => broken.push(report),
            }
        }
        Ok(broken)
    }

    /// The greatest discount that a rule gives.
    fn discount(&self, order: &Order) -> Result<f64, Report> {
        let mut greatest = 0.0;
        for (_, live) in self.rules.values() {
            greatest = live.get().call(order)?.map_or(greatest, |it: Discount| it.percent.max(greatest));
        }
        Ok(greatest)
    }
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    let mut plugins = Plugins { engine: Engine::default(), rules: BTreeMap::new() };
    let order = Order { customer: "Ada", total: 250.0 };

    write("large.pipe", "input | filter total > 200 | select percent = 5.0")?;
    write("friends.pipe", "input | filter customer in [\"Ada\", \"Ben\"] | select percent = 2.0")?;
    plugins.reload(folder.path())?;
    writeln!(out, "two rules: {} %", plugins.discount(&order)?)?;

    write("large.pipe", "input | filter total > 200 | select percent = total / 25")?;
    plugins.reload(folder.path())?;
    writeln!(out, "one of them changed: {} %", plugins.discount(&order)?)?;

    write("large.pipe", "input | filter totl > 200 | select percent = 99.0")?;
    for report in plugins.reload(folder.path())? {
        writeln!(out, "{report}")?;
    }
    writeln!(out, "as before: {} %", plugins.discount(&order)?)?;
    Ok(())
}
