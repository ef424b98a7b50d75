//! The arguments of `pipe`. Its own options stand before FILE, the parameters of the script after it.

use super::Entry;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use pipelang::{ColumnFormat, EngineBuilder, Executor, OutputFormat, RowFormat};
use std::ffi::OsString;

/// Runs Pipe scripts. Without FILE, on a terminal: a prompt.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
pub struct Arguments {
    /// Something else than running FILE.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What is run.
    #[command(flatten)]
    pub script: ScriptArguments,
}

/// What `pipe` can do besides running FILE.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a script (as `pipe FILE` does)
    Run(ScriptArguments),
    /// Finds the errors of scripts without running them
    Check(CheckArguments),
    /// Prints the columns of a file as a `type` for `schema:`
    Schema {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: String,
        /// What the type is called
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Lays scripts out in the one canonical way, in place
    Fmt {
        /// The scripts; - reads stdin and writes stdout
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        files: Vec<String>,
        /// Changes nothing; names the scripts that would change, and ends with 1 if there are any
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Shows how a script is run, or what an error code means
    Explain(ExplainArguments),
    /// Runs the tests of scripts
    Test {
        /// The scripts
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        files: Vec<String>,
        /// Only the tests whose names contain this
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// The parameters of the scripts, behind `--`: -- --name value
        #[arg(last = true)]
        parameters: Vec<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Lists functions, reducers and stages
    Functions {
        /// Only this group, or all about what has this name
        #[arg(value_name = "NAME|GROUP")]
        what: Option<String>,
        /// The names alone
        #[arg(long)]
        names: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Prints what a shell needs to complete the command line
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Prints the man page
    Man {
        /// That of this command
        command: Option<String>,
    },
}

/// What is explained.
#[derive(Debug, clap::Args)]
#[group(id = "explained", required = true, multiple = false, args = ["what", "eval", "rules"])]
pub struct ExplainArguments {
    /// A script, or a code such as E0201
    #[arg(value_name = "FILE|CODE", value_hint = ValueHint::FilePath)]
    pub what: Option<String>,
    /// Explains this text
    #[arg(short, long = "eval", value_name = "SCRIPT")]
    pub eval: Option<String>,
    /// Lists the optimizer's rules instead
    #[arg(long)]
    pub rules: bool,
    /// What is shown of a script
    #[arg(long, value_enum, default_value_t = PhaseName::Plan)]
    pub phase: PhaseName,
    /// The parameters of the script, behind `--`: -- --name value
    #[arg(last = true)]
    pub parameters: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
}

/// What is checked, and how.
#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// The scripts; - is stdin
    #[arg(required_unless_present = "eval", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Checks this text
    #[arg(short, long = "eval", value_name = "SCRIPT")]
    pub eval: Option<String>,
    /// Prints the columns after every stage
    #[arg(long)]
    pub schema: bool,
    #[command(flatten)]
    pub settings: Settings,
}

/// A script and the values of its parameters.
#[derive(Debug, clap::Args)]
pub struct ScriptArguments {
    #[command(flatten)]
    pub settings: Settings,
    /// Runs this text instead of FILE
    #[arg(short, long = "eval", value_name = "SCRIPT")]
    pub eval: Option<String>,
    /// The script (- is stdin), then its parameters: --name value
    #[arg(value_name = "FILE", trailing_var_arg = true, allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub rest: Vec<String>,
}

/// What all commands understand.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// How results are written [default: table on a terminal, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<FormatName>,
    /// The format of stdin, if scripts read it [default: what its first line looks like]
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Where results are written, instead of stdout; its extension says how, unless --format does
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// How errors are written, to stderr
    #[arg(long, value_enum, default_value_t = ErrorFormat::Text)]
    pub errors: ErrorFormat,
    /// Whether to use colours
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Threads [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Who computes; the results are the same
    #[arg(long, value_enum, default_value_t = ExecutorName::Auto)]
    pub executor: ExecutorName,
    /// Rows that a thread takes at once; the results are the same
    #[arg(long, value_name = "N", value_parser = positive)]
    pub morsel_rows: Option<usize>,
    /// What sorts, groups and joins may hold before they write to disk, such as 500MB; the results are the same
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub memory: Option<u64>,
    /// Runs the plan as written; the results are the same
    #[arg(long)]
    pub no_optimize: bool,
    /// Refuses files whose columns are not declared by `schema:`
    #[arg(long)]
    pub locked: bool,
    /// Lets scripts touch nothing but stdin, stdout and the paths of the command line
    #[arg(long)]
    pub sandbox: bool,
    /// What scripts may read in the sandbox beside what the command line names: a file, or a folder with all below it
    #[arg(long, value_name = "PATH", requires = "sandbox", value_hint = ValueHint::AnyPath)]
    pub allow_read: Vec<String>,
    /// What scripts may write in the sandbox: a file, or a folder with all below it
    #[arg(long, value_name = "PATH", requires = "sandbox", value_hint = ValueHint::AnyPath)]
    pub allow_write: Vec<String>,
    /// Never says how far a long run is, which it does on stderr if that is a terminal
    #[arg(long)]
    pub no_progress: bool,
    /// Says at the end, on stderr, how the run went
    #[arg(long)]
    pub stats: bool,
}

/// How results are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormatName {
    /// For eyes
    Table,
    Csv,
    Tsv,
    /// One document
    Json,
    /// An object a line
    Jsonl,
    /// Markdown
    Md,
    /// Bare values, with tabs between them
    Text,
    /// A Parquet file of one result
    Parquet,
    /// A stream of Arrow of one result
    Arrow,
}

impl From<FormatName> for OutputFormat {
    fn from(name: FormatName) -> OutputFormat {
        match name {
            FormatName::Table => OutputFormat::Table,
            FormatName::Csv => OutputFormat::Rows(RowFormat::Csv),
            FormatName::Tsv => OutputFormat::Rows(RowFormat::Tsv),
            FormatName::Json => OutputFormat::Rows(RowFormat::Json),
            FormatName::Jsonl => OutputFormat::Rows(RowFormat::Jsonl),
            FormatName::Md => OutputFormat::Rows(RowFormat::Md),
            FormatName::Text => OutputFormat::Rows(RowFormat::Text),
            FormatName::Parquet => OutputFormat::Columns(ColumnFormat::Parquet),
            FormatName::Arrow => OutputFormat::Columns(ColumnFormat::ArrowStream),
        }
    }
}

/// How errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// Drawn, with the lines of the script
    Text,
    /// A line each
    Short,
    /// A JSON object each
    Json,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal; NO_COLOR and CLICOLOR_FORCE in the environment say otherwise
    Auto,
    Always,
    Never,
}

/// Who computes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExecutorName {
    /// What is best
    Auto,
    /// Row by row, the oracle of the others
    Reference,
    /// Batches of rows
    Vector,
    /// Native code
    Jit,
}

impl From<ExecutorName> for Executor {
    fn from(name: ExecutorName) -> Executor {
        match name {
            ExecutorName::Auto => Executor::Auto,
            ExecutorName::Reference => Executor::Reference,
            ExecutorName::Vector => Executor::Vector,
            ExecutorName::Jit => Executor::Jit,
        }
    }
}

/// What `pipe explain FILE` shows.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PhaseName {
    /// The tokens as the grammar reads them; also of a script that is wrong
    Tokens,
    /// The tree; also of a script that is wrong
    Tree,
    /// The plan as written and as optimized, and its pipelines
    Plan,
    /// The kernels
    Kernel,
}

/// A number of threads.
pub fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=EngineBuilder::MOST_THREADS).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {}", EngineBuilder::MOST_THREADS))
}

/// A number from 1.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1".to_string()),
        Ok(number) => Ok(number),
    }
}

/// `200MB`, `1GiB`, `4096`
pub fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("b", 1),
        ("", 1),
    ];
    let lower = text.trim().to_ascii_lowercase();
    let read = UNITS.iter().find_map(|(unit, size)| {
        let number: f64 = lower.strip_suffix(unit)?.trim_end().parse().ok()?;
        (number >= 0.0 && number * (*size as f64) < u64::MAX as f64).then_some((number * *size as f64) as u64)
    });
    read.ok_or_else(|| "a size such as 500MB or 2GiB".to_string())
}

/// What the program ends with.
const EXITS: &str = "\
Ends with:
  0    done
  1    an assertion or a test of the script failed, or `fmt --check` found something
  2    the command line is wrong, or a file is not there or cannot be written
  3    the script is wrong
  4    the data are wrong
  5    a limit was reached
  70   a bug of the program
  130  interrupted";

/// The command line of a program, as clap knows it.
pub fn command(entry: &Entry) -> clap::Command {
    let Entry { name, version, .. } = entry;
    let examples = format!(
        "Examples:\n  {name} report.pipe --year 2024\n  {name} -e '1..5 | derive half = it / 2'\n  \
         {name} check report.pipe\n  {name} explain E0201"
    );
    let long = format!("{examples}\n\n{EXITS}");
    let command = Arguments::command().name(*name).version(*version).after_help(examples).after_long_help(long);
    match entry.about {
        Some(about) => command.about(about),
        None => command,
    }
}

/// Reads the arguments of a process.
pub fn read(entry: &Entry, arguments: impl Iterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let read = Arguments::from_arg_matches(&command(entry).try_get_matches_from(arguments)?)?;
    let script = match &read.command {
        Some(Command::Run(script)) => script,
        Some(
            Command::Check(_)
            | Command::Schema { .. }
            | Command::Fmt { .. }
            | Command::Explain { .. }
            | Command::Test { .. }
            | Command::Functions { .. }
            | Command::Completions { .. }
            | Command::Man { .. },
        ) => return Ok(read),
        None => &read.script,
    };
    // What stands before FILE is an option of the program; clap takes an unknown one for FILE.
    match script.rest.first() {
        Some(first) if script.eval.is_none() && first.starts_with('-') && first != "-" => {
            Err(unknown_option(entry, first))
        }
        _ => Ok(read),
    }
}

fn unknown_option(entry: &Entry, given: &str) -> clap::Error {
    let mut command = command(entry);
    let name = given.split('=').next().unwrap_or(given).trim_start_matches('-');
    let known: Vec<String> = command.get_arguments().filter_map(|it| it.get_long().map(str::to_string)).collect();
    let near = pipelang::tools::did_you_mean(name, known.iter().map(String::as_str));
    let hint = near.first().map_or(String::new(), |near| format!("; did you mean '--{near}'?"));
    command.error(clap::error::ErrorKind::UnknownArgument, format!("{} has no option '{given}'{hint}", entry.name))
}

impl ScriptArguments {
    /// Whether nothing is to be run.
    pub fn is_missing(&self) -> bool {
        self.eval.is_none() && self.rest.is_empty()
    }

    /// The script file; none with `-e`.
    pub fn file(&self) -> Option<&str> {
        if self.eval.is_some() { None } else { self.rest.first().map(String::as_str) }
    }

    /// What stands after the file: the parameters of the script.
    pub fn words(&self) -> &[String] {
        let skipped = usize::from(self.eval.is_none());
        self.rest.get(skipped..).unwrap_or(&[])
    }
}
