# How Ruby and ActiveSupport spell the inputs: `ruby formats.rb > rails.jsonl` (Ruby 3.1, ActiveSupport 6.1).
require "active_support"
require "active_support/time"
require "active_support/json"
require "bigdecimal"

INPUTS = JSON.parse(File.read(File.join(__dir__, "inputs.json")))
PATTERNS = ["%Y-%m-%d %H:%M:%S UTC", "%F %T.%6N", "%Y-%m-%dT%H:%M:%S.%LZ", "%F %T.%3N %z", "%FT%T%:z", "%s", "%-d %b %Y %l:%M %P"]

def say(**line)
  puts JSON.generate(line)
end

INPUTS["json"].each do |text|
  say(json: { rails: {} }, text: text, spelt: ActiveSupport::JSON.encode(JSON.parse(text)))
end
INPUTS["floats"].each { |cell| say(json: { rails: {} }, float: cell, spelt: ActiveSupport::JSON.encode(Float(cell))) }
INPUTS["numerics"].each do |cell|
  say(json: { rails: {} }, numeric: cell, spelt: ActiveSupport::JSON.encode(BigDecimal(cell))) if cell.include?(".")
end
(INPUTS["times"] + INPUTS["old"]).each do |at|
  utc = Time.find_zone("UTC").parse(at)
  say(preset: "iso_seconds", at: at, spelt: utc.iso8601)
  say(preset: "iso_millis", at: at, spelt: utc.as_json)
  say(preset: "iso_micros", at: at, spelt: utc.iso8601(6))
  say(pattern: "%Y-%m-%d %H:%M:%S UTC", at: at, spelt: utc.to_s) if utc.year > 999
  next if utc.year < 1000
  PATTERNS.each do |pattern|
    next if utc.year < 1970 && pattern.include?("%s")
    say(pattern: pattern.gsub("%L", "%3N").gsub("%3N", "%3f").gsub("%6N", "%6f"), at: at, spelt: utc.strftime(pattern)) unless pattern.include?("%l")
  end
  INPUTS["zones"].each do |name|
    next if utc.year < 1950 || name == "UTC"
    zone = ActiveSupport::TimeZone[name] || next
    local = utc.in_time_zone(zone)
    say(pattern: "%Y-%m-%d %H:%M:%S %z", zone: name, at: at, spelt: local.to_s)
    say(preset: "laravel", zone: name, at: at, spelt: local.iso8601) unless local.utc_offset == 0
    say(pattern: "%Y-%m-%dT%H:%M:%S.%3f%:z", zone: name, at: at, spelt: local.as_json) unless local.utc_offset == 0
  end
end
