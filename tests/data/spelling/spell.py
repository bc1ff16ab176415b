"""How CPython spells the inputs: `python3 spell.py > cpython.jsonl` (CPython 3.11)."""

import itertools
import json
import pathlib
from datetime import datetime, timezone

inputs = json.loads(pathlib.Path(__file__).with_name("inputs.json").read_text(encoding="utf-8"))


def say(line):
    print(json.dumps(line))


def whole(value):
    """Floats without a fraction as integers, as some applications do before they serialise."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return value


for text in inputs["json"]:
    value = json.loads(text)
    choices = itertools.product([False, True], [False, True], [False, True], [False])
    for is_sorted, compact, utf8, ints in [*choices, (True, True, True, True)]:
        separators = (",", ":") if compact else None
        spelt = json.dumps(
            whole(value) if ints else value, sort_keys=is_sorted, ensure_ascii=not utf8, separators=separators
        )
        profile = {"py": {"sorted": is_sorted, "compact": compact, "utf8": utf8, "ints": ints}}
        say({"profile": profile, "text": text, "spelt": spelt})

for at in inputs["times"]:
    naive = datetime.fromisoformat(at.replace(".1", ".100000").replace(".9995", ".999500"))
    aware = naive.replace(tzinfo=timezone.utc)
    epoch = aware - datetime(1970, 1, 1, tzinfo=timezone.utc)
    micros = (epoch.days * 86400 + epoch.seconds) * 1_000_000 + epoch.microseconds
    for preset, spelt in [
        ("py", aware.isoformat()),
        ("py_z", aware.isoformat().replace("+00:00", "Z")),
        ("py_naive", naive.isoformat()),
        ("py_str", str(naive)),
        ("epoch_micros", str(micros)),
        ("epoch_nanos", str(micros * 1000)),
        ("epoch_seconds", str(micros // 1_000_000)),
    ]:
        say({"preset": preset, "at": at, "spelt": spelt})
