"""Tables of applications that hash in Python, Go, the JVM, .NET, Ruby and Rust, as their code describes it:
`python3 generate.py > python.sql` (CPython 3.11). The comment of each table lists what its hash covers."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

ZEROS = "0" * 64
ODD = ["plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"]
DEEP = [
    {"zeta": 1, "a": {"y": 1.0, "x": [3, {"k": None, "b": "é<>& \u2028\x7f"}]}, "10": "ten", "mark": "mark"},
    {"n": 1.5, "small": 1e-7, "whole": 100.0, "minus": -2.0, "mark": "mark"},
    {},
    None,
    [1, "mark", {"B": True, "a": False, "_": 0}],
    {"mark": "mark", "text": ODD[1], "id": 12345678901234567890},
    {"｡": 1, "😀": "mark"},
]


def sha(value):
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def uuid(n):
    return f"550e8400-e29b-41d4-a716-4466554400{n:02}"


def at(n):
    """Instants with six, three or no digits of a fraction, and once at a full minute."""
    micros = [0, 678901, 678000, 100000, 0, 1, 999999, 0][n % 8]
    return datetime(2026, 1, 2, 3, n, [0, 5][n % 2], micros, tzinfo=timezone.utc)


def fraction(t, group):
    """The fraction in groups of so many digits, as short as it can be."""
    digits = f"{t.microsecond:06}"
    while digits and set(digits[-group:]) == {"0"}:
        digits = digits[:-group]
    return "." + digits if digits else ""


def instant(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S") + fraction(t, 3) + "Z"


def local(t):
    seconds = t.strftime(":%S") if t.second or t.microsecond else ""
    return t.strftime("%Y-%m-%dT%H:%M") + seconds + fraction(t, 3)


def sql(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, datetime):
        return f"'{value.isoformat(' ')}'"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"E'{escaped}'"


def table(name, columns, covered, rows):
    print(f"create table {name} ({columns});")
    print(f"comment on table {name} is '{covered}';")
    for row in rows:
        names = ", ".join(f'"{key}"' for key in row)
        print(f"insert into {name} ({names}) values ({', '.join(sql(v) for v in row.values())});")


def chained(name, columns, covered, genesis, count, make):
    prev, rows = genesis, []
    for n in range(count):
        row, prev = make(n, prev)
        rows.append(row)
    table(name, columns, covered, rows)


def whole(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    return {k: whole(v) for k, v in value.items()} if isinstance(value, dict) else value


def text(value):
    return None if value is None else json.dumps(value)


rows = []
for tenant in ["t1", "t2"]:
    prev = bytes(32)
    for n in range(7):
        row = {
            "tenant_id": tenant, "seq": n + 1, "agent_id": f"ag{n}", "action": ODD[n], "resource_type": "memory",
            "resource_id": uuid(n) if n % 2 else None, "detail": whole(DEEP[n]),
            "created_at": at(n).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        preimage = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + prev
        digest = hashlib.sha256(preimage).digest()
        rows.append(row | {"detail": text(DEEP[n]), "created_at": at(n), "prev_hash": prev, "event_hash": digest})
        prev = digest
table(
    "caura",
    "tenant_id text, agent_id text, action text, resource_type text, resource_id uuid, detail jsonb, "
    "created_at timestamptz, seq bigint, prev_hash bytea, event_hash bytea, primary key (tenant_id, seq)",
    "tenant_id seq agent_id action resource_type resource_id detail created_at prev_hash event_hash",
    rows,
)


def frappe(n, prev):
    naive = at(n).replace(tzinfo=None)
    line = sha(f"{n + 1}{naive}{ODD[n % 7]}")
    row = {"row_index": str(n + 1), "timestamp": naive, "data": ODD[n % 7], "previous_hash": prev or line}
    row |= {"transaction_hash": line, "chaining_hash": sha(line + (prev or line))}
    return row, row["chaining_hash"]


chained(
    "frappe",
    "row_index varchar primary key, timestamp timestamp, data text, previous_hash text, transaction_hash text, "
    "chaining_hash text",
    "row_index timestamp data previous_hash chaining_hash", None, 12, frappe,
)


def containarium(n, prev):
    row = {"timestamp": at(n), "username": f"u{n}", "action": ODD[n], "resource_type": "vm", "resource_id": f"vm-{n}"}
    row |= {"detail": ODD[6 - n], "source_ip": "10.0.0.1", "status_code": 200 + n}
    nanos = int((at(n) - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1)) * 1000
    parts = [str(nanos), *[str(v) for v in list(row.values())[1:]], prev]
    digest = sha(b"".join(str(len(p.encode())).encode() + b":" + p.encode() for p in parts))
    return {"id": n * 2, **row, "row_hash": digest, "prev_hash": prev}, digest


chained(
    "containarium",
    "id bigint primary key, timestamp timestamptz, username text, action text, resource_type text, resource_id text, "
    "detail text, source_ip text, status_code integer, row_hash text, prev_hash text",
    "timestamp username action resource_type resource_id detail source_ip status_code prev_hash row_hash",
    "", 7, containarium,
)


def openbank(n, prev):
    row = {
        "id": uuid(n), "event_type": ODD[n], "aggregate_type": "Account", "aggregate_id": f"acc{n}",
        "actor_id": f"a{n}" if n % 2 else None, "actor_type": "USER" if n % 2 else None,
        "payload": '{"amount": 1.10}' + ODD[n], "source_service": "svc", "correlation_id": f"c{n}" if n % 3 else None,
    }
    parts = [prev, *[v or "" for v in row.values()], instant(at(n)), instant(at(n + 1))]
    parts[7] = sha(row["payload"])
    digest = sha("|".join(parts))
    return row | {"occurred_at": at(n), "recorded_at": at(n + 1), "prev_hash": prev, "hash": digest}, digest


chained(
    "openbank",
    "id uuid primary key, event_type text, aggregate_type text, aggregate_id text, actor_id text, actor_type text, "
    "payload text, source_service text, correlation_id text, occurred_at timestamptz, recorded_at timestamptz, "
    "prev_hash text, hash text",
    "id event_type aggregate_type aggregate_id actor_id actor_type payload source_service correlation_id occurred_at "
    "recorded_at prev_hash hash",
    ZEROS, 7, openbank,
)


def nyaysetu(n, prev):
    row = {"action": ODD[n], "user_id": n if n % 3 else None, "description": ODD[6 - n] if n % 2 else None}
    parts = ["" if v is None else str(v) for v in row.values()]
    digest = sha("|".join([*parts, local(at(n)), prev]))
    naive = at(n).replace(tzinfo=None)
    return {"id": uuid(n), **row, "timestamp": naive, "previous_hash": prev, "entry_hash": digest}, digest


chained(
    "nyaysetu",
    "id uuid primary key, user_id bigint, action varchar, description text, timestamp timestamp, "
    "previous_hash varchar(64), entry_hash varchar(64)",
    "action user_id description timestamp previous_hash entry_hash", ZEROS, 7, nyaysetu,
)


def intellifin(n, prev):
    row = {"Actor": f"u{n}", "Action": ODD[n], "EntityType": "Loan" if n % 2 else None}
    row |= {"EntityId": f"l{n}" if n % 3 else None, "EventData": ODD[6 - n] if n % 2 else None}
    round_trip = at(n).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    parts = [prev or "", uuid(n).replace("-", ""), round_trip, *[v or "" for v in row.values()]]
    digest = sha("".join(parts))
    key = {"Id": n * 5, "EventId": uuid(n), "Timestamp": at(n)}
    return key | row | {"PreviousEventHash": prev, "CurrentEventHash": digest}, digest


chained(
    "intellifin",
    '"Id" bigint primary key, "EventId" uuid, "Timestamp" timestamptz, "Actor" text, "Action" text, "EntityType" text, '
    '"EntityId" text, "EventData" text, "PreviousEventHash" text, "CurrentEventHash" text',
    "EventId Timestamp Actor Action EntityType EntityId EventData PreviousEventHash CurrentEventHash",
    None, 7, intellifin,
)


def lex_audit(n, prev):
    row = {"event_type": ODD[n], "principal_id": f"p{n}", "action": "act", "resource": f"r{n}", "created_at": at(n)}
    snapshot = ODD[6 - n] if n % 2 else None
    stamp = at(n).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = [prev, row["event_type"], row["principal_id"], row["action"], row["resource"], stamp, snapshot]
    digest = sha("|".join(p for p in parts if p is not None))
    return {"id": n + 1, **row, "context_snapshot": snapshot, "prev_hash": prev, "record_hash": digest}, digest


chained(
    "lex_audit",
    "id integer primary key, event_type varchar, principal_id varchar, action varchar, resource varchar, "
    "context_snapshot text, record_hash varchar, prev_hash varchar, created_at timestamp",
    "event_type principal_id action resource created_at context_snapshot prev_hash record_hash", ZEROS, 7, lex_audit,
)


def msez(n, prev):
    row = {"action": ODD[n], "event_type": "e", "resource_id": uuid(n), "resource_type": ODD[6 - n]}
    digest = sha(json.dumps(row | {"previous_hash": prev}, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
    return row | {"previous_hash": prev, "event_hash": digest, "created_at": at(n)}, digest


chained(
    "msez",
    "event_type text, action text, resource_type text, resource_id uuid, previous_hash text, event_hash text, "
    "created_at timestamptz",
    "action event_type resource_id resource_type previous_hash event_hash", ZEROS, 7, msez,
)
