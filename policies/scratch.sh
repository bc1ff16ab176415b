# To be sourced, with `root`, `say` and `fail` set: a scratch PostgreSQL on a private socket, gone when the script ends, also
# on Ctrl-C. No other server is touched. Sets `work`, a private folder, and `bin`, the folder of PostgreSQL's programs.
#
#   PG_BINDIR  the PostgreSQL programs to use
# shellcheck shell=sh disable=SC2154

# Nothing in the environment may lead to another server.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGPASSFILE PGDATABASE PGSERVICE PGSERVICEFILE PGOPTIONS PGDATA PGSSLMODE

"$root/tests/setup" || fail "the machine is not ready; see the message above"

bin=${PG_BINDIR:-}
for candidate in /usr/lib/postgresql/*/bin; do
    [ -z "${PG_BINDIR:-}" ] && [ -x "$candidate/initdb" ] && bin=$candidate
done
[ -n "$bin" ] || bin=$(dirname -- "$(command -v initdb || echo /nowhere/initdb)")
for program in initdb pg_ctl pg_dump createdb psql; do
    [ -x "$bin/$program" ] || fail "there is no $program in $bin; set PG_BINDIR to the directory of PostgreSQL's programs"
done

# Short, because the path of a socket may have 107 bytes at most.
work=$(mktemp -d /tmp/holdtrue-try.XXXXXX)
cleanup() {
    trap '' INT TERM HUP PIPE
    [ ! -e "$work/data/postmaster.pid" ] || (cd / && as_owner "$bin/pg_ctl" -D "$work/data" -m immediate stop) >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres to run the server as; run this as an ordinary user"
    chown postgres "$work"
    as_owner() {
        if command -v runuser >/dev/null 2>&1; then runuser -u postgres -- "$@"; else setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; fi
    }
else
    as_owner() { "$@"; }
fi

quietly() { "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "this failed: $*"; }; }

owned() (cd / && quietly as_owner "$@")

start_server() {
    say "starting a scratch server in $work"
    : >"$work/said"
    owned "$bin/initdb" -D "$work/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
    # The server keeps its standard streams, so they must not be this script's.
    owned "$bin/pg_ctl" -D "$work/data" -l "$work/data/log" -w -o "-k $work -c listen_addresses='' -c fsync=off" start
}

# A database, and arguments of psql that fill it.
load() {
    database=$1
    shift
    quietly "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -U postgres -d "$database" "$@"
}
