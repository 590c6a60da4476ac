//! What goes wrong most often: what to speak of in the next lecture.

use maud::{Markup, html};

use crate::grade::model::Class;

use super::super::mistakes;
use super::link;

pub fn section(class: &Class) -> Markup {
    let common = mistakes::common(class);
    let all = class.submissions.len().max(1);
    html! {
        @if !common.is_empty() {
            section aria-labelledby="mistakes" {
                h2 id="mistakes" { "The commonest mistakes" }
                ol.card.mistakes {
                    @for mistake in &common {
                        @let count = mistake.by.len();
                        li {
                            div.rule {
                                span { (mistake.rule) }
                                span.number { (count) " of " (all) }
                            }
                            div.share aria-hidden="true" { div style={ "width: " (count * 100 / all) "%" } {} }
                            details {
                                summary { "who" }
                                p { @for (i, graded) in mistake.by.iter().enumerate() { @if i > 0 { ", " } (link(graded)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
