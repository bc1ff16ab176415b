-- Makes a copy of the clean data show a real defect of the application: the time that is hashed was read in the
-- application, 1 to 40 ms before the database set "createdAt". No row recomputes from its columns, every link holds,
-- and nobody tampered with anything. The lag of a row is 1 + (first byte of sha256(id)) % 40.

BEGIN;
SET LOCAL TimeZone = 'UTC';

DO $$
DECLARE
    entry record;
    chain text := '';
    previous text;
    hash text;
BEGIN
    FOR entry IN
        SELECT a."id", a."entityType", a."entityId", a."action", a."userId",
               concat_ws('/', a."tenantId", a."entityType", a."entityId") AS chain,
               a."createdAt" - (1 + get_byte(sha256(convert_to(a."id", 'UTF8')), 0) % 40) * interval '1 ms' AS hashed_at
        FROM "AuditLog" a
        ORDER BY a."tenantId", a."entityType", a."entityId", a."createdAt"
    LOOP
        IF chain <> entry.chain THEN
            chain := entry.chain;
            previous := NULL;
        END IF;
        hash := encode(sha256(convert_to(coalesce(previous, '') || entry."entityType" || entry."entityId" || entry."action"
            || to_char(entry.hashed_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || entry."userId", 'UTF8')), 'hex');
        UPDATE "AuditLog" SET "previousHash" = previous, "dataHash" = hash WHERE "id" = entry."id";
        previous := hash;
    END LOOP;
END
$$;

COMMIT;
