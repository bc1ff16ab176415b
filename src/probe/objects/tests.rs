//! Readers of a store in memory.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use object_store::{ObjectStoreExt as _, PutPayload};
use tokio::runtime::{Builder, Runtime};

use super::address::Address;
use super::bridge::Bridge;
use super::object::{Held, Object};
use super::store::{Store, encrypt};
use crate::failure::FailureKind;
use crate::probe::dump::medium::{Medium as _, Trouble};
use crate::probe::postgres::Canceller;

struct Stand {
    runtime: Runtime,
    memory: Arc<InMemory>,
    store: Arc<Store>,
    canceller: Canceller,
}

impl Stand {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (memory, canceller) = (Arc::new(InMemory::new()), Canceller::new());
        let bridge = runtime.block_on(async { Bridge::here(&canceller) });
        // It is never asked.
        encrypt();
        let listing = AmazonS3Builder::new().with_bucket_name("b").build().unwrap();
        let address = Address::parse("s3://b/key").unwrap();
        let store = Arc::new(Store::of(&address, Box::new(Arc::clone(&memory)), Box::new(listing), bridge));
        Self { runtime, memory, store, canceller }
    }

    fn put(&self, bytes: Vec<u8>) {
        let key = "key".into();
        self.runtime.block_on(self.memory.put(&key, PutPayload::from(bytes))).unwrap();
    }

    fn open(&self) -> Result<Held, Trouble> {
        Object::open(&self.store, "key").map(|object| Held(Arc::new(object)))
    }
}

/// Bytes that repeat at no distance windows have.
fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn kind(error: &std::io::Error) -> FailureKind {
    error.get_ref().and_then(|e| e.downcast_ref::<Trouble>()).unwrap().kind
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_read_is_what_is_there(
        length in 1_usize..12_000_000,
        steps in proptest::collection::vec((0_u64..12_000_000, 1_usize..400_000, 1_usize..40), 1..8),
    ) {
        let stand = Stand::new();
        let content = bytes(length);
        stand.put(content.clone());
        let held = stand.open().unwrap();
        let mut reader = held.reader();
        for (from, most, times) in steps {
            let mut at = from % length as u64;
            for _ in 0..times {
                let mut room = vec![0; most];
                let count = reader.read_at(&mut room, at, length as u64).unwrap();
                let begin = usize::try_from(at).unwrap();
                let there = content.get(begin..begin + count).unwrap();
                proptest::prop_assert!(room.get(..count).unwrap() == there, "{count} bytes at {at}");
                proptest::prop_assert!(count > 0 || at == length as u64);
                at += count as u64;
            }
        }
    }
}

#[test]
fn the_end_is_the_end() {
    let stand = Stand::new();
    stand.put(bytes(100_000));
    let held = stand.open().unwrap();
    let mut reader = held.reader();
    let mut room = [0; 10];
    assert_eq!(reader.read_at(&mut room, 99_995, 100_000).unwrap(), 5);
    assert_eq!(reader.read_at(&mut room, 100_000, 100_000).unwrap(), 0);
    // Not beyond the end of the object either, whatever the caller thinks.
    assert_eq!(reader.read_at(&mut room, 100_000, u64::MAX).unwrap(), 0);
}

#[test]
fn after_the_first_trouble_nothing_more_is_asked() {
    let stand = Stand::new();
    stand.put(bytes(1_000_000));
    let held = stand.open().unwrap();
    let mut room = [0; 10];
    let content = bytes(1_000_000);
    stand.put(vec![0; 1_000_000]);
    // What is here already is of the first content.
    assert_eq!(held.reader().read_at(&mut room, 0, 1_000_000).unwrap(), 10);
    assert_eq!(room, content.get(..10).unwrap());
    let error = held.reader().read_at(&mut room, 500_000, 1_000_000).unwrap_err();
    assert_eq!(kind(&error), FailureKind::SnapshotConflict);
    stand.put(content);
    let error = held.reader().read_at(&mut room, 900_000, 1_000_000).unwrap_err();
    assert_eq!(kind(&error), FailureKind::SnapshotConflict);
}

#[test]
fn nothing_is_waited_for_after_an_interrupt() {
    let stand = Stand::new();
    stand.put(bytes(1_000_000));
    let held = stand.open().unwrap();
    stand.runtime.block_on(stand.canceller.cancel_all());
    let error = held.reader().read_at(&mut [0; 10], 500_000, 1_000_000).unwrap_err();
    assert_eq!(kind(&error), FailureKind::Cancelled);
}
