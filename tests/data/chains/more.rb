# Further recipes as applications in Ruby might have them: `ruby more.rb > more_ruby.sql` (Ruby 3.1, ActiveSupport 6.1).
# The comment of each table lists what its hash covers. ROWS=200 makes so many rows.
require 'active_support'
require 'active_support/core_ext'
require 'base64'
require 'digest'

ROWS = ENV['ROWS'].to_i
WORDS = %w[login logout doc.read doc.update grant export revoke retry].freeze
ODD = ['plain', "O'Neil \"x\" \\ y", "é<>&\u2028😀", 'a|b', '', "tab\tnew\nline", 'mark'].freeze

# What most rows have, after those that were written out; one in twenty is odd again.
def odd(n)
  n < 8 || (n % 20).zero? ? ODD[(n < 8 ? n : n / 20) % 7] : WORDS[n % 8] + (n % 3 == 0 ? " #{n}" : '')
end

def sql(value)
  case value
  when nil then 'NULL'
  when Integer, true, false then value.to_s
  when BigDecimal then value.to_s('F')
  when Time then "'#{value.iso8601(6)}'"
  else "E'#{value.gsub('\\') { '\\\\' }.gsub("'") { "''" }.gsub("\n") { '\\n' }}'"
  end
end

def chained(name, columns, covered, prev)
  puts "create table #{name} (#{columns});", "comment on table #{name} is '#{covered}';"
  (ROWS.zero? ? 8 : ROWS).times do |n|
    row, prev = yield n, prev
    puts "insert into #{name} (#{row.keys.join(', ')}) values (#{row.values.map { |v| sql(v) }.join(', ')});"
  end
end

at = ->(n) { Time.utc(2026, 1, 2, 3, 0, n % 2 * 5, [0, 678_901, 678_000, 100_000, 0, 1, 999_999, 0][n] || n * 337_171 % 1_000_000) + 60 * n }

# Amounts as BigDecimal spells them, changes as pairs, base64 with its line end.
chained('edits', 'id bigint primary key, item text, changes json, amount numeric(12, 2), at timestamp, prev text, hash text',
        'item changes amount at prev hash', nil) do |n, prev|
  row = { item: odd(n), changes: { 'name' => [nil, odd(n < 8 ? (n + 2) % 7 : n + 2)], 'mark' => ['mark', n] }, amount: BigDecimal(n * 1234 - 250) / 100, at: at[n] }
  hash = Base64.encode64(Digest::SHA256.digest([prev, row[:item], row[:changes].to_json, row[:amount].to_s, row[:at].iso8601(6)].join('-')))
  [{ id: n }.merge(row, changes: row[:changes].to_json, prev: prev, hash: hash), hash]
end
