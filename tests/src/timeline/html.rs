//! The page: one file with everything in it, that asks nobody for anything.

use std::io::{self, Write};

use super::model::Timeline;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// The scripts share one scope, and say in it what the next ones use: their order counts.
const SCRIPT: &str = concat!(
    include_str!("page/times.js"),
    include_str!("page/run.js"),
    include_str!("page/view.js"),
    include_str!("page/colours.js"),
    include_str!("page/glyphs.js"),
    include_str!("page/layout.js"),
    include_str!("page/lanes.js"),
    include_str!("page/messages.js"),
    include_str!("page/picture.js"),
    include_str!("page/overview.js"),
    include_str!("page/items.js"),
    include_str!("page/details.js"),
    include_str!("page/legend.js"),
    include_str!("page/play.js"),
    include_str!("page/predict.js"),
    include_str!("page/table.js"),
    include_str!("page/link.js"),
    include_str!("page/keys.js"),
    include_str!("page/pointer.js"),
    include_str!("page/start.js"),
);

/// Writes the page that shows this timeline.
///
/// # Errors
///
/// Those of `to`.
pub fn html(timeline: &Timeline, mut to: impl Write) -> io::Result<()> {
    let mut rest = PAGE;
    // What is put in is not looked through again: it may hold anything.
    while let Some((before, name, after)) = placeholder(rest) {
        to.write_all(before.as_bytes())?;
        match name {
            "TITLE" => to.write_all(escaped(&title(timeline)).as_bytes())?,
            "STYLE" => to.write_all(STYLE.as_bytes())?,
            "SCRIPT" => to.write_all(SCRIPT.as_bytes())?,
            "DATA" => serde_json::to_writer(InScript(&mut to), timeline)?,
            _ => write!(to, "/*{name}*/")?,
        }
        rest = after;
    }
    to.write_all(rest.as_bytes())?;
    to.flush()
}

/// What stands before the first `/*NAME*/`, the name, and what stands after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("/*")?;
    let (name, after) = rest.split_once("*/")?;
    Some((before, name, after))
}

fn title(timeline: &Timeline) -> String {
    format!("{}, seed {}", timeline.run, timeline.seed)
}

/// Text as it may stand in HTML, or in SVG.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML knows no other control characters.
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// JSON as it may stand in a script element: `<` occurs in its strings only, and is written so
/// that no tag can begin. Findings hold what a student's panic says.
struct InScript<W>(W);

impl<W: Write> Write for InScript<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut parts = bytes.split(|&byte| byte == b'<');
        if let Some(first) = parts.next() {
            self.0.write_all(first)?;
        }
        for part in parts {
            self.0.write_all(b"\\u003c")?;
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_everything_and_nothing_can_break_out_of_it() {
        let evil = "</script><script>alert(1)</script> /*STYLE*/ <!-- & \"quoted\"";
        let header = labrpc::Header {
            trace: labrpc::Header::VERSION,
            run: evil.to_string(),
            seed: 7,
            servers: 1,
            about: evil.to_string(),
        };
        let timeline = super::super::read(&header, &[]);
        let mut page = Vec::new();
        html(&timeline, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(!page.contains("alert(1)</script>"), "{page}");
        let data = page.split_once("type=\"application/json\">").unwrap().1;
        let data = data.split_once("</script>").unwrap().0;
        let read: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(read["run"], evil);
        assert!(page.contains("&lt;/script&gt;"));
        assert!(page.contains(STYLE) && page.contains(SCRIPT));
        assert!(!page.contains("/*DATA*/") && !page.contains("/*TITLE*/"));
    }
    #[test]
    fn the_page_says_in_which_order_its_scripts_are() {
        let names = PAGE.split_once("their order is:\n").unwrap().1;
        let names = names.split_once('.').unwrap().0.split_whitespace();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/timeline/page");
        let mut scripts = String::new();
        for name in names {
            scripts += &std::fs::read_to_string(format!("{folder}/{name}.js")).unwrap();
        }
        assert!(SCRIPT == scripts);
    }
}
