//! Where alerts are published: an SNS topic, or a terminal.

use std::sync::{Mutex, PoisonError};

use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;

use super::aws;
use super::pace::Pace;
use crate::domain::message::Publication;

/// E-mail and chat subscribers take ten messages a second; beyond that SNS suspends the subscription.
const MOST_PER_SECOND: u32 = 8;

/// Where alerts are published.
#[derive(Debug)]
pub enum Topic {
    /// Amazon SNS.
    Sns(Sns),
    /// Kept, for the terminal to print.
    Kept(Mutex<Vec<Publication>>),
}

/// Amazon SNS, at the pace that its subscribers bear.
#[derive(Debug)]
pub struct Sns {
    client: Client,
    pace: Pace,
}

/// Why a message was not published.
#[derive(Debug, thiserror::Error)]
#[error("topic {topic}: {problem}; {}", if *.refused { "check that it exists and that the function may call sns:Publish on it" } else { "it may or may not have been published" })]
pub struct PublishError {
    topic: String,
    problem: String,
    /// Whether it is certain that nothing was published.
    pub refused: bool,
}

impl Topic {
    /// Amazon SNS. Must be made within a tokio runtime.
    #[must_use]
    pub fn sns(config: &aws_config::SdkConfig) -> Topic {
        Topic::Sns(Sns {
            client: Client::new(config),
            pace: Pace::per_second(MOST_PER_SECOND),
        })
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
            Topic::Sns(_) => Vec::new(),
            Topic::Kept(kept) => {
                std::mem::take(&mut kept.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// Publishes all dresses of a message in one call; answers SNS's message id.
    ///
    /// # Errors
    /// [`PublishError`], which says whether something may have been published all the same.
    pub async fn publish(
        &self,
        topic_arn: &str,
        publication: &Publication,
    ) -> Result<String, PublishError> {
        match self {
            Topic::Sns(sns) => sns.publish(topic_arn, publication).await,
            Topic::Kept(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(publication.clone());
                Ok(format!("terminal-{}", kept.len()))
            }
        }
    }
}

impl Sns {
    async fn publish(
        &self,
        topic_arn: &str,
        publication: &Publication,
    ) -> Result<String, PublishError> {
        self.pace.turn().await;
        let call = self
            .client
            .publish()
            .topic_arn(topic_arn)
            .subject(&publication.subject)
            .message(publication.message())
            .message_structure("json");
        let answer = call.send().await.map_err(|error| PublishError {
            topic: topic_arn.to_owned(),
            problem: aws::problem(&error),
            refused: match &error {
                SdkError::ServiceError(service) => service.raw().status().is_client_error(),
                SdkError::ConstructionFailure(_) => true,
                _ => false,
            },
        })?;
        Ok(answer.message_id().unwrap_or_default().to_owned())
    }
}
