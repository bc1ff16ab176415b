// Further recipes as applications in JavaScript might have them: `node more.mjs > more_node.sql` (Node 20).
// The comment of each table lists what its hash covers. ROWS=200 makes so many rows of each, most of them ordinary.
import { createHash, createHmac } from 'node:crypto';

const ROWS = Number(process.env.ROWS ?? 0);
const words = ['login', 'logout', 'doc.read', 'doc.update', 'grant', 'Anna Meier', 'export', 'order 1042', 'no change', 'revoke', 'retry'];
// What most rows have, after the first of many; one in twenty is odd again.
const ordinary = (n) => ROWS && n > 7 && n % 20;
const sqlValue = (value) => {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `E'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
};
const chained = (name, columns, covered, genesis, make) => {
  console.log(`create table ${name} (${columns});`);
  console.log(`comment on table ${name} is '${covered}';`);
  let prev = genesis;
  for (let n = 0; n < (ROWS || 8); n += 1) {
    const { row, hash } = make(n, prev);
    const names = Object.keys(row).map((key) => `"${key}"`).join(', ');
    console.log(`insert into ${name} (${names}) values (${Object.values(row).map(sqlValue).join(', ')});`);
    prev = hash;
  }
};
const at = (n) => new Date(Date.UTC(2026, 0, 2, 3, n, n % 2 ? 5 : 0, n > 8 ? (n * 337) % 1000 : n % 3 ? 678 : 0));
const odd = (n) => ordinary(n) ? words[n % 11] + (n % 3 ? '' : ` ${n}`) : ['plain', 'O\'Neil "x" \\ y', 'é<>&\u2028😀', 'a|b', '', 'tab\tnew\nline', 'mark'][n % 7];
const deep = (n) => ordinary(n) ? [{ status: words[n % 11] }, { user: { name: words[n % 11], id: n }, ok: true }, { amount: n / 4, currency: 'EUR' }][n % 3] : [{ zeta: 1, a: { y: 1.5, x: [3, { k: null, b: odd(2) }] }, mark: 'mark' }, { n: 1e21, small: 1e-7, mark: 'mark' }, { mark: 'mark', list: [] }][n % 3];
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};

// A template, `||` for what is missing or empty, a number and a boolean as texts, base64 for URLs.
chained('clinic', 'seq integer primary key, note text, amount double precision, active boolean, at timestamptz(3), prev text, hash text',
  'seq note amount active at prev hash', null, (n, prev) => {
    const row = { seq: n + 1, note: n % 3 ? odd(n) : null, amount: [1, 2.5, 0.1 + 0.2, 1e21, 5e-7, 100, 12345678.9, 3][n] ?? n / 4, active: n % 2 === 0 };
    const hash = createHash('sha256').update(`${row.seq}|${prev || '0'}|${row.note || '-'}|${row.amount}|${row.active}|${+at(n)}`).digest('base64url');
    return { hash, row: { ...row, at: at(n).toISOString(), prev, hash } };
  });

// Array.join has nothing for null and the local text of a date; HMAC in capitals.
chained('vault', 'id integer primary key, actor text, target text, at timestamp(3), prev text, mac text',
  'actor target at prev mac', '', (n, prev) => {
    const values = [prev, n % 2 ? `u${n}` : null, odd(n), at(n)];
    const text = values.map((v) => (v instanceof Date ? v.toString() : v)).join(':');
    const hash = createHmac('sha512', 'key of vault').update(text).digest('hex').toUpperCase();
    return { hash, row: { id: n, actor: values[1], target: values[2], at: at(n).toISOString(), prev, mac: hash } };
  });

// Two levels over bytes that are kept in base64.
chained('orders', 'id integer primary key, kind text, lines jsonb, at timestamptz, content text, prev text, hash text',
  'kind lines at prev hash content', Buffer.alloc(48).toString('base64'), (n, prev) => {
    const row = { kind: odd(n), lines: deep(n) };
    const content = createHash('sha384').update(JSON.stringify(sorted({ ...row, at: at(n).toISOString() }))).digest();
    const hash = createHash('sha384').update(Buffer.concat([Buffer.from(prev, 'base64'), content])).digest('base64');
    return { hash, row: { id: n, ...row, lines: JSON.stringify(row.lines), at: at(n).toISOString(), content: content.toString('base64'), prev, hash } };
  });

// Nested objects, one of which is left out at the beginning.
chained('consent', 'id integer primary key, tenant text, subject text, kind text, data jsonb, version integer, prev text, hash text',
  'tenant subject kind data version prev hash', null, (n, prev) => {
    const row = { tenant: 't1', subject: n % 2 ? odd(n) : null, kind: `k${n}`, data: deep(n), version: n % 3 };
    const event = { v: row.version, scope: { tenant: row.tenant, subject: row.subject ?? undefined }, event: { type: row.kind, data: sorted(row.data) }, prev: prev ? { alg: 'sha256', hash: prev } : undefined };
    const hash = `sha256-${createHash('sha256').update(JSON.stringify(event)).digest('hex')}`;
    return { hash, row: { id: n, ...row, data: JSON.stringify(row.data), prev, hash } };
  });

// Pairs of names and values, hashed twice.
chained('webhook', 'id integer primary key, action text, actor text, tries integer, prev text, hash text',
  'action actor tries prev hash', 'genesis', (n, prev) => {
    const row = { tries: n * 2, actor: n % 2 ? odd(n) : null, action: odd(n + 1) };
    const text = JSON.stringify(Object.entries({ ...row, prev }).sort());
    const once = createHash('sha256').update(text).digest();
    const hash = createHash('sha256').update(once).digest('hex');
    return { hash, row: { id: n, ...row, prev, hash } };
  });
