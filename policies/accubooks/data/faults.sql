-- Faults to plant on a copy of the clean data. Each says what it is, where, and what still looks right.
--
-- Keys are literal: the generator is deterministic. Every statement must hit exactly one row, so a change of the
-- generator that moves a key stops here instead of quietly testing nothing.

BEGIN;
SET LOCAL TimeZone = 'UTC';
-- Neither foreign keys nor cascades, as in a restore that loads the tables with triggers off (needs a superuser).
SET LOCAL session_replication_role = replica;

CREATE FUNCTION pg_temp.once(statement text) RETURNS void LANGUAGE plpgsql AS $fn$
DECLARE
    hit bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS hit = ROW_COUNT;
    IF hit <> 1 THEN
        RAISE EXCEPTION 'a planted fault changed % rows instead of 1: %', hit, statement;
    END IF;
END
$fn$;

-- The application's recipe over a row as it stands. The text of `metadata` is already what JSON.stringify gives.
CREATE FUNCTION pg_temp.event_hash(e audit_events) RETURNS text LANGUAGE sql AS $fn$
    SELECT encode(sha256(convert_to(
        '{"id":' || to_json(e.id)::text || ',"tenantId":' || to_json(e.tenant_id)::text || ',"actorId":' || to_json(e.actor_id)::text
        || ',"action":' || to_json(e.action)::text || ',"resourceType":' || to_json(e.resource_type)::text
        || ',"resourceId":' || to_json(e.resource_id)::text || ',"outcome":' || to_json(e.outcome)::text
        || ',"timestamp":"' || to_char(e."timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        || '","correlationId":' || to_json(e.correlation_id)::text || ',"severity":' || to_json(e.severity)::text
        || ',"metadata":' || e.metadata::text || coalesce(',"previousHash":' || to_json(e.previous_hash)::text, '')
        || ',"sequence":' || e.sequence || ',"immutable":' || e.immutable || '}', 'UTF8')), 'hex')
$fn$;

DO $do$
BEGIN
    -- ---------------------------------------------------------------- the ledger

    -- One cent too much on the tax line of tnt_northwind, entry 120: credits exceed debits by USD 0.01.
    PERFORM pg_temp.once($$UPDATE journal_lines SET amount = amount + 0.01 WHERE id = 'jl_f7cd27b12e3c48f7a82309d004ef6f3a'$$);

    -- A line in the wrong currency: the revenue line (634.09) of tnt_islaverde, entry 78, says PHP instead of USD. The
    -- entry's amounts still add up; they only do so across currencies.
    PERFORM pg_temp.once($$UPDATE journal_lines SET currency = 'PHP' WHERE id = 'jl_d53853cb83304edaabbd293ff64a0e69' AND currency = 'USD'$$);

    -- One line deleted: the tax (PHP 2,003.22 debit) of tnt_cordillera, entry 60.
    PERFORM pg_temp.once($$DELETE FROM journal_lines WHERE id = 'jl_492be70638174be7af13652f65c2d1d5'$$);

    -- One line moved to another tenant: the revenue line (USD 9,886.47 credit) of tnt_northwind, entry 201, now says
    -- tnt_harborpine. The entry balances; the line disagrees with its entry and its account.
    PERFORM pg_temp.once($$UPDATE journal_lines SET tenant_id = 'tnt_harborpine' WHERE id = 'jl_75973f088efc4836a9ae5732c6e7e858'$$);

    -- ---------------------------------------------------------------- tenants

    -- The tenant row of tnt_bicolagri is gone and everything it owned remains, with a foreign key
    -- (journal_entries: 100 rows) or without (bank_transactions).
    PERFORM pg_temp.once($$DELETE FROM tenants WHERE id = 'tnt_bicolagri'$$);

    -- A reference across tenants: a statement line of tnt_cordillera is matched to an entry of tnt_islaverde.
    PERFORM pg_temp.once($$UPDATE bank_transactions SET entry_id = 'je_92a7f06863c0412da2012d367437babf' WHERE id = 'bt_4942c17628de4ef4a9be0985a687ff4c'$$);

    -- A NULL where a key should be: a statement line of tnt_islaverde belongs to nobody.
    PERFORM pg_temp.once($$UPDATE bank_transactions SET tenant_id = NULL WHERE id = 'bt_b14ae914e3904093ae9a1dae430cab83'$$);

    -- ---------------------------------------------------------------- the audit log

    -- Altered: in tnt_northwind, event 100, the metadata now says that a part of a backup was not ok. Links intact.
    PERFORM pg_temp.once($$UPDATE audit_events SET metadata = replace(metadata::text, '"files","ok":true', '"files","ok":false')::json
        WHERE tenant_id = 'tnt_northwind' AND sequence = 100 AND metadata::text LIKE '%"files","ok":true%'$$);

    -- Altered and hashed again: tnt_northwind, event 200, has another actor and a hash that fits. Event 201 remembers the
    -- hash it had.
    PERFORM pg_temp.once($$UPDATE audit_events SET actor_id = (SELECT min(id COLLATE "C") FROM users WHERE tenant_id = 'tnt_northwind' AND id <> actor_id)
        WHERE tenant_id = 'tnt_northwind' AND sequence = 200$$);
    PERFORM pg_temp.once($$UPDATE audit_events e SET current_hash = pg_temp.event_hash(e) WHERE tenant_id = 'tnt_northwind' AND sequence = 200$$);

    -- Removed from the middle: tnt_islaverde, event 150 (c9ce0cb7-3ddb-4907-a328-8c1b681b2cfc). A gap in the sequence, and
    -- event 151 links to a hash no row has.
    PERFORM pg_temp.once($$DELETE FROM audit_events WHERE tenant_id = 'tnt_islaverde' AND sequence = 150$$);

    -- Inserted: tnt_islaverde has a second event 301, linked to event 300, with a hash that is only well formed.
    PERFORM pg_temp.once($$
        INSERT INTO audit_events
        SELECT 'f0f0f0f0-1111-4111-a111-00000000301a', tenant_id, actor_id, 'configuration.changed', 'configuration', 'configuration-1', 'success',
               "timestamp" + interval '1 minute', 'req-000000000301', 'notice', '{"key":"ledger.lock_date","before":"2025-11-30","after":"2025-09-30"}',
               current_hash, 301, true, encode(sha256('not the recipe'), 'hex')
        FROM audit_events WHERE tenant_id = 'tnt_islaverde' AND sequence = 300
    $$);

    -- Forked: tnt_cordillera has event 120 twice, 12 ms apart, both linked to event 119, both with a right hash. Event 121
    -- continues the first.
    PERFORM pg_temp.once($$
        INSERT INTO audit_events
        SELECT 'f0f0f0f0-1111-4111-a111-00000000120b', tenant_id, actor_id, action, resource_type, resource_id, outcome,
               "timestamp" + interval '12 ms', 'req-000000000120', severity, metadata, previous_hash, sequence, immutable, ''
        FROM audit_events WHERE tenant_id = 'tnt_cordillera' AND sequence = 120
    $$);
    PERFORM pg_temp.once($$UPDATE audit_events e SET current_hash = pg_temp.event_hash(e) WHERE id = 'f0f0f0f0-1111-4111-a111-00000000120b'$$);

    -- Swapped: events 250 and 251 of tnt_cordillera have exchanged their numbers. The links still make one chain.
    PERFORM pg_temp.once($$UPDATE audit_events SET sequence = 251 WHERE id = '342778f0-515e-4fe7-a224-760d2859e280' AND sequence = 250$$);
    PERFORM pg_temp.once($$UPDATE audit_events SET sequence = 250 WHERE id = 'e947c401-2117-4ca6-ada2-b95fc86b0dcf' AND sequence = 251$$);

    -- Lost tail: the last event of tnt_harborpine, 290 (0f771b42-fcdd-4797-a0d0-a5224d6303d2), is gone. Nothing inside the
    -- table shows it; only an anchor that knew the head does.
    PERFORM pg_temp.once($$DELETE FROM audit_events WHERE tenant_id = 'tnt_harborpine' AND sequence = 290$$);

    -- ---------------------------------------------------------------- what the platform knows about itself

    -- Not isolated after all: reporting of tnt_harborpine still reads.
    PERFORM pg_temp.once($$UPDATE tenant_services SET isolated = false, isolated_at = NULL, status = 'running'
        WHERE tenant_id = 'tnt_harborpine' AND service = 'reporting'$$);

    -- The newest platform backup failed: no size, no checksum, never verified. The one before is 24 hours older.
    PERFORM pg_temp.once($$UPDATE backups SET status = 'failed', size_bytes = NULL, sha256 = NULL, verified_at = NULL, failure = 'no space left on device'
        WHERE id = 'bkp_full_20260114'$$);
END
$do$;

DROP FUNCTION pg_temp.once(text);
DROP FUNCTION pg_temp.event_hash(audit_events);
COMMIT;
