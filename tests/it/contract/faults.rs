//! What is told of bad input: the stable code, what was given, what to do.

mod inputs;
mod services;

use crate::support::{Effect, Function, World, setup, spent};
use serde_json::Value;

const REFUSED: Effect = Effect::Fail { status: 400, code: "AccessDeniedException" };

async fn good() -> World {
    setup().rows([spent(60)]).world().await
}

/// The faults of some runs, one after the other.
struct Told<'w> {
    world: &'w World,
    function: Function,
    text: String,
}

impl<'w> Told<'w> {
    async fn by(world: &'w World) -> Self {
        Self { world, function: world.function().await, text: String::new() }
    }

    /// One more run, whose error is told under the name of the case.
    async fn run(&mut self, case: &str, event: Value) {
        let outcome = self.function.invoke(event).await;
        let mut message = outcome.error_message().replace("; ", ";\n    ").replace(" | ", " |\n    ");
        let aws = &self.world.aws;
        for (name, stead) in [
            (&aws.secret_id, "SECRET"),
            (&aws.topic_arn, "TOPIC"),
            (&aws.table, "TABLE"),
            (&aws.parameter, "/PARAMETER"),
            (&aws.zoom_parameter, "/ZOOM"),
        ] {
            message = message.replace(name, stead);
        }
        self.text += &format!("{case}\n  {}\n    {message}\n", outcome.code());
    }
}
