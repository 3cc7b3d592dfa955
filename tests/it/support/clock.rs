//! The system's time as a process of the product sees it: real, but moved to where a test wants it. Linux only, by a preloaded library.

use super::{FunctionEnv, Moment};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};
use tempfile::NamedTempFile;

/// What the library looks for, and what loads it.
const VARIABLES: [&str; 2] = ["CLOCK_FILE", "LD_PRELOAD"];

/// A clock that a test moves; time goes on between two moves. The monotonic clock is left alone.
#[derive(Clone, Debug)]
pub struct Clock(Arc<NamedTempFile>);

impl Clock {
    /// A clock that shows this moment.
    pub fn at(moment: impl Into<Moment>) -> Self {
        let clock = Self(Arc::new(NamedTempFile::new().unwrap()));
        clock.set(moment);
        clock
    }

    /// Moves all processes that have this clock to this moment.
    pub fn set(&self, moment: impl Into<Moment>) {
        let by = moment.into().0.duration_since(unmoved()).as_nanos();
        let by = i64::try_from(by).expect("less than 292 years");
        self.0.as_file().write_all_at(&by.to_ne_bytes(), 0).unwrap();
    }

    /// What a process with this clock takes for the present.
    pub fn now(&self) -> Timestamp {
        unmoved() + moved_by(self.0.path())
    }

    /// Gives the next function this clock.
    pub fn give(&self, env: &mut FunctionEnv) {
        let values = [self.0.path(), library()].map(|path| path.display().to_string());
        for (name, value) in VARIABLES.iter().zip(values) {
            env.set(name, value);
        }
        env.clock = Some(self.clone());
    }
}

fn moved_by(file: &Path) -> SignedDuration {
    let by = fs::read(file).unwrap();
    SignedDuration::from_nanos(i64::from_ne_bytes(by.try_into().unwrap()))
}

/// The machine's own time, whatever this process takes for it.
fn unmoved() -> Timestamp {
    let here = std::env::var_os(VARIABLES[0]);
    Timestamp::now() - here.map_or(SignedDuration::ZERO, |file| moved_by(Path::new(&file)))
}

/// What passes this process's own moved time on to the ones it starts: the tests themselves may be run as on another day (tests/on_day).
pub fn inherited() -> impl Iterator<Item = (&'static str, String)> {
    VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?)))
}

/// The library, compiled once for each test process.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = directory.join("clock.so");
        // Another test process may be at it, and functions of others have it loaded: it is replaced, never written to.
        let made = directory.join(format!("clock-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/clock.c");
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(source).status();
        assert!(compiled.is_ok_and(|status| status.success()), "cc, which the build needs too, compiles {source}");
        fs::rename(made, &library).unwrap();
        library
    })
}
