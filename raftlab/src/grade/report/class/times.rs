//! How long things took, apart from the page.

use maud::{Markup, html};

use crate::grade::model::Times;

/// Shows the times on the page: a function, to be called with them.
const SHOW: &str = include_str!("times.js");

pub fn section() -> Markup {
    html! {
        section aria-labelledby="took" {
            h2 id="took" { "How long it took" }
            div id="times" { p.aside { "There is no times.js beside this page, which would say so." } }
        }
    }
}

/// The file `times.js`, that the class's page shows if it is beside it.
pub(crate) fn times_js(times: &Times) -> String {
    let json = serde_json::to_string(times).expect("it is plain data");
    format!("({})({json});\n", SHOW.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_called_with_the_times() {
        let mut times = Times::default();
        times.build_s.insert("ada".to_string(), 1.5);
        let script = times_js(&times);
        assert!(
            script.ends_with("})({\"build_s\":{\"ada\":1.5},\"play_s\":{}});\n"),
            "{script}"
        );
    }
}
