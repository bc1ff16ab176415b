//! Bytes that are counted as they are read, so that somebody who waits can be told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::medium::{Folder, Medium, Place, ReadAt};

/// Bytes read so far, of everything and however often.
pub(super) type Count = Arc<AtomicU64>;

/// The same place, with everything that is read of it counted.
pub(super) fn place(place: &Place, count: &Count) -> Place {
    match place {
        Place::One(file) => Place::One(Arc::new(Counted(Arc::clone(file), Arc::clone(count)))),
        Place::Many(files) => Place::Many(Arc::new(Counted(Arc::clone(files), Arc::clone(count)))),
    }
}

#[derive(Debug)]
struct Counted<T>(T, Count);

impl Medium for Counted<Arc<dyn Medium>> {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn reader(&self) -> Box<dyn ReadAt> {
        Box::new(Counted(self.0.reader(), Arc::clone(&self.1)))
    }
}

impl ReadAt for Counted<Box<dyn ReadAt>> {
    fn read_at(&mut self, room: &mut [u8], at: u64, to: u64) -> io::Result<usize> {
        let read = self.0.read_at(room, at, to)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Folder for Counted<Arc<dyn Folder>> {
    fn has(&self, name: &str) -> bool {
        self.0.has(name)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Medium>> {
        Ok(Arc::new(Counted(self.0.open(name)?, Arc::clone(&self.1))))
    }
}
