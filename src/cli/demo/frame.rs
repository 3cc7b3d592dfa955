//! The picture: what the screen shows of the story, as lines. Pure, so that every moment of it can be held in a test.

use super::captions::{Caption, in_days};
use super::entry::{Entry, Sort};
use super::look::{Line, Look, Role};
use super::play::DAYS;
use super::status::Status;
use super::story::State;
use crate::cli::terminal::wrapped;
use crate::domain::alert::count;

/// The columns and lines that the picture needs.
pub(super) const COLUMNS: usize = 80;
/// See [`COLUMNS`].
pub(super) const LINES: usize = 24;

/// Where the bars begin, and how many cells they have; so many cells are a whole budget.
const BARS: usize = 26;
const CELLS: usize = 36;
const WHOLE: u32 = 20;
/// Lines between the budgets and the last line: the scene and the mailbox.
const ROOM: usize = 12;
/// Alerts of the mailbox that are shown at most.
const MOST_ENTRIES: usize = 5;

/// The picture of a moment.
pub(super) fn frame(state: &State, look: Look) -> Vec<String> {
    let mut lines = vec![title("a month in half a minute", "space next event  q end"), clock(state), Line::default()];
    lines.push(Line::plain(format!("{}0%        50%      100%      150%    used  by {DAYS} Nov", " ".repeat(BARS))));
    lines.extend(state.statuses.iter().enumerate().map(|(place, status)| budget(state, place, status)));
    lines.push(Line::default());
    let below = lines.len();
    lines.extend(scene(state));
    let room = ROOM.saturating_sub(lines.len() - below + 3).min(MOST_ENTRIES);
    lines.push(Line::default());
    lines.push(Line::plain(format!(" {}", mailbox(state))));
    let skipped = state.entries.len().saturating_sub(room);
    lines.extend(state.entries.iter().skip(skipped).map(|entry| listed(entry, state)));
    lines.resize(LINES - 1, Line::default());
    lines.push(
        Line::plain(" ")
            .with(Role::Faint, "Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded."),
    );
    lines.iter().map(|line| line.text(look)).collect()
}

/// The first line.
fn title(what: &str, keys: &str) -> Line {
    let title = Line::plain(" ").with(Role::Bold, "cost-alerts demo").with(Role::Plain, format!(": {what}"));
    title.padded_to(COLUMNS - 1 - keys.len()).with(Role::Faint, keys)
}

/// Where the month stands.
fn clock(state: &State) -> Line {
    let day = state.day();
    let gone = usize::try_from(day).unwrap_or_default();
    let left = usize::try_from(DAYS.saturating_sub(day)).unwrap_or_default();
    Line::plain(format!(" {}", state.at.strftime("%a %e %b %H:%M")))
        .padded_to(20)
        .with(Role::Spent, "█".repeat(gone))
        .with(Role::Faint, "░".repeat(left))
        .with(Role::Plain, format!("  day {day} of {DAYS}  run {}", state.run))
}

/// A budget: its sign, its name, its bar, its figures.
fn budget(state: &State, place: usize, status: &Status) -> Line {
    let is_changed = state.changed == Some(place);
    let name = if is_changed { Role::Bold } else { Role::Plain };
    let line = match sign(state, place, status) {
        Some(sort) => Line::default().with(sort.role(), sort.sign()),
        None => Line::plain(" "),
    };
    let was = state.shrinking.as_ref().filter(|(shrinking, _)| *shrinking == place).map(|(_, was)| was);
    let mut line = line.with(name, format!(" {}", status.who)).padded_to(BARS);
    for (role, cell) in bar(status, was, is_changed) {
        line = line.with(role, cell);
    }
    let ends = status.ends.map_or_else(String::new, |(low, high)| format!("{} to {}", low.shown(0), high.shown(0)));
    line.padded_to(BARS + CELLS).with(name, format!("{:>5}{ends:>11}", format!("{}%", status.percent())))
}

/// The sign of a budget: what was reported of it last, as long as it is true.
fn sign(state: &State, place: usize, status: &Status) -> Option<Sort> {
    let reported = |sort: Sort| state.of(sort).filter(move |entry| entry.place == Some(place));
    let is_today = |entry: &Entry| entry.at.date() == state.at.date();
    if status.spent >= status.limit {
        Some(Sort::Over)
    } else if reported(Sort::Spike).any(is_today) {
        Some(Sort::Spike)
    } else if reported(Sort::Forecast).next().is_some() {
        Some(Sort::Forecast)
    } else {
        status.is_reached.then_some(Sort::Level)
    }
}

/// The cells of a bar; `was` is what the budget was when its bar begins to shrink.
fn bar(status: &Status, was: Option<&Status>, is_changed: bool) -> Vec<(Role, char)> {
    let whole = usize::try_from(WHOLE).unwrap_or_default();
    let cells = |amount| status.cells(amount, WHOLE).min(CELLS);
    let spent = cells(status.spent);
    let was = was.map_or(0, |was| cells(was.spent));
    let ends = status.ends.map(|(low, high)| (cells(low).max(spent), cells(high)));
    // A range that is narrower than a cell is shown as one.
    let (low, high) = ends.map_or((0, 0), |(low, high)| (low, high.max(low + 1).min(CELLS)));
    let is_over = high > whole;
    let cell = |place: usize| match place {
        place if place < spent && place < whole => (if is_changed { Role::SpentNow } else { Role::Spent }, '█'),
        place if place < spent && place == whole => (Role::Limit, '┃'),
        place if place < spent => (Role::Over, '▓'),
        place if place < was => (Role::Correction, '▒'),
        place if place == whole => (Role::Limit, '│'),
        place if place < low => (Role::Ahead, '·'),
        place if place < high => (if is_over { Role::AheadOver } else { Role::Ahead }, '░'),
        _ => (Role::Plain, ' '),
    };
    (0..CELLS).map(cell).collect()
}

/// What is said of the scene.
fn scene(state: &State) -> Vec<Line> {
    let mut lines = Vec::new();
    for caption in &state.captions {
        let Caption { time, sign, text } = caption;
        let indent = match (time.is_empty(), sign) {
            (true, None) => 1,
            (true, Some(_)) => 3,
            (false, _) => 10,
        };
        for (place, text) in wrapped(text, COLUMNS - 1 - indent).into_iter().enumerate() {
            let mut line = Line::default();
            if place == 0 {
                line = line.with(Role::Plain, format!(" {time}"));
                if let Some((role, sign)) = sign {
                    line = line.padded_to(indent - 2).with(*role, *sign);
                }
            }
            lines.push(line.padded_to(indent).with(Role::Plain, text).where_is(&state.shown_id, Role::Bold));
        }
    }
    lines
}

/// How full the mailbox is.
fn mailbox(state: &State) -> String {
    let tally = &state.tally;
    if tally.marked + tally.unmarked > 0 {
        let alerts = count(state.entries.len() as u64, "alert");
        return format!("{alerts} in the mailbox, each shown once");
    }
    format!(
        "{} sent, {} with nothing to say",
        count(tally.messages.into(), "message"),
        count(tally.silent.into(), "run")
    )
}

/// An alert of the mailbox.
fn listed(entry: &Entry, state: &State) -> Line {
    let text = if entry.id == state.shown_id { Role::Bold } else { Role::Plain };
    let line = Line::plain(format!(" {}  ", entry.at.strftime("%e %b %H:%M"))).with(entry.sort.role(), &*entry.mark);
    line.padded_to(27).with(text, &*entry.text)
}

/// The last picture: what it came to, and what to try next. `seconds` are those that it took, where somebody watched.
pub(super) fn last(state: &State, seconds: Option<u64>, look: Look) -> Vec<String> {
    let day = state.day();
    let done = match (day >= DAYS, seconds) {
        (true, Some(seconds)) => format!("done, {DAYS} days in {}", count(seconds, "second")),
        (true, None) => format!("done, {DAYS} days"),
        (false, _) => format!("stopped after {} of {DAYS} days", day.saturating_sub(1)),
    };
    let (alerts, tally) = (count(state.entries.len() as u64, "alert"), &state.tally);
    let (runs, unmarked) = (count(tally.runs.into(), "run"), count(tally.unmarked.into(), "unmarked repeat"));
    let mut lines = vec![title(&done, ""), Line::default()];
    lines.push(
        Line::default().with(Role::Bold, format!("   {runs}     {alerts}     {} lost     {unmarked}", state.lost())),
    );
    lines.push(Line::default());
    lines.extend(state.counts().into_iter().flat_map(|(sort, number)| counted(sort, number, state)));
    lines.push(Line::default());
    let next = [
        ("Read the alerts as their readers got them:", &["cost-alerts demo --messages"][..]),
        ("See an account as a page in your browser:", &["cost-alerts report --source demo --out report.html"]),
        (
            "Your own account, read only, nothing is sent:",
            &[
                "export ZOOM_ACCOUNT_ID=... ZOOM_CLIENT_ID=... ZOOM_CLIENT_SECRET=...",
                "cost-alerts init > policy.toml",
                "cost-alerts check",
            ],
        ),
    ];
    for (what, commands) in next {
        lines.push(Line::plain(format!(" {what}")));
        lines.extend(commands.iter().map(|command| Line::plain("   ").with(Role::Bold, *command)));
        lines.push(Line::default());
    }
    lines.pop();
    lines.iter().map(|line| line.text(look)).collect()
}

/// How many alerts of a sort there were, and what is worth a word.
fn counted(sort: Sort, number: usize, state: &State) -> Vec<Line> {
    let (name, words) = match sort {
        Sort::Over => ("OVER", overs(state)),
        Sort::Forecast => ("FORECAST", state.of(sort).map(|entry| forecast(entry, state)).collect()),
        Sort::Spike => ("SPIKE", state.of(sort).map(|entry| entry.text.clone()).collect()),
        Sort::Level => ("levels", vec!["50% and 80% on the way".to_owned()]),
        Sort::Correction => ("CORRECTION", vec!["after two readings that agree".to_owned()]),
    };
    let first = Line::plain("   ").with(sort.role(), sort.sign()).with(Role::Plain, " ").with(sort.role(), name);
    let first = first.padded_to(17).with(Role::Plain, number.to_string());
    let mut lines = vec![first];
    for (place, text) in words.into_iter().enumerate() {
        if place > 0 {
            lines.push(Line::default());
        }
        if let Some(line) = lines.pop() {
            lines.push(line.padded_to(21).with(Role::Plain, text));
        }
    }
    lines
}

/// Who was over, and how often.
fn overs(state: &State) -> Vec<String> {
    let over = |(place, status): (usize, &Status)| {
        let times = state.of(Sort::Over).filter(|entry| entry.place == Some(place)).count();
        let was_forecast = state.of(Sort::Forecast).any(|entry| entry.place == Some(place));
        match times {
            0 => None,
            1 if was_forecast => Some(format!("{}, as forecast", status.who)),
            1 => Some(status.who.clone()),
            _ => Some(format!("{}, again after the correction", status.who)),
        }
    };
    state.statuses.iter().enumerate().filter_map(over).collect()
}

/// How long before it came true a forecast was made.
fn forecast(entry: &Entry, state: &State) -> String {
    let status = entry.place.and_then(|place| state.statuses.get(place));
    let who = status.map_or("", |status| &status.who);
    match state.of(Sort::Over).find(|over| over.place == entry.place) {
        Some(over) => format!("{who}, {} before it was over", in_days(&entry.at, &over.at)),
        None => who.to_owned(),
    }
}
