//! A heat map: a table whose cells are coloured by their values, and say them, too.

use super::{Anchor, Figure, Svg, WIDTH};

const LEFT: f64 = 220.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 90.0;
const BOTTOM: f64 = 60.0;
const ROW: f64 = 58.0;

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// 0, the lightest, to 1, the darkest.
    pub shade: f64,
    /// What is written in it, in one line or two.
    pub lines: Vec<String>,
}

/// A table of cells.
#[derive(Clone, Debug)]
pub struct Grid {
    pub title: String,
    /// What the columns are, and then each one's name.
    pub columns: (String, Vec<String>),
    /// Each row's name, and its cells.
    pub rows: Vec<(String, Vec<Cell>)>,
    /// What the cells say, in one line or two.
    pub below: String,
}

impl Grid {
    /// Results as rows: those of one name that stand together are one.
    pub fn rows<T>(
        results: &[T],
        name: impl Fn(&T) -> String,
        cell: impl Fn(&T) -> Cell,
    ) -> Vec<(String, Vec<Cell>)> {
        let rows = results.chunk_by(|a, b| name(a) == name(b));
        rows.map(|row| (name(&row[0]), row.iter().map(&cell).collect()))
            .collect()
    }
}

impl Figure for Grid {
    fn height(&self) -> f64 {
        TOP + ROW * self.rows.len() as f64 + BOTTOM
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        let (what, names) = &self.columns;
        let column = (WIDTH - LEFT - RIGHT) / names.len().max(1) as f64;
        let title = "font-size=\"19\" font-weight=\"bold\"";
        svg.text((20.0, top + 28.0), Anchor::Start, title, &self.title);
        svg.text((LEFT - 14.0, top + TOP - 14.0), Anchor::End, "", what);
        for (i, name) in names.iter().enumerate() {
            let middle = LEFT + column * (i as f64 + 0.5);
            svg.text((middle, top + TOP - 14.0), Anchor::Middle, "", name);
        }
        for (row, (name, cells)) in self.rows.iter().enumerate() {
            let y = top + TOP + ROW * row as f64;
            let middle = y + ROW / 2.0;
            svg.text((LEFT - 14.0, middle + 5.5), Anchor::End, "", name);
            for (i, cell) in cells.iter().enumerate() {
                let x = LEFT + column * i as f64;
                let fill = format!("fill=\"{}\" stroke=\"#fff\"", colour(cell.shade));
                svg.rect((x, y), (column, ROW), &fill);
                let ink = if cell.shade > 0.7 { "#fff" } else { "#000" };
                let first = middle + 5.5 - 10.0 * (cell.lines.len() as f64 - 1.0);
                for (line, text) in cell.lines.iter().enumerate() {
                    let size = if line == 0 { 16 } else { 14 };
                    let look = format!("fill=\"{ink}\" font-size=\"{size}\"");
                    let at = (x + column / 2.0, first + 20.0 * line as f64);
                    svg.text(at, Anchor::Middle, &look, text);
                }
            }
        }
        let below = top + self.height() - BOTTOM + 30.0;
        for (line, text) in self.below.lines().enumerate() {
            let at = (20.0, below + 20.0 * line as f64);
            svg.text(at, Anchor::Start, "font-size=\"14\"", text);
        }
    }
}

/// From near white to Okabe's and Ito's blue: lightness alone tells more from less.
fn colour(shade: f64) -> String {
    let shade = shade.clamp(0.0, 1.0);
    let mix = |from: f64, to: f64| (from + (to - from) * shade).round() as u8;
    let (red, green, blue) = (mix(240.0, 0.0), mix(246.0, 78.0), mix(250.0, 128.0));
    format!("#{red:02x}{green:02x}{blue:02x}")
}
