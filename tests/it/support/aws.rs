//! One test's own corner of the stand-in: secret, topic, a queue that hears it, ledger table, policy parameter.

use super::{Moto, http_client};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use zoom_sms_cost_alerts::clients::sdk_http_client;

pub const REGION: &str = "us-east-1";

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
        // A message that was read once stays hidden for longer than any test runs.
        let queue = json!({ "QueueName": name, "Attributes": { "VisibilityTimeout": "43200" } });
        aws.queue_url = aws.sqs("CreateQueue", queue).await["QueueUrl"].as_str().unwrap().to_owned();
        let account = aws.topic_arn.split(':').nth(4).unwrap();
        aws.subscribe("sqs", &format!("arn:aws:sqs:{REGION}:{account}:{name}")).await;
        aws
    }

    async fn create_ledger(&self) {
        let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
        let attribute =
            AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build().unwrap();
        self.tables
            .create_table()
            .table_name(&self.table)
            .key_schema(key)
            .attribute_definitions(attribute)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await
            .unwrap();
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

    /// The ledger by key, strings as strings and numbers as numbers; without the history.
    pub async fn ledger_items(&self) -> Vec<Value> {
        let items = self.items().await;
        let items: Vec<_> = items.into_iter().filter(|item| !item["pk"].as_s().unwrap().contains('/')).collect();
        let plain = |value: AttributeValue| match value {
            AttributeValue::S(text) => Value::String(text),
            AttributeValue::N(digits) => serde_json::from_str(&digits).unwrap(),
            AttributeValue::Bool(flag) => Value::Bool(flag),
            other => panic!("the ledger holds strings, numbers and flags, not {other:?}"),
        };
        let mut items: Vec<Value> = items
            .into_iter()
            .map(|item| item.into_iter().map(|(name, value)| (name, plain(value))).collect())
            .collect();
        items.sort_by_key(|item| item["pk"].as_str().map(str::to_owned));
        items
    }

    /// The keys of the history.
    pub async fn history_keys(&self) -> Vec<String> {
        let keys = self.items().await.into_iter().map(|item| item["pk"].as_s().unwrap().clone());
        let mut keys: Vec<_> = keys.filter(|key| key.starts_with("history/")).collect();
        keys.sort_unstable();
        keys
    }

    /// Changes one attribute of an item of the history, as if it had been damaged.
    pub async fn damage(&self, key: &str, attribute: &str, value: AttributeValue) {
        self.tables
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.to_owned()))
            .update_expression("SET #attribute = :value")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .unwrap();
    }

    async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self.tables.scan().table_name(&self.table).consistent_read(true);
        scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap()
    }

    /// Puts the lease of every claim into the past, as if its time had run out. Returns how many there were.
    pub async fn expire_leases(&self) -> usize {
        let items = self.ledger_items().await;
        let claimed: Vec<_> = items.iter().filter(|item| item["state"] == "claimed").collect();
        for item in &claimed {
            self.tables
                .update_item()
                .table_name(&self.table)
                .key("pk", AttributeValue::S(item["pk"].as_str().unwrap().to_owned()))
                .update_expression("SET lease_until = :past")
                .expression_attribute_values(":past", AttributeValue::N("1".to_owned()))
                .send()
                .await
                .unwrap();
        }
        claimed.len()
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
