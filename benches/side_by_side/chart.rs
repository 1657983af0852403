//! Charts as SVG, on white so that they can be read on dark pages too.

use std::fmt::Write as _;

use crate::number::{short, thousands};

const WIDTH: f64 = 760.0;
const OURS: &str = "#0b6bcb";
const OTHERS: &str = "#8a94a3";
const COLOURS: [&str; 3] = [OURS, "#d9730d", "#2e7d32"];

/// One bar.
pub struct Bar {
    pub label: String,
    pub value: f64,
    /// Whether it is twin-bridge's.
    pub ours: bool,
}

/// One line, by ascending x.
pub struct Line {
    pub label: String,
    pub points: Vec<(f64, f64)>,
}

/// Bars from left to right, one below the other, from zero on.
pub fn bars(title: &str, bars: &[Bar]) -> String {
    const LEFT: f64 = 170.0;
    const TOP: f64 = 64.0;
    const STEP: f64 = 30.0;

    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut body = String::new();
    for (index, bar) in bars.iter().enumerate() {
        let y = TOP + STEP * index as f64;
        let width = (bar.value / most * (WIDTH - LEFT - 90.0)).max(1.0);
        let colour = if bar.ours { OURS } else { OTHERS };
        let middle = y + 15.0;
        text(&mut body, LEFT - 8.0, middle, "end", &bar.label);
        let _ = writeln!(body, r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="21" fill="{colour}"/>"#);
        text(&mut body, LEFT + width + 6.0, middle, "start", &short(bar.value));
    }
    svg(title, TOP + STEP * bars.len() as f64 + 12.0, &body)
}

/// Lines over a logarithmic scale, from zero on.
pub fn lines(title: &str, what: &str, lines: &[Line]) -> String {
    const LEFT: f64 = 60.0;
    const TOP: f64 = 64.0;
    const BOTTOM: f64 = 344.0;
    const RIGHT: f64 = WIDTH - 30.0;

    let points = || lines.iter().flat_map(|line| &line.points);
    let (first, last) = points().fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.0), high.max(point.0)));
    let step = round_step(points().map(|point| point.1).fold(f64::MIN_POSITIVE, f64::max) / 4.0);
    let most = step * 5.0;
    let x = |value: f64| LEFT + (value / first).ln() / (last / first).ln().max(f64::MIN_POSITIVE) * (RIGHT - LEFT);
    let y = |value: f64| BOTTOM - value / most * (BOTTOM - TOP);
    let mut body = String::new();
    for value in (0..=5).map(|tick| step * f64::from(tick)) {
        let at = y(value);
        let _ = writeln!(body, r##"<path d="M{LEFT} {at:.1}H{RIGHT}" stroke="#dfe3e8"/>"##);
        text(&mut body, LEFT - 8.0, at + 4.0, "end", &short(value));
    }
    for point in lines.first().into_iter().flat_map(|line| &line.points) {
        text(&mut body, x(point.0), BOTTOM + 20.0, "middle", &thousands(point.0));
    }
    text(&mut body, f64::midpoint(LEFT, RIGHT), BOTTOM + 42.0, "middle", what);
    for (index, (line, colour)) in lines.iter().zip(COLOURS).enumerate() {
        let path: Vec<_> = line.points.iter().map(|&(at, value)| format!("{:.1} {:.1}", x(at), y(value))).collect();
        let _ = writeln!(body, r#"<path d="M{}" fill="none" stroke="{colour}" stroke-width="2"/>"#, path.join("L"));
        for &(at, value) in &line.points {
            let _ = writeln!(body, r#"<circle cx="{:.1}" cy="{:.1}" r="3.5" fill="{colour}"/>"#, x(at), y(value));
        }
        let (legend, below) = (LEFT + 170.0 * index as f64, TOP - 14.0);
        let _ = writeln!(body, r#"<circle cx="{:.1}" cy="{:.1}" r="5" fill="{colour}"/>"#, legend + 6.0, below - 4.0);
        text(&mut body, legend + 16.0, below, "start", &line.label);
    }
    svg(title, BOTTOM + 56.0, &body)
}

fn svg(title: &str, height: f64, body: &str) -> String {
    let mut head = String::new();
    for (index, line) in title.lines().enumerate() {
        let (size, weight) = if index == 0 { (16, "bold") } else { (13, "normal") };
        let y = 24 + 20 * index;
        let _ =
            writeln!(head, r#"<text x="16" y="{y}" font-size="{size}" font-weight="{weight}">{}</text>"#, escape(line));
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#1b1f24\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"white\"/>\n{head}{body}</svg>\n"
    )
}

fn text(body: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(body, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#, escape(text));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The next of 1, 2, 5, 10, 20 and so on.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|&round| round >= step).unwrap_or(10.0 * power)
}
