//! The large objects of a server, sealed in its snapshot.
//!
//! They are read piece by piece with `lo_get`, which looks through the snapshot of the transaction (`be-fsstubs.c`), in statements that bring
//! a bounded number of bytes, so that neither side holds an object in memory. That needs SELECT on each object, or
//! `lo_compat_privileges`. Without, a role that may read `pg_largeobject` reads its pages.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

use super::postgres::stream::{Format, Selection};
use super::postgres::tuples::{DAMAGED, OnTuple, Tuples};
use super::postgres::{QueryError, Session};
use super::transfer::{TOO_MUCH, spend};
use crate::baseline::large::{LargeObjects, LargeSeal, ObjectHasher};
use crate::facts::{Failure, Observed};
use crate::failure::FailureKind;

/// Bytes of a piece.
const PIECE: u64 = 256 << 10;

/// Objects, or pieces of one, in a statement.
const MANY: u64 = 256;

/// The greatest place `lo_get` takes (`MAX_LARGE_OBJECT_SIZE` of `large_object.h`, with pages of the usual size).
const GREATEST: u64 = (i32::MAX as u64) * 2048;

/// Seals all large objects.
///
/// # Errors
///
/// One may not be read, which the message names, or something else went wrong: then nothing is known of them all.
pub(super) async fn seal(session: &Session, transfer: &AtomicU64) -> Result<Observed, Failure> {
    let reader = Reader { session, transfer };
    let mut sealed = LargeObjects::default();
    let mut last = 0;
    loop {
        let objects = match reader.next(last).await {
            Err(failure) if failure.kind == FailureKind::PermissionDenied => {
                if !reader.may_read_pages().await? {
                    return Err(reader.denied(failure).await);
                }
                reader.pages(last).await?
            }
            other => other?,
        };
        let more = objects.len() as u64 == MANY;
        for object in objects {
            last = object.oid();
            sealed.add(&object);
        }
        if !more {
            return Ok(Observed::LargeObjects(Box::new(LargeSeal::Sealed(sealed))));
        }
    }
}

struct Reader<'a> {
    session: &'a Session,
    transfer: &'a AtomicU64,
}

fn other(message: &str) -> Failure {
    Failure { kind: FailureKind::Other, message: message.to_owned() }
}

impl Reader<'_> {
    /// The objects that follow one, each read to its end.
    async fn next(&self, last: u32) -> Result<Vec<ObjectHasher>, Failure> {
        let sql = format!(
            "select oid, pg_catalog.lo_get(oid, 0, {PIECE})
               from (select oid from pg_catalog.pg_largeobject_metadata where oid > '{last}'::oid order by oid limit {MANY}) o"
        );
        let (mut objects, mut open, mut before) = (Vec::new(), Vec::new(), last);
        self.rows(&sql, "", &mut |row| {
            let [Some(oid), Some(piece)] = row else { return Err(DAMAGED) };
            let oid = number(oid).filter(|oid| *oid > before).ok_or(DAMAGED)?;
            before = oid;
            let mut object = ObjectHasher::new(oid);
            object.feed(piece);
            if piece.len() as u64 == PIECE {
                open.push(objects.len());
            }
            objects.push(object);
            Ok(())
        })
        .await?;
        for at in open {
            if let Some(object) = objects.get_mut(at) {
                self.rest(object).await?;
            }
        }
        Ok(objects)
    }

    /// All of an object behind its first piece.
    async fn rest(&self, object: &mut ObjectHasher) -> Result<(), Failure> {
        let mut more = true;
        while more {
            let (oid, from) = (object.oid(), object.bytes());
            let to = (from + (MANY - 1) * PIECE).min(GREATEST);
            if from > to {
                return Ok(());
            }
            let sql = format!(
                "select at, pg_catalog.lo_get('{oid}'::oid, at, {PIECE}) from pg_catalog.generate_series({from}::bigint, {to}, {PIECE}) at"
            );
            self.rows(&sql, "", &mut |row| {
                let [Some(at), Some(piece)] = row else { return Err(DAMAGED) };
                let at = place(at).ok_or(DAMAGED)?;
                // Behind its end there is nothing.
                if more && at == object.bytes() {
                    object.feed(piece);
                    more = piece.len() as u64 == PIECE;
                } else if more || !piece.is_empty() {
                    return Err(DAMAGED);
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// The objects that follow one, from their pages. What no page holds reads as zeros, up to the last one (`inv_read` in
    /// `inv_api.c`); an object without pages is empty.
    async fn pages(&self, last: u32) -> Result<Vec<ObjectHasher>, Failure> {
        let sql = format!(
            "select oid from pg_catalog.pg_largeobject_metadata where oid > '{last}'::oid order by oid limit {MANY}"
        );
        let mut objects: Vec<ObjectHasher> = Vec::new();
        self.rows(&sql, "", &mut |row| {
            let [Some(oid)] = row else { return Err(DAMAGED) };
            let oid = number(oid).filter(|oid| *oid > objects.last().map_or(last, ObjectHasher::oid));
            objects.push(ObjectHasher::new(oid.ok_or(DAMAGED)?));
            Ok(())
        })
        .await?;
        let (Some(first), Some(end)) = (objects.first(), objects.last()) else { return Ok(objects) };
        let sql = format!(
            "select loid, pageno::bigint * (current_setting('block_size')::bigint / 4), data from pg_catalog.pg_largeobject
              where loid between '{}'::oid and '{}'::oid order by loid, pageno",
            first.oid(),
            end.oid()
        );
        let mut at = 0;
        // The index holds them in order; sorting would write all of them to disk first.
        self.rows(&sql, "set local enable_sort = off", &mut |row| {
            let [Some(oid), Some(from), Some(page)] = row else { return Err(DAMAGED) };
            let (oid, from) = (number(oid).ok_or(DAMAGED)?, place(from).ok_or(DAMAGED)?);
            // Pages of no object belong to none.
            while objects.get(at).is_some_and(|object| object.oid() < oid) {
                at += 1;
            }
            let Some(object) = objects.get_mut(at).filter(|object| object.oid() == oid) else {
                return Ok(());
            };
            let mut hole = from.checked_sub(object.bytes()).ok_or(DAMAGED)?;
            const ZEROS: [u8; 4096] = [0; 4096];
            while hole > 0 {
                let part = usize::try_from(hole).unwrap_or(usize::MAX).min(ZEROS.len());
                object.feed(ZEROS.get(..part).unwrap_or_default());
                hole -= part as u64;
            }
            object.feed(page);
            Ok(())
        })
        .await?;
        Ok(objects)
    }

    /// The rows of a statement, as far as they may be fetched.
    async fn rows(&self, sql: &str, setting: &str, each: OnTuple<'_>) -> Result<(), Failure> {
        let (mut tuples, mut wrong) = (Tuples::default(), None);
        let taken = self.session.copy(Selection::Query(sql), Format::Binary, setting, |piece| {
            let fed = match spend(self.transfer, piece.len() as u64) {
                true => tuples.feed(&piece, &mut |row| each(row)),
                false => Err(TOO_MUCH),
            };
            match fed {
                Ok(()) => ControlFlow::Continue(()),
                Err(why) => {
                    wrong = Some(why);
                    ControlFlow::Break(())
                }
            }
        });
        let streamed = taken.await.map_err(|error| Failure::from(&error))?;
        match wrong {
            Some(why) => Err(other(why)),
            None if streamed.complete && tuples.is_whole() => Ok(()),
            None => Err(other(DAMAGED)),
        }
    }

    async fn may_read_pages(&self) -> Result<bool, Failure> {
        let sql = "select pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'select')::text";
        let rows = self.session.rows(sql, &[]).await.map_err(|error| Failure::from(&error))?;
        Ok(rows.first().and_then(|row| row.first()).is_some_and(|cell| cell.as_deref() == Some("true")))
    }

    /// Which objects may not be read, as their owners and grants say.
    async fn denied(&self, failure: Failure) -> Failure {
        let sql = "select pg_catalog.count(*)::text, coalesce(pg_catalog.string_agg(oid::text, ', ' order by oid) filter (where n <= 5), '')
             from (select m.oid, pg_catalog.row_number() over (order by m.oid) as n from pg_catalog.pg_largeobject_metadata m
                    where not pg_catalog.pg_has_role(m.lomowner, 'usage')
                      and not exists (select 1 from pg_catalog.aclexplode(m.lomacl) a where a.privilege_type = 'SELECT'
                                         and (a.grantee = 0 or pg_catalog.pg_has_role(a.grantee, 'usage')))) m";
        let rows: Result<_, QueryError> = self.session.rows(sql, &[]).await;
        let mut cells =
            rows.ok().and_then(|rows| rows.into_iter().next()).unwrap_or_default().into_iter().flatten();
        let help = "grant SELECT on each, or on the table pg_largeobject";
        let message = match (cells.next(), cells.next()) {
            (Some(count), Some(named)) if !named.is_empty() => {
                let more = if count.parse().is_ok_and(|n: u64| n > 5) { ", ..." } else { "" };
                format!("the role may not read {count} large objects: {named}{more}; {help}")
            }
            _ => format!("{}; {help}", failure.message),
        };
        Failure { kind: failure.kind, message }
    }
}

fn number(field: &[u8]) -> Option<u32> {
    field.try_into().ok().map(u32::from_be_bytes)
}

fn place(field: &[u8]) -> Option<u64> {
    let signed = i64::from_be_bytes(field.try_into().ok()?);
    u64::try_from(signed).ok()
}
