//! Standard input for scripts. A thread of its own reads it, from when a script first asks for it: so a run that waits for
//! more can be interrupted.

use super::is_interrupted;
use pipelang::{Grant, stdin};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How much is read at once.
const BLOCK: usize = 64 << 10;
/// How many blocks are read ahead.
const AHEAD: usize = 4;
/// How long an interruption may go unseen.
const PATIENCE: Duration = Duration::from_millis(50);

/// What scripts may read as `stdin`.
pub fn grant(format: Option<&str>) -> Grant {
    match format {
        Some(format) => stdin::of_format(Stdin::default(), format),
        None => stdin::from(Stdin::default()),
    }
}

/// Nothing is read of it before somebody asks.
#[derive(Default)]
struct Stdin {
    blocks: Option<Receiver<io::Result<Vec<u8>>>>,
    block: io::Cursor<Vec<u8>>,
}

impl Read for Stdin {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.block.position() == self.block.get_ref().len() as u64 {
            let blocks = self.blocks.get_or_insert_with(blocks);
            self.block = loop {
                match blocks.recv_timeout(PATIENCE) {
                    Ok(block) => break io::Cursor::new(block?),
                    Err(RecvTimeoutError::Timeout) if is_interrupted() => return Err(io::Error::other("interrupted")),
                    Err(RecvTimeoutError::Timeout) => {}
                    // It is at its end.
                    Err(RecvTimeoutError::Disconnected) => return Ok(0),
                }
            };
        }
        self.block.read(into)
    }
}

fn blocks() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(AHEAD);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut block = vec![0; BLOCK];
            let read = stdin.read(&mut block);
            let is_last = !matches!(read, Ok(1..));
            if matches!(&read, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
                continue;
            }
            let read = read.map(|count| {
                block.truncate(count);
                block
            });
            // An end of no bytes says nothing that the end of the channel does not say.
            let is_end = matches!(&read, Ok(block) if block.is_empty());
            if is_end || sender.send(read).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}
