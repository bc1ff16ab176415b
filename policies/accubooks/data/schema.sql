-- The AccuBooks-Chronaworkflow tables that a restore has to be verified on (PostgreSQL 15).
--
-- Unquoted snake_case names and timestamptz(3). A ledger line has one positive amount, a side and a currency. The
-- audit log keeps its metadata in a `json` column, so the text that was hashed is still there. What the platform
-- knows about backups, isolation and restores is in tables too and can be asked like any other fact.

CREATE TABLE tenants (
    id            text PRIMARY KEY,
    name          text NOT NULL,
    base_currency char(3) NOT NULL,
    plan          text NOT NULL,
    status        text NOT NULL DEFAULT 'active',   -- active | restoring | suspended
    created_at    timestamptz(3) NOT NULL
);

CREATE TABLE users (
    id         text PRIMARY KEY,
    tenant_id  text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email      text NOT NULL UNIQUE,
    full_name  text NOT NULL,
    role       text NOT NULL,
    created_at timestamptz(3) NOT NULL
);

CREATE TABLE accounts (
    id        text PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    code      text NOT NULL,
    name      text NOT NULL,
    kind      text NOT NULL,                        -- asset | liability | equity | revenue | expense
    UNIQUE (tenant_id, code)
);

CREATE TABLE journal_entries (
    id           text PRIMARY KEY,
    tenant_id    text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    entry_number integer NOT NULL,
    entry_date   date NOT NULL,
    memo         text NOT NULL,
    status       text NOT NULL,                     -- draft | posted | reversed
    created_by   text NOT NULL REFERENCES users (id),
    created_at   timestamptz(3) NOT NULL,
    UNIQUE (tenant_id, entry_number)
);

-- An entry balances per currency: an exchange has two lines in each, against a clearing account.
CREATE TABLE journal_lines (
    id         text PRIMARY KEY,
    entry_id   text NOT NULL REFERENCES journal_entries (id) ON DELETE CASCADE,
    tenant_id  text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    account_id text NOT NULL REFERENCES accounts (id),
    line_no    smallint NOT NULL,
    side       text NOT NULL CHECK (side IN ('debit', 'credit')),
    amount     numeric(18,2) NOT NULL CHECK (amount > 0),
    currency   char(3) NOT NULL
);
CREATE INDEX ON journal_lines (entry_id);

-- Imported statement lines: one signed amount, matched to an entry or not yet; tenant_id has no foreign key.
CREATE TABLE bank_transactions (
    id          text PRIMARY KEY,
    tenant_id   text,
    entry_id    text REFERENCES journal_entries (id) ON DELETE SET NULL,
    booked_at   timestamptz(3) NOT NULL,
    amount      numeric(18,2) NOT NULL,
    currency    char(3) NOT NULL,
    description text NOT NULL
);

CREATE TABLE configurations (
    tenant_id  text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key        text NOT NULL,
    value      text NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

-- One hash chain per tenant, sequence 1, 2, 3 ... without gaps. current_hash = hex(sha256(JSON.stringify(object)))
-- with the keys id, tenantId, actorId, action, resourceType, resourceId, outcome, timestamp, correlationId, severity,
-- metadata, previousHash (absent in the first event), sequence, immutable, in this order.
CREATE TABLE audit_events (
    id             text PRIMARY KEY,
    tenant_id      text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    actor_id       text NOT NULL,
    action         text NOT NULL,
    resource_type  text NOT NULL,
    resource_id    text NOT NULL,
    outcome        text NOT NULL,
    "timestamp"    timestamptz(3) NOT NULL,
    correlation_id text NOT NULL,
    severity       text NOT NULL,
    metadata       json NOT NULL,
    previous_hash  text,
    sequence       bigint NOT NULL,
    immutable      boolean NOT NULL DEFAULT true,
    current_hash   text NOT NULL
);
CREATE INDEX ON audit_events (tenant_id, sequence);

-- ---------------------------------------------------------------- what the platform knows about itself

CREATE TABLE tenant_services (
    tenant_id   text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    service     text NOT NULL,
    status      text NOT NULL,                      -- running | degraded | stopped
    isolated    boolean NOT NULL,
    isolated_at timestamptz(3),
    depends_on  text,
    PRIMARY KEY (tenant_id, service)
);

CREATE TABLE backups (
    id            text PRIMARY KEY,
    tenant_id     text REFERENCES tenants (id),     -- null: the whole platform
    kind          text NOT NULL,                    -- full | partial | configuration | service
    status        text NOT NULL,                    -- running | completed | failed
    started_at    timestamptz(3) NOT NULL,
    finished_at   timestamptz(3),
    size_bytes    bigint,
    sha256        text,
    verified_at   timestamptz(3),
    location      text NOT NULL,
    failure       text
);

CREATE TABLE restore_runs (
    id           text PRIMARY KEY,
    tenant_id    text NOT NULL REFERENCES tenants (id),
    kind         text NOT NULL,                     -- full_tenant | partial_tenant | configuration | service
    backup_id    text NOT NULL REFERENCES backups (id),
    phase        text NOT NULL,                     -- pre_restore | isolation | restore | verification | resume | post_restore | done
    status       text NOT NULL,                     -- running | succeeded | failed | rolled_back
    target_time  timestamptz(3) NOT NULL,
    started_at   timestamptz(3) NOT NULL,
    finished_at  timestamptz(3)
);

CREATE TABLE maintenance_windows (
    id         text PRIMARY KEY,
    tenant_id  text NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    reason     text NOT NULL,
    starts_at  timestamptz(3) NOT NULL,
    ends_at    timestamptz(3) NOT NULL,
    announced  boolean NOT NULL
);
