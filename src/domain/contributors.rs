//! Who spent what a subject spent.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::charge::{Line, NONE, Scope};
use super::money::{Amount, Currency};
use super::period::Period;
use super::product::Products;
use super::totals::{Sum, Totals};

/// A subject in a period, and what of it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Whose {
    /// The period.
    pub period: Period,
    /// What is counted.
    pub products: Products,
    /// What `subject` is.
    pub scope: Scope,
    /// The billing number, department, cost center, extension or account.
    pub subject: Arc<str>,
    /// The currency.
    pub currency: Currency,
}

/// The subjects of a scope in a period, and what of them is counted.
pub(super) type Among = (Period, Products, Scope);

impl Whose {
    pub(super) fn among(&self) -> Among {
        (self.period, self.products, self.scope)
    }

    pub(super) fn key(&self) -> (Arc<str>, Currency) {
        (Arc::clone(&self.subject), self.currency)
    }
}

/// What a contributor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContributorKind {
    /// A department.
    Department,
    /// An extension, for billing numbers whose charges have no department.
    Extension,
    /// A billing number.
    BillingNumber,
}

impl ContributorKind {
    /// The name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ContributorKind::Department => "department",
            ContributorKind::Extension => "extension",
            ContributorKind::BillingNumber => "billing_number",
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            ContributorKind::Department => "department",
            ContributorKind::Extension => "extension",
            ContributorKind::BillingNumber => "number",
        }
    }

    fn of(self, line: &Line) -> &Arc<str> {
        match self {
            ContributorKind::Department => &line.department,
            ContributorKind::Extension => &line.extension,
            ContributorKind::BillingNumber => &line.number,
        }
    }
}

/// A part of what a subject spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// What `name` is.
    pub kind: ContributorKind,
    /// Who spent it.
    pub name: Arc<str>,
    /// How much.
    pub amount: Amount,
}

/// One of the company's own senders, and what it spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The extension, or [`NONE`].
    pub extension: Arc<str>,
    /// Its name, or [`NONE`].
    pub name: Arc<str>,
    /// How much.
    pub amount: Amount,
}

/// An extension and its name.
type ByName = (Arc<str>, Arc<str>);
type BySubject<P> = HashMap<(Arc<str>, Currency), Vec<(P, Amount)>>;

/// Who spent what the subjects of a scope spent. All subjects are found in one pass, when the first is asked for.
#[derive(Debug)]
pub struct Contributors<'t> {
    totals: &'t Totals,
    known: HashMap<(Among, ContributorKind), BySubject<Arc<str>>>,
    senders: HashMap<Among, BySubject<ByName>>,
}

impl<'t> Contributors<'t> {
    /// The contributors behind these totals.
    #[must_use]
    pub fn of(totals: &'t Totals) -> Contributors<'t> {
        Contributors { totals, known: HashMap::new(), senders: HashMap::new() }
    }

    /// Who spent what a subject spent, largest first: the departments of a billing number (its extensions, if it has no department), and
    /// the billing numbers of all else.
    pub fn behind(&mut self, whose: &Whose) -> Vec<Contributor> {
        let (totals, key, among) = (self.totals, whose.key(), whose.among());
        let mut by = |kind: ContributorKind| {
            let known = self.known.entry((among, kind));
            let known = known.or_insert_with(|| parts(totals, among, |line| Arc::clone(kind.of(line))));
            let parts = known.get(&key).into_iter().flatten().cloned();
            parts.map(|(name, amount)| Contributor { kind, name, amount }).collect::<Vec<_>>()
        };
        if whose.scope != Scope::BillingNumber {
            return by(ContributorKind::BillingNumber);
        }
        let departments = by(ContributorKind::Department);
        match departments.as_slice() {
            [only] if &*only.name == NONE => by(ContributorKind::Extension),
            _ => departments,
        }
    }

    /// The company's own senders behind what a subject spent, largest first; none if no row names an extension.
    pub fn senders(&mut self, whose: &Whose) -> Vec<Sender> {
        let (totals, among) = (self.totals, whose.among());
        let known = self
            .senders
            .entry(among)
            .or_insert_with(|| parts(totals, among, |line| (Arc::clone(&line.extension), Arc::clone(&line.name))));
        // An extension is one sender, by the name under which it spent most: names change.
        let mut by_extension = HashMap::<Arc<str>, Sender>::new();
        for ((extension, name), amount) in known.get(&whose.key()).into_iter().flatten().cloned() {
            let sender = by_extension.entry(Arc::clone(&extension));
            let sender = sender.or_insert(Sender { extension, name, amount: Amount::ZERO });
            sender.amount = [sender.amount, amount].into_iter().sum();
        }
        let mut senders: Vec<_> = by_extension.into_values().collect();
        senders.sort_by(|one, other| other.amount.cmp(&one.amount).then_with(|| one.extension.cmp(&other.extension)));
        if senders.iter().all(|sender| &*sender.extension == NONE) { Vec::new() } else { senders }
    }
}

/// What the subjects of a scope spent in a period, by parts, the largest first.
fn parts<P: Clone + Eq + Hash + Ord>(
    totals: &Totals,
    (period, products, scope): Among,
    part: impl Fn(&Line) -> P,
) -> BySubject<P> {
    let (mut sums, figures) = (HashMap::<_, Sum>::new(), totals.figures(products));
    for (_, line, sum) in figures.cells(period.first_day(), period.last_day()) {
        sums.entry((figures.subject(scope, line), line.currency, part(line))).or_default().add(sum);
    }
    let mut parts = BySubject::new();
    for ((subject, currency, part), sum) in sums {
        parts.entry((subject, currency)).or_default().push((part, sum.amount));
    }
    for parts in parts.values_mut() {
        parts.sort_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::tz::TimeZone;

    use super::super::period::PeriodKind;
    use super::super::product::Product;
    use super::*;

    fn spent(number: &str, department: &str, amount: &str) -> (Line, Sum) {
        let [number, department] = [number, department].map(Arc::from);
        let currency = Currency::parse("USD").unwrap();
        let [cost_center, extension, name] = [(); 3].map(|()| NONE.into());
        let line = Line { number, department, cost_center, extension, name, currency };
        (line, Sum { amount: Amount::parse(amount).unwrap(), messages: 1 })
    }

    #[test]
    fn contributors_are_listed_largest_first() {
        let november = Period::containing(PeriodKind::Month, "2026-11-05T12:00:00Z".parse().unwrap(), &TimeZone::UTC);
        let mut totals = Totals::of("acc".into(), &[Product::Sms]);
        totals.set(
            Product::Sms,
            Date::constant(2026, 11, 1),
            &vec![spent("+1", "Sales", "1"), spent("+1", "Ops", "2")],
        );
        totals.set(Product::Sms, Date::constant(2026, 11, 2), &vec![spent("+2", NONE, "5")]);
        let usd = Currency::parse("USD").unwrap();
        let mut contributors = Contributors::of(&totals);
        let mut names = |scope, subject: &str| {
            let (period, products) = (*november.as_ref().unwrap(), Products::All);
            let parts = contributors.behind(&Whose { period, products, scope, subject: subject.into(), currency: usd });
            parts.iter().map(|part| format!("{} {} {}", part.kind.name(), part.name, part.amount)).collect::<Vec<_>>()
        };
        assert_eq!(names(Scope::BillingNumber, "+1"), ["department Ops 2", "department Sales 1"]);
        assert_eq!(names(Scope::BillingNumber, "+2"), ["extension (none) 5"]);
        assert_eq!(names(Scope::Account, "acc"), ["billing_number +2 5", "billing_number +1 3"]);
    }

    #[test]
    fn an_extension_is_one_sender_by_the_name_under_which_it_spent_most() {
        let november = Period::containing(PeriodKind::Month, "2026-11-05T12:00:00Z".parse().unwrap(), &TimeZone::UTC);
        let named = |extension: &str, name: &str, amount: &str| {
            let (line, sum) = spent("+1", "Sales", amount);
            (Line { extension: extension.into(), name: name.into(), ..line }, sum)
        };
        let mut totals = Totals::of("acc".into(), &[Product::Sms]);
        let of_day = [named("1001", "Campaigns", "3"), named("1001", "Campaigns EU", "4"), named("1002", "Dana", "6")];
        totals.set(Product::Sms, Date::constant(2026, 11, 1), &of_day.to_vec());
        let whose = Whose {
            period: november.unwrap(),
            products: Products::All,
            scope: Scope::BillingNumber,
            subject: "+1".into(),
            currency: Currency::parse("USD").unwrap(),
        };
        let senders = Contributors::of(&totals).senders(&whose);
        let shown: Vec<_> =
            senders.iter().map(|sender| format!("{} {} {}", sender.extension, sender.name, sender.amount)).collect();
        assert_eq!(shown, ["1001 Campaigns EU 7", "1002 Dana 6"]);
    }
}
