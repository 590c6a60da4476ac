//! What an experiment found: for a terminal, as CSV, and as a page of its own.

use std::fmt::Write;

use suite::timeline::escaped;

use super::chart::Chart;

/// What an experiment found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub title: String,
    /// What was done, in paragraphs.
    pub done: Vec<String>,
    /// The results, for people.
    pub tables: Vec<Table>,
    /// What is to be said of them, in sentences.
    pub remarks: Vec<String>,
    /// The results, for programs: one table, numbers without units, units in its headings.
    pub csv: Table,
    pub chart: Chart,
    /// What the chart's numbers stand on, in lines; an experiment leaves it empty, who plays it knows.
    pub caption: Vec<String>,
}

/// A table; its headings may have several lines.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub caption: String,
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(caption: &str, headings: &[&str]) -> Table {
        Table {
            caption: caption.to_string(),
            headings: headings.iter().map(|text| text.to_string()).collect(),
            rows: Vec::new(),
        }
    }

    /// Aligned: the first column to the left, numbers to the right.
    fn text(&self) -> String {
        let lines = self.headings.iter().map(|text| text.lines().count()).max();
        let lines = lines.unwrap_or(0);
        // A heading of fewer lines stands at the bottom.
        let heading = |line: usize| -> Vec<String> {
            let part = |text: &String| {
                let missing = lines - text.lines().count();
                let line = line.checked_sub(missing);
                let part = line.and_then(|line| text.lines().nth(line));
                part.unwrap_or("").to_string()
            };
            self.headings.iter().map(part).collect()
        };
        let all: Vec<Vec<String>> = (0..lines)
            .map(heading)
            .chain(self.rows.iter().cloned())
            .collect();
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| {
                let cells = all.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        if !self.caption.is_empty() {
            let _ = writeln!(out, "{}", self.caption);
        }
        for row in &all {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 => write!(line, "{cell:<width$}"),
                    _ => write!(line, "  {cell:>width$}"),
                };
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }

    fn csv(&self) -> String {
        let quoted = |cell: &String| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        let mut out = String::new();
        for row in std::iter::once(&self.headings).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(quoted).collect();
            let _ = writeln!(out, "{}", cells.join(","));
        }
        out
    }

    fn html(&self) -> String {
        let mut out = String::from("<table>\n");
        if !self.caption.is_empty() {
            let _ = writeln!(out, "<caption>{}</caption>", escaped(&self.caption));
        }
        let row = |out: &mut String, tag: &str, cells: &[String]| {
            out.push_str("<tr>");
            for (column, cell) in cells.iter().enumerate() {
                let (tag, scope) = match (tag, column) {
                    ("th", _) => ("th", " scope=\"col\""),
                    (_, 0) => ("th", " scope=\"row\""),
                    _ => ("td", ""),
                };
                let cell = escaped(cell).replace('\n', "<br>");
                let _ = write!(out, "<{tag}{scope}>{cell}</{tag}>");
            }
            out.push_str("</tr>\n");
        };
        row(&mut out, "th", &self.headings);
        for cells in &self.rows {
            row(&mut out, "td", cells);
        }
        out + "</table>\n"
    }
}

const STYLE: &str = "body{font:17px/1.5 Helvetica,Arial,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;\
    color:#111;background:#fff}table{border-collapse:collapse;margin:1.5em 0;font-variant-numeric:tabular-nums;\
    display:block;overflow-x:auto}caption{text-align:left;font-weight:bold;padding-bottom:.4em}\
    th,td{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}\
    td:not(:last-child){white-space:nowrap}th:first-child{text-align:left}figure{margin:1.5em 0}svg{max-width:100%;height:auto}\
    pre{background:#f3f3f3;padding:.7em;white-space:pre-wrap;overflow-wrap:anywhere}\
    @media print{body{font-size:11px;max-width:none;margin:0;padding:0}table{display:table;overflow:visible}\
    th,td{padding:.15em .4em}td:not(:last-child){white-space:normal}tr{break-inside:avoid}}";

impl Report {
    /// For a terminal. `command` does it all again.
    pub fn text(&self, command: &str) -> String {
        let mut out = format!("{}\n\n", self.title);
        for paragraph in &self.done {
            let _ = writeln!(out, "{}\n", wrap(paragraph));
        }
        for table in &self.tables {
            let _ = writeln!(out, "{}", table.text());
        }
        for remark in &self.remarks {
            let _ = writeln!(out, "{}", wrap(remark));
        }
        let _ = writeln!(out, "again: {command}");
        out
    }

    /// One table, without units.
    pub fn csv(&self) -> String {
        self.csv.csv()
    }

    /// The chart, with its caption.
    pub fn svg(&self) -> String {
        self.chart.svg(&self.caption)
    }

    /// A page that needs nothing else.
    pub fn html(&self, command: &str) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        for paragraph in &self.done {
            let _ = writeln!(out, "<p>{}</p>", escaped(paragraph));
        }
        let _ = writeln!(out, "<figure>\n{}</figure>", self.svg());
        for remark in &self.remarks {
            let _ = writeln!(out, "<p>{}</p>", escaped(remark));
        }
        for table in &self.tables {
            out.push_str(&table.html());
        }
        let command = escaped(command);
        let _ = writeln!(out, "<p>Again:</p>\n<pre>{command}</pre>\n</body>\n</html>");
        out
    }
}

/// Breaks a paragraph into lines for a terminal.
fn wrap(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut out = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("a < b", &["timeout\nms", "share"]);
        table.rows = vec![
            vec!["150-300".to_string(), "1".to_string()],
            vec!["a, \"b\"".to_string(), "12345.6".to_string()],
        ];
        table
    }

    #[test]
    fn a_table_is_aligned_for_people() {
        let text = "a < b\ntimeout\nms         share\n150-300        1\na, \"b\"   12345.6\n";
        assert_eq!(table().text(), text);
    }

    #[test]
    fn a_table_is_quoted_for_programs() {
        let csv = "\"timeout\nms\",share\n150-300,1\n\"a, \"\"b\"\"\",12345.6\n";
        assert_eq!(table().csv(), csv);
    }

    #[test]
    fn a_page_escapes_what_it_says() {
        let report = Report {
            title: "a & b".to_string(),
            tables: vec![table()],
            ..Report::default()
        };
        let html = report.html("lab <x>");
        assert!(html.contains("<h1>a &amp; b</h1>") && html.contains("<pre>lab &lt;x&gt;</pre>"));
        assert!(html.contains("<th scope=\"col\">timeout<br>ms</th>"));
        assert!(html.contains("<th scope=\"row\">a, &quot;b&quot;</th>"));
    }

    #[test]
    fn lines_are_broken_between_words() {
        let text = "word ".repeat(50);
        let longest = wrap(text.trim()).lines().map(str::len).max();
        assert_eq!(longest, Some(99));
    }
}
