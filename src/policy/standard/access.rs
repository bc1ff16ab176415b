//! Row-level security, as far as a database by itself can be wrong about it.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "row_security",
        title: "row-level security is on wherever there are policies",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, ENFORCED)] }),
        needs: None,
        things: "tables with policies",
        finding: "row_security_off",
        means: "Policies of a table do nothing until row-level security is enabled on it. A load that turned it off and broke\n\
                off leaves every row open to everybody who may read the table. Looked at: `pg_policy` and\n\
                `pg_class.relrowsecurity`.",
        cost: "Catalogue only.",
        fix: "`ALTER TABLE t ENABLE ROW LEVEL SECURITY`.",
    },
    Member {
        name: "row_security_gaps",
        title: "row-level security has no way round",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, GAPS)] }),
        needs: None,
        things: "tables and roles",
        finding: "row_security_gap",
        means: "Ways round row-level security that may be meant: a table whose owner logs in and is not held to it (not forced),\n\
                a table with it and without any policy, so that nobody but the owner sees a row, and roles that log in and\n\
                have BYPASSRLS. Superusers pass by it always and are not listed.",
        cost: "Catalogue only.",
        fix: "`ALTER TABLE t FORCE ROW LEVEL SECURITY`, a policy, or `ALTER ROLE r NOBYPASSRLS`.",
    },
];

const ENFORCED: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, case when c.relrowsecurity then '' else 'broken' end,
         format('`%s` has %s policies, and row-level security is off', c.relname, count(*)), null::text
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
   group by n.nspname, c.relname, c.relrowsecurity
   order by 1";

const GAPS: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname,
         case when not exists (select 1 from pg_policy p where p.polrelid = c.oid) or (not c.relforcerowsecurity and o.rolcanlogin and not o.rolsuper) then 'broken' else '' end,
         case when not exists (select 1 from pg_policy p where p.polrelid = c.oid) then format('`%s` has row-level security and no policy', c.relname)
              else format('`%s` does not force row-level security, and its owner `%s` logs in', c.relname, o.rolname) end, null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = c.relowner
   where c.relrowsecurity and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
  union all
  select 'role ' || rolname, '', 'broken', format('role `%s` logs in and passes by row-level security', rolname), null::text
    from pg_roles where rolcanlogin and rolbypassrls and not rolsuper
     and exists (select 1 from pg_class where relrowsecurity)
   order by 1";
