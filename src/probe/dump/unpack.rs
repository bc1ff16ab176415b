//! Decompression. A stream counts as complete only when its own end was seen, its checksum fits where it has one, and
//! nothing follows.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::error::ArchiveError;
use super::header::Compression;

/// The bytes behind a compression. `framed` says that gzip has its file header, as in a file of its own; inside a
/// custom archive there are bare zlib streams (`compress_gzip.c`).
pub(in crate::probe) fn unpack<R: BufRead + 'static>(
    inner: R,
    compression: Compression,
    framed: bool,
) -> Result<Box<dyn Read>, ArchiveError> {
    Ok(match compression {
        Compression::None => Box::new(inner),
        Compression::Gzip => Box::new(Inflate::new(inner, framed)),
        Compression::Lz4 => Box::new(Lz4::new(inner)),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(inner).map_err(|error| {
                ArchiveError::unsupported(format!("zstd decompression cannot begin: {error}"))
            })?;
            Box::new(decoder)
        }
    })
}

/// zlib and gzip. Several gzip members may follow each other, as tools that work in parallel write them.
struct Inflate<R> {
    inner: R,
    state: Decompress,
    framed: bool,
    /// Whether nothing of a stream was read yet. Without any there is no data (`compress_gzip.c`: a large object of
    /// no bytes is written without a stream).
    fresh: bool,
}

impl<R: BufRead> Inflate<R> {
    fn new(inner: R, framed: bool) -> Self {
        Self { inner, state: Self::state(framed), framed, fresh: true }
    }

    fn state(framed: bool) -> Decompress {
        if framed { Decompress::new_gzip(15) } else { Decompress::new(true) }
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.inner.fill_buf()?;
            if input.is_empty() && self.fresh {
                return Ok(0);
            }
            let ended = input.is_empty();
            let (read, written) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(input, room, FlushDecompress::None)
                .map_err(|error| damaged(&format!("its compressed data is damaged ({error})")))?;
            let read = usize::try_from(self.state.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.state.total_out() - written).unwrap_or(usize::MAX);
            self.inner.consume(read);
            self.fresh = false;
            if status == Status::StreamEnd {
                if self.framed {
                    self.state = Self::state(true);
                    self.fresh = true;
                } else if !self.inner.fill_buf()?.is_empty() {
                    return Err(damaged("bytes follow the end of its compressed data"));
                } else {
                    self.fresh = true;
                }
            }
            if written > 0 {
                return Ok(written);
            }
            if ended && status != Status::StreamEnd {
                return Err(ArchiveError::truncated("its compressed data has no end").into_io());
            }
        }
    }
}

/// LZ4 frames. The decoder below takes the end of its input for the end of a frame, so the input has none: it ends in
/// an error, and only an end mark ends a frame.
struct Lz4<R: BufRead> {
    decoder: lz4_flex::frame::FrameDecoder<Endless<R>>,
    between: bool,
}

impl<R: BufRead> Lz4<R> {
    fn new(inner: R) -> Self {
        Self { decoder: lz4_flex::frame::FrameDecoder::new(Endless(inner)), between: true }
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        loop {
            if self.between && self.decoder.get_mut().0.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.between = false;
            match self.decoder.read(room)? {
                0 => self.between = true,
                count => return Ok(count),
            }
        }
    }
}

struct Endless<R>(R);

impl<R: BufRead> Read for Endless<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.0.read(room)? {
            0 if !room.is_empty() => Err(ArchiveError::truncated("its compressed data has no end").into_io()),
            count => Ok(count),
        }
    }
}

fn damaged(why: &str) -> io::Error {
    ArchiveError::corrupt(why).into_io()
}

/// Reads to the end.
pub(super) fn drain(mut bytes: Box<dyn Read>, what: &str) -> Result<(), ArchiveError> {
    io::copy(&mut bytes, &mut io::sink()).map(|_| ()).map_err(|error| ArchiveError::from_io(&error, what))
}
