//! The lines of Figure 16, and what others found.

use std::time::Duration;

use raftapi::Timing;

/// A line of the figure: its election timeout, in ms, and what others found.
pub struct Line {
    pub min: u64,
    pub max: u64,
    pub paper: Quoted,
    pub model: Quoted,
}

/// Median, mean, p99 and maximum, in ms, as far as they are known.
#[derive(Clone, Copy)]
pub struct Quoted {
    pub median: Option<f64>,
    pub mean: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

/// The paper's numbers are those of the data behind its figure, 1000 trials a line; 'model' is an
/// independent simulation of the election alone, 100,000 trials a line, whose maximum nobody noted. 0 is
/// what is not known.
pub const LINES: [Line; 10] = [
    line(150, 150, [41_000, 55_000, 0, 528_000], [0; 3]),
    line(150, 151, [1199, 1537, 6013, 8232], [1210, 1510, 5264]),
    line(150, 155, [287, 345, 1242, 2143], [287, 362, 1312]),
    line(150, 175, [141, 164, 467, 610], [141, 162, 467]),
    line(150, 200, [146, 156, 352, 513], [146, 154, 351]),
    line(150, 300, [171, 181, 415, 603], [173, 180, 365]),
    line(12, 24, [30, 35, 87, 152], [30, 35, 93]),
    line(25, 50, [43, 48, 119, 276], [42, 47, 116]),
    line(50, 100, [67, 71, 169, 253], [68, 73, 164]),
    line(100, 200, [120, 126, 277, 335], [120, 126, 273]),
];

const fn line(min: u64, max: u64, paper: [u32; 4], model: [u32; 3]) -> Line {
    let [median, mean, p99] = model;
    Line {
        min,
        max,
        paper: quoted(paper),
        model: quoted([median, mean, p99, 0]),
    }
}

const fn quoted([median, mean, p99, max]: [u32; 4]) -> Quoted {
    const fn known(value: u32) -> Option<f64> {
        if value == 0 { None } else { Some(value as f64) }
    }
    Quoted {
        median: known(median),
        mean: known(mean),
        p99: known(p99),
        max: known(max),
    }
}

impl Line {
    /// Its name, in ms: `150-300`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.min, self.max)
    }

    /// Its heartbeat interval is half the shortest timeout.
    pub fn timing(&self) -> Timing {
        let ms = Duration::from_millis;
        Timing::unchecked(ms(self.min) / 2, ms(self.min), ms(self.max))
    }
}
