//! Names of files: paths that are safe, files that nobody wrote, archives, and the ids of submissions.

use super::Refusal;

/// Bytes of a path, and folders in it.
const LONGEST_PATH: usize = 1024;
const DEEPEST: usize = 64;
/// Bytes of a name: no file system has longer ones.
const LONGEST_NAME: usize = 255;

/// A path of an archive, as `src/lib.rs`: below the root and nowhere else, on any system.
pub(super) fn safe(raw: &[u8]) -> Result<String, Refusal> {
    let lossy = shown(&String::from_utf8_lossy(raw));
    let refuse = |why: &str| Err(Refusal::new(format!("the entry {lossy} {why}")));
    let Ok(path) = std::str::from_utf8(raw) else {
        return refuse("has a name that is no UTF-8 text");
    };
    if raw.len() > LONGEST_PATH {
        return refuse("has a path that is far too long");
    }
    if path.contains('\\') {
        return refuse("has a backslash in its name, which leaves the archive on some systems");
    }
    if path.chars().any(char::is_control) {
        return refuse("has a control character in its name");
    }
    if path.starts_with('/') {
        return refuse("has an absolute path, which leaves the archive");
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return refuse("leaves the archive: there is '..' in its path"),
            _ if has_drive(part) => return refuse("names a drive"),
            _ if part.len() > LONGEST_NAME => return refuse("has a name that is far too long"),
            _ => parts.push(part),
        }
    }
    if parts.len() > DEEPEST {
        return refuse("lies too deep in folders");
    }
    match parts.is_empty() && !path.starts_with('.') {
        true => refuse("has no name"),
        false => Ok(parts.join("/")),
    }
}

fn has_drive(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

/// A path, for a sentence: without control characters, and not longer than one can read.
pub(super) fn shown(path: &str) -> String {
    const LONGEST: usize = 120;
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut text: String = path.chars().take(LONGEST).map(clean).collect();
    if path.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

/// Names for a sentence: `a, b and 3 more`.
pub(super) fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let first: Vec<_> = names.iter().take(MOST).map(|name| shown(name)).collect();
    match (names.len().saturating_sub(MOST), first.as_slice()) {
        (0, [before @ .., last]) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        (0, _) => first.join(", "),
        (more, _) => format!("{} and {more} more", first.join(", ")),
    }
}

/// Whether nobody wrote this: what a file manager, a build or version control leaves. It is not even
/// looked at. A module of the server may be called `target`.
pub(super) fn is_litter(path: &str) -> bool {
    let of_a_system =
        |part: &str| part == "__MACOSX" || part == ".DS_Store" || part.starts_with("._");
    let outside = path.split('/').take_while(|part| *part != "src");
    let of_tools = |part: &str| part == "target" || part == ".git";
    path.split('/').any(of_a_system) || { outside }.any(of_tools)
}

/// The first part of a path, and the rest; none if it has one part.
pub(super) fn split_top(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((top, rest)) => (top, Some(rest)),
        None => (path, None),
    }
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

const ARCHIVES: [&str; 4] = [".tar.gz", ".tgz", ".tar", ".zip"];
const OTHER_ARCHIVES: [&str; 7] = [".rar", ".7z", ".xz", ".bz2", ".zst", ".gz", ".txz"];

fn ends_with(name: &str, extensions: &[&'static str]) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    { extensions.iter() }
        .find(|end| lower.len() > end.len() && lower.ends_with(*end))
        .copied()
}

/// Whether it is called like an archive that can be opened.
pub(super) fn is_archive(name: &str) -> bool {
    ends_with(name, &ARCHIVES).is_some()
}

/// Whether it is called like an archive of any kind.
pub(super) fn is_any_archive(name: &str) -> bool {
    is_archive(name) || ends_with(name, &OTHER_ARCHIVES).is_some()
}

/// An archive's name without `.zip`.
pub(super) fn without_extension(name: &str) -> &str {
    let end = ends_with(name, &ARCHIVES).or_else(|| ends_with(name, &OTHER_ARCHIVES));
    end.map_or(name, |end| &name[..name.len() - end.len()])
}

/// A submission's name as a file's name can hold it on any system: letters, digits, `.`, `_`, `-`.
pub(crate) fn id(name: &str) -> String {
    const LONGEST: usize = 100;
    let mut id = String::new();
    for c in name.chars() {
        match c.is_ascii_alphanumeric() || "._-".contains(c) {
            true => id.push(c),
            false if id.ends_with('-') => {}
            false => id.push('-'),
        }
    }
    // Neither hidden nor an option, nor a name that Windows would cut.
    let id = id.trim_matches(['.', '-']);
    let id = id[..id.len().min(LONGEST)].trim_end_matches(['.', '-']);
    match id.is_empty() {
        true => "submission".to_string(),
        false if is_device(id) => format!("{id}_"),
        false => id.to_string(),
    }
}

/// Whether Windows keeps the name for a device.
fn is_device(id: &str) -> bool {
    let stem = id.split('.').next().unwrap_or(id).to_ascii_uppercase();
    let numbered = |name: &str| {
        let number = stem.strip_prefix(name);
        number.is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() {
        for (raw, path) in [
            ("src/lib.rs", "src/lib.rs"),
            ("./src//lib.rs", "src/lib.rs"),
            ("src/", "src"),
            ("./", ""),
        ] {
            assert_eq!(safe(raw.as_bytes()).unwrap(), path);
        }
        for (raw, why) in [
            (&b"../x"[..], "there is '..'"),
            (b"src/../../x", "there is '..'"),
            (b"/etc/passwd", "absolute"),
            (b"src\\..\\x", "backslash"),
            (b"C:/x", "drive"),
            (b"src/c:x", "drive"),
            (
                b"sr\xffc",
                "the entry sr\u{fffd}c has a name that is no UTF-8",
            ),
            (b"a\0b", "control"),
            (b"", "no name"),
            ("x/y".repeat(400).as_bytes(), "a path that is far too long"),
            ("x".repeat(256).as_bytes(), "a name that is far too long"),
            ("x/".repeat(65).as_bytes(), "too deep"),
        ] {
            let refusal = safe(raw).unwrap_err().to_string();
            assert!(refusal.contains(why), "{refusal}");
        }
    }

    #[test]
    fn ids_are_names_of_files_everywhere() {
        for (name, expected) in [
            ("ada", "ada"),
            ("Ada Lovelace_12", "Ada-Lovelace_12"),
            ("Zoë  Ünal", "Zo-nal"),
            ("../x", "x"),
            ("ada@example.org", "ada-example.org"),
            ("", "submission"),
            ("名前", "submission"),
            ("nul.a", "nul.a_"),
            ("com1", "com1_"),
            ("-rf", "rf"),
        ] {
            assert_eq!(id(name), expected);
        }
        assert_eq!(id(&"a".repeat(1000)).len(), 100);
    }

    #[test]
    fn litter_is_no_module_of_a_server() {
        for litter in [
            "__MACOSX/src/._lib.rs",
            "src/._lib.rs",
            ".DS_Store",
            "starter/target/debug/x",
            ".git/config",
        ] {
            assert!(is_litter(litter), "{litter}");
        }
        assert!(!is_litter("src/target/mod.rs"));
        assert!(!is_litter("src/lib.rs"));
    }

    #[test]
    fn names_are_listed_as_one_reads_them() {
        let names = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&names(1)), "1");
        assert_eq!(listed(&names(3)), "1, 2 and 3");
        assert_eq!(listed(&names(7)), "1, 2, 3, 4, 5 and 2 more");
    }
}
