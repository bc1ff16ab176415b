# The table of an application that hashes in Elixir, as its code describes it: `elixir generate.exs > elixir.sql` (1.14).
# The comment of the table lists what its hash covers. ROWS=200 makes so many rows.
defmodule Generate do
  @words ~w(login logout doc.read doc.update grant export revoke retry)
  def rows(few), do: String.to_integer(System.get_env("ROWS", "#{few}"))
  # What most rows have, after those that were written out; one in twenty is odd again.
  def odd(n) when n > 7 and rem(n, 20) > 0, do: Enum.at(@words, rem(n, 8)) <> if(rem(n, 3) == 0, do: " #{n}", else: "")
  def odd(n) when n > 7, do: odd(rem(div(n, 20), 7))
  def odd(n), do: Enum.at(["plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"], rem(n, 7))
  def quoted(text), do: "E'" <> (text |> String.replace("\\", "\\\\") |> String.replace("'", "''") |> String.replace("\n", "\\n")) <> "'"
  def framed(parts), do: for(part <- parts, into: <<>>, do: <<byte_size(part)::unsigned-big-32, part::binary>>)
  def uuid(stream, n), do: "550e8400-e29b-41d4-a716-44665544" <> String.pad_leading("#{stream}#{n}", 4, "0")

  def row(stream, n, prev) do
    {:ok, at} = DateTime.new(~D[2026-01-02], Time.new!(3 + div(n, 60), rem(n, 60), 5, {Enum.at([0, 678_901, 678_000, 100_000, 1, 999_999, 7], n, rem(n * 337_171, 1_000_000)), 6}))
    details = if rem(n, 3) == 0, do: %{"mark" => "mark"}, else: %{"zeta" => odd(n), "a" => "mark", "é" => "x=y;"}
    pairs = details |> Enum.sort() |> Enum.map_join("", fn {k, v} -> "#{k}=#{v};" end)
    parts = ["tessera.audit.entry.v1", uuid(stream, n), DateTime.to_iso8601(at), "type", odd(n), odd(abs(6 - n)), pairs, Base.decode16!(prev, case: :lower)]
    hash = :crypto.hash(:sha256, framed(parts)) |> Base.encode16(case: :lower)
    json = "{" <> Enum.map_join(details, ",", fn {k, v} -> "\"#{k}\":\"#{v |> String.replace("\\", "\\\\") |> String.replace("\"", "\\\"") |> String.replace("\t", "\\t") |> String.replace("\n", "\\n")}\"" end) <> "}"
    values = [uuid(stream, n), DateTime.to_iso8601(at), "type", odd(n), odd(abs(6 - n)), json, prev, hash]
    IO.puts("insert into tessera_ex values (#{stream}, #{n}, #{Enum.map_join(values, ", ", &quoted/1)});")
    hash
  end
end

IO.puts("create table tessera_ex (stream integer, seq bigint, id uuid, timestamp timestamptz, type text, actor text, resource text, details jsonb, prev_hash text, hash text, primary key (stream, seq));")
IO.puts("comment on table tessera_ex is 'id timestamp type actor resource details prev_hash hash';")
for stream <- 1..2, do: Enum.reduce(0..(div(Generate.rows(13) + 1, 2) - 1), String.duplicate("0", 64), &Generate.row(stream, &1, &2))
