//! Where alerts are published: an SNS topic, or a terminal.

use std::collections::HashMap;
#[cfg(test)]
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};

use super::aws;
use super::pace::Pace;
use crate::domain::message::Publication;

/// A topic's e-mail and chat subscribers take ten messages a second; beyond that SNS suspends the subscription.
const MOST_PER_SECOND: u32 = 5;

/// Where alerts are published.
#[derive(Debug)]
pub enum Topic {
    /// Amazon SNS.
    Sns(Sns),
    /// Kept, for the terminal to print.
    Kept(Mutex<Vec<Publication>>),
    /// Kept, and fails on command.
    #[cfg(test)]
    Scripted(Scripted),
}

/// Amazon SNS, at the pace that a topic's subscribers bear.
#[derive(Debug)]
pub struct Sns {
    client: Client,
    paces: Mutex<HashMap<String, Arc<Pace>>>,
}

/// A topic for tests.
#[cfg(test)]
#[derive(Debug)]
pub struct Scripted {
    pub(crate) script: Arc<super::script::Script>,
    pub(crate) published: Mutex<Vec<(String, Publication)>>,
    /// Topics without a confirmed subscription.
    pub(crate) deaf: Mutex<HashSet<String>>,
}

/// Why a message was not published.
#[derive(Debug, thiserror::Error)]
#[error("topic {topic}: {problem}; {}", if *.refused { "check that it exists and that the caller may call sns:Publish on it" } else { "it may or may not have been published" })]
pub struct PublishError {
    topic: String,
    problem: String,
    /// Whether it is certain that nothing was published.
    pub refused: bool,
    /// Whether another try may succeed.
    may_pass: bool,
}

impl PublishError {
    /// The run's time was up before SNS answered.
    #[must_use]
    pub fn out_of_time(topic_arn: &str) -> PublishError {
        let problem = "no answer before the run's time was up".to_owned();
        PublishError { topic: topic_arn.to_owned(), problem, refused: false, may_pass: false }
    }
}

/// Why it is not known who listens to a topic.
#[derive(Debug)]
pub struct NotAsked {
    /// AWS's code and message.
    pub problem: String,
    /// Whether another question would be answered so too: there is no such topic, or the caller may not ask.
    pub lasts: bool,
}

/// The beginnings of AWS's codes for that.
const LASTING: [&str; 4] = ["NotFound", "AuthorizationError", "AccessDenied", "KMSAccessDenied"];

/// How often a publish is tried.
const MOST_TRIES: u32 = 3;
/// Between tries.
const PAUSE: Duration = Duration::from_millis(300);

impl Topic {
    /// Amazon SNS. Must be made within a tokio runtime.
    #[must_use]
    pub fn sns(config: &aws_config::SdkConfig) -> Topic {
        // The SDK's own tries would not tell whether one of them may have published.
        let timeouts = aws::timeouts(Duration::from_secs(6), Duration::from_secs(6));
        let config = Builder::from(config).retry_config(RetryConfig::disabled()).timeout_config(timeouts).build();
        Topic::Sns(Sns { client: Client::from_conf(config), paces: Mutex::default() })
    }

    /// Keeps what is published.
    #[must_use]
    pub fn kept() -> Topic {
        Topic::Kept(Mutex::default())
    }

    /// What was kept since the last call; nothing of an SNS topic.
    #[must_use]
    pub fn take_kept(&self) -> Vec<Publication> {
        match self {
            Topic::Kept(kept) => std::mem::take(&mut kept.lock().unwrap_or_else(PoisonError::into_inner)),
            _ => Vec::new(),
        }
    }

    /// How many subscriptions of the topic are confirmed; `None` where there is no topic.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub async fn listeners(&self, topic_arn: &str) -> Result<Option<u64>, NotAsked> {
        match self {
            Topic::Sns(sns) => sns.listeners(topic_arn).await.map(Some),
            Topic::Kept(_) => Ok(None),
            #[cfg(test)]
            Topic::Scripted(scripted) => Ok(Some(u64::from(!scripted.deaf.lock().unwrap().contains(topic_arn)))),
        }
    }

    /// Publishes all forms of a message in one call; answers SNS's message id. After a try that may have published all the same the next
    /// one carries `message(true)`: the message with the mark of a possible repeat.
    ///
    /// # Errors
    /// [`PublishError`], which says whether something may have been published all the same.
    pub async fn publish(
        &self,
        topic_arn: &str,
        message: impl Fn(bool) -> Publication,
    ) -> Result<String, PublishError> {
        match self {
            Topic::Sns(sns) => sns.publish(topic_arn, message).await,
            Topic::Kept(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(message(false));
                Ok(format!("terminal-{}", kept.len()))
            }
            #[cfg(test)]
            Topic::Scripted(scripted) => scripted.publish(topic_arn, message).await,
        }
    }
}

/// Who receives what a topic gets.
#[cfg(feature = "cli")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// `email`, `https`, `sqs`, …
    pub protocol: String,
    /// The address.
    pub endpoint: String,
    /// Whether the receiver has agreed; SNS sends nothing before.
    pub confirmed: bool,
}

#[cfg(feature = "cli")]
impl Topic {
    /// All subscriptions of the topic.
    ///
    /// # Errors
    /// AWS's code and message.
    pub async fn subscriptions(&self, topic_arn: &str) -> Result<Vec<Subscription>, String> {
        let Topic::Sns(sns) = self else {
            return Ok(Vec::new());
        };
        let mut pages = sns.client.list_subscriptions_by_topic().topic_arn(topic_arn).into_paginator().items().send();
        let mut subscriptions = Vec::new();
        while let Some(subscription) = pages.next().await {
            let subscription = subscription.map_err(|error| aws::problem(&error))?;
            subscriptions.push(Subscription {
                protocol: subscription.protocol.unwrap_or_default(),
                endpoint: subscription.endpoint.unwrap_or_default(),
                // SNS writes "PendingConfirmation" where the ARN will be.
                confirmed: subscription.subscription_arn.is_some_and(|arn| arn.starts_with("arn:")),
            });
        }
        Ok(subscriptions)
    }
}

#[cfg(test)]
impl Scripted {
    async fn publish(&self, topic_arn: &str, message: impl Fn(bool) -> Publication) -> Result<String, PublishError> {
        let fate = self.script.publish();
        let refused = fate == super::script::Fate::Fails;
        let publish = || self.published.lock().unwrap().push((topic_arn.to_owned(), message(false)));
        match self.script.call(fate, publish).await {
            Some(()) => Ok("message".to_owned()),
            None => Err(PublishError {
                topic: topic_arn.to_owned(),
                problem: "failed".to_owned(),
                refused,
                may_pass: false,
            }),
        }
    }
}

impl Sns {
    async fn listeners(&self, topic_arn: &str) -> Result<u64, NotAsked> {
        let answer = self.client.get_topic_attributes().topic_arn(topic_arn).send().await;
        let answer = answer.map_err(|error| NotAsked {
            problem: aws::problem(&error),
            lasts: error.code().is_some_and(|code| LASTING.iter().any(|lasting| code.starts_with(lasting))),
        })?;
        let attributes = answer.attributes.unwrap_or_default();
        let confirmed = attributes.get("SubscriptionsConfirmed").and_then(|number| number.parse().ok());
        let problem = "the answer has no SubscriptionsConfirmed".to_owned();
        confirmed.ok_or(NotAsked { problem, lasts: false })
    }

    fn pace(&self, topic_arn: &str) -> Arc<Pace> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(paces.entry(topic_arn.to_owned()).or_insert_with(|| Arc::new(Pace::per_second(MOST_PER_SECOND))))
    }

    async fn publish(&self, topic_arn: &str, message: impl Fn(bool) -> Publication) -> Result<String, PublishError> {
        let mut publication = message(false);
        let mut refused = true;
        let mut tries = 0;
        loop {
            let error = match self.publish_once(topic_arn, &publication).await {
                Ok(message_id) => return Ok(message_id),
                Err(error) => error,
            };
            if refused && !error.refused {
                refused = false;
                publication = message(true);
            }
            tries += 1;
            if !error.may_pass || tries == MOST_TRIES {
                return Err(PublishError { refused, ..error });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn publish_once(&self, topic_arn: &str, publication: &Publication) -> Result<String, PublishError> {
        self.pace(topic_arn).turn().await;
        let call = self
            .client
            .publish()
            .topic_arn(topic_arn)
            .subject(&publication.subject)
            .message(publication.message())
            .message_structure("json");
        let answer = call.send().await.map_err(|error| {
            let refused = match &error {
                SdkError::ServiceError(service) => service.raw().status().is_client_error(),
                SdkError::ConstructionFailure(_) => true,
                _ => false,
            };
            let throttled = error.code().is_some_and(|code| code.starts_with("Throttl"));
            let problem = aws::problem(&error);
            PublishError { topic: topic_arn.to_owned(), problem, refused, may_pass: !refused || throttled }
        })?;
        Ok(answer.message_id().unwrap_or_default().to_owned())
    }
}
