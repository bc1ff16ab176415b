//! Who is looking: whether the role could change what it looks at.
//!
//! A verifier that could write is a verifier whose word is worth less, so every power is listed: also those of
//! roles it is a member of without inheriting them, since it could `SET ROLE`.

use super::failure::QueryError;
use super::session::Session;

/// What the role could do beyond reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// Reasons why it could change data, one sentence each, the gravest first, at most [`MOST`].
    pub reasons: Vec<String>,
    /// Lesser powers that change no data that is there.
    pub notes: Vec<String>,
}

/// The most reasons listed; there is one for each kind of power, with a count.
pub const MOST: usize = 8;

/// Roles the session is, or could become. `pg_has_role` says yes to everything for a superuser, who is therefore
/// asked about first.
const ME: &str = "
  me as (
    select r.oid, r.rolname, r.rolsuper, r.rolcreaterole, r.rolreplication, r.rolcreatedb
      from pg_catalog.pg_roles r
     where pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
        or pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')),
  relation as (
    select c.oid, c.relkind, c.relowner, c.relacl,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_')";

/// Each line is one power held: rank, kind, and what it is over. Privileges are read from the access lists, which
/// is one pass however many roles and relations there are; 0 as the grantee is PUBLIC.
const POWERS: &str = "
  power (rank, kind, what) as (
    select 2, case rolname
                when 'pg_write_all_data' then 'may write every table'
                when 'pg_write_server_files' then 'may write files of the server'
                else 'may run programs on the server' end, rolname::text
      from me where rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program')
    union all
    select 3, 'may create and grant roles (CREATEROLE)', rolname::text from me where rolcreaterole
    union all
    select 4, 'may replicate (REPLICATION)', rolname::text from me where rolreplication
    union all
    select 5, 'owns the database', datname::text from pg_catalog.pg_database
     where datname = pg_catalog.current_database() and datdba in (select oid from me)
    union all
    select 6, 'owns schemas', nspname::text from pg_catalog.pg_namespace
     where nspowner in (select oid from me) and nspname <> 'information_schema' and nspname !~ '^pg_'
    union all
    select 7, 'owns relations', name from relation
     where relkind <> 'S' and relowner in (select oid from me)
    union all
    select distinct 8, 'may INSERT, UPDATE, DELETE or TRUNCATE', name
      from relation, lateral pg_catalog.aclexplode(relacl) a
     where relkind in ('r', 'p', 'v', 'f') and relowner not in (select oid from me)
       and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
       and (a.grantee = 0 or a.grantee in (select oid from me))
    union all
    select distinct 9, 'may INSERT or UPDATE columns', r.name || '.' || pg_catalog.quote_ident(t.attname)
      from relation r join pg_catalog.pg_attribute t on t.attrelid = r.oid and not t.attisdropped,
           lateral pg_catalog.aclexplode(t.attacl) a
     where r.relkind in ('r', 'p', 'v', 'f') and r.relowner not in (select oid from me)
       and a.privilege_type in ('INSERT', 'UPDATE')
       and (a.grantee = 0 or a.grantee in (select oid from me))
    union all
    select distinct 100, 'may advance sequences', name
      from relation, lateral pg_catalog.aclexplode(relacl) a
     where relkind = 'S' and a.privilege_type in ('UPDATE', 'USAGE')
       and (a.grantee = 0 or a.grantee in (select oid from me))
    union all
    select distinct 101, 'may create objects in schemas', n.nspname::text
      from pg_catalog.pg_namespace n,
           lateral pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
     where a.privilege_type = 'CREATE' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and (a.grantee = 0 or a.grantee in (select oid from me))
    union all
    select distinct 102, 'may create schemas in the database', d.datname::text
      from pg_catalog.pg_database d,
           lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
     where d.datname = pg_catalog.current_database() and a.privilege_type = 'CREATE'
       and (a.grantee = 0 or a.grantee in (select oid from me))
    union all
    select 103, 'may create databases (CREATEDB)', rolname::text from me where rolcreatedb)";

/// Reasons why the current role could change data, and lesser powers apart from them.
///
/// # Errors
/// The catalogue cannot be read, or the connection is lost.
pub async fn write_powers(session: &Session) -> Result<Powers, QueryError> {
    let superusers = format!(
        "with {ME} select rolname::text, (rolname in (session_user, current_user))::text from me
          where rolsuper order by 2 desc, 1"
    );
    let superusers = session.rows(&superusers, &[]).await?;
    let is_itself = superusers.iter().any(|row| row.get(1).cloned().flatten().as_deref() == Some("true"));
    if is_itself {
        // Every other power follows from this one.
        return Ok(Powers { reasons: vec!["it is a superuser".to_owned()], notes: Vec::new() });
    }
    let mut powers = Powers::default();
    if let Some(name) = superusers.first().and_then(|row| row.first()).cloned().flatten() {
        powers.reasons.push(format!("it may become the superuser `{name}`"));
        return Ok(powers);
    }
    let sql = format!(
        "with {ME}, {POWERS}
         select rank::text, kind, pg_catalog.count(*)::text,
                pg_catalog.array_to_string((pg_catalog.array_agg(what order by what))[1:3], ', ')
           from power group by rank, kind order by rank, kind"
    );
    for row in session.rows(&sql, &[]).await? {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (rank, kind, count, sample) = (next(), next(), next(), next());
        let more = if count.parse::<u64>().is_ok_and(|count| count > 3) { ", ..." } else { "" };
        let sentence = format!("it {kind}: {count} ({sample}{more})");
        if rank.parse::<u32>().is_ok_and(|rank| rank >= 100) {
            powers.notes.push(sentence);
        } else {
            powers.reasons.push(sentence);
        }
    }
    powers.reasons.truncate(MOST);
    Ok(powers)
}
