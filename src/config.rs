//! Every environment variable, once. All faults are reported at the same time.

mod sources;

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

pub use sources::{PolicySource, SecretSource};
use url::{Host, Url};

use crate::domain::policy::topic_arn;
use crate::error::{Code, RunError};

/// Where Zoom is, and how often it may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoomConfig {
    /// The base of the API, without a slash at the end.
    pub api_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// Report requests a second; Zoom's limit is shared with the account's other apps.
    pub requests_per_second: u32,
}

/// What a function is for, with the settings that this needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It reads Zoom's report, judges it and sends alerts.
    Alerts(Box<Config>),
    /// It only answers CloudWatch's custom widget, from the table.
    Widget {
        /// The DynamoDB table that the alerting function stores its page in.
        ledger_table: String,
    },
}

/// The alerting function's settings, from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Zoom's credentials.
    pub secret_id: SecretSource,
    /// The SNS standard topic.
    pub topic_arn: String,
    /// The DynamoDB table.
    pub ledger_table: String,
    /// The policy.
    pub policy: PolicySource,
    /// Zoom.
    pub zoom: ZoomConfig,
    /// Hours after which everything that is judged is read again.
    pub full_read_hours: u32,
    /// Hours after which what is over but not settled is read again.
    pub late_read_hours: u32,
    /// The address that every message ends with.
    pub link: Option<Arc<str>>,
}

/// How often everything that is judged is read.
pub const DEFAULT_FULL_READ_HOURS: u32 = 24;
/// How often dates are read that are over but not settled.
pub const DEFAULT_LATE_READ_HOURS: u32 = 6;
const MOST_READ_HOURS: u32 = 24 * 7;
const UNKNOWN_MODE: &str = "is not known; it is widget for the function behind the dashboard's widget, and not set for the one that sends alerts";
const MOST_LINK_CHARACTERS: usize = 500;
const DEFAULT_API_URL: &str = "https://api.zoom.us/v2";
const DEFAULT_TOKEN_URL: &str = "https://zoom.us/oauth/token";
const DEFAULT_REQUESTS_PER_SECOND: u32 = 4;
const MOST_REQUESTS_PER_SECOND: u32 = 1_000;

impl Mode {
    /// Reads the function's environment through `variable`. An empty value counts as missing. What else is required depends on `MODE`, so
    /// that with an unknown one only the table is asked for.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] with all the faults, by name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Mode, RunError> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let mode = reader.value("MODE");
        let Some(mode) = mode else {
            return Config::read(reader.variable).map(|config| Mode::Alerts(Box::new(config)));
        };
        let is_widget = |text: &str| if text == "widget" { Ok(()) } else { Err(UNKNOWN_MODE.to_owned()) };
        let widget = reader.parsed("MODE", &mode, is_widget);
        let ledger_table = reader.ledger_table();
        widget.and(ledger_table).map(|ledger_table| Mode::Widget { ledger_table }).ok_or_else(|| reader.into_error())
    }
}

impl Config {
    /// Reads the alerting function's environment through `variable`. An empty value counts as missing.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] with all the faults, by name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Config, RunError> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let what = "the name or ARN of the secret with Zoom's credentials, or ssm:NAME";
        let secret_id = reader.required("ZOOM_SECRET_ID", what, SecretSource::parse);
        let topic_arn = reader.required("ALERT_TOPIC_ARN", "the ARN of the SNS topic", topic_arn);
        let ledger_table = reader.ledger_table();
        let policy = reader.required("POLICY", "ssm:NAME, table:NAME or the path of a TOML file", PolicySource::parse);
        let zoom = reader.zoom();
        let hours = |text: &str| whole_number(text, 0..=MOST_READ_HOURS);
        let full_read_hours = reader.optional("FULL_READ_HOURS", DEFAULT_FULL_READ_HOURS, hours);
        let late_read_hours = reader.optional("LATE_READ_HOURS", DEFAULT_LATE_READ_HOURS, hours);
        let link = reader.optional("LINK", None, |text| link(text).map(Some));
        let config = || {
            Some(Config {
                secret_id: secret_id?,
                topic_arn: topic_arn?,
                ledger_table: ledger_table?,
                policy: policy?,
                zoom: zoom?,
                full_read_hours: full_read_hours?,
                late_read_hours: late_read_hours?,
                link: link?,
            })
        };
        config().filter(|_| reader.faults.is_empty()).ok_or_else(|| reader.into_error())
    }
}

impl ZoomConfig {
    /// Reads Zoom's part of the environment alone, as the operator's command needs it.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] with all the faults, by name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<ZoomConfig, RunError> {
        let mut reader = Reader { variable, faults: Vec::new() };
        reader.zoom().ok_or_else(|| reader.into_error())
    }
}

struct Reader<F> {
    variable: F,
    faults: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn into_error(self) -> RunError {
        RunError::new(Code::ConfigInvalid, format!("environment: {}", self.faults.join("; ")))
    }

    fn ledger_table(&mut self) -> Option<String> {
        self.required("LEDGER_TABLE", "the name of the DynamoDB table", |text| Ok(text.to_owned()))
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn required<T>(&mut self, name: &str, what: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(value) = self.value(name) else {
            self.faults.push(format!("{name} is missing (set it to {what})"));
            return None;
        };
        self.parsed(name, &value, parse)
    }

    fn optional<T>(&mut self, name: &str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match self.value(name) {
            Some(value) => self.parsed(name, &value, parse),
            None => Some(default),
        }
    }

    fn parsed<T>(&mut self, name: &str, value: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        parse(value).map_err(|problem| self.faults.push(format!("{name} = {} {problem}", shown(value)))).ok()
    }

    fn zoom(&mut self) -> Option<ZoomConfig> {
        let api_url =
            self.optional("ZOOM_API_URL", DEFAULT_API_URL.to_owned(), |text| zoom_url(text).map(with_version));
        let token_url = self.optional("ZOOM_TOKEN_URL", DEFAULT_TOKEN_URL.to_owned(), zoom_url);
        let requests_per_second = self.optional("ZOOM_REQUESTS_PER_SECOND", DEFAULT_REQUESTS_PER_SECOND, |text| {
            whole_number(text, 1..=MOST_REQUESTS_PER_SECOND)
        });
        Some(ZoomConfig { api_url: api_url?, token_url: token_url?, requests_per_second: requests_per_second? })
    }
}

fn whole_number(text: &str, allowed: RangeInclusive<u32>) -> Result<u32, String> {
    let number = u32::from_str(text).ok().filter(|number| allowed.contains(number));
    number.ok_or_else(|| format!("is not a whole number from {} to {}", allowed.start(), allowed.end()))
}

/// A value as it was given, unless it looks like one that holds a secret.
#[must_use]
pub fn shown(value: &str) -> String {
    let may_be_secret = value.contains(['{', '@', '"']);
    if may_be_secret { "(not shown)".to_owned() } else { format!("{:?}", value.chars().take(200).collect::<String>()) }
}

/// An address that nobody on the way can read or change.
fn safe_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL".to_owned())?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err("is not https (http is accepted for loopback hosts only)".to_owned());
    }
    Ok(url)
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn zoom_url(text: &str) -> Result<String, String> {
    let url = safe_url(text)?;
    if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
        return Err("has a user, a query or a fragment, which a base URL must not have".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The address that messages end with: it stands in plain text, and between `<` and `|` in chat.
fn link(text: &str) -> Result<Arc<str>, String> {
    if text.len() > MOST_LINK_CHARACTERS {
        return Err(format!("has {} characters; at most {MOST_LINK_CHARACTERS} are allowed", text.len()));
    }
    if !text.chars().all(|c| c.is_ascii_graphic() && !"<>|\"\\".contains(c)) {
        return Err(r#"has a blank, a character outside ASCII, or one of < > | " \; write those as %20 and the like"#
            .to_owned());
    }
    if has_user(&safe_url(text)?) {
        return Err("has a user, whom every reader of a message would see".to_owned());
    }
    Ok(Arc::from(text))
}

/// Zoom gives its addresses without the version of the API.
fn with_version(url: String) -> String {
    if url.ends_with("/v2") { url } else { format!("{url}/v2") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let good = [
            ("ZOOM_SECRET_ID", "zoom"),
            ("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts"),
            ("LEDGER_TABLE", "ledger"),
            ("POLICY", "ssm:/zoom/policy"),
        ];
        let find = |list: &[(&str, &str)], name: &str| {
            list.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Config::read(|name| find(variables, name).or_else(|| find(&good, name))).map_err(|error| error.message)
    }

    #[test]
    fn the_defaults_are_the_contracts() {
        let config = read(&[]).unwrap();
        assert_eq!(config.policy, PolicySource::Parameter("/zoom/policy".to_owned()));
        let zoom = ZoomConfig {
            api_url: "https://api.zoom.us/v2".to_owned(),
            token_url: "https://zoom.us/oauth/token".to_owned(),
            requests_per_second: 4,
        };
        assert_eq!(config.zoom, zoom);
        assert_eq!((config.full_read_hours, config.late_read_hours), (24, 6));
    }

    #[test]
    fn credentials_are_in_a_secret_or_a_parameter() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:zoom-AbCdEf";
        for (text, expected) in [
            ("zoom", SecretSource::Secret("zoom".to_owned())),
            (arn, SecretSource::Secret(arn.to_owned())),
            ("ssm:/alerts/zoom", SecretSource::Parameter("/alerts/zoom".to_owned())),
            ("ssm:/alerts/zoom:3", SecretSource::Parameter("/alerts/zoom:3".to_owned())),
        ] {
            let config = read(&[("ZOOM_SECRET_ID", text)]).unwrap();
            assert_eq!((&config.secret_id, config.secret_id.to_string().as_str()), (&expected, text));
        }
        for text in ["ssm:", "ssm:a b", "ssm:{\"client_secret\":\"hunter2\"}"] {
            let error = read(&[("ZOOM_SECRET_ID", text)]).unwrap_err();
            assert!(error.contains("names no parameter; write ssm:NAME") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_link_is_an_https_address_that_fits_every_form_of_a_message() {
        let dashboard =
            "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/zoom";
        let long = format!("https://example.com/{}", "x".repeat(480));
        for (text, accepted) in [
            (dashboard, true),
            ("http://127.0.0.1:8080/", true),
            (long.as_str(), true),
            (&format!("{long}x"), false),
            ("http://example.com/", false),
            ("javascript:alert(1)", false),
            ("example.com", false),
            ("https://example.com/a b", false),
            ("https://example.com/|x>", false),
            ("https://example.com/\u{202e}", false),
            ("https://user:hunter2@example.com/", false),
        ] {
            let read = read(&[("LINK", text)]);
            assert_eq!(read.is_ok(), accepted, "{text}: {read:?}");
            assert!(read.is_ok_and(|config| config.link.as_deref() == Some(text)) == accepted, "{text}");
        }
        assert_eq!(read(&[]).unwrap().link, None);
    }

    #[test]
    fn the_widgets_function_needs_the_table_alone() {
        let mode = |variables: &[(&str, &str)]| {
            let find =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            Mode::read(find).map_err(|error| error.message)
        };
        let widget = Mode::Widget { ledger_table: "ledger".to_owned() };
        assert_eq!(mode(&[("MODE", "widget"), ("LEDGER_TABLE", "ledger")]), Ok(widget.clone()));
        assert_eq!(mode(&[("MODE", " widget "), ("LEDGER_TABLE", "ledger"), ("POLICY", "ssm:")]), Ok(widget));
        assert_eq!(
            mode(&[("MODE", "widget")]).unwrap_err(),
            "environment: LEDGER_TABLE is missing (set it to the name of the DynamoDB table)"
        );
        insta::assert_snapshot!(mode(&[("MODE", "other")]).unwrap_err().replace("; LEDGER", "\nLEDGER"), @r#"
        environment: MODE = "other" is not known; it is widget for the function behind the dashboard's widget, and not set for the one that sends alerts
        LEDGER_TABLE is missing (set it to the name of the DynamoDB table)
        "#);
        // Without a mode it is the alerting function, which asks for all that it needs.
        let error = mode(&[("MODE", ""), ("LEDGER_TABLE", "ledger")]).unwrap_err();
        assert!(error.contains("ZOOM_SECRET_ID is missing") && error.contains("POLICY is missing"), "{error}");
        let all = [
            ("ZOOM_SECRET_ID", "zoom"),
            ("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts"),
            ("LEDGER_TABLE", "ledger"),
            ("POLICY", "ssm:/zoom/policy"),
        ];
        assert!(matches!(mode(&all), Ok(Mode::Alerts(_))));
    }

    #[test]
    fn a_policy_is_a_parameter_an_item_of_the_table_or_a_file() {
        for (text, expected) in [
            ("ssm:/zoom/policy", PolicySource::Parameter("/zoom/policy".to_owned())),
            (" table:budgets ", PolicySource::Table("budgets".to_owned())),
            ("policy.toml", PolicySource::File("policy.toml".into())),
        ] {
            let source = PolicySource::parse(text).unwrap();
            assert_eq!((&source, source.to_string().as_str()), (&expected, text.trim()));
        }
        for text in ["", "ssm:", "table:", "table:a b", &format!("table:{}", "x".repeat(256))] {
            assert!(PolicySource::parse(text).unwrap_err().contains("write "), "{text}");
        }
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let error = read(&[
            ("ZOOM_SECRET_ID", " "),
            ("ALERT_TOPIC_ARN", "alerts"),
            ("LEDGER_TABLE", ""),
            ("POLICY", "ssm:"),
            ("ZOOM_API_URL", "http://api.zoom.us/v2"),
            ("ZOOM_TOKEN_URL", "zoom"),
            ("ZOOM_REQUESTS_PER_SECOND", "0"),
            ("FULL_READ_HOURS", "daily"),
            ("LINK", "http://example.com/"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(error.replace("; ", "\n"), @r#"
        environment: ZOOM_SECRET_ID is missing (set it to the name or ARN of the secret with Zoom's credentials, or ssm:NAME)
        ALERT_TOPIC_ARN = "alerts" is not the ARN of an SNS topic
        write arn:aws:sns:REGION:ACCOUNT:NAME
        LEDGER_TABLE is missing (set it to the name of the DynamoDB table)
        POLICY = "ssm:" names no parameter
        write ssm:NAME, such as ssm:/zoom-sms-cost-alerts/policy
        ZOOM_API_URL = "http://api.zoom.us/v2" is not https (http is accepted for loopback hosts only)
        ZOOM_TOKEN_URL = "zoom" is not a URL
        ZOOM_REQUESTS_PER_SECOND = "0" is not a whole number from 1 to 1000
        FULL_READ_HOURS = "daily" is not a whole number from 0 to 168
        LINK = "http://example.com/" is not https (http is accepted for loopback hosts only)
        "#);
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (url, accepted) in [
            ("http://127.0.0.1:8080/v2/", true),
            ("http://[::1]:8080/v2", true),
            ("http://localhost/v2", true),
            ("https://api-eu.zoom.us/v2", true),
            ("http://localhost.example.com/v2", false),
            ("http://10.0.0.1/v2", false),
            ("ftp://127.0.0.1/v2", false),
            ("https://user:secret@api.zoom.us/v2", false),
            ("https://api.zoom.us/v2?x=1", false),
        ] {
            assert_eq!(read(&[("ZOOM_API_URL", url)]).is_ok(), accepted, "{url}");
        }
        assert_eq!(
            read(&[("ZOOM_API_URL", "http://127.0.0.1:8080/v2/")]).unwrap().zoom.api_url,
            "http://127.0.0.1:8080/v2"
        );
        assert_eq!(
            read(&[("ZOOM_API_URL", "https://api-us.zoom.us/")]).unwrap().zoom.api_url,
            "https://api-us.zoom.us/v2"
        );
    }

    #[test]
    fn a_secret_set_in_the_wrong_place_is_not_shown() {
        for (name, value) in [
            ("ZOOM_SECRET_ID", "{\"client_secret\": \"hunter2\"}"),
            ("ZOOM_API_URL", "https://user:hunter2@api.zoom.us/v2"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_fifo_topic_is_refused() {
        assert!(
            read(&[("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts.fifo")])
                .unwrap_err()
                .contains("FIFO")
        );
    }
}
