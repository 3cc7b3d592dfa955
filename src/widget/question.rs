//! What CloudWatch asks: for a description, or for the widget's content.

use serde_json::Value;

use crate::error::{Code, RunError};
use crate::page::Theme;

/// What CloudWatch asks of a custom widget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What the widget shows, and which parameters it takes.
    Describe,
    /// Its content.
    Show(View),
}

/// How the content is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The console's.
    pub theme: Theme,
    /// CSS pixels.
    pub width: u32,
    /// The Zoom account whose page is wanted.
    pub account: Option<String>,
}

/// CSS pixels, should CloudWatch not say.
const USUAL_WIDTH: u32 = 1_200;
/// An account's id has 22 characters.
const MOST_ACCOUNT_CHARACTERS: usize = 256;

/// Whether an event is one of a custom widget.
#[must_use]
pub fn is_widget_event(event: &Value) -> bool {
    event.get("widgetContext").is_some() || event.get("describe").is_some()
}

impl Question {
    /// Reads an event of CloudWatch. What else may stand in it is not looked at: it is CloudWatch's, and grows.
    ///
    /// # Errors
    /// [`Code::EventInvalid`] with what is allowed.
    pub fn read(event: &Value) -> Result<Question, RunError> {
        if event.get("describe").and_then(Value::as_bool) == Some(true) {
            return Ok(Question::Describe);
        }
        let Some(context) = event.get("widgetContext").filter(|context| context.is_object()) else {
            let message = "the event cannot be used: this function has MODE = widget and only answers the custom widget of a CloudWatch \
                           dashboard. Accepted are an event with widgetContext, and {\"describe\": true}; runs, tests and backfills are \
                           for the function without MODE";
            return Err(RunError::new(Code::EventInvalid, message));
        };
        let text = |of: &Value, path: &str| of.pointer(path).and_then(Value::as_str).map(str::to_owned);
        // Parameters of a link stand in the event itself, as those of the widget do; theirs are in the context, too.
        let account = text(event, "/account").or_else(|| text(context, "/params/account"));
        let account = account.map(|account| account.trim().chars().take(MOST_ACCOUNT_CHARACTERS).collect::<String>());
        let width = context.get("width").and_then(Value::as_u64).and_then(|width| u32::try_from(width).ok());
        Ok(Question::Show(View {
            theme: if text(context, "/theme").as_deref() == Some("dark") { Theme::Dark } else { Theme::Light },
            width: width.unwrap_or(USUAL_WIDTH),
            account: account.filter(|account| !account.is_empty()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(event: Value) -> View {
        match Question::read(&event) {
            Ok(Question::Show(view)) => view,
            other => panic!("{event}: {other:?}"),
        }
    }

    #[test]
    fn what_cloudwatch_sends_is_read() {
        // As the console sends it; the parameters of the widget stand in both places.
        let event = json!({"account": "acc", "widgetContext": {
            "dashboardName": "alerts-us-east-1", "widgetId": "widget-1", "domain": "https://us-east-1.console.aws.amazon.com",
            "accountId": "123456789012", "locale": "en", "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
            "period": 300, "isAutoPeriod": true, "timeRange": {"mode": "relative", "start": 1, "end": 2}, "theme": "dark",
            "linkCharts": true, "title": "Zoom SMS charges", "forms": {"all": {}}, "params": {"account": "acc"},
            "width": 1155, "height": 600}});
        assert_eq!(shown(event), View { theme: Theme::Dark, width: 1155, account: Some("acc".to_owned()) });
        let plain = View { theme: Theme::Light, width: USUAL_WIDTH, account: None };
        for context in
            [json!({}), json!({"theme": "light", "width": null, "params": null}), json!({"params": {"account": " "}})]
        {
            assert_eq!(shown(json!({"widgetContext": context})), plain);
        }
        let of_link = shown(json!({"account": "other", "widgetContext": {"params": {"account": "acc"}}}));
        assert_eq!(of_link.account.as_deref(), Some("other"));
        let long = shown(json!({"account": "x".repeat(10_000), "widgetContext": {}}));
        assert_eq!(long.account.map(|account| account.len()), Some(MOST_ACCOUNT_CHARACTERS));
        assert_eq!(Question::read(&json!({"describe": true})), Ok(Question::Describe));
    }

    #[test]
    fn everything_else_is_refused_with_what_is_allowed() {
        for event in [
            json!({}),
            json!(null),
            json!("describe"),
            json!({"trigger": "schedule"}),
            json!({"test_alert": true}),
            json!({"describe": false}),
            json!({"widgetContext": "x"}),
        ] {
            let error = Question::read(&event).unwrap_err();
            assert_eq!(error.code, Code::EventInvalid, "{event}");
            assert!(error.message.contains("the function without MODE"), "{error}");
        }
    }
}
