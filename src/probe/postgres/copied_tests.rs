//! Rows of binary COPY against a real server.

use std::ops::ControlFlow;

use super::copied::{Copied, Damage, Wire};
use super::lines::Lines;
use super::scratch::Scratch;
use super::stream::{Format, Selection};
use crate::stream::Filler;

fn texts(fill: impl FnOnce(&mut Filler<'_>) -> Result<(), Damage>) -> Vec<Option<String>> {
    let mut rows = Vec::new();
    crate::stream::collect(1, &mut rows, fill).unwrap();
    rows.into_iter().map(|mut row| row.remove(0).map(|bytes| String::from_utf8(bytes).unwrap())).collect()
}

/// What COPY brings in either format is spelt as the server spells it.
#[tokio::test]
async fn copied_values_are_the_servers_own_text() {
    let Some(server) = Scratch::shared() else { return };
    let session = server.open("").await;
    session.begin().await.unwrap();
    let numbers = "'0','1','-1','0.00','150.25','-10000.50','1e20','0.0001','-0.00001234','99999999.9999','10000','100000000',\
                   '1e-20','123456789012345678901234567890.123456789','NaN','Infinity','-Infinity','9999','0.1','1.10'";
    let times = "'2026-01-14 14:30:00','2026-01-14 14:30:00.1','1999-12-31 23:59:59.999999','0001-01-01 00:00:00',\
                 '0044-03-15 12:00:00 BC','4713-01-01 00:00:00 BC','12026-01-01 00:00:00','294276-12-31 23:59:59.999999',\
                 'infinity','-infinity','2000-02-29 00:00:00','1900-02-28 00:00:00.000001'";
    for (kind, wire, values) in [
        ("numeric", Wire::Numeric, numbers),
        ("smallint", Wire::Integer, "'0','-32768','32767'"),
        ("integer", Wire::Integer, "'0','-2147483648','2147483647','10'"),
        ("bigint", Wire::Integer, "'0','-9223372036854775808','9223372036854775807'"),
        ("timestamp", Wire::Timestamp, times),
        ("timestamptz", Wire::TimestampTz, times),
        (
            "date",
            Wire::Date,
            "'2026-01-14','0001-01-01','0044-03-15 BC','5874897-12-31','infinity','-infinity','4713-01-01 BC'",
        ),
        ("boolean", Wire::Bool, "'t','f'"),
        ("uuid", Wire::Uuid, "'00112233-4455-6677-8899-aabbccddeeff'"),
        ("bytea", Wire::Bytea, "'','\\x00ff10'"),
        ("jsonb", Wire::Jsonb, "'{\"b\": 1, \"a\": [null, 1.50]}','\"x\"'"),
        ("json", Wire::Text, "'{\"b\":1,  \"a\": 2}'"),
        ("text", Wire::Text, "'','é','a\tb\\n',e'\\b\\f\\n\\r\\t\\v\\\\\\x7f','\\N','\\.',e'\\n','NULL'"),
    ] {
        let rows = format!("unnest(array[{values}, null]::{kind}[]) as v");
        // What a type's output function writes; a cast spells `true` out.
        let own = format!("select case when v is not null then format('%s', v) end from {rows}");
        let own: Vec<_> = session.rows(&own, &[]).await.unwrap();
        let own: Vec<Option<String>> = own.into_iter().map(|mut row| row.remove(0)).collect();
        let query = format!("select v from {rows}");
        let mut pieces = Vec::new();
        let keep = |piece: bytes::Bytes| {
            pieces.push(piece);
            ControlFlow::Continue(())
        };
        session.copy(Selection::Query(&query), Format::Binary, "", keep).await.unwrap();
        let wires = [wire];
        let mut reader = Copied::new(&wires);
        assert_eq!(
            texts(|filler| pieces.iter().try_for_each(|piece| reader.feed(piece, filler).map(|_| ()))),
            own,
            "{kind}"
        );
        assert!(reader.is_whole());

        let mut reader = Lines::new(&wires);
        let mut pieces = Vec::new();
        let keep = |piece: bytes::Bytes| {
            pieces.push(piece);
            ControlFlow::Continue(())
        };
        session.copy(Selection::Query(&query), Format::Text, "", keep).await.unwrap();
        assert_eq!(
            texts(|filler| pieces.iter().try_for_each(|piece| reader.feed(piece, filler).map(|_| ()))),
            own,
            "{kind}"
        );
        assert!(reader.is_whole());
    }
}
