//! A scenario's text: lines and words, and complaints that point at them.

use std::fmt;

use labrpc::ServerId;

use crate::quantities::is_number;

/// A text, and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    lines: Vec<String>,
    is_file: bool,
}

/// A piece of a line. Both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub width: usize,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub place: Place,
    pub what: String,
    pub hint: Option<String>,
}

impl Complaint {
    pub fn new(place: Place, what: impl Into<String>) -> Complaint {
        Complaint {
            place,
            what: what.into(),
            hint: None,
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Complaint {
        Complaint {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl Source {
    /// A file of this name.
    pub fn file(name: &str, text: &str) -> Source {
        Source {
            name: name.to_string(),
            lines: text.lines().map(str::to_string).collect(),
            is_file: true,
        }
    }

    /// What was given with an option of the command line.
    pub fn option(name: &str, text: &str) -> Source {
        Source {
            name: name.to_string(),
            lines: vec![text.to_string()],
            is_file: false,
        }
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.iter().enumerate();
        lines.map(|(index, text)| (index + 1, text.as_str()))
    }

    /// A complaint as a reader sees it: where, what, the line, and what to do.
    pub fn tell(&self, complaint: &Complaint) -> String {
        let Place {
            line,
            column,
            width,
        } = complaint.place;
        let (name, what) = (&self.name, &complaint.what);
        let mut told = match self.is_file {
            true => format!("{name}:{line}:{column}: {what}"),
            false => format!("{name}, column {column}: {what}"),
        };
        if let Some(text) = self.lines.get(line - 1) {
            let text: String = text.chars().map(shown).collect();
            let number = match self.is_file {
                true => format!("{line:>4}"),
                false => "    ".to_string(),
            };
            let indent: String = text.chars().take(column - 1).map(blank).collect();
            let carets = "^".repeat(width.max(1));
            told += &format!("\n{number} | {text}\n     | {indent}{carets}");
        }
        if let Some(hint) = &complaint.hint {
            told += &format!("\n     = {hint}");
        }
        told
    }
}

/// What a terminal may show of it.
fn shown(character: char) -> char {
    match character {
        '\t' => '\t',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// As wide as this character.
fn blank(character: char) -> char {
    if character == '\t' { '\t' } else { ' ' }
}

/// A word, a sign, or a text in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub quoted: bool,
    pub place: Place,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quoted {
            true => write!(f, "\"{}\"", self.text),
            false => write!(f, "'{}'", self.text),
        }
    }
}

/// A word as it is read: written small, but for the S of a server.
fn plain(word: String) -> String {
    let small = word.to_ascii_lowercase();
    match small.strip_prefix('s').filter(|digits| is_number(digits)) {
        Some(digits) => format!("S{digits}"),
        None => small,
    }
}

/// What stands on the keyboard for a sign that a word processor makes of it.
fn typeset(character: char) -> Option<&'static str> {
    Some(match character {
        '“' | '”' | '„' | '‟' | '«' | '»' => "straight quotes, \"",
        '→' | '⟶' | '⇒' => "->",
        '–' | '—' | '−' | '↔' => "-",
        '≤' => "<=",
        '≥' => ">=",
        '…' => "..",
        '×' => "x",
        '¦' => "|",
        _ => return None,
    })
}

fn is_control(character: char, place: Place) -> Complaint {
    let code = u32::from(character);
    Complaint::new(place, format!("a control character, U+{code:04X}")).hint("delete it")
}

/// The words of a line, to be read from left to right.
#[derive(Clone, Debug)]
pub struct Words {
    tokens: Vec<Token>,
    next: usize,
    end: Place,
    /// How many servers there are; until that is known, any.
    pub servers: Option<usize>,
    /// How many words were read that join sentences to a condition, or nest them.
    joints: usize,
}

/// So many of these are more than anybody writes by hand, and no danger to a stack.
const MOST_JOINTS: usize = 200;

const SIGNS: [&str; 14] = [
    "->", "<=", ">=", "..", "<", ">", "=", "|", ",", "(", ")", "+", "-", ":",
];

impl Words {
    /// Splits a line. What follows a `#` is a comment.
    pub fn of(line: usize, text: &str, servers: Option<usize>) -> Result<Words, Complaint> {
        let characters: Vec<char> = text.chars().collect();
        let place = |begin: usize, end: usize| Place {
            line,
            column: begin + 1,
            width: end - begin,
        };
        let sign_at = |at: usize| {
            let is_at = |sign: &&str| {
                let mut sign = sign.chars().enumerate();
                sign.all(|(i, c)| characters.get(at + i) == Some(&c))
            };
            SIGNS.into_iter().find(is_at)
        };
        let ends_word = |at: usize| {
            let c = characters[at];
            c.is_whitespace() || c == '#' || c == '"' || sign_at(at).is_some()
        };
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < characters.len() {
            let begin = at;
            let mut quoted = false;
            let text: String = match characters[at] {
                '#' => break,
                c if c.is_control() && c != '\t' => return Err(is_control(c, place(at, at + 1))),
                c if c.is_whitespace() => {
                    at += 1;
                    continue;
                }
                '"' => {
                    quoted = true;
                    let rest = &characters[at + 1..];
                    let Some(length) = rest.iter().position(|&c| c == '"') else {
                        let place = place(at, characters.len());
                        return Err(Complaint::new(place, "this text has no closing '\"'"));
                    };
                    if let Some(control) = rest[..length].iter().position(|c| c.is_control()) {
                        let place = place(at + 1 + control, at + 2 + control);
                        return Err(is_control(rest[control], place));
                    }
                    at += length + 2;
                    rest[..length].iter().collect()
                }
                _ => {
                    if let Some(sign) = sign_at(at) {
                        at += sign.len();
                        sign.to_string()
                    } else {
                        while at < characters.len() && !ends_word(at) {
                            if let Some(write) = typeset(characters[at]) {
                                let what = format!("'{}' is no sign here", characters[at]);
                                let complaint = Complaint::new(place(at, at + 1), what);
                                return Err(complaint.hint(format!("write {write}")));
                            }
                            if characters[at].is_control() {
                                return Err(is_control(characters[at], place(at, at + 1)));
                            }
                            at += 1;
                        }
                        plain(characters[begin..at].iter().collect())
                    }
                }
            };
            tokens.push(Token {
                text,
                quoted,
                place: place(begin, at),
            });
        }
        let end = tokens.last().map_or(1, |t: &Token| {
            t.place.column + t.place.width + usize::from(t.place.width > 0)
        });
        Ok(Words {
            tokens,
            next: 0,
            end: Place {
                line,
                column: end,
                width: 1,
            },
            servers,
            joints: 0,
        })
    }

    /// Takes the next word, if it is this one, of those that join or nest sentences.
    pub fn eat_joint(&mut self, word: &str) -> Result<bool, Complaint> {
        let place = self.place();
        if !self.eat(word) {
            return Ok(false);
        }
        self.joints += 1;
        match self.joints > MOST_JOINTS {
            true => Err(Complaint::new(
                place,
                format!(
                    "a condition has at most {MOST_JOINTS} of 'and', 'or', 'not', 'no' and '('"
                ),
            )
            .hint("say it with fewer, or in several lines")),
            false => Ok(true),
        }
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// The word after the next `ahead` ones, if it is not in quotes.
    pub fn word_ahead(&self, ahead: usize) -> Option<&str> {
        let token = self.tokens.get(self.next + ahead)?;
        (!token.quoted).then_some(token.text.as_str())
    }

    pub fn is_over(&self) -> bool {
        self.next == self.tokens.len()
    }

    /// Where the next word is, or would be.
    pub fn place(&self) -> Place {
        self.peek().map_or(self.end, |token| token.place)
    }

    /// Whether the next word is this one.
    pub fn is(&self, word: &str) -> bool {
        self.word_ahead(0) == Some(word)
    }

    /// Takes the next word, if it is this one.
    pub fn eat(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.next += usize::from(is);
        is
    }

    /// Takes these words, if they are the next.
    pub fn eat_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = words.iter().enumerate();
        let are = ahead.all(|(ahead, word)| self.word_ahead(ahead) == Some(word));
        self.next += if are { words.len() } else { 0 };
        are
    }

    /// Takes the next word, whatever it is.
    pub fn take(&mut self, expected: &str) -> Result<Token, Complaint> {
        let token = self.peek().cloned();
        let token = token.ok_or_else(|| self.expected(expected))?;
        self.next += 1;
        Ok(token)
    }

    pub fn must(&mut self, word: &str, after: &str) -> Result<(), Complaint> {
        match self.eat(word) {
            true => Ok(()),
            false => Err(self.expected(&format!("'{word}' {after}"))),
        }
    }

    /// Nothing may follow.
    pub fn finish(&self, statement: &str) -> Result<(), Complaint> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(Complaint::new(
                token.place,
                format!("expected the end of the line after {statement}, found {token}"),
            )),
        }
    }

    /// One of these words; its number. A word that is like one of them is guessed at.
    pub fn one_of(&mut self, what: &str, words: &[&str]) -> Result<usize, Complaint> {
        let found = words.iter().position(|word| self.is(word));
        self.next += usize::from(found.is_some());
        found.ok_or_else(|| {
            let list = words.join(", ");
            let complaint = self.expected(&format!("{what}: {list}"));
            match self.peek().and_then(|token| like(&token.text, words)) {
                Some(word) => complaint.hint(format!("did you mean '{word}'?")),
                None => complaint,
            }
        })
    }

    /// The complaint that something else was expected here.
    pub fn expected(&self, expected: &str) -> Complaint {
        let found = match self.peek() {
            Some(token) => format!("found {token}"),
            None => "the line ends here".to_string(),
        };
        Complaint::new(self.place(), format!("expected {expected}; {found}"))
    }

    /// A server by its number, `S0`, if the next word is one.
    pub fn server_if_any(&mut self) -> Result<Option<ServerId>, Complaint> {
        let Some(token) = self.peek() else {
            return Ok(None);
        };
        let digits = token.text.strip_prefix(['S', 's']).filter(|d| is_number(d));
        let Some(digits) = digits.filter(|_| !token.quoted) else {
            return Ok(None);
        };
        let number: usize = digits.parse().unwrap_or(usize::MAX);
        if let Some(servers) = self.servers.filter(|&servers| number >= servers) {
            let what = format!("there is no server {}", token.text);
            let hint = match servers {
                1 => "the only server is S0".to_string(),
                _ => format!(
                    "'servers {servers}' makes S0 to S{}, counted from 0",
                    servers - 1
                ),
            };
            return Err(Complaint::new(token.place, what).hint(hint));
        }
        self.next += 1;
        Ok(Some(ServerId::new(number)))
    }

    /// A server by its number.
    pub fn server(&mut self) -> Result<ServerId, Complaint> {
        let server = self.server_if_any()?;
        server.ok_or_else(|| self.expected("a server, as S0"))
    }
}

/// The word that this one most likely was meant to be.
pub fn like<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let word = word.to_lowercase();
    let likeness = |w: &&&str| strsim::damerau_levenshtein(&word, w);
    let best = words.iter().min_by_key(likeness)?;
    let far = best.chars().count().div_ceil(3).max(1);
    (strsim::damerau_levenshtein(&word, best) <= far).then_some(*best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        let words = Words::of(1, line, None).unwrap();
        words.tokens.into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn a_line_is_words_signs_and_texts() {
        assert_eq!(
            texts("cut S1->S2, S2-S3 1.5ms..3ms <= \"a # b\" # and so on"),
            [
                "cut", "S1", "->", "S2", ",", "S2", "-", "S3", "1.5ms", "..", "3ms", "<=", "a # b"
            ]
        );
        assert!(texts("  # nothing").is_empty());
    }

    #[test]
    fn words_may_be_written_large() {
        assert_eq!(
            texts("Expect ONE leader; s1 \"As Is\""),
            ["expect", "one", "leader;", "S1", "As Is"]
        );
    }

    #[test]
    fn what_a_word_processor_makes_of_signs_is_told() {
        let told = |line: &str| {
            let source = Source::file("a.txt", line);
            source.tell(&Words::of(1, line, None).unwrap_err())
        };
        assert!(told("note “gone”").contains("a.txt:1:6: '“' is no sign here"));
        assert!(told("note “gone”").contains("write straight quotes"));
        assert!(told("cut S1→S2").contains("write ->"));
        for line in ["note \"\u{1b}[2J\"", "run \u{1b}[2J", "\u{7}"] {
            let told = told(line);
            assert!(told.contains("a control character, U+00"), "{told}");
            assert!(!told.contains(['\u{1b}', '\u{7}']), "{told:?}");
        }
    }

    #[test]
    fn a_complaint_points_at_the_word() {
        let source = Source::file("a.txt", "servers 3\n\tcrash S7 now");
        let (line, text) = source.lines().nth(1).unwrap();
        let mut words = Words::of(line, text, Some(3)).unwrap();
        assert!(words.eat("crash"));
        let complaint = words.server().unwrap_err();
        assert_eq!(
            source.tell(&complaint),
            "a.txt:2:8: there is no server S7\n   2 | \tcrash S7 now\n     | \t      ^^\n     \
             = 'servers 3' makes S0 to S2, counted from 0"
        );
    }

    #[test]
    fn what_is_missing_is_pointed_at_behind_the_line() {
        let mut words = Words::of(4, "crash", None).unwrap();
        words.eat("crash");
        let complaint = words.server().unwrap_err();
        assert_eq!((complaint.place.line, complaint.place.column), (4, 7));
        assert!(complaint.what.ends_with("the line ends here"));
    }

    #[test]
    fn a_word_that_is_nearly_right_is_guessed() {
        let words = ["partition", "isolate", "crash"];
        assert_eq!(like("parition", &words), Some("partition"));
        assert_eq!(like("Crash", &words), Some("crash"));
        assert_eq!(like("elephant", &words), None);
    }
}
