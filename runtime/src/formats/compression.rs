//! Compressed files, told by their extensions: gzip, and zstd where it is built in.

use super::files;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufReader, Read, Write};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// `.gz`
    Gz,
    /// `.zst`
    Zst,
}

impl Compression {
    /// What the extension of a path says.
    pub fn of(path: &str) -> Compression {
        match files::extension_of(path).as_deref() {
            Some("gz") => Compression::Gz,
            Some("zst") => Compression::Zst,
            _ => Compression::Plain,
        }
    }

    /// What a text begins with that is compressed so.
    pub fn of_magic(first: &[u8]) -> Compression {
        match first {
            [0x1f, 0x8b, ..] => Compression::Gz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zst,
            _ => Compression::Plain,
        }
    }

    /// What a file holds when it is decompressed; several members or frames are one text.
    pub fn decode(self, file: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        const BUFFER: usize = 64 << 10;
        Ok(match self {
            Compression::Plain => Box::new(file),
            Compression::Gz => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
            #[cfg(feature = "zstd")]
            Compression::Zst => Box::new(zstd::Decoder::with_buffer(BufReader::with_capacity(BUFFER, file))?),
            #[cfg(not(feature = "zstd"))]
            Compression::Zst => return Err(not_built_in()),
        })
    }
}

/// Compresses what is written.
pub enum Encoder<W: Write> {
    /// Not at all.
    Plain(W),
    /// With gzip.
    Gz(Box<GzEncoder<W>>),
    /// With zstd.
    #[cfg(feature = "zstd")]
    Zst(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Encoder<W> {
    /// Compresses what goes to `out`.
    pub fn new(compression: Compression, out: W) -> io::Result<Encoder<W>> {
        Ok(match compression {
            Compression::Plain => Encoder::Plain(out),
            Compression::Gz => Encoder::Gz(Box::new(GzEncoder::new(out, flate2::Compression::default()))),
            #[cfg(feature = "zstd")]
            Compression::Zst => {
                let mut encoder = zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                // As gzip always does: damage shows when the file is read.
                encoder.include_checksum(true)?;
                Encoder::Zst(Box::new(encoder))
            }
            #[cfg(not(feature = "zstd"))]
            Compression::Zst => return Err(not_built_in()),
        })
    }

    /// Writes what ends the compressed text.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(out) => Ok(out),
            Encoder::Gz(out) => out.finish(),
            #[cfg(feature = "zstd")]
            Encoder::Zst(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(out) => out.write(bytes),
            Encoder::Gz(out) => out.write(bytes),
            #[cfg(feature = "zstd")]
            Encoder::Zst(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Plain(out) => out.flush(),
            Encoder::Gz(out) => out.flush(),
            #[cfg(feature = "zstd")]
            Encoder::Zst(out) => out.flush(),
        }
    }
}

#[cfg(not(feature = "zstd"))]
fn not_built_in() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this build of Pipe has no zstd")
}
