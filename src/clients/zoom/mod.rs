//! Zoom: a token, then a report, in questions, page by page.

mod digest;
mod division;
mod error;
mod page;
mod page_reader;
mod questions;
mod reader;
mod reading;
mod reports;
mod retry;
mod row;
mod session;
mod token;
mod walk;

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};

use super::http;
use super::pace::Pace;
use crate::config::ZoomConfig;

pub use digest::Digests;
pub use error::{ZoomError, ZoomErrorKind};
pub use page_reader::PageReader;
pub(crate) use questions::{last_date, last_started};
pub use reading::{Ask, Part, Reading};
pub use reports::{Report, SMS, report};
pub use session::{Pages, Source};
pub use token::Authorized;

/// Zoom's API, for any number of accounts; tokens are kept while they live.
#[derive(Debug)]
pub struct Zoom {
    http: reqwest::Client,
    config: ZoomConfig,
    pace: Pace,
    tokens: tokio::sync::Mutex<Vec<token::Kept>>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// What an answer's own word on its length is believed up to: a page is a sixth of it.
const LONGEST_ANNOUNCED: u64 = 1 << 20;
/// No page is longer by far: 300 rows with texts of 3 KB in each of their fields are some 16 MB.
const LONGEST_ANSWER: usize = 20_000_000;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

impl Zoom {
    /// Must be made within a tokio runtime.
    ///
    /// # Errors
    /// If the system offers no TLS.
    pub fn new(config: ZoomConfig) -> Result<Zoom, ZoomError> {
        let http = http::client()
            .map_err(|error| ZoomError::new(ZoomErrorKind::Unavailable, error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("zoom-sms-cost-alerts/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| ZoomError::new(ZoomErrorKind::Unavailable, "no HTTP client can be made"))?;
        let pace = Pace::per_second(config.requests_per_second);
        Ok(Zoom { http, config, pace, tokens: tokio::sync::Mutex::default() })
    }

    /// Sends a request and takes in all of the answer, whatever it says.
    async fn answered(&self, request: RequestBuilder) -> Result<(StatusCode, HeaderMap, Vec<u8>), ZoomError> {
        #[cfg(feature = "cli")]
        let asked = super::traced::Asked::zoom(&request);
        let sent = request.send().await;
        #[cfg(feature = "cli")]
        match &sent {
            Ok(response) => asked.answered(response.status().as_u16()),
            Err(error) => asked.failed(error),
        }
        let mut response = sent.map_err(|error| ZoomError::of_transport(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // Taken in piece by piece, since all pieces together and the whole would be twice the memory.
        let announced = response.content_length().map_or(0, |length| length.min(LONGEST_ANNOUNCED));
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        let broke_off = |error| ZoomError::of_transport(&error).with_tracking_id(&headers);
        while let Some(piece) = response.chunk().await.map_err(broke_off)? {
            if body.len() + piece.len() > LONGEST_ANSWER {
                let problem = format!("the answer is longer than {} MB, which no page is", LONGEST_ANSWER / 1_000_000);
                return Err(ZoomError::new(ZoomErrorKind::Unavailable, problem).with_tracking_id(&headers));
            }
            body.extend_from_slice(&piece);
        }
        Ok((status, headers, body))
    }
}
