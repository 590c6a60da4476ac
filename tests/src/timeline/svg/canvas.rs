//! The elements of a drawing, and which places are taken by text.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::colour;
use crate::timeline::escaped;

/// Where a text stands from its point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
}

/// The elements so far.
#[derive(Default)]
pub struct Canvas {
    elements: String,
    /// Texts lie above all else: arrows cross the places where they stand.
    texts: String,
    taken: Vec<Box>,
}

/// A place that is taken: left, top, right, bottom.
#[derive(Clone, Copy)]
struct Box(f64, f64, f64, f64);

impl Box {
    fn meets(self, other: Box) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }

    fn of_text(x: f64, y: f64, text: &str, anchor: Anchor, size: f64) -> Box {
        let width = text_width(text, size);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
        };
        Box(
            left - 2.0,
            y - size * 0.85,
            left + width + 2.0,
            y + size * 0.25,
        )
    }
}

/// About how wide a text is: nobody measures fonts here.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.52
}

pub fn clipped(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// A text in lines of about this length.
pub fn wrapped(text: &str, length: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.len() + word.len() >= length {
            lines.push(clipped(word, length));
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(&clipped(word, length));
        }
    }
    lines
}

impl Canvas {
    /// An element, as it stands in the file.
    pub fn raw(&mut self, element: &str) {
        self.elements.push_str(element);
        self.elements.push('\n');
    }

    pub fn line(
        &mut self,
        (x1, y1): (f64, f64),
        (x2, y2): (f64, f64),
        stroke: &str,
        width: f64,
        dashes: &str,
    ) {
        let _ = write!(
            self.elements,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}" stroke-width="{width}""#
        );
        if !dashes.is_empty() {
            let _ = write!(self.elements, r#" stroke-dasharray="{dashes}""#);
        }
        self.elements.push_str("/>\n");
    }

    /// What is drawn until [`Canvas::end_titled`] tells this to who points at it.
    pub fn begin_titled(&mut self, title: &str) {
        self.raw(&format!("<g><title>{}</title>", escaped(title)));
    }

    pub fn end_titled(&mut self) {
        self.raw("</g>");
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], attributes: &str) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let points = points.join(" ");
        self.raw(&format!(r#"<polygon points="{points}" {attributes}/>"#));
    }

    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, attributes: &str) {
        let width = width.max(0.0);
        self.raw(&format!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" {attributes}/>"#
        ));
    }

    pub fn circle(&mut self, x: f64, y: f64, r: f64, attributes: &str) {
        self.raw(&format!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" {attributes}/>"#
        ));
    }

    /// A text with a white edge, so that lines below it do not spoil it.
    pub fn text(&mut self, x: f64, y: f64, text: &str, anchor: Anchor, size: f64, fill: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
        };
        let _ = writeln!(
            self.texts,
            r#"<text class="t" x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{}</text>"#,
            escaped(text)
        );
    }

    /// A text on ground of this colour, which its edge has as well.
    pub fn text_on(&mut self, (x, y): (f64, f64), text: &str, size: f64, fill: &str, ground: &str) {
        let _ = writeln!(
            self.texts,
            r#"<text class="t" x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="middle" fill="{fill}" style="stroke: {ground}">{}</text>"#,
            escaped(text)
        );
    }

    pub fn bold(&mut self, x: f64, y: f64, text: &str, size: f64) {
        let ink = colour::INK;
        let _ = writeln!(
            self.texts,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" font-weight="600" fill="{ink}">{}</text>"#,
            escaped(text)
        );
    }

    /// A text at the first of these places that is free. Whether there was one; else it is left out.
    pub fn label(
        &mut self,
        places: &[(f64, f64)],
        text: &str,
        anchor: Anchor,
        size: f64,
        fill: &str,
    ) -> bool {
        let place = places.iter().copied().find_map(|(x, y)| {
            let place = Box::of_text(x, y, text, anchor, size);
            let free =
                place.2 <= super::WIDTH - 8.0 && self.taken.iter().all(|taken| !taken.meets(place));
            free.then_some((x, y, place))
        });
        let Some((x, y, place)) = place else {
            return false;
        };
        self.taken.push(place);
        self.text(x, y, text, anchor, size, fill);
        true
    }

    /// Keeps labels away from here.
    pub fn keep_free(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.taken.push(Box(x, y, x + width, y + height));
    }

    /// A cross: something ends here.
    pub fn cross(&mut self, x: f64, y: f64, size: f64, stroke: &str, width: f64) {
        for side in [-1.0, 1.0] {
            let (from, to) = ((x - size, y - size * side), (x + size, y + size * side));
            self.line(from, to, "white", width + 2.0, "");
            self.line(from, to, stroke, width, "");
        }
    }

    /// Where a rule broke.
    pub fn pin(&mut self, x: f64, y: f64) {
        let red = colour::VERMILLION;
        let attributes = format!(r##"fill="white" stroke="{red}" stroke-width="3""##);
        self.circle(x, y, 13.0, &attributes);
        self.text(x, y + 6.0, "!", Anchor::Middle, 18.0, red);
    }

    pub fn write(&self, width: f64, height: f64, to: &mut impl Write) -> io::Result<()> {
        writeln!(
            to,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0}" width="{width}" height="{height:.0}" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif">"#
        )?;
        writeln!(
            to,
            "<style>.t {{ paint-order: stroke; stroke: white; stroke-width: 3px; stroke-linejoin: round; }}</style>"
        )?;
        to.write_all(super::legend::patterns().as_bytes())?;
        writeln!(to, r#"<rect width="100%" height="100%" fill="white"/>"#)?;
        to.write_all(self.elements.as_bytes())?;
        to.write_all(self.texts.as_bytes())?;
        writeln!(to, "</svg>")?;
        to.flush()
    }
}
