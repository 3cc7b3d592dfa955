//! One test's own corner of the stand-in: secret, topic, a queue that hears it, ledger table, policy parameter.

use super::{Moto, http_client};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_ssm::types::ParameterType;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use zoom_sms_cost_alerts::clients::sdk_http_client;

pub const REGION: &str = "us-east-1";

type Item = HashMap<String, AttributeValue>;

/// A thread as it is stored, with its state.
fn thread(item: &Item) -> Value {
    let mut thread: Value = serde_json::from_str(item["thread"].as_s().unwrap()).unwrap();
    let state = match (&thread["claim"], &thread["record"]["reported"]) {
        (claim, _) if !claim.is_null() => "claimed",
        (_, reported) if !reported.is_null() => "sent",
        _ => "open",
    };
    thread["state"] = json!(state);
    thread["sk"] = json!(item["sk"].as_s().unwrap());
    thread
}

fn is_live(thread: &Value) -> bool {
    let lease_until = thread["claim"]["lease_until"].as_str();
    lease_until.is_some_and(|until| Timestamp::now() < until.parse().unwrap())
}

/// One delivery, as the subscriber found it in the envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// SNS's own id: differs when the same alert is published twice.
    pub message_id: String,
    pub subject: Option<String>,
    pub message: String,
}

impl Notification {
    pub(super) fn from_envelope(envelope: &Value) -> Self {
        let text = |name: &str| envelope[name].as_str().map(str::to_owned);
        Self {
            message_id: text("MessageId").expect("an SNS envelope"),
            subject: text("Subject"),
            message: text("Message").expect("an SNS envelope"),
        }
    }

    /// The message of a machine-readable form.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.message).unwrap_or_else(|error| panic!("{error} in {}", self.message))
    }
}

pub struct Aws {
    pub secret_id: String,
    pub topic_arn: String,
    pub table: String,
    pub parameter: String,
    /// Of the parameter that may hold Zoom's credentials in place of the secret.
    pub zoom_parameter: String,
    queue_url: String,
    received: Mutex<Vec<Notification>>,
    http: reqwest::Client,
    secrets: aws_sdk_secretsmanager::Client,
    topics: aws_sdk_sns::Client,
    tables: aws_sdk_dynamodb::Client,
    parameters: aws_sdk_ssm::Client,
    /// For clients of the product's own.
    pub config: SdkConfig,
}

impl Aws {
    /// Resources under names that no other test has. Secret and parameter have no value yet.
    pub async fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(sdk_http_client())
            .endpoint_url(Moto::shared().endpoint())
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .build();
        let mut aws = Self {
            secret_id: format!("{name}-secret"),
            topic_arn: String::new(),
            table: format!("{name}-ledger"),
            parameter: format!("/{name}/policy"),
            zoom_parameter: format!("/{name}/zoom"),
            queue_url: String::new(),
            received: Mutex::default(),
            http: http_client(),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            topics: aws_sdk_sns::Client::new(&config),
            tables: aws_sdk_dynamodb::Client::new(&config),
            parameters: aws_sdk_ssm::Client::new(&config),
            config,
        };
        aws.secrets.create_secret().name(&aws.secret_id).send().await.unwrap();
        aws.topic_arn = aws.topics.create_topic().name(&name).send().await.unwrap().topic_arn.unwrap();
        aws.create_ledger().await;
        aws.listen(&name).await;
        aws
    }

    /// A queue that hears the topic.
    async fn listen(&mut self, name: &str) {
        // A message that was read once stays hidden for longer than any test runs.
        let queue = json!({ "QueueName": name, "Attributes": { "VisibilityTimeout": "43200" } });
        self.queue_url = self.sqs("CreateQueue", queue).await["QueueUrl"].as_str().unwrap().to_owned();
        let account = self.topic_arn.split(':').nth(4).unwrap();
        self.subscribe("sqs", &format!("arn:aws:sqs:{REGION}:{account}:{name}")).await;
    }

    /// Takes the queue off the topic, so that nobody hears it.
    pub async fn unsubscribe(&self) {
        let listed = self.topics.list_subscriptions_by_topic().topic_arn(&self.topic_arn).send().await.unwrap();
        for subscription in listed.subscriptions.unwrap_or_default() {
            self.topics.unsubscribe().subscription_arn(subscription.subscription_arn.unwrap()).send().await.unwrap();
        }
    }

    /// Puts the queue on the topic again.
    pub async fn subscribe_again(&self) {
        let (name, account) = (self.topic_arn.rsplit(':').next().unwrap(), self.topic_arn.split(':').nth(4).unwrap());
        self.subscribe("sqs", &format!("arn:aws:sqs:{REGION}:{account}:{name}")).await;
    }

    async fn create_ledger(&self) {
        let mut create = self.tables.create_table().table_name(&self.table).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
            let attribute = AttributeDefinition::builder().attribute_name(name);
            let attribute = attribute.attribute_type(ScalarAttributeType::S).build().unwrap();
            create = create.key_schema(key).attribute_definitions(attribute);
        }
        create.send().await.unwrap();
    }

    /// Lets the table's items be deleted when the time in this attribute has come.
    pub async fn delete_by(&self, attribute: &str) {
        let life = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build().unwrap();
        let update = self.tables.update_time_to_live().table_name(&self.table);
        update.time_to_live_specification(life).send().await.unwrap();
    }

    /// The secret's value.
    pub async fn secret_value(&self) -> Option<String> {
        let answer = self.secrets.get_secret_value().secret_id(&self.secret_id).send().await;
        answer.ok().and_then(|answer| answer.secret_string)
    }

    /// Subscribes an endpoint: "http" or "https" (moto takes a plain http:// URL for both), "email", "sqs".
    pub async fn subscribe(&self, protocol: &str, endpoint: &str) {
        let subscribe = self.topics.subscribe().topic_arn(&self.topic_arn);
        subscribe.protocol(protocol).endpoint(endpoint).send().await.unwrap();
    }

    /// Gives the secret a new current value.
    pub async fn put_secret(&self, value: &str) {
        self.secrets.put_secret_value().secret_id(&self.secret_id).secret_string(value).send().await.unwrap();
    }

    /// Gives the parameter a value and returns what `POLICY` must say to have it read.
    pub async fn put_parameter(&self, value: &str) -> String {
        let put = self.parameters.put_parameter().name(&self.parameter).value(value);
        put.r#type(ParameterType::String).overwrite(true).send().await.unwrap();
        format!("ssm:{}", self.parameter)
    }

    /// The parameter's value.
    pub async fn parameter_value(&self) -> String {
        let answer = self.parameters.get_parameter().name(&self.parameter).with_decryption(true).send().await.unwrap();
        answer.parameter.unwrap().value.unwrap()
    }

    /// Gives the parameter a value that is kept encrypted with a key.
    pub async fn put_secure_parameter(&self, value: &str, key_id: &str) {
        let put = self.parameters.put_parameter().name(&self.parameter).value(value).key_id(key_id);
        put.r#type(ParameterType::SecureString).overwrite(true).send().await.unwrap();
    }

    /// The key that the parameter is encrypted with.
    pub async fn parameter_key(&self) -> Option<String> {
        let described = self.parameters.describe_parameters().send().await.unwrap().parameters.unwrap();
        described.into_iter().find(|one| one.name.as_ref() == Some(&self.parameter)).unwrap().key_id
    }

    /// Gives the parameter for Zoom's credentials a value, of this type and encrypted with this key.
    pub async fn put_zoom_parameter(&self, value: &str, kind: ParameterType, key_id: Option<&str>) {
        let put = self.parameters.put_parameter().name(&self.zoom_parameter).value(value).r#type(kind);
        put.set_key_id(key_id.map(str::to_owned)).overwrite(true).send().await.unwrap();
    }

    /// Type, value and key of the parameter for Zoom's credentials; `None` if there is none.
    pub async fn zoom_parameter(&self) -> Option<(ParameterType, String, Option<String>)> {
        let answer = self.parameters.get_parameter().name(&self.zoom_parameter).with_decryption(true).send().await;
        let parameter = answer.ok()?.parameter.unwrap();
        let described = self.parameters.describe_parameters().send().await.unwrap().parameters.unwrap();
        let described = described.into_iter().find(|one| one.name.as_ref() == Some(&self.zoom_parameter)).unwrap();
        Some((parameter.r#type.unwrap(), parameter.value.unwrap(), described.key_id))
    }

    /// Puts attributes of a policy of this name into the table, as they are.
    pub async fn put_policy_item(&self, name: &str, attributes: impl IntoIterator<Item = (&str, AttributeValue)>) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = self.tables.put_item().table_name(&self.table).item("pk", text("policy")).item("sk", text(name));
        let put = attributes.into_iter().fold(put, |put, (name, value)| put.item(name, value));
        put.send().await.unwrap();
    }

    pub async fn delete_topic(&self) {
        self.topics.delete_topic().topic_arn(&self.topic_arn).send().await.unwrap();
    }

    pub async fn delete_ledger(&self) {
        self.tables.delete_table().table_name(&self.table).send().await.unwrap();
    }

    /// Everything that the queue has been sent since the test began, in order.
    pub async fn messages(&self) -> Vec<Notification> {
        loop {
            let receive = json!({ "QueueUrl": self.queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0 });
            let answer = self.sqs("ReceiveMessage", receive).await;
            let batch = answer["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut received = self.received.lock().unwrap();
            if batch.is_empty() {
                return received.clone();
            }
            received.extend(batch.iter().map(|message| {
                let envelope = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
                Notification::from_envelope(&envelope)
            }));
        }
    }

    /// The ledger's threads in the order of their keys, as they are stored, each with its `state`: `claimed`, `sent`, or `open` if it
    /// remembers nothing.
    pub async fn ledger_items(&self) -> Vec<Value> {
        let mut items = self.items_of("thread#").await;
        items.sort_by_key(|item| item["sk"].as_s().unwrap().clone());
        items.iter().map(thread).collect()
    }

    /// The messages that the ledger keeps for later questions, in the order in which they were sent.
    pub async fn kept_messages(&self) -> Vec<Value> {
        let mut items = self.items_of("message#").await;
        items.sort_by_key(|item| item["sk"].as_s().unwrap().clone());
        items.iter().map(|item| serde_json::from_str(item["message"].as_s().unwrap()).unwrap()).collect()
    }

    /// How many runs left their intent: what they were about to send is not all recorded.
    pub async fn intents(&self) -> usize {
        self.items_of("run#").await.len()
    }

    /// The sort keys of the daybook.
    pub async fn daybook_keys(&self) -> Vec<String> {
        let items = self.items_of("daybook#").await;
        let mut keys: Vec<_> = items.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect();
        keys.sort_unstable();
        keys
    }

    /// Changes one attribute of an item, as if it had been damaged.
    pub async fn damage(&self, sort_key: &str, attribute: &str, value: AttributeValue) {
        let items = self.items_of(sort_key).await;
        let item = items.iter().find(|item| item["sk"].as_s().unwrap() == sort_key).unwrap();
        self.set(item, attribute, value).await;
    }

    async fn set(&self, item: &Item, attribute: &str, value: AttributeValue) {
        self.tables
            .update_item()
            .table_name(&self.table)
            .key("pk", item["pk"].clone())
            .key("sk", item["sk"].clone())
            .update_expression("SET #attribute = :value")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .unwrap();
    }

    async fn items_of(&self, prefix: &str) -> Vec<Item> {
        let items = self.items().await.into_iter();
        items.filter(|item| item["sk"].as_s().unwrap().starts_with(prefix)).collect()
    }

    async fn items(&self) -> Vec<Item> {
        let scan = self.tables.scan().table_name(&self.table).consistent_read(true);
        scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap()
    }

    /// Puts the lease of every claim into the past, as if its time had run out. Returns how many there were.
    pub async fn expire_leases(&self) -> usize {
        let mut live = 0;
        for item in self.items_of("thread#").await {
            let mut thread: Value = serde_json::from_str(item["thread"].as_s().unwrap()).unwrap();
            if is_live(&thread) {
                thread["claim"]["lease_until"] = json!(Timestamp::UNIX_EPOCH);
                self.set(&item, "thread", AttributeValue::S(thread.to_string())).await;
                live += 1;
            }
        }
        live
    }

    /// SQS by hand: its SDK crate is no dependency. Moto reads the service's name from the signature's scope, no more.
    async fn sqs(&self, action: &str, input: Value) -> Value {
        let scope = format!("test/20260101/{REGION}/sqs/aws4_request");
        let request = self
            .http
            .post(Moto::shared().endpoint())
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"))
            .body(input.to_string());
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}
