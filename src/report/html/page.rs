//! What every page has in common: one file that loads and runs nothing, a look, and a list of contents.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::markup::{Markup, element, simple, text};

/// The one style. The page allows itself nothing else, by the digest of it.
pub(super) const STYLE: &str = include_str!("style.css");

/// A part of a page: its anchor, its title, and what it says. One that says nothing is left out.
pub(in crate::report) type Part = (&'static str, &'static str, Markup);

/// A whole page.
pub(in crate::report) fn page(title: &str, headline: Markup, parts: Vec<Part>, last: &str) -> String {
    let parts: Vec<Part> = parts.into_iter().filter(|(_, _, body)| !body.is_empty()).collect();
    let entry = |(id, title, _): &Part| {
        let short = title.split(':').next().unwrap_or(title);
        element("li", &[], element("a", &[("href", &format!("#{id}"))], text(short)))
    };
    let contents = match parts.is_empty() {
        true => Markup::default(),
        false => element(
            "nav",
            &[("aria-label", "Contents")],
            element("ul", &[], parts.iter().map(entry).collect()),
        ),
    };
    let head = element("header", &[], headline.and(contents));
    let body = parts.into_iter().map(|(id, title, body)| {
        let heading = element("h2", &[("id", id)], text(title));
        element("section", &[("aria-labelledby", id)], heading.and(body))
    });
    let main = element("main", &[], body.collect());
    let all = head.and(main).and(element("footer", &[], simple("p", last)));
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         {}\n<style>{STYLE}</style>\n</head>\n{}</html>\n",
        simple("title", title).into_string(),
        element("body", &[], all).into_string(),
    )
}

/// The first thing on a page: one word, what it means, and what else must be known at once.
pub(in crate::report) fn standing(open: bool, word: &str, more: Markup) -> Markup {
    let class = if open { "standing open" } else { "standing closed" };
    element("div", &[("class", class)], element("p", &[("class", "word")], text(word)).and(more))
}
