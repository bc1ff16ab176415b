//! One fault among hundreds of thousands of rows: each is found, alone, by its key; and the clean copy has none.

mod chains;

use std::path::Path;

use crate::support::{Run, Scratch, shared};

const WORDS: &str = r#"
tenancy tenant.id by tenant_id
ledger books on line {
  entry entry_id of entry
  debit debit
  credit credit
  balance per entry_id, per tenant_id, overall
  totals entry.total
}
chain audit on log {
  split by tenant_id, entity
  order by at
  link prev genesis null
  hash hash = hex(sha256(join("|", prev ?? "", tenant_id, entity, what, ts(at, js))))
}"#;

const CHECKS: &str = "
check balanced { require books is balanced }
check complete { require tenancy is complete }
check isolated { require tenancy is isolated }
check keys { require every foreign_key is valid }
check intact { require audit is intact }
check groups { on line; require sum(debit) = sum(credit) per entry_id }";

const ALL: [&str; 6] = ["balanced", "complete", "isolated", "keys", "intact", "groups"];

/// A fault: how to plant it, how to take it back, and the findings of the checks that see it.
struct Fault {
    name: &'static str,
    plant: &'static str,
    undo: &'static str,
    found: &'static [(&'static str, &'static [&'static str])],
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "one cent moved between two lines of different entries",
        plant: "update line set debit = debit + case id when 30000 then 0.01 else -0.01 end where id in (30000, 30150)",
        undo: "update line set debit = debit - case id when 30000 then 0.01 else -0.01 end where id in (30000, 30150)",
        found: &[
            ("balanced", &["unbalanced public.line entry_id=10000 debits=910.01 credits=910.00", "unbalanced public.line entry_id=10050 debits=869.49 credits=869.50", "wrong_total public.entry id=10000 total=910.00 sum of lines=910.01", "wrong_total public.entry id=10050 total=869.50 sum of lines=869.49"]),
            ("groups", &["group public.line entry_id=10000 sum(debit)=910.01 sum(credit)=910.00", "group public.line entry_id=10050 sum(debit)=869.49 sum(credit)=869.50"]),
        ],
    },
    Fault {
        name: "one line deleted",
        plant: "delete from line where id = 150001",
        undo: "insert into line values (150001, 50000, 't00', 0, 1.23)",
        found: &[
            ("balanced", &["unbalanced public.line entry_id=50000 debits=510.00 credits=508.77", "unbalanced public.line tenant_id=t00 debits=1019500.00 credits=1019498.77", "comparison public.line "]),
            ("groups", &["group public.line entry_id=50000 sum(debit)=510.00 sum(credit)=508.77"]),
        ],
    },
    Fault {
        name: "one line moved to another tenant",
        plant: "update line set tenant_id = 't07' where id = 150000",
        undo: "update line set tenant_id = 't00' where id = 150000",
        found: &[
            ("balanced", &["unbalanced public.line tenant_id=t00 debits=1018990.00 credits=1019500.00", "unbalanced public.line tenant_id=t07 debits=1020670.00 credits=1020160.00"]),
            ("isolated", &["cross_tenant public.line id=150000 entry_id=50000 its tenant=t07 tenant pointed to=t00"]),
        ],
    },
    Fault {
        name: "one tenant removed",
        plant: "set session_replication_role = replica; delete from tenant where id = 't33'",
        undo: "insert into tenant values ('t33')",
        found: &[
            ("complete", &["orphan_tenant public.entry id=10033 tenant_id=t33", "orphan_tenant public.entry id=10083 tenant_id=t33", "orphan_tenant public.line id=100 tenant_id=t33", "orphan_tenant public.line id=1000 tenant_id=t33", "orphan_tenant public.log id=10330 tenant_id=t33", "orphan_tenant public.log id=10331 tenant_id=t33"]),
            ("keys", &["foreign_key public.entry id=10033 tenant_id=t33", "foreign_key public.entry id=10083 tenant_id=t33", "foreign_key public.line id=100 tenant_id=t33", "foreign_key public.line id=1000 tenant_id=t33", "foreign_key public.log id=10330 tenant_id=t33", "foreign_key public.log id=10331 tenant_id=t33"]),
        ],
    },
    Fault {
        name: "one event altered",
        plant: "update log set what = 'nothing' where id = 12345",
        undo: "update log set what = 'step 5' where id = 12345",
        found: &[
            ("intact", &["altered_row public.log id=12345 tenant_id=t34 entity=e1234"]),
        ],
    },
    Fault {
        name: "one event removed",
        plant: "delete from log where id = 12345",
        undo: "insert into log select 12345, tenant_id, entity, 'step 5', hash, digest_of(hash, tenant_id, entity, 'step 5', at + interval '1 hour'),
               at + interval '1 hour' from log where id = 12344",
        found: &[
            ("intact", &["broken_link public.log id=12346 tenant_id=t34 entity=e1234"]),
        ],
    },
    Fault {
        name: "one event inserted",
        plant: "insert into log select 999999, tenant_id, entity, 'forged', hash, digest_of('', '', '', '', at), at + interval '1 minute'
                from log where id = 12345",
        undo: "delete from log where id = 999999",
        found: &[
            ("intact", &["inserted_row public.log id=999999 tenant_id=t34 entity=e1234"]),
        ],
    },
    Fault {
        name: "one chain forked",
        plant: "insert into log select 999999, tenant_id, entity, 'again', hash, digest_of(hash, tenant_id, entity, 'again', at + interval '61 minutes'),
                at + interval '61 minutes' from log where id = 12344",
        undo: "delete from log where id = 999999",
        found: &[
            ("intact", &["fork public.log id=999999 tenant_id=t34 entity=e1234"]),
        ],
    },
    Fault {
        name: "two events exchanged",
        plant: "update log set at = at + case id when 12345 then interval '1 hour' else interval '-1 hour' end where id in (12345, 12346)",
        undo: "update log set at = at + case id when 12345 then interval '-1 hour' else interval '1 hour' end where id in (12345, 12346)",
        found: &[
            ("intact", &["altered_row public.log id=12346 tenant_id=t34 entity=e1234", "altered_row public.log id=12345 tenant_id=t34 entity=e1234", "reordered public.log id=12345 tenant_id=t34 entity=e1234"]),
        ],
    },
    Fault {
        name: "one event moved to another chain",
        plant: "update log set entity = 'e1' where id = 12349",
        undo: "update log set entity = 'e1234' where id = 12349",
        found: &[
            ("intact", &["altered_row public.log id=12349 tenant_id=t34 entity=e1", "missing_genesis public.log id=12349 tenant_id=t34 entity=e1"]),
        ],
    },
];

#[test]
fn each_fault_is_found_alone_and_the_clean_copy_has_none() {
    let s = Scratch::new("faults_at_size", "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/generate.sql");
    shared().psql_file(&s.name, &script);
    shared().reader_role(&s.name);
    s.policy(WORDS, CHECKS);
    let verify = || s.run(&["--samples", "6", "--allow-privileged-role"]);
    clean(&verify());
    for fault in FAULTS {
        s.sql(fault.plant);
        let run = verify().ends_with(1);
        s.sql(fault.undo);
        for id in ALL {
            let expected =
                fault.found.iter().find(|(check, _)| *check == id).map_or(&[][..], |(_, list)| *list);
            assert_eq!(run.findings(id), expected, "{}: check {id}", fault.name);
            let verdict = if expected.is_empty() { "holds" } else { "broken" };
            assert_eq!(run.check(id)["verdict"], verdict, "{}: check {id}\n{}", fault.name, run.said());
        }
    }
    clean(&verify());
}

fn clean(run: &Run) {
    assert_eq!(run.status, Some(0), "{}", run.said());
    let examined = |id: &str| run.check(id)["rows_examined"].as_u64().unwrap();
    assert!(examined("balanced") >= 400_000 && examined("intact") == 100_000, "{}", run.said());
    for id in ALL {
        assert_eq!(run.findings(id), Vec::<String>::new());
    }
}
