//! A recipe that fits most rows and not one sort of them looks like tampering, row by row. What the failing rows have
//! in common, and recomputing rows do not have, tells the two apart.

use super::era::Era;
use super::mark::Mark;
use super::marks::{self, Marked};
use super::run::{Found, Pen, Run, Sort};
use super::spec::ChainSpec;

/// Failing rows of one sort.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) sort: Sort,
    pub(crate) pen: Pen,
}

/// What failing rows have in common.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Place among the marked columns.
    place: usize,
    /// The column, unless it is about the row itself.
    column: Option<usize>,
    mark: Mark,
    /// Failing and recomputing rows that have the mark.
    failing: u64,
    good: u64,
    /// Whether some of the failing rows stand between rows that recompute.
    amid: bool,
    /// The rows it is held to explain.
    pub(crate) pen: Pen,
}

/// Rows that fail though rows like them recompute, and what the others have in common.
#[derive(Debug, Default)]
pub(crate) struct Sifted {
    pub(crate) misfits: Vec<Misfit>,
    /// Of more sorts than are told apart, while some sorts were recognised.
    pub(crate) unsorted: Pen,
    /// Of an era that the recipe does not fit.
    pub(crate) era: Pen,
    pub(crate) rest: Pen,
}

impl Sifted {
    /// All failing rows together.
    pub(crate) fn all(self, samples: usize) -> Pen {
        let mut all = self.rest;
        for pen in self.misfits.into_iter().map(|misfit| misfit.pen).chain([self.unsorted, self.era]) {
            all.merge(pen, samples);
        }
        all
    }
}

/// Fewest rows by which a mark is believed that some recomputing rows have too.
const BY_LUCK: u64 = 10;

/// Sorts failing rows out by marks that no recomputing row has. One such row alone may as well have been given the
/// mark by who changed it, so it takes two; and a row whose neighbours miss it keeps what the links show.
pub(crate) fn sift(spec: &ChainSpec, marked: &Marked, failing: Vec<Sorted>, run: &Run) -> Sifted {
    let samples = run.samples;
    let mut sifted = Sifted { misfits: believed(marked, &failing), ..Sifted::default() };
    for Sorted { sort, mut pen } in failing {
        let of_an_era = of_an_era(sort.era, run.long_eras);
        // What is only seen at one end of chains is explained by that.
        let misfit = sifted
            .misfits
            .iter_mut()
            .find(|misfit| marked.has(sort.marks, misfit.place, misfit.mark) && (misfit.amid || !of_an_era));
        if let Some(misfit) = misfit {
            misfit.pen.merge(pen, samples);
        } else if of_an_era {
            sifted.era.merge(pen, samples);
        } else if sort.marks == marks::OTHERS && !sifted.misfits.is_empty() {
            sifted.unsorted.merge(pen, samples);
        } else {
            if pen.total == 1 {
                doubt(spec, marked, sort.marks, &mut pen.kept);
            }
            sifted.rest.merge(pen, samples);
        }
    }
    sifted.misfits.retain(|misfit| misfit.pen.total > 0);
    sifted
}

/// Whether a failing row belongs to an era, where some chain shows a long one.
fn of_an_era(era: Era, (early, late): (bool, bool)) -> bool {
    match era {
        Era::Amid => false,
        Era::Early => early,
        Era::Late => late,
        Era::Whole => early || late,
    }
}

/// Marks that set failing rows apart, those of the most rows first.
fn believed(marked: &Marked, failing: &[Sorted]) -> Vec<Misfit> {
    let mut believed: Vec<Misfit> = marked
        .counted()
        .filter_map(|(place, column, mark, good)| {
            let having = || failing.iter().filter(|sorted| marked.has(sorted.sort.marks, place, mark));
            let amid = having().any(|sorted| sorted.sort.era == Era::Amid);
            let failing: u64 = having().map(|sorted| sorted.pen.total).sum();
            let apart = match good {
                0 => failing >= 2,
                _ => mark.by_luck() && failing >= BY_LUCK && failing >= good,
            };
            apart.then_some(Misfit { place, column, mark, failing, good, amid, pen: Pen::default() })
        })
        .collect();
    // Of marks that say as much, the one that no recomputing row has, and then the plainer one.
    believed.sort_by_key(|misfit| (misfit.good > 0, std::cmp::Reverse(misfit.failing), misfit.mark));
    believed
}

/// Says of a single row that its mark is found in no row that recomputes.
fn doubt(spec: &ChainSpec, marked: &Marked, sort: u32, found: &mut [Found]) {
    let alone = marked.counted().find(|(place, _, mark, good)| *good == 0 && marked.has(sort, *place, *mark));
    if let Some((_, column, mark, _)) = alone {
        for found in found {
            found.anomaly.message.push_str(&format!(
                "; no row {} recomputes, so the recipe may also be wrong for such rows",
                what(spec, column, mark)
            ));
        }
    }
}

impl Misfit {
    /// What was seen and what to try.
    pub(crate) fn words(&self, spec: &ChainSpec) -> String {
        let what = what(spec, self.column, self.mark);
        let seen = match self.good {
            0 => format!("none of the {} rows {what} recomputes", self.failing),
            good => format!("{} of {} rows {what} do not recompute", self.failing, self.failing + good),
        };
        format!(
            "{seen}, while rows of other kinds do: the recipe does not fit such rows, or just these were altered, which \
             their content cannot tell; {}",
            self.advice()
        )
    }

    fn advice(&self) -> &'static str {
        match self.mark {
            Mark::First => "compare what the application hashes where there is no predecessor",
            Mark::Null => "compare what the application writes for NULL (`?? \"...\"`, `?? null`, `?? omit`)",
            Mark::Present => "compare what the application writes where there is a value",
            Mark::Blank => "compare whether the application takes an empty text, zero or false for absent",
            Mark::NonAscii => {
                "compare how the application escapes or encodes characters beyond ASCII, such as the JSON profile"
            }
            Mark::Escaped => {
                "compare which characters the application escapes in JSON (`/`, `<`, `>`, `&`, control characters)"
            }
            Mark::Members => "compare white space and member order with the text that the application hashed",
            Mark::Nested | Mark::Several => {
                "compare the member order, which a `jsonb` column does not keep, with the text that the application hashed"
            }
            Mark::Exponent | Mark::Huge | Mark::Tiny | Mark::TrailingZero | Mark::Fraction => {
                "compare how the application spells such numbers (`dec(...)`, `int(...)`, the JSON profile)"
            }
            Mark::WholeSecond | Mark::SubMilli | Mark::WholeMilli => {
                "compare how many digits of the second the application writes (`ts(...)`)"
            }
            Mark::Redacted => {
                "they were probably erased after they were hashed, which cannot be told from an edit: compare them with the \
                 erasures that were asked for"
            }
            Mark::MilliUp | Mark::SecondUp => {
                "the application seems to round the time where `ts(...)` cuts it, which no recipe can say"
            }
        }
    }
}

/// Which rows have a mark, after the word "row" or "rows".
fn what(spec: &ChainSpec, column: Option<usize>, mark: Mark) -> String {
    let name = column.and_then(|index| spec.columns.get(index)).map_or("?", |column| column.name.as_str());
    match mark {
        Mark::First => "without predecessor".to_owned(),
        Mark::Null => format!("where `{name}` is NULL"),
        Mark::Present => format!("where `{name}` is not NULL"),
        Mark::Blank => format!("where `{name}` is empty, zero or false"),
        Mark::NonAscii => format!("where `{name}` has characters beyond ASCII"),
        Mark::Escaped => format!("where `{name}` has quotes, slashes, angle brackets or control characters"),
        Mark::Members => format!("where `{name}` is a JSON value with members"),
        Mark::Nested => format!("where `{name}` is a nested JSON value"),
        Mark::Several => format!("where `{name}` has an object of several members"),
        Mark::Exponent => format!("where `{name}` has a number with an exponent"),
        Mark::Huge => format!("where `{name}` has a number beyond 2^53"),
        Mark::Tiny => format!("where `{name}` has a number nearer to zero than 0.001"),
        Mark::TrailingZero => format!("where `{name}` has a number that ends in a zero after the point"),
        Mark::Fraction => format!("where `{name}` has a number with a fraction"),
        Mark::WholeSecond => format!("where `{name}` is at a whole second"),
        Mark::SubMilli => format!("where `{name}` has a fraction of a millisecond"),
        Mark::WholeMilli => format!("where `{name}` has no fraction of a millisecond"),
        Mark::MilliUp => format!("where `{name}` has half a millisecond or more after the last whole one"),
        Mark::Redacted => format!("where `{name}` holds a word for something erased"),
        Mark::SecondUp => format!("where `{name}` has half a second or more after the last whole one"),
    }
}
