//! A walk over the rows of a question, page by page.
//!
//! The first page fixes the rows of a walk; every later page is found by its token, which knows the place. So a walk is
//! steady while the account goes on sending, and `--repeat-rows` is what an unsteady one looks like to a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;

use super::answer::Answer;
use super::clock;
use super::data::{Dataset, Row};
use super::dice::Dice;
use super::fault::FaultKind;
use super::page::{Page, WireRow, spoiled};
use super::question::Question;
use super::switches::{GroupMessages, Missing, Order, Switches, TotalRecords};

const PAGE_TOKEN_SEED: u64 = 0x5A4D_0002;
const SHUFFLE_SEED: u64 = 0x5A4D_0003;

/// A place in the rows of a question.
#[derive(Clone)]
pub(super) struct Walk {
    rows: Arc<[Arc<Row>]>,
    /// The rows of the same time, with those without charge.
    uncharged_too: usize,
    offset: usize,
}

impl Walk {
    pub(super) fn begin(data: &Dataset, question: &Question, switches: &Switches) -> Walk {
        let lag = SignedDuration::from_mins(switches.lag_minutes.into());
        let sent = |row: &&Arc<Row>| row.sent >= question.start && row.sent < question.end;
        let mut rows: Vec<_> = data.arrived(lag).filter(sent).cloned().collect();
        let uncharged_too = rows.len();
        if question.charges_only {
            rows.retain(|row| row.is_charged());
        }
        match switches.order {
            Order::NewestFirst => rows.reverse(),
            Order::OldestFirst => {}
            Order::Shuffled => Dice::new(SHUFFLE_SEED).shuffle(&mut rows),
        }
        Walk { rows: rows.into(), uncharged_too, offset: 0 }
    }

    fn at(&self, offset: usize) -> Walk {
        Walk { offset, ..self.clone() }
    }
}

/// What a page token stands for.
struct Leave {
    walk: Walk,
    parameters: Vec<(String, String)>,
    given: Instant,
    /// The pages answered until then.
    pages: u64,
}

/// The walks that are under way.
pub(super) struct Walks(Mutex<UnderWay>);

struct UnderWay {
    dice: Dice,
    pages: u64,
    leaves: HashMap<String, Leave>,
}

impl Walks {
    pub(super) fn new() -> Walks {
        let dice = Dice::new(PAGE_TOKEN_SEED);
        Walks(Mutex::new(UnderWay { dice, pages: 0, leaves: HashMap::new() }))
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, query: &[(String, String)]) {
        for (_, token) in query.iter().filter(|(name, _)| name == "next_page_token") {
            self.under_way().leaves.remove(token);
        }
    }

    pub(super) fn resume(&self, token: &str, question: &Question, switches: &Switches) -> Result<Walk, Answer> {
        let under_way = self.under_way();
        let leave = under_way.leaves.get(token).ok_or_else(|| Answer::page_token(400))?;
        let pages = under_way.pages - leave.pages;
        let aged = clock::instant().duration_since(leave.given) >= Duration::from_secs(switches.page_token_seconds);
        if aged || switches.page_token_lives.is_some_and(|lives| pages >= lives) {
            return Err(Answer::page_token(400));
        }
        if leave.parameters != question.parameters {
            let message = "The other parameters must be those of the first page.";
            return Err(Answer::invalid("next_page_token", message));
        }
        Ok(leave.walk.clone())
    }

    /// A new token for the page at which `walk` stands.
    fn leave(&self, walk: Walk, question: &Question) -> String {
        let mut under_way = self.under_way();
        let token = format!("{:016x}{:016x}", under_way.dice.next(), under_way.dice.next());
        let parameters = question.parameters.clone();
        let leave = Leave { walk, parameters, given: clock::instant(), pages: under_way.pages };
        under_way.leaves.insert(token.clone(), leave);
        token
    }

    pub(super) fn page(
        &self,
        walk: &Walk,
        question: &Question,
        switches: &Switches,
        fault: Option<FaultKind>,
    ) -> Answer {
        self.under_way().pages += 1;
        let end = match fault {
            Some(FaultKind::EmptyPage) => walk.offset,
            _ => walk.rows.len().min(walk.offset + question.page_size),
        };
        let rows = walk.rows.get(walk.offset..end).unwrap_or_default();
        let next = next(walk, end, question, switches, fault);
        let next = match (next, &question.page_token) {
            (Some(Next::Same), Some(token)) => Some(token.clone()),
            (Some(Next::Same), None) => Some(self.leave(walk.clone(), question)),
            (Some(Next::At(offset)), _) => Some(self.leave(walk.at(offset), question)),
            (None, _) => None,
        };
        let mut page = Page {
            next_page_token: match (next, switches.last_page_token) {
                (Some(token), _) => Some(token.into()),
                (None, Missing::Empty) => Some("".into()),
                (None, Missing::Absent) => None,
                (None, Missing::Null) => Some(Value::Null),
            },
            page_size: question.page_size,
            total_records: match switches.total_records {
                TotalRecords::Overall => Some(walk.rows.len()),
                TotalRecords::PerPage => Some(rows.len()),
                TotalRecords::Absent => None,
                TotalRecords::UnchargedToo => Some(walk.uncharged_too),
            },
            from: &question.from,
            to: &question.to,
            report_revision: switches.new_fields.then_some("2"),
            sms_charges: rows.iter().map(|row| WireRow { row, switches, spoiled: None }).collect(),
        };
        if let Some(last) = page.sms_charges.last_mut() {
            last.spoiled = spoiled(fault);
        }
        Answer::json(StatusCode::OK, &page)
    }
}

enum Next {
    /// The same page, by the same token.
    Same,
    /// The page at this place, by a new token.
    At(usize),
}

/// Where the page leads that ends before `end`; `None` from the last page.
fn next(walk: &Walk, end: usize, question: &Question, switches: &Switches, fault: Option<FaultKind>) -> Option<Next> {
    match fault {
        Some(FaultKind::SamePageToken) => return Some(Next::Same),
        Some(FaultKind::EmptyPage) => return Some(Next::At(end)),
        _ => {}
    }
    if end < walk.rows.len() {
        // At least one row of progress, whatever is repeated.
        let repeated = switches.repeat_rows.min(question.page_size - 1);
        return Some(Next::At(end - repeated));
    }
    match fault {
        Some(FaultKind::Endless) => Some(Next::At(walk.offset)),
        Some(FaultKind::EndlessEmpty) => Some(Next::At(end)),
        _ => None,
    }
}

/// The data as the switches have them.
pub(super) fn prepared(data: Dataset, switches: &Switches) -> Arc<Dataset> {
    Arc::new(match switches.group_messages {
        GroupMessages::SharedId => data,
        GroupMessages::OwnIds => data.with_own_ids(),
    })
}
