//! Reads the catalogue of a database: relations, columns, keys, and the objects around them.

use std::collections::BTreeMap;

use super::failure::QueryError;
use super::session::Session;
use crate::catalogue::{
    Catalogue, Column, ColumnKind, ForeignKey, Object, Relation, RelationKind, Sequence, Shadow,
};
use crate::policy::RelationName;

/// Schemas of the user, relations that no extension brought along.
const USER: &str = "n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
   and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')";

/// One row per column; a relation without columns has one row without a column. NOT NULL is believed only of a column,
/// and only once the server has proven it: a domain's can be got round, from version 18 on one may be NOT VALID, and it
/// binds partitions, but not all of the tables that inherit from another and whose rows that one shows.
fn columns_sql() -> String {
    format!(
        "with recursive base (oid, root) as (
           select oid, oid from pg_type where typtype <> 'd'
           union all
           select t.oid, b.root from pg_type t join base b on t.typbasetype = b.oid where t.typtype = 'd')
         select n.nspname::text, c.relname::text, case when c.relispartition then 'x' else c.relkind::text end, c.reltuples::bigint::text,
                (c.relkind = 'r' and not c.relhassubclass
                   and not exists (select 1 from pg_attribute g where g.attrelid = c.oid and g.attgenerated <> ''))::text,
                a.attname::text, format_type(a.atttypid, a.atttypmod)::text, r.typname::text, r.typtype::text,
                (not a.attnotnull or (c.relkind = 'r' and c.relhassubclass) or exists (select 1 from pg_constraint nn where nn.conrelid = a.attrelid
                   and nn.contype = 'n' and nn.conkey = array[a.attnum] and not nn.convalidated))::text,
                (select pn.nspname::text from pg_opclass oc join pg_am am on am.oid = oc.opcmethod and am.amname = 'btree'
                   join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = r.oid and ao.amoprighttype = r.oid and ao.amopstrategy = 3
                   join pg_operator po on po.oid = ao.amopopr join pg_namespace pn on pn.oid = po.oprnamespace
                  where oc.opcintype = r.oid and oc.opcdefault and pn.nspname <> 'pg_catalog'),
                (select array_to_string(array_agg(w.enumlabel::text order by w.enumsortorder), chr(10)) from pg_enum w where w.enumtypid = r.oid),
                exists (select 1 from pg_collation co where co.oid = a.attcollation and not co.collisdeterministic)::text,
                (a.attgenerated <> '')::text
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           left join pg_type t on t.oid = a.atttypid
           left join base b on b.oid = a.atttypid
           left join pg_type r on r.oid = b.root
          where c.relkind in ('r', 'p', 'v', 'm', 'f') and {USER}
          order by n.nspname, c.relname, a.attnum"
    )
}

/// Relations that show rows of foreign tables: those themselves, what inherits from them or is made of them, and views
/// of those. For a partitioned table its parts: none where one may not be read or has row-level security of its own,
/// which reading the whole passes by, and none while one is being detached.
const FOREIGN: &str = "
  with recursive above (whole, part) as (
    select inhparent, inhrelid from pg_inherits
    union
    select r.ev_class, d.refobjid from pg_rewrite r join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass),
  shows (oid) as (
    select oid from pg_class where relkind = 'f'
    union
    select a.whole from shows s join above a on a.part = s.oid),
  tree (root, oid, leaving) as (
    select c.oid, c.oid, false from shows s join pg_class c on c.oid = s.oid where c.relkind = 'p' and not c.relispartition
    union all
    select t.root, i.inhrelid, t.leaving or coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false)
      from tree t join pg_inherits i on i.inhparent = t.oid),
  leaf as (
    select t.root, n.nspname::text as schema, c.relname::text as name,
           not t.leaving and not c.relrowsecurity and has_schema_privilege(n.oid, 'USAGE')
             and has_table_privilege(c.oid, 'SELECT') as fit
      from tree t join pg_class c on c.oid = t.oid and c.relkind <> 'p' join pg_namespace n on n.oid = c.relnamespace)
  select n.nspname::text, c.relname::text, l.schema, l.name
    from shows s join pg_class c on c.oid = s.oid join pg_namespace n on n.oid = c.relnamespace
    left join leaf l on l.root = s.oid and not exists (select 1 from leaf o where o.root = l.root and not o.fit)
   order by 1, 2, 3, 4";

const PRIMARY_KEYS: &str = "
  select n.nspname::text, c.relname::text, a.attname::text
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace,
         lateral unnest(k.conkey) with ordinality as u (attnum, ord)
         join pg_attribute a on a.attnum = u.attnum
   where k.contype = 'p' and a.attrelid = k.conrelid
   order by n.nspname, c.relname, u.ord";

const FOREIGN_KEYS: &str = "
  select k.oid::text, k.conname::text, n.nspname::text, c.relname::text, a.attname::text,
         fn.nspname::text, fc.relname::text, fa.attname::text, k.convalidated::text, k.confmatchtype::text,
         (k.confdeltype in ('n', 'd'))::text
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class fc on fc.oid = k.confrelid join pg_namespace fn on fn.oid = fc.relnamespace,
         lateral unnest(k.conkey, k.confkey) with ordinality as u (child, parent, ord)
         join pg_attribute a on a.attnum = u.child
         join pg_attribute fa on fa.attnum = u.parent
   where k.contype = 'f' and k.conparentid = 0 and a.attrelid = k.conrelid and fa.attrelid = k.confrelid
   order by n.nspname, c.relname, k.conname, k.oid, u.ord";

fn objects_sql() -> String {
    format!(
        "select 'index', i.relname::text, n.nspname::text, c.relname::text,
                case when not x.indislive then 'is being dropped'
                     when not x.indisready then 'is not ready'
                     when not x.indisvalid then 'is not valid; REINDEX it' else '' end
           from pg_index x join pg_class i on i.oid = x.indexrelid
           join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace where {USER}
         union all
         select 'constraint', k.conname::text, n.nspname::text, c.relname::text,
                case when not k.convalidated then 'is NOT VALID: nobody has proven it for the rows that are there' else '' end
           from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
          where {USER}
         union all
         select 'trigger', g.tgname::text, n.nspname::text, c.relname::text,
                case g.tgenabled when 'D' then 'is disabled' when 'R' then 'fires only on replicas' else '' end
           from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
          where (not g.tgisinternal or g.tgenabled in ('D', 'R')) and {USER}
         order by 1, 3, 4, 2"
    )
}

const SEQUENCES: &str = "
  with feeds (seq, rel, att) as (
    select d.objid, d.refobjid, d.refobjsubid::int from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
     where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
       and d.deptype in ('a', 'i') and d.refobjsubid > 0
    union
    select d.refobjid, a.adrelid, a.adnum::int from pg_depend d join pg_attrdef a on a.oid = d.objid
      join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
     where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass)
  select sn.nspname::text, s.relname::text, n.nspname::text, c.relname::text, a.attname::text,
         case when has_sequence_privilege(s.oid, 'SELECT, USAGE') then pg_sequence_last_value(s.oid)::text end,
         has_sequence_privilege(s.oid, 'SELECT, USAGE')::text, q.seqincrement::text
    from feeds f join pg_class s on s.oid = f.seq join pg_namespace sn on sn.oid = s.relnamespace
    join pg_sequence q on q.seqrelid = s.oid
    join pg_class c on c.oid = f.rel join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = f.rel and a.attnum = f.att
   where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
   order by 1, 2, 3, 4, 5";

const VOLATILE: &str = "
  select distinct proname::text from pg_proc
   where provolatile = 'v' and proname = any (string_to_array($1::text, chr(10))::name[]) order by 1";

/// Functions of users' schemas among the named ones that read a clock, in their own text or in that of a function they
/// mention. Whether they are called STABLE or IMMUTABLE says nothing about it.
const CLOCKS: &str = r"
  with recursive mine as materialized (
    select p.oid, p.proname::text as name, lower(pg_get_functiondef(p.oid)) as body
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prokind = 'f' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'),
  called (root, oid) as (
    select name, oid from mine where name = any (string_to_array($1::text, chr(10)))
    union
    select c.root, m.oid from called c join mine b on b.oid = c.oid join mine m on strpos(b.body, lower(m.name)) > 0)
  select distinct root from called join mine using (oid)
   where body ~ '\m(now|transaction_timestamp|statement_timestamp|clock_timestamp|timeofday)\s*\('
      or body ~ '\m(current_date|current_time|current_timestamp|localtime|localtimestamp)\M'
      or body ~ '\mage\s*\([^(),]*\)' or body ~ '\x27\s*(now|today|tomorrow|yesterday)\s*\x27'
   order by 1";

/// Names of the system's own functions and operators that users' schemas have as well, over system types.
const SHADOWS: &str = "
  select distinct n.nspname::text, o.oprname::text, 'true'
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
   where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and exists (select 1 from pg_operator s where s.oprname = o.oprname and s.oprnamespace = 'pg_catalog'::regnamespace)
     and not exists (select 1 from pg_type t where t.oid in (o.oprleft, o.oprright) and t.typnamespace <> 'pg_catalog'::regnamespace)
     and not exists (select 1 from pg_depend e where e.classid = 'pg_operator'::regclass and e.objid = o.oid and e.deptype = 'e')
  union all
  select distinct n.nspname::text, p.proname::text, 'false'
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and p.proname = any (string_to_array($1::text, chr(10))::name[])
     and exists (select 1 from pg_proc s where s.proname = p.proname and s.pronamespace = 'pg_catalog'::regnamespace)
     and not exists (select 1 from unnest(p.proargtypes) a join pg_type t on t.oid = a where t.typnamespace <> 'pg_catalog'::regnamespace)
     and not exists (select 1 from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
   order by 1, 3, 2";

/// Reads everything. `functions` are the names raw SQL calls.
///
/// # Errors
/// The catalogue cannot be read, or the connection is lost.
pub async fn read(session: &Session, functions: &[String]) -> Result<Catalogue, QueryError> {
    let mut relations = relations(session).await?;
    for row in session.rows(PRIMARY_KEYS, &[]).await? {
        let mut cells = Cells(row.into_iter());
        let name = cells.relation();
        let column = cells.text();
        if let Some(relation) = relations.get_mut(&name) {
            relation.primary_key.push(column);
        }
    }
    Ok(Catalogue {
        relations: relations.into_values().collect(),
        foreign_keys: foreign_keys(session).await?,
        objects: objects(session).await?,
        sequences: sequences(session).await?,
        volatile: among(session, VOLATILE, functions).await?,
        clocks: among(session, CLOCKS, functions).await?,
        shadows: shadows(session, functions).await?,
        extensions: Some(extensions(session).await?),
        greatest: BTreeMap::new(),
    })
}

/// The cells of one row, in order.
struct Cells(std::vec::IntoIter<Option<String>>);

impl Cells {
    fn next(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    fn text(&mut self) -> String {
        self.next().unwrap_or_default()
    }

    fn is_true(&mut self) -> bool {
        self.text() == "true"
    }

    fn relation(&mut self) -> RelationName {
        let schema = self.text();
        RelationName { schema, name: self.text() }
    }
}

async fn relations(session: &Session) -> Result<BTreeMap<RelationName, Relation>, QueryError> {
    let mut relations: BTreeMap<RelationName, Relation> = BTreeMap::new();
    for row in session.rows(&columns_sql(), &[]).await? {
        let mut cells = Cells(row.into_iter());
        let name = cells.relation();
        let kind = match cells.text().as_str() {
            "p" => RelationKind::Partitioned,
            "f" => RelationKind::Foreign,
            "v" => RelationKind::View,
            "m" => RelationKind::MaterializedView,
            "x" => RelationKind::Partition,
            _ => RelationKind::Table,
        };
        let estimated_rows = cells.text().parse().unwrap_or(-1);
        let plain = cells.is_true();
        let relation = relations.entry(name.clone()).or_insert_with(|| Relation {
            name,
            kind,
            columns: Vec::new(),
            primary_key: Vec::new(),
            estimated_rows,
            foreign: false,
            plain,
            parts: Vec::new(),
        });
        if let Some(column) = cells.next() {
            let type_name = cells.text();
            let (base, typtype) = (cells.text(), cells.text());
            relation.columns.push(Column {
                name: column,
                type_name,
                kind: ColumnKind::of(&base, &typtype),
                nullable: cells.is_true(),
                operators: cells.next(),
                words: cells
                    .next()
                    .map_or_else(Vec::new, |words| words.split('\n').map(str::to_owned).collect()),
                generated: false,
                folding: cells.is_true(),
                computed: cells.is_true(),
            });
        }
    }
    // Only what is cheaper depends on it.
    for (name, rows) in session.guessed_rows().await.unwrap_or_default() {
        if let Some(relation) = relations.get_mut(&name) {
            relation.estimated_rows = rows;
        }
    }
    for row in session.rows(FOREIGN, &[]).await? {
        let mut cells = Cells(row.into_iter());
        let Some(relation) = relations.get_mut(&cells.relation()) else { continue };
        relation.foreign = true;
        // Nobody enforces NOT NULL on a foreign table, and so on nothing that shows its rows.
        relation.columns.iter_mut().for_each(|column| column.nullable = true);
        if let Some(schema) = cells.next() {
            relation.parts.push(RelationName { schema, name: cells.text() });
        }
    }
    Ok(relations)
}

async fn foreign_keys(session: &Session) -> Result<Vec<ForeignKey>, QueryError> {
    let mut keys: Vec<(String, ForeignKey)> = Vec::new();
    for row in session.rows(FOREIGN_KEYS, &[]).await? {
        let mut cells = Cells(row.into_iter());
        let oid = cells.text();
        let name = cells.text();
        let (child, child_column) = (cells.relation(), cells.text());
        let (parent, parent_column) = (cells.relation(), cells.text());
        if keys.last().is_none_or(|(last, _)| *last != oid) {
            let validated = cells.is_true();
            let match_full = cells.text() == "f";
            let clears = cells.is_true();
            let (child_columns, parent_columns) = (Vec::new(), Vec::new());
            keys.push((
                oid,
                ForeignKey {
                    name,
                    child,
                    child_columns,
                    parent,
                    parent_columns,
                    validated,
                    match_full,
                    clears,
                },
            ));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.child_columns.push(child_column);
            key.parent_columns.push(parent_column);
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

async fn objects(session: &Session) -> Result<Vec<Object>, QueryError> {
    let rows = session.rows(&objects_sql(), &[]).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut cells = Cells(row.into_iter());
            let (kind, name) = (cells.text(), cells.text());
            Object { kind, name, relation: cells.relation(), problem: cells.text() }
        })
        .collect())
}

/// Those of the functions that a statement picks.
async fn among(session: &Session, sql: &str, functions: &[String]) -> Result<Vec<String>, QueryError> {
    if functions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session.rows(sql, &[&functions.join("\n")]).await?;
    Ok(rows.into_iter().map(|row| Cells(row.into_iter()).text()).collect())
}

async fn shadows(session: &Session, functions: &[String]) -> Result<Vec<Shadow>, QueryError> {
    let rows = session.rows(SHADOWS, &[&functions.join("\n")]).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut cells = Cells(row.into_iter());
            Shadow { schema: cells.text(), name: cells.text(), operator: cells.is_true() }
        })
        .collect())
}

async fn extensions(session: &Session) -> Result<Vec<String>, QueryError> {
    let rows = session.rows("select extname::text from pg_extension order by 1", &[]).await?;
    Ok(rows.into_iter().map(|row| Cells(row.into_iter()).text()).collect())
}

async fn sequences(session: &Session) -> Result<Vec<Sequence>, QueryError> {
    let rows = session.rows(SEQUENCES, &[]).await?;
    let mut sequences: Vec<Sequence> = rows
        .into_iter()
        .map(|row| {
            let mut cells = Cells(row.into_iter());
            let name = cells.relation();
            let relation = cells.relation();
            Sequence {
                name,
                relation,
                column: cells.text(),
                last_value: cells.next(),
                readable: cells.is_true(),
                increment: cells.text().parse().unwrap_or(1),
            }
        })
        .collect();
    for sequence in sequences.iter_mut().filter(|s| s.readable && s.last_value.is_none()) {
        sequence.last_value = not_called(session, sequence).await;
    }
    Ok(sequences)
}

/// A sequence that was set and not called yet hands out exactly what it was set to: the value before that is the one
/// to compare with. Without SELECT on it nothing is known.
async fn not_called(session: &Session, sequence: &Sequence) -> Option<String> {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let sql = format!(
        "select last_value::text from {}.{} where not is_called",
        quote(&sequence.name.schema),
        quote(&sequence.name.name)
    );
    let rows = session.rows(&sql, &[]).await.ok()?;
    let next: i64 = rows.into_iter().next()?.into_iter().next()??.parse().ok()?;
    next.checked_sub(sequence.increment).map(|before| before.to_string())
}
