//! Bytes that come once: what a host gives as `stdin`, and what is in a FIFO or comes of a device.
//!
//! What is looked at when a script is compiled is kept until the script runs, which takes all of it.

use super::compression::Compression;
use crate::error::panic_text;
use crate::limits::Watch;
use std::fmt;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much is asked for at once: what is there is given on without waiting for more.
const BLOCK: usize = 64 << 10;
/// How many blocks a thread of its own reads ahead.
const AHEAD: usize = 4;
/// How long a run that waits may go on after it was told to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// A stream of bytes that can be looked at, and taken once. Clones are the same stream.
#[derive(Clone)]
pub struct ByteStream {
    state: Arc<Mutex<State>>,
    /// The run that reads it, which is asked while nothing comes.
    watch: Arc<Mutex<Watch>>,
}

struct State {
    /// The format that the host says it has.
    format: Option<Arc<str>>,
    /// What has been read, from the beginning.
    head: Vec<u8>,
    /// What comes behind it; none if it has been taken.
    rest: Option<Box<dyn Read + Send>>,
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

impl PartialEq for ByteStream {
    fn eq(&self, other: &ByteStream) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl Eq for ByteStream {}

impl ByteStream {
    /// A stream that never waits, whose format shows in what it holds, unless it is said.
    pub fn new(stream: impl Read + Send + 'static, format: Option<&str>) -> ByteStream {
        ByteStream::watched(Box::new(stream), format, Arc::default())
    }

    /// One that a thread of its own reads, from when somebody first asks for it: so a run that waits for more can be
    /// stopped. The thread stays where it waits.
    pub fn aside<S: Read + Send + 'static>(
        open: impl FnOnce() -> io::Result<S> + Send + 'static,
        format: Option<&str>,
    ) -> ByteStream {
        let watch = Arc::default();
        let blocks = Blocks {
            from: Source::Closed(Box::new(|| blocks(open))),
            block: io::Cursor::default(),
            failed: None,
            watch: Arc::clone(&watch),
        };
        ByteStream::watched(Box::new(blocks), format, watch)
    }

    fn watched(stream: Box<dyn Read + Send>, format: Option<&str>, watch: Arc<Mutex<Watch>>) -> ByteStream {
        let state = State { format: format.map(Arc::from), head: Vec::new(), rest: Some(stream) };
        ByteStream { state: Arc::new(Mutex::new(state)), watch }
    }

    /// Who waits for it from now on.
    pub fn watch(&self, watch: &Watch) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch.clone();
    }

    /// Whether somebody has taken it.
    pub fn is_taken(&self) -> bool {
        self.state().rest.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of its format.
    pub fn format(&self) -> io::Result<Arc<str>> {
        if let Some(format) = &self.state().format {
            return Ok(format.clone());
        }
        let mut head = Vec::new();
        let mut look = self.look()?;
        while head.len() < BLOCK && !head.contains(&b'\n') {
            let before = head.len();
            head.resize(before + BLOCK, 0);
            let count = look.read(&mut head[before..])?;
            head.truncate(before + count);
            if count == 0 {
                break;
            }
        }
        Ok(format_of(&head).into())
    }

    /// Reads it without taking it.
    pub fn look(&self) -> io::Result<Box<dyn Read + Send>> {
        if self.state().rest.is_none() {
            return Err(taken());
        }
        decoded(Look { stdin: self.clone(), at: 0 })
    }

    /// Takes it, from the beginning.
    pub fn take(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut state = self.state();
        let rest = state.rest.take().ok_or_else(taken)?;
        decoded(io::Cursor::new(std::mem::take(&mut state.head)).chain(rest))
    }
}

fn taken() -> io::Error {
    io::Error::other("it has been read, and comes only once")
}

/// Reads what is kept, then more, which is kept too.
struct Look {
    stdin: ByteStream,
    at: usize,
}

impl Read for Look {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.stdin.state();
        let State { head, rest, .. } = &mut *state;
        if self.at == head.len() {
            let mut block = vec![0; BLOCK];
            let count = rest.as_mut().ok_or_else(taken)?.read(&mut block)?;
            head.extend_from_slice(&block[..count]);
        }
        let count = into.len().min(head.len() - self.at);
        into[..count].copy_from_slice(&head[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Blocks that another thread reads.
struct Blocks {
    from: Source,
    block: io::Cursor<Vec<u8>>,
    /// Why there is no more: who looks at it before the run may pass over that.
    failed: Option<(io::ErrorKind, String)>,
    watch: Arc<Mutex<Watch>>,
}

/// What the thread has read, in order.
type Channel = Receiver<io::Result<Vec<u8>>>;

enum Source {
    Closed(Box<dyn FnOnce() -> io::Result<Channel> + Send>),
    Open(Channel),
}

impl Read for Blocks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.block.position() == self.block.get_ref().len() as u64 {
            let Some(block) = self.next()? else { return Ok(0) };
            self.block = io::Cursor::new(block);
        }
        self.block.read(into)
    }
}

impl Blocks {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some((kind, why)) = &self.failed {
            return Err(io::Error::new(*kind, why.clone()));
        }
        loop {
            let blocks = match &mut self.from {
                Source::Open(blocks) => blocks,
                Source::Closed(open) => {
                    let open = std::mem::replace(open, Box::new(|| Err(io::Error::other("it could not be opened"))));
                    self.from = Source::Open(open()?);
                    continue;
                }
            };
            match blocks.recv_timeout(PATIENCE) {
                Ok(block) => {
                    self.failed = block.as_ref().err().map(|error| (error.kind(), error.to_string()));
                    return block.map(Some);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {
                    let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    watch.check().map_err(|_| io::Error::other("interrupted"))?;
                }
            }
        }
    }
}

/// Reads a stream in a thread of its own; the channel ends where the stream does.
fn blocks<S: Read + Send + 'static>(open: impl FnOnce() -> io::Result<S> + Send + 'static) -> io::Result<Channel> {
    let (sender, receiver) = sync_channel(AHEAD);
    std::thread::Builder::new().spawn(move || {
        // What panics is the host's.
        let sent = catch_unwind(AssertUnwindSafe(|| send_all(open()?, &sender)));
        let error = match sent {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => io::Error::other(format!("its reader panicked: {}", panic_text(&*panic))),
        };
        // Nobody may want to know.
        let _ = sender.send(Err(error));
    })?;
    Ok(receiver)
}

/// Sends what a stream gives as it comes, to its end or as long as somebody wants it.
fn send_all(mut stream: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        match stream.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) => return Ok(()),
            Ok(count) if sender.send(Ok(block[..count].to_vec())).is_err() => return Ok(()),
            Ok(_) => {}
        }
    }
}

/// Decompresses what begins as something compressed does.
fn decoded(mut stream: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut first = Vec::new();
    (&mut stream).take(4).read_to_end(&mut first)?;
    let compression = Compression::of_magic(&first);
    compression.decode(io::Cursor::new(first).chain(stream))
}

/// What parts the columns of a table in text.
const DELIMITERS: [char; 4] = [',', '\t', ';', '|'];

/// The format that a text looks like by its first line; where nothing parts columns it is no names of columns either.
fn format_of(head: &[u8]) -> &'static str {
    if head.starts_with(b"PAR1") {
        return "parquet";
    }
    if head.starts_with(b"ARROW1") || head.starts_with(&[0xff; 4]) {
        return "arrow";
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first = text.lines().next().unwrap_or("").trim_end();
    match text.chars().next() {
        // An object that ends with its line is a record; one that goes on is the whole file.
        Some('{') if first.ends_with('}') => "jsonl",
        Some('{' | '[') => "json",
        Some(_) if !first.contains(DELIMITERS) => "lines",
        Some(_) if first.matches('\t').count() > first.matches(',').count() => "tsv",
        Some(_) | None => "csv",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_show_in_the_first_line() {
        for (head, format) in [
            ("", "csv"),
            ("a,b\tc,d\n", "csv"),
            ("a;b\n1;2\n", "csv"),
            ("1\n2,5\n", "lines"),
            ("\"hello\"\n", "lines"),
            ("a\tb\n1\t2\n", "tsv"),
            ("{\"a\":1}\n{\"a\":2}", "jsonl"),
            ("\u{feff} {\"a\":1}", "jsonl"),
            ("{\n\"a\":1}", "json"),
            ("[{\"a\":1}]", "json"),
            ("PAR1\u{15}", "parquet"),
        ] {
            assert_eq!(format_of(head.as_bytes()), format, "{head:?}");
        }
    }

    #[test]
    fn what_was_looked_at_is_there_when_it_is_taken() {
        let text = "x\n".repeat(100_000);
        let stdin = ByteStream::new(io::Cursor::new(text.clone()), None);
        let mut some = [0; 10];
        stdin.look().and_then(|mut look| look.read_exact(&mut some)).expect("it can be read");
        let mut taken = String::new();
        stdin.take().and_then(|mut all| all.read_to_string(&mut taken)).expect("it can be read");
        assert_eq!(taken, text);
        assert!(stdin.take().is_err() && stdin.look().is_err());
    }
}
