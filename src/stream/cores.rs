//! How many threads of a run compute at once. There may be more of them, which wait for each other's rows.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Leave to compute, for so many threads at once.
#[derive(Debug)]
pub(super) struct Cores {
    many: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

/// Leave that one thread has.
#[derive(Debug)]
pub(super) struct Leave<'a>(&'a Cores);

impl Cores {
    /// Leave for so many, at least one.
    #[must_use]
    pub(super) fn new(many: usize) -> Self {
        let many = many.max(1);
        Self { many, free: Mutex::new(many), freed: Condvar::new() }
    }

    /// How many threads may compute at once.
    #[must_use]
    pub(super) fn many(&self) -> usize {
        self.many
    }

    /// Waits for leave to compute.
    #[must_use]
    pub(super) fn enter(&self) -> Leave<'_> {
        let mut free = self.free();
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Leave(self)
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        // A number is as good after a panic as before.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn never_do_more_compute_than_may() {
        let (cores, now, most) = (Cores::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _leave = cores.enter();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
        assert_eq!(Cores::new(0).many(), 1);
    }
}
