-- Fills the schema with six tenants' books and their audit log: the clean variant, in which everything holds.
--
-- Deterministic: no random(), no now(). Every choice is derived from a SHA-256 of what is being chosen, so two
-- runs give the same rows on every machine, and the keys named in faults.sql stay what they are.

BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL client_min_messages = warning;

-- A number that looks random and depends on nothing but its key: 0 .. n-1.
CREATE FUNCTION pg_temp.pick(key text, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || substr(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 1, 12))::bit(48)::bigint % n
$$;

-- A 25-character key in the shape the mapper gives its rows.
CREATE FUNCTION pg_temp.cuid(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'cm' || translate(substr(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 1, 23),
                             '0123456789abcdef', 'k7w2hq9z4mrx0dtv')
$$;

-- ---------------------------------------------------------------- tenants, people, permissions

-- All six were taken over from an older system in the first minutes of 2025-10-01.

CREATE TEMP TABLE t_tenant ON COMMIT DROP AS
SELECT no, pg_temp.cuid('tenant' || no) AS id, name, slug, industry, registration, entries, scale
FROM (VALUES
    (1, 'Villanueva & Associates CPAs',      'villanueva-cpas',    'Accounting services',   'CS201512345', 800, 1.0),
    (2, 'Mayon Hardware and Lumber Inc.',    'mayon-hardware',     'Retail and wholesale',  'CS201208871', 700, 2.5),
    (3, 'Banahaw Builders Corporation',      'banahaw-builders',   'Construction',          'CS200917402', 600, 6.0),
    (4, 'Lutong Bahay Food Services Corp.',  'lutong-bahay',       'Restaurants',           'CS201703356', 450, 0.6),
    (5, 'Salakay Digital Solutions OPC',     'salakay-digital',    'Software services',     'OPC2021-0917', 330, 1.4),
    (6, 'Peñafrancia Cold Chain Logistics',  'penafrancia-cold',   'Logistics',             'CS201900214', 120, 3.2)
) AS v (no, name, slug, industry, registration, entries, scale);

INSERT INTO "Tenant" ("id", "name", "slug", "industry", "registrationNumber", "createdAt", "updatedAt")
SELECT id, name, slug, industry, registration, at, at
FROM t_tenant, LATERAL (SELECT timestamp '2025-10-01 00:00' + no * interval '7 seconds') AS t (at);

INSERT INTO "Company" ("id", "tenantId", "name", "tin", "address", "createdAt", "updatedAt")
SELECT pg_temp.cuid('company' || no), id, name, to_char(100000000 + pg_temp.pick('tin' || no, 899999999), 'FM000"-"000"-"000') || '-000',
       (ARRAY['Ayala Avenue, Makati City', 'Rizal Street, Legazpi City', 'Quezon Avenue, Lucena City',
              'Session Road, Baguio City', 'Cebu IT Park, Lahug, Cebu City', 'Panganiban Drive, Naga City'])[no],
       timestamp '2025-10-01 00:01', timestamp '2025-10-01 00:01'
FROM t_tenant;

CREATE TEMP TABLE t_role ON COMMIT DROP AS
SELECT * FROM (VALUES
    (1, 'Owner', 'Everything in the tenant'),
    (2, 'Accountant', 'Posts entries and closes periods'),
    (3, 'Bookkeeper', 'Prepares entries and documents'),
    (4, 'Approver', 'Approves invoices and bills'),
    (5, 'Auditor', 'Reads everything, changes nothing')
) AS v (no, name, description);

INSERT INTO "Role" ("id", "tenantId", "name", "description", "createdAt")
SELECT pg_temp.cuid('role' || t.no || '.' || r.no), t.id, r.name, r.description, timestamp '2025-10-01 00:02'
FROM t_tenant t, t_role r;

INSERT INTO "Permission" ("id", "resource", "action", "description")
SELECT pg_temp.cuid('permission' || resource || action), resource, action, action || ' ' || replace(resource, '-', ' ')
FROM unnest(ARRAY['journal-entries', 'chart-of-accounts', 'sales-invoices', 'bills', 'reports', 'audit-logs']) AS resource,
     unnest(ARRAY['read', 'create', 'approve', 'void']) AS action
WHERE resource NOT IN ('reports', 'audit-logs') OR action = 'read';

INSERT INTO "RolePermission" ("id", "roleId", "permissionId")
SELECT pg_temp.cuid('rolepermission' || t.no || r.name || p."resource" || p."action"),
       pg_temp.cuid('role' || t.no || '.' || r.no), p."id"
FROM t_tenant t, t_role r, "Permission" p
WHERE p."action" = 'read'
   OR r.name = 'Owner'
   OR r.name = 'Accountant' AND p."action" <> 'void'
   OR r.name = 'Bookkeeper' AND p."action" = 'create'
   OR r.name = 'Approver'   AND p."action" IN ('approve', 'void');

CREATE TEMP TABLE t_user ON COMMIT DROP AS
SELECT t.no AS tenant, u.no, pg_temp.cuid('user' || t.no || '.' || u.no) AS id,
       (ARRAY['Maria', 'Jose', 'Angelica', 'Ramon', 'Cristina', 'Emmanuel', 'Lourdes', 'Paolo', 'Rosario', 'Benigno',
              'Katrina', 'Danilo'])[1 + (t.no * 5 + u.no * 3) % 12] AS first,
       (ARRAY['Santos', 'Reyes', 'Villanueva', 'Dela Cruz', 'Bautista', 'Ocampo', 'Mendoza', 'Magbanua', 'Dimaculangan',
              'Pangilinan', 'Lacson'])[1 + (t.no * 7 + u.no * 4) % 11] AS last,
       u.no AS role, t.slug
FROM t_tenant t, generate_series(1, 5) AS u (no);

INSERT INTO "User" ("id", "tenantId", "email", "fullName", "passwordHash", "roleId", "lastLoginAt", "createdAt", "updatedAt")
SELECT u.id, t.id, lower(replace(first || '.' || last, ' ', '')) || '@' || u.slug || '.example.ph', first || ' ' || last,
       'scrypt:' || encode(sha256(convert_to('password' || u.id, 'UTF8')), 'hex'),
       pg_temp.cuid('role' || u.tenant || '.' || u.role), NULL, at, at
FROM t_user u JOIN t_tenant t ON t.no = u.tenant,
     LATERAL (SELECT timestamp '2025-10-01 00:03' + (u.tenant * 5 + u.no) * interval '1 second') AS c (at);

INSERT INTO "RefreshToken" ("id", "userId", "tokenHash", "expiresAt", "revokedAt", "createdAt")
SELECT pg_temp.cuid('token' || u.id || n), u.id, encode(sha256(convert_to('token' || u.id || n, 'UTF8')), 'hex'),
       at + interval '7 days', CASE WHEN n < 3 THEN at + interval '9 hours' END, at
FROM t_user u, generate_series(1, 3) AS n,
     LATERAL (SELECT timestamp '2026-01-12 00:30' + (n - 1) * interval '1 day' + pg_temp.pick('tk' || u.id || n, 5000000) * interval '1 ms') AS c (at);

INSERT INTO "ConsentRecord" ("id", "userId", "purpose", "granted", "version", "createdAt", "withdrawnAt")
SELECT pg_temp.cuid('consent' || u.id || purpose), u.id, purpose, true, '2025-08',
       timestamp '2025-10-01 00:04' + (u.tenant * 60 + u.no * 7) * interval '1 second',
       CASE WHEN purpose = 'product_news' AND pg_temp.pick('withdraw' || u.id, 4) = 0 THEN timestamp '2025-11-20 06:12:44.310' END
FROM t_user u, unnest(ARRAY['privacy_notice', 'terms_of_service', 'product_news']) AS purpose;

-- ---------------------------------------------------------------- accounts, taxes, periods, parties

INSERT INTO "ChartOfAccount" ("id", "tenantId", "code", "name", "accountType", "normalBalance", "createdAt")
SELECT pg_temp.cuid('account' || t.no || code), t.id, code, a.name, kind, side, timestamp '2025-10-01 00:05'
FROM t_tenant t, (VALUES
    ('1010', 'Cash on Hand', 'asset', 'debit'),
    ('1020', 'Cash in Bank - BDO Current', 'asset', 'debit'),
    ('1200', 'Accounts Receivable - Trade', 'asset', 'debit'),
    ('1310', 'Input VAT', 'asset', 'debit'),
    ('1320', 'Creditable Withholding Tax', 'asset', 'debit'),
    ('1510', 'Office and IT Equipment', 'asset', 'debit'),
    ('1590', 'Accumulated Depreciation', 'asset', 'credit'),
    ('2010', 'Accounts Payable - Trade', 'liability', 'credit'),
    ('2110', 'Output VAT', 'liability', 'credit'),
    ('2120', 'Withholding Tax Payable - Expanded', 'liability', 'credit'),
    ('2130', 'Withholding Tax Payable - Compensation', 'liability', 'credit'),
    ('2140', 'SSS, PhilHealth and Pag-IBIG Payable', 'liability', 'credit'),
    ('3010', 'Share Capital', 'equity', 'credit'),
    ('3900', 'Retained Earnings', 'equity', 'credit'),
    ('4010', 'Sales and Service Revenue', 'revenue', 'credit'),
    ('5010', 'Cost of Sales and Services', 'expense', 'debit'),
    ('6010', 'Salaries and Wages', 'expense', 'debit'),
    ('6020', 'Employer Contributions', 'expense', 'debit'),
    ('6110', 'Rent', 'expense', 'debit'),
    ('6120', 'Light, Water and Communications', 'expense', 'debit'),
    ('6140', 'Office Supplies', 'expense', 'debit'),
    ('6150', 'Professional Fees', 'expense', 'debit'),
    ('6160', 'Fuel and Transportation', 'expense', 'debit'),
    ('6170', 'Repairs and Maintenance', 'expense', 'debit'),
    ('6200', 'Depreciation', 'expense', 'debit'),
    ('6900', 'Bank Charges', 'expense', 'debit')
) AS a (code, name, kind, side);

INSERT INTO "TaxCode" ("id", "tenantId", "code", "description", "rate")
SELECT pg_temp.cuid('tax' || t.no || code), t.id, code, description, rate
FROM t_tenant t, (VALUES
    ('VAT-S12', 'VAT on sales', 12.00), ('VAT-P12', 'VAT on purchases', 12.00),
    ('WC160', 'Expanded withholding tax, services, corporate', 2.00), ('VAT-EX', 'VAT exempt', 0.00)
) AS x (code, description, rate);

INSERT INTO "FiscalPeriod" ("id", "tenantId", "name", "startDate", "endDate", "status")
SELECT pg_temp.cuid('period' || t.no || m), t.id, to_char(m, 'YYYY-MM'), m, m + interval '1 month' - interval '1 ms',
       CASE WHEN m < timestamp '2025-12-01' THEN 'closed' ELSE 'open' END
FROM t_tenant t, generate_series(timestamp '2025-10-01', timestamp '2026-01-01', interval '1 month') AS m;

CREATE TEMP TABLE t_party ON COMMIT DROP AS
SELECT kind, t.no AS tenant, n AS no, pg_temp.cuid(kind || t.no || '.' || n) AS id,
       (ARRAY['Sampaguita', 'Bayanihan', 'Makiling', 'Dasmariñas', 'Kalayaan', 'Sierra Madre', 'Intramuros', 'Tawi-Tawi', 'Malasimbo',
              'Pinatubo', 'Guimaras', 'Halcon', 'Sulu Sea', 'Maharlika', 'Taal Lake', 'O''Hara & Lim'])
           [1 + (t.no * 11 + n * 5 + CASE kind WHEN 'vendor' THEN 3 ELSE 0 END) % 16] || ' ' ||
       (ARRAY['Trading Corp.', 'Marketing Inc.', 'Food Products', 'Enterprises', 'Medical Supplies', 'Industrial Sales Co.',
              'Realty and Development', 'Transport Services', 'Printing House', 'Agri-Ventures', 'Telecoms Inc.'])
           [1 + (t.no * 3 + n * 7 + CASE kind WHEN 'vendor' THEN 5 ELSE 0 END) % 11] AS name,
       timestamp '2025-10-01 00:06' + (t.no * 16 + n) * interval '1 second' AS at
FROM t_tenant t, unnest(ARRAY['customer', 'vendor']) AS kind,
     generate_series(1, CASE kind WHEN 'customer' THEN 16 ELSE 12 END) AS n;

INSERT INTO "Customer" ("id", "tenantId", "name", "tin", "email", "creditLimit", "createdAt", "updatedAt")
SELECT p.id, t.id, p.name, to_char(200000000 + pg_temp.pick('tin' || p.id, 99999999), 'FM000"-"000"-"000') || '-000',
       'accounts.payable' || p.no || '@customer' || p.tenant || '.example.ph', 50000.00 * (1 + pg_temp.pick('limit' || p.id, 20)), at, at
FROM t_party p JOIN t_tenant t ON t.no = p.tenant WHERE kind = 'customer';

INSERT INTO "Vendor" ("id", "tenantId", "name", "tin", "email", "createdAt", "updatedAt")
SELECT p.id, t.id, p.name, to_char(300000000 + pg_temp.pick('tin' || p.id, 99999999), 'FM000"-"000"-"000') || '-000',
       'billing' || p.no || '@vendor' || p.tenant || '.example.ph', at, at
FROM t_party p JOIN t_tenant t ON t.no = p.tenant WHERE kind = 'vendor';

-- ---------------------------------------------------------------- journal entries

-- Working days between 2025-10-01 and 2026-01-14, without the public holidays.
CREATE TEMP TABLE t_workday ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY d) - 1 AS no, d::timestamp AS day
FROM generate_series(timestamp '2025-10-01', timestamp '2026-01-14', interval '1 day') AS d
WHERE extract(isodow FROM d) < 6
  AND d::date NOT IN ('2025-12-08', '2025-12-25', '2025-12-30', '2025-12-31', '2026-01-01');

-- One slot per entry: strictly increasing within a tenant, in office hours of Manila (00:10 to 09:40 UTC).
CREATE TEMP TABLE t_slot ON COMMIT DROP AS
SELECT t.no AS tenant, k, t.scale, pg_temp.pick('kind' || t.no || '.' || k, 100) AS dice,
       (day + interval '10 minutes' + (p - trunc(p)) * interval '9.5 hours')::timestamp(3) AS at
FROM t_tenant t CROSS JOIN LATERAL generate_series(1, t.entries) AS k,
     LATERAL (SELECT (k - 1 + 0.02 + pg_temp.pick('jitter' || t.no || '.' || k, 90000) / 100000.0)
                     / t.entries * (SELECT count(*) FROM t_workday)) AS f (p)
     JOIN t_workday w ON w.no = trunc(p);

CREATE TEMP TABLE t_kind ON COMMIT DROP AS
SELECT s.*, CASE WHEN k = 1 THEN 'capital'      WHEN dice < 28 THEN 'sale'         WHEN dice < 46 THEN 'collection'
                 WHEN dice < 60 THEN 'bill'     WHEN dice < 66 THEN 'bill2'        WHEN dice < 80 THEN 'payment'
                 WHEN dice < 88 THEN 'cash_sale' WHEN dice < 91 THEN 'payroll'     WHEN dice < 94 THEN 'depreciation'
                 ELSE 'bank_charge' END AS kind,
       -- Work of the last two days is mostly still in draft; otherwise a few entries were never finished or were voided.
       CASE WHEN k = 1 THEN 'posted'
            WHEN at >= timestamp '2026-01-13' AND pg_temp.pick('draft' || tenant || '.' || k, 10) < 6 THEN 'draft'
            WHEN pg_temp.pick('status' || tenant || '.' || k, 100) < 3 THEN 'draft'
            WHEN pg_temp.pick('status' || tenant || '.' || k, 100) < 7 THEN 'voided'
            ELSE 'posted' END AS status
FROM t_slot s;

-- The j-th collection settles the tenant's j-th posted sale, the j-th payment its j-th posted bill. One that would
-- come before its document becomes a cash sale or a bank charge instead. Settlements are always posted.
CREATE TEMP TABLE t_entry ON COMMIT DROP AS
WITH document AS (
    SELECT tenant, k, CASE kind WHEN 'sale' THEN 'collection' ELSE 'payment' END AS settled_by, at,
           row_number() OVER (PARTITION BY tenant, kind = 'sale' ORDER BY k) AS j
    FROM t_kind WHERE kind IN ('sale', 'bill', 'bill2') AND status = 'posted'
), settlement AS (
    SELECT tenant, k, kind, at, row_number() OVER (PARTITION BY tenant, kind ORDER BY k) AS j
    FROM t_kind WHERE kind IN ('collection', 'payment')
), pair AS (
    SELECT s.tenant, s.k, d.k AS document_k
    FROM settlement s JOIN document d ON d.tenant = s.tenant AND d.settled_by = s.kind AND d.j = s.j
    WHERE d.at + interval '1 day' < s.at
), kind AS (
    SELECT t.tenant, t.k, t.at, t.scale, p.document_k,
           CASE WHEN t.kind = 'collection' AND p.document_k IS NULL THEN 'cash_sale'
                WHEN t.kind = 'payment' AND p.document_k IS NULL THEN 'bank_charge' ELSE t.kind END AS kind,
           CASE WHEN p.document_k IS NOT NULL THEN 'posted' ELSE t.status END AS status
    FROM t_kind t LEFT JOIN pair p USING (tenant, k)
)
SELECT tenant, k, at, kind, status, document_k,
       pg_temp.cuid('entry' || tenant || '.' || k) AS id,
       'JE-' || to_char(at, 'YYYY') || '-' || to_char(k, 'FM00000') AS number,
       1 + pg_temp.pick('party' || tenant || '.' || coalesce(document_k, k), CASE WHEN kind IN ('sale', 'collection') THEN 16 ELSE 12 END) AS party,
       -- The amount before tax, drawn by the document a settlement belongs to, so that both agree.
       round(scale * CASE kind
           WHEN 'capital'      THEN 2500000
           WHEN 'cash_sale'    THEN 350 + n % 1450000 / 100.0
           WHEN 'payroll'      THEN 90000 + n % 12000000 / 100.0
           WHEN 'depreciation' THEN 4000 + n % 900000 / 100.0
           WHEN 'bank_charge'  THEN 25 + n % 120000 / 100.0
           WHEN 'sale'         THEN 4500 + n % 16500000 / 100.0
           WHEN 'collection'   THEN 4500 + n % 16500000 / 100.0
           ELSE 1200 + n % 7800000 / 100.0 END, 2) AS net
FROM kind, LATERAL (SELECT pg_temp.pick('amount' || tenant || '.' || coalesce(document_k, k), 1000000007)) AS a (n);

CREATE TEMP TABLE t_recipe ON COMMIT DROP AS
SELECT * FROM (VALUES
    -- kind, line, account ('*' = the vendor's usual expense), side, amount, tax code, text
    ('capital',      1, '1020', 'D', 'net',        NULL,      'Paid-up capital'),
    ('capital',      2, '3010', 'C', 'net',        NULL,      'Paid-up capital'),
    ('sale',         1, '1200', 'D', 'gross',      NULL,      'Receivable'),
    ('sale',         2, '4010', 'C', 'net',        'VAT-S12', 'Revenue'),
    ('sale',         3, '2110', 'C', 'vat',        'VAT-S12', 'Output VAT 12%'),
    ('collection',   1, '1020', 'D', 'received',   NULL,      'Deposit'),
    ('collection',   2, '1320', 'D', 'withheld',   'WC160',   'Tax withheld by customer'),
    ('collection',   3, '1200', 'C', 'gross',      NULL,      'Receivable settled'),
    ('bill',         1, '*',    'D', 'net',        'VAT-P12', 'Purchase'),
    ('bill',         2, '1310', 'D', 'vat',        'VAT-P12', 'Input VAT 12%'),
    ('bill',         3, '2010', 'C', 'received',   NULL,      'Payable'),
    ('bill',         4, '2120', 'C', 'withheld',   'WC160',   'Tax withheld 2%'),
    ('bill2',        1, '*',    'D', 'major',      'VAT-P12', 'Purchase'),
    ('bill2',        2, '6140', 'D', 'minor',      'VAT-P12', 'Supplies on the same bill'),
    ('bill2',        3, '1310', 'D', 'vat',        'VAT-P12', 'Input VAT 12%'),
    ('bill2',        4, '2010', 'C', 'received',   NULL,      'Payable'),
    ('bill2',        5, '2120', 'C', 'withheld',   'WC160',   'Tax withheld 2%'),
    ('payment',      1, '2010', 'D', 'received',   NULL,      'Payable settled'),
    ('payment',      2, '1020', 'C', 'received',   NULL,      'Bank transfer'),
    ('cash_sale',    1, '1010', 'D', 'gross',      NULL,      'Cash received'),
    ('cash_sale',    2, '4010', 'C', 'net',        'VAT-S12', 'Revenue'),
    ('cash_sale',    3, '2110', 'C', 'vat',        'VAT-S12', 'Output VAT 12%'),
    ('payroll',      1, '6010', 'D', 'net',        NULL,      'Gross pay'),
    ('payroll',      2, '6020', 'D', 'employer',   NULL,      'Employer share'),
    ('payroll',      3, '2140', 'C', 'contributed', NULL,     'Employer and employee shares'),
    ('payroll',      4, '2130', 'C', 'wage_tax',   NULL,      'Tax withheld on compensation'),
    ('payroll',      5, '1020', 'C', 'take_home',  NULL,      'Net pay'),
    ('depreciation', 1, '6200', 'D', 'net',        NULL,      'Straight line'),
    ('depreciation', 2, '1590', 'C', 'net',        NULL,      'Straight line'),
    ('bank_charge',  1, '6900', 'D', 'net',        NULL,      'Service charge'),
    ('bank_charge',  2, '1020', 'C', 'net',        NULL,      'Service charge')
) AS v (kind, line, account, side, amount, tax, text);

-- Each tax is rounded once, and the figure that closes the entry is a difference: balanced to the cent.
CREATE TEMP TABLE t_line ON COMMIT DROP AS
SELECT e.tenant, e.k, e.id AS entry, r.line, r.side, r.tax, r.text,
       CASE r.account WHEN '*' THEN (ARRAY['5010', '6110', '6120', '6150', '6160', '6170'])[1 + (e.party % 6)::int] ELSE r.account END AS account,
       CASE r.amount
           WHEN 'net' THEN net                      WHEN 'vat' THEN vat
           WHEN 'gross' THEN net + vat              WHEN 'withheld' THEN withheld
           WHEN 'received' THEN net + vat - withheld
           WHEN 'major' THEN major                  WHEN 'minor' THEN net - major
           WHEN 'employer' THEN employer            WHEN 'contributed' THEN employer + employee
           WHEN 'wage_tax' THEN wage_tax            WHEN 'take_home' THEN net - employee - wage_tax
       END AS amount
FROM t_entry e JOIN t_recipe r USING (kind),
     LATERAL (SELECT round(net * 0.12, 2), round(net * 0.02, 2), round(net * 0.63, 2), round(net * 0.115, 2),
                     round(net * 0.055, 2), round(net * 0.083, 2)) AS tax (vat, withheld, major, employer, employee, wage_tax);

INSERT INTO "JournalEntry" ("id", "tenantId", "companyId", "journalNumber", "status", "entryDate", "description", "sourceType",
                            "totalDebit", "totalCredit", "isBalanced", "createdById", "postedAt", "createdAt", "updatedAt")
SELECT e.id, t.id, pg_temp.cuid('company' || e.tenant), e.number, e.status, e.at,
       CASE e.kind
           WHEN 'capital' THEN 'Paid-up share capital'
           WHEN 'sale' THEN 'Sales invoice to ' || c.name         WHEN 'collection' THEN 'Collection from ' || c.name
           WHEN 'bill' THEN 'Bill of ' || v.name                  WHEN 'bill2' THEN 'Bill of ' || v.name
           WHEN 'payment' THEN 'Payment to ' || v.name            WHEN 'cash_sale' THEN 'Cash sales, daily summary'
           WHEN 'payroll' THEN 'Payroll for ' || to_char(e.at, 'FMMonth YYYY')
           WHEN 'depreciation' THEN 'Depreciation, equipment'     ELSE 'Bank service charge' END,
       CASE e.kind WHEN 'sale' THEN 'sales_invoice' WHEN 'bill' THEN 'bill' WHEN 'bill2' THEN 'bill'
                   WHEN 'collection' THEN 'payment' WHEN 'payment' THEN 'payment' ELSE 'manual' END,
       s.debit, s.credit, s.debit = s.credit, u.id,
       CASE WHEN e.status <> 'draft' THEN e.at + interval '4 minutes' END, e.at, e.at + interval '4 minutes'
FROM t_entry e
JOIN t_tenant t ON t.no = e.tenant
JOIN t_user u ON u.tenant = e.tenant AND u.no = 2 + pg_temp.pick('author' || e.id, 2)
JOIN (SELECT tenant, k, sum(amount) FILTER (WHERE side = 'D'), sum(amount) FILTER (WHERE side = 'C') FROM t_line GROUP BY 1, 2)
     AS s (tenant, k, debit, credit) ON s.tenant = e.tenant AND s.k = e.k
LEFT JOIN t_party c ON c.kind = 'customer' AND c.tenant = e.tenant AND c.no = e.party
LEFT JOIN t_party v ON v.kind = 'vendor' AND v.tenant = e.tenant AND v.no = e.party
ORDER BY e.at, e.tenant;

INSERT INTO "JournalDetail" ("id", "journalEntryId", "tenantId", "chartOfAccountId", "taxCodeId", "lineNumber", "description",
                             "debit", "credit", "createdAt")
SELECT pg_temp.cuid('line' || l.tenant || '.' || l.k || '.' || l.line), l.entry, t.id, pg_temp.cuid('account' || l.tenant || l.account),
       pg_temp.cuid('tax' || l.tenant || l.tax), l.line, l.text,
       CASE l.side WHEN 'D' THEN l.amount ELSE 0 END, CASE l.side WHEN 'C' THEN l.amount ELSE 0 END, e.at
FROM t_line l JOIN t_entry e USING (tenant, k) JOIN t_tenant t ON t.no = l.tenant
ORDER BY e.at, l.tenant, l.line;

-- An entry uses an account once and a tenant's entries have distinct times, so "transactionDate" orders an account's rows.
INSERT INTO "GeneralLedger" ("id", "tenantId", "chartOfAccountId", "journalNumber", "description", "debit", "credit", "balance",
                             "transactionDate", "createdAt")
SELECT pg_temp.cuid('ledger' || d."id"), d."tenantId", d."chartOfAccountId", e."journalNumber", d."description", d."debit", d."credit",
       sum(d."debit" - d."credit") OVER (PARTITION BY d."tenantId", d."chartOfAccountId" ORDER BY e."entryDate"),
       e."entryDate", e."postedAt"
FROM "JournalDetail" d JOIN "JournalEntry" e ON e."id" = d."journalEntryId"
WHERE e."status" = 'posted'
ORDER BY e."entryDate", d."tenantId", d."lineNumber";

-- ---------------------------------------------------------------- documents behind the entries

CREATE TEMP TABLE t_document ON COMMIT DROP AS
SELECT e.tenant, e.k, e.id AS entry, e.at, e.status, e.party, e.net, p.at AS paid_at, p.id AS paid_by,
       CASE e.kind WHEN 'sale' THEN 'SalesInvoice' ELSE 'Invoice' END AS type,
       pg_temp.cuid('document' || e.tenant || '.' || e.k) AS id,
       round(e.net * 0.12, 2) AS vat, round(e.net * 0.02, 2) AS withheld
FROM t_entry e LEFT JOIN t_entry p ON p.tenant = e.tenant AND p.document_k = e.k
WHERE e.kind IN ('sale', 'bill', 'bill2');

INSERT INTO "SalesInvoice" ("id", "tenantId", "customerId", "journalEntryId", "invoiceNumber", "invoiceDate", "dueDate", "subtotal",
                            "vatAmount", "totalAmount", "status", "createdAt")
SELECT d.id, t.id, pg_temp.cuid('customer' || d.tenant || '.' || d.party), d.entry, 'SI-' || to_char(d.k, 'FM000000'), date_trunc('day', d.at),
       date_trunc('day', d.at) + interval '30 days', net, vat, net + vat,
       CASE WHEN paid_at IS NOT NULL THEN 'paid' WHEN status = 'posted' THEN 'issued' ELSE status END, d.at
FROM t_document d JOIN t_tenant t ON t.no = d.tenant WHERE type = 'SalesInvoice' ORDER BY d.at, d.tenant;

INSERT INTO "Invoice" ("id", "tenantId", "vendorId", "journalEntryId", "invoiceNumber", "invoiceDate", "dueDate", "subtotal",
                       "vatAmount", "withheldAmount", "totalAmount", "status", "createdAt")
SELECT d.id, t.id, pg_temp.cuid('vendor' || d.tenant || '.' || d.party), d.entry, (10000 + pg_temp.pick('bill' || d.id, 89999))::text, date_trunc('day', d.at),
       date_trunc('day', d.at) + interval '15 days', net, vat, withheld, net + vat - withheld,
       CASE WHEN paid_at IS NOT NULL THEN 'paid' WHEN status = 'posted' THEN 'approved' ELSE status END, d.at
FROM t_document d JOIN t_tenant t ON t.no = d.tenant WHERE type = 'Invoice' ORDER BY d.at, d.tenant;

INSERT INTO "Payment" ("id", "tenantId", "salesInvoiceId", "invoiceId", "journalEntryId", "amount", "method", "reference", "paidAt")
SELECT pg_temp.cuid('payment' || d.paid_by), t.id, CASE type WHEN 'SalesInvoice' THEN d.id END, CASE type WHEN 'Invoice' THEN d.id END, d.paid_by,
       net + vat - withheld, (ARRAY['InstaPay', 'PESONet', 'Cheque'])[1 + pg_temp.pick('method' || d.id, 3)::int],
       'REF' || (100000000 + pg_temp.pick('ref' || d.id, 899999999)), d.paid_at
FROM t_document d JOIN t_tenant t ON t.no = d.tenant WHERE paid_at IS NOT NULL ORDER BY d.paid_at, d.tenant;

INSERT INTO "Form2307" ("id", "tenantId", "vendorId", "invoiceId", "atc", "periodFrom", "periodTo", "taxBase", "taxWithheld", "createdAt")
SELECT pg_temp.cuid('2307' || d.id), t.id, pg_temp.cuid('vendor' || d.tenant || '.' || d.party), d.id, 'WC160', date_trunc('quarter', d.paid_at),
       date_trunc('quarter', d.paid_at) + interval '3 months' - interval '1 ms', net, withheld, d.paid_at
FROM t_document d JOIN t_tenant t ON t.no = d.tenant WHERE type = 'Invoice' AND paid_at IS NOT NULL ORDER BY d.paid_at, d.tenant;

-- ---------------------------------------------------------------- audit log

-- What happened to each entity, in order. "n" only separates equal times.
CREATE TEMP TABLE t_event ON COMMIT DROP AS
WITH event (tenant, type, entity, n, action, at, person, before, after, description) AS (
    SELECT tenant, 'JournalEntry', id, s.n, s.action, at + s.after * interval '1 second', s.person, s.before, s.state, s.action || ' ' || number
    FROM t_entry, LATERAL (VALUES
        (1, 'Created', 0, 3, NULL, '{"status":"draft"}', true),
        (2, 'Updated', 55, 3, '{"status":"draft"}', '{"status":"draft"}', pg_temp.pick('edit' || id, 3) = 0),
        (3, 'Posted', 240, 2, '{"status":"draft"}', '{"status":"posted"}', status <> 'draft'),
        (4, 'Voided', 90000, 1, '{"status":"posted"}', '{"status":"voided"}', status = 'voided')
    ) AS s (n, action, after, person, before, state, happened)
    WHERE happened AND kind NOT IN ('sale', 'bill', 'bill2', 'collection', 'payment')
    UNION ALL
    SELECT tenant, type, id, s.n, s.action, coalesce(s.fixed, at + s.after * interval '1 second'), s.person, s.before, s.state,
           s.action || ' ' || CASE type WHEN 'Invoice' THEN 'bill' ELSE 'sales invoice' END || ', PHP ' || to_char(net + vat, 'FM999,999,990.00')
    FROM t_document, LATERAL (VALUES
        (1, 'Created', 0, NULL::timestamp, 3, NULL, '{"status":"draft","subtotal":"' || net || '"}', true),
        (2, 'Updated', 130, NULL, 3, '{"status":"draft"}', '{"status":"draft","subtotal":"' || net || '"}', pg_temp.pick('edit' || id, 4) = 0),
        (3, 'Approved', 2700, NULL, 4, '{"status":"draft"}', '{"status":"approved"}', status <> 'draft'),
        (4, 'Sent', 3300, NULL, 3, '{"status":"approved"}', '{"status":"issued"}', status = 'posted' AND type = 'SalesInvoice' AND pg_temp.pick('sent' || id, 4) = 0),
        (5, 'Paid', 0, paid_at, 2, '{"status":"issued"}', '{"status":"paid"}', paid_at IS NOT NULL),
        (6, 'Voided', 86000, NULL, 1, '{"status":"approved"}', '{"status":"voided"}', status = 'voided')
    ) AS s (n, action, after, fixed, person, before, state, happened)
    WHERE happened
    UNION ALL
    SELECT tenant, initcap(kind), id, s, CASE s WHEN 0 THEN 'Created' ELSE 'Updated' END,
           at + s * (interval '17 days' + pg_temp.pick('touch' || id || s, 700000) * interval '1 second'), 3,
           CASE WHEN s > 0 THEN '{"creditTerms":' || s * 15 || '}' END, '{"creditTerms":' || (s + 1) * 15 || '}',
           CASE s WHEN 0 THEN 'New ' || kind ELSE 'Terms changed' END
    FROM t_party, LATERAL generate_series(0, pg_temp.pick('touches' || id, 4)) AS s
    UNION ALL
    SELECT tenant, 'User', id, s, CASE s WHEN 0 THEN 'Created' ELSE 'LoggedIn' END,
           CASE s WHEN 0 THEN timestamp '2025-10-01 00:03' + (tenant * 5 + no) * interval '1 second'
                  ELSE timestamp '2025-09-30 23:30' + (s * 15 + no) * interval '1 day' + pg_temp.pick('login' || id || s, 7000000) * interval '1 ms' END,
           CASE s WHEN 0 THEN 1 ELSE no END, NULL, CASE s WHEN 0 THEN '{"isActive":true}' END, CASE s WHEN 0 THEN 'Account opened' ELSE 'Signed in' END
    FROM t_user, generate_series(0, 6) AS s
    UNION ALL
    -- Somebody works late: the newest row, 78.793 s before the playbook's target time of 14:30.
    SELECT 1, 'User', id, 7, 'LoggedIn', timestamp '2026-01-14 14:28:41.207', no, NULL, NULL, 'Signed in' FROM t_user WHERE tenant = 1 AND no = 2
)
SELECT e.tenant, type, entity, n, action, e.before, after, description, u.id AS user_id,
       CASE n WHEN 7 THEN e.at ELSE e.at + pg_temp.pick('ms' || entity || n, 1000) * interval '1 ms' END::timestamp(3) AS at
FROM event e JOIN t_user u ON u.tenant = e.tenant AND u.no = e.person
WHERE e.at < timestamp '2026-01-14 09:50' OR n = 7;

-- The writer's recipe, one chain per (tenantId, entityType, entityId), oldest first.
DO $$
DECLARE
    event record;
    chain text := '';
    previous text;
    hash text;
BEGIN
    FOR event IN
        SELECT e.*, t.id AS tenant_id FROM t_event e JOIN t_tenant t ON t.no = e.tenant ORDER BY e.tenant, type, entity, at
    LOOP
        IF chain <> concat_ws('/', event.tenant, event.type, event.entity) THEN
            chain := concat_ws('/', event.tenant, event.type, event.entity);
            previous := NULL;
        END IF;
        hash := encode(sha256(convert_to(coalesce(previous, '') || event.type || event.entity || event.action
            || to_char(event.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || event.user_id, 'UTF8')), 'hex');
        INSERT INTO "AuditLog" ("id", "tenantId", "userId", "entityType", "entityId", "action", "changesBefore", "changesAfter", "description",
                                "previousHash", "dataHash", "hashVerified", "ipAddress", "userAgent", "createdAt")
        VALUES (pg_temp.cuid('audit' || event.entity || event.n), event.tenant_id, event.user_id, event.type, event.entity, event.action,
                event.before, event.after, event.description, previous, hash, true,
                '203.0.113.' || 1 + pg_temp.pick('ip' || event.user_id, 250), 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)', event.at);
        previous := hash;
    END LOOP;
END
$$;

UPDATE "User" u SET "lastLoginAt" = l.at
FROM (SELECT "entityId", max("createdAt") AS at FROM "AuditLog" WHERE "action" = 'LoggedIn' GROUP BY 1) AS l
WHERE l."entityId" = u."id";

DROP FUNCTION pg_temp.pick(text, bigint);
DROP FUNCTION pg_temp.cuid(text);
COMMIT;
