//! The walks that are under way, page by page, and what their answers have held.
//!
//! The first page fixes the rows of a walk; every later page is found by its token, which knows the place. So a walk is
//! steady while the account goes on sending. `--repeat-rows` and `--live-pages` are what an unsteady one looks like to a
//! client.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::answer::Answer;
use super::data::Dataset;
use super::dice::Dice;
use super::fault::FaultKind;
use super::page::Page;
use super::question::Question;
use super::record::Listed;
use super::reports::ReportKind;
use super::switches::Switches;
use super::walk::Walk;
use super::{clock, view};

const PAGE_TOKEN_SEED: u64 = 0x5A4D_0002;

/// What a page token stands for.
struct Leave {
    report: ReportKind,
    walk: Walk,
    parameters: Vec<(String, String)>,
    given: Instant,
    /// The pages answered until then.
    pages: u64,
}

/// The walks that are under way, and what was listed.
pub(super) struct Walks(Mutex<UnderWay>);

struct UnderWay {
    dice: Dice,
    pages: u64,
    leaves: HashMap<String, Leave>,
    listed: Vec<Listed>,
}

impl Walks {
    pub(super) fn new() -> Walks {
        let dice = Dice::new(PAGE_TOKEN_SEED);
        Walks(Mutex::new(UnderWay { dice, pages: 0, leaves: HashMap::new(), listed: Vec::new() }))
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn listed(&self) -> Vec<Listed> {
        self.under_way().listed.clone()
    }

    pub(super) fn forget(&self, query: &[(String, String)]) {
        for (_, token) in query.iter().filter(|(name, _)| name == "next_page_token") {
            self.under_way().leaves.remove(token);
        }
    }

    /// The page that the question asks for.
    pub(super) fn answer(
        &self,
        data: &Dataset,
        question: &Question,
        switches: &Switches,
        fault: Option<FaultKind>,
    ) -> Result<Answer, Answer> {
        let walk = match &question.page_token {
            None => self.begin(data, question, switches),
            Some(token) => {
                let walk = self.resume(token, question, switches)?;
                match switches.live_pages {
                    true => {
                        Walk { offset: walk.offset, ..Walk::begin(data, question, (walk.place, walk.turn), switches) }
                    }
                    false => walk,
                }
            }
        };
        let moment = view::shown(data.today(), walk.turn, switches);
        let walk = walk.after(fault, |row| view::listed(row, moment, switches));
        Ok(self.page(&walk, question, switches, fault))
    }

    fn begin(&self, data: &Dataset, question: &Question, switches: &Switches) -> Walk {
        let mut under_way = self.under_way();
        let report = question.report.kind;
        let before = under_way.listed.iter().filter(|listed| listed.report == report).count();
        let turn = u32::try_from(before).unwrap_or(u32::MAX);
        let walk = Walk::begin(data, question, (under_way.listed.len(), turn), switches);
        under_way.listed.push(Listed {
            report,
            from: question.from.clone(),
            to: question.to.clone(),
            said: (walk.range.from.clone(), walk.range.to.clone()),
            start: walk.range.start(),
            end: walk.range.end(),
            today: data.today(),
            shown: view::shown(data.today(), turn, switches),
            charges_only: question.charges_only,
            rows: Vec::new(),
            without_faults: question.listing(&walk.rows).cloned().collect(),
            ended: false,
        });
        walk
    }

    fn resume(&self, token: &str, question: &Question, switches: &Switches) -> Result<Walk, Answer> {
        let under_way = self.under_way();
        let leave = under_way.leaves.get(token).filter(|leave| leave.report == question.report.kind);
        let leave = leave.ok_or_else(|| Answer::page_token(400))?;
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

    fn page(&self, walk: &Walk, question: &Question, switches: &Switches, fault: Option<FaultKind>) -> Answer {
        let mut under_way = self.under_way();
        under_way.pages += 1;
        let size = match switches.page_limit {
            0 => question.page_size,
            limit => question.page_size.min(limit),
        };
        let end = match fault {
            Some(FaultKind::EmptyPage) => walk.offset,
            _ => walk.rows.len().min(walk.offset + size),
        };
        // At least one row of progress, whatever is repeated.
        let repeated = switches.repeat_rows.min(size - 1);
        let next = match (next(walk, end, repeated, fault), &question.page_token) {
            (Some(Next::Same), Some(token)) => Some(token.clone()),
            (Some(Next::Same), None) => Some(under_way.leave(walk.clone(), question)),
            (Some(Next::At(offset)), _) => Some(under_way.leave(walk.at(offset), question)),
            (None, _) => None,
        };
        let rows = walk.rows.get(walk.offset..end).unwrap_or_default();
        let rows: Vec<_> = question.listing(rows).cloned().collect();
        if let Some(listed) = under_way.listed.get_mut(walk.place).filter(|_| !spoils_the_page(fault)) {
            listed.rows.extend(rows.iter().cloned());
            listed.said = (walk.range.from.clone(), walk.range.to.clone());
            (listed.start, listed.end) = (walk.range.start(), walk.range.end());
            listed.ended |= next.is_none();
        }
        let page = Page::new(walk, &rows, question, next, under_way.pages, switches);
        Answer::json(StatusCode::OK, &page.after(fault))
    }
}

impl UnderWay {
    /// A new token for the page at which `walk` stands.
    fn leave(&mut self, walk: Walk, question: &Question) -> String {
        let token = format!("{:016x}{:016x}", self.dice.next(), self.dice.next());
        let parameters = question.parameters.clone();
        let report = question.report.kind;
        let leave = Leave { report, walk, parameters, given: clock::instant(), pages: self.pages };
        self.leaves.insert(token.clone(), leave);
        token
    }
}

/// Whether no row of the page was answered.
fn spoils_the_page(fault: Option<FaultKind>) -> bool {
    matches!(fault, Some(FaultKind::CutBody | FaultKind::Envelope200Page | FaultKind::Envelope200Rows))
}

enum Next {
    /// The same page, by the same token.
    Same,
    /// The page at this place, by a new token.
    At(usize),
}

/// Where the page leads that ends before `end`; `None` from the last page.
fn next(walk: &Walk, end: usize, repeated: usize, fault: Option<FaultKind>) -> Option<Next> {
    match fault {
        Some(FaultKind::SamePageToken) => return Some(Next::Same),
        Some(FaultKind::EmptyPage) => return Some(Next::At(end)),
        _ => {}
    }
    if end < walk.rows.len() {
        return Some(Next::At(end - repeated));
    }
    match fault {
        Some(FaultKind::Endless) => Some(Next::At(walk.offset)),
        Some(FaultKind::EndlessEmpty) => Some(Next::At(end)),
        _ => None,
    }
}
