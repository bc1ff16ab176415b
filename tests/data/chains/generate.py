"""Tables of applications that hash in Python, Go, the JVM, .NET, Ruby and Rust, as their code describes it:
`python3 generate.py > python.sql` (CPython 3.11, pydantic 2.13). The comment of each table lists what its hash covers.
ROWS=200 makes so many rows of each, most of them ordinary."""

import base64
import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta, timezone

from pydantic import BaseModel

ROWS = int(os.environ.get("ROWS", "0"))
WORDS = ["login", "logout", "doc.read", "doc.update", "grant", "Anna Meier", "export", "order 1042", "no change", "revoke", "retry"]


def many(first, ordinary):
    """What was written out, and after it what most rows have; one in twenty is odd again."""
    more = range(len(first), ROWS)
    return first + [ordinary(n) if n % 20 else first[n // 20 % len(first)] for n in more]


def rows_of(few, chains=1):
    """So many rows of one of so many chains in a table."""
    return -(-ROWS // chains) or few


ZEROS = "0" * 64
ODD = many(["plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"], lambda n: WORDS[n % 11] + ("" if n % 3 else f" {n}"))
LAST = rows_of(7) - 1
DEEP = many([
    {"zeta": 1, "a": {"y": 1.0, "x": [3, {"k": None, "b": "é<>& \u2028\x7f"}]}, "10": "ten", "mark": "mark"},
    {"n": 1.5, "small": 1e-7, "whole": 100.0, "minus": -2.0, "mark": "mark"},
    {},
    None,
    [1, "mark", {"B": True, "a": False, "_": 0}],
    {"mark": "mark", "text": ODD[1], "id": 12345678901234567890},
    {"｡": 1, "😀": "mark"},
], lambda n: [
    None, {"status": WORDS[n % 11]}, {"amount": n / 4, "currency": "EUR"}, {"user": {"name": WORDS[n % 11], "id": n}, "ok": True},
    {"field": "status", "from": "open", "to": WORDS[n % 7]},
][n % 5])


def sha(value):
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def uuid(n):
    return f"550e8400-e29b-41d4-a716-44665544{n:04}"


def at(n):
    """Instants with six, three or no digits of a fraction, and once at a full minute."""
    micros = [0, 678901, 678000, 100000, 0, 1, 999999, 0][n % 8] if n < 16 else n * 337_171 % 1_000_000
    return datetime(2026, 1, 2, 3, 0, [0, 5][n % 2], micros, tzinfo=timezone.utc) + timedelta(minutes=n)


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
    for n in range(rows_of(count)):
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
    for n in range(rows_of(7, 2)):
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
    line = sha(f"{n + 1}{naive}{ODD[n % len(ODD)]}")
    row = {"row_index": str(n + 1), "timestamp": naive, "data": ODD[n % len(ODD)], "previous_hash": prev or line}
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
    row |= {"detail": ODD[LAST - n], "source_ip": "10.0.0.1", "status_code": 200 + n % 300}
    # Of the first rows the clock's nanoseconds were hashed, which the column does not keep.
    nanos = int((at(n) - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1)) * 1000 + [123, 987, 0][min(n, 2)]
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
    # Events of the first version were hashed with nanoseconds, which the column does not keep.
    occurred = instant(at(n)) if n > 1 else at(n).strftime("%Y-%m-%dT%H:%M:%S.%f") + ["417", "800"][n] + "Z"
    row = {
        "id": uuid(n), "event_type": ODD[n], "aggregate_type": "Account", "aggregate_id": f"acc{n}",
        "actor_id": f"a{n}" if n % 2 else None, "actor_type": "USER" if n % 2 else None,
        "payload": '{"amount": 1.10}' + ODD[n], "source_service": "svc", "correlation_id": f"c{n}" if n % 3 else None,
    }
    parts = [prev, *[v or "" for v in row.values()], occurred, instant(at(n + 1))]
    parts[7] = sha(row["payload"])
    digest = sha("|".join(parts))
    version = {"hash_version": 2 if n > 1 else None}
    return row | {"occurred_at": at(n), "recorded_at": at(n + 1), "prev_hash": prev, "hash": digest} | version, digest


chained(
    "openbank",
    "id uuid primary key, event_type text, aggregate_type text, aggregate_id text, actor_id text, actor_type text, "
    "payload text, source_service text, correlation_id text, occurred_at timestamptz, recorded_at timestamptz, "
    "prev_hash text, hash text, hash_version smallint",
    "id event_type aggregate_type aggregate_id actor_id actor_type payload source_service correlation_id occurred_at "
    "recorded_at prev_hash hash",
    ZEROS, 7, openbank,
)


def nyaysetu(n, prev):
    row = {"action": ODD[n], "user_id": n if n % 3 else None, "description": ODD[LAST - n] if n % 2 else None}
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
    row |= {"EntityId": f"l{n}" if n % 3 else None, "EventData": ODD[LAST - n] if n % 2 else None}
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
    row = {"event_type": ODD[n % len(ODD)], "principal_id": f"p{n}", "action": "act", "resource": f"r{n}", "created_at": at(n)}
    snapshot = ODD[(LAST - n) % len(ODD)] if n % 2 else None
    stamp = at(n).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = [prev, row["event_type"], row["principal_id"], row["action"], row["resource"], stamp, snapshot]
    if n in (3, 5):  # A second writer into the same table, with a scheme of its own.
        parts = ["verified", prev, row["resource"], row["action"], row["principal_id"], row["event_type"], snapshot or "", stamp]
    digest = sha("|".join(p for p in parts if p is not None))
    return {"id": n + 1, **row, "context_snapshot": snapshot, "prev_hash": prev, "record_hash": digest}, digest


chained(
    "lex_audit",
    "id integer primary key, event_type varchar, principal_id varchar, action varchar, resource varchar, "
    "context_snapshot text, record_hash varchar, prev_hash varchar, created_at timestamp",
    "event_type principal_id action resource created_at context_snapshot prev_hash record_hash", ZEROS, 9, lex_audit,
)


def msez(n, prev):
    row = {"action": ODD[n], "event_type": "e", "resource_id": uuid(n), "resource_type": ODD[LAST - n]}
    digest = sha(json.dumps(row | {"previous_hash": prev}, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
    return row | {"previous_hash": prev, "event_hash": digest, "created_at": at(n)}, digest


chained(
    "msez",
    "event_type text, action text, resource_type text, resource_id uuid, previous_hash text, event_hash text, "
    "created_at timestamptz",
    "action event_type resource_id resource_type previous_hash event_hash", ZEROS, 7, msez,
)


def keyed(key, message):
    return hmac.new(key, message if isinstance(message, bytes) else message.encode(), "sha256")


rows = []
for team in ["red", "blue"]:
    prev = ""
    for n in range(rows_of(8, 2)):
        row = {"entry_id": f"{team}{n}", "timestamp": at(n).isoformat(), "action": ODD[n % len(ODD)], "actor": f"u{n}", "resource": ODD[(LAST - n) % len(ODD)]}
        details = DEEP[n % len(DEEP)] or {"mark": "mark"}
        parts = [prev, *row.values()]
        if n > 1:  # Details were not hashed at first.
            parts.append(json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
        digest = keyed(b"key of agent-bom", "|".join(parts)).hexdigest()
        rows.append(row | {"team_id": team, "details": text(details), "prev_signature": prev, "hmac_signature": digest})
        prev = digest
table(
    "agent_bom",
    "entry_id text primary key, timestamp text, action text, actor text, resource text, team_id text, details jsonb, "
    "prev_signature text, hmac_signature text",
    "entry_id timestamp action actor resource details prev_signature hmac_signature",
    rows,
)


def excalibur(n, prev):
    """Lengths are those of .NET, in UTF-16 units."""
    units = lambda v: f"{len(v.encode('utf-16-le')) // 2}:{v}"
    meta = {"plain": ODD[n % len(ODD)], "é😀": "mark", "z": "a|b"} if n % 3 else {"mark": "mark"}
    row = {"event_id": uuid(n), "event_type": ["login", "logout", "change"][n % 3], "actor": ODD[n % len(ODD)] or None, "outcome": "ok"}
    number = {"login": "0", "logout": "1", "change": "7"}[row["event_type"]]
    ms = int(at(n).timestamp()) * 1000 + at(n).microsecond // 1000
    ordered = "".join(units(k) + units(meta[k]) for k in sorted(meta))
    parts = [f"EVENT:{uuid(n)}", number, row["actor"] or "", row["outcome"], str(ms), f"{len(meta)};{ordered}", f"PREV:{prev}"]
    digest = base64.b64encode(hashlib.sha256("|".join(parts).encode()).digest()).decode()
    row |= {"sequence": n + 1, "metadata": text(meta), "at": at(n), "previous_hash": prev, "event_hash": digest}
    return row, digest


chained(
    "excalibur",
    "event_id uuid primary key, event_type text, actor text, outcome text, metadata jsonb, at timestamptz, sequence bigint, "
    "previous_hash text, event_hash text",
    "event_id actor outcome at metadata previous_hash event_hash",
    "GENESIS", 8, excalibur,
)


def stj(value):
    """System.Text.Json with its default encoder, of texts, whole numbers and what is made of them."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{stj(k)}:{stj(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(stj, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
    plain = lambda c: " " <= c <= "~" and c not in "\"'+<>&`"
    units = lambda c: c.encode("utf-16-be")
    escaped = lambda c: "".join(f"\\u{u >> 8:02X}{u & 255:02X}" for u in [int.from_bytes(units(c)[i : i + 2]) for i in range(0, len(units(c)), 2)])
    return '"' + "".join(short.get(c) or (c if plain(c) else escaped(c)) for c in value) + '"'


def synaxis(n, prev):
    meta = [{"Route": ODD[1], "Code": 7}, {"b": ODD[2], "a": None, "mark": "mark"}, {"mark": "mark", "B": [1, {"z": "x", "y": True}]}, {"status": WORDS[n % 11]}, {"path": "/x", "ms": n}, {"ok": True}][n % 3 + (3 if n > 8 and n % 20 else 0)]
    row = {"Id": uuid(n), "OrganizationId": uuid(50), "UserId": uuid(60 + n % 30) if n % 2 else None, "EventType": "e", "EventCategory": "c"}
    row |= {"Action": ODD[n % len(ODD)], "ResourceType": "doc", "ResourceId": f"d{n}", "Metadata": stj(meta), "IpAddress": "10.0.0.1"}
    row |= {"UserAgent": "ua", "Region": "eu", "PreviousHash": prev}
    tenths = at(n).strftime("%Y-%m-%dT%H:%M:%S.%f") + str(n * 3 % 10) + "Z"
    parts = [*[v or "" for v in row.values()], tenths]
    digest = base64.b64encode(hashlib.sha256("|".join(parts).encode()).digest()).decode()
    return row | {"Metadata": text(meta), "Timestamp": at(n), "IntegrityHash": digest}, digest


chained(
    "synaxis",
    '"Id" uuid primary key, "OrganizationId" uuid, "UserId" uuid, "EventType" varchar, "EventCategory" varchar, "Action" varchar, '
    '"ResourceType" varchar, "ResourceId" varchar, "Metadata" jsonb, "IpAddress" varchar, "UserAgent" varchar, "Region" varchar, '
    '"IntegrityHash" varchar(128), "PreviousHash" varchar(128), "Timestamp" timestamptz',
    "Id OrganizationId UserId EventType EventCategory Action ResourceType ResourceId Metadata IpAddress UserAgent Region "
    "PreviousHash Timestamp IntegrityHash",
    "", 8, synaxis,
)


class Event(BaseModel):
    event_id: str
    timestamp: datetime
    actor: str
    action: str
    details: dict
    score: float
    note: str | None
    previous_hash: str


def municipal(n, prev):
    details = [{"zone": ODD[2], "a": 1.0}, {"mark": "mark", "B": [1.5, {"y": 1, "x": None}]}, {"street": "mark", "id": 7}, {"status": WORDS[n % 11]}, {"path": "/x", "ms": n}, {"ok": True}][n % 3 + (3 if n > 8 and n % 20 else 0)]
    score = [0.1, 100.0, 1e-7, 2.5][n % 4] if n < 8 else n / 8
    row = {"event_id": uuid(n), "timestamp": at(n), "actor": f"u{n}", "action": ODD[n % len(ODD)], "details": details, "score": score}
    row |= {"note": ODD[n % len(ODD)] if n % 2 else None, "previous_hash": prev}
    digest = sha(prev + Event(**row).model_dump_json())
    return row | {"score": str(score), "details": text(details), "event_hash": digest}, digest


chained(
    "municipal",
    "event_id uuid primary key, timestamp timestamptz, actor text, action text, details jsonb, score double precision, note text, "
    "previous_hash text, event_hash text",
    "event_id timestamp actor action details score note previous_hash event_hash",
    sha("municipal-genesis"), 8, municipal,
)
