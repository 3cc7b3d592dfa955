//! What a run is asked to do: our own event, EventBridge's two envelopes, or nothing.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Map, Value};

use crate::config::{PolicySource, SecretSource, shown};
use crate::domain::period::start_of;
use crate::domain::policy::topic_arn;
use crate::domain::text::did_you_mean;
use crate::error::{Code, RunError};
use crate::widget::is_widget_event;

/// What a run is asked to do, and where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The task.
    pub task: Task,
    /// What started the run: `schedule`, or as the event says.
    pub trigger: Option<String>,
    /// Which schedule started the run.
    pub schedule_arn: Option<String>,
    /// When the schedule meant the run to start.
    pub scheduled_time: Option<Timestamp>,
    /// In place of the environment's secret.
    pub secret_id: Option<SecretSource>,
    /// In place of the environment's policy.
    pub policy: Option<PolicySource>,
    /// In place of the environment's topic.
    pub topic_arn: Option<String>,
}

/// One of the things that a run can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Read the report and judge it.
    Judge(Judge),
    /// Send one marked test notification.
    Test {
        /// Do not send it.
        dry_run: bool,
    },
    /// Load the past months into the history.
    Backfill,
}

/// What is judged, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The present; alerts are sent.
    Live,
    /// The present; nothing is sent.
    DryRun,
    /// A moment of the past; nothing is sent.
    Past(Moment),
    /// A moment of the past; what was due then is sent now.
    Rerun(Moment),
    /// The present; a summary of the running period is sent, or would be, and nothing else.
    Digest {
        /// Whether it is sent.
        dry_run: bool,
    },
}

/// A moment of the past, as the event gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This instant.
    Instant(Timestamp),
    /// The end of this date in the policy's zone.
    EndOf(Date),
}

impl Moment {
    /// The instant; the last second of a date.
    ///
    /// # Errors
    /// [`Code::EventInvalid`] at the end of the calendar.
    pub fn resolve(self, zone: &TimeZone) -> Result<Timestamp, RunError> {
        match self {
            Moment::Instant(at) => Ok(at),
            Moment::EndOf(date) => {
                let end = date.checked_add(1.day()).and_then(|next| start_of(next, zone));
                let last = end.and_then(|end| end.checked_sub(SignedDuration::from_secs(1)));
                last.map_err(|_| invalid(format!("as_of {date} lies beyond the calendar")))
            }
        }
    }
}

impl Task {
    /// Whether a run of this task shows that the schedule works: it judged the present and could send.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Task::Judge(Judge::Live)
    }
}

/// The fields of our own event.
const FIELDS: [&str; 12] = [
    "as_of",
    "publish",
    "dry_run",
    "test_alert",
    "backfill",
    "digest",
    "trigger",
    "schedule_arn",
    "scheduled_time",
    "zoom_secret_id",
    "policy",
    "alert_topic_arn",
];
const ENVELOPE_KEYS: [&str; 2] = ["detail-type", "source"];

/// Our own event: its fields are taken out one by one.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(event: Map<String, Value>) -> Result<Fields, RunError> {
        for name in event.keys() {
            if !FIELDS.contains(&name.as_str()) {
                return Err(invalid(format!("it has an unknown field {name:?}{}", did_you_mean(name, &FIELDS))));
            }
        }
        Ok(Fields(event))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, RunError> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) | None => Ok(None),
            Some(_) => Err(invalid(format!("{name} is not a text"))),
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, RunError> {
        match self.0.remove(name) {
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::Null) | None => Ok(false),
            Some(_) => Err(invalid(format!("{name} is neither true nor false"))),
        }
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, RunError> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        if value.trim().is_empty() {
            return Err(invalid(format!("{name} is empty; leave it out to use the environment's")));
        }
        parse(value.trim()).map(Some).map_err(|problem| invalid(format!("{name} = {} {problem}", shown(&value))))
    }

    fn task(&mut self, now: Timestamp) -> Result<Task, RunError> {
        let as_of = self
            .text("as_of")?
            .map(|text| moment(&text, now))
            .transpose()
            .map_err(|problem| invalid(format!("as_of {problem}")))?;
        let (publish, dry_run) = (self.flag("publish")?, self.flag("dry_run")?);
        let (test_alert, backfill) = (self.flag("test_alert")?, self.flag("backfill")?);
        let digest = self.flag("digest")?;
        let given = |names: &[(&'static str, bool)]| -> Vec<&'static str> {
            names.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect()
        };
        let has_as_of = as_of.is_some();
        for group in [
            given(&[
                ("backfill", backfill),
                ("as_of", has_as_of),
                ("dry_run", dry_run),
                ("test_alert", test_alert),
                ("digest", digest),
            ]),
            given(&[("test_alert", test_alert), ("as_of", has_as_of), ("publish", publish)]),
            given(&[
                ("digest", digest),
                ("as_of", has_as_of),
                ("publish", publish),
                ("test_alert", test_alert),
                ("backfill", backfill),
            ]),
            given(&[("publish", publish), ("dry_run", dry_run)]),
        ] {
            if let [first, _, ..] = group.as_slice()
                && ["backfill", "test_alert", "publish", "digest"].contains(first)
            {
                return Err(invalid(format!("{} exclude each other; give one of them", group.join(", "))));
            }
        }
        match (as_of, publish) {
            (None, true) => Err(invalid("publish goes with as_of only; without it alerts are published anyway")),
            _ if backfill => Ok(Task::Backfill),
            _ if test_alert => Ok(Task::Test { dry_run }),
            _ if digest => Ok(Task::Judge(Judge::Digest { dry_run })),
            (Some(moment), true) => Ok(Task::Judge(Judge::Rerun(moment))),
            (Some(moment), false) => Ok(Task::Judge(Judge::Past(moment))),
            (None, false) => Ok(Task::Judge(if dry_run { Judge::DryRun } else { Judge::Live })),
        }
    }
}

impl Request {
    /// Reads an event; `now` bounds `as_of`.
    ///
    /// # Errors
    /// [`Code::EventInvalid`] with what was given and what is allowed.
    pub fn read(event: Value, now: Timestamp) -> Result<Request, RunError> {
        if is_widget_event(&event) {
            let message = "the event cannot be used: it is one of a CloudWatch custom widget, and this function reads Zoom's report and sends \
                           alerts. The function with MODE = widget answers it; name that one as the widget's endpoint";
            return Err(RunError::new(Code::EventInvalid, message));
        }
        let is_envelope = ENVELOPE_KEYS.iter().all(|key| event.get(key).is_some());
        if !is_envelope {
            return Request::of(event, "it is not a JSON object", now);
        }
        // The detail of an EventBridge rule is an object, that of EventBridge Scheduler may be the text "{}"; it is our own event.
        let detail = match event.get("detail") {
            Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| invalid("its detail is no JSON"))?,
            Some(detail) => detail.clone(),
            None => Value::Null,
        };
        let mut request = Request::of(detail, "its detail is not a JSON object", now)?;
        if request.scheduled_time.is_none()
            && let Some(time) = event.get("time").and_then(Value::as_str)
        {
            request.scheduled_time = Some(instant("time", time)?);
        }
        request.trigger.get_or_insert_with(|| "schedule".to_owned());
        Ok(request)
    }

    fn of(event: Value, otherwise: &str, now: Timestamp) -> Result<Request, RunError> {
        let mut fields = match event {
            Value::Null => Fields(Map::new()),
            Value::Object(event) => Fields::read(event)?,
            _ => return Err(invalid(otherwise)),
        };
        // A template's placeholder that was not replaced, such as <aws.scheduler.schedule-arn>, is no ground for silence.
        let scheduled_time = fields.text("scheduled_time")?.filter(|text| !text.starts_with('<'));
        Ok(Request {
            task: fields.task(now)?,
            trigger: fields.text("trigger")?,
            schedule_arn: fields.text("schedule_arn")?,
            scheduled_time: scheduled_time.map(|text| instant("scheduled_time", &text)).transpose()?,
            secret_id: fields.parsed("zoom_secret_id", SecretSource::parse)?,
            policy: fields.parsed("policy", PolicySource::parse)?,
            topic_arn: fields.parsed("alert_topic_arn", topic_arn)?,
        })
    }
}

fn instant(name: &str, text: &str) -> Result<Timestamp, RunError> {
    text.parse().map_err(|_| invalid(format!("{name} = {text:?} is not a time such as 2026-10-31T23:59:59Z")))
}

/// A date or an instant that is not in the future: a date may be today's in any zone.
///
/// # Errors
/// What is wrong with it.
pub fn moment(text: &str, now: Timestamp) -> Result<Moment, String> {
    let future = || format!("{text} lies in the future, of which nothing is known; give a past moment or leave it out");
    let tomorrow = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    // A date alone: a text with a time of day is no date, though it could be read as one.
    if !text.contains(['T', 't', ' '])
        && let Ok(date) = text.parse::<Date>()
    {
        let latest = tomorrow.to_zoned(TimeZone::UTC).date();
        return if date > latest { Err(future()) } else { Ok(Moment::EndOf(date)) };
    }
    let at: Timestamp = text.parse().map_err(|_| {
        format!("= {text:?} is neither a date such as 2026-10-31 nor a time such as 2026-10-31T23:59:59Z")
    })?;
    if at > tomorrow { Err(future()) } else { Ok(Moment::Instant(at)) }
}

fn invalid(problem: impl std::fmt::Display) -> RunError {
    RunError::new(
        Code::EventInvalid,
        format!(
            "the event cannot be used: {problem}. Accepted are {{}}, an EventBridge rule's or scheduler's event, and an object with any of {}",
            FIELDS.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(event: Value) -> Result<Request, String> {
        Request::read(event, "2026-11-22T13:00:00Z".parse().unwrap()).map_err(|error| error.message)
    }

    #[test]
    fn nothing_means_to_judge_the_present() {
        for event in [json!({}), Value::Null, json!({"as_of": null, "dry_run": false})] {
            let request = read(event).unwrap();
            assert_eq!((request.task, request.trigger), (Task::Judge(Judge::Live), None));
            assert!(request.task.is_live());
        }
    }

    #[test]
    fn our_own_event_is_read() {
        let request = read(json!({"as_of": "2026-10-31T23:59:59Z", "dry_run": true, "test_alert": false, "trigger": "schedule",
            "schedule_arn": "arn:x", "scheduled_time": "2026-11-22T13:00:00Z", "zoom_secret_id": "other", "policy": "p.toml",
            "alert_topic_arn": "arn:aws:sns:us-east-1:1:t"}))
        .unwrap();
        let at = "2026-10-31T23:59:59Z".parse().unwrap();
        assert_eq!(request.task, Task::Judge(Judge::Past(Moment::Instant(at))));
        assert_eq!(request.secret_id, Some(SecretSource::Secret("other".to_owned())));
        assert_eq!(request.policy, Some(PolicySource::File("p.toml".into())));
        assert_eq!(request.topic_arn.as_deref(), Some("arn:aws:sns:us-east-1:1:t"));
    }

    #[test]
    fn each_task_has_its_event() {
        let date = Moment::EndOf("2026-10-31".parse().unwrap());
        for (event, task) in [
            (json!({"dry_run": true}), Task::Judge(Judge::DryRun)),
            (json!({"as_of": "2026-10-31"}), Task::Judge(Judge::Past(date))),
            (json!({"as_of": "2026-10-31", "publish": true}), Task::Judge(Judge::Rerun(date))),
            (json!({"test_alert": true}), Task::Test { dry_run: false }),
            (json!({"test_alert": true, "dry_run": true}), Task::Test { dry_run: true }),
            (json!({"backfill": true}), Task::Backfill),
            (json!({"digest": true}), Task::Judge(Judge::Digest { dry_run: false })),
            (json!({"digest": true, "dry_run": true}), Task::Judge(Judge::Digest { dry_run: true })),
            // Today in the zone furthest ahead.
            (json!({"as_of": "2026-11-23"}), Task::Judge(Judge::Past(Moment::EndOf("2026-11-23".parse().unwrap())))),
        ] {
            assert_eq!(read(event.clone()).unwrap().task, task, "{event}");
        }
    }

    #[test]
    fn a_date_ends_in_the_policys_zone() {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").unwrap();
        let end = Moment::EndOf("2026-10-31".parse().unwrap()).resolve(&zone).unwrap();
        assert_eq!(end.to_string(), "2026-11-01T03:59:59Z");
    }

    #[test]
    fn both_envelopes_are_read() {
        for detail in [json!({}), json!("{}"), json!(""), json!(null), json!("{\"dry_run\": false}")] {
            let request = read(json!({"version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "1",
                "time": "2026-11-22T13:00:00Z", "region": "us-east-1", "resources": ["arn"], "detail": detail}))
            .unwrap();
            assert_eq!(request.scheduled_time, Some("2026-11-22T13:00:00Z".parse().unwrap()));
            assert_eq!((request.task, request.trigger.as_deref()), (Task::Judge(Judge::Live), Some("schedule")));
        }
        let placeholder =
            json!({"schedule_arn": "<aws.scheduler.schedule-arn>", "scheduled_time": "<aws.scheduler.scheduled-time>"});
        assert_eq!(read(placeholder).unwrap().scheduled_time, None);
    }

    #[test]
    fn a_wrong_event_is_refused_with_its_reason() {
        for (event, part) in [
            (json!({"dryrun": true}), "unknown field \"dryrun\"; did you mean \"dry_run\"?"),
            (json!({"digst": true}), "unknown field \"digst\"; did you mean \"digest\"?"),
            (json!({"colour": true}), "unknown field \"colour\". Accepted"),
            (json!({"digest": true, "as_of": "2026-10-31"}), "digest, as_of exclude each other"),
            (json!({"dry_run": "yes"}), "dry_run is neither true nor false"),
            (json!({"as_of": "yesterday"}), "as_of = \"yesterday\" is neither a date"),
            (json!({"as_of": "2026-11-20T10:00:00"}), "is neither a date"),
            (json!({"as_of": "2027-01-01T00:00:00Z"}), "lies in the future"),
            (json!({"as_of": "2026-11-24"}), "lies in the future"),
            (json!({"backfill": true, "dry_run": true}), "backfill, dry_run exclude each other"),
            (
                json!({"backfill": true, "as_of": "2026-10-31", "test_alert": true}),
                "backfill, as_of, test_alert exclude each other",
            ),
            (json!({"test_alert": true, "as_of": "2026-10-31"}), "test_alert, as_of exclude each other"),
            (json!({"publish": true, "dry_run": true, "as_of": "2026-10-31"}), "publish, dry_run exclude each other"),
            (json!({"publish": true}), "publish goes with as_of only"),
            (json!({"policy": ""}), "policy is empty"),
            (json!({"alert_topic_arn": "topic"}), "is not the ARN of an SNS topic"),
            (json!({"widgetContext": {}, "dry_run": true}), "The function with MODE = widget answers it"),
            (json!({"describe": true}), "The function with MODE = widget answers it"),
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
