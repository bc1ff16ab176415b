//! `COPY ... (FORMAT binary)` cut into rows of fields, as bytes (PostgreSQL's documentation of `COPY`, "Binary Format").

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Collects the pieces of a COPY. At most one row that is not whole yet is kept.
#[derive(Debug, Default)]
pub(in crate::probe) struct Tuples {
    rest: Vec<u8>,
    begun: bool,
    ended: bool,
}

/// Takes the fields of a row, `None` for NULL, and may refuse them.
pub(in crate::probe) type OnTuple<'a> = &'a mut (dyn FnMut(&[Field<'_>]) -> Result<(), &'static str> + Send);

/// A field.
type Field<'a> = Option<&'a [u8]>;

/// What is wrong with what the server sent.
pub(in crate::probe) const DAMAGED: &str = "the server's answer does not have the expected shape";

impl Tuples {
    /// Hands on the whole rows so far; `None` is NULL.
    ///
    /// # Errors
    ///
    /// The bytes are no such format, or `each` refuses a row.
    pub(in crate::probe) fn feed(&mut self, piece: &[u8], each: OnTuple<'_>) -> Result<(), &'static str> {
        self.rest.extend_from_slice(piece);
        let mut used = 0;
        if !self.begun {
            let Some((length, behind)) = header(&self.rest)? else { return Ok(()) };
            if behind.len() < length {
                return Ok(());
            }
            used = self.rest.len() - behind.len() + length;
            self.begun = true;
        }
        let mut fields = Vec::new();
        while let Some(rest) = self.rest.get(used..).filter(|rest| !rest.is_empty()) {
            if self.ended {
                return Err(DAMAGED);
            }
            fields.clear();
            match row(rest, &mut fields)? {
                Row::Partial => break,
                Row::End => {
                    self.ended = true;
                    used += 2;
                }
                Row::Whole(length) => {
                    each(&fields)?;
                    used += length;
                }
            }
        }
        self.rest.drain(..used);
        Ok(())
    }

    /// Whether the end of the rows has come, with nothing behind it.
    pub(in crate::probe) fn is_whole(&self) -> bool {
        self.ended && self.rest.is_empty()
    }
}

/// Length of the header's extension and what follows it, as soon as these are there.
fn header(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, &'static str> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes.get(..known) != SIGNATURE.get(..known) {
        return Err(DAMAGED);
    }
    let Some((_flags, rest)) = bytes.get(SIGNATURE.len()..).and_then(|b| b.split_first_chunk::<4>()) else {
        return Ok(None);
    };
    let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
    let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| DAMAGED)?;
    Ok(Some((length, rest)))
}

enum Row {
    Partial,
    End,
    Whole(usize),
}

fn row<'a>(bytes: &'a [u8], fields: &mut Vec<Option<&'a [u8]>>) -> Result<Row, &'static str> {
    let Some((count, mut rest)) = bytes.split_first_chunk() else { return Ok(Row::Partial) };
    let count = match i16::from_be_bytes(*count) {
        -1 => return Ok(Row::End),
        count => usize::try_from(count).map_err(|_| DAMAGED)?,
    };
    for _ in 0..count {
        let Some((length, behind)) = rest.split_first_chunk() else { return Ok(Row::Partial) };
        rest = behind;
        match i32::from_be_bytes(*length) {
            -1 => fields.push(None),
            length => {
                let length = usize::try_from(length).map_err(|_| DAMAGED)?;
                let Some((field, behind)) = rest.split_at_checked(length) else { return Ok(Row::Partial) };
                fields.push(Some(field));
                rest = behind;
            }
        }
    }
    Ok(Row::Whole(bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Cells = Vec<Option<Vec<u8>>>;

    fn written(rows: &[Cells]) -> Vec<u8> {
        let mut out = [SIGNATURE, &[0; 8]].concat();
        for row in rows {
            out.extend(i16::try_from(row.len()).unwrap().to_be_bytes());
            for cell in row {
                match cell {
                    None => out.extend((-1i32).to_be_bytes()),
                    Some(bytes) => {
                        out.extend(i32::try_from(bytes.len()).unwrap().to_be_bytes());
                        out.extend(bytes);
                    }
                }
            }
        }
        out.extend((-1i16).to_be_bytes());
        out
    }

    fn read(bytes: &[u8], piece: usize) -> Result<(Vec<Cells>, bool), &'static str> {
        let (mut tuples, mut rows) = (Tuples::default(), Vec::new());
        for piece in bytes.chunks(piece.max(1)) {
            tuples.feed(piece, &mut |row| {
                rows.push(row.iter().map(|cell| cell.map(<[u8]>::to_vec)).collect());
                Ok(())
            })?;
        }
        Ok((rows, tuples.is_whole()))
    }

    proptest! {
        #[test]
        fn rows_come_out_whole_however_they_are_cut(
            rows in proptest::collection::vec(proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)), 0..4), 0..6),
            piece in 1usize..40, lost in 1usize..40,
        ) {
            let bytes = written(&rows);
            prop_assert_eq!(read(&bytes, piece), Ok((rows, true)));
            let cut = bytes.len().saturating_sub(lost);
            prop_assert!(!read(bytes.get(..cut).unwrap(), piece).is_ok_and(|(_, whole)| whole));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), piece in 1usize..40) {
            let _ = read(&bytes, piece);
            let _ = read(&[SIGNATURE, &[0; 8], &bytes].concat(), piece);
        }
    }

    #[test]
    fn what_follows_the_end_is_damage() {
        let bytes = [written(&[]), vec![0]].concat();
        assert!(read(&bytes, 100).is_err() && read(&bytes, 1).is_err());
    }
}
