//! What `chain find` prints.

use std::fmt::Write as _;

use super::terminal::counted;
use crate::chain::spec::{CellKind, ChainSpec};
use crate::chain::weakness;
use crate::find::{Confirmed, Finding, Found, Link, Sheet};
use crate::verdict::ExitStatus;

/// The chain that the block declares, and the rows that it recomputes.
pub(super) struct Proven {
    pub(super) spec: ChainSpec,
    pub(super) rows: Confirmed,
}

/// A finding with what is needed to show it.
pub(super) struct Report<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) address: &'a str,
    /// How many places keys were read from.
    pub(super) keys: usize,
    /// What the table points to and could not be read, in words.
    pub(super) apart: &'a [String],
    pub(super) finding: &'a Finding,
    pub(super) confirmed: Option<Proven>,
}

/// No search tries more candidates than 2 to this power.
const TRIES: u32 = 64;

impl Report<'_> {
    fn proven(&self) -> Option<(&Found, &Proven, &Link)> {
        let found = self.finding.found.as_ref()?;
        let proven = self.confirmed.as_ref()?;
        let link = self.finding.links.get(found.link)?;
        // One row that recomputes says how one row was hashed, and nothing of a chain.
        (proven.rows.fits.len() > 1 && link.linked > 0).then_some((found, proven, link))
    }

    /// Open only where every row of the sample that has a hash recomputes, in an order that its links follow.
    pub(super) fn status(&self) -> ExitStatus {
        match self.proven() {
            Some((found, proven, link))
                if proven.rows.misfits.is_empty() && found.outside.is_empty() && link.order.against == 0 =>
            {
                ExitStatus::Open
            }
            _ => ExitStatus::Unproven,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        match self.proven() {
            Some((found, proven, link)) => self.found(found, proven, link, &mut out),
            None => self.not_found(&mut out),
        }
        out
    }

    fn name(&self, column: usize) -> String {
        self.sheet.columns.get(column).map_or_else(String::new, |column| format!("`{}`", column.name))
    }

    fn sampled(&self) -> String {
        let rows = counted(self.sheet.rows.len(), "row");
        if self.sheet.whole {
            format!("{rows}, all there are")
        } else if self.sheet.runs.len() > 1 {
            format!("{rows}, from the beginning of the table and from further on")
        } else {
            format!("{rows} from the beginning of the table")
        }
    }

    fn found(&self, found: &Found, proven: &Proven, link: &Link, out: &mut String) {
        out.push_str(&found.block);
        let _ = writeln!(out, "\nEVIDENCE in {}.{} of {}", self.sheet.schema, self.sheet.table, self.address);
        let mut line = |what: &str, value: &str| {
            let _ = writeln!(out, "  {what:<10} {value}");
        };
        line("sample", &self.sampled());
        let all = proven.rows.fits.len() + proven.rows.misfits.len();
        let mut rows = format!("{} of {all} recompute", proven.rows.fits.len());
        if !found.outside.is_empty() {
            rows.push_str(&format!(
                "; {} that the `where` leaves out do not",
                counted(found.outside.len(), "other row")
            ));
        }
        line("rows", &rows);
        let digest = link.stored.digest.bits();
        let bits = digest - TRIES;
        line("chance", &format!("each row would come out by chance once in 2^{bits} searches or less"));
        line("links", &self.links(link));
        line("recipe", found.family);
        match found.keys.as_slice() {
            [] if self.keys > 0 => line("key", "none of those given: the recipe takes no key"),
            [] => {}
            keys => line("key", &format!("the one {}", keys.join("; the one "))),
        }
        if !found.inside.is_empty() {
            let names: Vec<String> = found.inside.iter().map(|name| format!("`{name}`")).collect();
            line(
                "inside",
                &format!("{} holds a digest of other columns, which stand in its place", names.join(", ")),
            );
        }
        let mut list = |title: &str, lines: &[String]| {
            if !lines.is_empty() {
                let _ = writeln!(out, "\n{title}");
                for line in lines {
                    let _ = writeln!(out, "  - {line}");
                }
            }
        };
        list("NOT YET", &self.unexplained(proven));
        list("FITS AS WELL", &found.alternatives);
        list("LEFT OPEN by the sample", &found.open);
        list("WEAKNESSES of the chain, even where it is intact", &weakness::notes(&proven.spec));
    }

    fn unexplained(&self, proven: &Proven) -> Vec<String> {
        if proven.rows.misfits.is_empty() {
            return Vec::new();
        }
        let shown: Vec<String> = proven.rows.misfits.iter().take(3).map(|row| self.row(*row)).collect();
        let mut lines = vec![format!(
            "{} of the sample do not recompute, such as {}; they may follow another recipe, or have been altered: \
             `holdtrue verify` tells",
            counted(proven.rows.misfits.len(), "row"),
            shown.join("; ")
        )];
        lines.extend(self.lost_order());
        lines
    }

    /// A row by its key, or by its place in the sample.
    fn row(&self, row: usize) -> String {
        let key: Vec<String> = self
            .sheet
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| self.sheet.key.contains(&column.name))
            .map(|(n, column)| {
                let cell = self.sheet.rows.get(row).and_then(|cells| cells.get(n)).and_then(Option::as_deref);
                format!("{}={:?}", column.name, cell.unwrap_or("NULL"))
            })
            .collect();
        if key.is_empty() { format!("the {}. one", row + 1) } else { key.join(" ") }
    }

    fn links(&self, link: &Link) -> String {
        match link.previous {
            Some(previous) => format!(
                "{} holds the hash of another row of the sample in {} of {}",
                self.name(previous),
                link.linked,
                counted(link.hashed, "row")
            ),
            None => "no column holds the predecessor's hash; the row before counts".to_owned(),
        }
    }

    fn lost_order(&self) -> Option<String> {
        let jsonb =
            |n: &usize| self.sheet.columns.get(*n).is_some_and(|column| column.kind == CellKind::Jsonb);
        let names: Vec<String> = (0..self.sheet.columns.len()).filter(jsonb).map(|n| self.name(n)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "{} is jsonb, which does not keep the order of members: where the written order was hashed, only rows with \
                 one member at most recompute",
                names.join(", ")
            )
        })
    }

    fn not_found(&self, out: &mut String) {
        let _ = writeln!(out, "NOT FOUND in {}.{} of {}", self.sheet.schema, self.sheet.table, self.address);
        let mut line = |what: &str, value: &str| {
            let _ = writeln!(out, "  {what:<10} {value}");
        };
        line("sample", &self.sampled());
        if self.sheet.rows.len() < 2 {
            line("why", "a chain needs two rows at least");
            return;
        }
        let Some(link) = self.finding.links.first() else {
            line(
                "why",
                "no column holds digests: SHA-256, SHA-384, SHA-512, SHA-1 or MD5 in hex, base64 or bytea, different in each row",
            );
            return;
        };
        line("hash", &format!("{}, {}", self.name(link.hash), link.stored.describe()));
        line("links", &self.links(link));
        if link.previous.is_some() && link.linked > 0 {
            line("", "the chain is alive, so its recipe is only not known yet");
            let columns = |list: &[usize]| list.iter().map(|c| self.name(*c)).collect::<Vec<_>>().join(", ");
            if !link.split.is_empty() {
                line("split", &columns(&link.split));
            }
            if !link.order.columns.is_empty() {
                line("order", &columns(&link.order.columns));
            }
        }
        let state = &self.finding.state;
        line("tried", &format!("{} candidates, in {} whole rounds", state.tried, state.tenths_of_bits / 20));
        let joined = self
            .sheet
            .joins
            .iter()
            .flat_map(|join| join.columns.iter().map(|column| format!("`{}.{column}`", join.table)));
        let joined: Vec<String> = joined.collect();
        if !joined.is_empty() {
            line("joined", &format!("{} of the rows pointed to", joined.join(", ")));
        }
        if !self.finding.families.is_empty() {
            line("families", &self.finding.families.join("; "));
        }
        if link.linked == 0 && link.previous.is_none() {
            line("why", "without any two rows in a row there is nothing to search on");
        }
        let _ = writeln!(out, "\nWHAT MAY BE MISSING");
        let mut hints = vec![
            match self.keys {
                0 => "the hash may take a key (HMAC): without its key such a chain looks like any other whose recipe is \
                      not known; give it with `--key-env VARIABLE` or `--key-file FILE`"
                    .to_owned(),
                _ => "nothing recomputes with what was given as a key, nor without: it may be another key than the one \
                      the rows were written with"
                    .to_owned(),
            },
            "constants in the code, values of other tables, or a time that was never stored may have been hashed: look up \
             the code and follow `docs/chains.md`"
                .to_owned(),
            "the search can go on: a longer `--time-limit`, with `--state FILE` to keep what was gone through".to_owned(),
        ];
        hints.extend(self.apart.iter().cloned());
        hints.extend(self.lost_order());
        if link.previous.is_none() {
            hints.push("hashes that follow nothing, such as random ones, have no recipe at all".to_owned());
        }
        for hint in hints {
            let _ = writeln!(out, "  - {hint}");
        }
    }
}
