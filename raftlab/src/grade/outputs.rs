//! Writes down what grading came to. Every file is whole or not there, and the same each time, but for
//! `times.js`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::Format;
use super::model::{Class, Graded, Times};
use super::report::{class, classroom, csv, gradescope, junit, student};
use crate::files::WholeFile;

/// The folder of a class's results.
pub struct Outputs {
    folder: PathBuf,
    formats: Vec<Format>,
    /// The file of a single submission's result.
    single: Option<PathBuf>,
}

impl Outputs {
    /// In this folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be.
    pub fn begin(folder: &Path, formats: &[Format], single: Option<PathBuf>) -> Result<Outputs> {
        let formats = match formats {
            [] => vec![Format::Csv, Format::Html],
            formats => formats.to_vec(),
        };
        for name in ["", "students", "work"] {
            let folder = folder.join(name);
            fs::create_dir_all(&folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        Ok(Outputs {
            folder: folder.to_path_buf(),
            formats,
            single,
        })
    }

    /// Where pages of runs go: beside the students' pages.
    pub fn pages(&self) -> PathBuf {
        self.folder.join("students")
    }

    /// Where it is kept what is known so far.
    pub fn records(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Writes the single submission's result, as far as it is known.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn single(&self, class: &Class, graded: &Graded) -> Result<()> {
        let Some(path) = &self.single else {
            return Ok(());
        };
        let text = match self.formats.contains(&Format::Classroom) {
            true => classroom::base64(class, graded),
            false => gradescope::json(class, graded),
        };
        write(path, &text)
    }

    /// Writes everything.
    ///
    /// # Errors
    ///
    /// When something cannot be written.
    pub fn all(&self, class: &Class, times: &Times) -> Result<()> {
        let text =
            serde_json::to_string_pretty(class).context("the class cannot be written as JSON")?;
        write(&self.folder.join("class.json"), &(text + "\n"))?;
        for format in &self.formats {
            self.format(*format, class, times)?;
        }
        match &class.submissions[..] {
            [one] => self.single(class, one),
            _ => Ok(()),
        }
    }

    fn format(&self, format: Format, class: &Class, times: &Times) -> Result<()> {
        let within = |name: &str| self.folder.join(name);
        let each = |folder: &str, ending: &str, text: fn(&Class, &Graded) -> String| {
            fs::create_dir_all(within(folder))?;
            for graded in &class.submissions {
                let name = format!("{}.{ending}", graded.id);
                write(&within(folder).join(name), &text(class, graded))?;
            }
            Ok(())
        };
        match format {
            Format::Gradescope => each("gradescope", "json", gradescope::json),
            Format::Classroom => each("classroom", "txt", classroom::base64),
            Format::Junit => write(&within("junit.xml"), &junit::xml(class)),
            Format::Csv => write(&within("class.csv"), &csv::csv(class)),
            Format::Html => {
                each("students", "html", student::html)?;
                each("students", "md", student::markdown)?;
                write(&within("class.html"), &class::html(class))?;
                write(&within("times.js"), &class::times_js(times))
            }
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    WholeFile::begin(path)?.finish(|to| to.write_all(text.as_bytes()))
}
