//! Growth curves as a picture, from a benchmark's own figures.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

/// One curve: its name and its points.
pub(crate) struct Curve {
    /// What the reader is told it is.
    pub(crate) name: &'static str,
    /// (x, y), both above zero.
    pub(crate) points: Vec<(f64, f64)>,
}

const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(90, 90, 90)];

/// Draws the curves with logarithmic axes, so that a straight line at half a right angle is linear growth.
pub(crate) fn draw(path: &Path, title: &str, [x, y]: [&str; 2], curves: &[Curve]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let bounds = |value: fn(&(f64, f64)) -> f64| {
        let (least, most) = points().map(value).fold((f64::MAX, f64::MIN), |(l, m), v| (l.min(v), m.max(v)));
        (least / 1.3)..(most * 1.3)
    };
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(70)
        .build_cartesian_2d(bounds(|point| point.0).log_scale(), bounds(|point| point.1).log_scale())?;
    let plain = |value: &f64| if *value < 1.0 { format!("{value}") } else { format!("{value:.0}") };
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&plain)
        .y_label_formatter(&plain)
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    let position = SeriesLabelPosition::UpperLeft;
    chart.configure_series_labels().position(position).background_style(WHITE).border_style(BLACK.mix(0.3)).draw()?;
    root.present()?;
    Ok(())
}
