//! The steps at Zoom: secret, token, clock, scope, report.

use futures_util::FutureExt;
use jiff::SignedDuration;

use super::{Examined, Verdict};
use crate::clients::zoom::{Ask, Authorized, Digests, Source, Zoom, ZoomErrorKind, report};
use crate::clients::{Credentials, Deadline};
use crate::config::Config;
use crate::domain::alert::count;
use crate::domain::dates::{Dates, utc_date};
use crate::domain::product::Product;
use crate::run::Services;

/// A clock this far off makes AWS refuse requests.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(5);
const NOTABLE_SKEW: SignedDuration = SignedDuration::from_secs(60);
/// What the report is probed with.
const PROBED: SignedDuration = SignedDuration::from_hours(24);

impl Examined {
    /// Secret, token and the reports of these products; answers the account.
    pub(super) async fn zoom(&mut self, services: &Services, config: &Config, products: &[Product]) -> Option<String> {
        let credentials = services.secrets.read(&config.secret_id).await;
        let credentials = credentials.map(|credentials| (credentials, "readable and well-formed".to_owned()));
        let Some(credentials) = self.settle("secret", credentials.map_err(|error| error.to_string())) else {
            for step in ["token", "clock", "scope", "report"] {
                self.note(step, Verdict::NotChecked, "needs the secret");
            }
            return None;
        };
        let Some(authorized) = self.token(&services.zoom, &credentials).await else {
            for step in ["clock", "scope", "report"] {
                self.note(step, Verdict::NotChecked, "needs the token");
            }
            return Some(credentials.account_id);
        };
        self.clock(&authorized);
        for product in products {
            self.report(&services.zoom, *product, authorized.clone()).await;
        }
        Some(credentials.account_id)
    }

    async fn token(&mut self, zoom: &Zoom, credentials: &Credentials) -> Option<Authorized> {
        let authorized = zoom.authorize(credentials, Deadline::never()).await.map_err(|error| error.to_string());
        self.settle(
            "token",
            authorized.map(|token| (token, format!("Zoom gave one for account {}", credentials.account_id))),
        )
    }

    fn clock(&mut self, authorized: &Authorized) {
        let Some(skew) = authorized.clock_skew() else {
            return self.note("clock", Verdict::Attention, "Zoom did not tell the time");
        };
        let off = format!("{} s off Zoom's", skew.as_secs());
        if skew.abs() > MOST_SKEW {
            self.note("clock", Verdict::Failed, format!("{off}: AWS refuses requests from such a clock; set it"));
        } else if skew.abs() > NOTABLE_SKEW {
            self.note("clock", Verdict::Attention, format!("{off}; set it"));
        } else {
            self.note("clock", Verdict::Fine, off);
        }
    }

    async fn report(&mut self, zoom: &Zoom, product: Product, authorized: Authorized) {
        let since = self.now - PROBED;
        let dates = Dates { from: utc_date(since, 0), to: utc_date(self.now, 48) };
        let ask = Ask {
            report: report(product),
            dates: vec![dates],
            until: self.now,
            now: self.now,
            zone: jiff::tz::TimeZone::UTC,
            first_day: dates.from,
            counted: Digests::new(),
            rows_a_date: None,
            answered_before: None,
        };
        let source = Source {
            authorized,
            renew: &|| async { None }.boxed_local(),
            on_page: &|_| {},
            most_requests: None,
            deadline: Deadline::never(),
        };
        let reading = zoom.read(source, &ask).await;
        match &reading.failure {
            Some(error) if error.kind == ZoomErrorKind::ScopeMissing => {
                self.note("scope", Verdict::Failed, error.to_string());
                self.note("report", Verdict::NotChecked, "needs the scope");
            }
            Some(error) => {
                self.note("scope", Verdict::NotChecked, "needs the report");
                self.note("report", Verdict::Failed, error.to_string());
            }
            None => {
                self.note("scope", Verdict::Fine, format!("the app may read the report{}", product.of_charged()));
                let rows: u64 = reading.parts.values().map(|part| part.rows).sum();
                match reading.row_faults.as_slice() {
                    [] => self.note(
                        "report",
                        Verdict::Fine,
                        format!("readable; {} since {}", count(rows, "charged row"), dates.from),
                    ),
                    [first, ..] => self.note(
                        "report",
                        Verdict::Failed,
                        format!("{} cannot be read; {first}", count(reading.row_faults.len() as u64, "row")),
                    ),
                }
            }
        }
    }
}
