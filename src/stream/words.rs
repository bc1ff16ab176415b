//! A column whose cells come as machine words from somebody who has them as such, so that nobody spells what nobody reads:
//! a [`Lane`] while they all fit one, and texts from the first that does not.

use std::cell::OnceCell;

use super::accumulate::spelt;
use super::lane::{Lane, Laying};
use crate::catalogue::ColumnKind;

/// Such a column of a batch.
#[derive(Debug)]
pub(super) struct Words {
    kind: ColumnKind,
    /// The words, if all cells are such.
    lane: Option<Lane>,
    /// What they are as text: made when somebody asks, or since there is no lane.
    texts: OnceCell<Texts>,
}

/// Texts behind each other.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) bytes: Vec<u8>,
    /// Where each ends, twice, and one more for NULL; before them all, where the first begins.
    pub(super) ends: Vec<u32>,
}

impl Texts {
    fn new() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }

    fn add(&mut self, text: Option<&[u8]>) {
        self.bytes.extend_from_slice(text.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX >> 1);
        self.ends.push(end << 1 | u32::from(text.is_none()));
    }
}

impl Words {
    /// Its lane, if all cells fit one.
    pub(super) fn lane(&self) -> Option<&Lane> {
        self.lane.as_ref()
    }

    /// Its cells as the server would spell them.
    pub(super) fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let mut texts = Texts::new();
            let lane = self.lane.iter().flat_map(|lane| (0..lane.digits.len()).map(|at| lane.cell(at)));
            lane.for_each(|cell| texts.add(spelt(&cell, self.kind).as_ref().map(String::as_bytes)));
            texts
        })
    }
}

/// Takes the cells of such a column.
#[derive(Debug)]
pub(super) struct Wording {
    kind: ColumnKind,
    so_far: SoFar,
}

#[derive(Debug)]
enum SoFar {
    Words(Laying),
    Texts(Texts),
}

impl Wording {
    /// Of a column of this kind; `None` where its values are no words.
    pub(super) fn of(kind: ColumnKind) -> Option<Self> {
        Some(Self { kind, so_far: SoFar::Words(Laying::of(kind)?) })
    }

    /// The same column of the next batch.
    pub(super) fn anew(&self) -> Option<Self> {
        Self::of(self.kind)
    }

    /// A cell of so many digits after the point.
    pub(super) fn word(&mut self, digits: i64, scale: u32) {
        match &mut self.so_far {
            SoFar::Words(laying) => laying.put(digits, scale),
            SoFar::Texts(texts) => {
                let cell = Laying::of(self.kind).and_then(|mut one| {
                    one.put(digits, scale);
                    one.finish().ok().map(|lane| lane.cell(0))
                });
                texts.add(cell.and_then(|cell| spelt(&cell, self.kind)).as_ref().map(String::as_bytes));
            }
        }
    }

    /// A cell that is NULL.
    pub(super) fn null(&mut self) {
        match &mut self.so_far {
            SoFar::Words(laying) => laying.null(),
            SoFar::Texts(texts) => texts.add(None),
        }
    }

    /// A cell that is no word; how many bytes it has.
    pub(super) fn text(&mut self, text: &[u8]) -> usize {
        if let SoFar::Words(laying) = &mut self.so_far {
            self.so_far = SoFar::Texts(spelt_all(std::mem::replace(laying, laying.empty()), self.kind));
        }
        if let SoFar::Texts(texts) = &mut self.so_far {
            texts.add(Some(text));
        }
        text.len()
    }

    /// The column, whole.
    pub(super) fn finish(self) -> Words {
        let kind = self.kind;
        let texts = match self.so_far {
            SoFar::Words(laying) => match laying.finish() {
                Ok(lane) => return Words { kind, lane: Some(lane), texts: OnceCell::new() },
                Err(laying) => spelt_all(laying, kind),
            },
            SoFar::Texts(texts) => texts,
        };
        Words { kind, lane: None, texts: OnceCell::from(texts) }
    }
}

/// Words as texts, each with its own scale.
fn spelt_all(laying: Laying, kind: ColumnKind) -> Texts {
    let mut texts = Texts::new();
    laying.cells().for_each(|cell| texts.add(spelt(&cell, kind).as_ref().map(String::as_bytes)));
    texts
}
