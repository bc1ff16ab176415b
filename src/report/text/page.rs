//! A page of plain text: wrapping with hanging indents, paint, and no hidden character whatever is put on it.

use crate::report::escape::{visible, visible_lines};
use crate::report::style::{Paint, Style};

/// The narrowest column of running text; a smaller terminal wraps by itself.
const NARROWEST: usize = 24;

/// Text under construction. Every string given to it is escaped here, so that no caller can forget to.
pub(super) struct Page<'s> {
    style: &'s Style,
    out: String,
}

impl<'s> Page<'s> {
    pub(super) fn new(style: &'s Style) -> Self {
        Self { style, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Whether characters outside ASCII are shown as they are.
    pub(super) fn unicode(&self) -> bool {
        self.style.unicode
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// An empty line and a heading that starts at the left edge.
    pub(super) fn heading(&mut self, paint: Paint, text: &str) {
        self.blank();
        self.hang(0, paint, "", 0, text);
    }

    /// A lead at `indent`, and beside it, from `column` on, text that wraps under itself. A lead too long for its
    /// column keeps its length and two blanks; the text then still wraps at `column`. An empty lead paints the text.
    pub(super) fn hang(&mut self, indent: usize, paint: Paint, lead: &str, column: usize, text: &str) {
        let lead = visible(lead, self.style.unicode);
        let text = visible(text, self.style.unicode);
        let lead_width = lead.chars().count();
        let reached = if lead_width == 0 { indent } else { indent + lead_width + 2 };
        let room = self.style.width.saturating_sub(column).max(NARROWEST);
        let first_room = room.saturating_sub(reached.saturating_sub(column));
        let lines = wrap(&text, first_room, room);
        self.pad(indent);
        self.out.push_str(&self.style.paint(paint, &lead));
        if lead_width > 0 && !text.is_empty() {
            self.pad(column.max(reached) - indent - lead_width);
        }
        let text_paint = if lead_width == 0 { paint } else { Paint::Plain };
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                self.pad(column);
            }
            self.out.push_str(&self.style.paint(text_paint, line));
            self.blank();
        }
    }

    /// One line that is never broken, because a blank inside it may belong to a value. Nothing for an empty text.
    pub(super) fn whole(&mut self, indent: usize, text: &str) {
        if !text.is_empty() {
            self.pad(indent);
            self.out.push_str(&visible(text, self.style.unicode));
            self.blank();
        }
    }

    /// Whether the texts fit into one line from `column` on, two blanks apart.
    pub(super) fn fits(&self, column: usize, texts: &[&str]) -> bool {
        let width = |text: &&str| visible(text, self.style.unicode).chars().count() + 2;
        column + texts.iter().map(width).sum::<usize>() <= self.style.width + 2
    }

    /// Text whose line breaks mean something, such as SQL: beside its lead, never wrapped, so that it can be copied.
    pub(super) fn verbatim(&mut self, indent: usize, lead: &str, column: usize, text: &str) {
        self.pad(indent);
        self.out.push_str(lead);
        let mut missing = column.saturating_sub(indent + lead.chars().count());
        for line in visible_lines(text, self.style.unicode) {
            self.pad(missing);
            self.out.push_str(&self.style.paint(Paint::Aside, &line));
            self.blank();
            missing = column;
        }
    }

    fn pad(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }
}

/// Breaks at blanks only: keys, hashes and addresses stay whole, even where they are longer than a line.
fn wrap(text: &str, first_room: usize, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        let limit = if lines.is_empty() { first_room } else { room };
        if used > 0 && used + 1 + width > limit {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 || !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize, write: impl Fn(&mut Page<'_>)) -> String {
        let style = Style { width, ..Style::default() };
        let mut page = Page::new(&style);
        write(&mut page);
        page.finish()
    }

    #[test]
    fn long_sentences_hang_under_their_own_start() {
        let text = page(40, |page| {
            page.hang(2, Paint::Plain, "why", 8, "one two three four five six seven eight nine")
        });
        assert_eq!(text, "  why   one two three four five six\n        seven eight nine\n");
    }

    #[test]
    fn a_long_lead_pushes_only_the_first_line() {
        let text = page(40, |page| {
            page.hang(0, Paint::Plain, "a_very_long_identifier", 6, "one two three four five six")
        });
        assert_eq!(text, "a_very_long_identifier  one two three\n      four five six\n");
    }

    #[test]
    fn a_long_word_is_never_cut() {
        let hash = "f".repeat(64);
        assert_eq!(
            page(40, |page| page.hang(0, Paint::Plain, "", 0, &format!("hash {hash} end"))),
            format!("hash\n{hash}\nend\n")
        );
    }

    #[test]
    fn nothing_put_on_the_page_can_start_a_line_or_a_colour() {
        let text = page(80, |page| {
            page.hang(0, Paint::Bad, "id\n", 4, "a\u{1b}[2Jb\nc");
            page.verbatim(2, "see", 7, "select 1\n;\u{1b}]0;x\u{7}");
        });
        assert_eq!(text, "id\\n  a\\u001B[2Jb\\nc\n  see  select 1\n       ;\\u001B]0;x\\u0007\n");
    }

    #[test]
    fn blanks_inside_a_value_are_kept() {
        assert_eq!(wrap("k='a  b'", 80, 80), ["k='a  b'"]);
    }

    #[test]
    fn colour_adds_codes_and_changes_no_character() {
        let colour = Style { colour: true, ..Style::default() };
        let mut page = Page::new(&colour);
        page.hang(0, Paint::Bad, "CLOSED", 8, "why");
        let painted = page.finish();
        assert!(painted.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), "CLOSED  why\n");
    }
}
