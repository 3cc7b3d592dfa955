//! Tells the program which commit it is built from.
//!
//! The commit is that of the variable `COST_ALERTS_COMMIT` ("HASH DATE", which a release sets), else the one that git has checked out, else
//! unknown. Its own date stands beside it and not the time of the build, so that two builds of one commit are the same.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how a build script speaks to cargo")]

use std::path::Path;
use std::process::Command;

/// Digits of the hash that are shown.
const DIGITS: usize = 7;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=COST_ALERTS_COMMIT");
    let given = std::env::var("COST_ALERTS_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let commit = given.or_else(checked_out).as_deref().and_then(shown).unwrap_or_else(|| "unknown commit".to_owned());
    let (version, profile) = (variable("CARGO_PKG_VERSION"), variable("PROFILE"));
    println!("cargo::rustc-env=COST_ALERTS_VERSION={version} ({commit}, {profile})");
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// "HASH DATE" with as much of the hash as is shown.
fn shown(commit: &str) -> Option<String> {
    let (hash, date) = commit.trim().split_once(' ')?;
    Some(format!("{} {date}", hash.get(..DIGITS)?))
}

/// The commit of the repository that this file belongs to, not of one that a copy of the sources happens to lie in.
fn checked_out() -> Option<String> {
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    // The first names what is checked out, the second changes with every commit and every checkout. What does not exist would make every
    // build run this again.
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["show", "--no-patch", "--format=%H %cs", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
