// How Node spells times in its other ways, and arrays: `node formats.mjs > node.jsonl` (Node 20).
import { readFileSync } from 'node:fs';

const inputs = JSON.parse(readFileSync(new URL('inputs.json', import.meta.url)));
const print = (line) => console.log(JSON.stringify(line));

for (const at of [...inputs.times, ...inputs.old]) {
  if (at < '1000') continue;
  // Date keeps milliseconds and drops the rest towards the past.
  const [second, fraction = ''] = at.split('.');
  const date = new Date(`${second.replace(' ', 'T')}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  print({ pattern: '%a, %d %b %Y %H:%M:%S GMT', at, spelt: date.toUTCString() });
  print({ pattern: '%Y-%m-%d', at, spelt: date.toISOString().slice(0, 10) });
  if (at < '1950') continue;
  for (const zone of inputs.zones) {
    process.env.TZ = zone;
    print({ pattern: '%a %b %d %Y', zone, at, spelt: date.toDateString() });
    print({ pattern: '%a %b %d %Y %H:%M:%S GMT%z', zone, at, spelt: date.toString().replace(/ \(.*\)$/, '') });
    print({ pattern: '%-m/%-d/%Y, %-I:%M:%S %p', zone, at, spelt: date.toLocaleString('en-US').replace('\u202f', ' ') });
  }
}

// A part that is undefined is null in an array, and null is.
print({ array: ['a', null, 1.5, true], spelt: JSON.stringify(['a', undefined, 1.5, true]) });
print({ array: ['é/"<', null, 1e21, false], spelt: JSON.stringify(['é/"<', null, 1e21, false]) });
