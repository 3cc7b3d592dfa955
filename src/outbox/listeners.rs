//! A topic without a confirmed subscription: publishing to it succeeds, and nobody reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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

/// What is known of one topic's readers.
enum Listeners {
    /// There are some, or nobody could tell this time.
    Presumed,
    /// The function may not ask, or there is no such topic: publishing will show it.
    Unknown,
    /// There are none.
    Nobody(RunError),
}

/// The topics that nobody listens to.
#[derive(Debug, Default)]
pub struct Deaf {
    /// Each with its error.
    pub topics: BTreeMap<Arc<str>, RunError>,
    /// Whether there may be more: of a topic nobody knows.
    pub may_be_more: bool,
}

impl Deaf {
    /// Asks who listens to each topic. A check that fails is no error: nobody can know.
    pub async fn among(topic: &Topic, topic_arns: BTreeSet<Arc<str>>, deadline: Deadline) -> Deaf {
        let answers = join_all(topic_arns.iter().map(|topic_arn| listeners(topic, topic_arn, deadline))).await;
        let mut deaf = Deaf::default();
        for (topic_arn, listeners) in topic_arns.into_iter().zip(answers) {
            match listeners {
                Listeners::Presumed => {}
                Listeners::Unknown => deaf.may_be_more = true,
                Listeners::Nobody(error) => drop(deaf.topics.insert(topic_arn, error)),
            }
        }
        deaf
    }
}

async fn listeners(topic: &Topic, topic_arn: &str, deadline: Deadline) -> Listeners {
    let asked = deadline.at_most(LISTENERS_TIME).bound(topic.listeners(topic_arn)).await;
    let NotAsked { problem, lasts } = match asked {
        Some(Ok(Some(0))) => {
            return Listeners::Nobody(RunError::new(
                Code::NobodyListens,
                format!(
                    "topic {topic_arn} has no confirmed subscription, so nobody would read an alert; subscribe to it and confirm, and the next run sends what is due"
                ),
            ));
        }
        Some(Ok(_)) => return Listeners::Presumed,
        Some(Err(not_asked)) => not_asked,
        None => NotAsked { problem: "no answer in time".to_owned(), lasts: false },
    };
    if lasts {
        let what =
            "it is not known whether anybody listens; check that the topic exists, and allow sns:GetTopicAttributes";
        tracing::error!(topic_arn, problem, "{what}");
        return Listeners::Unknown;
    }
    tracing::warn!(topic_arn, problem, "it could not be checked whether anybody listens");
    Listeners::Presumed
}

impl Outbox<'_> {
    /// Takes out the messages to topics that nobody listens to.
    pub(super) async fn without_deaf<'a>(&mut self, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
        let topics = messages.iter().map(|message| Arc::clone(&message.case.receiver.topic_arn)).collect();
        let Deaf { topics: deaf, may_be_more } = Deaf::among(self.topic, topics, self.deadline).await;
        self.delivered.deaf_unknown |= may_be_more;
        let (unheard, heard): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| deaf.contains_key(&message.case.receiver.topic_arn));
        self.delivered.faults.extend(deaf.into_values());
        self.delivered.alerts.extend(unheard.iter().flat_map(|message| message.records(Outcome::NotSent)));
        heard
    }
}
