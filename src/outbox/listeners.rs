//! A topic without a confirmed subscription: publishing to it succeeds, and nobody reads it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::Outbox;
use crate::clients::Deadline;
use crate::clients::topic::Topic;
use crate::domain::alert::Outcome;
use crate::domain::message::Message;
use crate::error::{Code, RunError};

/// How long the question who listens may take.
const LISTENERS_TIME: Duration = Duration::from_secs(3);

/// Asks who listens to a topic; the error of a topic that nobody listens to. A check that fails is no error: nobody can know.
pub async fn nobody_listens(topic: &Topic, topic_arn: &str, deadline: Deadline) -> Option<RunError> {
    let asked = deadline.at_most(LISTENERS_TIME).bound(topic.listeners(topic_arn)).await;
    match asked.unwrap_or_else(|| Err("no answer in time".to_owned())) {
        Ok(Some(0)) => Some(RunError::new(
            Code::NobodyListens,
            format!(
                "topic {topic_arn} has no confirmed subscription, so nobody would read an alert; subscribe to it and confirm, and the next run sends what is due"
            ),
        )),
        Ok(_) => None,
        Err(problem) => {
            tracing::warn!(
                topic_arn,
                problem,
                "it could not be checked whether anybody listens; allow sns:GetTopicAttributes"
            );
            None
        }
    }
}

impl Outbox<'_> {
    /// Takes out the messages to topics that nobody listens to.
    pub(super) async fn without_deaf<'a>(&mut self, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
        let topics: BTreeSet<_> = messages.iter().map(|message| message.case.receiver.topic_arn.clone()).collect();
        let mut deaf = BTreeSet::new();
        let asked = topics.iter().map(|topic_arn| nobody_listens(self.topic, topic_arn, self.deadline));
        let answers = join_all(asked).await;
        for (topic_arn, error) in topics.into_iter().zip(answers) {
            if let Some(error) = error {
                self.delivered.faults.push(error);
                deaf.insert(topic_arn);
            }
        }
        let (unheard, heard): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| deaf.contains(&message.case.receiver.topic_arn));
        self.delivered.alerts.extend(unheard.iter().flat_map(|message| message.records(Outcome::NotSent)));
        heard
    }
}
