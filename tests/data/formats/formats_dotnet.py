"""How .NET spells the inputs, called from Python: `python3 formats_dotnet.py > dotnet.jsonl` with the packages dotnetcore2
and pythonnet (.NET Core 3.1, System.Text.Json 4.0)."""

import json
import os
import pathlib
import tempfile

import dotnetcore2
from clr_loader import get_coreclr
from pythonnet import set_runtime

os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
root = pathlib.Path(dotnetcore2.__file__).with_name("bin")
config = pathlib.Path(tempfile.mkdtemp()) / "runtimeconfig.json"
framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
config.write_text(json.dumps({"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": framework}}))
set_runtime(get_coreclr(runtime_config=str(config), dotnet_root=str(root)))

import clr  # noqa: E402

clr.AddReference("System.Text.Json")
clr.AddReference("System.Text.Encodings.Web")
clr.AddReference("System.Runtime")

import System  # noqa: E402
from System.Globalization import CultureInfo  # noqa: E402
from System.Text.Encodings.Web import JavaScriptEncoder  # noqa: E402
from System.Text.Json import JsonDocument, JsonSerializerOptions, JsonWriterOptions, Utf8JsonWriter  # noqa: E402

inputs = json.loads(pathlib.Path(__file__).with_name("inputs.json").read_text(encoding="utf-8"))


def say(**line):
    print(json.dumps(line))


def written(relaxed, write):
    """What a writer with the default encoder, or the relaxed one, makes of something."""
    options = JsonWriterOptions()
    if relaxed:
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    stream = System.IO.MemoryStream()
    writer = Utf8JsonWriter(stream, options)
    write(writer)
    writer.Flush()
    return System.Text.Encoding.UTF8.GetString(stream.ToArray())


for relaxed in (False, True):
    profile = {"stj": {"relaxed": relaxed}}
    for text in inputs["json"]:
        spelt = written(relaxed, JsonDocument.Parse(text).RootElement.WriteTo)
        say(json=profile, text=text, spelt=spelt)
    # Every character of the first plane but surrogates: the ranges that stand as they are.
    plain, start = [], None
    for code in [*range(0x10000), None]:
        stands = code is not None and not 0xD800 <= code < 0xE000
        stands = stands and written(relaxed, lambda w: w.WriteStringValue(System.String(chr(code), 1))) == f'"{chr(code)}"'
        if stands and start is None:
            start = code
        if not stands and start is not None:
            plain.append([start, (code or 0x10000) - 1])
            start = None
    say(json=profile, plain=plain)

for cell in inputs["floats"]:
    value = System.Double.Parse(cell, CultureInfo.InvariantCulture)
    say(json={"stj": {"relaxed": False}}, float=cell, spelt=written(False, lambda w: w.WriteNumberValue.Overloads[System.Double](value)))
for cell in inputs["numerics"]:
    value = System.Decimal.Parse(cell, CultureInfo.InvariantCulture)
    say(json={"stj": {"relaxed": False}}, numeric=cell, spelt=written(False, lambda w: w.WriteNumberValue.Overloads[System.Decimal](value)))

for at in inputs["times"] + inputs["old"]:
    invariant = CultureInfo.InvariantCulture
    styles = System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal
    utc = System.DateTime.Parse(at, invariant, styles)
    say(preset="epoch_ticks", at=at, spelt=str(utc.Ticks))
    say(preset="dotnet", at=at, spelt=utc.ToString("O", invariant))
    # What System.Text.Json writes drops trailing zeros.
    say(preset="go", at=at, spelt=json.loads(written(False, lambda w: w.WriteStringValue.Overloads[System.DateTime](utc))))
    say(preset="iso_seconds", at=at, spelt=utc.ToString("yyyy-MM-ddTHH:mm:ssZ", invariant))
    if utc.Year > 999:
        unspecified = System.DateTime(utc.Ticks, System.DateTimeKind.Unspecified)
        say(pattern="%Y-%m-%dT%H:%M:%S.%7f", at=at, spelt=unspecified.ToString("O", invariant))
        say(pattern="%Y-%m-%d %H:%M:%SZ", at=at, spelt=utc.ToString("u", invariant))
        say(pattern="%a, %d %b %Y %H:%M:%S GMT", at=at, spelt=utc.ToString("R", invariant))
        say(pattern="%m/%d/%Y %H:%M:%S", at=at, spelt=utc.ToString(invariant))
    if utc.Year > 1950:
        for zone in inputs["zones"]:
            local = System.TimeZoneInfo.ConvertTime(System.DateTimeOffset(utc), System.TimeZoneInfo.FindSystemTimeZoneById(zone))
            say(preset="dotnet_offset", zone=zone, at=at, spelt=local.ToString("O", invariant))
