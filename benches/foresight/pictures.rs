//! Two pictures: whether stated probabilities are kept, and what false alarms a recall costs.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

/// One curve: its name and its points.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(90, 90, 90)];

/// What was stated against what happened, in percent: on the diagonal, probabilities are kept.
pub(crate) fn calibration(path: &Path, stated: Curve) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (560, 480)).into_drawing_area();
    let chart = builder(&root, "Stated probabilities, and how often they came true")?
        .build_cartesian_2d(0.0..100.0, 0.0..100.0)?;
    let diagonal = Curve { name: "exact", points: vec![(0.0, 0.0), (100.0, 100.0)] };
    draw(chart, ["stated (%)", "reached the threshold (%)"], &[stated, diagonal], SeriesLabelPosition::UpperLeft)?;
    Ok(root.present()?)
}

/// False alarms (on a logarithmic axis) against recall.
pub(crate) fn alarms(path: &Path, title: &str, curves: &[Curve]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 440)).into_drawing_area();
    let chart = builder(&root, title)?.build_cartesian_2d((0.05..100.0).log_scale(), 0.0..105.0)?;
    let axes = ["false alarms per 100 numbers and month", "bursts found (%)"];
    draw(chart, axes, curves, SeriesLabelPosition::UpperLeft)?;
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

fn draw<'a, 'b: 'a, X, Y>(
    mut chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>,
    [x, y]: [&str; 2],
    curves: &[Curve],
    legend: SeriesLabelPosition,
) -> Result<(), Box<dyn Error>>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let plain = |value: &f64| format!("{value}");
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
    chart.configure_series_labels().position(legend).background_style(WHITE).border_style(BLACK.mix(0.3)).draw()?;
    Ok(())
}
