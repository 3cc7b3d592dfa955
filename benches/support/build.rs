//! Builds what is measured.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// This project's directory.
pub const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Builds the function and the empty function as deployed; answers where each program is, by name.
pub fn programs(names: &[&str]) -> HashMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--no-default-features", "--features", "empty-function"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    let output = command.current_dir(PROJECT).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the programs cannot be built");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let program = |message: Value| {
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(message["executable"].as_str()?)))
    };
    messages.filter_map(program).collect()
}

/// A Python with the baseline's requirements, made under cargo's target directory.
pub fn python() -> PathBuf {
    const REQUIREMENTS: &str = include_str!("../baseline/requirements.txt");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("baseline-venv");
    let (python, installed) = (directory.join("bin/python"), directory.join("installed.txt"));
    if fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) {
        return python;
    }
    _ = fs::remove_dir_all(&directory);
    let run = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?} failed");
    run(Command::new("python3").args(["-m", "venv"]).arg(&directory));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
    run(Command::new(&python).args(pip).arg(format!("{PROJECT}/benches/baseline/requirements.txt")));
    fs::write(installed, REQUIREMENTS).unwrap();
    python
}

/// The size of what would be uploaded: the program alone, deflated.
pub fn zipped(python: &Path, program: &Path) -> u64 {
    let zip = tempfile::NamedTempFile::new().unwrap();
    let made = Command::new(python).args(["-m", "zipfile", "-c"]).arg(zip.path()).arg(program).status().unwrap();
    assert!(made.success(), "the program cannot be zipped");
    fs::metadata(zip.path()).unwrap().len()
}
