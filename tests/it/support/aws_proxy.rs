//! Stands between the function and moto: reads each call, and does to the one that a test names what the test says.

use super::{Moto, Process, http_client, serve};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::SetOnce;

/// One request to AWS, attempts of the SDK counted singly.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function's door it came through: 0 for the first one opened.
    pub door: usize,
    /// Service and action: "DynamoDB.PutItem", "SNS.Publish", "SecretsManager.GetSecretValue", "SSM.GetParameter".
    pub action: String,
    /// The action, and of the ledger's also what it is about: "DynamoDB.PutItem thread", "DynamoDB.Query run".
    pub deed: String,
    /// Table, topic, secret or parameter.
    pub resource: Option<String>,
    /// The request's members: typed JSON, or the form's fields as strings.
    pub input: Value,
}

impl Call {
    fn decode(door: usize, headers: &HeaderMap, body: &[u8]) -> Self {
        let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap());
        let (action, input) = match target.map(|target| target.split_once('.').unwrap()) {
            Some((service, action)) => {
                let service = match service {
                    "DynamoDB_20120810" => "DynamoDB",
                    "secretsmanager" => "SecretsManager",
                    "AmazonSSM" => "SSM",
                    other => other,
                };
                (format!("{service}.{action}"), serde_json::from_slice(body).unwrap())
            }
            None => {
                let fields: Value =
                    url::form_urlencoded::parse(body).map(|(name, value)| (name, json!(value))).collect();
                (format!("SNS.{}", fields["Action"].as_str().unwrap_or("unknown")), fields)
            }
        };
        let names = ["TableName", "TopicArn", "SecretId", "Name"];
        let resource = names.iter().find_map(|name| input[name].as_str()).map(str::to_owned);
        let deed = about(&input).map_or_else(|| action.clone(), |kind| format!("{action} {kind}"));
        Self { door, action, deed, resource, input }
    }
}

/// The kind of the item that a call of the ledger is about: what its sort key begins with.
fn about(input: &Value) -> Option<&str> {
    let written = [&input["Item"]["sk"], &input["Key"]["sk"]].into_iter();
    let asked = input["ExpressionAttributeValues"].as_object().into_iter().flat_map(|values| values.values());
    let keys = written.chain(asked).filter_map(|value| value["S"].as_str());
    keys.filter_map(|key| key.split_once('#')).map(|(kind, _)| kind).next()
}

/// What becomes of a call that a rule names.
#[derive(Clone)]
pub enum Effect {
    /// SIGKILL the caller; AWS never sees the call.
    KillBefore,
    /// SIGKILL the caller when AWS has done what it asked, before it hears so.
    KillAfter,
    /// AWS refuses, with this status and error code.
    Fail { status: u16, code: &'static str },
    /// The connection closes; AWS never sees the call.
    Drop,
    /// AWS does what was asked, and the connection closes without an answer.
    LoseReply,
    /// The call waits at the gate before AWS sees it.
    Hold(Gate),
    /// The call takes so much longer.
    Delay(Duration),
    /// The call waits at the gate, and is then forbidden.
    HoldAndForbid(Gate),
    /// Of a batch DynamoDB does half, and hands the rest back as unprocessed.
    Half,
}

/// Where a held call waits, so that a test decides what happens meanwhile.
#[derive(Clone, Default)]
pub struct Gate(Arc<(SetOnce<()>, SetOnce<()>)>);

impl Gate {
    /// Returns when a call has come to the gate.
    pub async fn reached(&self) {
        self.0.0.wait().await;
    }

    pub fn open(&self) {
        let _ = self.0.1.set(());
    }

    async fn pass(&self) {
        let _ = self.0.0.set(());
        self.0.1.wait().await;
    }
}

struct Rule {
    action: String,
    /// Which of the calls since the rule was made.
    calls: Calls,
    seen: usize,
    effect: Effect,
}

#[derive(Clone, Copy)]
enum Calls {
    The(usize),
    Every,
    /// From this one on, if it ever comes.
    From(usize),
}

impl Rule {
    fn is_for(&self, call: &Call) -> bool {
        self.action == call.action || self.action == call.deed
    }

    fn applies(&self) -> bool {
        match self.calls {
            Calls::The(nth) => self.seen == nth,
            Calls::Every => true,
            Calls::From(nth) => self.seen >= nth,
        }
    }

    fn fired(&self) -> bool {
        match self.calls {
            Calls::The(nth) => self.seen >= nth,
            Calls::Every => self.seen > 0,
            Calls::From(_) => true,
        }
    }
}

#[derive(Clone)]
pub struct AwsProxy(Arc<Shared>);

struct Shared {
    http: reqwest::Client,
    calls: Mutex<Vec<Call>>,
    rules: Mutex<Vec<Rule>>,
    doors: Mutex<usize>,
    /// DynamoDB checks a condition and writes in one step; moto's threads do not, so its calls go one by one.
    one_by_one: tokio::sync::Mutex<()>,
}

/// One function's way to the proxy, so that a rule knows whom to kill.
pub struct Door {
    /// The value of `AWS_ENDPOINT_URL`.
    pub url: String,
    caller: Arc<SetOnce<Process>>,
}

impl Door {
    pub fn admit(self, process: &Process) {
        assert!(self.caller.set(process.clone()).is_ok(), "one function for each door");
    }
}

impl AwsProxy {
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            http: http_client(),
            calls: Mutex::default(),
            rules: Mutex::default(),
            doors: Mutex::default(),
            one_by_one: tokio::sync::Mutex::default(),
        }))
    }

    /// Opens a listener for one function, to be admitted when it runs.
    pub async fn door(&self) -> Door {
        let door = {
            let mut doors = self.0.doors.lock().unwrap();
            *doors += 1;
            *doors - 1
        };
        let caller = Arc::new(SetOnce::new());
        let (proxy, process) = (self.clone(), Arc::clone(&caller));
        let handle = async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let request = Request { method, uri, headers, body };
            proxy.handle(door, &process, request).await
        };
        let address = serve(Router::new().fallback(handle)).await;
        Door { url: format!("http://{address}"), caller }
    }

    /// Does `effect` to the nth call of `action`, or of that deed, from 1, counted from now.
    pub fn on(&self, action: &str, nth: usize, effect: Effect) {
        self.rule(action, Calls::The(nth), effect);
    }

    /// Does `effect` to every call of `action`, or of that deed.
    pub fn always(&self, action: &str, effect: Effect) {
        self.rule(action, Calls::Every, effect);
    }

    /// Does `effect` to the nth call and to all that follow, if there are so many.
    pub fn from(&self, action: &str, nth: usize, effect: Effect) {
        self.rule(action, Calls::From(nth), effect);
    }

    fn rule(&self, action: &str, calls: Calls, effect: Effect) {
        self.0.rules.lock().unwrap().push(Rule { action: action.to_owned(), calls, seen: 0, effect });
    }

    /// Ends all rules; fails when one of them met no call, since then the test has shown nothing.
    #[track_caller]
    pub fn clear(&self) {
        let rules: Vec<_> = self.0.rules.lock().unwrap().drain(..).collect();
        for rule in rules {
            assert!(rule.fired(), "no call met the rule for {}: it saw {}", rule.action, rule.seen);
        }
    }

    /// All calls so far, in the order they came, whatever became of them.
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap().clone()
    }

    /// The names of all calls so far.
    pub fn actions(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.action).collect()
    }

    async fn handle(&self, door: usize, caller: &SetOnce<Process>, request: Request) -> Response {
        let call = Call::decode(door, &request.headers, &request.body);
        let action = call.action.clone();
        let effect = self.effect_on(&call);
        self.0.calls.lock().unwrap().push(call);
        match effect {
            None => self.forward(&action, request).await,
            Some(Effect::Hold(gate)) => {
                gate.pass().await;
                self.forward(&action, request).await
            }
            Some(Effect::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.forward(&action, request).await
            }
            Some(Effect::HoldAndForbid(gate)) => {
                gate.pass().await;
                refusal(&action, 403, "AuthorizationError")
            }
            Some(Effect::Fail { status, code }) => refusal(&action, status, code),
            Some(Effect::Half) => self.half(&action, request).await,
            Some(Effect::Drop) => hang_up(),
            Some(Effect::LoseReply) => {
                self.forward(&action, request).await;
                hang_up()
            }
            Some(Effect::KillBefore) => {
                caller.wait().await.kill().await;
                hang_up()
            }
            Some(Effect::KillAfter) => {
                self.forward(&action, request).await;
                caller.wait().await.kill().await;
                hang_up()
            }
        }
    }

    /// Counts the call for every rule that names it; the first whose turn has come applies.
    fn effect_on(&self, call: &Call) -> Option<Effect> {
        let mut rules = self.0.rules.lock().unwrap();
        let mut effect = None;
        for rule in rules.iter_mut().filter(|rule| rule.is_for(call)) {
            rule.seen += 1;
            if effect.is_none() && rule.applies() {
                effect = Some(rule.effect.clone());
            }
        }
        effect
    }

    /// Passes half of a batch on, and adds the rest to the answer as what was left unprocessed.
    async fn half(&self, action: &str, mut request: Request) -> Response {
        let (keys, unprocessed) = match action {
            "DynamoDB.BatchGetItem" => ("/Keys", "UnprocessedKeys"),
            "DynamoDB.BatchWriteItem" => ("", "UnprocessedItems"),
            other => panic!("{other} is no batch"),
        };
        let mut done: Value = serde_json::from_slice(&request.body).unwrap();
        let mut left = done["RequestItems"].clone();
        for (table, left) in left.as_object_mut().unwrap() {
            let all = |value: &mut Value| value.pointer_mut(keys).unwrap().as_array_mut().unwrap().clone();
            let items = all(left);
            let (first, rest) = items.split_at(items.len().div_ceil(2));
            *left.pointer_mut(keys).unwrap() = json!(rest);
            *done["RequestItems"][table].pointer_mut(keys).unwrap() = json!(first);
            if rest.is_empty() {
                return self.forward(action, request).await;
            }
        }
        request.body = done.to_string().into();
        request.headers.remove(header::CONTENT_LENGTH);
        let (mut head, body) = self.forward(action, request).await.into_parts();
        let mut answer: Value = serde_json::from_slice(&axum::body::to_bytes(body, usize::MAX).await.unwrap()).unwrap();
        answer[unprocessed] = left;
        head.headers.remove(header::CONTENT_LENGTH);
        // Moto's checksum is of another body.
        head.headers.remove("x-amz-crc32");
        (head, answer.to_string()).into_response()
    }

    /// Passes the call on, to its end: also if the caller hangs up, so that the next call does not overtake it within moto.
    async fn forward(&self, action: &str, request: Request) -> Response {
        let (proxy, in_turn) = (self.clone(), action.starts_with("DynamoDB."));
        let passed_on = tokio::spawn(async move {
            let _turn = if in_turn { Some(proxy.0.one_by_one.lock().await) } else { None };
            let url = format!("{}{}", Moto::shared().endpoint(), request.uri);
            let sent = proxy.0.http.request(request.method, url).headers(request.headers).body(request.body).send();
            let answer = sent.await.unwrap();
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            // They describe moto's connection, not this one.
            headers.remove(header::CONNECTION);
            headers.remove(header::TRANSFER_ENCODING);
            (status, headers, answer.bytes().await.unwrap()).into_response()
        });
        passed_on.await.unwrap()
    }
}

struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// An AWS error in the protocol that the service speaks.
fn refusal(action: &str, status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    if action.starts_with("SNS.") {
        let error =
            format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>refused by a rule</Message></Error>");
        let body = format!("<ErrorResponse>{error}<RequestId>none</RequestId></ErrorResponse>");
        (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
    } else {
        let body = json!({ "__type": code, "message": "refused by a rule" }).to_string();
        (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body).into_response()
    }
}

/// Closes the connection without a byte: unwinding ends the task that serves it, and resuming prints nothing.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("hang up"))
}
