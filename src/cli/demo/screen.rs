//! The demo on a terminal: drawn in place at most 25 times a second, at a pace that eyes can follow, and left as it was found.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::ended;
use super::entry::Sort;
use super::frame::{COLUMNS, LINES, frame};
use super::look::Look;
use super::play::Step;
use super::story::{Event, State};
use crate::cli::terminal::Terminal;
use crate::cli::variable;
use crate::error::RunError;

/// Between two pictures.
const PICTURE: Duration = Duration::from_millis(40);
/// An hour of the story.
const HOUR: Duration = Duration::from_millis(18);
/// An hour while something is reported.
const SLOW_HOUR: Duration = Duration::from_millis(60);
/// How long a scene is slow: one that is soon read, and one that has more to read.
const SHORT_SCENE: Duration = Duration::from_millis(1_000);
const LONG_SCENE: Duration = Duration::from_millis(2_500);
/// When a run dies, nothing moves for a second.
const FREEZE: Duration = Duration::from_secs(1);
/// How long a row is bold, and how long a bar shows what it has lost.
const CHANGED: Duration = Duration::from_secs(1);
const SHRINKING: Duration = Duration::from_millis(500);

/// How the watching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// To the end of the month, or until the viewer had seen enough.
    Enough,
    /// By Ctrl-C or a signal.
    Interrupted,
    /// The terminal is gone.
    Gone,
}

/// Whether the picture fits: a terminal of its size that moves its cursor.
pub(super) fn fits() -> bool {
    io::stdout().is_terminal() && fits_in(variable, size().ok())
}

fn fits_in(variable: impl Fn(&str) -> Option<String>, size: Option<(u16, u16)>) -> bool {
    let moves = variable("TERM").is_some_and(|kind| kind != "dumb");
    let given = variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(COLUMNS);
    let enough = |(columns, lines)| usize::from(columns) >= COLUMNS && usize::from(lines) >= LINES;
    moves && given >= COLUMNS && size.is_some_and(enough)
}

/// What the terminal shows.
pub(super) fn look() -> Look {
    let Terminal { is_utf8, has_colour, .. } = Terminal::of_output();
    Look { utf8: is_utf8, colour: has_colour }
}

/// The terminal while it shows the demo. Whatever ends it, dropping it leaves the terminal as it was.
struct Screen {
    shown: Vec<String>,
    has_keys: bool,
}

impl Screen {
    fn open() -> io::Result<Screen> {
        // Without a keyboard the terminal must go on turning Ctrl-C into a signal.
        let has_keys = io::stdin().is_terminal();
        if has_keys {
            enable_raw_mode()?;
        }
        // The message of a panic belongs on the screen that stays.
        let print_panic = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore(has_keys);
            print_panic(panic);
        }));
        let screen = Screen { shown: Vec::new(), has_keys };
        execute!(io::stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(screen)
    }

    /// Draws the lines that have changed.
    fn draw(&mut self, lines: Vec<String>) -> io::Result<()> {
        if lines == self.shown {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        for (row, line) in (0_u16..).zip(&lines) {
            if self.shown.get(usize::from(row)) != Some(line) {
                queue!(out, MoveTo(0, row))?;
                write!(out, "{line}")?;
                queue!(out, Clear(ClearType::UntilNewLine))?;
            }
        }
        queue!(out, EndSynchronizedUpdate)?;
        self.shown = lines;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore(self.has_keys);
        _ = std::panic::take_hook();
    }
}

/// Gives the terminal back. What is gone cannot be given back, so errors are of no use.
fn restore(has_keys: bool) {
    _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    if has_keys {
        _ = disable_raw_mode();
    }
}

/// What the viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Next,
    End,
    Interrupt,
}

/// The keys that are pressed, as long as there is a keyboard.
fn keys() -> Receiver<Key> {
    let (pressed, keys) = channel();
    if io::stdin().is_terminal() {
        std::thread::spawn(move || {
            for byte in io::stdin().lock().bytes().map_while(Result::ok) {
                let key = match byte {
                    b' ' | b'\r' | b'\n' => Key::Next,
                    b'q' | b'Q' => Key::End,
                    3 => Key::Interrupt,
                    _ => continue,
                };
                if pressed.send(key).is_err() {
                    return;
                }
            }
        });
    }
    keys
}

/// The viewer: what they see, and when they see the next hour.
struct Viewer<'v> {
    screen: Screen,
    keys: Receiver<Key>,
    interrupted: &'v Arc<AtomicBool>,
    look: Look,
    drawn: Option<Instant>,
    slow_until: Instant,
    changed_at: Instant,
    is_skipping: bool,
}

/// Shows the steps as they come. What the steps came to is in `state`.
pub(super) fn watch(
    steps: &Receiver<Result<Step, RunError>>,
    state: &mut State,
    look: Look,
    interrupted: &Arc<AtomicBool>,
) -> Result<Watched, RunError> {
    let Ok(screen) = Screen::open() else { return Ok(Watched::Gone) };
    let now = Instant::now();
    let (slow_until, changed_at) = (now, now);
    let keys = keys();
    let mut viewer =
        Viewer { screen, keys, interrupted, look, drawn: None, slow_until, changed_at, is_skipping: false };
    loop {
        let step = match steps.recv_timeout(PICTURE) {
            Ok(step) => step?,
            Err(RecvTimeoutError::Timeout) => match viewer.pause(state, Duration::ZERO) {
                Ok(()) => continue,
                Err(ended) => return Ok(ended),
            },
            Err(RecvTimeoutError::Disconnected) => return ended(state).map(|()| Watched::Enough),
        };
        let events = state.add(&step);
        let hour = viewer.see(&events);
        if let Err(ended) = viewer.pause(state, hour) {
            return Ok(ended);
        }
    }
}

impl Viewer<'_> {
    /// Takes in what an hour brought; answers how long it is shown.
    fn see(&mut self, events: &[Event]) -> Duration {
        let now = Instant::now();
        let mut freeze = Duration::ZERO;
        for event in events {
            self.is_skipping = false;
            self.changed_at = now;
            let scene = match event {
                Event::Came(entry) if entry.sort == Sort::Level => SHORT_SCENE,
                Event::Died { .. } => {
                    freeze = FREEZE;
                    FREEZE + LONG_SCENE
                }
                _ => LONG_SCENE,
            };
            self.slow_until = self.slow_until.max(now + scene);
        }
        let hour = if now < self.slow_until { SLOW_HOUR } else { HOUR };
        if self.is_skipping { Duration::ZERO } else { hour + freeze }
    }

    /// Shows the moment for so long.
    fn pause(&mut self, state: &mut State, long: Duration) -> Result<(), Watched> {
        let until = Instant::now() + long;
        loop {
            self.draw(state).map_err(|_| Watched::Gone)?;
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Watched::Interrupted);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.keys.recv_timeout(left.min(PICTURE)) {
                Ok(Key::Next) => {
                    self.is_skipping = true;
                    self.slow_until = Instant::now();
                    return Ok(());
                }
                Ok(Key::End) => return Err(Watched::Enough),
                Ok(Key::Interrupt) => return Err(Watched::Interrupted),
                // Without a keyboard the story goes on to its end.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(left.min(PICTURE)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Draws the moment, unless the last picture is too new.
    fn draw(&mut self, state: &mut State) -> io::Result<()> {
        let now = Instant::now();
        if self.drawn.is_some_and(|drawn| now < drawn + PICTURE) {
            return Ok(());
        }
        if now > self.changed_at + CHANGED {
            state.changed = None;
        }
        if now > self.changed_at + SHRINKING {
            state.shrinking = None;
        }
        self.drawn = Some(now);
        self.screen.draw(frame(state, self.look))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_picture_needs_a_terminal_of_its_size() {
        for (variables, size, expected) in [
            (&[("TERM", "xterm-256color")][..], Some((80, 24)), true),
            (&[("TERM", "xterm"), ("COLUMNS", "120")], Some((120, 50)), true),
            (&[("TERM", "xterm"), ("COLUMNS", "60")], Some((120, 50)), false),
            (&[("TERM", "xterm")], Some((79, 24)), false),
            (&[("TERM", "xterm")], Some((80, 23)), false),
            (&[("TERM", "xterm")], None, false),
            (&[("TERM", "dumb")], Some((80, 24)), false),
            (&[], Some((80, 24)), false),
        ] {
            assert_eq!(fits_in(among(variables), size), expected, "{variables:?} {size:?}");
        }
    }
}
