//! Hostile submissions. Each is refused, in a sentence that names what is wrong.

use rawzip::CompressionMethod;
use tar::EntryType;

use super::super::limits;
use super::super::testing::{
    Scratch, Zipped, gz, read_all, read_one, refusal, tar, tar_of, zip, zip_of,
};

fn assert_refused(name: &str, bytes: &[u8], expected: &str) {
    let refusal = refusal(name, bytes);
    assert!(refusal.contains(expected), "{refusal}");
}

#[test]
fn archives_that_escape() {
    for (n, (path, expected)) in [
        ("../x.rs", "the entry ../x.rs leaves the archive"),
        ("src/../../x.rs", "the entry src/../../x.rs leaves"),
        ("/etc/x.rs", "the entry /etc/x.rs has an absolute path"),
        ("C:\\x.rs", "the entry C:\\x.rs has a backslash"),
        ("C:/x.rs", "the entry C:/x.rs names a drive"),
        ("src\\core.rs", "backslash"),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [("src/lib.rs", ""), (path, "")];
        assert_refused(&format!("escape-zip-{n}"), &zip(&files), expected);
        assert_refused(&format!("escape-tar-{n}"), &tar(&files), expected);
    }
}

#[test]
fn links_and_devices() {
    for (n, (kind, expected)) in [
        (EntryType::Symlink, "the entry src/x.rs is a link"),
        (EntryType::Link, "the entry src/x.rs is a link"),
        (EntryType::Fifo, "the entry src/x.rs is a pipe or a device"),
        (EntryType::Char, "the entry src/x.rs is a pipe or a device"),
        (EntryType::Block, "the entry src/x.rs is a pipe or a device"),
    ]
    .into_iter()
    .enumerate()
    {
        let entries = [
            ("src/lib.rs", EntryType::Regular, ""),
            ("src/x.rs", kind, "/etc/passwd"),
        ];
        assert_refused(&format!("kinds-{n}"), &tar_of(&entries), expected);
    }
    let link = |mode| Zipped {
        mode,
        ..Zipped::new("src/x.rs", "/etc/passwd")
    };
    let lib = || Zipped::new("src/lib.rs", "");
    let linked = zip_of([lib(), link(0o120_777)]);
    assert_refused("zip-link", &linked, "the entry src/x.rs is a link");
    let piped = zip_of([lib(), link(0o010_644)]);
    assert_refused("zip-pipe", &piped, "the entry src/x.rs is a pipe");
}

#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new("links");
    let secret = scratch.file("secret.rs", "");
    scratch.file("ada/src/lib.rs", "");
    let ada = scratch.path().join("ada");
    symlink(&secret, ada.join("notes")).unwrap();
    symlink(scratch.path(), ada.join("loop")).unwrap();
    assert_eq!(read_all(&ada), ["ada: lib.rs"]);
    symlink(&secret, ada.join("src/core.rs")).unwrap();
    assert_eq!(
        read_all(&ada),
        ["ada: refused: src/core.rs is a link, and not followed"]
    );
    let bob = scratch.folder("bob");
    symlink(ada.join("src"), bob.join("src")).unwrap();
    assert_eq!(
        read_all(&bob),
        ["bob: refused: src is a link, and not followed"]
    );
}

#[test]
fn bombs() {
    let large = vec![b' '; limits::SOURCE as usize + 1];
    let large = std::str::from_utf8(&large).unwrap();
    let files = [("src/lib.rs", ""), ("src/large.rs", large)];
    let expected = "src/large.rs is larger than 8 MiB";
    assert_refused("large-zip", &zip(&files), expected);
    assert_refused("large-tar", &gz(&tar(&files)), expected);
    let just = &large[1..];
    let names: Vec<_> = (0..9).map(|n| format!("src/x{n}.rs")).collect();
    let mut files: Vec<_> = names.iter().map(|name| (name.as_str(), just)).collect();
    files.push(("src/lib.rs", ""));
    let expected = "it unpacks to more than 64 MiB, which was reached in src/x";
    assert_refused("much-zip", &zip(&files), expected);
    assert_refused("much-tar", &gz(&tar(&files)), expected);
    // Nobody needs it, and it counts all the same.
    let bytes = vec![0; limits::UNPACKED as usize + 1];
    let bomb = [
        Zipped::new("src/lib.rs", ""),
        Zipped::new("data.bin", &bytes),
    ];
    let bomb = zip_of(bomb);
    let expected = "which was reached in data.bin";
    assert_refused("data", &bomb, expected);
    let nested = zip_of([Zipped::new("inner.zip", &bomb)]);
    assert_refused(
        "nested",
        &nested,
        "inner.zip: it unpacks to more than 64 MiB",
    );
}

#[test]
fn nested_archives_share_the_limits() {
    let half = vec![0; limits::UNPACKED as usize / 2 + 1];
    let inner = zip_of([
        Zipped::new("data.bin", &half),
        Zipped::new("src/lib.rs", ""),
    ]);
    let inner_gz = gz(&tar_of(&[(
        "x.bin",
        EntryType::Regular,
        std::str::from_utf8(&half).unwrap(),
    )]));
    let one = zip_of([Zipped::new("a.zip", &inner)]);
    let scratch = Scratch::new("share");
    assert_eq!(read_all(&scratch.file("ada.zip", one)), ["ada: lib.rs"]);
    scratch.file("class/ada/a.zip", &inner);
    scratch.file("class/ada/b.tar.gz", &inner_gz);
    scratch.file("class/bob/a.zip", &inner);
    let all = read_all(&scratch.path().join("class"));
    let expected =
        "ada: refused: a.zip: it unpacks to more than 64 MiB, which was reached in data.bin";
    assert!(all[0].starts_with(expected), "{}", all[0]);
    assert_eq!(all[1], "bob: lib.rs");
}

#[test]
fn too_many_entries() {
    let names: Vec<_> = (0..limits::ENTRIES).map(|n| format!("docs/{n}")).collect();
    let mut files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    files.push(("src/lib.rs", ""));
    let expected = "there are more than 10000 files in it";
    assert_refused("many-zip", &zip(&files), expected);
    assert_refused("many-tar", &gz(&tar(&files)), expected);
    let scratch = Scratch::new("many-fit");
    let path = scratch.file("ada.zip", zip(&files[1..]));
    assert_eq!(read_all(&path), ["ada: lib.rs"]);
}

#[test]
fn sizes_in_headers_are_not_believed() {
    let text = "// a comment that is long enough";
    let mut bytes = zip(&[("src/lib.rs", text)]);
    let size = (text.len() as u32).to_le_bytes();
    let places: Vec<_> = { bytes.windows(4).enumerate() }
        .filter_map(|(at, window)| (window == size).then_some(at))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
    }
    assert_refused("size", &bytes, "src/lib.rs is damaged");
}

#[test]
fn damaged_archives() {
    let files = [
        ("src/lib.rs", "// a text"),
        ("src/core.rs", "// another one"),
    ];
    let whole = zip(&files);
    assert_refused("cut-zip", &whole[..whole.len() / 2], "ada.zip is damaged");
    let whole = gz(&tar(&files));
    assert_refused("cut-gz", &whole[..whole.len() / 2], "ada.zip is damaged");
    let whole = tar(&files);
    assert_refused("cut-tar", &whole[..520], "ada.zip is damaged");
    assert_refused("empty", b"", "ada.zip is no archive that can be opened");
    assert_refused(
        "text",
        b"fn main() {}",
        "ada.zip is no archive that can be opened",
    );
    // Whatever byte is wrong, it is no panic.
    let scratch = Scratch::new("flipped");
    for whole in [zip(&files), gz(&tar(&files)), tar(&files)] {
        for at in 0..whole.len().min(600) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            read_one(&scratch.file("ada.zip", bytes));
        }
    }
}

#[test]
fn encrypted_and_otherwise_compressed() {
    let secret = Zipped {
        encrypted: true,
        ..Zipped::new("src/lib.rs", "")
    };
    assert_refused(
        "encrypted",
        &zip_of([secret]),
        "the entry src/lib.rs is encrypted",
    );
    let lzma = Zipped {
        method: CompressionMethod::LZMA,
        ..Zipped::new("src/lib.rs", "")
    };
    assert_refused(
        "lzma",
        &zip_of([lzma]),
        "the entry src/lib.rs is compressed with LZMA",
    );
}

#[test]
fn names_that_are_there_twice() {
    for (n, (one, other, expected)) in [
        ("src/core.rs", "src/core.rs", "src/core.rs is in it twice"),
        (
            "src/core.rs",
            "./src//core.rs",
            "src/core.rs is in it twice",
        ),
        (
            "src/Core.rs",
            "src/core.rs",
            "src/Core.rs and src/core.rs differ in upper and lower case only",
        ),
        (
            "src/core.rs",
            "src/core.rs/x.rs",
            "src/core.rs is a file and a folder",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [("src/lib.rs", ""), (one, "1"), (other, "2")];
        assert_refused(&format!("twice-zip-{n}"), &zip(&files), expected);
        assert_refused(&format!("twice-tar-{n}"), &tar(&files), expected);
    }
}

#[test]
fn names_and_texts_that_are_no_text() {
    let name = zip_of([
        Zipped::new("src/lib.rs", ""),
        Zipped::new(b"src/\xff.rs", ""),
    ]);
    let expected = "the entry src/\u{fffd}.rs has a name that is no UTF-8 text";
    assert_refused("name", &name, expected);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let scratch = Scratch::new("name-on-disk");
        let src = scratch.folder("ada/src");
        let name = std::ffi::OsStr::from_bytes(b"\xff.rs");
        std::fs::write(src.join(name), "").unwrap();
        assert_eq!(
            read_all(&scratch.path().join("ada")),
            ["ada: refused: src/\u{fffd}.rs has a name that is no UTF-8 text"]
        );
    }
    let text = zip_of([Zipped::new("src/lib.rs", b"\xff\xfef\0")]);
    assert_refused("text-16", &text, "src/lib.rs is no UTF-8 text");
}
