//! What sentences call the two states that are compared.

/// What the sentences call the two sides.
#[derive(Clone, Copy, Debug)]
pub enum Sides<'a> {
    /// Earlier and now.
    Times,
    /// Another source, by its name, and this one.
    Sources(&'a str),
}

impl Sides<'_> {
    pub(super) fn altered(self) -> String {
        match self {
            Self::Times => "a row was altered since".to_owned(),
            Self::Sources(other) => format!("a row is not as in `{other}`"),
        }
    }

    pub(super) fn added(self) -> String {
        match self {
            Self::Times => "a row was added since".to_owned(),
            Self::Sources(other) => format!("a row is not in `{other}`"),
        }
    }

    pub(super) fn removed(self) -> String {
        match self {
            Self::Times => "a row was removed since".to_owned(),
            Self::Sources(other) => format!("a row of `{other}` is missing"),
        }
    }

    /// What the key of an added row was to somebody else.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Times => "was",
            Self::Sources(_) => "there is",
        }
    }

    /// Rows that differ, of which not all can be named.
    pub(super) fn more(self, rest: &str, was: u64, is: u64) -> String {
        match self {
            Self::Sources(other) => {
                format!("rows differ from those in `{other}`, {rest}: there are {is}, and {was} in `{other}`")
            }
            Self::Times => match is.cmp(&was) {
                std::cmp::Ordering::Equal => {
                    format!("rows were altered since, {rest}; there are {is} as before")
                }
                std::cmp::Ordering::Greater => {
                    format!("rows were added or altered since, {rest}: there were {was} and are {is}")
                }
                std::cmp::Ordering::Less => {
                    format!("rows were removed or altered since, {rest}: there were {was} and are {is}")
                }
            },
        }
    }
}
