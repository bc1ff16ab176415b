-- The TALA accounting application's tables (PostgreSQL 15), as far as its restore has to be verified.
--
-- Quoted CamelCase names, text keys, and timestamp(3) WITHOUT time zone holding UTC: the shape its
-- object-relational mapper creates. Sixteen tables carry "tenantId"; "Customer", "SalesInvoice" and
-- "Form2307" carry it without a foreign key. "RolePermission", "RefreshToken" and "ConsentRecord" have no
-- tenant of their own (it follows from "roleId" or "userId"), and "Permission" is shared by all tenants.

CREATE TABLE "Tenant" (
    "id"                 text PRIMARY KEY,
    "name"               text NOT NULL,
    "slug"               text NOT NULL UNIQUE,
    "industry"           text,
    "timezone"           text NOT NULL DEFAULT 'Asia/Manila',
    "registrationNumber" text,
    "createdAt"          timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"          timestamp(3) NOT NULL,
    "deletedAt"          timestamp(3)
);

CREATE TABLE "Company" (
    "id"        text PRIMARY KEY,
    "tenantId"  text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "name"      text NOT NULL,
    "tin"       text NOT NULL,
    "address"   text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "User" (
    "id"           text PRIMARY KEY,
    "tenantId"     text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "email"        text NOT NULL,
    "fullName"     text NOT NULL,
    "passwordHash" text NOT NULL,
    "roleId"       text NOT NULL,
    "isActive"     boolean NOT NULL DEFAULT true,
    "lastLoginAt"  timestamp(3),
    "createdAt"    timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"    timestamp(3) NOT NULL,
    UNIQUE ("tenantId", "email")
);

CREATE TABLE "Role" (
    "id"          text PRIMARY KEY,
    "tenantId"    text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "name"        text NOT NULL,
    "description" text,
    "createdAt"   timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE ("tenantId", "name")
);

ALTER TABLE "User" ADD CONSTRAINT "User_roleId_fkey"
    FOREIGN KEY ("roleId") REFERENCES "Role" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "Permission" (
    "id"          text PRIMARY KEY,
    "resource"    text NOT NULL,
    "action"      text NOT NULL,
    "description" text,
    UNIQUE ("resource", "action")
);

CREATE TABLE "RolePermission" (
    "id"           text PRIMARY KEY,
    "roleId"       text NOT NULL REFERENCES "Role" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "permissionId" text NOT NULL REFERENCES "Permission" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    UNIQUE ("roleId", "permissionId")
);

CREATE TABLE "RefreshToken" (
    "id"        text PRIMARY KEY,
    "userId"    text NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "tokenHash" text NOT NULL UNIQUE,
    "expiresAt" timestamp(3) NOT NULL,
    "revokedAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "ConsentRecord" (
    "id"          text PRIMARY KEY,
    "userId"      text NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "purpose"     text NOT NULL,
    "granted"     boolean NOT NULL,
    "version"     text NOT NULL,
    "createdAt"   timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawnAt" timestamp(3)
);

CREATE TABLE "ChartOfAccount" (
    "id"            text PRIMARY KEY,
    "tenantId"      text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "code"          text NOT NULL,
    "name"          text NOT NULL,
    "accountType"   text NOT NULL,             -- asset | liability | equity | revenue | expense
    "normalBalance" text NOT NULL,             -- debit | credit
    "isActive"      boolean NOT NULL DEFAULT true,
    "createdAt"     timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE ("tenantId", "code")
);

CREATE TABLE "TaxCode" (
    "id"          text PRIMARY KEY,
    "tenantId"    text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "code"        text NOT NULL,
    "description" text NOT NULL,
    "rate"        numeric(5,2) NOT NULL,       -- per cent
    UNIQUE ("tenantId", "code")
);

CREATE TABLE "FiscalPeriod" (
    "id"        text PRIMARY KEY,
    "tenantId"  text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "name"      text NOT NULL,
    "startDate" timestamp(3) NOT NULL,
    "endDate"   timestamp(3) NOT NULL,
    "status"    text NOT NULL,                 -- open | closed
    UNIQUE ("tenantId", "name")
);

CREATE TABLE "JournalEntry" (
    "id"            text PRIMARY KEY,
    "tenantId"      text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "companyId"     text NOT NULL REFERENCES "Company" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "journalNumber" text NOT NULL,
    "status"        text NOT NULL DEFAULT 'draft',   -- draft | posted | voided
    "entryDate"     timestamp(3) NOT NULL,
    "description"   text NOT NULL,
    "sourceType"    text NOT NULL,
    "totalDebit"    numeric(18,2) NOT NULL DEFAULT 0,
    "totalCredit"   numeric(18,2) NOT NULL DEFAULT 0,
    "isBalanced"    boolean NOT NULL DEFAULT false,
    "createdById"   text NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "postedAt"      timestamp(3),
    "createdAt"     timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"     timestamp(3) NOT NULL,
    UNIQUE ("tenantId", "journalNumber")
);
CREATE INDEX ON "JournalEntry" ("tenantId", "entryDate");

-- A line's tenant and its entry's tenant are independent columns: nothing here makes them agree.
CREATE TABLE "JournalDetail" (
    "id"               text PRIMARY KEY,
    "journalEntryId"   text NOT NULL REFERENCES "JournalEntry" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "tenantId"         text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "chartOfAccountId" text NOT NULL REFERENCES "ChartOfAccount" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "taxCodeId"        text REFERENCES "TaxCode" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "lineNumber"       integer NOT NULL,
    "description"      text,
    "debit"            numeric(18,2) NOT NULL DEFAULT 0,
    "credit"           numeric(18,2) NOT NULL DEFAULT 0,
    "createdAt"        timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ON "JournalDetail" ("journalEntryId");

-- One row per posted line; "balance" runs per account in the order of "transactionDate", debits positive.
CREATE TABLE "GeneralLedger" (
    "id"               text PRIMARY KEY,
    "tenantId"         text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "chartOfAccountId" text NOT NULL REFERENCES "ChartOfAccount" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "journalNumber"    text NOT NULL,
    "description"      text,
    "debit"            numeric(18,2) NOT NULL DEFAULT 0,
    "credit"           numeric(18,2) NOT NULL DEFAULT 0,
    "balance"          numeric(18,2) NOT NULL DEFAULT 0,
    "transactionDate"  timestamp(3) NOT NULL,
    "createdAt"        timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ON "GeneralLedger" ("tenantId", "chartOfAccountId", "transactionDate");

CREATE TABLE "Vendor" (
    "id"        text PRIMARY KEY,
    "tenantId"  text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "name"      text NOT NULL,
    "tin"       text,
    "email"     text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "Customer" (
    "id"          text PRIMARY KEY,
    "tenantId"    text NOT NULL,
    "name"        text NOT NULL,
    "tin"         text,
    "email"       text,
    "creditLimit" numeric(18,2),
    "createdAt"   timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt"   timestamp(3) NOT NULL
);
CREATE INDEX ON "Customer" ("tenantId");

CREATE TABLE "SalesInvoice" (
    "id"             text PRIMARY KEY,
    "tenantId"       text NOT NULL,
    "customerId"     text NOT NULL REFERENCES "Customer" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "journalEntryId" text REFERENCES "JournalEntry" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "invoiceNumber"  text NOT NULL,
    "invoiceDate"    timestamp(3) NOT NULL,
    "dueDate"        timestamp(3) NOT NULL,
    "subtotal"       numeric(18,2) NOT NULL,
    "vatAmount"      numeric(18,2) NOT NULL,
    "totalAmount"    numeric(18,2) NOT NULL,
    "status"         text NOT NULL,            -- draft | issued | paid | voided
    "createdAt"      timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE ("tenantId", "invoiceNumber")
);

-- A vendor's bill.
CREATE TABLE "Invoice" (
    "id"             text PRIMARY KEY,
    "tenantId"       text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "vendorId"       text NOT NULL REFERENCES "Vendor" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "journalEntryId" text REFERENCES "JournalEntry" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "invoiceNumber"  text NOT NULL,
    "invoiceDate"    timestamp(3) NOT NULL,
    "dueDate"        timestamp(3) NOT NULL,
    "subtotal"       numeric(18,2) NOT NULL,
    "vatAmount"      numeric(18,2) NOT NULL,
    "withheldAmount" numeric(18,2) NOT NULL,
    "totalAmount"    numeric(18,2) NOT NULL,   -- payable: subtotal + VAT - tax withheld
    "status"         text NOT NULL,            -- draft | approved | paid | voided
    "createdAt"      timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "Payment" (
    "id"             text PRIMARY KEY,
    "tenantId"       text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "salesInvoiceId" text REFERENCES "SalesInvoice" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "invoiceId"      text REFERENCES "Invoice" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "journalEntryId" text NOT NULL REFERENCES "JournalEntry" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "amount"         numeric(18,2) NOT NULL,
    "method"         text NOT NULL,
    "reference"      text,
    "paidAt"         timestamp(3) NOT NULL,
    CHECK (num_nonnulls("salesInvoiceId", "invoiceId") = 1)
);

-- Certificate of creditable tax withheld at source, issued to a vendor. "tenantId" came later and stayed nullable.
CREATE TABLE "Form2307" (
    "id"          text PRIMARY KEY,
    "tenantId"    text,
    "vendorId"    text NOT NULL REFERENCES "Vendor" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "invoiceId"   text NOT NULL REFERENCES "Invoice" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "atc"         text NOT NULL,               -- alphanumeric tax code
    "periodFrom"  timestamp(3) NOT NULL,
    "periodTo"    timestamp(3) NOT NULL,
    "taxBase"     numeric(18,2) NOT NULL,
    "taxWithheld" numeric(18,2) NOT NULL,
    "createdAt"   timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- One hash chain per (tenantId, entityType, entityId):
-- dataHash = hex(sha256(previousHash or '' || entityType || entityId || action || YYYY-MM-DDTHH:MM:SS.mmmZ || userId)).
-- The other columns are not covered by the hash.
CREATE TABLE "AuditLog" (
    "id"            text PRIMARY KEY,
    "tenantId"      text NOT NULL REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "userId"        text NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "entityType"    text NOT NULL,
    "entityId"      text NOT NULL,
    "action"        text NOT NULL,
    "changesBefore" text,
    "changesAfter"  text,
    "description"   text,
    "previousHash"  text,
    "dataHash"      text NOT NULL,
    "hashVerified"  boolean NOT NULL DEFAULT false,
    "ipAddress"     text,
    "userAgent"     text,
    "createdAt"     timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ON "AuditLog" ("tenantId", "entityType", "entityId", "createdAt");
