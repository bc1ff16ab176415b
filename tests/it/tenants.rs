//! `--tenant`: every check narrowed to one tenant, and nothing said about the others.

use crate::support::{Scratch, Tala, tala, tala_copy};

const WORDS: &str = "param tenant: text = all
     tenancy Tenant.id by tenantId { global Permission because \"shared\"; reached RolePermission through roleId of Role
       reached RefreshToken through userId of User; reached ConsentRecord through userId of User }
     ledger books on JournalDetail { entry journalEntryId of JournalEntry; debit debit; credit credit
       balance per journalEntryId, per tenantId; totals JournalEntry.totalDebit, JournalEntry.totalCredit }
     chain audit on AuditLog { split by tenantId, entityType, entityId; order by createdAt; link previousHash genesis null
       hash dataHash = hex(sha256(cat(prev ?? \"\", entityType, entityId, action, ts(createdAt, js), userId))) }";
const CHECKS: &str = "check books { require books is balanced }
     check complete { require tenancy is complete }
     check isolated { require tenancy is isolated }
     check audit { require audit is intact }
     check entries { on JournalEntry; require rows >= 100 }
     check reached { on RefreshToken; require unique tokenHash }
     check shared { on Permission; require rows > 0 }
     check single { when $tenant = all; on Tenant; require rows > 1 }";

#[test]
fn one_tenant_is_looked_at_and_nobody_else() {
    let s = Scratch::around(tala(Tala::Clean));
    s.policy(WORDS, CHECKS);
    let all = s.run(&[]).ends_with(0).judges("single", "holds", "");
    let tenants = s.sql("select id from \"Tenant\" order by id");
    let one = tenants.lines().next().unwrap();
    let mine = s
        .run(&["--tenant", one])
        .ends_with(0)
        .judges("single", "skipped", "when")
        .says("other tenants were not looked at");
    let rows = |run: &crate::support::Run, id: &str| run.check(id)["rows_examined"].as_u64().unwrap();
    let count = |table: &str| {
        s.sql(&format!("select count(*) from \"{table}\" where \"tenantId\" = '{one}'"))
            .parse::<u64>()
            .unwrap()
    };
    assert_eq!(rows(&mine, "entries"), count("JournalEntry"));
    assert_eq!(rows(&mine, "audit"), count("AuditLog"));
    assert_eq!(rows(&mine, "shared"), rows(&all, "shared"));
    for id in ["books", "complete", "isolated", "audit", "entries", "reached"] {
        assert!(rows(&mine, id) < rows(&all, id), "{id}");
    }
}

#[test]
fn a_fault_is_seen_by_its_tenant_and_not_by_another() {
    let s = Scratch::around(tala(Tala::Faults));
    s.policy(WORDS, CHECKS);
    // The audit faults and the deleted line are of different tenants.
    let broken = s.sql("select \"tenantId\" from \"JournalEntry\" where id = 'cmh0xhm27479txhxxrq0dv4vq'");
    let run = s.run(&["--tenant", &broken]).ends_with(1).judges("books", "broken", "");
    assert!(run.findings("books").iter().any(|f| f.contains("cmh0xhm27479txhxxrq0dv4vq")), "{}", run.said());
    assert!(!run.findings("books").iter().any(|f| f.contains("cm07r7v7vhktw4zzxq9mh2247")), "{}", run.said());
}

#[test]
fn a_tenant_that_does_not_exist_proves_nothing_anywhere() {
    let s = Scratch::around(tala(Tala::Clean));
    s.policy(WORDS, CHECKS);
    for ghost in ["ghost", "", "' or true --", "cm%"] {
        let run = s.run(&["--tenant", ghost]);
        assert!(matches!(run.status, Some(1 | 3)), "{}", run.said());
        for id in ["books", "complete", "isolated", "audit", "entries", "reached", "shared"] {
            assert_ne!(run.check(id)["verdict"], "holds", "{ghost}: {id}");
        }
        run.says("there is no tenant");
    }
    s.policy(WORDS, "check shared { on Permission; require rows > 0; allow empty }");
    s.run(&["--tenant", "ghost"]).ends_with(3).judges(
        "shared",
        "unproven",
        "there is no tenant `ghost` in public.Tenant",
    );
}

#[test]
fn a_line_moved_away_is_missed_by_the_tenant_it_left() {
    tala_copy(Tala::Clean, "tenants_moved");
    let s = Scratch::around("tenants_moved");
    let ids = s.sql("select id from \"Tenant\" order by id limit 2");
    let (from, to) = ids.split_once('\n').unwrap();
    s.sql(&format!("update \"JournalDetail\" set \"tenantId\" = '{to}' where id = (select min(id) from \"JournalDetail\" where \"tenantId\" = '{from}')"));
    s.policy(WORDS, CHECKS);
    s.run(&["--tenant", from]).ends_with(1).judges("books", "broken", "");
    s.run(&["--tenant", to]).ends_with(1).judges("isolated", "broken", "");
}

/// `global *` means the tables that nobody thought of, not those that carry a tenant.
#[test]
fn a_pattern_excuses_no_table_that_carries_the_tenant() {
    let s = Scratch::new(
        "tenants_pattern",
        "create table firm (id int primary key);
         create table move (id int primary key, firm int);
         create table line (id int primary key, move int references move (id));
         create table country (code text primary key);
         insert into firm values (1), (2); insert into move values (10, 1), (11, 99); insert into line values (1, 10);
         insert into country values ('de')",
    );
    let tenancy = |body: &str| format!("tenancy firm.id by firm {{ {body} }}");
    let complete = "check c { require tenancy is complete }";
    let pattern = "global * because \"the rest\"; reached line through move of move";
    s.verify(&tenancy(pattern), complete).ends_with(1).judges("c", "broken", "").says("99");
    // By its name it is excused, and then it leads nowhere.
    let named = "global move, country because \"shared\"; reached line through move of move";
    s.verify(&tenancy(named), complete).ends_with(3).judges(
        "c",
        "unproven",
        "nothing leads from `public.move` to a tenant: it is declared `global`",
    );
}
