//! An http endpoint on loopback that a topic delivers to.

use super::{Aws, Notification, serve};
use axum::{Router, routing::post};
use serde_json::Value;
use std::sync::{Arc, Mutex};

pub struct Subscriber {
    posts: Arc<Mutex<Vec<Value>>>,
}

impl Subscriber {
    /// Hears what the topic sends by `protocol`, "http" or "https". Over TLS it is not: moto posts to any URL.
    pub async fn to(aws: &Aws, protocol: &str) -> Self {
        let posts = Arc::new(Mutex::new(Vec::new()));
        let inbox = Arc::clone(&posts);
        let hear = async move |body: String| inbox.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        let address = serve(Router::new().route("/", post(hear))).await;
        aws.subscribe(protocol, &format!("http://{address}/")).await;
        Self { posts }
    }

    /// The notifications so far, in order; a request to confirm the subscription is none.
    pub fn notifications(&self) -> Vec<Notification> {
        let posts = self.posts.lock().unwrap();
        posts.iter().filter(|post| post["Type"] == "Notification").map(Notification::from_envelope).collect()
    }
}
