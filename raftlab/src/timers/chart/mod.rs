//! Charts as SVG: for slides, so in large type; for everybody, so in Okabe's and Ito's colours, with a
//! pattern of dashes or a shape beside each colour, and a title that a screen reader finds.
//!
//! The same numbers make the same bytes. Written here because a plotting library costs a student's
//! first build more than these files do, and places its text without knowing how wide it will be;
//! here text stands where there is room for it.

mod axis;
mod grid;
mod panel;

use std::fmt::Write;

use suite::timeline::escaped;

pub use axis::{Axis, short};
pub use grid::{Cell, Grid};
pub use panel::{Kind, Panel, Series};

/// The width of a chart, in pixels.
pub const WIDTH: f64 = 1000.0;

/// The height of a line of its caption.
const CAPTION: f64 = 20.0;

/// Okabe's and Ito's colours, less black, which is for text, and yellow, which is faint on white.
pub const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00",
];

/// A pattern for each colour.
pub const DASHES: [&str; 6] = ["", "9 4", "2 3", "12 3 2 3", "5 5", "16 4"];

/// Something that takes a part of a chart's height.
pub trait Figure {
    /// How much, in pixels.
    fn height(&self) -> f64;
    /// Draws it, with its upper edge at this height.
    fn draw(&self, svg: &mut Svg, top: f64);
}

/// A whole chart, but for its caption.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// For screen readers.
    title: String,
    /// Of the figures, in pixels.
    height: f64,
    body: String,
}

/// Draws these figures below one another. `title` is for screen readers.
pub fn draw(title: &str, figures: &[&dyn Figure]) -> Chart {
    let mut svg = Svg::default();
    let mut top = 0.0;
    for figure in figures {
        figure.draw(&mut svg, top);
        top += figure.height();
    }
    Chart {
        title: title.to_string(),
        height: top,
        body: svg.body,
    }
}

impl Chart {
    /// As SVG, with these lines below it: on a slide nothing else says where its numbers come from.
    pub fn svg(&self, caption: &[String]) -> String {
        let mut svg = Svg::default();
        let look = "font-size=\"13\" fill=\"#444\"";
        for (line, text) in caption.iter().enumerate() {
            let y = self.height + CAPTION * (line as f64 + 0.5);
            svg.text((20.0, y), Anchor::Start, look, text);
        }
        let height = self.height + CAPTION * caption.len() as f64;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"16\">\n\
             <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}{}</svg>\n",
            escaped(&self.title),
            self.body,
            svg.body
        )
    }
}

/// What is drawn, piece by piece.
#[derive(Default)]
pub struct Svg {
    body: String,
}

/// Where a text stands, seen from its place.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

impl Svg {
    /// A text, with further attributes.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, more: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {more}>{text}</text>"
        );
    }

    /// A straight line.
    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {stroke}/>"
        );
    }

    /// A line from point to point.
    pub fn path(&mut self, points: &[(f64, f64)], stroke: &str) {
        let _ = write!(self.body, "<polyline fill=\"none\" {stroke} points=\"");
        for (i, (x, y)) in points.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            let _ = write!(self.body, "{space}{x:.1},{y:.1}");
        }
        self.body.push_str("\"/>\n");
    }

    /// A rectangle.
    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {fill}/>"
        );
    }

    /// A point, in the shape that belongs to the colour of this number.
    pub fn mark(&mut self, (x, y): (f64, f64), colour: usize) {
        let fill = COLOURS[colour % COLOURS.len()];
        let at = |dx: f64, dy: f64| format!("{:.1},{:.1}", x + dx, y + dy);
        let points = match colour % 3 {
            0 => {
                let _ = writeln!(
                    self.body,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{fill}\"/>"
                );
                return;
            }
            1 => [at(-4.5, -4.5), at(4.5, -4.5), at(4.5, 4.5), at(-4.5, 4.5)],
            _ => [at(0.0, -6.0), at(6.0, 0.0), at(0.0, 6.0), at(-6.0, 0.0)],
        };
        let _ = writeln!(
            self.body,
            "<polygon points=\"{}\" fill=\"{fill}\"/>",
            points.join(" ")
        );
    }
}
