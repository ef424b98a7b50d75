//! The results of a run one after the other: a thread of its own runs the program, and a few batches at most are ahead of
//! what was taken.

use crate::report::Report;
use crate::row::FromRow;
use crate::run::Run;
use pipelang_lang::codes::E0901;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_runtime::limits::CancelToken;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// So many rows are handed over at once.
const PORTION: usize = 1024;
/// So many portions may lie ready.
const READY: usize = 2;

/// Some rows, or why there are no more.
type Portion<Out> = Result<Vec<Out>, Report>;

/// The results of a run as they come: see [`Run::rows`].
pub struct ResultRows<Out> {
    receiver: Option<Receiver<Portion<Out>>>,
    portion: std::vec::IntoIter<Out>,
    cancel: CancelToken,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl<Out> std::fmt::Debug for ResultRows<Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("ResultRows").field("at_hand", &self.portion.len()).finish()
    }
}

/// The run, on the other side.
pub(crate) struct Feed<'a, In, Out> {
    run: Run<'a, In, Out>,
    sender: SyncSender<Portion<Out>>,
}

/// Both sides of a run.
pub(crate) fn pair<In, Out: FromRow>(mut run: Run<'_, In, Out>) -> (Feed<'_, In, Out>, ResultRows<Out>) {
    let (sender, receiver) = sync_channel(READY);
    let is_waited_for_here = run.pool().is_here();
    let settings = run.settings();
    (settings.patient, settings.alone) = (true, is_waited_for_here);
    // Whoever drops the rows stops this run, and no other that has the host's token.
    let cancel = settings.cancel.below();
    settings.cancel = cancel.clone();
    let rows = ResultRows { receiver: Some(receiver), portion: Vec::new().into_iter(), cancel, thread: None };
    (Feed { run, sender }, rows)
}

impl<In, Out: FromRow + Send> Feed<'_, In, Out> {
    /// Runs the program to its end, or until nobody wants more.
    pub(crate) fn run(self) {
        let Feed { run, sender } = self;
        let result = run.for_each_portion(&mut |rows| {
            let mut rows = rows.into_iter();
            while rows.len() > 0 {
                if sender.send(Ok(rows.by_ref().take(PORTION).collect())).is_err() {
                    // Nobody is there any more.
                    return false;
                }
            }
            true
        });
        if let Err(report) = result {
            let _ = sender.send(Err(report));
        }
    }
}

impl<Out> ResultRows<Out> {
    /// There is no thread to run it on.
    pub(crate) fn fail(&mut self, error: &std::io::Error) {
        let (sender, receiver) = sync_channel(1);
        let told = Diagnostic::outside(E0901, format!("the system gives no thread: {error}"));
        let _ = sender.send(Err(Report::outside(told)));
        self.receiver = Some(receiver);
    }
}

impl<Out> Iterator for ResultRows<Out> {
    type Item = Result<Out, Report>;

    fn next(&mut self) -> Option<Result<Out, Report>> {
        loop {
            if let Some(row) = self.portion.next() {
                return Some(Ok(row));
            }
            match self.receiver.as_ref()?.recv() {
                Ok(Ok(portion)) => self.portion = portion.into_iter(),
                Ok(Err(report)) => {
                    self.receiver = None;
                    return Some(Err(report));
                }
                Err(_) => self.receiver = None,
            }
        }
    }
}

impl<Out> Drop for ResultRows<Out> {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            // It only sends; a panic in it was told there.
            let _ = thread.join();
        }
    }
}
