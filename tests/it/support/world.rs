//! Everything that a run meets, put together for one test.

use super::{Aws, AwsProxy, Clock, Function, FunctionEnv, Moment, Outcome, Setup, function::Output};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{collections::HashSet, fs, sync::Mutex, thread};
use tempfile::TempDir;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Row, Sandbox};

pub struct World {
    pub zoom: Sandbox,
    pub aws: Aws,
    pub proxy: AwsProxy,
    /// What the next function will see; `AWS_ENDPOINT_URL` is set for each.
    pub env: FunctionEnv,
    /// The moment that [`Self::judge`] has judged.
    pub now: Timestamp,
    directory: TempDir,
    outputs: Mutex<Vec<Output>>,
    /// Whom the rows name: no log may.
    people: Mutex<Vec<String>>,
}

impl World {
    /// A working whole: the secret is right, the policy is a file, and nothing fails unless `switches` say so.
    pub(super) async fn of(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (now, dataset) = (setup.now, setup.dataset());
        let people = Mutex::new(people(&dataset));
        let zoom = Sandbox::start(0, dataset, setup.switches).await.unwrap();
        let aws = Aws::new().await;
        let secret = json!({ "account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        aws.put_secret(&secret.to_string()).await;
        let mut env = FunctionEnv::new();
        env.directory = directory.path().to_owned();
        env.set("ZOOM_SECRET_ID", &aws.secret_id)
            .set("ALERT_TOPIC_ARN", &aws.topic_arn)
            .set("LEDGER_TABLE", &aws.table)
            .set("POLICY", "policy.toml")
            .set("ZOOM_API_URL", zoom.api_url())
            .set("ZOOM_TOKEN_URL", zoom.token_url())
            .set("ZOOM_REQUESTS_PER_SECOND", 1000);
        if setup.is_live {
            Clock::at(now).give(&mut env);
        }
        let proxy = AwsProxy::new();
        let world = Self { zoom, aws, proxy, env, now, directory, outputs: Mutex::default(), people };
        world.write_policy(setup.policy);
        world
    }

    /// Replaces the policy's file.
    pub fn write_policy(&self, policy: impl ToString) {
        fs::write(self.directory.path().join("policy.toml"), policy.to_string()).unwrap();
    }

    /// Lets Zoom serve these rows from now on.
    pub fn show(&self, rows: impl Into<Vec<Row>>) {
        self.replace(Dataset::of(rows.into(), self.now));
    }

    /// Lets Zoom serve other data from now on.
    pub fn replace(&self, dataset: Dataset) {
        self.people.lock().unwrap().extend(people(&dataset));
        self.zoom.replace(dataset);
    }

    /// Goes on to this moment, in a live world; Zoom's report goes with it.
    pub fn until(&mut self, moment: impl Into<Moment>) {
        self.now = moment.into().0;
        self.env.clock.as_ref().expect("a live world").set(self.now);
        self.zoom.replace(self.zoom.dataset().at(self.now));
    }

    /// Starts a function with a door of its own to AWS.
    pub async fn function(&self) -> Function {
        let door = self.proxy.door().await;
        let function = Function::spawn(self.env.clone().set("AWS_ENDPOINT_URL", &door.url)).await;
        door.admit(&function.process);
        self.outputs.lock().unwrap().push(function.output.clone());
        function
    }

    /// One cold run: a fresh function, one event, and the function's end.
    pub async fn run(&self, event: Value) -> Outcome {
        let mut function = self.function().await;
        let outcome = function.invoke(event).await;
        function.kill().await;
        outcome
    }

    /// The event that has the moment of this world judged, and what is due sent: in a live world a scheduled one.
    pub fn event(&self) -> Value {
        if self.env.clock.is_some() { json!({}) } else { json!({ "as_of": self.now, "publish": true }) }
    }

    /// One cold run of [`Self::event`].
    pub async fn judge(&self) -> Outcome {
        self.run(self.event()).await
    }

    /// What all functions wrote, in the order they were started.
    pub fn logs(&self) -> String {
        self.outputs.lock().unwrap().iter().map(Output::text).collect()
    }

    /// The metric lines among the logs.
    pub fn metrics(&self) -> Vec<Value> {
        let lines = self.logs();
        let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line.get("_aws").is_some()).collect()
    }

    /// Fails if the logs hold a secret, a token, or a person that the rows name. Every world ends with it.
    #[track_caller]
    pub fn assert_discreet(&self) {
        let logs = self.logs();
        let secrets = [CLIENT_SECRET.to_owned(), super::function::SECRET_KEY.to_owned()];
        let people = self.people.lock().unwrap();
        for private in self.zoom.access_tokens().iter().chain(&secrets).chain(people.iter()) {
            assert!(!logs.contains(private), "the logs tell {private:?}:\n{logs}");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.assert_discreet();
        }
    }
}

/// Numbers, names and addresses of the people in the rows. The company's own billing numbers are none of them, nor is
/// a part of one: senders are also written without the country's code.
fn people(dataset: &Dataset) -> Vec<String> {
    let own: HashSet<_> = dataset.rows().filter_map(|row| row.billing_number.as_deref()).collect();
    let named: HashSet<_> = dataset
        .rows()
        .flat_map(|row| {
            let senders = [&row.from_number, &row.from_display_name, &row.from_email];
            let recipients = [&row.to_number, &row.to_display_name, &row.to_email];
            senders.into_iter().chain(recipients)
        })
        .flatten()
        .collect();
    let foreign = |person: &&String| !own.iter().any(|number| number.contains(person.as_str()));
    named.into_iter().filter(foreign).cloned().collect()
}
