"""Further recipes as applications in Python might have them: `python3 more.py > more_python.sql` (CPython 3.11).
The comment of each table lists what its hash covers. ROWS=200 makes so many rows of each, most of them ordinary."""

import hashlib
import hmac
import json
import os
import struct
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

ROWS = int(os.environ.get("ROWS", "0"))
WORDS = ["login", "logout", "doc.read", "doc.update", "grant", "Anna Meier", "export", "order 1042", "no change", "revoke", "retry"]


def many(first, ordinary):
    """What was written out, and after it what most rows have; one in twenty is odd again."""
    return first + [ordinary(n) if n % 20 else first[n // 20 % len(first)] for n in range(len(first), ROWS)]


ODD = many(["plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"], lambda n: WORDS[n % 11] + ("" if n % 3 else f" {n}"))
DEEP = many([
    {"zeta": 1, "a": {"y": 1.0, "x": [3, {"k": None, "b": "é<>& \u2028\x7f"}]}, "mark": "mark"},
    {"n": 1.5, "small": 1e-7, "whole": 100.0, "mark": "mark"},
    {"mark": "mark", "list": []},
], lambda n: [{"status": WORDS[n % 11]}, {"amount": n / 4, "currency": "EUR"}, {"user": {"name": WORDS[n % 11], "id": n}, "ok": True}][n % 3])


def at(n):
    micros = [0, 678901, 678000, 100000, 0, 1, 999999, 0][n] if n < 8 else n * 337_171 % 1_000_000
    return datetime(2026, 1, 2, 3, 0, [0, 5][n % 2], micros, tzinfo=timezone.utc) + timedelta(minutes=n)


def sql(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float | Decimal):
        return str(value)
    if isinstance(value, dict):
        value = json.dumps(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    escaped = str(value).replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"E'{escaped}'"


def chained(name, columns, covered, genesis, make):
    print(f"create table {name} ({columns});")
    print(f"comment on table {name} is '{covered}';")
    prev = genesis
    for n in range(ROWS or 8):
        row, prev = make(n, prev)
        names = ", ".join(f'"{key}"' for key in row)
        print(f"insert into {name} ({names}) values ({', '.join(sql(v) for v in row.values())});")


def accounts(n, prev):
    """What `str` makes of everything."""
    row = {"id": n, "owner": ODD[n % len(ODD)] if n % 2 else None, "frozen": n % 3 == 0, "balance": Decimal(n * 1000 - 250) / 100}
    row["balance"] = row["balance"].quantize(Decimal("0.01"))
    row |= {"rate": [0.1, 100.0, 1e-7, 1e16, 2.5, 3.0, 0.25, 7.0][n] if n < 8 else n / 8, "opened": date(2026, 1, 1) + timedelta(days=n)}
    digest = hashlib.blake2b(":".join(str(v) for v in [prev, *row.values()]).encode()).hexdigest()
    return row | {"prev": prev, "hash": digest}, digest


chained(
    "accounts",
    "id integer primary key, owner text, frozen boolean, balance numeric(12, 2), rate double precision, opened date, "
    "prev text, hash text",
    "id owner frozen balance rate opened prev hash", None, accounts,
)


def notes(n, prev):
    """Whatever JSON does not know becomes a text."""
    row = {"note_id": UUID(int=n + 1), "at": at(n), "cost": Decimal("1.10") * n, "body": ODD[n % len(ODD)], "extra": DEEP[n % len(DEEP)]}
    row |= {"parent": UUID(int=n) if n % 2 else None, "tags": ["x", ODD[n % len(ODD)]], "stars": n}
    digest = hashlib.sha3_256(json.dumps(row | {"previous_hash": prev}, sort_keys=True, default=str).encode()).hexdigest()
    return row | {"tags": json.dumps(row["tags"]), "previous_hash": prev, "hash": digest}, digest


chained(
    "notes",
    "note_id uuid primary key, at timestamptz, cost numeric(8, 2), body text, extra jsonb, parent uuid, tags jsonb, "
    "stars smallint, previous_hash text, hash text",
    "note_id at body extra parent stars previous_hash hash cost", None, notes,
)


def sensor(n, prev):
    """Bytes, with a mark for what is there."""
    row = {"seq": n, "sensor": UUID(int=n % 3 + 1), "value": [0.1, -2.5, 3.0, 1e300, 0.0, 7.25, 1e-9, 8.0][n] if n < 8 else n / 8}
    row |= {"note": ODD[n % len(ODD)] if n % 3 else None, "at": at(n)}
    micros = int(at(n).timestamp()) * 1_000_000 + at(n).microsecond
    note = b"\x00" if row["note"] is None else b"\x01" + struct.pack("<H", len(row["note"].encode())) + row["note"].encode()
    body = prev + struct.pack(">Q", n) + row["sensor"].bytes + struct.pack("<d", row["value"]) + note + struct.pack(">q", micros)
    digest = hashlib.blake2s(body).digest()
    return row | {"prev": prev, "hash": digest}, digest


chained(
    "sensor",
    "seq bigint primary key, sensor uuid, value double precision, note text, at timestamptz, prev bytea, hash bytea",
    "seq sensor value note at prev hash", bytes(32), sensor,
)


def shifts(n, prev):
    """Local time without its zone, and members as they were written."""
    plan = [{"zone": "mark", "b": 1, "a": None}, {"who": "mark", "at": [1, {"z": 1, "y": 2}]}, {"status": WORDS[n % 11]}, {"who": WORDS[n % 11], "at": n}][n % 2 + (2 if n > 7 and n % 20 else 0)]
    local = at(n).astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    line = prev + "\n" + local.isoformat() + "\n" + json.dumps(plan) + "\n" + (ODD[n % len(ODD)] or "n/a")
    digest = hmac.new(b"key of shifts", line.encode(), "sha384").hexdigest()
    return {"id": n, "plan": plan, "at": at(n), "remark": ODD[n % len(ODD)], "prev": prev, "mac": digest}, digest


chained(
    "shifts",
    "id integer primary key, plan jsonb, at timestamptz, remark text, prev text, mac text",
    "plan at remark prev mac", hashlib.sha256(b"shifts").hexdigest(), shifts,
)


def versions(n, prev):
    """The way is written before the hash, which is hashed without it."""
    row = {"id": n, "model": f"m{n % 2}", "record": n * 7, "values": DEEP[n % len(DEEP)]}
    body = json.dumps({k: row[k] for k in ["model", "record", "values"]}, sort_keys=True, ensure_ascii=False, indent=None, separators=(",", ":"))
    bare = prev.removeprefix("$4$").removeprefix("$3$")
    digest = ("$4$" if n > 1 else "$3$") + hashlib.sha256((bare + (body if n > 1 else body.lower())).encode()).hexdigest()
    return row | {"prev": prev, "hash": digest}, digest


chained(
    "versions",
    "id integer primary key, model text, record bigint, values jsonb, prev text, hash text",
    "model record values prev hash", "", versions,
)
