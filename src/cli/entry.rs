//! Where a host gets its command line: an engine, and what the program is called.

use super::arguments::Settings;
use super::{NAME, arguments, complain, dispatch, no_native_code, outlive_limits, sandbox};
use pipelang::{Engine, EngineBuilder, Grant, clock, environment, fs, stdin};
use std::ffi::OsString;
use std::process::ExitCode;

/// A command line and a prompt over an engine: scripts are run, checked, tested, formatted and explained with the functions,
/// constants, tables and types of the host, which `functions` lists and Tab completes.
///
/// ```no_run
/// use pipelang::{Engine, cli::Entry};
///
/// fn main() -> std::process::ExitCode {
///     let engine = Engine::builder()
///         .func("fee", |price: f64, quantity: i64| price * quantity as f64 * 0.001)
///         .describe("fee(price, quantity)", "What a trade costs.")
///         .build()
///         .expect("no two names are alike");
///     Entry::new(engine).name("trader").version("1.2").about("Rules over trades").as_user().main()
/// }
/// ```
///
/// Scripts may do what the engine grants, and read stdin.
#[derive(Clone, Debug)]
#[must_use = "a command line begins with `main`"]
pub struct Entry {
    engine: Engine,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) about: Option<&'static str>,
    is_user: bool,
}

impl Entry {
    /// The command line of an engine; it is called `pipe` and has the version of this library.
    pub fn new(engine: Engine) -> Entry {
        Entry { engine, name: "pipe", version: env!("CARGO_PKG_VERSION"), about: None, is_user: false }
    }

    /// What the program is called in help, messages and at the prompt; the history of the prompt is in a folder of that
    /// name.
    pub fn name(mut self, name: &'static str) -> Entry {
        self.name = name;
        self
    }

    /// The version that `--version` shows.
    pub fn version(mut self, version: &'static str) -> Entry {
        self.version = version;
        self
    }

    /// The sentence that the help begins with.
    pub fn about(mut self, about: &'static str) -> Entry {
        self.about = Some(about);
        self
    }

    /// Scripts may do what the user may: read and write files, know what time it is, read the variables of the
    /// environment.
    pub fn as_user(mut self) -> Entry {
        self.is_user = true;
        self
    }

    /// Does what the arguments of the process say.
    pub fn main(&self) -> ExitCode {
        self.main_with(std::env::args_os())
    }

    /// Does what these arguments say, of which the first is the name of the program. What the program is called in messages
    /// is settled by the first call in a process.
    pub fn main_with(&self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
        outlive_limits();
        keep_what_is_freed();
        NAME.get_or_init(|| self.name);
        let arguments = match arguments::read(self, arguments.into_iter().map(Into::into)) {
            Ok(mut arguments) => {
                sandbox::allow_what_is_named(&mut arguments);
                arguments
            }
            Err(error) => {
                // `--help` and `--version` come this way too, to stdout and with 0.
                let _ = error.print();
                return ExitCode::from(error.exit_code().clamp(0, 255) as u8);
            }
        };
        ExitCode::from(dispatch(self, arguments) as u8)
    }

    /// The engine as the options want it, with stdin for scripts.
    pub(super) fn engine(&self, settings: &Settings) -> Engine {
        built(self.without_stdin(settings).grant(stdin::of_process(settings.from.as_deref())))
    }

    /// The engine of the prompt, which reads stdin itself.
    pub(super) fn engine_of_prompt(&self, settings: &Settings) -> Engine {
        built(self.without_stdin(settings))
    }

    fn without_stdin(&self, settings: &Settings) -> EngineBuilder {
        if let (arguments::ExecutorName::Jit, Err(why)) = (settings.executor, pipelang::native_code()) {
            complain(&no_native_code(&why));
        }
        let mut builder = self.engine.to_builder();
        if let Some(threads) = settings.threads {
            builder = builder.threads(threads);
        }
        if settings.no_optimize {
            builder = builder.optimize(false);
        }
        if settings.locked {
            builder = builder.locked(true);
        }
        if self.is_user {
            builder = granted_as_user(builder);
        }
        if settings.sandbox { sandbox::confined(builder, settings, &self.grants_of_files()) } else { builder }
    }

    /// The files that scripts may read and write where there is no sandbox.
    fn grants_of_files(&self) -> Vec<Grant> {
        let user = [fs::read_everything(), fs::write_everything()].into_iter().filter(|_| self.is_user);
        self.engine.grants().iter().cloned().chain(user).collect()
    }
}

/// glibc gives memory back to the system as soon as much of it is free, and batches come and go: much of the time of a run
/// went into getting the same memory again. It keeps more once a large block was there: of 32 MiB at most, as `mallopt(3)`
/// says of `M_MMAP_THRESHOLD`. The block is not touched, so that it costs no memory; other allocators do not mind.
fn keep_what_is_freed() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(31 << 20)));
}

fn built(builder: EngineBuilder) -> Engine {
    builder.build().expect("what one engine has makes another one too")
}

/// Whatever the user may do, scripts may do.
fn granted_as_user(builder: EngineBuilder) -> EngineBuilder {
    // A variable that is not text is none that a script could read.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    builder
        .grant(fs::read_everything())
        .grant(fs::write_everything())
        .grant(clock::system())
        .grant(environment::variables(variables))
}
