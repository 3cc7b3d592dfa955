//! The first minute: a month of an account in half a minute, by the function's own code.
//!
//! A thread of its own lets the runs happen ([`play`]). What they did becomes a story ([`story`]), which is drawn on a terminal
//! ([`screen`], [`frame`]) or printed, a line an event. But for the pace both are the same every time.

mod captions;
mod entry;
mod frame;
mod look;
mod mail;
mod play;
mod screen;
mod status;
mod story;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{Ending, complain, failed, output_failed, show};
use crate::error::{Code, RunError};
use entry::Sort;
use look::Look;
use play::{Play, RUNS, Step};
use screen::Watched;
use story::{Event, State};

/// The sample policy.
pub(super) const POLICY: &str = include_str!("../../events/policy.toml");

/// Show a month in half a minute, with nothing set up: what is found, what is sent, and what goes wrong
///
/// The month is 720 runs of the function's own code against an embedded Zoom. Budgets fill, a number runs wild, a forecast crosses, a run dies
/// at the worst moment, Zoom revises a day; each time you see what is sent. Space or Enter goes to the next event, q to the end. Without a
/// terminal of 80 x 24 it prints a line for each event. Nothing leaves this machine. The policy is events/demo.toml.
#[derive(Args)]
pub(super) struct Demo {
    /// Print the messages as their readers got them
    #[arg(long)]
    messages: bool,
    /// Print the answers of the runs that sent something, a line each, and at last what it all came to
    #[arg(long, conflicts_with = "messages")]
    json: bool,
}

/// What is printed, as long as somebody reads it.
type Printed = Result<(), Ending>;

impl Demo {
    pub(super) async fn run(&self) -> Ending {
        let beginning = play::policy().and_then(|policy| Ok(State::new(&policy, play::start(&policy.time_zone)?)));
        let mut state = match beginning {
            Ok(state) => state,
            Err(error) => return failed(&error, self.json),
        };
        let steps = steps();
        if !self.json && !self.messages && screen::fits() {
            return self.watched(steps, state).await;
        }
        match self.printed(&steps, &mut state) {
            Ok(Ok(())) => Ending::Fine,
            Ok(Err(ending)) => ending,
            Err(error) => failed(&error, self.json),
        }
    }

    /// On a terminal.
    async fn watched(&self, steps: Receiver<Result<Step, RunError>>, mut state: State) -> Ending {
        let (look, started) = (screen::look(), Instant::now());
        let interrupted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&interrupted);
        let watching = tokio::task::spawn_blocking(move || {
            let watched = screen::watch(&steps, &mut state, look, &seen);
            (watched, state)
        });
        tokio::spawn(async move {
            interruption().await;
            interrupted.store(true, Ordering::Relaxed);
        });
        match watching.await {
            Ok((Ok(Watched::Enough), state)) => {
                let seconds = started.elapsed().as_secs();
                print(&frame::last(&state, Some(seconds), look).join("\n")).err().unwrap_or(Ending::Fine)
            }
            Ok((Ok(Watched::Gone), _)) => Ending::Fine,
            // The message of a panic is on the screen.
            Ok((Ok(Watched::Interrupted), _)) | Err(_) => Ending::Failed,
            Ok((Err(error), _)) => failed(&error, self.json),
        }
    }

    /// Without a terminal: as fast as it can.
    fn printed(&self, steps: &Receiver<Result<Step, RunError>>, state: &mut State) -> Result<Printed, RunError> {
        let look = Look { colour: false, ..screen::look() };
        for step in steps {
            let step = step?;
            let events = state.add(&step);
            for text in self.texts(&step, &events, state) {
                if let Err(ending) = print(&text) {
                    return Ok(Err(ending));
                }
            }
        }
        ended(state)?;
        let end = if self.json { counts(state).to_string() } else { frame::last(state, None, look).join("\n") };
        let blank = if self.json { "" } else { "\n" };
        Ok(print(&format!("{blank}{end}")))
    }

    /// What is printed of a run.
    fn texts(&self, step: &Step, events: &[Event], state: &State) -> Vec<String> {
        if self.json {
            let answer = step.answer.as_ref().filter(|_| !step.mails.is_empty());
            return answer.and_then(|answer| serde_json::to_string(answer).ok()).into_iter().collect();
        }
        let at = state.at.strftime("%e %b %H:%M");
        let line = |mark: &str, text: &str| format!("{at}  {mark:<12}{text}");
        let mut texts: Vec<_> = events.iter().map(|event| described(event, state, line)).collect();
        if self.messages {
            texts.extend(step.mails.iter().map(|mail| show::message(&mail.publication)));
        }
        texts
    }
}

/// An event as a line.
fn described(event: &Event, state: &State, line: impl Fn(&str, &str) -> String) -> String {
    match event {
        Event::Came(entry) => line(&entry.mark, &entry.text),
        Event::CameAgain { entry, is_marked } => {
            let mark = if *is_marked { "marked as a possible repeat" } else { "NOT marked as a repeat" };
            line(&entry.mark, &format!("{}; again as {}, {mark}", entry.text, entry.id))
        }
        Event::Died { ids } => {
            let text = format!("run {} published {} and was killed before it recorded that", state.run, ids.join(", "));
            line("KILLED", &text)
        }
        Event::Fell { text } => {
            line("UNCONFIRMED", &format!("Zoom lists {text}; the larger figure stands until another reading agrees"))
        }
    }
}

/// What it all came to.
fn counts(state: &State) -> serde_json::Value {
    let name = |sort| match sort {
        Sort::Over => "over",
        Sort::Forecast => "forecast",
        Sort::Spike => "spike",
        Sort::Level => "level",
        Sort::Correction => "correction",
    };
    let sorts: BTreeMap<_, _> = state.counts().into_iter().map(|(sort, number)| (name(sort), number)).collect();
    let tally = &state.tally;
    json!({"demo": {
        "runs": tally.runs,
        "messages": tally.messages,
        "alerts": state.entries.len(),
        "by_kind": sorts,
        "lost": state.lost(),
        "marked_repeats": tally.marked,
        "unmarked_repeats": tally.unmarked,
    }})
}

/// The runs of the month, as fast as they can be had.
fn steps() -> Receiver<Result<Step, RunError>> {
    let (sender, steps) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let message = format!("the system gives no event loop: {error}");
                _ = sender.send(Err(RunError::new(Code::Internal, message)));
                return;
            }
        };
        runtime.block_on(async {
            let play = match Play::begin().await {
                Ok(play) => play,
                Err(error) => {
                    _ = sender.send(Err(error));
                    return;
                }
            };
            for run in 1..=RUNS {
                let step = play.step(run).await;
                let is_last = step.is_err();
                // Nobody is watching any more.
                if sender.send(step).is_err() || is_last {
                    return;
                }
            }
        });
    });
    steps
}

/// Fails if the month is not over, though no run follows: the thread of the runs has panicked.
fn ended(state: &State) -> Result<(), RunError> {
    if state.run < RUNS {
        return Err(RunError::new(Code::Internal, format!("nothing came after run {} of {RUNS}", state.run)));
    }
    Ok(())
}

/// Waits for a signal that asks the program to end.
async fn interruption() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [SignalKind::terminate(), SignalKind::hangup()].map(signal);
        if let [Ok(mut terminate), Ok(mut hang_up)] = signals {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
            return;
        }
    }
    _ = tokio::signal::ctrl_c().await;
}

/// Writes to standard output. Once nobody reads any more, there is nothing left to do.
fn print(text: &str) -> Printed {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| {
        let ending = output_failed(&error);
        if ending == Ending::Failed {
            complain(&format!("error: standard output cannot be written: {error}"));
        }
        ending
    })
}

#[cfg(test)]
mod tests;
