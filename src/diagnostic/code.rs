//! Stable diagnostic codes. Each has a title and a page of explanation for `holdtrue explain`.

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explain:literal;)*) => {
        /// What a diagnostic is about. The number is stable across versions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant carries its own title and page")]
        pub enum Code { $($name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable id, such as `HT0105`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// A few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The page that `explain` prints.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explain,)* }
            }
        }
    };
}

codes! {
    Unreadable = "HT0101", "file cannot be read",
        "A policy file named on the command line or by `include` could not be read as UTF-8 text. Nothing was run.\n\
         Check the path, the permissions, and that the file is not empty or binary.";
    Unbalanced = "HT0102", "bracket without its partner",
        "A `{` or `(` was never closed, or a closing one has nothing to close. The label points at the bracket that is\n\
         left over. Blocks use braces, lists and expressions use parentheses.";
    Unterminated = "HT0103", "text or SQL never ends",
        "Text in double quotes and names in backticks must end on the line they begin on; SQL stands between `$$` and\n\
         `$$` and may span lines.";
    TooDeep = "HT0104", "nested too deeply",
        "Blocks and parentheses may be nested 64 deep. No honest policy comes near that; the limit protects against\n\
         files made to exhaust the stack.";
    UnknownWord = "HT0105", "unknown word",
        "Each statement begins with a word, and each block knows its own words. A word that is not known there is an\n\
         error before anything runs: a tool that skips what it does not understand shows green without having looked.";
    Malformed = "HT0106", "statement cannot be read",
        "The first word is known, but what follows does not fit it. The label points at the first place that does not\n\
         fit, and the help lists what would. `grammar/REFERENCE.md` shows every statement with examples.";
    BlockMismatch = "HT0107", "block missing or not allowed",
        "Some statements need a block in braces (`gate`, `ledger`, `chain`, `waive`, ...), others never have one\n\
         (`require`, `param`, ...).";
    NotAvailable = "HT0108", "not available in this version",
        "The word or form belongs to the language's design, but this version cannot carry it out. It is refused rather\n\
         than accepted and ignored, because an ignored check would look green.";
    UnknownName = "HT0201", "unknown name",
        "The policy refers to something it does not declare: a parameter, source, ledger, chain, objective, template,\n\
         gate or check. Names are exact and case-sensitive.";
    Duplicate = "HT0202", "declared twice",
        "Names must be unique within their kind across all included files, and a clause that may stand once stands\n\
         once. The earlier place is labelled too.";
    BadUnit = "HT0203", "unit missing or unknown",
        "Quantities carry their unit: durations `us ms s min h d` (also compound, `1h30min`), sizes `B kB MB GB TB` and\n\
         `KiB MiB GiB TiB`, shares `%`. A bare `m` is rejected because it could be minutes or months; write `min`.\n\
         A bare number where a unit belongs is never given a default unit.";
    TypeMismatch = "HT0204", "types do not fit",
        "Both sides of a comparison must be of one type: number with number, time with time, duration with duration,\n\
         size with size, text with text. A percentage is a share of something: `99.9% of X`.";
    BadArity = "HT0205", "wrong number of arguments",
        "A function, template or key was given more or fewer arguments than it takes.";
    Missing = "HT0206", "something required is missing",
        "A block lacks a statement it cannot do without: a check needs one `require` or `recommend`, a waiver needs\n\
         `until`, `owner` and `reason`, a chain needs `order by`, `link` and `hash`.";
    BadParameter = "HT0207", "parameter value does not fit",
        "A parameter without default must be given with `--set NAME=VALUE` or in a parameter file, and every value must\n\
         read as the parameter's type. A parameter the policy does not declare is an error, not ignored.";
    BadLiteral = "HT0208", "literal cannot be read",
        "Instants are RFC 3339 with an offset, such as `2026-01-14T14:30:00Z`; there is no default time zone. Dates stand\n\
         only after `until`. Numbers are plain decimals.";
    Include = "HT0209", "include refused",
        "`include` is relative to the file it stands in, must stay inside the directory of the first policy file, and\n\
         must not lead back to a file that is being included.";
    NoSource = "HT0210", "which source is meant?",
        "A data check reads from one source: the check's `on SOURCE`, else the gate's `on SOURCE`, else the only source\n\
         with relations that the policy declares. With several and none named, nothing is guessed.";
    BadWaiver = "HT0211", "waiver refused",
        "A waiver names an existing check that may be waived, an owner, a reason and a last day, and may not reach\n\
         further than the policy's `max_waiver` from today.";
    NothingToCheck = "HT0212", "nothing would be checked",
        "A policy without a check, a gate without a check, and a selection that matches no check are errors. Otherwise a\n\
         typing mistake in a gate's name would look like success.";
    BadAssertion = "HT0213", "assertion makes no sense",
        "The parts of the assertion cannot be combined: for example a row's column beside an aggregate, `per` without an\n\
         aggregate, or a state that the subject does not have.";
    BadRecipe = "HT0214", "chain recipe cannot be used",
        "The `hash` expression of a chain is built from `cat`, `join`, digests, encodings, columns, `prev`, `ts`, `dec`,\n\
         `int`, `bool`, `uuid`, `sized`, `json` and `raw`. See the section on chains in `grammar/REFERENCE.md`.";
    SqlRefused = "HT0215", "SQL refused",
        "Raw SQL must be exactly one SELECT by PostgreSQL's own grammar: no INTO, no FOR UPDATE, no data-modifying WITH,\n\
         no volatile function, no clock. It must read a table, and no condition or limit may shut out every row. Values\n\
         come in as `$name`, which become bind parameters. With `--no-raw-sql` no raw SQL is accepted at all.";
    LiteralSecret = "HT0216", "password or other credential in the policy",
        "An address in a policy must not carry a password, a key or a signature: policies are reviewed, copied and kept as\n\
         evidence. Use `from env NAME`, a service file or a password file; stores of objects take credentials from the\n\
         environment alone.";
    NoRelation = "HT0301", "relation not found",
        "The source has no table, view or foreign table of that name in that schema. Names are exact: `JournalEntry` and\n\
         `journalentry` are two names. After a restore a missing table is itself a finding, so the checks that need it\n\
         are `unproven` and the others still run.";
    NoColumn = "HT0302", "column not found",
        "The relation exists and has no such column. Names are exact and case-sensitive.";
    ColumnType = "HT0303", "column type does not fit",
        "The column's type in the catalogue cannot be used as the policy uses it: text cannot be summed, a number has no\n\
         newest value, keys of different types are never equal, and binary floating point cannot prove that money\n\
         balances to the cent (declare a `tolerance` to accept it).";
    NoKey = "HT0304", "key cannot be determined",
        "The relation has no primary key, so the column that identifies a row must be written out.";
    Weakness = "HT0501", "limit of the proof",
        "Nothing is wrong with the policy, but what it proves is less than a reader may think: for example a chain whose\n\
         hash leaves columns out, or that no key protects.";
    Unused = "HT0502", "never used",
        "Something is declared and no check uses it. Often a check was forgotten.";
    Loose = "HT0503", "looser than it looks",
        "The construct is legal and can hide what it seems to check: for example a gate that only recommends, or `allow\n\
         empty` on a ledger, which an empty database then satisfies.";
    Doubtful = "HT0504", "probably not what was meant",
        "The construct is legal and has a meaning, and nearly everybody who writes it means another one: for example\n\
         `json(...)` inside a `json` object, which becomes a quoted string. The help says how to write either.";
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(text)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_pages_are_written() {
        let mut ids: Vec<_> = Code::ALL.iter().map(|c| c.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.explanation().len() > 60, "{} has no page", code.id());
            assert_eq!(code.id().parse(), Ok(*code));
        }
    }
}
