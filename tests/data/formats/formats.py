"""How CPython and pydantic spell the inputs: `python3 formats.py > cpython.jsonl` (CPython 3.11, pydantic 2)."""

import json
import pathlib
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import RootModel

inputs = json.loads(pathlib.Path(__file__).with_name("inputs.json").read_text(encoding="utf-8"))
PATTERNS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%d/%m/%y %I:%M %p",
    "%A, %d %B %Y",
    "%a %b %d %H:%M:%S %Y",
    "%Y%m%d%H%M%S",
    "%j %% %F %T %R %D",
    "%-d.%-m.%Y %-H:%-M:%-S %-I %e",
    "%Y-%m-%dT%H:%M:%S%z",
]


def say(**line):
    print(json.dumps(line))


def read(at):
    second, _, fraction = at.partition(".")
    return datetime.strptime(second, "%Y-%m-%d %H:%M:%S").replace(microsecond=int(fraction.ljust(6, "0")))


for text in inputs["json"]:
    spelt = RootModel[Any](json.loads(text)).model_dump_json()
    say(json={"serde": {"sorted": False, "insertion": True}}, text=text, spelt=spelt)
for cell in inputs["floats"]:
    say(json={"serde": {"sorted": False, "insertion": True}}, float=cell, spelt=RootModel[float](float(cell)).model_dump_json())
    say(json={"py": {"sorted": True, "compact": False, "utf8": False, "ints": False}}, float=cell, spelt=repr(float(cell)))

for at in inputs["times"] + inputs["old"]:
    naive = read(at)
    aware = naive.replace(tzinfo=timezone.utc)
    say(preset="py_epoch", at=at, spelt=str(aware.timestamp()))
    if naive.year > 999:
        for pattern in PATTERNS:
            say(pattern=pattern, at=at, spelt=aware.strftime(pattern))
    for zone in inputs["zones"]:
        local = aware.astimezone(ZoneInfo(zone))
        for preset, spelt in [
            ("py", local.isoformat()),
            ("py_naive", local.replace(tzinfo=None).isoformat()),
            ("py_str", str(local.replace(tzinfo=None))),
            ("py_str_tz", str(local)),
        ]:
            say(preset=preset, zone=zone, at=at, spelt=spelt)
        if naive.year > 1950:
            say(pattern="%Y-%m-%d %H:%M:%S %z %Z", zone=zone, at=at, spelt=local.strftime("%Y-%m-%d %H:%M:%S %z %Z"))

# A datetime member of a pydantic model.
for at in inputs["times"]:
    aware = read(at).replace(tzinfo=timezone.utc)
    say(preset="py_z", at=at, spelt=json.loads(RootModel[datetime](aware).model_dump_json()))
