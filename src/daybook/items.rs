//! The daybook's items: head, days and parts. Their partition key is the account, their sort keys begin with `daybook#`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::store::seconds;
use super::{Head, KnownPart, Plan, Remembered, Store, StoreError, VERSION, codec};
use crate::clients::table::{Item, key, number, text};
use crate::clients::zoom::Digests;
#[cfg(feature = "cli")]
use crate::domain::product::Product;
use crate::domain::product::Products;
use crate::domain::totals::{DaySums, merged};

/// How long a day is remembered.
const DAY_LIFE: SignedDuration = SignedDuration::from_hours(24 * 440);
/// How long a part is kept. Runs replace it long before.
const PART_LIFE: SignedDuration = SignedDuration::from_hours(24 * 10);
/// Items of parts that are in memory at once. DynamoDB answers with 16 MB at most, some forty of them.
const PARTS_AT_ONCE: usize = 10;
/// How often the head of a run that was faster is tried to be written.
const MOST_TURNS: usize = 4;
/// The content of a day whose items are being written.
const BEING_WRITTEN: u64 = 0;
/// Digests in an item.
const MOST_DIGESTS: usize = 35_000;

/// Whose daybook it is.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// Zoom's account.
    pub account: &'a str,
    /// What is charged: a product, of which days are kept, or all that are read, of which baselines are.
    pub products: Products,
    /// The IANA name of the zone in which civil days turn.
    pub zone: &'a str,
}

/// A head, and its revision: a write is refused if the table has another.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The head; `None` without one.
    pub head: Option<Head>,
    revision: i64,
}

impl Whose<'_> {
    pub(super) fn key(&self, rest: &str) -> Item {
        key(self.account, &format!("daybook#{}#{}#{rest}", self.products.name(), self.zone))
    }

    fn day(&self, day: Date, chunk: usize) -> Item {
        self.key(&format!("day#{day}#{chunk}"))
    }

    fn part(&self, part: &KnownPart, chunk: usize) -> Item {
        self.key(&format!("part#{}#{}#{}#{chunk}", part.from, part.to, part.read_at.as_second()))
    }
}

impl Store {
    /// Loads the head.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn load(&self, whose: Whose<'_>) -> Result<Loaded, StoreError> {
        let items = self.items(vec![whose.key("head")]).await?;
        let Some(item) = items.first() else { return Ok(Loaded::default()) };
        let head: Option<Head> = text(item, "head").and_then(|head| serde_json::from_str(head).ok());
        let head = head.filter(|head| head.version == VERSION);
        if head.is_none() {
            tracing::warn!("the daybook has another version and is replaced");
        }
        Ok(Loaded { head, revision: number(item, "revision").unwrap_or_default() })
    }

    /// The zones in which an account's days are kept.
    ///
    /// # Errors
    /// The table cannot be read.
    #[cfg(feature = "cli")]
    pub async fn zones(&self, account: &str, product: Product) -> Result<Vec<String>, StoreError> {
        let prefix = format!("daybook#{}#", product.name());
        let (mut zones, mut after) = (Vec::new(), prefix.clone());
        while let Some(key) = self.next_key(account, &after).await? {
            let Some((zone, _)) = key.strip_prefix(&prefix).and_then(|rest| rest.split_once('#')) else { break };
            zones.push(zone.to_owned());
            // What follows the last key of this zone: `$` comes after `#`.
            after = format!("{prefix}{zone}$");
        }
        Ok(zones)
    }

    /// The lines of those of these days that are known.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn days(
        &self,
        whose: Whose<'_>,
        head: &Head,
        days: &[Date],
    ) -> Result<BTreeMap<Date, DaySums>, StoreError> {
        let chunks = |day: &Date| head.days.get(day).map_or(0, |known| known.chunks);
        let keys = days.iter().flat_map(|day| (0..chunks(day)).map(|chunk| whose.day(*day, chunk))).collect();
        let items = self.items(keys).await?;
        let mut loaded = BTreeMap::<Date, DaySums>::new();
        for figures in items.iter().filter_map(|item| text(item, "figures")) {
            for (day, sums) in codec::decode([figures]).into_iter().flatten() {
                loaded.entry(day).or_default().extend(sums);
            }
        }
        let as_known = |day: &Date| {
            let known = head.days.get(day)?;
            // A known day without lines has no items.
            let mut sums = loaded.remove(day).unwrap_or_default();
            sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            let is_as_known = known.content == codec::digest(&sums);
            if !is_as_known {
                tracing::warn!(%day, "the day's items differ from the daybook's head; the day is judged by what was read");
            }
            is_as_known.then_some((*day, sums))
        };
        Ok(days.iter().filter_map(as_known).collect())
    }

    /// The sums by civil day of the parts that a plan uses, and the digests of their rows.
    ///
    /// # Errors
    /// The table cannot be read, or a part is missing or damaged.
    pub async fn parts(&self, whose: Whose<'_>, plan: &Plan) -> Result<(BTreeMap<Date, DaySums>, Digests), StoreError> {
        let keys = plan.keep.iter().flat_map(|part| (0..part.chunks).map(|chunk| whose.part(part, chunk)));
        let keys: Vec<_> = keys.collect();
        let damaged = || self.error("read", "a part's item is damaged".to_owned());
        let mut sums = BTreeMap::new();
        let mut digests = Digests::new();
        for keys in keys.chunks(PARTS_AT_ONCE) {
            let items = self.items(keys.to_vec()).await?;
            if items.len() != keys.len() {
                return Err(self.error("read", "a part is missing".to_owned()));
            }
            for item in items {
                if let Some(figures) = text(&item, "figures") {
                    for (day, more) in codec::decode([figures]).ok_or_else(damaged)? {
                        let day = sums.entry(day).or_insert_with(DaySums::new);
                        *day = merged(day, &more);
                    }
                } else {
                    let bytes = item.get("digests").and_then(|value| value.as_b().ok()).ok_or_else(damaged)?;
                    let (whole, []) = bytes.as_ref().as_chunks::<8>() else { return Err(damaged()) };
                    whole.iter().for_each(|digest| *digests.entry(u64::from_be_bytes(*digest)).or_default() += 1);
                }
            }
        }
        let units: u64 = sums.values().flatten().map(|(_, sum)| sum.messages).sum();
        if units != plan.keep.iter().map(|part| part.units.unwrap_or(part.rows)).sum::<u64>() {
            return Err(damaged());
        }
        Ok((sums, digests))
    }

    /// Saves what the next run needs: days and parts, then the head that names them. Of runs at the same time, the first to come writes, and
    /// the others write nothing.
    ///
    /// # Errors
    /// The table cannot be written.
    pub async fn save(
        &self,
        whose: Whose<'_>,
        loaded: &Loaded,
        mut remembered: Remembered,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut revision = loaded.revision;
        let days: Vec<_> = remembered.days.keys().copied().collect();
        if !days.is_empty() {
            self.put_head(whose, &being_written(loaded, &days), revision, now).await?;
            revision += 1;
        }
        let mut items = Vec::new();
        for (day, sums) in &remembered.days {
            for (chunk, figures) in codec::encode([(*day, sums)]).into_iter().enumerate() {
                items.push(with_figures(whose.day(*day, chunk), figures, now + DAY_LIFE));
            }
        }
        for (mut known, part) in remembered.parts {
            let figures = codec::encode(part.days.iter().map(|(day, sums)| (*day, sums)));
            let digests = part.edges.chunks(MOST_DIGESTS).map(|digests| {
                let bytes: Vec<u8> = digests.iter().flat_map(|digest| digest.to_be_bytes()).collect();
                ("digests", AttributeValue::B(Blob::new(bytes)))
            });
            let figures = figures.into_iter().map(|figures| ("figures", AttributeValue::S(figures)));
            for (chunk, (name, value)) in figures.chain(digests).enumerate() {
                let mut item = whose.part(&known, chunk);
                item.insert(name.to_owned(), value);
                item.insert("expires_at".to_owned(), seconds(now + PART_LIFE));
                items.push(item);
                known.chunks = chunk + 1;
            }
            remembered.head.parts.push(known);
        }
        remembered.head.parts.sort_by_key(|part| part.from);
        self.put(items).await?;
        let kept = self.put_head(whose, &remembered.head, revision, now).await;
        for _ in 0..MOST_TURNS {
            // A later run was faster, and this one has written over its days: they are marked in its head.
            if kept.is_ok() || days.is_empty() {
                break;
            }
            let loaded = self.load(whose).await?;
            if self.put_head(whose, &being_written(&loaded, &days), loaded.revision, now).await.is_ok() {
                break;
            }
        }
        kept
    }

    /// Writes the head, if nobody has since this revision was read.
    async fn put_head(&self, whose: Whose<'_>, head: &Head, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        let text = serde_json::to_string(head).map_err(|error| self.error("written", error.to_string()))?;
        let mut item = whose.key("head");
        item.insert("head".to_owned(), AttributeValue::S(text));
        item.insert("revision".to_owned(), AttributeValue::N((revision + 1).to_string()));
        item.insert("expires_at".to_owned(), seconds(now + DAY_LIFE));
        self.put_if(item, revision).await
    }
}

/// The head as it was, but for the days whose items are about to be written over: whatever becomes of this run, nobody takes them for what
/// they were, and the next run writes them again.
fn being_written(loaded: &Loaded, days: &[Date]) -> Head {
    let mut head = loaded.head.clone().unwrap_or_else(|| Head { version: VERSION, ..Head::default() });
    for day in days {
        head.days.entry(*day).and_modify(|known| known.content = BEING_WRITTEN);
    }
    head
}

fn with_figures(mut item: Item, figures: String, expires_at: Timestamp) -> HashMap<String, AttributeValue> {
    item.insert("figures".to_owned(), AttributeValue::S(figures));
    item.insert("expires_at".to_owned(), seconds(expires_at));
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::zoom::Part;
    use crate::domain::charge::{Line, NONE};
    use crate::domain::dates::Dates;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::product::Product;
    use crate::domain::totals::Sum;

    const WHOSE: Whose<'_> = Whose { account: "acc", products: Products::One(Product::Sms), zone: "UTC" };

    /// A day of so many numbers.
    fn day(numbers: usize) -> DaySums {
        let [department, cost_center, extension, name] = [(); 4].map(|()| NONE.into());
        let line = Line {
            number: "".into(),
            department,
            cost_center,
            extension,
            name,
            currency: Currency::parse("USD").unwrap(),
        };
        let line = |number: usize| Line { number: format!("+1202{number:07}").into(), ..line.clone() };
        (0..numbers).map(|number| (line(number), Sum::of(Amount::parse("0.0205").unwrap()))).collect()
    }

    #[tokio::test]
    async fn of_runs_at_the_same_time_one_writes_and_what_a_dead_one_left_is_written_again() {
        let store = Store::memory();
        let (date, now) = (jiff::civil::date(2026, 11, 5), Timestamp::UNIX_EPOCH);
        let save = async |loaded: &Loaded, numbers: usize| {
            let head = loaded.head.clone().unwrap_or_default();
            let mut remembered = Remembered { head: Head { version: VERSION, ..head }, ..Remembered::default() };
            remembered.keep_day(date, day(numbers), now);
            store.save(WHOSE, loaded, remembered, now).await
        };
        let days = async || {
            let head = store.load(WHOSE).await.unwrap().head.unwrap();
            store.days(WHOSE, &head, &[date]).await.unwrap().remove(&date).map(|sums| sums.len())
        };
        let older = store.load(WHOSE).await.unwrap();
        save(&store.load(WHOSE).await.unwrap(), 15).await.unwrap();
        assert_eq!(days().await, Some(15));
        // The older run ends after the newer one: its figures do not stay, and nobody takes its items for the newer one's.
        let refused = save(&older, 10).await.unwrap_err().to_string();
        assert!(refused.contains("another run wrote it meanwhile"), "{refused}");
        assert_eq!(days().await, Some(15));
        // One died after it had written the day, and before the head. Nobody takes its items for the newer one's.
        let newer = store.load(WHOSE).await.unwrap();
        store.put_head(WHOSE, &being_written(&newer, &[date]), newer.revision, now).await.unwrap();
        let figures = codec::encode([(date, &day(10))]).remove(0);
        store.put(vec![with_figures(WHOSE.day(date, 0), figures, now)]).await.unwrap();
        assert_eq!(days().await, None);
        // The next run finds the same figures as the newer one, and writes them nevertheless.
        save(&store.load(WHOSE).await.unwrap(), 15).await.unwrap();
        assert_eq!(days().await, Some(15));
    }

    #[tokio::test]
    async fn parts_of_more_items_than_are_loaded_at_once_are_read_whole() {
        let store = Store::memory();
        let date = |day: i8| jiff::civil::date(2026, 11, day);
        // Two parts have a day in common.
        let days = |first: i8| (first..first + 6).map(|of| (date(of), day(5_000))).collect::<BTreeMap<_, _>>();
        let edges: Vec<u64> = (0..100_000).collect();
        let parts = [1, 6].map(|first| {
            // The figures of calls count minutes, here three a call.
            let part = Part { rows: 10_000, days: days(first), edges: edges.clone(), is_open: false };
            let dates = Dates { from: date(first), to: date(first + 5) };
            (KnownPart::of(dates, &part, dates.from, Timestamp::UNIX_EPOCH), part)
        });
        let remembered = Remembered { parts: parts.into(), ..Remembered::default() };
        let head = Head { version: VERSION, ..Head::default() };
        store.save(WHOSE, &Loaded::default(), Remembered { head, ..remembered }, Timestamp::UNIX_EPOCH).await.unwrap();
        let mut head = store.load(WHOSE).await.unwrap().head.unwrap();
        let items: usize = head.parts.iter().map(|part| part.chunks).sum();
        assert!(items > 2 * PARTS_AT_ONCE, "{items}");
        let plan = Plan { keep: head.parts.clone(), ..Plan::default() };
        let (sums, digests) = store.parts(WHOSE, &plan).await.unwrap();
        let twice: DaySums = merged(&day(5_000), &day(5_000));
        let mut expected = days(1);
        expected.extend(days(6));
        expected.insert(date(6), twice);
        assert_eq!(sums, expected);
        assert_eq!((digests.len(), digests.values().filter(|count| **count == 2).count()), (100_000, 100_000));
        // One that is missing is no part without figures.
        head.parts[1].chunks += 1;
        let plan = Plan { keep: head.parts, ..Plan::default() };
        let problem = store.parts(WHOSE, &plan).await.unwrap_err().to_string();
        assert!(problem.contains("a part is missing"), "{problem}");
    }
}
