//! Which words may begin a statement in which block, and what each leads to.

use super::grammar::Rule;

/// A block of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Top,
    Policy,
    Source,
    Objective,
    Tenancy,
    Ledger,
    Chain,
    Template,
    Gate,
    Check,
    Waive,
    Procedure,
    Rollback,
}

/// Whether a statement has a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    /// Never.
    None,
    /// It may.
    Maybe(Block),
    /// Always.
    Always(Block),
}

/// A word that may begin a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) word: &'static str,
    pub(super) rule: Rule,
    pub(super) has: Has,
}

const fn word(word: &'static str, rule: Rule, has: Has) -> Word {
    Word { word, rule, has }
}

impl Block {
    /// All of them.
    pub(super) const ALL: [Self; 13] = [
        Self::Top,
        Self::Policy,
        Self::Source,
        Self::Objective,
        Self::Tenancy,
        Self::Ledger,
        Self::Chain,
        Self::Template,
        Self::Gate,
        Self::Check,
        Self::Waive,
        Self::Procedure,
        Self::Rollback,
    ];

    /// How the block is called in a message.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Top => "at the top level",
            Self::Policy => "in `policy`",
            Self::Source => "in `source`",
            Self::Objective => "in `objective`",
            Self::Tenancy => "in `tenancy`",
            Self::Ledger => "in `ledger`",
            Self::Chain => "in `chain`",
            Self::Template => "in `template`",
            Self::Gate => "in `gate`",
            Self::Check => "in `check`",
            Self::Waive => "in `waive`",
            Self::Procedure => "in `procedure`",
            Self::Rollback => "in `rollback`",
        }
    }

    /// The words that may begin a statement in it.
    pub(super) fn words(self) -> &'static [Word] {
        match self {
            Self::Top => {
                const {
                    &[
                        word("policy", Rule::s_policy, Has::Maybe(Block::Policy)),
                        word("include", Rule::s_include, Has::None),
                        word("param", Rule::s_param, Has::None),
                        word("source", Rule::s_source, Has::Maybe(Block::Source)),
                        word("objective", Rule::s_objective, Has::Maybe(Block::Objective)),
                        word("tenancy", Rule::s_tenancy, Has::Maybe(Block::Tenancy)),
                        word("ledger", Rule::s_ledger, Has::Always(Block::Ledger)),
                        word("chain", Rule::s_chain, Has::Always(Block::Chain)),
                        word("template", Rule::s_template, Has::Always(Block::Template)),
                        word("gate", Rule::s_gate, Has::Always(Block::Gate)),
                        word("waive", Rule::s_waive, Has::Always(Block::Waive)),
                        word("procedure", Rule::s_procedure, Has::Always(Block::Procedure)),
                    ]
                }
            }
            Self::Policy => {
                const {
                    &[
                        word("language", Rule::s_language, Has::None),
                        word("owner", Rule::s_owner, Has::None),
                        word("schema", Rule::s_schema, Has::None),
                        word("max_waiver", Rule::s_max_waiver, Has::None),
                        word("exact", Rule::s_exact, Has::None),
                    ]
                }
            }
            Self::Source => {
                const {
                    &[
                        word("named", Rule::s_named, Has::None),
                        word("every", Rule::s_cadence, Has::None),
                        word("checksums", Rule::s_checksums, Has::None),
                        word("header", Rule::s_header, Has::None),
                        word("allow", Rule::s_permit, Has::None),
                        word("max_body", Rule::s_max_body, Has::None),
                        word("pepper", Rule::s_pepper, Has::None),
                    ]
                }
            }
            Self::Objective => const { &[word("beside", Rule::s_beside, Has::None)] },
            Self::Tenancy => {
                const {
                    &[
                        word("global", Rule::s_global, Has::None),
                        word("reached", Rule::s_reached, Has::None),
                        word("link", Rule::s_bridge, Has::None),
                    ]
                }
            }
            Self::Ledger => {
                const {
                    &[
                        word("entry", Rule::s_entry, Has::None),
                        word("debit", Rule::s_debit, Has::None),
                        word("credit", Rule::s_credit, Has::None),
                        word("amount", Rule::s_amount, Has::None),
                        word("balance", Rule::s_balance, Has::None),
                        word("totals", Rule::s_totals, Has::None),
                        word("running", Rule::s_running, Has::None),
                        word("tolerance", Rule::s_tolerance, Has::None),
                        word("exact", Rule::s_exact, Has::None),
                        word("without", Rule::s_without, Has::None),
                    ]
                }
            }
            Self::Chain => {
                const {
                    &[
                        word("join", Rule::s_join, Has::None),
                        word("split", Rule::s_split, Has::None),
                        word("order", Rule::s_order, Has::None),
                        word("link", Rule::s_link, Has::None),
                        word("hash", Rule::s_hash, Has::None),
                        word("key", Rule::s_key, Has::None),
                        word("let", Rule::s_let, Has::None),
                        word("bind", Rule::s_bind, Has::None),
                        word("allow", Rule::s_allow_rows, Has::None),
                        word("anchor", Rule::s_anchor, Has::None),
                        word("search", Rule::s_search, Has::None),
                    ]
                }
            }
            Self::Gate => const { &[word("check", Rule::s_check, Has::Maybe(Block::Check))] },
            Self::Template | Self::Check => {
                const {
                    &[
                        word("on", Rule::s_on, Has::None),
                        word("require", Rule::s_require, Has::None),
                        word("recommend", Rule::s_recommend, Has::None),
                        word("when", Rule::s_when, Has::None),
                        word("evidence", Rule::s_evidence, Has::None),
                        word("timeout", Rule::s_timeout, Has::None),
                        word("runbook", Rule::s_runbook, Has::None),
                        word("retry", Rule::s_retry, Has::None),
                        word("allow", Rule::s_allow, Has::None),
                        word("unwaivable", Rule::s_unwaivable, Has::None),
                        word("without", Rule::s_leave_out, Has::None),
                    ]
                }
            }
            Self::Procedure => {
                const {
                    &[
                        word("phase", Rule::s_phase, Has::None),
                        word("expect", Rule::s_expect, Has::None),
                        word("rollback", Rule::s_rollback, Has::Always(Block::Rollback)),
                    ]
                }
            }
            Self::Rollback => const { &[word("phase", Rule::s_phase, Has::None)] },
            Self::Waive => {
                const {
                    &[
                        word("until", Rule::s_until, Has::None),
                        word("owner", Rule::s_owner, Has::None),
                        word("reason", Rule::s_reason, Has::None),
                        word("approved", Rule::s_approved, Has::None),
                    ]
                }
            }
        }
    }

    /// Words of the language's design that this version cannot carry out here, with what to do meanwhile.
    pub(super) fn not_available(self, word: &str) -> Option<&'static str> {
        match (self, word) {
            (Self::Top, "baseline") => {
                Some("leave it out; it would be ignored, and what is ignored must not look checked")
            }
            _ => None,
        }
    }
}
