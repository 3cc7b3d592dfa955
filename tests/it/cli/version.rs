//! What a build says it is: version, commit and profile. The build script is run as cargo runs it, in places of its own.

use super::{Ended, Environment, run};
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;
use zoom_sms_cost_alerts::VERSION;

/// A directory with the build script, compiled.
struct Place(TempDir);

impl Place {
    async fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
        std::fs::copy(&source, place.0.path().join("build.rs")).unwrap();
        let mut compiler = Command::new("rustc");
        // From the project, whose file names the toolchain.
        compiler.args(["--edition", "2024", "-o"]).arg(place.0.path().join("script")).arg(&source);
        compiler.current_dir(env!("CARGO_MANIFEST_DIR"));
        let ended = Ended::of(compiler).await;
        assert_eq!(ended.code, 0, "{}", ended.err);
        place
    }

    /// What the script tells cargo, a line each.
    async fn says(&self, commit: Option<&str>) -> Vec<String> {
        let mut script = Command::new(self.0.path().join("script"));
        script.current_dir(self.0.path()).env("CARGO_PKG_VERSION", "1.2.3").env("PROFILE", "release");
        script.env("GIT_CEILING_DIRECTORIES", self.0.path().parent().unwrap());
        script.env_remove("COST_ALERTS_COMMIT").envs(commit.map(|commit| ("COST_ALERTS_COMMIT", commit)));
        let ended = Ended::of(script).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        ended.out.lines().map(str::to_owned).collect()
    }

    async fn version(&self, commit: Option<&str>) -> String {
        let said = self.says(commit).await;
        let version = said.iter().find_map(|line| line.strip_prefix("cargo::rustc-env=COST_ALERTS_VERSION="));
        version.unwrap().to_owned()
    }

    async fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=T", "-c", "user.email=t@example.com"]).args(arguments).current_dir(self.0.path());
        git.env("GIT_COMMITTER_DATE", "2026-11-24T23:30:00-05:00").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let ended = Ended::of(git).await;
        assert_eq!(ended.code, 0, "git {arguments:?}: {}", ended.err);
        ended.out.trim().to_owned()
    }
}

#[tokio::test]
async fn the_command_says_its_version_commit_and_build() {
    let ended = run(&["--version"], &Environment::new()).await;
    assert_eq!((ended.code, ended.out), (0, format!("cost-alerts {VERSION}\n")));
    assert!(VERSION.starts_with(concat!(env!("CARGO_PKG_VERSION"), " (")), "{VERSION}");
}

#[tokio::test]
async fn a_release_says_which_commit_it_is_built_from_and_asks_no_repository() {
    let place = Place::new().await;
    let said = place.says(Some("27aedd0d22987925de38d992c4be68325ddfc41f 2026-11-24")).await;
    let watched: Vec<_> = said.iter().filter(|line| line.contains("rerun-if")).collect();
    assert_eq!(watched, ["cargo::rerun-if-changed=build.rs", "cargo::rerun-if-env-changed=COST_ALERTS_COMMIT"]);
    assert_eq!(said.last().unwrap(), "cargo::rustc-env=COST_ALERTS_VERSION=1.2.3 (27aedd0 2026-11-24, release)");
}

#[tokio::test]
async fn without_a_repository_the_commit_is_unknown() {
    let place = Place::new().await;
    for given in [None, Some(""), Some("27aedd0")] {
        assert_eq!(place.version(given).await, "1.2.3 (unknown commit, release)", "{given:?}");
    }
    // Sources that lie unpacked in somebody else's repository are not of its commit.
    place.git(&["init", "--quiet"]).await;
    place.git(&["commit", "--quiet", "--allow-empty", "--message", "another project"]).await;
    assert_eq!(place.version(None).await, "1.2.3 (unknown commit, release)");
}

#[tokio::test]
async fn a_build_is_made_again_after_a_commit_and_not_without_one() {
    let place = Place::new().await;
    place.git(&["init", "--quiet"]).await;
    place.git(&["add", "build.rs"]).await;
    place.git(&["commit", "--quiet", "--message", "first"]).await;
    let first = place.git(&["rev-parse", "HEAD"]).await;
    // The commit's own day, where it was made.
    assert_eq!(place.version(None).await, format!("1.2.3 ({} 2026-11-24, release)", &first[..7]));
    let said = place.says(None).await;
    let watched: Vec<_> = said.iter().filter_map(|line| line.strip_prefix("cargo::rerun-if-changed=")).collect();
    let contents = || watched.iter().map(|file| std::fs::read(place.0.path().join(file)).unwrap()).collect::<Vec<_>>();
    // A file that is not there would make every build run the script again.
    let before = contents();
    assert_eq!(contents(), before);
    place.git(&["commit", "--quiet", "--allow-empty", "--message", "second"]).await;
    assert_ne!(contents(), before, "of {watched:?}");
    assert_ne!(place.version(None).await, format!("1.2.3 ({} 2026-11-24, release)", &first[..7]));
}
