//! `ARCHIVE is continuous from BACKUP until VALUE`: WAL that leads a restore where it is to end.

use super::Checker;
use super::operands::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::SourceKind;
use crate::policy::assertion::Assertion;
use crate::policy::look::Way;
use crate::syntax::ast::{Expr, Name};
use crate::value::Type;

/// Kinds whose backups say where they begin in WAL.
const BACKUPS: [SourceKind; 3] = [SourceKind::Basebackup, SourceKind::Pgbackrest, SourceKind::Barman];

/// A source of backups, and which of its backups, where that is said.
pub(super) type Backup<'a> = (&'a Name, Option<&'a Name>);

impl Checker<'_> {
    /// The way from a backup or the oldest segment to an instant or the newest segment.
    pub(super) fn way(
        &mut self,
        archive: &str,
        from: Option<Backup<'_>>,
        until: Option<&Expr>,
    ) -> Option<Assertion> {
        // Both are looked at, so that both are reported.
        let label = from.and_then(|(_, label)| label).map(|label| label.node.clone());
        let from = from.map(|from| self.backup(from));
        let until = until.map(|until| self.instant(until));
        let way = Way {
            archive: archive.to_owned(),
            from: from.map_or(Some(None), |from| from.map(Some))?,
            label,
            until: until.map_or(Some(None), |until| until.map(Some))?,
        };
        Some(Assertion::Way(way))
    }

    /// A declared source of backups that WAL can be followed from.
    fn backup(&mut self, (name, label): Backup<'_>) -> Option<String> {
        let legal: Vec<String> =
            self.sources.iter().filter(|s| BACKUPS.contains(&s.kind)).map(|s| s.name.clone()).collect();
        let (code, message, label) = match self.source_kind(&name.node) {
            Some((source, SourceKind::Basebackup)) if label.is_some() => {
                let message = format!("`{source}` is one backup, and has no labels");
                let at = label.map_or(name.span, |label| label.span);
                self.error(Code::BadAssertion, message, (at, "not one of several"), "remove the label");
                return None;
            }
            Some((source, kind)) if BACKUPS.contains(&kind) => {
                self.used.insert(format!("source {source}"));
                return Some(source);
            }
            Some((source, kind)) => {
                let message = format!("`{source}` is of kind `{}`, and says of no place in WAL", kind.word());
                (Code::BadAssertion, message, "no backup that WAL can be followed from")
            }
            None => {
                let message = format!("no source `{}` of backups is declared", name.node);
                (Code::UnknownName, message, "not declared")
            }
        };
        let diagnostic = Diagnostic::error(code, message).at(name.span, label);
        self.sink.push(match legal.as_slice() {
            [] => diagnostic.help("declare a source of kind `basebackup`, `pgbackrest` or `barman`"),
            legal => diagnostic.did_you_mean(&name.node, legal.iter().map(String::as_str)),
        });
        None
    }

    /// An instant that is known without rows.
    fn instant(&mut self, until: &Expr) -> Option<crate::policy::operand::Operand> {
        let mut scope = Scope::run();
        scope.aggregates = false;
        let operand = self.operand(until, &mut scope)?;
        if self.type_of(&operand) == Some(Type::Time) {
            return Some(operand);
        }
        let help =
            "write a `time` parameter, a fact of type time, or an instant such as `2026-01-14T14:30:00Z`";
        self.error(Code::TypeMismatch, "this is not an instant", (until.span, "here"), help);
        None
    }
}
