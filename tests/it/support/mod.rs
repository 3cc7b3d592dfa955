//! What the integration tests stand on. Everything is real but the far ends: AWS is moto, Zoom the embedded sandbox.

mod aws;
mod aws_proxy;
mod clock;
mod deployment;
mod function;
mod moto;
mod policy;
mod rows;
mod runtime_api;
mod setup;
mod subscriber;
mod world;

pub use aws::{Aws, Notification};
pub use aws_proxy::{AwsProxy, Call, Effect, Gate};
pub use clock::{Clock, inherited};
pub use deployment::Deployment;
pub use function::{Function, FunctionEnv, Process};
pub use moto::Moto;
pub use policy::{Budget, Policy};
pub use rows::{NOW, NUMBER, at, from_number, row, spent, spent_on, switches};
pub use runtime_api::{Outcome, RuntimeApi};
pub use setup::{Moment, Setup, setup};
pub use subscriber::Subscriber;
pub use world::World;

use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Serves `routes` on a free loopback port for as long as the test's runtime lives.
async fn serve(routes: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// One client for each test: a pooled connection must not outlive the runtime that opened it.
fn http_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
