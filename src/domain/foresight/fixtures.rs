//! Inputs with the results that another implementation of the same formulas (Python, scipy) gives for them.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "tests of statistics")]

use serde::Deserialize;

/// The largest relative difference that rounding explains.
const CLOSE: f64 = 1e-9;
/// What a message costs in the fixtures, in the currency's main unit.
pub(super) const PRICE: f64 = 0.0205;

#[derive(Deserialize)]
pub(super) struct Fixtures {
    pub(super) forecast: Cases<Forecast>,
    pub(super) spike: Spike,
    pub(super) special: Special,
    pub(super) amount: Amount,
}

#[derive(Deserialize)]
pub(super) struct Cases<C> {
    pub(super) cases: Vec<C>,
}

#[derive(Deserialize)]
pub(super) struct Forecast {
    pub(super) series: String,
    pub(super) n: usize,
    #[serde(rename = "R")]
    pub(super) days_left: u32,
    pub(super) mtd: f64,
    pub(super) m: f64,
    #[serde(rename = "M")]
    pub(super) mean: f64,
    #[serde(rename = "V")]
    pub(super) variance: f64,
    #[serde(flatten)]
    pub(super) figures: std::collections::HashMap<String, f64>,
}

#[derive(Deserialize)]
pub(super) struct Spike {
    pub(super) floor_msgs: f64,
    pub(super) alpha: f64,
    pub(super) cases: Vec<Critical>,
    pub(super) with_spike: WithSpike,
}

#[derive(Deserialize)]
pub(super) struct Critical {
    pub(super) series: String,
    pub(super) n: usize,
    pub(super) u: f64,
    pub(super) v: f64,
    pub(super) nb: f64,
    pub(super) record: f64,
    pub(super) c: f64,
}

#[derive(Deserialize)]
pub(super) struct WithSpike {
    pub(super) c: [f64; 5],
    pub(super) z100: f64,
    pub(super) rec100: f64,
}

#[derive(Deserialize)]
pub(super) struct Special {
    pub(super) gamma_q: Vec<[f64; 3]>,
    pub(super) nb_tail: Vec<[f64; 4]>,
    pub(super) gamma_quantile: Vec<[f64; 4]>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub(super) nodes: [f64; 9],
    pub(super) weights: [f64; 9],
    pub(super) cases: Vec<Bought>,
}

#[derive(Deserialize)]
pub(super) struct Bought {
    #[serde(rename = "L")]
    pub(super) mean: f64,
    pub(super) cv2: f64,
    pub(super) sd: f64,
    pub(super) levels: Vec<f64>,
    pub(super) k: u32,
    pub(super) conf: f64,
    #[serde(rename = "B")]
    pub(super) amount: f64,
    pub(super) expected_alerts: f64,
    #[serde(rename = "P_at_1_3L")]
    pub(super) kept_at_1_3: f64,
}

pub(super) fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../../../tests/data/foresight/fixtures.json")).unwrap()
}

/// The first `days` daily message counts of a series of the fixtures.
pub(super) fn counts(series: &str, days: usize) -> Vec<f64> {
    let count = |i: usize| match series {
        "intermittent" if i.is_multiple_of(9) => 5 + i % 4,
        "intermittent" | "zero" => 0,
        _ => [20, 22, 18, 25, 21, 4, 2][i % 7] + (7 * i * i + 3 * i) % 11,
    };
    (0..days).map(|i| f64::from(u32::try_from(count(i)).unwrap())).collect()
}

#[track_caller]
pub(super) fn assert_close(ours: f64, expected: f64, what: &str) {
    let difference = (ours - expected).abs();
    assert!(difference <= CLOSE * expected.abs(), "{what}: {ours}, expected {expected}");
}
