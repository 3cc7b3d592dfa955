//! Who hears of what.

use std::sync::Arc;

/// The owner that every policy has: the function's own topic.
pub const DEFAULT_OWNER: &str = "default";

/// A team with a topic of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The name that budgets and spikes use.
    pub name: String,
    /// The SNS standard topic.
    pub topic_arn: String,
}

/// One SNS topic, and the owners whose alerts go there: owners that share a topic are one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The name in answers: that of its first owner.
    pub name: Arc<str>,
    /// The SNS topic.
    pub topic_arn: Arc<str>,
    owners: Vec<String>,
}

/// All receivers of a run: `default` and the owners with a topic of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivers {
    /// The receiver `default`.
    pub default: Receiver,
    others: Vec<Receiver>,
}

impl Receivers {
    /// Of the owners of a policy.
    #[must_use]
    pub fn of(owners: &[Owner], default_topic_arn: &str) -> Receivers {
        let mut all = Receivers { default: Receiver::default_at(default_topic_arn), others: Vec::new() };
        for Owner { name, topic_arn } in owners {
            let mut known = std::iter::once(&mut all.default).chain(&mut all.others);
            match known.find(|receiver| *receiver.topic_arn == **topic_arn) {
                Some(receiver) => receiver.owners.push(name.clone()),
                None => all.others.push(Receiver {
                    name: name.as_str().into(),
                    topic_arn: topic_arn.as_str().into(),
                    owners: vec![name.clone()],
                }),
            }
        }
        all
    }

    /// All of them, `default` first.
    pub fn iter(&self) -> impl Iterator<Item = &Receiver> {
        std::iter::once(&self.default).chain(&self.others)
    }
}

impl Receiver {
    /// The receiver `default` alone.
    #[must_use]
    pub fn default_at(topic_arn: &str) -> Receiver {
        let owners = vec![DEFAULT_OWNER.to_owned()];
        Receiver { name: DEFAULT_OWNER.into(), topic_arn: topic_arn.into(), owners }
    }

    /// Whether one of these owners is behind the receiver.
    #[must_use]
    pub fn is_of(&self, owners: &[String]) -> bool {
        owners.iter().any(|owner| self.owners.contains(owner))
    }

    /// Whether the receiver hears what no budget or spike is behind.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.owners.iter().any(|owner| owner == DEFAULT_OWNER)
    }
}

/// Checks the ARN of an SNS standard topic.
///
/// # Errors
/// What is wrong with it, as the end of a sentence, with the fix.
pub fn topic_arn(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split(':').collect();
    let well_formed = matches!(parts.as_slice(), ["arn", partition, "sns", region, account, topic]
        if partition.starts_with("aws") && [region, account, topic].iter().all(|part| !part.is_empty()));
    if !well_formed {
        return Err("is not the ARN of an SNS topic; write arn:aws:sns:REGION:ACCOUNT:NAME".to_owned());
    }
    if text.ends_with(".fifo") {
        return Err("is a FIFO topic, which reaches neither e-mail nor chat; use a standard topic".to_owned());
    }
    Ok(text.to_owned())
}
