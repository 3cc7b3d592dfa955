//! The steps at AWS: who asks, how the table is made, and who hears the topics.

use super::{Examined, Verdict};
use crate::clients::TableForm;
use crate::clients::identity::identity;
use crate::clients::ledger::Ledger;
use crate::clients::topic::{Subscription, Topic};
use crate::domain::text::label;

impl Examined {
    /// Whose rights all that follows is tested with, and in which Region.
    pub(super) async fn identity(&mut self, aws: &aws_config::SdkConfig, topic_arn: &str) {
        const NAME: &str = "identity";
        let Some(region) = aws.region().map(ToString::to_string) else {
            return self.note(NAME, Verdict::Failed, "no Region; set AWS_REGION, or region in the profile");
        };
        let identity = match identity(aws).await {
            Ok(identity) => identity,
            Err(problem) => {
                let fix = "set AWS_PROFILE, or sign in, so that `aws sts get-caller-identity` answers";
                return self.note(NAME, Verdict::Failed, format!("AWS does not say who you are: {problem}; {fix}"));
            }
        };
        let who = label(&identity.arn).into_owned();
        let mut parts = topic_arn.split(':').skip(3);
        let (of_topic, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if of_topic != region || account != identity.account {
            let finding = format!(
                "{who} in {region}, but the topic is in {of_topic} of account {account}; see AWS_REGION and AWS_PROFILE"
            );
            return self.note(NAME, Verdict::Attention, finding);
        }
        let finding = format!("{who} in {region}; your rights are tested, not those of the function's role");
        self.note(NAME, Verdict::Fine, finding);
    }

    /// Keys, and whether expired items are deleted.
    pub(super) async fn table(&mut self, ledger: &Ledger) {
        const NAME: &str = "table";
        const KEYS: [&str; 2] = ["pk (S)", "sk (S)"];
        const EXPIRY: &str = "expires_at";
        let form = match ledger.form().await {
            Ok(Some(form)) => form,
            Ok(None) => return self.note(NAME, Verdict::NotChecked, "there is no table"),
            Err(problem) => {
                let fix =
                    "you may lack dynamodb:DescribeTable and DescribeTimeToLive, which the function does not need";
                return self.note(NAME, Verdict::Attention, format!("its form is not known: {problem}; {fix}"));
            }
        };
        let TableForm { keys, deleted_by } = form;
        let keys_are_right = keys == KEYS;
        let keys = keys.join(", ");
        if !keys_are_right {
            let finding = format!(
                "its keys are {keys}, not {}; make the table anew, as infra/template.yaml does",
                KEYS.join(", ")
            );
            return self.note(NAME, Verdict::Failed, finding);
        }
        match deleted_by {
            Some(by) if by == EXPIRY => self.note(NAME, Verdict::Fine, format!("keys {keys}; items go by {EXPIRY}")),
            Some(by) => self.note(
                NAME,
                Verdict::Attention,
                format!("items go by {by:?}; set its time to live to the attribute {EXPIRY}"),
            ),
            None => self.note(
                NAME,
                Verdict::Attention,
                format!("expired items are never deleted; switch on its time to live, with the attribute {EXPIRY}"),
            ),
        }
    }

    /// Who is subscribed to the topic of an owner, or to one that has none.
    pub(super) async fn topic(&mut self, step: &'static str, owner: Option<&str>, topic: &Topic, topic_arn: &str) {
        let whose = owner.map_or_else(String::new, |owner| format!("{}: ", label(owner)));
        const CONFIRM: &str = "receives nothing until its owner follows the link in SNS's confirmation mail";
        let subscriptions = match topic.subscriptions(topic_arn).await {
            Ok(subscriptions) => subscriptions,
            Err(problem) => {
                let fix = "check the ARN, and that you may call sns:ListSubscriptionsByTopic on it";
                return self.note(
                    step,
                    Verdict::Failed,
                    format!("{whose}its subscriptions cannot be listed: {problem}; {fix}"),
                );
            }
        };
        let names = |confirmed| {
            let some = subscriptions.iter().filter(|subscription| subscription.confirmed == confirmed);
            some.map(|Subscription { protocol, endpoint, .. }| format!("{protocol} {endpoint}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (confirmed, pending) = (names(true), names(false));
        match (confirmed.is_empty(), pending.is_empty()) {
            (true, true) => self.note(
                step,
                Verdict::Failed,
                format!("{whose}nobody is subscribed, so that alerts reach nobody; subscribe an e-mail address or a Slack channel"),
            ),
            (true, false) => self.note(step, Verdict::Failed, format!("{whose}nobody has confirmed: {pending} {CONFIRM}")),
            (false, false) => self.note(step, Verdict::Attention, format!("{whose}reaches {confirmed}; {pending} {CONFIRM}")),
            (false, true) => self.note(step, Verdict::Fine, format!("{whose}reaches {confirmed}")),
        }
    }
}
