//! A figure over time as a drawing in the page, with the same in words and in a table for those who cannot see it.

use super::model::{Chart, ChartPoint};
use crate::report::html::markup::{Markup, element, simple, table, text};

/// The drawing in units of its own; it is scaled to the page.
const WIDE: i64 = 360;
const HIGH: i64 = 170;
/// Where the figures are drawn in it.
const LEFT: i64 = 8;
const RIGHT: i64 = 352;
const TOP: i64 = 24;
const BOTTOM: i64 = 144;

/// Points in the table under it, the latest ones.
const LISTED: usize = 24;

/// The chart with its words and its table.
pub(super) fn chart(number: usize, chart: &Chart) -> Markup {
    let words = simple("p", &chart.words);
    let rows = chart.points.iter().rev().take(LISTED).map(|point| vec![text(&point.day), text(&point.shown)]);
    let list = table(&format!("{}, in figures", chart.title), &["day", "figure"], rows.collect());
    let drawn = if chart.points.len() > 1 { drawing(number, chart) } else { Markup::default() };
    element("article", &[], simple("h3", &chart.title).and(words).and(drawn).and(list))
}

/// Where a value stands between two others, on a line; whole units do.
fn place(value: i128, (low, high): (i128, i128), (from, to): (i64, i64)) -> i64 {
    let part = (value - low).clamp(0, (high - low).max(0));
    let along = part * i128::from(to - from) / (high - low).max(1);
    from + i64::try_from(along).unwrap_or_default()
}

fn drawing(number: usize, chart: &Chart) -> Markup {
    let most = chart.points.iter().map(|point| point.value).max().unwrap_or_default();
    let ends = chart.trend.map_or(0, |(first, last)| first.max(last));
    // A limit far above the figures would press them to the ground; it is told in words then.
    let limit = chart.limit.as_ref().filter(|(limit, _)| *limit / 3 <= most);
    let top = most.max(ends).max(limit.map_or(0, |(limit, _)| *limit)).max(1);
    let (Some(first), Some(last)) = (chart.points.first(), chart.points.last()) else {
        return Markup::default();
    };
    let x = |point: &ChartPoint| {
        place(point.second.into(), (first.second.into(), last.second.into()), (LEFT, RIGHT)).to_string()
    };
    let y = |value: u64| place(value.into(), (0, top.into()), (BOTTOM, TOP)).to_string();
    let line = |class: &str, (x1, y1): (&str, &str), (x2, y2): (&str, &str)| {
        element(
            "line",
            &[("class", class), ("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)],
            Markup::default(),
        )
    };
    let label = |class: &str, x: i64, y: &str, said: &str| {
        element("text", &[("class", class), ("x", &x.to_string()), ("y", y)], text(said))
    };
    let (left, right, bottom) = (LEFT.to_string(), RIGHT.to_string(), BOTTOM.to_string());
    let mut all = line("axis", (&left, &bottom), (&right, &bottom));
    if let Some((limit, words)) = limit {
        let at = y(*limit);
        all = all.and(line("limit", (&left, &at), (&right, &at)));
        let above = (at.parse::<i64>().unwrap_or(TOP) - 5).to_string();
        all = all.and(label("limit", LEFT, &above, &format!("limit {words}")));
    }
    if let Some((from, to)) = chart.trend {
        all = all.and(line("trend", (&left, &y(from)), (&right, &y(to))));
    }
    let along: Vec<String> =
        chart.points.iter().map(|point| format!("{},{}", x(point), y(point.value))).collect();
    all = all.and(element("polyline", &[("class", "line"), ("points", &along.join(" "))], Markup::default()));
    let dot = |point: &ChartPoint| {
        let at = [("class", "dot"), ("cx", &x(point)), ("cy", &y(point.value)), ("r", "3")];
        element("circle", &at, Markup::default())
    };
    all = all.and(chart.points.iter().map(dot).collect());
    let under = (BOTTOM + 18).to_string();
    all = all.and(label("day", LEFT, &under, &first.day)).and(label("day end", RIGHT, &under, &last.day));
    let beside = if limit.is_some_and(|(limit, _)| *limit >= most) { BOTTOM - 6 } else { TOP - 6 };
    let shown = chart.points.iter().max_by_key(|point| point.value).map_or("", |point| point.shown.as_str());
    all = all.and(label("most end", RIGHT, &beside.to_string(), &format!("at most {shown}")));
    let (title, told) = (format!("chart-{number}-title"), format!("chart-{number}-words"));
    let said = format!(
        "{} points from {}, {}, to {}, {}; at most {shown}. {}",
        chart.points.len(),
        first.day,
        first.shown,
        last.day,
        last.shown,
        chart.words
    );
    let named = element("title", &[("id", &title)], text(&chart.title)).and(element(
        "desc",
        &[("id", &told)],
        text(&said),
    ));
    let attributes = [
        ("class", "chart"),
        ("viewBox", &*format!("0 0 {WIDE} {HIGH}")),
        ("role", "img"),
        ("aria-labelledby", &*format!("{title} {told}")),
    ];
    element("svg", &attributes, named.and(all))
}
