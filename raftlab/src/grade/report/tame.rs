//! Takes the teeth out of texts that come from a submission: what a server panics with, what it
//! calls its files. Each format escapes what means something in it; this is about characters that
//! do harm in all of them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How many characters of one text are shown: a panic may hold megabytes.
const LONGEST: usize = 50_000;

/// The same, with every text in it tamed: it goes through all of them, so that none is forgotten.
pub fn tame<T: Serialize + DeserializeOwned>(wild: &T) -> T {
    let mut value = serde_json::to_value(wild).expect("the model can be written");
    tame_all(&mut value);
    serde_json::from_value(value).expect("what was written can be read")
}

fn tame_all(value: &mut Value) {
    match value {
        Value::String(text) => *text = tamed(text),
        Value::Array(values) => values.iter_mut().for_each(tame_all),
        Value::Object(fields) => fields.values_mut().for_each(tame_all),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text that can be shown. Control characters end strings (NUL) or paint over what stands there
/// (escape sequences), XML knows some characters not at all, and what turns the direction of writing
/// shows one thing and says another.
fn tamed(text: &str) -> String {
    let mut tamed: String = text
        .replace("\r\n", "\n")
        .chars()
        .take(LONGEST)
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
            '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    let left_out = text.chars().count().saturating_sub(LONGEST);
    if left_out > 0 {
        tamed.push_str(&format!(" … ({left_out} more characters are left out)"));
    }
    tamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_harm_everywhere_is_replaced_and_the_rest_is_kept() {
        assert_eq!(
            tame(&"a\0b\u{1b}[31mc\u{202e}d\r\ne\tf".to_string()),
            "a\u{fffd}b\u{fffd}[31mc\u{fffd}d\ne\tf"
        );
        let kept = "Zoë, אדה, 艾达: <b> & \"quotes\"";
        assert_eq!(tame(&kept.to_string()), kept);
    }

    #[test]
    fn a_text_without_end_ends() {
        let long = "x".repeat(LONGEST + 7);
        let tamed = tame(&vec![long]);
        assert!(tamed[0].len() < LONGEST + 100);
        assert!(tamed[0].ends_with("(7 more characters are left out)"));
    }
}
