//! A policy for an account, from its past: whose alerts of a year, of all kinds and subjects together, keep to so many.
//!
//! Every currency gets a budget of the whole account, so that none is unwatched. Then the largest departments and numbers get amounts of their
//! own, by name, the largest first, until the sum of what all are expected to send is spent (see [`super::foresight::load`]); the rest is
//! watched by the shared budgets. Spikes are watched as closely as a quarter of the alerts allows: each number, or each department, or the
//! account.
//!
//! What is expected rests on measured rates. So the policy is replayed over the past too, and if even the past would have had more alerts, spikes
//! are watched less closely, and then amounts are raised, until it would not. It is never the other way round: what a policy would have sent
//! in the past says nothing of how few it will send.

mod figures;
mod subjects;
mod text;

use jiff::civil::Date;

use super::alert::Kind;
use super::charge::Scope;
use super::foresight::load::Load;
use super::foresight::spike;
use super::money::Amount;
use super::policy::Policy;
use super::product::Product;
use super::replay::{Past, Replay, replay};
use subjects::{Subject, Subjects};
pub use text::promise;

/// Days of a past that a policy can be made from.
pub const LEAST_DAYS: usize = 7;
/// Tries to keep the past's alerts to so many.
const MOST_TRIES: i32 = 30;

/// A policy that is proposed.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The policy, with comments, as it is written into a file.
    pub document: String,
    /// The same, parsed.
    pub policy: Policy,
    /// What it would have sent over the past, from the first whole month on.
    pub replay: Replay,
    /// The subjects with a budget of their own.
    pub named: usize,
}

/// Why none is proposed.
#[derive(Debug, thiserror::Error)]
pub enum SuggestFault {
    /// Too little is known.
    #[error(
        "the past has {0} whole days, and a policy needs {LEAST_DAYS} at least; wait, or load more (cost-alerts backfill), or start with a policy written by hand (events/policy.toml)"
    )]
    TooShort(usize),
    /// Nothing was ever charged.
    #[error(
        "nothing was charged in the past; there is nothing to put an amount to: start with a policy written by hand (events/policy.toml)"
    )]
    NothingCharged,
    /// The calendar ends.
    #[error("the past: {0}")]
    Calendar(#[from] jiff::Error),
    /// What was written is no policy: a defect.
    #[error("the proposed policy is not valid: {0}")]
    Invalid(String),
}

/// What is watched for spikes, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spikes {
    Numbers,
    Departments,
    Account,
    Off,
}

/// What the tries differ in.
#[derive(Clone, Copy, Debug)]
struct Settings {
    spikes: Spikes,
    /// By how many steps amounts are raised.
    raised: i32,
}

/// A budget that is proposed.
#[derive(Debug)]
struct Chosen<'s> {
    subject: &'s Subject,
    amount: Amount,
}

/// What is known, once for all tries.
#[derive(Debug)]
struct Known<'p> {
    past: &'p Past,
    /// Alerts a year.
    most: u32,
    /// The first day that is replayed.
    since: Date,
    last: Date,
    subjects: Subjects,
    /// Whether there is enough history to say what is usual on a day.
    has_usual: bool,
}

/// Proposes a policy. `since` is the first day that the past's alerts are counted from; `progress` is called with each try.
///
/// # Errors
/// [`SuggestFault`].
pub fn suggest(past: &Past, most: u32, since: Date, progress: &dyn Fn(i32)) -> Result<Suggestion, SuggestFault> {
    let known = Known::of(past, most, since)?;
    let mut settings = Settings { spikes: known.first_spikes(), raised: 0 };
    let mut tries = 0;
    loop {
        tries += 1;
        progress(tries);
        let chosen = known.choose(&mut settings);
        let policy =
            |document: &str| Policy::parse(document).map_err(|faults| SuggestFault::Invalid(faults.to_string()));
        let draft = policy(&known.document(&chosen, settings.spikes, None))?;
        let replayed = replay(past, &draft, since, &|_| {})?;
        if replayed.most_of_a_receiver() <= known.most_in_past(&replayed) || tries == MOST_TRIES {
            let document = known.document(&chosen, settings.spikes, Some(&replayed));
            let policy = policy(&document)?;
            let named = chosen.iter().filter(|chosen| chosen.subject.scope != Scope::Account).count();
            return Ok(Suggestion { document, policy, replay: replayed, named });
        }
        known.quieter(&mut settings, &replayed);
    }
}

impl<'p> Known<'p> {
    fn of(past: &'p Past, most: u32, since: Date) -> Result<Known<'p>, SuggestFault> {
        let Some((_, last)) = past.ends().filter(|_| past.days(Product::Sms).len() >= LEAST_DAYS) else {
            return Err(SuggestFault::TooShort(past.days(Product::Sms).len()));
        };
        let subjects = Subjects::of(past, last, most).ok_or(SuggestFault::NothingCharged)?;
        let has_usual = past.days(Product::Sms).len() >= spike::LEAST_DAYS as usize;
        Ok(Known { past, most, since, last, subjects, has_usual })
    }

    fn watched(&self, spikes: Spikes) -> u32 {
        let of = |scope| self.subjects.watched.get(&scope).copied().unwrap_or_default();
        match spikes {
            Spikes::Numbers => of(Scope::BillingNumber),
            Spikes::Departments => of(Scope::Department),
            Spikes::Account => u32::try_from(self.subjects.accounts.len()).unwrap_or(u32::MAX),
            Spikes::Off => 0,
        }
    }

    /// The closest watch that takes a quarter of the alerts at most.
    fn first_spikes(&self) -> Spikes {
        let all = [Spikes::Numbers, Spikes::Departments, Spikes::Account];
        let fits = |spikes: &Spikes| Load::none(self.spikes_share()).with_spikes(self.watched(*spikes)).is_kept();
        all.into_iter().filter(|_| self.has_usual).find(fits).unwrap_or(Spikes::Off)
    }

    fn spikes_share(&self) -> u32 {
        self.most / 4
    }

    /// The account in each currency, and then as many others as there is room for. If there is none even for the account, the settings are made
    /// quieter until there is.
    fn choose(&self, settings: &mut Settings) -> Vec<Chosen<'_>> {
        loop {
            let (load, chosen) = self.shared(*settings);
            if load.is_kept() || settings.raised >= MOST_TRIES {
                return self.with_names(load, chosen, *settings);
            }
            match settings.spikes {
                Spikes::Off => settings.raised += 1,
                spikes => settings.spikes = spikes.wider(),
            }
        }
    }

    fn shared(&self, settings: Settings) -> (Load, Vec<Chosen<'_>>) {
        let mut load = Load::none(self.most).with_spikes(self.watched(settings.spikes));
        let mut chosen = Vec::new();
        for subject in &self.subjects.accounts {
            let budget = subject.budget(settings.raised);
            load = subject.added_to(&load, budget.amount);
            chosen.push(budget);
        }
        (load, chosen)
    }

    fn with_names<'s>(&'s self, mut load: Load, mut chosen: Vec<Chosen<'s>>, settings: Settings) -> Vec<Chosen<'s>> {
        for subject in &self.subjects.others {
            let is_same = |chosen: &Chosen<'_>| subject.is_most_of(chosen.subject);
            if subject.figures.is_none() || chosen.iter().any(is_same) {
                continue;
            }
            let budget = subject.budget(settings.raised);
            let more = subject.added_to(&load, budget.amount);
            if !more.is_kept() {
                break;
            }
            load = more;
            chosen.push(budget);
        }
        chosen
    }

    /// As many as of so many days, at least one.
    fn most_in_past(&self, replayed: &Replay) -> u64 {
        let days = replayed.days.and_then(|(first, last)| first.until(last).ok()).map_or(0, |span| span.get_days());
        (u64::from(self.most) * u64::from(days.unsigned_abs() + 1)).div_ceil(365)
    }

    /// Watches spikes less closely if they had more than their share, and else raises the amounts.
    fn quieter(&self, settings: &mut Settings, replayed: &Replay) {
        let spikes = replayed.sent.iter().filter(|sent| sent.alert.kind == Kind::Spike).count() as u64;
        if settings.spikes != Spikes::Off && spikes > u64::from(self.spikes_share()) {
            settings.spikes = settings.spikes.wider();
        } else {
            settings.raised += 1;
        }
    }
}

impl Spikes {
    fn wider(self) -> Spikes {
        match self {
            Spikes::Numbers => Spikes::Departments,
            Spikes::Departments => Spikes::Account,
            Spikes::Account | Spikes::Off => Spikes::Off,
        }
    }
}

impl Subject {
    fn budget(&self, raised: i32) -> Chosen<'_> {
        // Of what was credited on balance nothing is known but that it must be covered.
        let amount = self.figures.map(|figures| figures.amount(raised));
        Chosen { subject: self, amount: amount.or_else(|| Amount::parse("10").ok()).unwrap_or_default() }
    }

    fn added_to(&self, load: &Load, amount: Amount) -> Load {
        self.figures.map_or_else(|| load.clone(), |figures| figures.added_to(load, amount, self.forecast))
    }
}

#[cfg(test)]
mod tests;
