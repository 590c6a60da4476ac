//! What the pages look like: the palette and the letters of the timeline's page. They need no script
//! to be read, ask nobody for anything, turn dark with the system, and can be printed.

use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::grade::model::{Outcome, TestResult};

use super::words;

const STYLE: &str = include_str!("look.css");

/// A whole page. Scripts are forbidden, unless `scripts` says which ones are not.
pub fn page(title: &str, style: &str, scripts: &str, body: &Markup) -> String {
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}");
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { (body) }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

/// How a test's outcome is shown: by a sign and a colour, and in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    pub sign: &'static str,
    pub class: &'static str,
    pub word: &'static str,
}

/// All signs, for a legend.
pub const SIGNS: [Sign; 5] = [
    Sign {
        sign: "✓",
        class: "p",
        word: "passed",
    },
    Sign {
        sign: "◐",
        class: "h",
        word: "partly earned",
    },
    Sign {
        sign: "✗",
        class: "f",
        word: "failed",
    },
    Sign {
        sign: "–",
        class: "n",
        word: "not tried",
    },
    Sign {
        sign: "?",
        class: "u",
        word: "could not tell",
    },
];

/// The sign of this test.
pub fn sign(test: &TestResult) -> Sign {
    let [passed, partly, failed, not_tried, unknown] = SIGNS;
    match test.outcome {
        Outcome::Passed => passed,
        Outcome::Failed(_) if test.points.earned.as_hundredths() > 0 => partly,
        Outcome::Failed(_) => failed,
        Outcome::NotTried => not_tried,
        Outcome::CouldNotTell(_) => unknown,
    }
}

/// A sign, for those who see and for those who hear it.
pub fn shown(sign: Sign) -> Markup {
    html! { span class={ "sign " (sign.class) } role="img" aria-label=(sign.word) { (sign.sign) } }
}

/// The same for a test, which the pointer names.
pub fn shown_test(test: &TestResult) -> Markup {
    let sign = sign(test);
    let title = format!(
        "{}: {}; {}",
        test.path,
        words::outcome(test),
        words::points(test.points)
    );
    let label = format!("{}: {}", test.path, sign.word);
    html! { span class={ "sign " (sign.class) } role="img" aria-label=(label) title=(title) { (sign.sign) } }
}

/// What the signs mean.
pub fn legend() -> Markup {
    html! {
        p.legend {
            @for sign in SIGNS { span { (shown(sign)) " " (sign.word) } " " }
        }
    }
}

/// The address of a file beside this page, whatever it is called.
pub fn beside(name: &str) -> String {
    let mut address = String::from("./");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'/' => {
                address.push(char::from(byte));
            }
            _ => write!(address, "%{byte:02X}").expect("a string has room"),
        }
    }
    address
}

#[cfg(test)]
pub mod testing {
    use quick_xml::Reader;
    use quick_xml::events::{BytesStart, Event};

    /// Checks that nothing of a hostile text has become a part of the page, and that the page is whole.
    pub fn check(page: &str) {
        let scripts = page.matches("<script").count();
        assert!(!page.contains("<script>alert"), "a script got in");
        assert!(!page.contains('\0') && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
        let mut reader = Reader::from_str(page);
        let config = reader.config_mut();
        (config.check_end_names, config.allow_unmatched_ends) = (false, true);
        let mut seen = 0;
        let mut open: Vec<String> = Vec::new();
        loop {
            match reader.read_event().expect("a page that can be read") {
                Event::Start(start) => {
                    let name = name(&start);
                    seen += usize::from(name == "script");
                    attributes(&start);
                    if !["meta", "br", "img", "input"].contains(&&*name) {
                        open.push(name);
                    }
                }
                Event::Empty(start) => attributes(&start),
                Event::End(end) => {
                    let name = String::from_utf8(end.name().as_ref().to_vec()).unwrap();
                    assert_eq!(open.pop(), Some(name));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!((seen, open), (scripts, Vec::new()));
    }

    fn name(start: &BytesStart<'_>) -> String {
        let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
        assert!(name != "img", "an image got in");
        name
    }

    /// No attribute runs a script, and no address leaves the folder.
    fn attributes(start: &BytesStart<'_>) {
        for attribute in start.html_attributes() {
            let attribute = attribute.expect("an attribute");
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            let value = String::from_utf8(attribute.value.to_vec()).unwrap();
            assert!(!key.starts_with("on"), "{key}");
            if key == "href" || key == "src" {
                let near = value.starts_with("./") || value.starts_with('#');
                assert!(near, "{value}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_beside_the_page() {
        assert_eq!(beside("one-vote.html"), "./one-vote.html");
        assert_eq!(beside("javascript:x()"), "./javascript%3Ax%28%29");
        assert_eq!(beside("a b#c?d"), "./a%20b%23c%3Fd");
    }
}
