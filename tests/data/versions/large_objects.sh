#!/bin/bash
# Fingerprints of large objects on several versions of PostgreSQL: of servers, of archives by each pg_dump, and of restores.
#
#   large_objects.sh HOLDTRUE BIN...
#
# HOLDTRUE is the program, each BIN a folder with initdb, pg_ctl and postgres, and perhaps pg_dump and pg_restore; psql is found by PATH.
# To be run by a user who may start servers (not root). Prints a line each, and ends with 1 unless all are the same.
set -euo pipefail
holdtrue=$(realpath "$1"); shift
bins=("$@")
work=$(mktemp -d)
ask() { psql -X -q -At -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $((56000 + $1)) -U postgres -d "$2" -c "$3"; }
stop() {
  for n in "${!bins[@]}"; do "${bins[$n]}/pg_ctl" -D "$work/$n" -m immediate stop >/dev/null 2>&1 || true; done
  rm -rf "$work"
}
trap stop EXIT
cat >"$work/p.hold" <<'POLICY'
policy versions "Large objects on several versions" {
  language 1
  owner "@tests"
  schema public
}
source postgres db from env DATABASE_URL
source baseline before from "before.json"
gate g on db { check c { require large_objects is unchanged since before } }
POLICY
fill="create table t (id int primary key); insert into t values (1);
  select lo_create(1000), lo_from_bytea(1001, 'abc'), lo_from_bytea(1002, ''), lo_from_bytea(1003, 'x');
  select lo_put(1003, 3000000, 'y'), lo_from_bytea(1004, convert_to(repeat('z', 262144), 'UTF8'));
  select lo_from_bytea(4000000000, convert_to(repeat('0123456789', 100000), 'UTF8'));
  select lo_from_bytea(2000 + g::oid::int, convert_to('object ' || g, 'UTF8')) from generate_series(1, 2500) g;
  select lo_create(1005), lo_put(1005, 2048 * 3, 'end')"
allow="revoke create on schema public from public; grant usage on schema public to reader; grant select on t to reader;
  grant select on pg_largeobject to reader"
found=()
seal() {
  (cd "$work" && DATABASE_URL=none "$holdtrue" baseline record p.hold -o "$1.json" --source "db=$2" >"$work/said" 2>&1) || cat "$work/said"
  local sum
  sum=$("$holdtrue" baseline show "$work/$1.json" | grep 'large objects, ')
  echo "$1:$sum"
  found+=("$sum")
}
major() { "${bins[$1]}/postgres" --version | grep -o '[0-9]*' | head -1; }
for n in "${!bins[@]}"; do
  "${bins[$n]}/initdb" -D "$work/$n" -U postgres -A trust -E UTF8 --locale=C >/dev/null
  "${bins[$n]}/pg_ctl" -D "$work/$n" -l "$work/log$n" -w -o "-p $((56000 + n)) -c listen_addresses=127.0.0.1 -k $work -c fsync=off" start >/dev/null
  ask "$n" postgres "create role reader login"
  ask "$n" postgres "create database made"
  ask "$n" made "$fill" >/dev/null
  # By its pages, and object by object.
  ask "$n" made "$allow"
  seal "server$(major "$n")_pages" "postgres://reader@127.0.0.1:$((56000 + n))/made"
  ask "$n" made "revoke select on pg_largeobject from reader; do \$\$ declare o oid; begin for o in select oid from pg_largeobject_metadata loop
    execute format('grant select on large object %s to reader', o); end loop; end \$\$"
  seal "server$(major "$n")" "postgres://reader@127.0.0.1:$((56000 + n))/made"
done
for n in "${!bins[@]}"; do for by in "${!bins[@]}"; do
  [ -x "${bins[$by]}/pg_dump" ] && [ "$(major "$by")" -ge "$(major "$n")" ] || continue
  for format in c d t; do
    name="archive_of_$(major "$n")_by_$(major "$by")_$format"
    "${bins[$by]}/pg_dump" -h 127.0.0.1 -p $((56000 + n)) -U postgres -d made "-F$format" -f "$work/$name"
    seal "$name" "dump:$work/$name"
  done
  for in in "${!bins[@]}"; do
    database="from_$(major "$n")_$(major "$by")"
    ask "$in" postgres "create database $database"
    # A setting that an older server does not know is an error that pg_restore passes over.
    "${bins[$by]}/pg_restore" --no-acl -h 127.0.0.1 -p $((56000 + in)) -U postgres -d "$database" "$work/archive_of_$(major "$n")_by_$(major "$by")_c" 2>/dev/null || true
    ask "$in" "$database" "$allow"
    seal "restore_${database}_in_$(major "$in")" "postgres://reader@127.0.0.1:$((56000 + in))/$database"
  done
done; done
different=$(printf '%s\n' "${found[@]}" | sort -u | wc -l)
echo "${#found[@]} fingerprints, $different different"
[ "$different" = 1 ]
