//! Rows of a `COPY` joined on their way in.
//!
//! A server sends each row of a `COPY` as a message of its own, and the client library takes each message apart, counts
//! who holds it and wakes whoever waits for it: for short rows that costs more than reading the row. The messages mean
//! the same however the bytes are spread over them ("PostgreSQL documentation, Frontend/Backend Protocol, COPY
//! Operations": the receiver must not assume that message boundaries are row boundaries), so here the whole ones that have come
//! are handed on as one. Everything else passes as it is.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// Bytes that are read at once.
const INBOX: usize = 64 << 10;

/// Bytes that a server sends at once while it has more to say, at least (`PQ_SEND_BUFFER_SIZE` in its `pqcomm.c` is 8192).
const SENT: usize = 4 << 10;

/// How long a patient reader waits for more. The server goes on meanwhile, as long as the socket takes what it sends (208 kB
/// by default on Linux). To be woken for every 8 kB would cost more than reading them.
const MEANWHILE: Duration = Duration::from_micros(150);

/// The first byte of a message that carries data of a `COPY`.
const COPY_DATA: u8 = b'd';

/// The byte that says what a message is, and its length.
const HEAD: usize = 5;

/// A connection whose data of a `COPY` comes in few messages.
#[derive(Debug)]
pub(super) struct Joined<S> {
    inner: S,
    /// Bytes that have come: those from `from` to before `to` are still to be handed on.
    inbox: Vec<u8>,
    from: usize,
    to: usize,
    /// Bytes that are handed on as they are, before anything is joined again.
    as_is: usize,
    /// Whether the thread may be kept waiting.
    patient: bool,
    /// Whether the last reading brought data, and little of it.
    little: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// So many bytes as they are, and whether they are data.
    AsIs { bytes: usize, is_data: bool },
    /// So many bytes that are whole messages with data, and how long they are without their heads.
    Data { whole: usize, payload: usize },
    /// Not told by so few bytes.
    More,
}

impl<S> Joined<S> {
    /// Joins what comes from `inner`. A patient one waits for more to come where little does, with the thread that reads.
    pub(super) fn new(inner: S, patient: bool) -> Self {
        Self { inner, inbox: vec![0; INBOX], from: 0, to: 0, as_is: 0, patient, little: false }
    }

    fn waiting(&self) -> &[u8] {
        self.inbox.get(self.from..self.to).unwrap_or_default()
    }

    /// Hands on all that can be; whether that was anything.
    fn hand_on(&mut self, to: &mut ReadBuf<'_>) -> bool {
        let before = to.filled().len();
        while to.remaining() > 0 {
            if self.as_is == 0 {
                match next(self.waiting(), to.remaining()) {
                    Next::More => break,
                    Next::Data { whole, payload } => {
                        self.join(whole, payload, to);
                        continue;
                    }
                    // There will be more room for it.
                    Next::AsIs { is_data: true, .. } if to.filled().len() > before => break,
                    Next::AsIs { bytes, .. } => self.as_is = bytes,
                }
            }
            let waiting = self.waiting();
            let bytes = self.as_is.min(waiting.len()).min(to.remaining());
            if bytes == 0 {
                break;
            }
            to.put_slice(waiting.get(..bytes).unwrap_or_default());
            self.from += bytes;
            self.as_is -= bytes;
        }
        to.filled().len() > before
    }

    /// Hands on whole messages with data as one.
    fn join(&mut self, whole: usize, payload: usize, to: &mut ReadBuf<'_>) {
        let mut rest = self.waiting().get(..whole).unwrap_or_default();
        // No longer than the room there is, which is far below what a length can say.
        let length = u32::try_from(payload + HEAD - 1).unwrap_or(u32::MAX);
        to.put_slice(&[COPY_DATA]);
        to.put_slice(&length.to_be_bytes());
        while let Some((_, length)) = head(rest) {
            to.put_slice(rest.get(HEAD..length).unwrap_or_default());
            rest = rest.get(length..).unwrap_or_default();
        }
        self.from += whole;
    }
}

/// What a message is, and its length with its head; `None` where its head has not come or is none.
fn head(bytes: &[u8]) -> Option<(u8, usize)> {
    let (head, _) = bytes.split_first_chunk::<HEAD>()?;
    let [kind, length @ ..] = *head;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?.checked_add(1)?;
    (length >= HEAD).then_some((kind, length))
}

/// What comes next in these bytes, where there is room for so many.
fn next(bytes: &[u8], room: usize) -> Next {
    let Some((kind, length)) = head(bytes) else {
        // What is no message is for the library to complain of.
        return if bytes.len() < HEAD {
            Next::More
        } else {
            Next::AsIs { bytes: bytes.len(), is_data: false }
        };
    };
    if kind != COPY_DATA || length > bytes.len() || length > room {
        return Next::AsIs { bytes: length, is_data: kind == COPY_DATA };
    }
    let (mut whole, mut payload) = (length, length - HEAD);
    while let Some((COPY_DATA, length)) = bytes.get(whole..).and_then(head)
        && whole + length <= bytes.len()
        && payload + length <= room
    {
        whole += length;
        payload += length - HEAD;
    }
    Next::Data { whole, payload }
}

impl<S: AsyncRead + Unpin> AsyncRead for Joined<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        loop {
            if to.remaining() == 0 || this.hand_on(to) {
                return Poll::Ready(Ok(()));
            }
            // A head that has not all come is all that is kept.
            this.inbox.copy_within(this.from..this.to, 0);
            (this.from, this.to) = (0, this.to - this.from);
            if this.patient && this.little {
                std::thread::sleep(MEANWHILE);
            }
            let mut room = ReadBuf::new(this.inbox.get_mut(this.to..).unwrap_or_default());
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut room))?;
            let came = room.filled().len();
            this.to += came;
            this.little = (SENT..INBOX / 2).contains(&came);
            if came == 0 {
                // The end: whatever is left is handed on, and then nothing.
                this.as_is = this.to;
                this.hand_on(to);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Joined<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Joined<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// Gives pieces one by one.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            to: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(to.remaining()));
                to.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    /// All that comes out, read with so much room at a time, and in how many readings.
    fn read(pieces: Vec<Vec<u8>>, room: usize) -> (Vec<u8>, usize) {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let mut joined = Joined::new(Pieces(pieces), true);
        let (mut all, mut readings, mut space) = (Vec::new(), 0, vec![0; room]);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        loop {
            let mut to = ReadBuf::new(&mut space);
            assert!(matches!(Pin::new(&mut joined).poll_read(cx, &mut to), Poll::Ready(Ok(()))));
            if to.filled().is_empty() {
                return (all, readings);
            }
            all.extend_from_slice(to.filled());
            readings += 1;
        }
    }

    fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len() + 4).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), payload].concat()
    }

    /// Messages, those with data behind each other as one.
    fn meaning(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut all: Vec<(u8, Vec<u8>)> = Vec::new();
        while let Some((kind, length)) = head(bytes) {
            let payload = &bytes[HEAD..length];
            match all.last_mut().filter(|(before, _)| *before == COPY_DATA && kind == COPY_DATA) {
                Some((_, known)) => known.extend_from_slice(payload),
                None => all.push((kind, payload.to_vec())),
            }
            bytes = &bytes[length..];
        }
        assert!(bytes.is_empty());
        all
    }

    fn cut(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let mut cuts: Vec<usize> =
            cuts.iter().map(|c| c % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        cuts.windows(2).map(|w| bytes[w[0]..w[1]].to_vec()).collect()
    }

    proptest! {
        #[test]
        fn the_meaning_stays_however_bytes_come_and_go(
            messages in proptest::collection::vec((prop_oneof![4 => Just(b'd'), 1 => Just(b'c'), 1 => Just(b'D')], proptest::collection::vec(any::<u8>(), 0..40)), 0..30),
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
            room in 1usize..200,
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|(kind, payload)| message(*kind, payload)).collect();
            let (out, _) = read(cut(&bytes, &cuts), room);
            prop_assert_eq!(meaning(&out), meaning(&bytes));
        }

        #[test]
        fn what_is_no_message_comes_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200), cuts in proptest::collection::vec(any::<usize>(), 0..4), room in 1usize..50) {
            let (out, _) = read(cut(&bytes, &cuts), room);
            prop_assert!(out.len() <= bytes.len());
        }
    }

    #[test]
    fn many_rows_come_in_few_messages_and_large_ones_as_they_are() {
        let rows: Vec<u8> = (0..1000u32).flat_map(|n| message(COPY_DATA, &n.to_be_bytes())).collect();
        let (out, readings) = read(vec![rows.clone()], 8192);
        assert_eq!(meaning(&out), meaning(&rows));
        assert!(readings < 4 && out.len() < 4000 + 4 * HEAD, "{readings} readings of {} bytes", out.len());
        let large = message(COPY_DATA, &vec![7; 3 * INBOX]);
        assert_eq!(read(vec![large.clone()], 8192).0, large);
        // Nor does the rest come one by one.
        let others: Vec<u8> = (0..1000u32).flat_map(|n| message(b'D', &n.to_be_bytes())).collect();
        let (out, readings) = read(vec![others.clone()], 8192);
        assert!(out == others && readings < 4, "{readings} readings");
        // A length that no message has.
        let none = [COPY_DATA, 0, 0, 0, 0, 1, 2, 3];
        assert_eq!(read(vec![none.to_vec()], 8192).0, none);
    }
}
