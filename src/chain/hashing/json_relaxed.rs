//! Which characters `JavaScriptEncoder.UnsafeRelaxedJsonEscaping` of .NET leaves as they are.
//!
//! It escapes white space but the blank, control, private and supplementary characters, and what the Unicode tables of its own
//! version do not know (System.Text.Encodings.Web, `UnicodeRanges.All` and "defined characters"). The last differs between
//! versions, so only blocks without gaps are listed here, and of other characters it is not certain how they are written.

/// Blocks all of whose characters stand as they are, since .NET Core 3.1.
const PLAIN: [(char, char); 27] = [
    ('\u{a1}', '\u{377}'),
    ('\u{384}', '\u{38a}'),
    ('\u{38e}', '\u{3a1}'),
    ('\u{3a3}', '\u{52f}'),
    ('\u{531}', '\u{556}'),
    ('\u{5d0}', '\u{5ea}'),
    ('\u{61e}', '\u{70d}'),
    ('\u{900}', '\u{97f}'),
    ('\u{e01}', '\u{e3a}'),
    ('\u{e3f}', '\u{e5b}'),
    ('\u{10d0}', '\u{1248}'),
    ('\u{1e00}', '\u{1f15}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2010}', '\u{2027}'),
    ('\u{2030}', '\u{205e}'),
    ('\u{20a0}', '\u{20bf}'),
    ('\u{2100}', '\u{218b}'),
    ('\u{2190}', '\u{2426}'),
    ('\u{2460}', '\u{2b73}'),
    ('\u{3001}', '\u{303f}'),
    ('\u{3041}', '\u{3096}'),
    ('\u{3099}', '\u{30ff}'),
    ('\u{3220}', '\u{4db5}'),
    ('\u{4e00}', '\u{9fef}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{ff01}', '\u{ffbe}'),
];

/// Whether a character beyond ASCII stands as it is.
pub(in crate::chain) fn stands(c: char) -> bool {
    let after = PLAIN.partition_point(|(first, _)| *first <= c);
    after.checked_sub(1).and_then(|at| PLAIN.get(at)).is_some_and(|(_, last)| c <= *last)
}

/// Whether it is certain how a character is written.
pub(in crate::chain) fn certain(c: char) -> bool {
    let escaped_always = matches!(
        c,
        '\u{80}'..='\u{a0}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'..='\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{10000}'..
    );
    c.is_ascii() || escaped_always || stands(c)
}
