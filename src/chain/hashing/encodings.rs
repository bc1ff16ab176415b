//! Spellings of base64 other than the plain one.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{self, GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine};

use super::spec::Base64Form;

/// Characters of a line of `encode(x, 'base64')`.
const LINE: usize = 76;

pub(in crate::chain) fn base64_into(form: Base64Form, bytes: &[u8], out: &mut Vec<u8>) {
    match form {
        Base64Form::Url => {
            out.extend_from_slice(general_purpose::URL_SAFE_NO_PAD.encode(bytes).as_bytes());
        }
        Base64Form::Lines => {
            for (n, line) in general_purpose::STANDARD.encode(bytes).as_bytes().chunks(LINE).enumerate() {
                if n > 0 {
                    out.push(b'\n');
                }
                out.extend_from_slice(line);
            }
        }
    }
}

/// Bytes of base64 in either alphabet, with or without padding; line ends do not count. `None` when it is none.
pub(in crate::chain) fn unbase64_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let alphabet = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { &URL_SAFE } else { &STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    out.extend_from_slice(&GeneralPurpose::new(alphabet, config).decode(text).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        unbase64_into(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn every_spelling_reads_back() {
        let bytes: Vec<u8> = (0..64).map(|n| n * 4 + 3).collect();
        for form in [Base64Form::Url, Base64Form::Lines] {
            let mut text = Vec::new();
            base64_into(form, &bytes, &mut text);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(back(&text), Some(bytes.clone()), "{text}");
            let line = text.lines().map(str::len).collect::<Vec<_>>();
            assert_eq!(line, if form == Base64Form::Url { vec![86] } else { vec![76, 12] });
        }
        assert_eq!(back("+/8="), back("-_8"));
        assert_eq!(back("+/8"), Some(vec![0xfb, 0xff]));
        for wrong in ["+_8", "+/8*", "+", "+/9", " +/8"] {
            assert_eq!(back(wrong), None, "{wrong}");
        }
    }
}
