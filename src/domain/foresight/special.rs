//! Tails and quantiles of the distributions that the methods use, defined for every input: never NaN, never a panic, never without end.
//!
//! statrs has the functions. It refuses the edges of their domains, and its work grows with the shape, so both are handled here, once.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "probabilities are no money")]

use statrs::function::{beta, gamma};

/// A gamma distribution of this shape has a standard deviation of 0.03% of its mean: it is taken for its mean.
const SHARPEST: f64 = 1e7;
/// What an input is held below and above, so that no product overflows, and none of what is not zero becomes zero.
const MOST: f64 = 1e15;
const LEAST: f64 = 1e-15;
/// The logarithms of what a quantile may be: below the first it is zero for all that is charged.
const LEAST_LN: f64 = -500.0;
const GREATEST_LN: f64 = 50.0;

/// The value in [`LEAST`] to [`MOST`], or zero: also if it is no number.
pub(super) fn sane(value: f64) -> f64 {
    if value >= LEAST { value.min(MOST) } else { 0.0 }
}

/// P(X ≥ `least`) of a gamma distribution with this mean and variance.
pub(super) fn gamma_tail(mean: f64, variance: f64, least: f64) -> f64 {
    let (mean, variance) = (sane(mean), sane(variance));
    if least <= 0.0 {
        return 1.0;
    }
    let shape = mean * mean / variance;
    if shape.is_nan() || shape > SHARPEST {
        return if mean >= least { 1.0 } else { 0.0 };
    }
    upper_gamma(shape, least * mean / variance)
}

/// Q(`shape`, `x`): the upper regularized incomplete gamma function.
fn upper_gamma(shape: f64, x: f64) -> f64 {
    match gamma::checked_gamma_ur(shape, x) {
        Ok(tail) if !tail.is_nan() => tail.clamp(0.0, 1.0),
        // What statrs refuses: x of zero (or so small that it counts as zero), x beyond all numbers, and a shape of zero.
        _ if x <= 0.0 && shape > 0.0 => 1.0,
        _ => 0.0,
    }
}

/// The value that a gamma distribution with this mean and variance stays below with probability `p`.
pub(super) fn gamma_quantile(p: f64, mean: f64, variance: f64) -> f64 {
    let (mean, variance) = (sane(mean), sane(variance));
    let shape = mean * mean / variance;
    if shape.is_nan() || shape > SHARPEST {
        return mean;
    }
    let quantile = unit_gamma_quantile(p.clamp(0.0, 0.999_999_999), shape) * (variance / mean);
    if quantile.is_finite() { quantile } else { 0.0 }
}

/// The quantile of a gamma distribution with scale 1, on its logarithm, since that of a small shape lies extremely close to zero: statrs'
/// own has three digits there.
fn unit_gamma_quantile(p: f64, shape: f64) -> f64 {
    let ln_density = |ln_x: f64| shape * ln_x - ln_x.exp() - gamma::ln_gamma(shape);
    // Below its bulk the distribution is a power of x, which lies above it everywhere: the quantile is at least this.
    let mut low = (p.ln() + gamma::ln_gamma(shape + 1.0)) / shape;
    if low.is_nan() || low < LEAST_LN {
        return 0.0;
    }
    let mut high = low.max(0.0) + 1.0;
    while lower_gamma(shape, high.exp()) < p && high < GREATEST_LN {
        high += 1.0;
    }
    let mut ln_x = low;
    for _ in 0..100 {
        let above = lower_gamma(shape, ln_x.exp()) - p;
        if above >= 0.0 {
            high = ln_x
        } else {
            low = ln_x
        }
        let newton = ln_x - above / ln_density(ln_x).exp();
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        let step = (next - ln_x).abs();
        ln_x = next;
        if step <= f64::EPSILON * ln_x.abs().max(1.0) {
            break;
        }
    }
    ln_x.exp()
}

/// P(`shape`, `x`): the lower regularized incomplete gamma function.
fn lower_gamma(shape: f64, x: f64) -> f64 {
    gamma::checked_gamma_lr(shape, x).unwrap_or(if x > 0.0 { 1.0 } else { 0.0 })
}

/// P(X ≥ `least`) of a negative binomial distribution with this mean and variance, `variance` > `mean` > 0.
pub(super) fn negative_binomial_tail(least: f64, mean: f64, variance: f64) -> f64 {
    let size = mean * mean / (variance - mean);
    let tail = beta::checked_beta_reg(sane(least), size, mean / (size + mean));
    tail.ok().filter(|tail| !tail.is_nan()).map_or(1.0, |tail| tail.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{assert_close, fixtures};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tails_are_those_of_scipy() {
        for [shape, x, expected] in fixtures().special.gamma_q {
            assert_close(upper_gamma(shape, x), expected, &format!("Q({shape}, {x})"));
        }
        for [least, mean, variance, expected] in fixtures().special.nb_tail {
            assert_close(negative_binomial_tail(least, mean, variance), expected, &format!("tail from {least}"));
        }
    }

    #[test]
    fn quantiles_are_those_of_scipy_and_have_the_probability_that_was_asked_for() {
        for [p, mean, variance, expected] in fixtures().special.gamma_quantile {
            let (quantile, shape) = (gamma_quantile(p, mean, variance), mean * mean / variance);
            // The reference's search ends where its steps are this small, which the smallest quantile notices.
            let difference = (quantile - expected).abs();
            assert!(difference < 1e-9 * expected || difference < 1e-15, "{quantile}, expected {expected}");
            assert_close(lower_gamma(shape, quantile * mean / variance), p, "what lies below the quantile");
        }
    }

    #[test]
    fn a_distribution_without_spread_is_its_mean() {
        assert_eq!([9.0, 10.0, 11.0].map(|least| gamma_tail(10.0, 0.0, least)), [1.0, 1.0, 0.0]);
        assert_eq!(gamma_quantile(0.9, 10.0, 0.0), 10.0);
    }

    #[test]
    fn nothing_expected_never_reaches_anything() {
        assert_eq!(gamma_tail(0.0, 0.0, 1.0), 0.0);
        assert_eq!(gamma_tail(0.0, 1.0, 1.0), 0.0);
        assert_eq!(gamma_tail(0.0, 0.0, 0.0), 1.0);
        assert_eq!(gamma_quantile(0.9, 0.0, 1.0), 0.0);
    }

    proptest! {
        #[test]
        fn every_input_has_a_probability([mean, variance, least, p] in proptest::array::uniform4(proptest::num::f64::ANY)) {
            let tail = gamma_tail(mean, variance, least);
            prop_assert!((0.0..=1.0).contains(&tail), "{tail}");
            let quantile = gamma_quantile(p, mean, variance);
            prop_assert!(quantile >= 0.0, "{quantile}");
        }
    }
}
