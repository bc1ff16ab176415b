//! What a chain is verified with beside its rows: keys and anchors, which come from outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::anchor::Anchor;
use super::keys::{Keys, Secret};
use super::spec::{AnchorRef, ChainSpec, KeyRef};

/// What one chain is given.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Keys of its recipes.
    pub keys: Keys,
    /// What was seen of it earlier.
    pub anchors: Arc<[Anchor]>,
    /// Whether the last row of each split is to be reported.
    pub heads: bool,
}

/// What the chains of a run are given: what was found outside, or why it was not.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    keys: BTreeMap<KeyRef, Result<Secret, String>>,
    anchors: BTreeMap<AnchorRef, Result<Arc<[Anchor]>, String>>,
    heads: bool,
}

impl Outside {
    /// Whether the last row of each split is to be reported.
    pub fn want_heads(&mut self, heads: bool) {
        self.heads = heads;
    }

    /// Takes in what was read for a key, as it was spelt; or why it could not be read.
    pub fn add_key(&mut self, key: &KeyRef, read: Result<Vec<u8>, String>) {
        let secret = read.and_then(|text| Secret::decode(&text, key.encoding));
        self.keys.insert(key.clone(), secret);
    }

    /// Takes in the lines that anchors were read from; or why they could not be read.
    pub fn add_anchors(&mut self, of: &AnchorRef, read: Result<String, String>) {
        let anchors = read.and_then(|text| {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let read: Result<Vec<Anchor>, String> = lines
                .map(|(n, line)| {
                    serde_json::from_str(line).map_err(|e| {
                        format!("line {} is not an anchor as `verify --heads` writes it: {e}", n + 1)
                    })
                })
                .collect();
            read.map(Into::into)
        });
        self.anchors.insert(of.clone(), anchors);
    }

    /// What a chain is given.
    ///
    /// # Errors
    ///
    /// A sentence that names the first key or the anchors that are not there, and why.
    pub fn of(&self, spec: &ChainSpec) -> Result<Given, String> {
        let keys: Result<Vec<Vec<u8>>, String> = spec
            .keys
            .iter()
            .map(|key| match self.keys.get(key) {
                Some(Ok(secret)) => Ok(secret.bytes().to_vec()),
                Some(Err(why)) => Err(format!("the key `{}` cannot be used: {why}", key.name)),
                None => Err(format!("the key `{}` was not read", key.name)),
            })
            .collect();
        let anchors = match &spec.anchors {
            None => Arc::default(),
            Some(of) => match self.anchors.get(of) {
                Some(Ok(anchors)) => self.mine(spec, anchors)?,
                Some(Err(why)) => return Err(format!("its anchors cannot be used: {why}")),
                None => return Err("its anchors were not read".to_owned()),
            },
        };
        Ok(Given { keys: Keys::from(keys?), anchors, heads: self.heads })
    }

    /// The anchors of one chain. That there is none proves nothing, so it is said.
    fn mine(&self, spec: &ChainSpec, all: &[Anchor]) -> Result<Arc<[Anchor]>, String> {
        // Of a chain of which only one tenant is read, only that tenant's anchors can be found.
        let read = |anchor: &Anchor| {
            spec.narrowed.as_ref().is_none_or(|(column, value)| {
                anchor.split.get(column).is_some_and(|v| v.as_ref() == Some(value))
            })
        };
        let mine: Vec<Anchor> =
            all.iter().filter(|anchor| anchor.chain == spec.name && read(anchor)).cloned().collect();
        if mine.is_empty() && !self.heads {
            return Err(format!(
                "there is no anchor of chain `{}`; write the first ones with `holdtrue verify --heads FILE`",
                spec.name
            ));
        }
        let names = |ats: &[usize]| -> Vec<&str> {
            let mut names: Vec<&str> =
                ats.iter().filter_map(|at| spec.columns.get(*at)).map(|c| c.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let (split, order) = (names(&spec.split), names(&spec.order));
        for anchor in &mine {
            if !anchor.split.keys().eq(split.iter()) || !anchor.order.keys().eq(order.iter()) {
                return Err(format!(
                    "an anchor of chain `{}` was taken with another `split by` or `order by`; take new ones with \
                     `holdtrue verify --heads FILE`",
                    spec.name
                ));
            }
        }
        Ok(mine.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::tala;
    use super::super::spec::{KeyEncoding, KeyOrigin};
    use super::*;

    fn key(encoding: KeyEncoding) -> KeyRef {
        KeyRef { name: "audit".to_owned(), origin: KeyOrigin::Env("AUDIT_KEY".to_owned()), encoding }
    }

    fn kept(encoding: KeyEncoding, text: &str) -> Result<Keys, String> {
        let mut outside = Outside::default();
        outside.add_key(&key(encoding), Ok(text.as_bytes().to_vec()));
        outside.of(&ChainSpec { keys: vec![key(encoding)], ..tala() }).map(|given| given.keys)
    }

    #[test]
    fn keys_are_read_as_they_are_spelt() {
        assert_eq!(kept(KeyEncoding::Text, "se cret").unwrap().get(0), Some(&b"se cret"[..]));
        assert_eq!(kept(KeyEncoding::Hex, "00ff\n").unwrap().get(0), Some(&[0, 255][..]));
        assert_eq!(kept(KeyEncoding::Base64, "/+8=").unwrap().get(0), Some(&[255, 239][..]));
        assert_eq!(kept(KeyEncoding::Base64, "/+8").unwrap().get(0), Some(&[255, 239][..]));
        assert_eq!(kept(KeyEncoding::Base64, "_-8").unwrap().get(0), Some(&[255, 239][..]));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_and_not_shown() {
        let said = kept(KeyEncoding::Hex, "top secret").unwrap_err();
        assert_eq!(said, "the key `audit` cannot be used: it is not hex digits, as `as hex` says");
        assert!(kept(KeyEncoding::Text, "").unwrap_err().contains("it is empty"));
        assert!(kept(KeyEncoding::Base64, "?").is_err());
        assert!(Outside::default().of(&ChainSpec { keys: vec![key(KeyEncoding::Hex)], ..tala() }).is_err());
        let shown = format!("{:?}", kept(KeyEncoding::Text, "top secret").unwrap());
        assert_eq!(shown, "Keys(1 not shown)");
    }

    #[test]
    fn anchors_that_cannot_be_compared_are_refused() {
        let of = AnchorRef::Path("heads.jsonl".to_owned());
        let spec = ChainSpec { anchors: Some(of.clone()), ..tala() };
        let given = |text: &str| {
            let mut outside = Outside::default();
            outside.add_anchors(&of, Ok(text.to_owned()));
            outside.of(&spec).map(|given| given.anchors.len())
        };
        let line = |chain: &str, split: &str| {
            format!(
                "{{\"chain\":\"{chain}\",\"split\":{{\"{split}\":\"t0\"}},\"order\":{{\"createdAt\":\"x\"}},\"hash\":\"h\",\
                 \"rows\":3}}\n"
            )
        };
        assert_eq!(given(&format!("{}\n{}", line("audit", "tenantId"), line("other", "x"))), Ok(1));
        assert!(given("").unwrap_err().contains("no anchor of chain `audit`"));
        assert!(given(&line("other", "tenantId")).unwrap_err().contains("no anchor of chain `audit`"));
        assert!(given(&line("audit", "company")).unwrap_err().contains("another `split by`"));
        assert!(
            given(line("audit", "tenantId").split_at(40).0).unwrap_err().contains("line 1 is not an anchor")
        );
        assert!(Outside::default().of(&spec).unwrap_err().contains("were not read"));
    }
}
