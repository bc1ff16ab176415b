# A further recipe as an application in Elixir might have it: `elixir more.exs > more_elixir.sql` (Elixir 1.14).
# The comment of the table lists what its hash covers. ROWS=200 makes so many rows.
defmodule More do
  @words ~w(login logout doc.read doc.update grant export revoke retry)
  def rows(few), do: String.to_integer(System.get_env("ROWS", "#{few}"))
  # What most rows have, after those that were written out; one in twenty is odd again.
  def odd(n) when n > 7 and rem(n, 20) > 0, do: Enum.at(@words, rem(n, 8)) <> if(rem(n, 3) == 0, do: " #{n}", else: "")
  def odd(n) when n > 7, do: odd(rem(div(n, 20), 7))
  def odd(n), do: Enum.at(["plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"], rem(n, 7))
  def quoted(nil), do: "NULL"
  def quoted(text), do: "E'" <> (text |> String.replace("\\", "\\\\") |> String.replace("'", "''") |> String.replace("\n", "\\n")) <> "'"

  def row(n, prev) do
    {:ok, at} = DateTime.new(~D[2026-01-02], Time.new!(3 + div(n, 60), rem(n, 60), 5, {Enum.at([0, 678_901, 678_000, 100_000, 1, 999_999, 7], n, rem(n * 337_171, 1_000_000)), 6}))
    meta = %{"zeta" => "mark", "a" => Integer.to_string(n), "b" => "x&y"}
    pairs = meta |> Enum.sort() |> Enum.map_join("&", fn {k, v} -> "#{k}=#{v}" end)
    actor = if rem(n, 2) == 1, do: odd(n)
    text = Enum.join([inspect(prev), odd(n), inspect(actor) |> then(fn a -> if actor, do: actor, else: a end), pairs, to_string(at), DateTime.to_unix(at, :microsecond), n > 2], "::")
    hash = :crypto.hash(:sha3_512, text) |> Base.encode16()
    json = "{" <> Enum.map_join(meta, ",", fn {k, v} -> "\"#{k}\":\"#{v}\"" end) <> "}"
    IO.puts("insert into steps values (#{n}, #{quoted(odd(n))}, #{quoted(actor)}, '#{json}', '#{DateTime.to_iso8601(at)}', #{n > 2}, #{quoted(prev)}, '#{hash}');")
    hash
  end
end

IO.puts("create table steps (id bigint primary key, step text, actor text, meta jsonb, at timestamptz, final boolean, prev text, hash text);")
IO.puts("comment on table steps is 'step actor meta at final prev hash';")
Enum.reduce(0..(More.rows(7) - 1), nil, &More.row/2)
