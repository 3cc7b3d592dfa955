//! The past of an account in a file: JSON lines, so that it can be looked at, and be read again years later.
//!
//! Each product has its own part (`file/lines.rs`). The first line of it is the header: version, account, zone, first and last day, and the
//! days between that are not known. Then come the figures, as the daybook's items hold them (see [`super::codec`]), amounts as exact texts.
//! The last line counts them and holds a digest of all that stands before it, so that a file that was cut or changed is not taken for the
//! past.

mod lines;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::{BufRead, Write};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use self::lines::{Figures, Header, Lines, UNFIT, VERSION};
use super::codec;
use crate::domain::charge::Line;
use crate::domain::past::Past;
use crate::domain::product::Product;
use crate::domain::totals::DaySums;

pub use self::lines::FileFault;

/// How such a file begins.
pub const BEGINNING: &[u8; 8] = b"{\"past\":";
/// Days that are encoded at once.
const DAYS_AT_ONCE: usize = 16;

/// The past, and up to when it is known.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The past.
    pub past: Past,
    /// Rows sent at this moment or later are not in it.
    pub until: Timestamp,
}

/// Writes the past.
///
/// # Errors
/// It cannot be written, or there is nothing to write.
pub fn write(mut out: impl Write, saved: &Saved) -> std::io::Result<()> {
    let mut products = saved.past.products.keys().filter(|product| !saved.past.days(**product).is_empty()).peekable();
    products.peek().ok_or_else(|| std::io::Error::other("no day is known"))?;
    products.try_for_each(|product| write_product(&mut out, saved, *product))?;
    out.flush()
}

/// Writes a product's part of the file.
fn write_product(out: impl Write, saved: &Saved, product: Product) -> std::io::Result<()> {
    let Past { account, zone, .. } = &saved.past;
    let days = saved.past.days(product);
    let ends = days.keys().next().copied().zip(days.keys().next_back().copied());
    let (first, last) = ends.ok_or_else(|| std::io::Error::other("no day is known"))?;
    let unknown = first.series(1.day()).take_while(|day| *day < last).filter(|day| !days.contains_key(day)).collect();
    let header = Header {
        past: VERSION,
        account: account.clone(),
        product: product.name().to_owned(),
        zone: zone.clone(),
        first,
        last,
        until: saved.until,
        unknown,
    };
    let mut lines = Lines::to(out);
    lines.add(&serde_json::to_string(&header)?)?;
    let all: Vec<_> = days.iter().map(|(day, sums)| (*day, sums)).collect();
    for days in all.chunks(DAYS_AT_ONCE) {
        for chunk in codec::encode(days.iter().copied()) {
            lines.add(&chunk)?;
        }
    }
    lines.end()
}

/// Reads what [`write()`] has written.
///
/// # Errors
/// What is wrong with it, if it is not just that.
pub fn read(input: impl BufRead) -> Result<Saved, FileFault> {
    let mut file = FileDays::new(input)?;
    let past = Past { account: file.account.clone(), zone: file.zone.clone(), ..Past::default() };
    let mut saved = Saved { past, until: file.until };
    let mut texts = Texts::default();
    loop {
        let days = saved.past.products.entry(file.product).or_default();
        for known in &mut file {
            let (day, mut sums) = known?;
            texts.share(&mut sums);
            days.insert(day, sums);
        }
        saved.until = saved.until.min(file.until);
        match file.next_part()? {
            Some(part) if !saved.past.products.contains_key(&part.product) => file = part,
            Some(part) => return Err(part.lines.damaged(UNFIT)),
            None => return Ok(saved),
        }
    }
}

/// Looks whether a file is whole and as it was written, without a look at its figures. Whoever passes days on before the last line is read
/// has to know that first.
///
/// # Errors
/// What is wrong with it.
pub fn verify(input: impl BufRead) -> Result<(), FileFault> {
    let mut part = Some(FileDays::new(input)?);
    while let Some(mut file) = part {
        while file.lines.next()? {}
        part = file.next_part()?;
    }
    Ok(())
}

/// The known days of a product in a file, in their order, those without charges too, each read when it is asked for. The fault is the last
/// item.
pub struct FileDays<R> {
    /// What is charged.
    pub product: Product,
    /// Zoom's account id.
    pub account: String,
    /// The IANA name of the zone in which its civil days turn.
    pub zone: String,
    /// Rows sent at this moment or later are not in it.
    pub until: Timestamp,
    /// The first and the last known day.
    pub ends: (Date, Date),
    /// Days that come yet.
    known: VecDeque<Date>,
    /// Figures of lines that were read; a line may begin a day and end another.
    held: BTreeMap<Date, DaySums>,
    lines: Figures<R>,
}

impl<R: BufRead> FileDays<R> {
    /// Reads the header of the first product.
    ///
    /// # Errors
    /// It is none.
    pub fn new(input: R) -> Result<FileDays<R>, FileFault> {
        FileDays::part(input, 0)
    }

    /// The days of a product; `None` if the file has none of it.
    ///
    /// # Errors
    /// What is wrong with the parts before it.
    pub fn of(input: R, product: Product) -> Result<Option<FileDays<R>>, FileFault> {
        let mut part = Some(FileDays::new(input)?);
        while let Some(mut file) = part {
            if file.product == product {
                return Ok(Some(file));
            }
            while file.lines.next()? {}
            part = file.next_part()?;
        }
        Ok(None)
    }

    /// The part of a product that begins after so many lines.
    fn part(input: R, before: u64) -> Result<FileDays<R>, FileFault> {
        let (lines, header, product) = Figures::begin(input, before)?;
        let Header { account, zone, until, first, last, .. } = header;
        let unknown: HashSet<Date> = header.unknown.into_iter().collect();
        let known = first.series(1.day()).take_while(|day| *day <= last).filter(|day| !unknown.contains(day)).collect();
        Ok(FileDays { product, account, zone, until, ends: (first, last), known, held: BTreeMap::new(), lines })
    }

    /// The part of the next product, once this one is read to its end.
    fn next_part(self) -> Result<Option<FileDays<R>>, FileFault> {
        let (mut input, before) = self.lines.rest();
        if input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let part = FileDays::part(input, before)?;
        let fits = (&part.account, &part.zone) == (&self.account, &self.zone);
        if fits { Ok(Some(part)) } else { Err(part.lines.damaged(UNFIT)) }
    }

    /// Reads on until this day is whole, since figures of a later one follow, or nothing.
    fn fill(&mut self, day: Option<Date>) -> Result<(), FileFault> {
        while day.is_none_or(|day| self.held.keys().next_back().is_none_or(|held| *held <= day)) && self.lines.next()? {
            for (day, sums) in self.lines.figures()? {
                if self.known.binary_search(&day).is_err() {
                    return Err(self.lines.damaged("it has a day that the header does not have, or not at this place"));
                }
                self.held.entry(day).or_default().extend(sums);
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Iterator for FileDays<R> {
    type Item = Result<(Date, DaySums), FileFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.known.front().copied();
        if let Err(fault) = self.fill(next) {
            self.known.clear();
            return Some(Err(fault));
        }
        let day = self.known.pop_front()?;
        let mut sums = self.held.remove(&day).unwrap_or_default();
        sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Some(Ok((day, sums)))
    }
}

/// Each text once: thirteen months of ten thousand lines have to fit into memory.
#[derive(Debug, Default)]
pub struct Texts(HashSet<Arc<str>>);

impl Texts {
    /// Puts known texts into the place of equal ones.
    pub fn share(&mut self, sums: &mut DaySums) {
        for (Line { number, department, cost_center, extension, name, currency: _ }, _) in sums.iter_mut() {
            for text in [number, department, cost_center, extension, name] {
                match self.0.get(text) {
                    Some(known) => *text = Arc::clone(known),
                    None => _ = self.0.insert(Arc::clone(text)),
                }
            }
        }
        sums.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::charge::NONE;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::totals::Sum;

    fn saved() -> Saved {
        let line = |number: usize| Line {
            number: format!("+1202555{number:04}").into(),
            department: "Sales \"Ü\"".into(),
            cost_center: NONE.into(),
            extension: NONE.into(),
            name: NONE.into(),
            currency: Currency::parse("USD").unwrap(),
        };
        let sum =
            |number: usize| Sum { amount: Amount::parse(&format!("-{number}.0205")).unwrap(), messages: number as u64 };
        let day = |day: i8| (jiff::civil::date(2026, 11, day), (0..1_000).map(|i| (line(i), sum(i))).collect());
        let mut days: std::collections::BTreeMap<_, DaySums> = (1..=20).filter(|n| *n != 7).map(day).collect();
        days.insert(jiff::civil::date(2026, 11, 9), DaySums::new());
        let calls = [(jiff::civil::date(2026, 11, 9), DaySums::new())].into();
        let products = [(Product::Sms, days), (Product::Call, calls)].into();
        let past = Past { account: "acc".to_owned(), zone: "Asia/Tokyo".to_owned(), products };
        Saved { past, until: "2026-11-20T13:00:00Z".parse().unwrap() }
    }

    fn text() -> String {
        let mut file = Vec::new();
        write(&mut file, &saved()).unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn what_was_saved_is_read() {
        let (saved, read) = (saved(), read(text().as_bytes()).unwrap());
        assert_eq!((read.past.account, read.past.zone, read.until), (saved.past.account, saved.past.zone, saved.until));
        assert_eq!(read.past.products, saved.past.products);
    }

    #[test]
    fn days_are_read_one_by_one_each_whole_and_known_ones_without_charges_too() {
        let (past, text) = (saved().past, text());
        verify(text.as_bytes()).unwrap();
        let mut file = FileDays::new(text.as_bytes()).unwrap();
        for (day, sums) in past.days(Product::Sms) {
            assert_eq!(file.next().unwrap().unwrap(), (*day, sums.clone()));
            let held: usize = file.held.values().map(Vec::len).sum();
            assert!(held < 10_000, "{held} lines of twenty thousand are held on {day}");
        }
        assert!(file.next().is_none());
    }

    #[test]
    fn a_file_that_is_not_as_it_was_written_is_refused_with_what_is_wrong() {
        let text = text();
        let refused = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        let verified = |text: &str| verify(text.as_bytes()).map_err(|fault| fault.to_string());
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.len();
        for (changed, part) in [
            (String::new(), "its first line is no header"),
            ("[[budget]]\n".to_owned(), "its first line is no header"),
            (text.replacen("\"past\":1", "\"past\":7", 1), "has version 7"),
            (text.replacen("Asia/Tokyo", "Asia/Seoul", 1), "does not fit what stands before it"),
            (text.replacen("\"-3.0205\"", "\"-4.0205\"", 1), "does not fit what stands before it"),
            (text.replacen("\"-3.0205\"", "\"-3,0205\"", 1), "is damaged in line 2: its figures cannot be read"),
            (text.replacen("\"2026-11-20\":", "\"2026-12-20\":", 1), "a day that the header does not have"),
            (text[..text.len() / 2].to_owned(), "is cut: it ends after line"),
            (lines[..last - 1].join("\n") + "\n", &format!("is cut: it ends after line {}", last - 1)),
            (text.trim_end().to_owned(), "is cut"),
            (format!("{text}x"), "does not fit what stands before it"),
        ] {
            let refused = refused(&changed);
            assert!(refused.contains(part), "{part}: {refused}");
            // What cannot be read is not as it was written either.
            verified(&changed).unwrap_err();
        }
        assert!(refused(&text.replacen("\"zone\":\"Asia/Tokyo\",", "", 1)).contains("missing field `zone`"));
    }
}
