//! The pictures of docs/queries.md: what its queries find over the factory's day, drawn.
//!
//! `UPDATE_PICTURES=1 cargo test --test it pictures` draws them anew.

use std::{collections::BTreeMap, fmt::Write, fs};

use serde_json::Value;

use super::answers;
use crate::{factory_day::SERVICE, repository::root};

const FOLDER: &str = "docs/queries";
const COLOURS: [&str; 3] = ["#0b6bcb", "#c2410c", "#15803d"];
const STEPS: [&str; 3] = ["FanningStep", "GrindingStep", "MouldingStep"];
const WIDTH: f64 = 760.0;

/// A drawing under way.
struct Picture {
    height: f64,
    shapes: String,
}

impl Picture {
    fn new(height: f64, title: &str) -> Self {
        let mut picture = Self { height, shapes: String::new() };
        picture.draw(&format!(r#"<text x="16" y="24" font-size="16" font-weight="bold">{title}</text>"#));
        picture
    }

    fn draw(&mut self, shape: &str) {
        writeln!(self.shapes, "{shape}").unwrap();
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.draw(&format!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#));
    }

    fn line(&mut self, points: &[(f64, f64)], style: &str) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        self.draw(&format!(r#"<path d="M{}" fill="none" {style}/>"#, points.join("L")));
    }

    fn bar(&mut self, x: f64, y: f64, width: f64, colour: &str) {
        self.draw(&format!(r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="28" fill="{colour}"/>"#));
    }

    /// Is what lies in the repository, or becomes it.
    fn assert_kept(&self, name: &str) {
        let drawn = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {0}\" width=\"{WIDTH}\" height=\"{0}\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"#1b1f24\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{1}</svg>\n",
            self.height, self.shapes
        );
        let path = root().join(FOLDER).join(name);
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            fs::write(&path, &drawn).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "{FOLDER}/{name} is out of date: UPDATE_PICTURES=1 cargo test --test it pictures");
    }
}

/// From the range of the values to the range of the picture.
fn scale(values: (f64, f64), picture: (f64, f64)) -> impl Fn(f64) -> f64 {
    move |value| picture.0 + (value - values.0) / (values.1 - values.0) * (picture.1 - picture.0)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Hours and minutes.
fn clock(time: &str) -> &str {
    &time[11..16]
}

/// Hours of the day.
fn hours(time: &str) -> f64 {
    let [hours, minutes, seconds] = [11..13, 14..16, 17..19].map(|part| time[part].parse::<f64>().unwrap());
    hours + minutes / 60.0 + seconds / 3600.0
}

fn colour(twin: &str) -> &'static str {
    COLOURS[STEPS.iter().position(|step| *step == twin).unwrap()]
}

#[test]
fn the_values_that_hold() {
    let Some(answer) = answers::answer("Last values 3") else { return };
    let mut rows: Vec<_> =
        answer.rows.iter().filter(|row| row[1] == SERVICE && STEPS.contains(&text(&row[2]))).collect();
    rows.sort_by_key(|row| (text(&row[2]), text(&row[5])));
    #[allow(clippy::cast_precision_loss, reason = "some twenty rows")]
    let mut picture = Picture::new(76.0 + 19.0 * rows.len() as f64, "What the steps last told, at the end of the day");
    let columns = [(16.0, "start"), (150.0, "start"), (560.0, "end"), (740.0, "end")];
    let mut y = 54.0;
    let mut row = |picture: &mut Picture, cells: [&str; 4]| {
        for ((x, anchor), cell) in columns.into_iter().zip(cells) {
            picture.text(x, y, anchor, cell);
        }
        picture.line(&[(16.0, y + 5.5), (744.0, y + 5.5)], r##"stroke="#dfe3e8""##);
        y += 19.0;
    };
    row(&mut picture, ["Id", "Key", "Value", "TimeStamp"]);
    for cells in rows {
        let value = cells[6].as_str().map_or_else(|| cells[6].to_string(), ToOwned::to_owned);
        row(&mut picture, [text(&cells[2]), text(&cells[5]), &value, clock(text(&cells[0]))]);
    }
    picture.assert_kept("last-values.svg");
}

#[test]
fn hot_steps() {
    let Some(answer) = answers::answer("Which step runs hot, and since when 1") else { return };
    let mut picture = Picture::new(390.0, "Which step runs hot at the end of the day, and since when");
    let (x, y) = (scale((18.0, 24.0), (60.0, 740.0)), scale((200.0, 210.0), (300.0, 44.0)));
    for (degree, limit) in [200.0, 202.0, 204.0, 206.0, 208.0, 210.0].into_iter().zip([0, 0, 0, 1, 0, 0]) {
        let style = if limit == 1 { r##"stroke="#b91c1c" stroke-dasharray="6 4""## } else { r##"stroke="#dfe3e8""## };
        picture.line(&[(60.0, y(degree)), (740.0, y(degree))], style);
        picture.text(52.0, y(degree) + 4.0, "end", &format!("{degree}"));
    }
    for hour in [18.0, 19.0, 20.0, 21.0, 22.0, 23.0] {
        picture.text(x(hour), 320.0, "middle", &format!("{hour}:00"));
    }
    let courses = answers::temperatures();
    for (twin, place) in [STEPS[1], STEPS[2]].into_iter().zip([354.0, 374.0]) {
        let course: Vec<_> = courses[&(SERVICE.to_owned(), twin.to_owned())].iter().collect();
        let points = |since: f64| -> Vec<_> {
            let late = course.iter().map(|(time, degree)| (hours(time), **degree)).filter(|(hour, _)| *hour >= since);
            late.map(|(hour, degree)| (x(hour), y(degree))).collect()
        };
        let colour = colour(twin);
        picture.line(&points(18.0), &format!(r#"stroke="{colour}" stroke-opacity="0.5""#));
        let hot = answer.rows.iter().find(|row| row[0] == SERVICE && row[1] == twin);
        if let Some(row) = hot {
            let since = hours(text(&row[2])).max(18.0);
            picture.line(&points(since), &format!(r#"stroke="{colour}" stroke-width="3""#));
        }
        let told = hot.map_or("not hot".to_owned(), |row| {
            let [since, last] = [&row[2], &row[5]].map(|time| clock(text(time)));
            format!("hot since {since}, at most {:.1}, at {last} {:.1}", number(&row[3]), number(&row[4]))
        });
        picture.draw(&format!(r#"<circle cx="66" cy="{:.1}" r="5" fill="{colour}"/>"#, place - 4.0));
        picture.text(78.0, place, "start", &format!("{twin}: {told}"));
    }
    picture.assert_kept("hot.svg");
}

#[test]
fn sensors_together() {
    let Some(answer) = answers::answer("Do two sensors move together 1") else { return };
    let mut picture = Picture::new(400.0, "Power over temperature, averages of ten minutes");
    let (x, y) = (scale((200.0, 210.0), (60.0, 740.0)), scale((60.0, 80.0), (310.0, 44.0)));
    for power in [60.0, 65.0, 70.0, 75.0, 80.0] {
        picture.line(&[(60.0, y(power)), (740.0, y(power))], r##"stroke="#dfe3e8""##);
        picture.text(52.0, y(power) + 4.0, "end", &format!("{power}"));
    }
    for degree in [200.0, 202.0, 204.0, 206.0, 208.0, 210.0] {
        picture.text(x(degree), 330.0, "middle", &format!("{degree}"));
    }
    let pairs: BTreeMap<_, _> = answers::pairs();
    let mut place = 66.0;
    for twin in STEPS {
        let colour = colour(twin);
        for (temperature, power) in &pairs[&(SERVICE.to_owned(), twin.to_owned())] {
            let (x, y) = (x(*temperature), y(*power));
            picture.draw(&format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}" fill-opacity="0.6"/>"#));
        }
        let row = answer.rows.iter().find(|row| row[0] == SERVICE && row[1] == twin).unwrap();
        picture.draw(&format!(r#"<circle cx="{:.1}" cy="364" r="5" fill="{colour}"/>"#, place - 8.0));
        picture.text(place, 368.0, "start", &format!("{twin}: {:.2} of {} pairs", number(&row[3]), row[2]));
        place += 240.0;
    }
    picture.assert_kept("together.svg");
}

#[test]
fn states() {
    let Some(answer) = answers::answer("Time in each state 1") else { return };
    let mut picture = Picture::new(220.0, "Hours online (2) and offline (1) of the day");
    let x = scale((0.0, 24.0), (120.0, 720.0));
    for hour in [0.0, 6.0, 12.0, 18.0, 24.0] {
        picture.line(&[(x(hour), 44.0), (x(hour), 180.0)], r##"stroke="#dfe3e8""##);
        picture.text(x(hour), 200.0, "middle", &format!("{hour}"));
    }
    for (twin, y) in STEPS.into_iter().zip([52.0, 96.0, 140.0]) {
        picture.text(112.0, y + 18.0, "end", twin);
        let mut from = 0.0;
        for (state, colour, ink) in [("2", COLOURS[0], "white"), ("1", "#9aa4af", "#1b1f24")] {
            let row = answer.rows.iter().find(|row| row[1] == twin && row[2] == state).unwrap();
            let hours = number(&row[3]);
            picture.bar(x(from), y, x(hours) - x(0.0), colour);
            picture.draw(&format!(
                r#"<text x="{:.1}" y="{:.1}" fill="{ink}">{hours:.1}</text>"#,
                x(from) + 6.0,
                y + 18.0
            ));
            from += hours;
        }
    }
    picture.assert_kept("states.svg");
}
