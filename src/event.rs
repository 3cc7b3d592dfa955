//! What a run is asked to do: our own event, EventBridge's two envelopes, or nothing.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::config::{PolicySource, secret_id, shown, topic_arn};
use crate::error::{Code, RunError};

/// What a run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Judge as if it were this moment.
    pub as_of: Option<Timestamp>,
    /// Everything but publishing and the ledger.
    pub dry_run: bool,
    /// Send one marked test notification and stop.
    pub test_alert: bool,
    /// Load the past months into the history and stop.
    pub backfill: bool,
    /// What started the run: `schedule`, or as the event says.
    pub trigger: Option<String>,
    /// Which schedule started the run.
    pub schedule_arn: Option<String>,
    /// When the schedule meant the run to start.
    pub scheduled_time: Option<Timestamp>,
    /// In place of the environment's secret.
    pub secret_id: Option<String>,
    /// In place of the environment's policy.
    pub policy: Option<PolicySource>,
    /// In place of the environment's topic.
    pub topic_arn: Option<String>,
}

/// Our own input, read as far as its types go.
#[derive(Default)]
struct OwnEvent {
    as_of: Option<String>,
    dry_run: bool,
    test_alert: bool,
    backfill: bool,
    trigger: Option<String>,
    schedule_arn: Option<String>,
    scheduled_time: Option<String>,
    zoom_secret_id: Option<String>,
    policy: Option<String>,
    alert_topic_arn: Option<String>,
}

impl OwnEvent {
    fn read(event: Map<String, Value>) -> Result<OwnEvent, RunError> {
        let mut own = OwnEvent::default();
        for (key, value) in event {
            let text = || match &value {
                Value::String(text) => Ok(Some(text.clone())),
                Value::Null => Ok(None),
                _ => Err(invalid(format!("{key} is not a text"))),
            };
            let flag = || match &value {
                Value::Bool(flag) => Ok(*flag),
                Value::Null => Ok(false),
                _ => Err(invalid(format!("{key} is neither true nor false"))),
            };
            match key.as_str() {
                "as_of" => own.as_of = text()?,
                "dry_run" => own.dry_run = flag()?,
                "test_alert" => own.test_alert = flag()?,
                "backfill" => own.backfill = flag()?,
                "trigger" => own.trigger = text()?,
                "schedule_arn" => own.schedule_arn = text()?,
                "scheduled_time" => own.scheduled_time = text()?,
                "zoom_secret_id" => own.zoom_secret_id = text()?,
                "policy" => own.policy = text()?,
                "alert_topic_arn" => own.alert_topic_arn = text()?,
                _ => return Err(invalid(format!("it has an unknown field {key:?}"))),
            }
        }
        Ok(own)
    }
}

const ENVELOPE_KEYS: [&str; 2] = ["detail-type", "source"];

impl Event {
    /// Reads an event; `now` bounds `as_of`.
    ///
    /// # Errors
    /// [`Code::EventInvalid`] with what was given and what is allowed.
    pub fn read(event: Value, now: Timestamp) -> Result<Event, RunError> {
        let is_envelope = ENVELOPE_KEYS.iter().all(|key| event.get(key).is_some());
        if is_envelope {
            return Event::from_envelope(&event, now);
        }
        let own = match event {
            Value::Null => OwnEvent::default(),
            Value::Object(event) => OwnEvent::read(event)?,
            _ => return Err(invalid("it is not a JSON object")),
        };
        Event::from_own(own, now)
    }

    /// The envelope of an EventBridge rule, whose detail is an object, or of EventBridge Scheduler, whose detail may be the text "{}".
    /// The detail is our own input.
    fn from_envelope(event: &Value, now: Timestamp) -> Result<Event, RunError> {
        let detail = match event.get("detail") {
            Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| invalid("its detail is no JSON"))?,
            Some(detail) => detail.clone(),
            None => Value::Null,
        };
        let mut own = match detail {
            Value::Null => OwnEvent::default(),
            Value::Object(detail) => OwnEvent::read(detail)?,
            _ => return Err(invalid("its detail is not a JSON object")),
        };
        if own.scheduled_time.is_none() {
            own.scheduled_time = event.get("time").and_then(Value::as_str).map(str::to_owned);
        }
        if own.trigger.is_none() {
            own.trigger = Some("schedule".to_owned());
        }
        Event::from_own(own, now)
    }

    fn from_own(own: OwnEvent, now: Timestamp) -> Result<Event, RunError> {
        let as_of = own.as_of.map(|text| moment("as_of", &text)).transpose()?;
        if let Some(as_of) = as_of
            && as_of > now.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now)
        {
            return Err(invalid(format!(
                "as_of {as_of} lies in the future, of which nothing is known; give a past moment or leave it out"
            )));
        }
        if own.backfill && (own.dry_run || own.test_alert || as_of.is_some()) {
            return Err(invalid(
                "backfill goes with none of as_of, dry_run and test_alert; it loads the months up to now",
            ));
        }
        // A template's placeholder that was not replaced, such as <aws.scheduler.schedule-arn>, is no ground for silence.
        let scheduled_time = own.scheduled_time.filter(|text| !text.starts_with('<'));
        Ok(Event {
            as_of,
            dry_run: own.dry_run,
            test_alert: own.test_alert,
            backfill: own.backfill,
            trigger: own.trigger,
            schedule_arn: own.schedule_arn,
            scheduled_time: scheduled_time.map(|text| moment("scheduled_time", &text)).transpose()?,
            secret_id: filled("zoom_secret_id", own.zoom_secret_id, secret_id)?,
            policy: filled("policy", own.policy, PolicySource::parse)?,
            topic_arn: filled("alert_topic_arn", own.alert_topic_arn, topic_arn)?,
        })
    }
}

fn filled<T>(
    name: &str,
    value: Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, RunError> {
    let Some(value) = value else { return Ok(None) };
    if value.trim().is_empty() {
        return Err(invalid(format!("{name} is empty; leave it out to use the environment's")));
    }
    parse(value.trim()).map(Some).map_err(|problem| invalid(format!("{name} = {} {problem}", shown(&value))))
}

fn moment(name: &str, text: &str) -> Result<Timestamp, RunError> {
    text.parse().map_err(|_| invalid(format!("{name} = {text:?} is not a time such as 2026-10-31T23:59:59Z")))
}

fn invalid(problem: impl std::fmt::Display) -> RunError {
    RunError::new(
        Code::EventInvalid,
        format!(
            "the event cannot be used: {problem}. Accepted are {{}}, an EventBridge rule's or scheduler's event, and an object with any of as_of, \
             dry_run, test_alert, backfill, trigger, schedule_arn, scheduled_time, zoom_secret_id, policy, alert_topic_arn"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(event: Value) -> Result<Event, String> {
        Event::read(event, "2026-11-22T13:00:00Z".parse().unwrap()).map_err(|error| error.message)
    }

    #[test]
    fn nothing_means_the_defaults() {
        assert_eq!(read(json!({})), Ok(Event::default()));
        assert_eq!(read(Value::Null), Ok(Event::default()));
    }

    #[test]
    fn our_own_event_is_read() {
        let event = read(json!({"as_of": "2026-10-31T23:59:59Z", "dry_run": true, "test_alert": false, "trigger": "schedule",
            "schedule_arn": "arn:x", "scheduled_time": "2026-11-22T13:00:00Z", "zoom_secret_id": "other", "policy": "p.toml",
            "alert_topic_arn": "arn:aws:sns:us-east-1:1:t"}))
        .unwrap();
        assert_eq!(event.as_of, Some("2026-10-31T23:59:59Z".parse().unwrap()));
        assert!(event.dry_run);
        assert_eq!(event.secret_id.as_deref(), Some("other"));
        assert_eq!(event.policy, Some(PolicySource::File("p.toml".into())));
    }

    #[test]
    fn both_envelopes_are_read() {
        for detail in [json!({}), json!("{}"), json!(""), json!(null), json!("{\"dry_run\": false}")] {
            let event = read(json!({"version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "1",
                "time": "2026-11-22T13:00:00Z", "region": "us-east-1", "resources": ["arn"], "detail": detail}))
            .unwrap();
            assert_eq!(event.scheduled_time, Some("2026-11-22T13:00:00Z".parse().unwrap()));
            assert_eq!(event.as_of, None);
        }
    }

    #[test]
    fn a_wrong_event_is_refused_with_its_reason() {
        for (event, part) in [
            (json!({"dryrun": true}), "unknown field \"dryrun\""),
            (json!({"dry_run": "yes"}), "dry_run is neither true nor false"),
            (json!({"as_of": "yesterday"}), "as_of = \"yesterday\" is not a time"),
            (json!({"as_of": "2027-01-01T00:00:00Z"}), "lies in the future"),
            (json!({"backfill": true, "dry_run": true}), "backfill goes with none of"),
            (json!({"policy": ""}), "policy is empty"),
            (json!({"alert_topic_arn": "topic"}), "is not the ARN of an SNS topic"),
            (json!([1]), "it is not a JSON object"),
            (json!("run"), "it is not a JSON object"),
            (json!({"detail-type": "x", "source": "y", "detail": {"colour": 1}}), "unknown field \"colour\""),
            (json!({"detail-type": "x", "source": "y", "detail": "not JSON"}), "its detail is no JSON"),
        ] {
            let error = read(event.clone()).unwrap_err();
            assert!(error.contains(part), "{event}: {error}");
        }
    }
}
