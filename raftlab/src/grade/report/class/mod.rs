//! The page of a whole class, for the teacher: how it did, who did what, what goes wrong most often,
//! and a table of everybody and everything.
//!
//! How long things took is another matter each time, and the page is not: it asks for `times.js` beside
//! it, and shows the times if that is there.

mod histogram;
mod matrix;
mod mistakes;
mod summary;
mod times;

pub(crate) use times::times_js;

use maud::{Markup, html};

use crate::grade::model::{Class, Graded};

use super::{look, tame::tame, words};

const STYLE: &str = include_str!("class.css");

/// The page of this class. Students' pages are `students/<id>.html`.
pub(crate) fn html(class: &Class) -> String {
    let class = tame(class);
    let body = html! {
        header.head {
            div {
                h1 { "The class" }
                p.aside { (summary::how_many(&class)) }
            }
        }
        main {
            div.top {
                (histogram::section(&class))
                (summary::section(&class))
            }
            (summary::notes(&class))
            (mistakes::section(&class))
            (matrix::section(&class))
            (times::section())
        }
        footer.foot {
            dl {
                @for (what, value) in words::grounds(&class.terms) { div { dt { (what) } dd { code { (value) } } } }
            }
        }
        script src="./times.js" {}
    };
    look::page("The class", STYLE, "'self'", &body)
}

/// A submission, as a link to its page.
fn link(graded: &Graded) -> Markup {
    let address = look::beside(&format!("students/{}.html", graded.id));
    html! { a href=(address) { bdi { (words::whose(graded)) } } }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn it_is_whole_and_nothing_gets_into_it() {
        let page = html(&samples::class());
        look::testing::check(&page);
        assert_eq!(page.matches("<script").count(), 1);
    }

    #[test]
    fn everybody_is_on_it() {
        let class = samples::class();
        let page = html(&class);
        for graded in &class.submissions {
            let address = format!("href=\"./students/{}.html\"", graded.id);
            assert!(page.contains(&address), "{}", graded.id);
        }
        assert!(page.contains("Edsger Dijkstra"));
        assert!(page.contains("the sandbox could not be started"));
    }

    #[test]
    fn a_class_of_nobody_has_a_page() {
        let mut class = samples::class();
        class.submissions.clear();
        class.missing.clear();
        look::testing::check(&html(&class));
    }
}
