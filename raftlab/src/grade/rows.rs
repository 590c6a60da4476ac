//! Tables as spreadsheets and course systems write them: a head that names the columns, then rows, with
//! commas, semicolons or tabs between the fields.

use std::path::Path;

use anyhow::{Result, bail};

use crate::files;

/// A table, without empty rows.
pub(crate) struct Table {
    /// What to call the file.
    pub file: String,
    head: Vec<String>,
    pub rows: Vec<Row>,
}

/// A row.
pub(crate) struct Row {
    /// Its line in the file, from 1.
    pub line: usize,
    fields: Vec<String>,
}

impl Table {
    /// Reads a table; `-` is standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no text, or has no head.
    pub fn read(path: &Path) -> Result<Table> {
        let file = match files::is_standard(path) {
            true => "standard input".to_string(),
            false => path.display().to_string(),
        };
        Table::parse(file, &files::read_text(path)?)
    }

    /// # Errors
    ///
    /// See [`Table::read`].
    pub fn parse(file: String, text: &str) -> Result<Table> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter(text))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            let start = record.position().map_or(0, |at| at.byte() as usize);
            if record.iter().any(|field| !field.is_empty()) {
                rows.push(Row {
                    line: line(text, start),
                    fields: record.iter().map(str::to_string).collect(),
                });
            }
        }
        // Else the rest of the table would be a text in its last row.
        let quotes = text.bytes().filter(|byte| *byte == b'"').count();
        if let Some(row) = rows.last().filter(|_| quotes % 2 == 1) {
            bail!(
                "{file}, line {}: a quote is opened here or below, and not closed",
                row.line
            );
        }
        if rows.is_empty() {
            bail!("{file} is empty: expected a line with the names of the columns");
        }
        let head = rows.remove(0);
        let head = head.fields.iter().map(|name| plain(name)).collect();
        Ok(Table { file, head, rows })
    }

    /// The first column that is called one of these names, the first name first.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        let place = |name: &&str| self.head.iter().position(|head| head == *name);
        names.iter().find_map(place)
    }

    /// The names of its columns, for sentences.
    pub fn columns(&self) -> String {
        self.head.join(", ")
    }

    /// A row that has more fields than there are columns.
    pub fn too_long(&self) -> Option<&Row> {
        let beyond = |row: &&Row| {
            let fields = row.fields.iter().skip(self.head.len());
            { fields }.any(|field| !field.is_empty())
        };
        self.rows.iter().find(beyond)
    }
}

impl Row {
    /// What is in a column; empty, if the row ends before it or there is no such column.
    pub fn field(&self, column: Option<usize>) -> &str {
        let field = column.and_then(|column| self.fields.get(column));
        field.map_or("", String::as_str)
    }
}

/// A column's name, however it is written: `Last_Name` is `last name`.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c == '_' || c == '-');
    let words: Vec<_> = { words }
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

/// What stands between the names of the columns.
fn delimiter(text: &str) -> u8 {
    let head = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("");
    let outside = head.split('"').step_by(2);
    let count = |c: u8| {
        let of = |part: &str| part.bytes().filter(|byte| *byte == c).count();
        outside.clone().map(of).sum::<usize>()
    };
    // The comma, if they are equal.
    { [b'\t', b';', b','].into_iter() }
        .max_by_key(|c| count(*c))
        .unwrap_or(b',')
}

/// The line of a row that begins here, or after empty lines that follow.
fn line(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or("");
    let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let before = text.bytes().take(start + blank);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        Table::parse("x.csv".into(), text).unwrap()
    }

    #[test]
    fn fields_are_split_as_the_head_is() {
        for text in [
            "First Name,SID\r\n\"Ada, C.\",7\r\n",
            "first_name;sid\n\"Ada, C.\";7",
            "FIRST NAME\tSID\n\"Ada, C.\"\t7\n",
        ] {
            let table = table(text);
            let row = &table.rows[0];
            assert_eq!(row.field(table.column(&["first name"])), "Ada, C.");
            assert_eq!(row.field(table.column(&["id", "sid"])), "7");
            assert_eq!(row.field(table.column(&["email"])), "");
        }
    }

    #[test]
    fn rows_know_their_lines() {
        let table = table("\nname\n\n\"of two\nlines\"\r\n,\n\nlast\n");
        let lines: Vec<_> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [4, 8]);
        assert_eq!(table.rows[0].field(Some(0)), "of two\nlines");
    }

    #[test]
    fn an_empty_table_has_no_head() {
        let error = Table::parse("x.csv".into(), "\n \n").err().unwrap();
        assert!(error.to_string().contains("x.csv is empty"), "{error}");
    }

    #[test]
    fn a_quote_that_is_not_closed_is_an_error() {
        let text = "submission,reason\nada,late\nalan,\"late\ngrace,late\n";
        let error = Table::parse("x.csv".into(), text).err().unwrap();
        let expected = "x.csv, line 3: a quote is opened";
        assert!(error.to_string().contains(expected), "{error}");
    }
}
