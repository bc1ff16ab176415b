-- Fills the schema with five tenants in the clean variant, in which everything holds.
--
-- Deterministic: no random(), no now(); every choice comes from a SHA-256 of what is being chosen.

BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL client_min_messages = warning;

CREATE FUNCTION pg_temp.pick(key text, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || substr(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 1, 12))::bit(48)::bigint % n
$$;

-- A name in the shape of a version 4 UUID.
CREATE FUNCTION pg_temp.uuid(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT overlay(overlay(encode(substr(sha256(convert_to(key, 'UTF8')), 1, 16), 'hex') PLACING '4' FROM 13) PLACING 'a' FROM 17)::uuid::text
$$;

-- JSON.stringify of a string. PostgreSQL escapes exactly what ECMAScript does: quote, backslash, the five short
-- control escapes and \u00xx below U+0020; everything else, also U+2028 and U+007F, stays as it is.
CREATE FUNCTION pg_temp.js(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(value)::text $$;

-- JSON.stringify of a number: no trailing zeros. Plain notation suffices between 1e-6 and 1e21.
CREATE FUNCTION pg_temp.js(value numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT trim_scale(value)::text $$;

-- ---------------------------------------------------------------- tenants and people

CREATE TEMP TABLE t_tenant ON COMMIT DROP AS
SELECT no, 'tnt_' || slug AS id, name, slug, currency, plan, entries, events
FROM (VALUES
    (1, 'Northwind Freight LLC',      'northwind', 'USD', 'enterprise', 480, 620),
    (2, 'Isla Verde Resorts Inc.',    'islaverde', 'PHP', 'enterprise', 400, 520),
    (3, 'Cordillera Coffee Traders',  'cordillera', 'PHP', 'business',  310, 430),
    (4, 'Harbor & Pine Studio',       'harborpine', 'USD', 'business',  210, 290),
    (5, 'Bicol Agri Cooperative',     'bicolagri', 'PHP', 'starter',    100, 140)
) AS v (no, name, slug, currency, plan, entries, events);

INSERT INTO tenants
SELECT id, name, currency, plan, CASE no WHEN 4 THEN 'restoring' ELSE 'active' END, timestamptz '2025-10-01 00:00:00Z' + no * interval '9 seconds'
FROM t_tenant;

CREATE TEMP TABLE t_user ON COMMIT DROP AS
SELECT t.no AS tenant, n AS no, 'usr_' || left(replace(pg_temp.uuid('user' || t.no || '.' || n), '-', ''), 16) AS id,
       (ARRAY['Grace', 'Miguel', 'Hannah', 'Oscar', 'Lea', 'Tomás', 'Irene', 'Noel'])[1 + (t.no * 3 + n) % 8] || ' ' ||
       (ARRAY['Navarro', 'Whitfield', 'Aquino', 'Castañeda', 'O''Brien', 'Salonga', 'Lim'])[1 + (t.no * 2 + n) % 7] AS name,
       (ARRAY['admin', 'controller', 'accountant', 'clerk'])[n] AS role
FROM t_tenant t, generate_series(1, 4) AS n;

INSERT INTO users
SELECT u.id, t.id, u.role || '@' || t.slug || '.example.com', u.name, u.role, timestamptz '2025-10-01 00:01:00Z' + u.no * interval '3 seconds'
FROM t_user u JOIN t_tenant t ON t.no = u.tenant;

INSERT INTO accounts
SELECT 'acc_' || t.slug || '_' || code, t.id, code, a.name, kind
FROM t_tenant t, (VALUES
    ('1000', 'Bank, base currency', 'asset'), ('1010', 'Bank, foreign currency', 'asset'), ('1100', 'Trade receivables', 'asset'),
    ('1500', 'Equipment', 'asset'), ('1590', 'Accumulated depreciation', 'asset'), ('1900', 'Currency clearing', 'asset'),
    ('2000', 'Trade payables', 'liability'), ('2200', 'Taxes payable', 'liability'), ('3000', 'Owners'' capital', 'equity'),
    ('4000', 'Revenue', 'revenue'), ('5000', 'Direct costs', 'expense'), ('6000', 'Payroll', 'expense'),
    ('6100', 'Rent and utilities', 'expense'), ('6200', 'Software and subscriptions', 'expense'), ('6900', 'Bank fees', 'expense')
) AS a (code, name, kind);

-- ---------------------------------------------------------------- the ledger

CREATE TEMP TABLE t_entry ON COMMIT DROP AS
SELECT t.no AS tenant, t.id AS tenant_id, t.slug, k, 'je_' || replace(pg_temp.uuid('entry' || t.no || '.' || k), '-', '') AS id,
       date_trunc('milliseconds', timestamptz '2025-10-01 00:20:00Z' + (k - 1 + pg_temp.pick('at' || t.no || '.' || k, 90000) / 100000.0)
           / t.entries * interval '105 days 13 hours') AS at,
       CASE WHEN k = 1 THEN 'capital'     WHEN dice < 34 THEN 'sale'      WHEN dice < 54 THEN 'receipt' WHEN dice < 74 THEN 'purchase'
            WHEN dice < 88 THEN 'payment' WHEN dice < 92 THEN 'exchange'  WHEN dice < 95 THEN 'payroll' WHEN dice < 97 THEN 'depreciation'
            ELSE 'fee' END AS kind,
       CASE WHEN k > 1 AND status < 4 THEN 'draft' WHEN k > 1 AND status < 7 THEN 'reversed' ELSE 'posted' END AS status,
       -- A quarter of the business is done in the other currency.
       CASE WHEN foreign_dice = 0 AND k > 1 THEN CASE t.currency WHEN 'USD' THEN 'PHP' ELSE 'USD' END ELSE t.currency END AS currency,
       t.currency AS base, amount
FROM t_tenant t CROSS JOIN LATERAL generate_series(1, t.entries) AS k,
     LATERAL (SELECT pg_temp.pick('kind' || t.no || '.' || k, 100), pg_temp.pick('status' || t.no || '.' || k, 100),
                     pg_temp.pick('currency' || t.no || '.' || k, 4), (5000 + pg_temp.pick('amount' || t.no || '.' || k, 1900000)) / 100.0)
         AS d (dice, status, foreign_dice, amount);

INSERT INTO journal_entries
SELECT e.id, e.tenant_id, k, (at AT TIME ZONE 'UTC')::date,
       CASE kind WHEN 'capital' THEN 'Opening capital'  WHEN 'sale' THEN 'Customer invoice ' || 1000 + k
                 WHEN 'receipt' THEN 'Customer receipt' WHEN 'purchase' THEN 'Supplier bill ' || 70000 + pg_temp.pick('bill' || e.id, 9999)
                 WHEN 'payment' THEN 'Supplier payment' WHEN 'exchange' THEN 'Currency exchange'
                 WHEN 'payroll' THEN 'Payroll'          WHEN 'depreciation' THEN 'Depreciation' ELSE 'Bank fee' END,
       status, u.id, at
FROM t_entry e JOIN t_user u ON u.tenant = e.tenant AND u.no = 2 + pg_temp.pick('by' || e.id, 3)
ORDER BY at, e.tenant;

-- Money in units of the entry's currency; PHP amounts are 50 times as large. The tax is rounded once, so lines add up.
INSERT INTO journal_lines
SELECT 'jl_' || replace(pg_temp.uuid('line' || e.tenant || '.' || k || '.' || line), '-', ''), e.id, e.tenant_id,
       'acc_' || slug || '_' || CASE account WHEN 'bank' THEN CASE WHEN currency = base THEN '1000' ELSE '1010' END
                                             WHEN 'usd bank' THEN CASE base WHEN 'USD' THEN '1000' ELSE '1010' END
                                             WHEN 'php bank' THEN CASE base WHEN 'PHP' THEN '1000' ELSE '1010' END
                                             WHEN 'cost' THEN (ARRAY['5000', '6100', '6200'])[1 + pg_temp.pick('cost' || e.id, 3)] ELSE account END,
       line, side,
       CASE figure WHEN 'net' THEN net WHEN 'tax' THEN tax WHEN 'gross' THEN net + tax WHEN 'usd' THEN amount
                   WHEN 'php' THEN round(amount * 58.25, 2) WHEN 'capital' THEN net * 100 END,
       CASE figure WHEN 'usd' THEN 'USD' WHEN 'php' THEN 'PHP' ELSE currency END
FROM t_entry e
JOIN (VALUES
    ('capital',      1, 'bank', 'debit',  'capital'), ('capital',      2, '3000', 'credit', 'capital'),
    ('sale',         1, '1100', 'debit',  'gross'),   ('sale',         2, '4000', 'credit', 'net'),   ('sale',     3, '2200', 'credit', 'tax'),
    ('receipt',      1, 'bank', 'debit',  'gross'),   ('receipt',      2, '1100', 'credit', 'gross'),
    ('purchase',     1, 'cost', 'debit',  'net'),     ('purchase',     2, '2200', 'debit',  'tax'),   ('purchase', 3, '2000', 'credit', 'gross'),
    ('payment',      1, '2000', 'debit',  'gross'),   ('payment',      2, 'bank', 'credit', 'gross'),
    ('exchange',     1, '1900', 'debit',  'usd'),     ('exchange',     2, 'usd bank', 'credit', 'usd'),
    ('exchange',     3, 'php bank', 'debit', 'php'),     ('exchange',     4, '1900', 'credit', 'php'),
    ('payroll',      1, '6000', 'debit',  'gross'),   ('payroll',      2, 'bank', 'credit', 'net'),   ('payroll',  3, '2200', 'credit', 'tax'),
    ('depreciation', 1, '6100', 'debit',  'net'),     ('depreciation', 2, '1590', 'credit', 'net'),
    ('fee',          1, '6900', 'debit',  'tax'),     ('fee',          2, 'bank', 'credit', 'tax')
) AS r (kind, line, account, side, figure) USING (kind),
LATERAL (SELECT CASE currency WHEN 'PHP' THEN amount * 50 ELSE amount END) AS a (net),
LATERAL (SELECT round(a.net * 0.12, 2)) AS b (tax)
ORDER BY at, e.tenant, line;

INSERT INTO bank_transactions
SELECT 'bt_' || replace(pg_temp.uuid('bank' || l.id), '-', ''), e.tenant_id, CASE WHEN pg_temp.pick('match' || l.id, 12) > 0 THEN e.id END,
       e.at + interval '6 hours', CASE l.side WHEN 'debit' THEN l.amount ELSE -l.amount END, l.currency,
       'TRF ' || upper(left(md5(l.id), 10))
FROM journal_lines l JOIN t_entry e ON e.id = l.entry_id
WHERE l.account_id ~ '_10[01]0$' AND e.status = 'posted' AND e.kind <> 'capital' AND e.at < '2026-01-14 08:00Z'
ORDER BY e.at, l.id;

INSERT INTO configurations
SELECT t.id, key, value, timestamptz '2025-10-03 02:00:00Z' + t.no * interval '3 hours'
FROM t_tenant t, (VALUES ('ledger.lock_date', '2025-11-30'), ('audit.retention_days', '2555'), ('session.timeout_minutes', '20'),
                         ('backup.schedule', '0 0 * * *'), ('features.multi_currency', 'true')) AS c (key, value);

-- ---------------------------------------------------------------- audit events

-- The text of `metadata` is what JSON.stringify gives: compact, keys in the order the application set them.
CREATE TEMP TABLE t_event ON COMMIT DROP AS
SELECT t.no AS tenant, t.id AS tenant_id, n AS sequence, pg_temp.uuid('event' || t.no || '.' || n) AS id,
       -- The last event of the last tenant but one is the newest thing known: 14:28:57.318.
       CASE WHEN t.no = 4 AND n = t.events THEN timestamptz '2026-01-14 14:28:57.318Z'
            ELSE date_trunc('milliseconds', timestamptz '2025-10-01 00:30:00Z'
                + (n - 1 + pg_temp.pick('moment' || t.no || '.' || n, 90000) / 100000.0) / t.events * interval '105 days 13 hours') END AS at,
       u.id AS actor, u.name AS actor_name, k.*, e.id AS entry_id, e.k AS entry_number, pg_temp.pick('shape' || t.no || '.' || n, 1000000) AS seed, t.currency
FROM t_tenant t CROSS JOIN LATERAL generate_series(1, t.events) AS n
JOIN t_user u ON u.tenant = t.no AND u.no = 1 + pg_temp.pick('actor' || t.no || '.' || n, 4)
JOIN t_entry e ON e.tenant = t.no AND e.k = 1 + pg_temp.pick('about' || t.no || '.' || n, t.entries),
LATERAL (SELECT pg_temp.pick('what' || t.no || '.' || n, 100)) AS d (dice),
LATERAL (SELECT CASE WHEN n = 1 THEN 'tenant.created'            WHEN dice < 30 THEN 'journal_entry.created'
                     WHEN dice < 50 THEN 'journal_entry.posted'  WHEN dice < 62 THEN 'user.login'
                     WHEN dice < 68 THEN 'user.login_failed'     WHEN dice < 78 THEN 'report.exported'
                     WHEN dice < 86 THEN 'configuration.changed' WHEN dice < 93 THEN 'backup.completed'
                     WHEN dice < 97 THEN 'attachment.added'      ELSE 'session.closed' END) AS k (action);

ALTER TABLE t_event ADD metadata text;
UPDATE t_event SET metadata = CASE action
    WHEN 'tenant.created' THEN '{"plan":"initial","createdBy":' || pg_temp.js(actor_name) || ',"limits":{"users":25,"apiCallsPerMinute":600}}'
    WHEN 'journal_entry.created' THEN '{"entryNumber":' || entry_number || ',"amount":' || pg_temp.js(round(seed / 100.0, 2)) || ',"currency":' || pg_temp.js(currency)
        || ',"memo":' || pg_temp.js((ARRAY['Café supplies – "premium" blend', 'Freight C:\invoices\2025', E'Line one\nLine two', E'Tab\tseparated, naïve ✓',
                                           'Año nuevo 🎉 party', 'Repair < 24h & parts > ₱500', E'Bell\u0007 and bar | pipe', 'Rent'])[1 + seed % 8])
        || ',"tags":' || (ARRAY['[]', '["q4"]', '["q4","review"]', '["Ñ","ß"]'])[1 + seed % 4] || '}'
    WHEN 'journal_entry.posted' THEN '{"status":{"from":"draft","to":"posted"},"approver":' || pg_temp.js(actor_name) || ',"lines":' || 2 + seed % 3 || '}'
    WHEN 'user.login' THEN '{"method":"password","mfa":' || (ARRAY['true', 'false'])[1 + seed % 2] || ',"ip":"198.51.100.' || 1 + seed % 250
        || '","userAgent":"Mozilla/5.0 (X11; Linux x86_64)","geo":{"country":"PH","city":' || pg_temp.js((ARRAY['Parañaque', 'Makati', 'Cebu'])[1 + seed % 3]) || '}}'
    WHEN 'user.login_failed' THEN '{"reason":"bad_password","attempt":' || 1 + seed % 5 || ',"lockedUntil":null}'
    WHEN 'report.exported' THEN '{"report":"trial_balance","rows":' || seed % 5000 || ',"durationMs":' || pg_temp.js(round(seed / 7000.0, 3)) || ',"filters":{"to":"2025-12-31","from":"2025-10-01","accounts":[]}}'
    WHEN 'configuration.changed' THEN '{"key":"session.timeout_minutes","before":"30","after":"' || 10 + seed % 50 || '"}'
    WHEN 'backup.completed' THEN '{"sizeBytes":' || 500000000 + seed * 17 || ',"ratio":' || pg_temp.js(round(seed / 1000000.0, 4) + 0.001) || ',"checksum":"' || md5(seed::text) || '","parts":[{"name":"db","ok":true},{"name":"files","ok":true}]}'
    WHEN 'attachment.added' THEN '{"fileName":' || pg_temp.js('résumé "final"/v' || seed % 9 || '.pdf') || '}'
    -- What nobody described: no key at all, and the one case a jsonb column would survive.
    ELSE '{}' END;

DO $$
DECLARE
    event record;
    tenant text := '';
    previous text;
    hash text;
    stamp text;
    resource text;
    resource_id text;
    outcome text;
    severity text;
    correlation text;
BEGIN
    FOR event IN SELECT * FROM t_event ORDER BY tenant, sequence LOOP
        IF tenant <> event.tenant_id THEN
            tenant := event.tenant_id;
            previous := NULL;
        END IF;
        stamp := to_char(event.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
        resource := split_part(event.action, '.', 1);
        resource_id := CASE resource WHEN 'journal_entry' THEN event.entry_id WHEN 'user' THEN event.actor WHEN 'tenant' THEN event.tenant_id
                                     ELSE resource || '-' || event.seed % 900 END;
        outcome := CASE event.action WHEN 'user.login_failed' THEN 'failure' ELSE 'success' END;
        severity := CASE event.action WHEN 'user.login_failed' THEN 'warning' WHEN 'configuration.changed' THEN 'notice' ELSE 'info' END;
        correlation := 'req-' || left(md5(event.id), 12);
        hash := encode(sha256(convert_to(
            '{"id":' || pg_temp.js(event.id) || ',"tenantId":' || pg_temp.js(event.tenant_id) || ',"actorId":' || pg_temp.js(event.actor)
            || ',"action":' || pg_temp.js(event.action) || ',"resourceType":' || pg_temp.js(resource) || ',"resourceId":' || pg_temp.js(resource_id)
            || ',"outcome":' || pg_temp.js(outcome) || ',"timestamp":' || pg_temp.js(stamp) || ',"correlationId":' || pg_temp.js(correlation)
            || ',"severity":' || pg_temp.js(severity) || ',"metadata":' || event.metadata
            || coalesce(',"previousHash":' || pg_temp.js(previous), '') || ',"sequence":' || event.sequence || ',"immutable":true}', 'UTF8')), 'hex');
        INSERT INTO audit_events VALUES (event.id, event.tenant_id, event.actor, event.action, resource, resource_id, outcome, event.at,
            correlation, severity, event.metadata::json, previous, event.sequence, true, hash);
        previous := hash;
    END LOOP;
END
$$;

-- ---------------------------------------------------------------- backups, isolation, a restore under way

-- Harbor & Pine (tenant 4) is being restored: its four services are isolated, everybody else's run.
INSERT INTO tenant_services
SELECT t.id, service, CASE no WHEN 4 THEN 'stopped' ELSE 'running' END, no = 4, CASE no WHEN 4 THEN timestamptz '2026-01-14 14:20:00Z' END, depends
FROM t_tenant t, (VALUES ('api', 'ledger'), ('ledger', NULL), ('reporting', 'ledger'), ('workflow', 'api')) AS s (service, depends);

-- A platform backup each midnight (kept 14 days here), and per tenant one of each smaller kind each morning.
INSERT INTO backups
SELECT 'bkp_full_' || to_char(d, 'YYYYMMDD'), NULL, 'full', 'completed', d, d + interval '11 minutes', 524288000 + pg_temp.pick('size' || d, 9000000),
       encode(sha256(convert_to('full' || d, 'UTF8')), 'hex'), d + interval '26 minutes', 's3://accubooks-backups/full/' || to_char(d, 'YYYY/MM/DD'), NULL
FROM generate_series(timestamp '2026-01-01', timestamp '2026-01-14', interval '1 day') AS g (day), LATERAL (SELECT day AT TIME ZONE 'UTC') AS x (d);

INSERT INTO backups
SELECT 'bkp_' || kind || '_' || t.slug || '_' || to_char(d, 'YYYYMMDD'), t.id, kind, 'completed', d, d + interval '95 seconds',
       1048576 + pg_temp.pick('size' || kind || t.no || d, 90000000), encode(sha256(convert_to(kind || t.no || d, 'UTF8')), 'hex'), d + interval '4 minutes',
       's3://accubooks-backups/' || kind || '/' || t.slug || to_char(d, '/YYYY/MM/DD'), NULL
FROM t_tenant t, unnest(ARRAY['partial', 'configuration', 'service']) AS kind, generate_series(0, 2) AS ago,
     LATERAL (SELECT timestamptz '2026-01-14 06:00:00Z' - ago * interval '1 day' + t.no * interval '2 minutes') AS x (d);

INSERT INTO restore_runs VALUES
    ('rst_drill_20260101', 'tnt_northwind', 'full_tenant', 'bkp_full_20260101', 'done', 'succeeded',
     '2026-01-01 00:00Z', '2026-01-01 03:00Z', '2026-01-01 04:18Z'),
    ('rst_20260114_harborpine', 'tnt_harborpine', 'full_tenant', 'bkp_full_20260114', 'isolation', 'running',
     '2026-01-14 14:15Z', '2026-01-14 14:16Z', NULL);

INSERT INTO maintenance_windows VALUES
    ('mw_20260114_harborpine', 'tnt_harborpine', 'Full tenant restore', '2026-01-14 14:16Z', '2026-01-14 16:06Z', true);

DROP FUNCTION pg_temp.pick(text, bigint);
DROP FUNCTION pg_temp.uuid(text);
DROP FUNCTION pg_temp.js(text);
DROP FUNCTION pg_temp.js(numeric);
COMMIT;
