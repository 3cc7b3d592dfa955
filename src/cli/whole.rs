//! A file that is there whole or not at all: it is written beside its place first.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::error::{Code, RunError};

/// A file on its way to its place.
pub(super) struct WholeFile {
    path: PathBuf,
    beside: PathBuf,
    out: BufWriter<File>,
    replaces: bool,
    is_placed: bool,
}

impl WholeFile {
    /// Looks, before anything is read, which may take minutes, whether there is a file already that nobody wants to lose.
    pub(super) fn look(path: &Path, force: bool) -> Result<(), Fault> {
        if !force && path.exists() { Err(is_there(path)) } else { Ok(()) }
    }

    pub(super) fn begin(path: &Path, force: bool) -> io::Result<WholeFile> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let out = BufWriter::new(File::create(&beside)?);
        let (path, beside) = (path.to_owned(), PathBuf::from(beside));
        Ok(WholeFile { path, beside, out, replaces: force, is_placed: false })
    }

    /// Puts the file where it belongs.
    pub(super) fn place(&mut self) -> io::Result<()> {
        let placed = self.out.flush().and_then(|()| self.out.get_ref().sync_all()).and_then(|()| {
            // A link is refused where another file has come in the meantime.
            if self.replaces {
                std::fs::rename(&self.beside, &self.path)
            } else {
                std::fs::hard_link(&self.beside, &self.path).and_then(|()| std::fs::remove_file(&self.beside))
            }
        });
        self.is_placed = placed.is_ok();
        placed
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_placed {
            _ = std::fs::remove_file(&self.beside);
        }
    }
}

fn is_there(path: &Path) -> Fault {
    Fault::wrong_use(format!(
        "{} is there already; give --force to replace it, or another file with --out",
        path.display()
    ))
}

/// Writes a file that is at hand.
pub(super) fn write(path: &Path, content: &[u8], force: bool) -> Result<(), Fault> {
    let written = WholeFile::begin(path, force).and_then(|mut file| {
        file.write_all(content)?;
        file.place()
    });
    written.map_err(|error| fault(path, &error))
}

/// What has become of the file of `--out` that could not be written.
pub(super) fn fault(path: &Path, error: &io::Error) -> Fault {
    if error.kind() == ErrorKind::AlreadyExists {
        return is_there(path);
    }
    let message = format!("{} cannot be written: {error}; give another file with --out", path.display());
    RunError::new(Code::Internal, message).into()
}
