//! A sealed baseline, read from its file.

use bigdecimal::BigDecimal;

use super::document::text_of_at_most;
use super::tells::{Tells, Told, age, other};
use crate::baseline::{Baseline, file};
use crate::catalogue::Catalogue;
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::value::Value;

/// Most bytes of a file.
const MOST: u64 = 1 << 30;

/// A baseline that was read and is as it was written.
#[derive(Debug)]
pub(super) struct Sealed {
    baseline: Baseline,
    digest: String,
    path: String,
}

/// Reads a baseline and its digest from a file.
///
/// # Errors
///
/// Why it cannot be had: one sentence that names the file.
pub fn read(path: &str) -> Result<(Baseline, String), Failure> {
    let (text, _, _) = text_of_at_most(path, MOST)?;
    file::read(&text)
        .map_err(|why| other(format!("`{}` cannot be used as a baseline: {why}", path.escape_debug())))
}

impl Sealed {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// Why it cannot be had.
    pub(super) fn open(path: &str) -> Result<Self, Failure> {
        let (baseline, digest) = read(path)?;
        Ok(Self { baseline, digest, path: path.to_owned() })
    }

    fn said(&self, name: &str) -> Result<Value, Failure> {
        let value = self.baseline.source.identity.get(name);
        value.cloned().map(Value::Text).ok_or_else(|| other("its source did not tell"))
    }

    /// Rows of a table, or of one tenant in it.
    fn rows(&self, asked: &str) -> Result<u64, Failure> {
        let (table, tenant) = asked.split_once('\u{1f}').map_or((asked, None), |(t, of)| (t, Some(of)));
        let mut matching = self.baseline.relations.iter().filter(|r| r.name.to_string() == table);
        let Some(sealed) = matching.next() else {
            return Err(other(format!("the baseline holds no table `{table}`")));
        };
        match (&sealed.seal, &sealed.unsealed) {
            (Some(seal), _) => match (tenant, &seal.tenants) {
                (None, _) => Ok(seal.whole.rows),
                (Some(tenant), Some(tenants)) => Ok(tenants.get(tenant).map_or(0, |count| count.rows)),
                (Some(_), None) => Err(other(format!("the baseline was taken without tenants of `{table}`"))),
            },
            (None, why) => {
                let why = why.as_deref().unwrap_or_default();
                Err(other(format!("the rows of `{table}` were not sealed: {why}")))
            }
        }
    }
}

impl Tells for Sealed {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        let number = |n: usize| Value::Number(BigDecimal::from(n as u64));
        let because = format!("`{}`, taken {}", self.path, self.baseline.taken);
        let value = match (fact.name, argument) {
            ("rows", Some(table)) => Value::Number(BigDecimal::from(self.rows(table)?)),
            ("sum", Some(column)) => {
                let Some(sum) = self.baseline.sums.get(column) else {
                    return Err(other(format!(
                        "the baseline holds no sum of `{column}`: no ledger is made of it"
                    )));
                };
                let sum = sum.parse().map_err(|_| other(format!("the sum of `{column}` is no number")))?;
                Value::Number(sum)
            }
            ("tables", _) => number(self.baseline.relations.len()),
            ("tables_unsealed", _) => {
                number(self.baseline.relations.iter().filter(|r| r.seal.is_none()).count())
            }
            ("taken", _) => Value::Time(self.baseline.taken),
            ("age", _) => Value::Duration(age(self.baseline.taken, "the baseline")?),
            ("policy", _) => Value::Text(self.baseline.policy.name.clone()),
            ("policy_digest", _) => Value::Text(self.baseline.policy.digest.clone()),
            ("digest", _) => Value::Text(self.digest.clone()),
            ("database" | "server_version" | "system_identifier", _) => self.said(fact.name)?,
            _ => return Err(other("this is no fact of a baseline")),
        };
        Ok(Told::of(value, because))
    }

    fn identity(&self) -> Vec<(String, String)> {
        let baseline = &self.baseline;
        let mut said = vec![
            ("taken".to_owned(), baseline.taken.to_string()),
            ("sha256".to_owned(), self.digest.clone()),
            ("policy".to_owned(), format!("{} {}", baseline.policy.name, baseline.policy.digest)),
            ("source".to_owned(), format!("{} ({})", baseline.source.name, baseline.source.kind)),
        ];
        for name in ["database", "server_version", "system_identifier", "timeline", "wal_lsn"] {
            if let Some(value) = baseline.source.identity.get(name) {
                said.push((format!("its {name}"), value.clone()));
            }
        }
        said
    }

    fn catalogue(&self) -> Catalogue {
        self.baseline.catalogue()
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        match inspection {
            Inspection::Baseline => Ok(Observed::Baseline(Box::new(self.baseline.clone()))),
            other_one => Err(other(format!("a baseline cannot be asked for {}", other_one.about()))),
        }
    }
}
