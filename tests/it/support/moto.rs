//! The AWS stand-in: one moto server for each test process, in a Python environment of its own under `target/`.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

const REQUIREMENTS: &str = include_str!("../../emulators/requirements.txt");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulators/moto_server.py");
const PYTHON_NEEDED: &str = "the integration tests need Python 3.11 or newer with its venv module \
    (Debian and Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)";

pub struct Moto {
    endpoint: String,
    /// Holds the pipe whose end stops the server.
    _server: Child,
}

impl Moto {
    /// The server of this test process, started at the first call.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&python_environment()))
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn start(python: &Path) -> Self {
        let mut server = Command::new(python)
            .args(["-u", SERVER])
            .env("NO_PROXY", "127.0.0.1") // moto delivers to subscribers on loopback
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {}: {error}", python.display()));
        let mut port = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port: u16 = port.trim().parse().unwrap_or_else(|_| {
            panic!("moto did not start (its message is above); `rm -r target/emulators-venv` makes it anew")
        });
        Self { endpoint: format!("http://127.0.0.1:{port}"), _server: server }
    }
}

/// The interpreter of the environment that holds exactly [`REQUIREMENTS`], made when there is none yet.
fn python_environment() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let directory = target.join("emulators-venv");
    let python = directory.join("bin/python");
    let installed = directory.join("installed.txt");

    // Another test process may be making the same environment.
    let lock = File::create(target.join("emulators-venv.lock")).unwrap();
    lock.lock().unwrap();

    let current = fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) && python.exists();
    if !current {
        let _ = fs::remove_dir_all(&directory);
        let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
        run(Command::new("python3").args(["-c", probe]), PYTHON_NEEDED);
        run(Command::new("python3").args(["-m", "venv"]).arg(&directory), PYTHON_NEEDED);
        run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulators/requirements.txt")),
            "pip could not install tests/emulators/requirements.txt: the first run of the integration tests needs the Python package index",
        );
        fs::write(&installed, REQUIREMENTS).unwrap();
    }
    python
}

fn run(command: &mut Command, what_is_needed: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{what_is_needed} ({error})"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what_is_needed}\n{said}");
}
