//! A file that is there whole or not at all: it is written beside its place first.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::domain::text::label;

/// A device, a directory.
const NO_FILE: &str = "it is no file";

/// A file on its way to its place.
pub(super) struct WholeFile {
    path: PathBuf,
    beside: PathBuf,
    out: BufWriter<File>,
    replaces: bool,
    is_placed: bool,
}

impl WholeFile {
    /// Looks, before anything is read, which may take minutes, whether the file can be written, and is none that nobody wants to lose.
    pub(super) fn look(path: &Path, force: bool) -> Result<(), Fault> {
        match std::fs::metadata(path) {
            Ok(there) if !there.is_file() => Err(unwritten(path, "--out", NO_FILE)),
            Ok(_) if !force => Err(is_there(path)),
            Err(_) if !is_in_a_directory(path) => Err(unwritten(path, "--out", "there is no such directory")),
            _ => Ok(()),
        }
    }

    pub(super) fn begin(path: &Path, force: bool) -> io::Result<WholeFile> {
        // What a link leads to is replaced, not the link.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = std::fs::metadata(&path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Err(io::Error::other(NO_FILE));
        }
        // Of this process alone, so that it takes nobody's place.
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(beside);
        let out = File::create_new(&beside)?;
        if let Some(there) = there {
            out.set_permissions(there.permissions())?;
        }
        Ok(WholeFile { path, beside, out: BufWriter::new(out), replaces: force, is_placed: false })
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

pub(super) fn is_in_a_directory(path: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    path.file_name().is_some() && parent.is_none_or(Path::is_dir)
}

fn is_there(path: &Path) -> Fault {
    Fault::wrong_use(format!(
        "{} is there already; give --force to replace it, or another file with --out",
        shown(path)
    ))
}

/// That a file cannot be written which an option names.
pub(super) fn unwritten(path: &Path, option: &str, problem: impl Display) -> Fault {
    Fault::wrong_use(format!("{} cannot be written: {problem}; give another file with {option}", shown(path)))
}

/// A path as a terminal may show it.
pub(super) fn shown(path: &Path) -> String {
    label(&path.to_string_lossy()).into_owned()
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
    unwritten(path, "--out", error)
}
