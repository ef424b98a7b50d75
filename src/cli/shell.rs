//! What a shell and a reader of manuals want to know of the command line: completions and man pages, made of what clap
//! knows of it.

use super::{Entry, Exit, arguments, complain, show};
use clap_complete::Shell;

/// Prints the completions for a shell.
pub fn completions(entry: &Entry, shell: Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(entry), entry.name, &mut text);
    show(&String::from_utf8_lossy(&text))
}

/// Prints the man page of the program, or of one of its commands.
pub fn man(entry: &Entry, of: Option<&str>) -> Exit {
    let mut command = arguments::command(entry);
    // Now commands know whose they are: their pages are called `pipe-run`.
    command.build();
    let command = match of {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                complain(&format!("there is no command `{name}`"));
                return Exit::Usage;
            }
        },
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => show(&String::from_utf8_lossy(&text)),
        Err(error) => {
            complain(&format!("the page cannot be made: {error}"));
            Exit::Internal
        }
    }
}
