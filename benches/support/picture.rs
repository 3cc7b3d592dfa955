//! Growth curves as a picture, from a benchmark's own figures.

#[path = "curves.rs"]
mod curves;

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

pub(crate) use curves::Curve;

/// Draws the curves, whose points are above zero, with logarithmic axes, so that a straight line at half a right angle is linear growth.
pub(crate) fn draw(path: &Path, title: &str, axes: [&str; 2], curves: &[Curve]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let bounds = |value: fn(&(f64, f64)) -> f64| {
        let (least, most) = points().map(value).fold((f64::MAX, f64::MIN), |(l, m), v| (l.min(v), m.max(v)));
        (least / 1.3)..(most * 1.3)
    };
    let chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(70)
        .build_cartesian_2d(bounds(|point| point.0).log_scale(), bounds(|point| point.1).log_scale())?;
    curves::draw(chart, axes, curves)?;
    Ok(root.present()?)
}
