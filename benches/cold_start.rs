//! How long a cold function takes: from exec to its first poll of the Runtime API, against an empty function of the same profile; and from
//! exec to the answer of a first quiet run over TLS, against the same run in Python. Whole processes, turn by turn, medians.
//!
//! ```sh
//! cargo bench --profile dev --bench cold_start          # builds all that it measures; the runner itself need not be fast
//! ```
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    reason = "a benchmark"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::{Program, Run, build, median, ms, run, table, times, world::World};

const RUNS: usize = 31;
const ROWS: usize = 100;
const OURS: &str = "zoom-sms-cost-alerts";
const EMPTY: &str = "empty-function";

#[tokio::main]
async fn main() {
    let programs = build::programs(&[OURS, EMPTY]);
    let python = build::python();
    let world = World::new(ROWS).await;

    let empty = Program::new(&programs[EMPTY]);
    let mut baseline = world.deploy(Program::new(&python));
    baseline.arguments = ["-m", "awslambdaric", "function.handler"].map(str::to_owned).into();
    baseline.directory = Path::new(build::PROJECT).join("benches/baseline");
    // Ours first, then other builds of it that the command line names.
    let named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let ours: Vec<_> = [programs[OURS].clone()].into_iter().chain(named.map(PathBuf::from)).collect();
    let deployed: Vec<_> = ours.iter().map(|path| world.deploy(Program::new(path))).collect();
    let system_roots = deployed.iter().map(|program| program.clone().unset("SSL_CERT_FILE"));

    // Turn by turn, so that all see the same machine.
    let mut polls: Vec<Case> =
        [empty.clone()].into_iter().chain(system_roots).chain(deployed.iter().cloned()).map(Case::new).collect();
    let mut answers: Vec<Case> = [baseline].into_iter().chain(deployed).map(Case::new).collect();
    let mut calls = Vec::new();
    for turn in 0..=RUNS {
        for case in &mut polls {
            case.runs.push(run(&case.program, None).await);
        }
        for case in &mut answers {
            case.runs.push(run(&case.program, Some(world.event())).await);
            calls.push(world.take_calls());
        }
        if turn == 0 {
            // In vain, for the machine's caches.
            polls.iter_mut().chain(&mut answers).for_each(|case| case.runs.clear());
            assert!(calls.iter().all(|of_one| *of_one == calls[0]), "they do not make the same calls: {calls:?}");
        }
    }

    println!("\nMedians of {RUNS} runs. The first run reads {ROWS} rows: {}.\n", calls[0].join(", "));
    let (of_empty, of_python) = (polls[0].first_poll(), answers[0].answered());
    let mut rows = Vec::new();
    for case in &polls {
        let poll = case.first_poll();
        let named = case.program.variables.iter().any(|(name, _)| name == "SSL_CERT_FILE");
        let roots = if named { "`SSL_CERT_FILE`" } else { "the system's" };
        rows.push([case.name(), roots.to_owned(), ms(poll), times(poll, of_empty), case.peak()]);
    }
    table(["exec to first poll", "roots", "median", "× empty", "peak memory"], rows);
    let mut rows = Vec::new();
    for case in &answers {
        let answered = case.answered();
        rows.push([case.name(), ms(answered), times(of_python, answered), ms(case.first_poll()), case.peak()]);
    }
    table(["exec to first answer, over TLS", "median", "Python is × it", "first poll", "peak memory"], rows);
    let mb = |bytes: u64| format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000);
    let size = |path: &PathBuf| {
        [path.display().to_string(), mb(fs::metadata(path).unwrap().len()), mb(build::zipped(&python, path))]
    };
    table(["program", "size", "zipped"], ours.iter().chain([&programs[EMPTY]]).map(size).collect());
}

/// A program and what was seen of it.
struct Case {
    program: Program,
    runs: Vec<Run>,
}

impl Case {
    fn new(program: Program) -> Case {
        Case { program, runs: Vec::new() }
    }

    fn name(&self) -> String {
        self.program.path.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn first_poll(&self) -> Duration {
        median(self.runs.iter().map(|run| run.first_poll))
    }

    fn answered(&self) -> Duration {
        median(self.runs.iter().map(|run| run.answered))
    }

    fn peak(&self) -> String {
        format!("{} MiB", median(self.runs.iter().map(|run| run.peak_kib)) / 1024)
    }
}
