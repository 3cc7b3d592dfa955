//! Two pictures: whether stated probabilities are kept, and what false alarms a recall costs.

#[path = "../support/curves.rs"]
mod curves;

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

pub(crate) use curves::Curve;

/// What was stated against what happened, in percent: on the diagonal, probabilities are kept.
pub(crate) fn calibration(path: &Path, stated: Curve) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (560, 480)).into_drawing_area();
    let chart = builder(&root, "Stated probabilities, and how often they came true")?
        .build_cartesian_2d(0.0..100.0, 0.0..100.0)?;
    let diagonal = Curve { name: "exact", points: vec![(0.0, 0.0), (100.0, 100.0)] };
    curves::draw(chart, ["stated (%)", "reached the threshold (%)"], &[stated, diagonal])?;
    Ok(root.present()?)
}

/// False alarms (on a logarithmic axis) against recall.
pub(crate) fn alarms(path: &Path, title: &str, curves: &[Curve]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 440)).into_drawing_area();
    let chart = builder(&root, title)?.build_cartesian_2d((0.05..100.0).log_scale(), 0.0..105.0)?;
    curves::draw(chart, ["false alarms per 100 numbers and month", "bursts found (%)"], curves)?;
    Ok(root.present()?)
}

fn builder<'a, 'b>(
    root: &'a DrawingArea<SVGBackend<'b>, Shift>,
    title: &str,
) -> Result<ChartBuilder<'a, 'b, SVGBackend<'b>>, Box<dyn Error>> {
    root.fill(&WHITE)?;
    let mut builder = ChartBuilder::on(root);
    builder.caption(title, ("sans-serif", 18)).margin(14).x_label_area_size(46).y_label_area_size(60);
    Ok(builder)
}
