//! Chains that the server itself wrote in the ways its functions spell values: what holds on the server holds on an archive, and
//! what the recipe does not provide for is unproven, never an empty text.

use crate::support::Scratch;

const WRITER: &str = r#"
create table log (id bigint primary key, at timestamptz, ip inet, kind text, note text, amount numeric(10,2), ratio float8,
  doc jsonb, plain json, prev text, hash text);
create function sha(x bytea) returns text language sql as $$ select 'v1:' || encode(sha256(x), 'hex') $$;
create function seal() returns trigger language plpgsql set timezone = 'America/New_York' as $$
begin
  select hash into new.prev from log order by id desc limit 1;
  new.hash := sha((
    coalesce(substr(new.prev, 4), 'none') || '|' || new.at::text || '|' || to_char(new.at, 'DD Mon YYYY, HH12:MI AM') || '|' ||
    to_json(new.at)::text || '|' || extract(epoch from new.at)::bigint || '|' || new.ip::text || '|' || host(new.ip) || '|' ||
    case new.kind when 'create' then '1' when 'odd one' then '2' end || '|' || coalesce(nullif(new.note, ''), 'empty') || '|' ||
    jsonb_build_object('ratio', new.ratio, 'id', new.id, 'doc', new.doc, 'ip', new.ip, 'list',
      jsonb_build_array(new.amount, null, true))::text || '|' ||
    json_build_object('ratio', new.ratio, 'plain', new.plain, 'list', json_build_array(new.amount, new.note))::text || '|' ||
    (select row_to_json(r)::text from (select new.id, new.doc, new.amount) r)
  )::bytea);
  return new;
end $$;
create trigger seal before insert on log for each row execute function seal();
insert into log (id, at, ip, kind, note, amount, ratio, doc, plain)
  select n, '2026-03-08 06:59:59.4+00'::timestamptz + n * interval '0.1 s', ('10.0.0.' || n || case n % 3 when 0 then '/24' else '' end)::inet,
    case n % 2 when 0 then 'create' else 'odd one' end, case n % 4 when 0 then '' else 'n' || n end, n + 0.5, 10.0 ^ (n - 7),
    '{"zeta": 1.10, "b": [1, {"x": null}], "aa": "<é>"}', '{"zeta":  1e2, "b": 1}'
  from generate_series(1, 12) as n;
"#;

fn chain(kinds: &str, note: &str) -> String {
    format!(
        r#"chain c on log {{
          order by id dense from 1
          link prev genesis null
          hash hash = cat("v1:", hex(sha256(bytea_cast(join("|", strip("v1:", prev) ?? "none", ts(at, pgtz, "America/New_York"),
            ts(at, "%d %b %Y, %I:%M %p", "America/New_York"), cat("\"", ts(at, pg_json, "America/New_York"), "\""),
            ts(at, epoch_s_round), ip, host(ip), enum(kind, {{ {kinds} }}), {note},
            json(pg, {{ ratio, id, doc, ip, list: [amount, null, true] }}),
            json(pg(build), {{ ratio, plain, list: [amount, note] }}),
            json(pg(row), {{ id, doc, amount }}))))))
        }}"#
    )
}

#[test]
fn what_the_server_spelt_recomputes_on_both_sides() {
    let s = Scratch::new("spelled", WRITER);
    let intact = "require c is intact";
    let (kinds, note) = ("create: \"1\", \"odd one\": \"2\"", "nullif(note, \"\") ?? \"empty\"");
    s.holds(&chain(kinds, note), intact);
    s.unproven(&chain("create: \"1\"", note), intact, "the recipe's `enum` does not list");
    s.unproven(&chain(kinds, "strip(\"n\", note)"), intact, "does not begin with");
    s.unproven(&chain(kinds, "nullif(note, \"\")"), intact, "is NULL and the recipe does not say");
    s.sql("update log set doc = doc || '{\"b\": 2}' where id = 6");
    s.broken(&chain(kinds, note), intact, "altered_row");
}

#[test]
fn the_zone_of_a_writer_is_named() {
    let s = Scratch::new(
        "spelled_local",
        "create table log (id bigint primary key, at timestamptz, what text, prev text, hash text);
         create function seal() returns trigger language plpgsql set timezone = 'Asia/Kolkata' as $$ begin
           select hash into new.prev from log order by id desc limit 1;
           new.hash := encode(sha256(convert_to(concat_ws('|', coalesce(new.prev, ''), new.at::text, new.what), 'UTF8')), 'hex');
           return new;
         end $$;
         create trigger seal before insert on log for each row execute function seal();
         insert into log (id, at, what) select n, '2026-01-02 03:04:05.5+00'::timestamptz + n * interval '61 min', 'w' || n
           from generate_series(1, 12) as n;",
    );
    let chain = |time: &str| {
        format!(
            "chain c on log {{ order by id; link prev genesis null; hash hash = hex(sha256(join(\"|\", prev ?? \"\", {time}, what))) }}"
        )
    };
    let intact = "require c is intact";
    let local = "ts(at, pgtz, \"Asia/Kolkata\")";
    s.unproven(&chain("ts(at, pgtz)"), intact, local);
    s.holds(&chain(local), intact);
    s.unproven(&chain("ts(at, \"%Y-%m-%d %H:%M:%S.%1f+05:30\")"), intact, "away from UTC");
}
