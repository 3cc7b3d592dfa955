use super::{Environment, run};

/// What editors read. `cargo run -- schema > docs/policy.schema.json` writes it anew.
#[tokio::test]
async fn the_schema_in_docs_is_the_one_that_is_printed() {
    let ended = run(&["schema"], &Environment::new()).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(ended.out, include_str!("../../../docs/policy.schema.json"));
}

/// Editors find the schema by the sample's first line.
#[test]
fn the_sample_names_the_schema() {
    let sample = include_str!("../../../events/policy.toml");
    assert_eq!(sample.lines().next(), Some("#:schema ../docs/policy.schema.json"));
}
