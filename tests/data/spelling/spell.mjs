// How Node spells the inputs: `node spell.mjs > node.jsonl` (Node 20).
import { readFileSync } from 'node:fs';

const inputs = JSON.parse(readFileSync(new URL('inputs.json', import.meta.url)));
const print = (line) => console.log(JSON.stringify(line));

// What applications call stable, canonical or sorted: every object rebuilt with its keys in order.
const rebuilt = (value) => {
  if (Array.isArray(value)) return value.map(rebuilt);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, rebuilt(value[key])]));
};

for (const text of inputs.json) {
  const value = JSON.parse(text);
  print({ profile: { js: { sorted: false } }, text, spelt: JSON.stringify(value) });
  print({ profile: { js: { sorted: true } }, text, spelt: JSON.stringify(rebuilt(value)) });
}
for (const at of inputs.times) {
  // Date keeps milliseconds and drops the rest towards the past.
  const [second, fraction = ''] = at.split('.');
  const date = new Date(`${second.replace(' ', 'T')}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  print({ preset: 'js', at, spelt: date.toISOString() });
  print({ preset: 'epoch_millis', at, spelt: String(date.getTime()) });
}
