//! What `cost-alerts -v` shows of requests: who was asked for what, and how it ended. Never a header, a body or a page token.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use reqwest::RequestBuilder;
use tokio::time::Instant;

use crate::error::with_causes;

/// Query parameters that are shown.
const SHOWN: [&str; 2] = ["from", "to"];

/// A request on its way.
pub(super) struct Asked {
    what: String,
    sent: Instant,
}

impl Asked {
    /// A request to Zoom.
    pub(super) fn zoom(request: &RequestBuilder) -> Asked {
        let built = request.try_clone().and_then(|request| request.build().ok());
        let what = built.map_or_else(String::new, |request| {
            let mut url = request.url().clone();
            url.set_query(None);
            let pairs: Vec<_> = request.url().query_pairs().into_owned().collect();
            let shown = pairs.iter().filter(|(name, _)| SHOWN.contains(&name.as_str()));
            let shown: String = shown.map(|(name, value)| format!(" {name}={value}")).collect();
            let next = if pairs.iter().any(|(name, _)| name == "next_page_token") { " next page" } else { "" };
            format!("{} {url}{shown}{next}", request.method())
        });
        Asked { what, sent: Instant::now() }
    }

    /// A request to AWS: the host and the action.
    pub(super) fn aws(request: &HttpRequest) -> Asked {
        let host = url::Url::parse(request.uri()).ok();
        let host = host.map_or_else(String::new, |url| url.origin().ascii_serialization());
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let of_body = || {
            // Services of the older protocol name the action in the form.
            let body = std::str::from_utf8(request.body().bytes()?).ok()?;
            let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="))?;
            Some(action.to_owned())
        };
        let what = format!("{} {host} {}", request.method(), target.or_else(of_body).unwrap_or_default());
        Asked { what, sent: Instant::now() }
    }

    pub(super) fn answered(&self, status: u16) {
        tracing::debug!("{}: HTTP {status} in {} ms", self.what, self.sent.elapsed().as_millis());
    }

    pub(super) fn failed(&self, error: &reqwest::Error) {
        // Its own words hold the address with its query.
        let cause = std::error::Error::source(error).map_or_else(|| "no answer".to_owned(), with_causes);
        tracing::debug!("{}: {cause}, after {} ms", self.what, self.sent.elapsed().as_millis());
    }
}
