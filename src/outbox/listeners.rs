//! A topic without a confirmed subscription: publishing to it succeeds, and nobody reads it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::Outbox;
use crate::clients::Deadline;
use crate::clients::topic::{NotAsked, Topic};
use crate::domain::alert::Outcome;
use crate::domain::message::Message;
use crate::error::{Code, RunError};

/// How long the question who listens may take.
const LISTENERS_TIME: Duration = Duration::from_secs(3);

/// What is known of a topic's readers.
#[derive(Debug)]
pub enum Listeners {
    /// There are some, or the topic's state could not be learned this time.
    Presumed,
    /// The function may not ask, or there is no such topic: publishing will show it.
    Unknown,
    /// There are none.
    Nobody(RunError),
}

impl Listeners {
    /// Asks who listens to a topic. A check that fails is no error: nobody can know.
    pub async fn of(topic: &Topic, topic_arn: &str, deadline: Deadline) -> Listeners {
        let asked = deadline.at_most(LISTENERS_TIME).bound(topic.listeners(topic_arn)).await;
        match asked {
            Some(Ok(Some(0))) => Listeners::Nobody(RunError::new(
                Code::NobodyListens,
                format!(
                    "topic {topic_arn} has no confirmed subscription, so nobody would read an alert; subscribe to it and confirm, and the next run sends what is due"
                ),
            )),
            Some(Ok(_)) => Listeners::Presumed,
            Some(Err(NotAsked { problem, lasts: true })) => {
                let what = "it is not known whether anybody listens; check that the topic exists, and allow sns:GetTopicAttributes";
                tracing::error!(topic_arn, problem, "{what}");
                Listeners::Unknown
            }
            failed => {
                let problem =
                    failed.and_then(Result::err).map_or("no answer in time".to_owned(), |error| error.problem);
                tracing::warn!(topic_arn, problem, "it could not be checked whether anybody listens");
                Listeners::Presumed
            }
        }
    }
}

impl Outbox<'_> {
    /// Takes out the messages to topics that nobody listens to.
    pub(super) async fn without_deaf<'a>(&mut self, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
        let topics: BTreeSet<_> = messages.iter().map(|message| message.case.receiver.topic_arn.clone()).collect();
        let mut deaf = BTreeSet::new();
        let asked = topics.iter().map(|topic_arn| Listeners::of(self.topic, topic_arn, self.deadline));
        let answers = join_all(asked).await;
        for (topic_arn, listeners) in topics.into_iter().zip(answers) {
            match listeners {
                Listeners::Presumed => {}
                Listeners::Unknown => self.delivered.listeners_unknown = true,
                Listeners::Nobody(error) => {
                    self.delivered.faults.push(error);
                    deaf.insert(topic_arn);
                }
            }
        }
        let (unheard, heard): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| deaf.contains(&message.case.receiver.topic_arn));
        self.delivered.alerts.extend(unheard.iter().flat_map(|message| message.records(Outcome::NotSent)));
        heard
    }
}
