//! Where rows go: standard output, or a file that is there whole or not at all.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};
use std::path::Path;

use super::super::fault::Fault;
use super::super::whole::{self, WholeFile};
use super::super::{Ending, output_failed};
use crate::error::{Code, RunError};

pub(super) enum Out {
    Standard(BufWriter<StdoutLock<'static>>),
    File(WholeFile),
}

/// Why rows were written no further.
pub(super) enum Unwritten {
    /// The reader has seen enough.
    Closed,
    Fault(Fault),
}

impl From<Fault> for Unwritten {
    fn from(fault: Fault) -> Unwritten {
        Unwritten::Fault(fault)
    }
}

impl From<RunError> for Unwritten {
    fn from(error: RunError) -> Unwritten {
        Unwritten::Fault(error.into())
    }
}

impl Out {
    pub(super) fn open(path: Option<&Path>, force: bool) -> Result<Out, Fault> {
        match path {
            Some(path) => WholeFile::begin(path, force).map(Out::File).map_err(|error| whole::fault(path, &error)),
            None => Ok(Out::Standard(BufWriter::new(io::stdout().lock()))),
        }
    }

    /// Whether what is written stands on the same screen as progress.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Out::Standard(out) if out.get_ref().is_terminal())
    }

    pub(super) fn unwritten(&self, error: &io::Error) -> Unwritten {
        match self {
            Out::File(file) => Unwritten::Fault(whole::fault(file.path(), error)),
            Out::Standard(_) if output_failed(error) == Ending::Fine => Unwritten::Closed,
            Out::Standard(_) => {
                let message = format!("standard output cannot be written: {error}");
                Unwritten::Fault(RunError::new(Code::Internal, message).into())
            }
        }
    }

    /// All is written.
    pub(super) fn end(mut self) -> Result<(), Unwritten> {
        let ended = match &mut self {
            Out::File(file) => file.place(),
            Out::Standard(out) => out.flush(),
        };
        ended.map_err(|error| self.unwritten(&error))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Standard(out) => out.write(bytes),
            Out::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Standard(out) => out.flush(),
            Out::File(file) => file.flush(),
        }
    }
}
