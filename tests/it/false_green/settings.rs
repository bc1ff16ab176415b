//! What a database or a role sets for every session must not change an answer, nor keep one from being given.

use crate::support::Scratch;

#[test]
fn quoted_identifiers_everywhere_do_not_unsettle_a_session() {
    let s = Scratch::new("fg_quote_all", "create table t (id int primary key); insert into t values (1)");
    s.sql("alter database fg_quote_all set quote_all_identifiers = on");
    s.sql("alter role holdtrue_reader in database fg_quote_all set quote_all_identifiers = on");
    s.holds("", "on t; require id = 1");
    s.holds("", "require sql returns 1 $$ select count(*) from t $$");
}

#[test]
fn odd_settings_of_a_database_change_no_answer() {
    let s = Scratch::new(
        "fg_settings",
        "create table t (id int primary key, at timestamptz not null, d interval not null, b float8 not null, m money not null);
         insert into t values (1, '2026-03-04T05:06:07Z', '90 min', 0.1, 12.5);",
    );
    for setting in [
        "datestyle = 'German, DMY'",
        "intervalstyle = 'sql_standard'",
        "timezone = 'Asia/Kathmandu'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "search_path = '$user', public",
        "standard_conforming_strings = off",
        "transform_null_equals = on",
        "client_encoding = 'LATIN1'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_deferrable = on",
        "row_security = on",
        "lc_monetary = 'C'",
        "enable_seqscan = off",
        "xmloption = 'document'",
        "array_nulls = off",
    ] {
        s.sql(&format!("alter database fg_settings set {setting}"));
    }
    s.holds("", "on t; require at = 2026-03-04T05:06:07Z and d = 90min and b = 0.1 and m = 12.5");
    s.holds("", "require newest(t.at) = 2026-03-04T05:06:07Z");
    s.holds("", "require max(t.d) = 90min");
    s.holds("", "require max(t.b) = 0.1");
}
