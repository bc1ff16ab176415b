//! Pieces of a page. Text enters it only through [`text`] and its like, which leave nothing in it that HTML would read.

use crate::report::escape;

/// Well-formed HTML.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Markup(String);

impl Markup {
    pub(in crate::report) fn into_string(self) -> String {
        self.0
    }

    /// Puts another piece behind this one.
    pub(in crate::report) fn and(mut self, more: Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    pub(in crate::report) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Markup> for Markup {
    fn from_iter<I: IntoIterator<Item = Markup>>(pieces: I) -> Self {
        pieces.into_iter().fold(Self::default(), Self::and)
    }
}

/// HTML that this program itself holds.
pub(in crate::report) fn fixed(html: &'static str) -> Markup {
    Markup(html.to_owned())
}

/// Text on one line, with what cannot be seen made visible.
pub(in crate::report) fn text(text: &str) -> Markup {
    Markup(entities(&escape::visible(text, true)))
}

/// Text that keeps its line breaks, such as SQL.
pub(in crate::report) fn lines(text: &str) -> Markup {
    let all: Vec<String> = escape::visible_lines(text, true).map(|line| entities(&line)).collect();
    Markup(all.join("\n"))
}

/// An element. Names and attributes are this program's own; values of attributes may be anything.
pub(in crate::report) fn element(
    name: &'static str,
    attributes: &[(&'static str, &str)],
    inside: Markup,
) -> Markup {
    let mut out = format!("<{name}");
    for (attribute, value) in attributes {
        out.push_str(&format!(" {attribute}=\"{}\"", entities(&escape::visible(value, true))));
    }
    out.push('>');
    out.push_str(&inside.0);
    out.push_str(&format!("</{name}>"));
    if !matches!(name, "a" | "code" | "span" | "strong" | "td" | "th" | "title") {
        out.push('\n');
    }
    Markup(out)
}

/// An element without attributes around a text.
pub(in crate::report) fn simple(name: &'static str, inside: &str) -> Markup {
    element(name, &[], text(inside))
}

/// A value to be read letter by letter.
pub(in crate::report) fn code(value: &str) -> Markup {
    simple("code", value)
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

/// A table: the first cell of a row is its header. It can be scrolled by itself where it is wider than the screen.
pub(in crate::report) fn table(caption: &str, head: &[&str], rows: Vec<Vec<Markup>>) -> Markup {
    if rows.is_empty() {
        return Markup::default();
    }
    let titles = head.iter().map(|title| element("th", &[("scope", "col")], text(title))).collect();
    let body = rows.into_iter().map(|row| {
        let cells = row.into_iter().enumerate().map(|(at, cell)| match at {
            0 => element("th", &[("scope", "row")], cell),
            _ => element("td", &[], cell),
        });
        element("tr", &[], cells.collect())
    });
    let inside = simple("caption", caption)
        .and(element("thead", &[], element("tr", &[], titles)))
        .and(element("tbody", &[], body.collect()));
    // Two or three columns fit on any screen.
    let class = if head.len() > 3 { "scroll" } else { "scroll few" };
    let attributes = [("class", class), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)];
    element("div", &attributes, element("table", &[], inside))
}

/// Names and values.
pub(in crate::report) fn pairs(all: Vec<(&str, Markup)>) -> Markup {
    let one = |(name, value): (&str, Markup)| {
        element("div", &[], simple("dt", name).and(element("dd", &[], value)))
    };
    element("dl", &[], all.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn no_text_is_markup() {
        for value in fixture::HOSTILE {
            for piece in
                [text(value), lines(value), code(value), element("p", &[("title", value)], text(value))]
            {
                let html = piece.into_string();
                let inside = html.trim_start_matches("<code>").trim_end_matches("</code>");
                let inside = inside
                    .trim_start_matches("<p title=\"")
                    .trim_end_matches("</p>\n")
                    .replacen("\">", "", 1);
                assert!(!inside.contains(['<', '>', '"', '\'', '\x1b', '\u{202e}']), "{html}");
            }
        }
    }
}
