# Tables of applications that hash in Ruby, as their code describes it: `ruby generate.rb > ruby.sql` (Ruby 3.1,
# ActiveSupport 6.1). The comment of each table lists what its hash covers. ROWS=200 makes so many rows.
require 'active_support'
require 'active_support/json'
require 'digest'

ROWS = ENV['ROWS'].to_i
WORDS = %w[login logout doc.read doc.update grant export revoke retry].freeze
ODD = ['plain', "O'Neil \"x\" \\ y", "é<>&\u2028😀", 'a|b', '', "tab\tnew\nline", 'mark'].freeze

# What most rows have, after those that were written out; one in twenty is odd again.
def odd(n)
  n < 7 || (n % 20).zero? ? ODD[(n < 7 ? n : n / 20) % 7] : WORDS[n % 8] + (n % 3 == 0 ? " #{n}" : '')
end

def sql(value)
  case value
  when nil then 'NULL'
  when Integer then value.to_s
  else "E'#{value.gsub('\\') { '\\\\' }.gsub("'") { "''" }.gsub("\n") { '\\n' }}'"
  end
end

def table(name, columns, covered, rows)
  puts "create table #{name} (#{columns});", "comment on table #{name} is '#{covered}';" if columns
  rows.each { |row| puts "insert into #{name} (#{row.keys.join(', ')}) values (#{row.values.map { |v| sql(v) }.join(', ')});" }
end

# bugmark: two levels, in MD5, without a column for the predecessor; the payload's order is lost in jsonb.
prev = nil
rows = (0...(ROWS.zero? ? 8 : ROWS)).map do |n|
  payload = [{ 'uuid' => odd(ROWS.zero? ? n % 7 : n), 'at' => 7, 'mark' => 'mark' }, { 'mark' => 'mark', 'b' => ODD[2], 'a' => nil }, { 'zeta' => 'mark', 'c' => [1, true] },
             { 'status' => 'open' }, { 'status' => 'open', 'by' => 'Anna', 'id' => n }, { 'amount' => n / 4.0 }][n % 3 + (n > 8 && n % 20 > 0 ? 3 : 0)]
  local = Digest::MD5.hexdigest(["e#{n}", payload].to_json)
  prev = Digest::MD5.hexdigest([prev, local].to_json)
  { id: n * 3, event_uuid: "e#{n}", payload: payload.to_json, local_hash: local, chain_hash: prev }
end
table('bugmark', 'id bigint primary key, event_uuid varchar, payload jsonb, local_hash varchar, chain_hash varchar',
      'event_uuid payload chain_hash local_hash', rows)

# checkmate: what is hashed stands in another table.
prev = nil
contracts = (0...(ROWS.zero? ? 4 : 40)).map { |n| { contract_id: n, owner_id: n + 10, recipient_id: n.odd? ? n + 20 : nil, contract_hash: odd(n) } }
rows = (0...(ROWS.zero? ? 7 : ROWS)).map do |n|
  c = contracts[n % contracts.size]
  hash = Digest::SHA256.hexdigest({ user_id: c[:owner_id], recipient_id: c[:recipient_id], contract_hash: c[:contract_hash], previous_hash: prev }.to_json)
  row = { id: n * 2, contract: n % contracts.size, action_type: 'sign', action_hash: hash, previous_hash: prev }
  prev = hash
  row
end
table('checkmate_contracts', 'contract_id bigint primary key, owner_id integer, recipient_id integer, contract_hash varchar',
      'owner_id contract_hash', contracts)
table('checkmate_actions', 'id bigint primary key, contract bigint, action_type varchar, action_hash varchar, previous_hash varchar',
      'previous_hash action_hash', rows)
