//! Relations to be sealed.

use super::Builder;
use crate::baseline::age::{Age, NO_AGE};
use crate::baseline::canon::Canon;
use crate::catalogue::Relation;
use crate::plan;
use crate::stream::expr::Refusal;
use crate::stream::reference::Whose;
use crate::stream::seal::{Aged, Cutting, Owner, Place, Sealing, Seen};

impl Builder {
    /// Seals a relation.
    ///
    /// # Errors
    ///
    /// When its rows cannot be sealed here.
    pub(in crate::stream) fn seal(&mut self, key: &str, sealing: &plan::Sealing) -> Result<(), Refusal> {
        let relation = &sealing.relation;
        let mut names: Vec<&str> = relation
            .columns
            .iter()
            .filter(|column| !(column.computed || column.generated))
            .map(|column| column.name.as_str())
            .collect();
        names.sort_unstable();
        let columns = names.iter().map(|name| self.canon(relation, name)).collect::<Result<Vec<_>, _>>()?;
        // What is computed has no text of its own in an archive.
        let named = sealing.named.iter().filter(|name| names.contains(&name.as_str()));
        let named = named.map(|name| self.canon(relation, name)).collect::<Result<Vec<_>, _>>()?;
        let mut needs = Vec::new();
        let owner = match &sealing.path {
            None => Owner::None,
            Some(path) if path.steps.is_empty() => {
                let (place, canon) = self.canon(relation, &path.column)?;
                Owner::Own(place, canon)
            }
            Some(path) => match self.whose(relation, path, &mut needs)? {
                Whose::Through(key, table) => Owner::Through(key, table),
                Whose::Own(..) => return Err("nothing leads from it to a tenant".to_owned()),
            },
        };
        let greatest = sealing.greatest.iter();
        let greatest = greatest.map(|name| Ok((name.clone(), self.aged(relation, name)?)));
        let greatest = greatest.collect::<Result<Vec<_>, Refusal>>()?;
        let cut = sealing.cut.as_ref().map(|cut| self.cutting(relation, cut)).transpose()?;
        let seen = Seen::new(sealing.path.is_some());
        let job = Sealing { key: key.to_owned(), columns, named, owner, greatest, cut, seen };
        self.push(relation, needs, Vec::new(), Box::new(job));
        Ok(())
    }

    fn aged(&mut self, relation: &Relation, name: &str) -> Result<Aged, Refusal> {
        let age = relation.column(name).and_then(|column| Age::of(column.kind));
        let age = age.ok_or_else(|| format!("the values of `{name}` do not tell how old a row is"))?;
        Ok(Aged { place: self.canon(relation, name)?, age })
    }

    fn cutting(&mut self, relation: &Relation, cut: &plan::Cut) -> Result<Cutting, Refusal> {
        let rank = |aged: &Aged, text: &str| aged.age.rank(text.as_bytes()).ok_or_else(|| NO_AGE.to_owned());
        let column = self.aged(relation, &cut.column)?;
        let after = rank(&column, &cut.after)?;
        let updates = match &cut.updates {
            None => None,
            Some((name, after)) => {
                let column = self.aged(relation, name)?;
                let after = after.as_ref().map(|text| rank(&column, text)).transpose()?;
                Some((column, after))
            }
        };
        Ok(Cutting { column, after, updates })
    }

    fn canon(&mut self, relation: &Relation, name: &str) -> Result<Place, Refusal> {
        let place = self.columns(relation).text(relation, name)?;
        let canon = relation.column(name).map_or(Canon::AsIs, Canon::of);
        Ok((place, canon))
    }
}
