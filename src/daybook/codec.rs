//! How figures are written into items: JSON with each text once, in chunks that an item of DynamoDB can hold (400 KB, keys included).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::charge::{FOLDED, Line, NONE};
use crate::domain::money::{Amount, Currency};
use crate::domain::totals::{DaySums, Sum};

/// Bytes of an item's text. A cell and its texts may come on top.
const MOST_BYTES: usize = 280_000;
/// Lines of a day that are kept apart; past that, detail is folded.
const MOST_LINES: usize = 20_000;

/// A cell: places of number, department, cost center, extension and name among the texts, then currency, money and messages.
type Cell = (usize, usize, usize, usize, usize, String, String, u64);

#[derive(Default, Serialize, Deserialize)]
struct Chunk {
    texts: Vec<String>,
    days: BTreeMap<Date, Vec<Cell>>,
}

/// Chunks that hold the figures of these days.
pub(super) fn encode<'d>(days: impl IntoIterator<Item = (Date, &'d DaySums)>) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut writer = Writer::default();
    for (day, sums) in days {
        for (line, sum) in sums {
            writer.add(day, line, *sum);
            if writer.bytes >= MOST_BYTES {
                chunks.extend(std::mem::take(&mut writer).text());
            }
        }
    }
    chunks.extend(writer.text());
    chunks
}

/// The figures of chunks; `None` if one is none.
pub(super) fn decode<'c>(chunks: impl IntoIterator<Item = &'c str>) -> Option<BTreeMap<Date, DaySums>> {
    let mut days = BTreeMap::<Date, DaySums>::new();
    for chunk in chunks {
        let chunk: Chunk = serde_json::from_str(chunk).ok()?;
        let texts: Vec<Arc<str>> = chunk.texts.iter().map(|text| Arc::from(text.as_str())).collect();
        for (day, cells) in chunk.days {
            let sums = days.entry(day).or_default();
            for (number, department, cost_center, extension, name, currency, amount, messages) in cells {
                let text = |place: usize| texts.get(place).cloned();
                let line = Line {
                    number: text(number)?,
                    department: text(department)?,
                    cost_center: text(cost_center)?,
                    extension: text(extension)?,
                    name: text(name)?,
                    currency: Currency::parse(&currency).ok()?,
                };
                sums.push((line, Sum { amount: Amount::parse(&amount).ok()?, messages }));
            }
        }
    }
    days.values_mut().for_each(|sums| sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other)));
    Some(days)
}

/// A digest of a day's figures.
pub(super) fn digest(sums: &DaySums) -> u64 {
    let text = |(line, sum): &(Line, Sum)| {
        let Line { number, department, cost_center, extension, name, currency } = line;
        format!(
            "{number}\u{1F}{department}\u{1F}{cost_center}\u{1F}{extension}\u{1F}{name}\u{1F}{currency}\u{1F}{}\u{1F}{}\u{1E}",
            sum.amount, sum.messages
        )
    };
    xxh3_64(sums.iter().map(text).collect::<String>().as_bytes())
}

/// The same sums by fewer lines, if there are too many to be kept: first without senders, then without cost centers, then without
/// departments. The sums by number stay exact.
pub(super) fn folded(sums: &DaySums) -> Option<DaySums> {
    if sums.len() <= MOST_LINES {
        return None;
    }
    let mut folded = sums.clone();
    let steps: [fn(&Line) -> Line; 4] = [
        |line| Line { extension: fold(&line.extension), name: fold(&line.name), ..line.clone() },
        |line| Line { cost_center: fold(&line.cost_center), ..line.clone() },
        |line| Line { department: fold(&line.department), ..line.clone() },
        |line| Line { number: fold(&line.number), ..line.clone() },
    ];
    for step in steps {
        if folded.len() <= MOST_LINES {
            break;
        }
        let mut fewer = BTreeMap::<Line, Sum>::new();
        for (line, sum) in &folded {
            fewer.entry(step(line)).or_default().add(*sum);
        }
        folded = fewer.into_iter().collect();
    }
    Some(folded)
}

fn fold(field: &Arc<str>) -> Arc<str> {
    if &**field == NONE { Arc::clone(field) } else { FOLDED.into() }
}

#[derive(Default)]
struct Writer {
    chunk: Chunk,
    places: HashMap<Arc<str>, usize>,
    bytes: usize,
}

impl Writer {
    fn add(&mut self, day: Date, line: &Line, sum: Sum) {
        let [number, department, cost_center, extension, name] =
            [&line.number, &line.department, &line.cost_center, &line.extension, &line.name]
                .map(|text| self.place(text));
        let (currency, amount) = (line.currency.to_string(), sum.amount.to_string());
        self.bytes += 40 + amount.len();
        let cell = (number, department, cost_center, extension, name, currency, amount, sum.messages);
        self.chunk.days.entry(day).or_default().push(cell);
    }

    fn place(&mut self, text: &Arc<str>) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.chunk.texts.len();
        self.places.insert(Arc::clone(text), place);
        self.chunk.texts.push(text.to_string());
        // Escapes take up to six bytes a character; labels hold no control characters.
        self.bytes += 2 * text.len() + 3;
        place
    }

    fn text(self) -> Option<String> {
        if self.chunk.days.is_empty() { None } else { serde_json::to_string(&self.chunk).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, department: &str) -> Line {
        Line {
            number: format!("+1{number}").into(),
            department: department.into(),
            cost_center: NONE.into(),
            extension: format!("{number}").into(),
            name: "Dana \"x\" Ü".into(),
            currency: Currency::parse("USD").unwrap(),
        }
    }

    fn sums(lines: usize, department: impl Fn(usize) -> String) -> DaySums {
        let sum =
            |number: usize| Sum { amount: Amount::parse(&format!("-{number}.25")).unwrap(), messages: number as u64 };
        let mut sums: DaySums =
            (0..lines).map(|number| (line(number % 1_000, &department(number)), sum(number))).collect();
        sums.sort_by(|(one, _), (other, _)| one.cmp(other));
        sums
    }

    #[test]
    fn what_was_written_is_read() {
        let day = Date::constant(2026, 11, 5);
        for lines in [0, 1, 1_000, 15_000] {
            let before = sums(lines, |number| format!("department {number}"));
            let chunks = encode([(day, &before)]);
            assert!(chunks.iter().all(|chunk| chunk.len() < 390_000), "{lines}");
            let after = decode(chunks.iter().map(String::as_str)).unwrap().remove(&day).unwrap_or_default();
            assert_eq!(before, after);
            assert_eq!(digest(&before), digest(&after));
        }
        assert_eq!(decode(["{"]), None);
    }

    #[test]
    fn too_many_lines_are_folded_and_sums_by_number_stay() {
        let hostile = sums(50_000, |number| format!("{number}{}", "é".repeat(200)));
        let folded = folded(&hostile).unwrap();
        assert!(folded.len() <= MOST_LINES);
        let by_number = |sums: &DaySums| {
            let mut by = BTreeMap::<Arc<str>, Sum>::new();
            sums.iter().for_each(|(line, sum)| by.entry(Arc::clone(&line.number)).or_default().add(*sum));
            by
        };
        assert_eq!(by_number(&hostile), by_number(&folded));
        assert_eq!(super::folded(&sums(10, |_| "Sales".to_owned())), None);
        let chunks = encode([(Date::constant(2026, 11, 5), &hostile)]);
        assert!(chunks.iter().all(|chunk| chunk.len() < 390_000));
    }
}
