// Tables of applications that hash in JavaScript, as these applications write them:
// `node generate.mjs > node.sql` (Node 20). The comment of each table lists what its hash covers.
// ROWS=200 makes so many rows of each, most of them ordinary.
import { createHash } from 'node:crypto';

const ROWS = Number(process.env.ROWS ?? 0);
// So many rows of one of so many chains in a table.
const rowsOf = (few, chains = 1) => (ROWS ? Math.ceil(ROWS / chains) : few);
// What was written out, and after it what most rows have.
const many = (list, ordinary) => [...list, ...Array.from({ length: Math.max(ROWS - list.length, 0) }, (_, k) => {
  const n = k + list.length;
  return n % 20 ? ordinary(n) : list[(n / 20) % list.length];
})];
const words = ['login', 'logout', 'doc.read', 'doc.update', 'grant', 'Anna Meier', 'export', 'order 1042', 'no change', 'revoke', 'retry'];
const sha = (text) => createHash('sha256').update(text, 'utf8').digest('hex');
const sqlValue = (value) => {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `E'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
};
const table = (name, columns, covered, rows) => {
  console.log(`create table ${name} (${columns});`);
  console.log(`comment on table ${name} is '${covered}';`);
  for (const row of rows) {
    const names = Object.keys(row).map((key) => `"${key}"`).join(', ');
    console.log(`insert into ${name} (${names}) values (${Object.values(row).map(sqlValue).join(', ')});`);
  }
};
const at = (n) => new Date(Date.UTC(2026, 0, 2, 3, n, n % 2 ? 5 : 0, n > 8 ? (n * 337) % 1000 : n % 3 ? 678 : 0));
const uuid = (n) => `550e8400-e29b-41d4-a716-44665544${String(n).padStart(4, '0')}`;
const odd = many(['plain', 'O\'Neil "x" \\ y', 'é<>&\u2028😀', 'a|b', '', 'tab\tnew\nline', 'mark'], (n) => words[n % 11] + (n % 3 ? '' : ` ${n}`));
const last = rowsOf(7) - 1;
const zeros = '0'.repeat(64);
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};
const deep = many([
  { zeta: 1, a: { y: 1, x: [3, { k: null, b: 'é<>& \u2028' }] }, 10: 'ten', 9: 'nine', mark: 'mark' },
  { n: 1.5, big: 1e21, small: 1e-7, whole: 100.0, mark: 'mark' },
  {},
  null,
  [1, 'mark', { B: true, a: false, _: 0 }],
  { mark: 'mark', text: odd[1] },
  { id: 7, mark: 'mark' },
], (n) => [null, { status: words[n % 11] }, { amount: n / 4, currency: 'EUR' }, { user: { name: words[n % 11], id: n }, ok: true }, { field: 'status', from: 'open', to: words[n % 7] }][n % 5]);
// What code writes in its own order, which jsonb does not keep.
const unordered = many([
  { userId: 7, note: odd[1], at: null }, null, {}, { status: 'mark', id: 3 }, { zeta: [1, { to: 'mark', from: 'x' }], a: { y: 1, x: 2 } },
  { é: 1e-7, 10: 'ten', b: 2 }, { status: 'mark', id: 9 },
], (n) => [null, { status: words[n % 11] }, { total: n / 4, currency: 'EUR' }, { user: { name: words[n % 11], id: n }, ok: true }, { status: 'open', id: n, by: words[n % 7] }][n % 5]);
// A value beside its JSON text, as a driver sends it.
const json = (value) => (value === null ? null : JSON.stringify(value));

{ // tala: the application's clock is hashed and the database's, a few milliseconds later, is stored.
  const rows = [];
  for (const entity of ['inv_1', 'inv_2']) {
    let prev = null;
    for (let n = 0; n < rowsOf(6, 2); n += 1) {
      const own = new Date(at(n).getTime() - (n % 4));
      const row = { id: `${entity}-${n}`, tenantId: 't1', entityType: 'Invoice', entityId: entity, action: odd[n] || 'x', userId: `u${n}` };
      const hash = sha((prev ?? '') + row.entityType + row.entityId + row.action + own.toISOString() + row.userId);
      rows.push({ ...row, createdAt: at(n).toISOString(), previousHash: prev, dataHash: hash });
      prev = hash;
    }
  }
  table('tala', 'id text primary key, "tenantId" text, "entityType" text, "entityId" text, action text, "userId" text, "createdAt" timestamp(3), "previousHash" text, "dataHash" text',
    'entityType entityId action createdAt userId previousHash dataHash', rows);
}

const chained = (name, columns, covered, genesis, count, make) => {
  let prev = genesis;
  const rows = [];
  for (let n = 0; n < count; n += 1) {
    const { row, hash } = make(n, prev);
    rows.push(row);
    prev = hash;
  }
  table(name, columns, covered, rows);
};

chained('apofasi', 'id uuid primary key, event_type varchar, payload jsonb, hash varchar, prev_hash varchar, created_at timestamp',
  'event_type payload prev_hash hash', null, rowsOf(7), (n, prev) => {
    const row = { event_type: odd[n], payload: unordered[n], prev_hash: prev };
    const hash = sha(JSON.stringify(row));
    return { hash, row: { id: uuid(n), ...row, payload: json(row.payload), hash, created_at: at(n).toISOString() } };
  });

chained('calypso', 'id uuid primary key, actor_id text, action text, entity_type text, entity_id text, before jsonb, after jsonb, ip text, ts timestamptz, prev_hash text, hash text',
  'actor_id action entity_type entity_id before after ts prev_hash hash', zeros, rowsOf(7), (n, prev) => {
    const row = { actor_id: `u${n}`, action: odd[n], entity_type: 'doc', entity_id: odd[last - n], before: sorted(deep[n]), after: sorted(deep[last - n]), ts: at(n).toISOString() };
    const hash = sha(prev + JSON.stringify(row));
    return { hash, row: { id: uuid(n), ...row, before: json(deep[n]), after: json(deep[last - n]), prev_hash: prev, hash } };
  });

{ // omadia: bytes, a genesis derived from the stream, canonical JSON (of values on which the sorter agrees with RFC 8785).
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
  };
  const rows = [];
  for (const stream of ['receipts', 'refunds']) {
    let prev = sha(`genesis:${stream}`);
    for (let n = 0; n < rowsOf(6, 2); n += 1) {
      const hash = sha([stream, String(n + 1), prev, canonical(deep[n] ?? {})].join('\n'));
      rows.push({ stream_id: stream, seq: n + 1, prev_hash: `\\x${prev}`, entry_hash: `\\x${hash}`, payload: json(deep[n] ?? {}) });
      prev = hash;
    }
  }
  table('omadia', 'stream_id text, seq bigint, prev_hash bytea, entry_hash bytea, payload jsonb, primary key (stream_id, seq)',
    'stream_id seq payload prev_hash entry_hash', rows);
}

chained('chronosops', 'id text primary key, "createdAt" timestamp(3), "chainId" text, seq integer, "prevHash" text, hash text, "eventType" text, "entityType" text, "entityId" text, "entityRef" text, payload jsonb',
  'chainId seq prevHash eventType entityType entityId entityRef payload hash', 'GENESIS', rowsOf(7), (n, prev) => {
    const row = { chainId: 'incident-1', seq: n + 1, prevHash: prev, eventType: odd[n], entityType: 'incident', entityId: `i${n}`, entityRef: n % 2 ? null : odd[n], payload: deep[n] };
    const hash = sha(JSON.stringify(sorted(row)));
    return { hash, row: { id: `c${n}`, ...row, payload: json(row.payload), hash, createdAt: at(n).toISOString() } };
  });

chained('apgms_final_audit', 'id text primary key, "orgId" text, "actorId" text, action text, metadata jsonb, "createdAt" timestamp(3), hash text, "prevHash" text',
  'orgId actorId action metadata createdAt prevHash hash', null, rowsOf(7), (n, prev) => {
    const row = { orgId: 'o1', actorId: `a${n}`, action: odd[n], metadata: unordered[n], createdAt: at(n).toISOString(), prevHash: prev };
    const hash = sha(JSON.stringify(row));
    return { hash, row: { id: `r${n}`, ...row, metadata: json(row.metadata), hash } };
  });

chained('apgms_appendonly', 'id bigint primary key, actor text, action text, payload_hash text, prev_hash text, terminal_hash text',
  'payload_hash prev_hash terminal_hash', null, rowsOf(6), (n, prev) => {
    const payload = sha(odd[n]);
    const hash = sha((prev ?? '') + payload);
    return { hash, row: { id: n * 3, actor: 'a', action: odd[n], payload_hash: payload, prev_hash: prev, terminal_hash: hash } };
  });

chained('loa_dixie', 'entry_id uuid primary key, resource_type text, "timestamp" timestamptz, event_type text, actor_id text, payload jsonb, entry_hash text, previous_hash text, hash_domain_tag text, created_at timestamptz',
  'entry_id timestamp event_type actor_id payload hash_domain_tag previous_hash entry_hash', `sha256:${sha('')}`, rowsOf(7), (n, prev) => {
    const own = { entry_id: uuid(n), timestamp: at(n).toISOString(), event_type: odd[n] };
    if (n % 2) own.actor_id = `actor-${n}`;
    if (deep[n] !== null && n % 140 !== 0) own.payload = deep[n];
    // The ninth version hashed an entry made up from these alone.
    const tag = n < 2 ? 'loa-commons:audit:9:' : `loa-commons:audit:${n < 9 ? n : 10}:`;
    const { entry_id, event_type, timestamp } = own;
    const hashed = n < 2 ? { entry_id, event_type, resource_type: 'model', timestamp } : sorted(own);
    const hash = `sha256:${sha(`sha256:${sha(tag + JSON.stringify(hashed))}:${prev}`)}`;
    const row = { ...own, resource_type: 'model', payload: own.payload === undefined ? null : json(own.payload) };
    return { hash, row: { ...row, entry_hash: hash, previous_hash: prev, hash_domain_tag: tag, created_at: at(n + 1).toISOString() } };
  });

chained('tiktok_gift', 'id text primary key, "userId" text, action text, amount double precision, "giftId" text, description text, "prevHash" text, hash text, "createdAt" timestamp(3)',
  'userId action description amount prevHash giftId hash', '', rowsOf(7), (n, prev) => {
    const amount = [1, 2.5, 0.1 + 0.2, 1e21, 5e-7, 100, 12345678.9][n] ?? n / 4;
    const row = { userId: `u${n}`, action: 'SEND', description: odd[n], amount, prevHash: prev };
    if (n % 2) row.giftId = `g${n}`;
    const hash = sha(JSON.stringify(row));
    return { hash, row: { id: `r${n}`, ...row, hash, createdAt: at(n).toISOString() } };
  });

chained('prisma_util_a', 'n integer, action text, resource text, "resourceId" text, "userId" text, "newValue" jsonb, "prevHash" text, hash text, "createdAt" timestamp(3)',
  'action resource resourceId userId newValue createdAt prevHash hash', null, rowsOf(7), (n, prev) => {
    const row = { action: odd[n], resource: 'r', resourceId: n % 2 ? `i${n}` : null, userId: n % 3 ? `u${n}` : null };
    const hash = sha([prev ?? 'GENESIS', row.action, row.resource, row.resourceId ?? '', row.userId ?? '', JSON.stringify(unordered[n]), at(n).toISOString()].join('|'));
    return { hash, row: { n, ...row, newValue: json(unordered[n]), prevHash: prev, hash, createdAt: at(n).toISOString() } };
  });

chained('prisma_util_b', '"timestamp" timestamp(3), action text, "userId" text, "entityId" text, changes jsonb, "previousHash" text, hash text',
  'timestamp action userId entityId changes previousHash hash', zeros, rowsOf(7), (n, prev) => {
    const row = { timestamp: at(n).toISOString(), action: odd[n], userId: `u${n}`, entityId: `e${n}`, changes: json(unordered[n] ?? {}) };
    const hash = sha([prev, row.timestamp, row.action, row.userId, row.entityId, JSON.stringify(unordered[n] ?? {})].join('|'));
    return { hash, row: { ...row, previousHash: prev, hash } };
  });

chained('prisma_util_c', 'action text, "resourceId" text, details jsonb, "previousHash" text, hash text, "createdAt" timestamp(3)',
  'action resourceId details createdAt previousHash hash', 'GENESIS', rowsOf(7), (n, prev) => {
    const row = { action: odd[n], resourceId: n % 2 ? `i${n}` : null, details: json(unordered[n] ?? {}), createdAt: at(n).toISOString() };
    const hash = sha([prev, row.action, row.resourceId ?? '', JSON.stringify(unordered[n] ?? {}), row.createdAt].join('|'));
    return { hash, row: { ...row, previousHash: prev, hash } };
  });

{ // temple: the hashed text is stored since jsonb lost its order; a migration wrote the first row.
  const label = 'audit-log-genesis';
  const rows = [];
  let prev = 'GENESIS';
  const columns = { actor_user_id: null, actor_email: null, actor_type: 'system', action_type: 'start', action_description: label, target_table: null, target_id: null, payload_before: null, payload_after: null, payload_metadata: null, request_id: null };
  for (let n = 0; n < rowsOf(9); n += 1) {
    if (n > 0) Object.assign(columns, { actor_user_id: `u${n}`, actor_email: n % 2 ? null : `u${n}@example.com`, actor_type: 'user', action_type: `t${n}`, action_description: odd[n % odd.length], target_table: 'accounts', target_id: n % 3 ? null : `a${n}`, payload_before: deep[n % deep.length], payload_after: deep[(n + 2) % deep.length], payload_metadata: { zone: 'mark', b: n }, request_id: `r${n}` });
    const input = JSON.stringify({ prev_hash: prev, ...columns });
    const hash = sha(n > 0 ? input : label);
    const stored = Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, name.startsWith('payload') ? json(value) : value]));
    rows.push({ id: uuid(n), sequence_number: n * 2 + 1, prev_hash: prev, content_hash: hash, ...stored, hash_input: n < 2 ? '' : input });
    prev = hash;
  }
  table('temple', 'id uuid primary key, sequence_number bigint, prev_hash varchar(64), content_hash varchar(64), actor_user_id varchar, actor_email varchar, actor_type varchar, action_type varchar, action_description text, target_table varchar, target_id varchar, payload_before jsonb, payload_after jsonb, payload_metadata jsonb, request_id varchar, hash_input text',
    'hash_input prev_hash content_hash actor_user_id actor_email actor_type action_type action_description target_table target_id payload_before payload_after payload_metadata request_id', rows);
}
