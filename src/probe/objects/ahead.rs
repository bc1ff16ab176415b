//! Reading ahead: an object comes in windows, some of which are on their way while one is being read.
//!
//! Whoever reads a little gets little: the first window after a jump is small and comes alone, and only who reads on past
//! it gets larger ones, several at once. That makes up for the time each request takes, and for the speed a store grants
//! to one of them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::Trouble;
use super::bridge::Pending;
use super::object::Object;
use crate::probe::dump::medium::ReadAt;

/// Bytes of the first window after a jump.
const FIRST: u64 = 256 << 10;

/// Bytes of the largest window.
const MOST: u64 = 4 << 20;

/// Windows held at once, so that a reader takes at most this times [`MOST`] in memory.
const WINDOWS: usize = 4;

/// A reader with a place of its own.
#[derive(Debug)]
pub(super) struct Ahead {
    object: Arc<Object>,
    /// One after the other, without gaps.
    windows: VecDeque<Window>,
    /// Bytes of the next window.
    size: u64,
    /// How many may be held at once.
    many: usize,
    /// The byte behind the last one that was read.
    behind: u64,
}

/// Bytes `from..to` of an object.
#[derive(Debug)]
struct Window {
    from: u64,
    to: u64,
    bytes: Arriving,
}

#[derive(Debug)]
enum Arriving {
    Here(Bytes),
    Pending(Pending<Bytes>),
}

impl Window {
    /// Its bytes from `at` on, once they are here.
    fn rest(&mut self, at: u64) -> Result<&[u8], Trouble> {
        if let Arriving::Pending(pending) = &self.bytes {
            self.bytes = Arriving::Here(pending.wait()?);
        }
        let Arriving::Here(bytes) = &self.bytes else { return Ok(&[]) };
        let begin = usize::try_from(at - self.from).unwrap_or(usize::MAX);
        Ok(bytes.get(begin..).unwrap_or_default())
    }
}

impl Ahead {
    pub(super) fn new(object: &Arc<Object>) -> Self {
        let head = object.head();
        let first = Window { from: 0, to: head.len() as u64, bytes: Arriving::Here(head) };
        Self { object: Arc::clone(object), windows: VecDeque::from([first]), size: FIRST, many: 1, behind: 0 }
    }

    /// Lets the first window be the one with byte `at`, and others follow it up to `to`.
    fn aim(&mut self, at: u64, to: u64) {
        while self.windows.front().is_some_and(|window| window.to <= at) {
            self.windows.pop_front();
            self.many = (self.many + 1).min(WINDOWS);
        }
        let before = self.windows.front().is_some_and(|window| at < window.from);
        if before || (self.windows.is_empty() && at != self.behind) {
            self.windows.clear();
            (self.size, self.many) = (FIRST, 1);
        }
        while self.windows.len() < self.many {
            let from = self.windows.back().map_or(at, |window| window.to);
            let end = from.saturating_add(self.size).min(to);
            if from >= end {
                break;
            }
            let bytes = Arriving::Pending(self.object.begin(from, end));
            self.windows.push_back(Window { from, to: end, bytes });
            self.size = (self.size * 4).min(MOST);
        }
    }
}

impl ReadAt for Ahead {
    fn read_at(&mut self, room: &mut [u8], at: u64, to: u64) -> io::Result<usize> {
        self.aim(at, to.min(self.object.length()));
        let Some(window) = self.windows.front_mut() else { return Ok(0) };
        let ready = window.rest(at).map_err(Trouble::into_io)?;
        let count = ready.len().min(room.len());
        if let (Some(room), Some(ready)) = (room.get_mut(..count), ready.get(..count)) {
            room.copy_from_slice(ready);
        }
        self.behind = at + count as u64;
        Ok(count)
    }
}
