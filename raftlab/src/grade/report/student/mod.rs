//! What a student gets: a page and a Markdown file that say the same. Each rule that was broken is told
//! once, the most telling first, with what it cost, the evidence, where to look and a command that
//! shows it again.

mod markdown;
mod mistake;
mod page;

pub(crate) use markdown::markdown;
pub(crate) use page::html;

use crate::grade::model::{Graded, Verdict};

use super::{sums, words};

/// What there is to say before anything else.
struct News {
    title: &'static str,
    text: String,
    /// What a program said, as it is: the compiler.
    quote: Option<String>,
}

/// Why there is nothing to tell of tests, if there is not.
fn news(graded: &Graded) -> Option<News> {
    if let Some(why) = sums::trouble(graded) {
        return Some(News {
            title: "Not graded yet",
            text: format!("{} What happened: {why}", words::NO_ZERO),
            quote: None,
        });
    }
    match &graded.verdict {
        Verdict::Graded => None,
        Verdict::CouldNotTell(why) => Some(News {
            title: "Graded by hand",
            text: format!("The grader could not tell what this comes to ({why}); the teacher has set the total."),
            quote: None,
        }),
        Verdict::Refused(why) => Some(News {
            title: "It cannot be read",
            text: format!(
                "{why}. Hand in the folder starter/, or an archive of it: what counts is src/lib.rs and what lies beside it."
            ),
            quote: None,
        }),
        Verdict::DoesNotCompile(says) => Some(News {
            title: "It does not compile",
            text: "Nothing could be played. cargo test -p starter shows the same in your own checkout. The compiler says:"
                .to_string(),
            quote: Some(says.clone()),
        }),
    }
}
