//! A subject that sends far more on a day than it ever does (see [`crate::domain::foresight::spike`]).
//!
//! Judged are the open day and every day that is not settled, because Zoom may list messages late; the alert names the day. Days with spikes
//! that are near each other are an **episode**, and its first alert stands for all of them until a count is twice the one that was reported.
//! An alert is about the latest episode with news, and names earlier ones, of which a silence may have held back several.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::people::{sent_by, sent_by_in_a_line, who, whom_to_ask, whose};
use super::words::{count, money};
use super::{
    Alert, AlertRecord, Details, Facts, Finding, Kind, Peak, Record, Reported, Row, Severity, Thread, ThreadKey,
    Verdict, Wording,
};
use crate::domain::baselines::{AGAIN_AT, Episode};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::Whose;
use crate::domain::estimates::{Excess, Tenths};
use crate::domain::money::Amount;
use crate::domain::period::Period;
use crate::domain::policy::Spike;
use crate::domain::product::Products;
use crate::domain::text::label;
use crate::domain::totals::Sum;

/// What a subject sent on days that are spikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spiking<'a> {
    /// What watches the subject.
    pub rule: &'a Spike,
    /// The billing number, department, cost center, extension or account.
    pub subject: Arc<str>,
    /// The day that the alert is about.
    pub day: SpikeDay,
    /// Of each earlier episode of which the receiver has not heard, the day with most messages, oldest first.
    pub earlier: Vec<SpikeDay>,
    /// All days that are spikes, oldest first.
    pub days: Vec<SpikeDay>,
}

/// A day that is a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikeDay {
    /// The day.
    pub period: Period,
    /// What was sent, and what it costs.
    pub sum: Sum,
    /// How much more that is than usual.
    pub excess: Excess,
    /// The first day of the episode.
    pub since: Date,
    /// Of a day that is not over: the start of the first hour in which more was sent than on a usual day.
    pub started: Option<Timestamp>,
    /// Whether the day was read in part.
    pub at_least: bool,
}

/// A spike in the answer and the machine form.
#[derive(Clone, Debug, Serialize)]
pub struct SpikeRecord {
    name: String,
    pub(in crate::domain) usual: Tenths,
    pub(in crate::domain) count: u64,
    factor: Tenths,
    extra: Amount,
    pub(in crate::domain) day: Date,
    since: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<SpikeRecord>,
}

impl SpikeDay {
    fn date(&self) -> Date {
        self.period.first_day()
    }

    fn record(&self, rule: &Spike, earlier: &[SpikeDay]) -> SpikeRecord {
        let SpikeDay { sum, excess, since, started, .. } = *self;
        SpikeRecord {
            name: label(&rule.name).into_owned(),
            usual: excess.usual,
            count: sum.messages,
            factor: excess.factor,
            extra: excess.extra,
            day: self.date(),
            since,
            started,
            earlier: earlier.iter().map(|day| day.record(rule, &[])).collect(),
        }
    }
}

impl<'a> Spiking<'a> {
    /// Of the days that are spikes, oldest first; `None` without any.
    pub(in crate::domain) fn of(rule: &'a Spike, subject: Arc<str>, days: Vec<SpikeDay>) -> Option<Spiking<'a>> {
        let day = *days.last()?;
        Some(Spiking { rule, subject, day, earlier: Vec::new(), days })
    }

    fn scope(&self) -> Scope {
        self.rule.scope
    }

    pub(super) fn key(&self, case: &Case<'a>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(case.totals.account()),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Spike,
            scope: self.scope(),
            subject: Arc::clone(&self.subject),
            currency: Some(self.rule.currency),
            products: Products::One(self.rule.product),
            period: String::new(),
        }
    }

    pub(super) fn whose(&self) -> Whose {
        Whose {
            period: self.day.period,
            products: Products::One(self.rule.product),
            scope: self.rule.scope,
            subject: Arc::clone(&self.subject),
            currency: self.rule.currency,
        }
    }

    /// Of how many messages on a day of an episode a receiver has heard who knows what is recorded.
    fn heard(&self, since: Date, record: &Record) -> Option<u64> {
        let of_episode = self.days.iter().filter(|day| day.since == since).map(SpikeDay::date);
        let episode = of_episode.max().map(|last| Episode { first: since, last });
        let peaks = record.reported.iter().flat_map(|reported| &reported.peaks);
        let heard = peaks.filter(|peak| peak.day >= since && Episode::with(episode, peak.day).first == since);
        heard.map(|peak| peak.count).max()
    }

    /// Whether such a receiver has not heard of a day: nothing of its episode, or of half as much at most.
    fn is_news(&self, day: &SpikeDay, record: &Record) -> bool {
        self.heard(day.since, record).is_none_or(|heard| day.sum.messages >= AGAIN_AT.saturating_mul(heard))
    }

    /// Of each episode with news, the day with most messages.
    pub(super) fn verdict(mut self, key: &ThreadKey, thread: Option<&Thread>, case: &Case<'a>) -> Verdict<'a> {
        let record = Record::of(thread);
        let mut news = BTreeMap::<Date, SpikeDay>::new();
        for day in &self.days {
            if Record::possible(thread).any(|record| self.is_news(day, record)) {
                let most = news.entry(day.since).or_insert(*day);
                *most = std::cmp::max_by_key(*most, *day, |day| day.sum.messages);
            }
        }
        if let Some((_, latest)) = news.pop_last() {
            self.day = latest;
            self.earlier = news.into_values().collect();
        }
        let day = self.day;
        let id = key.alert_id(&format!("{} {}", day.since, self.heard(day.since, record).unwrap_or_default()), 0);
        let peaks = self.earlier.iter().chain([&day]).map(|day| Peak { day: day.date(), count: day.sum.messages });
        let peaks = peaks.collect();
        let reported = Reported { peaks, amount: day.sum.amount, ..Reported::once(case.as_of) };
        let finding = Finding::Spike(Box::new(self.clone()));
        super::by_news(finding, id, reported, thread, |record| self.is_news(&day, record))
    }

    fn is_today(&self, case: &Case<'_>) -> bool {
        self.day.date() == case.policy.time_zone.to_datetime(case.as_of).date()
    }

    /// `10:00 today`, `today`, `19 November`.
    fn since(&self, case: &Case<'_>) -> String {
        let SpikeDay { since, started, .. } = self.day;
        let zone = &case.policy.time_zone;
        if since != self.day.date() || !self.is_today(case) {
            return since.strftime("%-d %B").to_string();
        }
        let hour = started.map(|started| started.to_zoned(zone.clone()).strftime("%H:%M ").to_string());
        format!("{}today", hour.unwrap_or_default())
    }

    /// What to do if nobody expected it.
    fn to_do(&self, alert: &Alert<'a>, case: &Case<'a>) -> String {
        let (charged, [sent, _]) = (self.rule.product.charged(), self.rule.product.verbs());
        let sender = whom_to_ask(&alert.background, case.policy.senders);
        let suspend = sender.clone().unwrap_or_else(|| "the sender".to_owned());
        if self.is_today(case) {
            return format!("suspend {suspend} in Zoom now");
        }
        let what = sender.map_or_else(|| format!("the {charged} in Zoom"), |sender| format!("what {sender} {sent}"));
        format!("look at {what}, and suspend {suspend} if it goes on")
    }

    /// `96 messages on 12 November, usually 5`, for each earlier episode.
    fn earlier(&self) -> impl Iterator<Item = String> {
        self.earlier.iter().map(|SpikeDay { period, sum, excess, .. }| {
            let (units, usual) = (count(sum.messages, self.rule.product.unit()), excess.usual.in_words());
            format!("{units} {}, usually {usual}", period.first_day().strftime("on %-d %B"))
        })
    }

    fn facts(&self, alert: &Alert<'a>, case: &Case<'a>) -> Facts {
        let mut facts = vec![("Since".to_owned(), self.since(case))];
        facts.extend(sent_by(&self.whose(), &alert.background, case));
        facts.extend(self.earlier().map(|earlier| ("Before that".to_owned(), earlier)));
        facts.push(("Watch".to_owned(), format!("\"{}\"", label(&self.rule.name))));
        facts
    }

    fn brief(&self, alert: &Alert<'a>, case: &Case<'a>) -> Vec<String> {
        let earlier = self.earlier().map(|earlier| format!("Before that {earlier}"));
        let sent_by = sent_by_in_a_line(&self.whose(), &alert.background, case);
        std::iter::once(format!("Since {}", self.since(case))).chain(earlier).chain(sent_by).collect()
    }

    fn lead(&self, extra: &str, alert: &Alert<'a>, case: &Case<'a>) -> String {
        let SpikeDay { sum, excess, at_least, .. } = self.day;
        let whose = whose(self.scope(), &self.subject, &alert.background, case.policy.senders);
        let (units, usual) = (count(sum.messages, self.rule.product.unit()), excess.usual.in_words());
        let [sent, sends] = self.rule.product.verbs();
        let has_sent = if self.is_today(case) {
            let now = case.as_of.to_zoned(case.policy.time_zone.clone()).strftime("%H:%M");
            format!("has {sent} {units} today by {now}")
        } else {
            format!("{sent} {units} {}", self.when(case))
        };
        let part = if at_least { " in the part of Zoom's report that could be read" } else { "" };
        let weekday = self.day.date().strftime("%A");
        format!("{whose} {has_sent}{part}. On a usual {weekday} it {sends} {usual}. The {extra}.")
    }

    /// `today`, `on 19 November`.
    fn when(&self, case: &Case<'_>) -> String {
        if self.is_today(case) { "today".to_owned() } else { self.day.date().strftime("on %-d %B").to_string() }
    }

    pub(super) fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let SpikeDay { sum, excess, at_least, .. } = self.day;
        let (when, currency, senders) = (self.when(case), self.rule.currency, case.policy.senders);
        let who = who(self.scope(), &self.subject, &alert.background, senders);
        let (units, usual) = (count(sum.messages, self.rule.product.unit()), excess.usual.in_words());
        let [sent, _] = self.rule.product.verbs();
        let (costs, so_far, campaign) = if self.is_today(case) {
            ("costs", " so far", "If this is a campaign, silence it in the policy until it is over.")
        } else {
            ("cost", "", "If this was a campaign, do nothing.")
        };
        let extra = format!("extra {costs} about {currency} {}{so_far}", money(excess.extra, currency, &[]));
        let to_do = self.to_do(alert, case);
        Wording {
            kind: Kind::Spike,
            severity: Severity::Spike,
            mark: Severity::Spike.word().to_owned(),
            headline: format!("{who} {sent} {units} {when}, usually {usual}"),
            title: format!("{who} {sent} {units} {when}"),
            detail: format!("usually {usual}; the {extra}"),
            row: Row {
                percent: String::new(),
                who,
                on: String::new(),
                money: format!("{units} {when}, usually {usual}"),
            },
            lead: self.lead(&extra, alert, case),
            facts: self.facts(alert, case),
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: self.brief(alert, case),
            steps: vec![
                format!("{campaign} If not, {to_do}: a stolen login or an automation gone wrong looks like this."),
                format!(
                    "You hear of it again if twice as many are {sent} in a day, or if it happens again after seven usual days."
                ),
            ],
            todo: format!("if this is no campaign, {to_do}"),
            machine: AlertRecord {
                scope: Some(self.scope()),
                subject: Some(label(&self.subject).into()),
                currency: Some(currency),
                period: Some(self.day.period.label()),
                amount: Some(sum.amount),
                at_least,
                spike: Some(self.day.record(self.rule, &self.earlier)),
                ..AlertRecord::of(alert, Severity::Spike, case)
            },
            details: Details { messages: Some(sum.messages), ..Details::of(&alert.background, senders) },
        }
    }
}
