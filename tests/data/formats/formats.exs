# How Elixir spells the inputs: `elixir formats.exs > elixir.jsonl` (Elixir 1.14).
text = File.read!(Path.join(__DIR__, "inputs.json"))

list = fn name ->
  [_, after_name] = String.split(text, "\"#{name}\": [", parts: 2)
  [inside | _] = String.split(after_name, "]", parts: 2)
  Regex.scan(~r/"([^"]+)"/, inside, capture: :all_but_first) |> List.flatten()
end

say = fn kind, word, at, spelt -> IO.puts(~s({"#{kind}": "#{word}", "at": "#{at}", "spelt": "#{spelt}"})) end

for at <- list.("times") ++ list.("old") do
  {:ok, naive} = NaiveDateTime.from_iso8601(at)
  # As Ecto loads a :utc_datetime_usec: six digits. A :utc_datetime has none.
  {us, _} = naive.microsecond
  usec = DateTime.from_naive!(%{naive | microsecond: {us, 6}}, "Etc/UTC")
  whole = DateTime.truncate(usec, :second)
  say.("preset", "iso_micros", at, DateTime.to_iso8601(usec))
  say.("preset", "iso_seconds", at, DateTime.to_iso8601(whole))
  say.("preset", "iso_millis", at, DateTime.to_iso8601(DateTime.truncate(usec, :millisecond)))

  if naive.year > 999 do
    say.("pattern", "%Y-%m-%d %H:%M:%S.%6fZ", at, to_string(usec))
    say.("pattern", "%Y-%m-%d %H:%M:%SZ", at, to_string(whole))
    say.("pattern", "%Y-%m-%dT%H:%M:%S.%6f", at, NaiveDateTime.to_iso8601(DateTime.to_naive(usec)))
  end

  say.("preset", "epoch_micros", at, DateTime.to_unix(usec, :microsecond))
  say.("preset", "epoch_seconds", at, DateTime.to_unix(usec))
end
