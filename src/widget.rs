//! The function behind the custom widget of the CloudWatch dashboard (`MODE=widget`).
//!
//! It answers from the page that the last run stored in the ledger's table, and asks nobody else: it has no secret, no policy and no right but
//! to read pages. The console calls it with the rights of whoever looks at the dashboard, and shows the HTML that it returns. So whatever
//! goes wrong with the table is said in HTML, where people see it.

mod question;
mod say;

use std::time::Duration;

use jiff::Timestamp;

use crate::clients::Deadline;
use crate::daybook::{Listed, Store};
use crate::domain::page::{FORMAT, Page};

pub use question::{Question, View, is_widget_event};
use say::Say;

/// What reading the table must leave of the function's time, to answer.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);

/// What answers the widget.
#[derive(Debug)]
pub struct Widget {
    /// Where the pages are.
    pub store: Store,
}

impl Widget {
    /// The widget of a deployment.
    #[must_use]
    pub fn deployed(aws: &aws_config::SdkConfig, ledger_table: &str) -> Widget {
        Widget { store: Store::table(aws, ledger_table) }
    }

    /// The answer: Markdown for a description, otherwise HTML. `function` is the ARN by which links call this function again.
    pub async fn answer(&self, question: &Question, function: &str, now: Timestamp, deadline: Deadline) -> String {
        let Question::Show(view) = question else { return say::DESCRIPTION.to_owned() };
        let say = Say { view, function, now };
        match deadline.less_reserve(ANSWER_RESERVE).bound(self.read(view)).await {
            Some(Ok(found)) => say.found(&found),
            Some(Err(problem)) => say.unreadable(&problem),
            None => say.unreadable("the table did not answer in time; refresh the widget"),
        }
    }

    async fn read(&self, view: &View) -> Result<Found, String> {
        let listed = self.store.pages().await.map_err(|error| error.to_string())?;
        let account = match (&view.account, listed.as_slice()) {
            (Some(account), _) => account,
            (None, [only]) => &only.account,
            (None, _) => return Ok(Found { listed, page: None }),
        };
        let stored = self.store.page(account).await.map_err(|error| error.to_string())?;
        let page = stored.map(|page| read_page(&page)).transpose()?;
        let page = listed.iter().find(|listed| listed.account == *account).cloned().zip(page);
        Ok(Found { listed, page })
    }
}

/// What the table has.
#[derive(Debug)]
struct Found {
    /// All accounts, the newest page last.
    listed: Vec<Listed>,
    /// The page of the account that is shown.
    page: Option<(Listed, Page)>,
}

fn read_page(stored: &str) -> Result<Page, String> {
    let page = serde_json::from_str::<Page>(stored).ok().filter(|page| page.format == FORMAT);
    page.ok_or_else(|| "the stored page has the format of another version; the next run stores it anew".to_owned())
}

#[cfg(test)]
mod tests;
