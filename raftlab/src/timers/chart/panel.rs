//! Lines, points and bars over two axes, and a key beside them.

use super::axis::{Axis, short};
use super::{Anchor, COLOURS, DASHES, Figure, Svg, WIDTH};

const LEFT: f64 = 90.0;
const RIGHT: f64 = 250.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 70.0;

/// What a series is drawn as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A line through its points.
    Line,
    /// Points, with their intervals.
    Points,
    /// A bar for each point, from the axis, of this many hundredths of the width of the panel.
    Bars(f64),
}

/// Numbers that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the key calls it.
    pub label: String,
    pub kind: Kind,
    /// Its colour and its pattern, by number.
    pub colour: usize,
    pub points: Vec<(f64, f64)>,
    /// For each point, if there are any: from where to where its 95 % interval reaches.
    pub intervals: Vec<(f64, f64)>,
}

/// Series over the same two axes.
#[derive(Clone, Debug)]
pub struct Panel {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub height: f64,
    pub series: Vec<Series>,
    /// A value of x that is pointed out, and what it is.
    pub mark: Option<(f64, String)>,
}

impl Figure for Panel {
    fn height(&self) -> f64 {
        self.height
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        let (right, bottom) = (WIDTH - RIGHT, top + self.height - BOTTOM);
        let (upper, middle) = (top + TOP, (LEFT + right) / 2.0);
        let x = |value: f64| LEFT + self.x.place(value) * (right - LEFT);
        let y = |value: f64| bottom - self.y.place(value) * (bottom - upper);

        let title = "font-size=\"19\" font-weight=\"bold\"";
        svg.text((LEFT, top + 28.0), Anchor::Start, title, &self.title);
        for tick in self.x.ticks() {
            svg.line((x(tick), upper), (x(tick), bottom), "stroke=\"#ddd\"");
            svg.text((x(tick), bottom + 22.0), Anchor::Middle, "", &short(tick));
        }
        for tick in self.y.ticks() {
            svg.line((LEFT, y(tick)), (right, y(tick)), "stroke=\"#ddd\"");
            svg.text((LEFT - 8.0, y(tick) + 5.5), Anchor::End, "", &short(tick));
        }
        let edge = "fill=\"none\" stroke=\"#000\"";
        svg.rect((LEFT, upper), (right - LEFT, bottom - upper), edge);
        svg.text((middle, bottom + 50.0), Anchor::Middle, "", &self.x.label);
        let turned = (20.0, (upper + bottom) / 2.0);
        let turn = format!("transform=\"rotate(-90 {:.1} {:.1})\"", turned.0, turned.1);
        svg.text(turned, Anchor::Middle, &turn, &self.y.label);

        if let Some((value, text)) = &self.mark {
            let stroke = "stroke=\"#000\" stroke-width=\"1.5\" stroke-dasharray=\"4 4\"";
            svg.line((x(*value), upper), (x(*value), bottom), stroke);
            let (anchor, dx) = match self.x.place(*value) < 0.7 {
                true => (Anchor::Start, 6.0),
                false => (Anchor::End, -6.0),
            };
            svg.text((x(*value) + dx, upper + 20.0), anchor, "", text);
        }
        for series in &self.series {
            series.draw(svg, bottom, right - LEFT, &x, &y);
        }
        self.key(svg, right + 16.0, upper + 10.0);
    }
}

impl Panel {
    fn key(&self, svg: &mut Svg, left: f64, top: f64) {
        let named = self.series.iter().filter(|series| !series.label.is_empty());
        for (row, series) in named.enumerate() {
            let y = top + 26.0 * row as f64;
            match series.kind {
                Kind::Line => svg.line((left, y), (left + 44.0, y), &series.stroke()),
                Kind::Points => svg.mark((left + 22.0, y), series.colour),
                Kind::Bars(_) => svg.rect((left + 12.0, y - 8.0), (20.0, 16.0), &series.fill()),
            }
            svg.text((left + 54.0, y + 5.5), Anchor::Start, "", &series.label);
        }
    }
}

impl Series {
    /// A line.
    pub fn line(label: impl Into<String>, colour: usize, points: Vec<(f64, f64)>) -> Series {
        Series {
            label: label.into(),
            kind: Kind::Line,
            colour,
            points,
            intervals: Vec::new(),
        }
    }

    fn stroke(&self) -> String {
        let (colour, dash) = (
            COLOURS[self.colour % COLOURS.len()],
            DASHES[self.colour % DASHES.len()],
        );
        format!("stroke=\"{colour}\" stroke-width=\"2.5\" stroke-dasharray=\"{dash}\"")
    }

    fn fill(&self) -> String {
        format!("fill=\"{}\"", COLOURS[self.colour % COLOURS.len()])
    }

    fn draw(
        &self,
        svg: &mut Svg,
        bottom: f64,
        width: f64,
        x: &dyn Fn(f64) -> f64,
        y: &dyn Fn(f64) -> f64,
    ) {
        for (&(at, _), &(low, high)) in self.points.iter().zip(&self.intervals) {
            let stroke = format!("stroke=\"{}\"", COLOURS[self.colour % COLOURS.len()]);
            svg.line(
                (x(at), y(low)),
                (x(at), y(high)),
                &format!("{stroke} stroke-width=\"2\""),
            );
        }
        let places = self.points.iter().map(|&(at, value)| (x(at), y(value)));
        match self.kind {
            Kind::Line => svg.path(&places.collect::<Vec<_>>(), &self.stroke()),
            Kind::Points => places.for_each(|at| svg.mark(at, self.colour)),
            Kind::Bars(percent) => {
                let bar = width * percent / 100.0;
                for (middle, top) in places {
                    svg.rect((middle - bar / 2.0, top), (bar, bottom - top), &self.fill());
                }
            }
        }
    }
}
