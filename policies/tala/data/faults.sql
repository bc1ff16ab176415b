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

DO $do$
BEGIN
    -- ---------------------------------------------------------------- the ledger

    -- One cent moved from one entry's line to another's, both of villanueva-cpas:
    --   JE-2025-00101 (cmxvm7rvxm7hqq7xz44xd29k9) now has debits 0.01 below its credits,
    --   JE-2025-00210 (cm07r7v7vhktw4zzxq9mh2247) 0.01 above. Tenant and grand totals still agree.
    PERFORM pg_temp.once($$UPDATE "JournalDetail" SET "debit" = "debit" - 0.01 WHERE "id" = 'cmmw2t407v094qt09rxw4hwh0'$$);
    PERFORM pg_temp.once($$UPDATE "JournalDetail" SET "debit" = "debit" + 0.01 WHERE "id" = 'cm0xx0vrq9r90d0dtwmqxrvxk'$$);

    -- One line deleted: the output VAT (48,710.10 credit) of mayon-hardware JE-2025-00202 (cmh0xhm27479txhxxrq0dv4vq).
    PERFORM pg_temp.once($$DELETE FROM "JournalDetail" WHERE "id" = 'cmzmkxw4vwvqz9xq49d7q2wtw'$$);

    -- One line moved to another tenant: the revenue line (81,889.98 credit) of banahaw-builders JE-2025-00150
    -- (cmhm9rxx79h7vz0xwqxkhvw90) now says mayon-hardware. The entry balances, the two tenants do not, and the line
    -- disagrees with its entry, its account and its tax code.
    PERFORM pg_temp.once($$UPDATE "JournalDetail" SET "tenantId" = 'cmkh7mw29779t2zrvt9tqtrzh' WHERE "id" = 'cmkrxm4mwz7xww0k00h9khrzh'$$);

    -- A header total with two digits exchanged: mayon-hardware JE-2025-00150 (cmwhz07m44tqdz0dwr2099zt0) says debits of
    -- 124,899.03 where its lines add up to 128,499.03. The lines balance, and "isBalanced" still says so.
    PERFORM pg_temp.once($$UPDATE "JournalEntry" SET "totalDebit" = 124899.03 WHERE "id" = 'cmwhz07m44tqdz0dwr2099zt0' AND "totalDebit" = 128499.03$$);

    -- A running balance off by one peso: lutong-bahay, account 1020, JE-2025-00182. Debit and credit are right.
    PERFORM pg_temp.once($$UPDATE "GeneralLedger" SET "balance" = "balance" + 1 WHERE "id" = 'cm2v29r4t9h4h0zrkmxvwmz0d'$$);

    -- ---------------------------------------------------------------- tenants

    -- The tenant row of penafrancia-cold is gone and everything it owned remains: orphans in every table that
    -- carries "tenantId", with a foreign key ("JournalEntry": 120 rows) or without ("Customer": 16 rows).
    PERFORM pg_temp.once($$DELETE FROM "Tenant" WHERE "id" = 'cmt0m4v0v2zkrmmx0wzt2h4kd'$$);

    -- A reference across tenants: salakay-digital's invoice SI-000067 names a customer of lutong-bahay.
    PERFORM pg_temp.once($$UPDATE "SalesInvoice" SET "customerId" = 'cmhqqr2v7vk2tq7zkkm4whz9t' WHERE "id" = 'cmxkrwm47xq7kwzvkmw4z0md9'$$);

    -- A NULL where a key should be: a withholding certificate of banahaw-builders belongs to nobody.
    PERFORM pg_temp.once($$UPDATE "Form2307" SET "tenantId" = NULL WHERE "id" = 'cm44vk944dm94xrzkxx70kkqz'$$);

    -- ---------------------------------------------------------------- the audit log

    -- Altered: the approval of sales invoice cmwwktvt07hk9hmxh7zzkw224 now says 'Rejected'. Links intact.
    PERFORM pg_temp.once($$UPDATE "AuditLog" SET "action" = 'Rejected' WHERE "id" = 'cmkr0vzv7qdvrx00ztxr40rkw'$$);

    -- Removed from the middle: the approval of sales invoice cmxr0k7qmt0wdhq7kzq0t44q2. Its payment
    -- (cmtx7r22qrm9rxdz4kr7xvqx7) links to a hash no row has.
    PERFORM pg_temp.once($$DELETE FROM "AuditLog" WHERE "id" = 'cmd2vz72xhhk7h0mx72v9vhmt'$$);

    -- Inserted: a discount on sales invoice cmrt4wx4v24kr2dh4t9qdr9q7, linked to the approval before it, with a hash
    -- that is only well formed. The payment after it still links to the approval.
    PERFORM pg_temp.once($$
        INSERT INTO "AuditLog" ("id", "tenantId", "userId", "entityType", "entityId", "action", "changesAfter", "description",
                                "previousHash", "dataHash", "hashVerified", "createdAt")
        SELECT 'cmf0rged0000000000000000i', "tenantId", "userId", "entityType", "entityId", 'Updated', '{"discount":"25%"}', 'Discount granted',
               "dataHash", encode(sha256('not the recipe'), 'hex'), true, "createdAt" + interval '3 days'
        FROM "AuditLog" WHERE "id" = 'cmd7rwr2htt2wz04ht0v7q0xv'
    $$);

    -- Forked: two writers read the same head of sales invoice cmmd0kdq09wzxt07mqvm9xtrm. 'Sent' stands twice, 37 ms
    -- apart, both after the approval, both with a right hash; the payment continues the first.
    PERFORM pg_temp.once($$
        INSERT INTO "AuditLog" ("id", "tenantId", "userId", "entityType", "entityId", "action", "changesBefore", "changesAfter", "description",
                                "previousHash", "dataHash", "hashVerified", "ipAddress", "userAgent", "createdAt")
        SELECT 'cmf0rked0000000000000000f', "tenantId", "userId", "entityType", "entityId", "action", "changesBefore", "changesAfter", "description",
               "previousHash",
               encode(sha256(convert_to("previousHash" || "entityType" || "entityId" || "action"
                   || to_char("createdAt" + interval '37 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || "userId", 'UTF8')), 'hex'),
               true, "ipAddress", "userAgent", "createdAt" + interval '37 ms'
        FROM "AuditLog" WHERE "id" = 'cm2rv79qm47mhtq0rzdd44mzt'
    $$);

    -- Swapped: the approval and the sending of sales invoice cmrx7r9q794wtrk9zxxrmhq7q have exchanged their times. The
    -- links still make one chain of all five rows; the order and the hashes of these two disagree.
    PERFORM pg_temp.once($$UPDATE "AuditLog" SET "createdAt" = '2025-11-06 02:53:57.028' WHERE "id" = 'cm9dqkq9v9v7d44zt99vzhwzt' AND "action" = 'Approved'$$);
    PERFORM pg_temp.once($$UPDATE "AuditLog" SET "createdAt" = '2025-11-06 02:43:57.302' WHERE "id" = 'cmtkwqv4q7mrd07qrwv4ww770' AND "action" = 'Sent'$$);
END
$do$;

DROP FUNCTION pg_temp.once(text);
COMMIT;
