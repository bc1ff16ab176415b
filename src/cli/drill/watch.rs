//! Watching a drill: its progress on a terminal, and whoever wants it to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::terminal::Talk;
use crate::drill::phases::Watch;
use crate::probe::postgres::Canceller;
use crate::probe::stores::Stores;
use crate::verdict::ExitStatus;

/// A bar on a terminal, or nothing.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    pub(super) fn new(talk: &Talk) -> Self {
        Self(talk.progress().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    /// Takes it away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }

    fn style(&self, template: &str) {
        if let (Some(bar), Ok(style)) = (&self.0, ProgressStyle::with_template(template)) {
            bar.set_style(style);
        }
    }
}

impl Watch for Bar {
    fn begins(&self, phase: &'static str) {
        self.style("{spinner} {msg} {elapsed}");
        if let Some(bar) = &self.0 {
            bar.reset();
            bar.set_message(phase);
        }
    }

    fn moved(&self, done: u64, of: u64) {
        if let Some(bar) = &self.0 {
            if bar.length() != Some(of) {
                self.style(
                    "{spinner} {msg} {bar:24} {bytes} of about {total_bytes}, {bytes_per_sec}, {eta} left",
                );
                bar.set_length(of);
            }
            bar.set_position(done.min(of));
        }
    }

    fn looks(&self) -> bool {
        self.0.is_some()
    }
}

/// How long after a signal another one means that it takes too long. Some send one twice.
const AGAIN: Duration = Duration::from_secs(2);

/// Set as soon as somebody wants the drill to end: Ctrl-C, or a signal that ends programs. Another one some time later ends it
/// as if it were killed.
///
/// Also what reads stores until then.
pub(super) fn stop_on_signal() -> (Arc<AtomicBool>, Stores) {
    let stop = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        // Where a signal cannot be taken it ends the program, and with that everything the drill began.
        if let Ok(mut wanted) = signal(kind) {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                let mut first: Option<Instant> = None;
                while wanted.recv().await.is_some() {
                    stop.store(true, Ordering::SeqCst);
                    if first.get_or_insert_with(Instant::now).elapsed() > AGAIN {
                        std::process::exit(i32::from(ExitStatus::Unproven.code()));
                    }
                }
            });
        }
    }
    let canceller = Canceller::new();
    let (stores, stop_reading) = (Stores::here(&canceller), Arc::clone(&stop));
    tokio::spawn(async move {
        stopped(&stop_reading).await;
        let _report = canceller.cancel_all().await;
    });
    (stop, stores)
}

/// Ends when that is set.
pub(super) async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
