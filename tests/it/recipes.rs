//! The recipes of studied applications: each clean table verifies, and a change of any one hashed value is found.
//!
//! `tests/data/chains` holds the chains, the tables, and the programs that wrote them without any part of this one.

use std::collections::BTreeMap;

use crate::support::{Scratch, shared};

const CHAINS: &str = include_str!("../data/chains/chains.hold");
const TABLES: [&str; 8] = [
    include_str!("../data/chains/node.sql"),
    include_str!("../data/chains/python.sql"),
    include_str!("../data/chains/php.sql"),
    include_str!("../data/chains/go.sql"),
    include_str!("../data/chains/ruby.sql"),
    include_str!("../data/chains/elixir.sql"),
    include_str!("../data/chains/java.sql"),
    include_str!("../data/chains/native.sql"),
];
/// What the keyed ones were written with.
pub(crate) const KEYS: [(&str, &str); 10] = [
    ("ACTIVITY", "a2V5IG9mIGFjdGl2aXR5"),
    ("AEGIS", "a2V5IG9mIGFlZ2lz"),
    ("AGENT_BOM", "key of agent-bom"),
    ("FEES", "0102030405060708"),
    ("KUBERNAUT", "key of kubernaut"),
    ("MENTAL_SCRIBE_1", "first key of mental-scribe"),
    ("MENTAL_SCRIBE_2", "second key of mental-scribe"),
    ("MUSTAFA", "00ff10a0b0c0d0e0f0112233445566778899aabbccddeeff0011223344556677"),
    ("SHIFTS", "key of shifts"),
    ("VAULT", "key of vault"),
];
/// Recipes that nobody has been seen to use, as unlike as real ones are.
const MORE: &str = include_str!("../data/chains/more.hold");
const MORE_TABLES: [&str; 9] = [
    include_str!("../data/chains/more_node.sql"),
    include_str!("../data/chains/more_python.sql"),
    include_str!("../data/chains/more_java.sql"),
    include_str!("../data/chains/more_go.sql"),
    include_str!("../data/chains/more_php.sql"),
    include_str!("../data/chains/more_ruby.sql"),
    include_str!("../data/chains/more_elixir.sql"),
    include_str!("../data/chains/more_rust.sql"),
    include_str!("../data/chains/more_native.sql"),
];

/// Changes one value in the column of that number, in every table: the last character, or a small step.
const ALTER: &str = r#"
set session_replication_role = replica;
do $do$
declare t record; c text; kind text; changed text; rows int;
begin
  for t in select c.oid, c.relname as name, string_to_array(d.description, ' ') as covered
           from pg_class c join pg_description d on d.objoid = c.oid and d.objsubid = 0
           where c.relnamespace = 'public'::regnamespace loop
    c := t.covered[NUMBER];
    continue when c is null;
    select format_type(atttypid, null) into strict kind from pg_attribute where attrelid = t.oid and attname = c;
    changed := case
      when kind in ('text', 'character varying', 'character') then
        'overlay(%1$I placing case right(%1$I, 1) when ''x'' then ''y'' else ''x'' end from length(%1$I))'
      when kind in ('json', 'jsonb') then 'replace(%1$I::text, ''"mark"'', ''"marl"'')::' || kind
      when kind = 'bytea' then 'set_byte(%1$I, 3, get_byte(%1$I, 3) # 1)'
      when kind like 'timestamp%' then '%1$I + interval ''1 second'''
      when kind = 'boolean' then 'not %1$I'
      when kind = 'uuid' then 'overlay(%1$I::text placing ''7'' from 1 for 1)::uuid'
      when kind = 'interval' then '%1$I + interval ''1 second'''
      when kind like '%[]' then 'array_append(%1$I, ''x'')'
      when kind = 'date' then '%1$I + 1'
      else '%1$I + 100'
    end;
    execute format('with candidates as (select ctid as place from %2$I where %1$I is not null and %1$I::text <> '''' and '
      || case when kind like 'json%' then '%1$I::text like ''%%mark%%''' else 'true' end
      || ' order by ctid limit 3) update %2$I set %1$I = ' || changed
      || ' where ctid = (select place from candidates order by place desc limit 1)', c, t.name);
    get diagnostics rows = row_count;
    if rows <> 1 then raise exception 'nothing changed in %.%', t.name, c; end if;
  end loop;
end $do$"#;

/// Every chain with the columns its hash covers.
fn covered(scratch: &Scratch) -> BTreeMap<String, Vec<String>> {
    let listed = scratch.sql(
        "select relname, description from pg_class join pg_description on objoid = pg_class.oid and objsubid = 0
         where relnamespace = 'public'::regnamespace",
    );
    let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in listed.lines() {
        let (table, columns) = line.split_once('|').unwrap();
        let chain =
            ["breeze", "checkmate"].into_iter().find(|chain| table.starts_with(chain)).unwrap_or(table);
        let longest = chains.entry(chain.to_owned()).or_default();
        let columns: Vec<String> = columns.split(' ').map(str::to_owned).collect();
        if columns.len() > longest.len() {
            *longest = columns;
        }
    }
    chains
}

/// Verifies the clean tables, then copies in each of which one column was changed.
fn verify_and_see_every_change(database: &str, declared: &str, tables: &[&str]) {
    shared().create_database(database, None);
    let clean = Scratch::around(database).server_only().with_environment(&KEYS);
    for table in tables {
        clean.sql(table);
    }
    shared().reader_role(database);
    let chains = covered(&clean);
    let names = declared.lines().filter_map(|line| line.strip_prefix("chain ")?.split(' ').next());
    assert_eq!(chains.keys().map(String::as_str).collect::<Vec<_>>(), {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    });
    let checks: String =
        chains.keys().map(|name| format!("check {name} {{ require {name} is intact }}\n")).collect();
    let mut run = clean.verify(declared, &checks).ends_with(0);
    for name in chains.keys() {
        run = run.judges(name, "holds", "");
    }

    let most = chains.values().map(Vec::len).max().unwrap_or_default();
    for number in 0..most {
        let altered = format!("{database}_{number}");
        shared().create_database(&altered, Some(database));
        let altered = Scratch::around(&altered).server_only().with_environment(&KEYS);
        altered.sql(&ALTER.replace("NUMBER", &(number + 1).to_string()));
        altered.policy(declared, &checks);
        // Both engines read the same rows, and the clean tables were judged by both.
        let run = altered.run(&["--engine", if number % 2 == 0 { "stream" } else { "server" }]).ends_with(1);
        for (name, columns) in &chains {
            let verdict = run.check(name)["verdict"].clone();
            let (expected, what) = match columns.get(number) {
                Some(column) => ("broken", column.as_str()),
                None => ("holds", "nothing"),
            };
            assert_eq!(verdict, expected, "{name} with a change in {what}: {:#}", run.check(name));
        }
    }
}

#[test]
fn studied_recipes_verify_and_see_every_change() {
    verify_and_see_every_change("recipes", CHAINS, &TABLES);
}

#[test]
fn further_recipes_verify_and_see_every_change() {
    verify_and_see_every_change("more_recipes", MORE, &MORE_TABLES);
}

#[test]
fn text_is_ordered_as_numbers_only_where_it_holds_some() {
    let s = Scratch::new(
        "recipe_order",
        "create table log (number varchar primary key, what text, at timestamp, prev text, hash text);
         create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
         do $$ declare last text; next text; begin
           for n in 1..12 loop
             next := sha(coalesce(last, '') || n || 'x');
             insert into log values (n, 'x', now(), last, next);
             last := next;
           end loop;
         end $$;",
    );
    let chain = |order: &str, value: &str| {
        format!(
            "chain c on log {{ order by {order}; link prev genesis null; hash hash = hex(sha256(cat(prev ?? \"\", {value}))) }}"
        )
    };
    let intact = "require c is intact";
    s.holds(&chain("int(number)", "number, what"), intact);
    s.holds(&chain("int(number) dense from 1", "number, what"), intact);
    // By bytes, 10 comes before 2, which accuses nobody.
    s.unproven(&chain("number", "number, what"), intact, "order by int(number)");
    s.refused(&chain("int(at)", "number, what"), intact, "not text");
    s.unproven(&chain("int(number)", "int(at), what"), intact, "write `ts(at, epoch_s)`");
    s.unproven(&chain("int(number)", "uuid(what, nodash)"), intact, "`what` cannot be read");
    s.sql(
        "insert into log values ('13a', 'x', now(), (select hash from log where number = '12'),
             sha((select hash from log where number = '12') || '13ax'))",
    );
    s.unproven(&chain("int(number)", "number, what"), intact, "by number");
}

#[test]
fn what_only_a_text_has_is_alike_on_a_server_and_in_an_archive() {
    let s = Scratch::new(
        "recipe_text",
        "create table stay (id bigint primary key, lasted interval, tags text[], prev text, hash text);
         do $$ declare last text; begin
           for n in 1..6 loop
             insert into stay select n, n * interval '1 mon -3 days 90min', array['a', 'b \"' || n], last,
               md5(concat(last, n * interval '1 mon -3 days 90min', array['a', 'b \"' || n]))
               returning hash into last;
           end loop;
         end $$;",
    );
    let chain = "chain c on stay { order by id; link prev genesis null; hash hash = hex(md5(cat(prev ?? omit, lasted, tags))) }";
    s.holds(chain, "require c is intact");
    // A binding that no row keeps accuses none.
    let bound = "chain c on stay { order by id; link prev genesis null; hash hash = hex(md5(cat(prev ?? omit, lasted, tags)));
                 bind tags = cat(\"[\", lasted) }";
    s.unproven(bound, "require c is intact", "the `bind` does not say what the application wrote");
}
