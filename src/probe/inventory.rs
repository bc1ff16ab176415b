//! The objects of a database: what there is, and how it is defined.
//!
//! Definitions are those that the server's own functions spell (`ruleutils.c`), as a restore of them is spelt. They differ between
//! versions, so that they are compared within one version only. An archive names its objects as `pg_dump.c` does (`ArchiveEntry`).

use sha2::{Digest as _, Sha256};

use super::deparsed::settled;
use super::dump::{Archive, Entry};
use super::postgres::{QueryError, Session};
use crate::baseline::model::{Inventory, LARGE_OBJECT_ACCESS, Object};

/// Relations and schemas outside the system, and not of an extension.
const MINE: &str = "n.nspname <> 'information_schema' and n.nspname !~ '^pg_'";

/// Kinds of objects that a server is asked for.
const KINDS: [&str; 16] = [
    "check constraint",
    "constraint",
    "extension",
    "function",
    "grants",
    "index",
    "materialized view",
    "owner",
    "policy",
    "rule",
    "schema",
    "sequence",
    "table",
    "trigger",
    "type",
    "view",
];

fn sql() -> String {
    let not_of_extension = |class: &str, oid: &str| {
        format!(
            "not exists (select 1 from pg_depend e where e.classid = '{class}'::regclass and e.objid = {oid} and e.deptype = 'e')"
        )
    };
    let (relation, function, typed) = (
        not_of_extension("pg_class", "c.oid"),
        not_of_extension("pg_proc", "p.oid"),
        not_of_extension("pg_type", "t.oid"),
    );
    format!(
        "with mine as (select c.*, n.nspname, n.nspname || '.' || c.relname as name from pg_class c
                         join pg_namespace n on n.oid = c.relnamespace where {MINE} and {relation})
         select 'schema'::text, n.nspname::text, '[]'::text from pg_namespace n where {MINE}
         union all select 'extension', extname::text, to_json(extversion)::text from pg_extension
         union all
         select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
                c.name::text,
                case c.relkind when 'S' then (select json_build_array(format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle)::text
                                                from pg_sequence q where q.seqrelid = c.oid)
                  else json_build_array(c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
                           pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
                           case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
                           (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                                                 pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation) order by a.attname)
                              from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))::text end
           from mine c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         union all
         select 'owner', case c.relkind when 'S' then 'sequence ' else '' end || c.name, to_json(pg_get_userbyid(c.relowner))::text
           from mine c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         union all
         select 'grants', case c.relkind when 'S' then 'sequence ' else '' end || c.name,
                coalesce((select json_agg(g.one order by g.one) from (
                            select row(x.grantor::regrole, case when x.grantee = 0 then 'public' else x.grantee::regrole::text end,
                                       x.privilege_type, x.is_grantable)::text as one
                              from aclexplode(c.relacl) x where x.grantee <> c.relowner) g)::text, '')
           from mine c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         union all
         select 'index', t.nspname || '.' || i.relname || ' on ' || t.relname, to_json(pg_get_indexdef(x.indexrelid))::text
           from pg_index x join mine t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
          where not exists (select 1 from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
         union all
         select case k.contype when 'c' then 'check constraint' else 'constraint' end, t.name || ' ' || k.conname,
                to_json(pg_get_constraintdef(k.oid))::text
           from pg_constraint k join mine t on t.oid = k.conrelid where k.contype in ('c', 'p', 'u', 'x', 'f')
         union all
         select 'trigger', t.name || ' ' || g.tgname, json_build_array(g.tgenabled, pg_get_triggerdef(g.oid))::text
           from pg_trigger g join mine t on t.oid = g.tgrelid where not g.tgisinternal
         union all
         select 'rule', t.name || ' ' || r.rulename, json_build_array(r.ev_enabled, pg_get_ruledef(r.oid))::text
           from pg_rewrite r join mine t on t.oid = r.ev_class where r.rulename <> '_RETURN'
         union all
         select 'policy', t.name || ' ' || p.polname,
                json_build_array(p.polcmd, p.polpermissive, (select json_agg(g.one order by g.one) from (select case when r = 0 then 'public' else r::regrole::text end as one from unnest(p.polroles) r) g),
                    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text
           from pg_policy p join mine t on t.oid = p.polrelid
         union all
         select 'function', n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
                to_json(case when p.prokind in ('f', 'p', 'w') then pg_get_functiondef(p.oid) else p.prokind::text end)::text
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {MINE} and {function}
         union all
         select 'type', n.nspname || '.' || t.typname,
                json_build_array(t.typtype, (select json_agg(w.enumlabel order by w.enumsortorder) from pg_enum w where w.enumtypid = t.oid),
                    case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end, t.typnotnull, t.typdefault,
                    (select json_agg(pg_get_constraintdef(k.oid) order by k.conname) from pg_constraint k where k.contypid = t.oid))::text
           from pg_type t join pg_namespace n on n.oid = t.typnamespace
          where {MINE} and {typed} and t.typtype in ('e', 'd', 'r')
         union all
         select '{LARGE_OBJECT_ACCESS}', m.oid::text,
                json_build_array(pg_get_userbyid(m.lomowner),
                  (select json_agg(g.one order by g.one) from (
                     select row(x.grantor::regrole, case when x.grantee = 0 then 'public' else x.grantee::regrole::text end,
                                x.privilege_type, x.is_grantable)::text as one
                       from aclexplode(m.lomacl) x where x.grantee <> m.lomowner) g))::text
           from pg_largeobject_metadata m where ({FEW_LARGE_OBJECTS})
         order by 1, 2, 3"
    )
}

/// Whether there are so few large objects that each is listed.
const FEW_LARGE_OBJECTS: &str =
    "select count(*) <= 10000 from (select 1 from pg_largeobject_metadata limit 10001) l";

/// The objects of a server, as far as its role may see.
///
/// # Errors
///
/// The catalogue cannot be read.
pub(super) async fn of_server(session: &Session) -> Result<Inventory, QueryError> {
    let mut objects = Vec::new();
    for row in session.rows(&sql(), &[]).await? {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (kind, name, definition) = (next(), next(), next());
        objects.push(Object { kind, name, definition: digest(&settled(&definition)) });
    }
    objects.sort();
    let mut kinds = KINDS.map(str::to_owned).to_vec();
    let few = session.rows(&format!("select ({FEW_LARGE_OBJECTS})::text"), &[]).await?;
    if few.first().and_then(|row| row.first()).is_some_and(|cell| cell.as_deref() == Some("true")) {
        kinds.push(LARGE_OBJECT_ACCESS.to_owned());
    }
    Ok(Inventory { kinds, definitions: format!("postgresql {}", session.version() / 10_000), objects })
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an entry is here, and how it is named here.
fn named(entry: &Entry) -> Option<(&'static str, String)> {
    let schema = entry.namespace.as_deref().unwrap_or_default();
    let inside = || format!("{schema}.{}", entry.tag);
    Some(match entry.kind.as_str() {
        "TABLE" | "FOREIGN TABLE" => ("table", inside()),
        "VIEW" => ("view", inside()),
        "MATERIALIZED VIEW" => ("materialized view", inside()),
        "SEQUENCE" => ("sequence", inside()),
        "FK CONSTRAINT" | "CONSTRAINT" => ("constraint", inside()),
        "TRIGGER" => ("trigger", inside()),
        "RULE" => ("rule", inside()),
        "POLICY" => ("policy", inside()),
        "EXTENSION" => ("extension", entry.tag.clone()),
        _ => return None,
    })
}

/// The objects of an archive, by name.
pub(super) fn of_archive(archive: &Archive) -> Inventory {
    let mut objects: Vec<Object> = archive
        .entries()
        .iter()
        .filter_map(named)
        .map(|(kind, name)| Object { kind: kind.to_owned(), name, definition: String::new() })
        .collect();
    // The one that every database has, and no archive makes.
    objects.push(Object {
        kind: "extension".to_owned(),
        name: "plpgsql".to_owned(),
        definition: String::new(),
    });
    objects.sort();
    objects.dedup();
    let kinds = [
        "constraint",
        "extension",
        "materialized view",
        "policy",
        "rule",
        "sequence",
        "table",
        "trigger",
        "view",
    ];
    Inventory { kinds: kinds.map(str::to_owned).to_vec(), definitions: String::new(), objects }
}
