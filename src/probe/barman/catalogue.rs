//! Listing a server: its identity, its backups, and whether the WAL that Barman lists is the WAL that is there.
//!
//! `barman/server.py` (`identity.json`, `xlog.db`), `barman/xlog.py`, `barman/infofile.py` (`WalFileInfo`).

use std::collections::{BTreeMap, BTreeSet};

use super::Server;
use super::info::{Info, MOST, is_id};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Found, Tree};
use crate::probe::wal::{WalFile, parse};

/// Longest list of WAL files that is read, in bytes: some twenty million files.
const MOST_LISTED: u64 = 1 << 30;

/// Longest identity that is read, in bytes.
const MOST_IDENTITY: u64 = 64 << 10;

impl Server {
    pub(super) fn identity(&mut self, tree: &dyn Tree, files: &BTreeMap<String, Found>) {
        let Some(found) = files.get("identity.json") else { return };
        let read = tree.read(&found.name, MOST_IDENTITY).map(|bytes| {
            let value: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
            value?.get("systemid")?.as_str()?.parse().ok()
        });
        match read {
            Ok(Some(identifier)) => self.system_identifier = Some(identifier),
            Ok(None) => {
                let message = "it does not say which cluster the server is bound to";
                self.damages.push(Damage::new(DamageKind::Corrupt, &found.name, message));
            }
            Err(damage) => self.damages.push(damage),
        }
    }

    pub(super) fn list(&mut self, tree: &dyn Tree, files: &BTreeMap<String, Found>) {
        let inside = |name: &str| name.strip_prefix("base/")?.split('/').next().map(str::to_owned);
        let ids: BTreeSet<String> =
            files.keys().filter_map(|name| inside(name)).filter(|id| is_id(id)).collect();
        for id in ids {
            // Versions from 3.14 on keep a second copy elsewhere, which is not looked at: this one goes with the files.
            let Some(found) = files.get(&format!("base/{id}/backup.info")) else {
                self.unfinished.push(id);
                continue;
            };
            match tree.read(&found.name, MOST).and_then(|bytes| Info::read(&id, &found.name, &bytes)) {
                Ok(info) => self.backups.push(info),
                Err(damage) => {
                    self.damages.push(damage);
                    self.unfinished.push(id);
                }
            }
        }
    }

    /// Barman restores only WAL that is on its list.
    pub(super) fn wals(&mut self, tree: &dyn Tree, files: &BTreeMap<String, Found>) {
        self.aside = files.keys().filter(|name| name.starts_with("errors/")).count() as u64;
        self.incoming = files.keys().filter(|name| name.starts_with("incoming/")).count() as u64;
        let there: BTreeMap<&str, &Found> = files
            .iter()
            .filter(|(name, _)| name.starts_with("wals/"))
            .map(|(_, found)| (found.base(), found))
            .filter(|(base, _)| parse(base).file != WalFile::Other)
            .collect();
        let place = ["wals/xlog.db", "meta/xlog.db"].into_iter().find_map(|name| files.get(name));
        let Some(place) = place else {
            if !there.is_empty() {
                let message = "it is not there, so Barman does not know the WAL that it has";
                self.damages.push(Damage::new(
                    DamageKind::Missing,
                    format!("{}/wals/xlog.db", self.name),
                    message,
                ));
            }
            return;
        };
        let listed = match tree.read(&place.name, MOST_LISTED) {
            Ok(listed) => listed,
            Err(damage) => return self.damages.push(damage),
        };
        let mut known = BTreeSet::new();
        let mut next = 0;
        for line in listed.split(|byte| *byte == b'\n') {
            let at = next;
            next += line.len() as u64 + 1;
            if line.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(line);
            let mut fields = text.split('\t');
            let (name, bytes) = (
                fields.next().unwrap_or_default(),
                fields.next().and_then(|bytes| bytes.parse::<u64>().ok()),
            );
            let (Some(bytes), false) = (bytes, parse(name).file == WalFile::Other) else {
                let message = "this line is not the name and the size of a WAL file";
                self.damages.push(Damage::new(DamageKind::Corrupt, &place.name, message).at(at));
                continue;
            };
            match there.get(name) {
                Some(found) if found.bytes == bytes => {}
                Some(found) => {
                    let message =
                        format!("it has {} bytes, and had {bytes} when Barman archived it", found.bytes);
                    let kind = if found.bytes < bytes { DamageKind::Truncated } else { DamageKind::Size };
                    self.damages.push(Damage::new(kind, &found.name, message).at(found.bytes.min(bytes)));
                }
                None => {
                    let message = "Barman's list has it, and it is not there";
                    self.damages.push(Damage::new(
                        DamageKind::Missing,
                        format!("{}/wals/{name}", self.name),
                        message,
                    ));
                }
            }
            known.insert(name.to_owned());
        }
        for (_, found) in there.iter().filter(|(base, _)| !known.contains(**base)) {
            let message = "it is there, and Barman's list does not have it, so that it would not be restored";
            self.damages.push(Damage::new(DamageKind::Extra, &found.name, message));
        }
    }
}
