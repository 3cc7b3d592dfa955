//! The lines of a part of a saved file: a header, figures, and a last line that counts and digests all before it.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::daybook::codec;
use crate::domain::product::Product;
use crate::domain::totals::DaySums;

/// The version of the format.
pub(super) const VERSION: u32 = 1;
/// What is wrong with a line that is not as it was written beside the others.
pub(super) const UNFIT: &str = "it does not fit what stands before it";

/// Why a file is not taken for the past of an account.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Something else.
    #[error("is no past that --save has written: {0}")]
    Other(String),
    /// Of a version that is not known here.
    #[error(
        "has version {0} of the format, and version {VERSION} is known here; use the command that saved it, or save it again"
    )]
    Version(u32),
    /// The end is missing.
    #[error("is cut: it ends after line {0}, without the last line; save it again")]
    Cut(u64),
    /// A line is not as it was written.
    #[error("is damaged in line {line}: {problem}; save it again")]
    Damaged {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    /// The version.
    pub(super) past: u32,
    pub(super) account: String,
    pub(super) product: String,
    pub(super) zone: String,
    pub(super) first: Date,
    pub(super) last: Date,
    pub(super) until: Timestamp,
    pub(super) unknown: Vec<Date>,
}

#[derive(Deserialize)]
struct Versioned {
    past: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    lines: u64,
    digest: String,
}

/// Writes lines, and counts and digests them.
pub(super) struct Lines<W> {
    out: W,
    lines: u64,
    digest: Xxh3,
}

impl<W: Write> Lines<W> {
    pub(super) fn to(out: W) -> Lines<W> {
        Lines { out, lines: 0, digest: Xxh3::new() }
    }

    pub(super) fn add(&mut self, line: &str) -> std::io::Result<()> {
        self.lines += 1;
        for bytes in [line.as_bytes(), b"\n"] {
            self.digest.update(bytes);
            self.out.write_all(bytes)?;
        }
        Ok(())
    }

    /// Writes the last line.
    pub(super) fn end(mut self) -> std::io::Result<()> {
        let end = End { lines: self.lines, digest: format!("{:016x}", self.digest.digest()) };
        writeln!(self.out, "{}", serde_json::to_string(&end)?)
    }
}

/// The lines of a file after its header, which are counted and digested until the last line says what they have to be.
pub(super) struct Figures<R> {
    input: R,
    /// Lines of the parts before.
    before: u64,
    line: String,
    lines: u64,
    digest: Xxh3,
    ended: bool,
}

impl<R: BufRead> Figures<R> {
    pub(super) fn begin(input: R, before: u64) -> Result<(Figures<R>, Header, Product), FileFault> {
        let mut figures = Figures { input, before, line: String::new(), lines: 1, digest: Xxh3::new(), ended: false };
        figures.read()?;
        let (header, product) = header(&figures.line, before)?;
        figures.digest.update(figures.line.as_bytes());
        Ok((figures, header, product))
    }

    fn read(&mut self) -> Result<usize, FileFault> {
        self.line.clear();
        self.input.read_line(&mut self.line).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => FileFault::Other("it is no text".to_owned()),
            _ => FileFault::Unreadable(error),
        })
    }

    /// Whether there is a next line of figures, and not the last line, which fits what stands before it.
    pub(super) fn next(&mut self) -> Result<bool, FileFault> {
        if self.ended {
            return Ok(false);
        }
        self.read()?;
        if !self.line.ends_with('\n') {
            return Err(FileFault::Cut(self.before + self.lines));
        }
        if let Ok(end) = serde_json::from_str::<End>(&self.line) {
            self.ended = true;
            let fits = end.lines == self.lines && end.digest == format!("{:016x}", self.digest.digest());
            self.lines += 1;
            return if fits { Ok(false) } else { Err(self.damaged(UNFIT)) };
        }
        self.lines += 1;
        self.digest.update(self.line.as_bytes());
        Ok(true)
    }

    /// What comes after the last line, and the lines before that.
    pub(super) fn rest(self) -> (R, u64) {
        (self.input, self.before + self.lines)
    }

    pub(super) fn figures(&self) -> Result<BTreeMap<Date, DaySums>, FileFault> {
        codec::decode([self.line.as_str()]).ok_or_else(|| self.damaged("its figures cannot be read"))
    }

    pub(super) fn damaged(&self, problem: &str) -> FileFault {
        FileFault::Damaged { line: self.before + self.lines, problem: problem.to_owned() }
    }
}

fn header(line: &str, before: u64) -> Result<(Header, Product), FileFault> {
    let other = |problem: &str| match before {
        0 => FileFault::Other(problem.to_owned()),
        before => FileFault::Damaged { line: before + 1, problem: UNFIT.to_owned() },
    };
    let Versioned { past } =
        serde_json::from_str(line).map_err(|_| other("its first line is no header with a version"))?;
    if past != VERSION {
        return Err(FileFault::Version(past));
    }
    let header: Header = serde_json::from_str(line).map_err(|error| FileFault::Damaged {
        line: before + 1,
        problem: format!("the header is not whole ({error})"),
    })?;
    let product = Product::named(&header.product).ok_or_else(|| other(&format!("it is of {:?}", header.product)))?;
    Ok((header, product))
}
