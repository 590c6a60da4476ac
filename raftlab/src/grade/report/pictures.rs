//! Writes the pages of the samples into a folder, to be looked at.

use std::fs;
use std::path::PathBuf;

use super::{class, csv, gradescope, junit, samples, student};

#[test]
#[ignore = "it writes files, to be looked at: RAFTLAB_PAGES=folder"]
fn pages() {
    let folder = PathBuf::from(std::env::var_os("RAFTLAB_PAGES").expect("a folder"));
    fs::create_dir_all(folder.join("students")).expect("a folder");
    let class = samples::class();
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect(name);
    for graded in &class.submissions {
        write(
            &format!("students/{}.html", graded.id),
            student::html(&class, graded),
        );
        write(
            &format!("students/{}.md", graded.id),
            student::markdown(&class, graded),
        );
        write(
            &format!("students/{}.json", graded.id),
            gradescope::json(&class, graded),
        );
    }
    write("small.html", class::html(&class));
    write("class.html", class::html(&samples::large()));
    write("class.csv", csv::csv(&class));
    write("junit.xml", junit::xml(&class));
}
