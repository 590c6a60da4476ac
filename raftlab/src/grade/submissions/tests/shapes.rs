//! One submission, in all the shapes that it may have.

use super::super::testing::{Scratch, gz, read_all, read_one, tar, told, zip};

const STARTER: [(&str, &str); 8] = [
    ("Cargo.toml", "[package]"),
    ("README.md", ""),
    ("lab/src/main.rs", "fn main() {}"),
    ("src/core.rs", "// core"),
    ("src/lib.rs", "mod core;"),
    ("src/log/mod.rs", "// log"),
    ("src/notes.md", ""),
    ("tests/suite.rs", ""),
];
const TAKEN: &str = "ada: core.rs, lib.rs, log/mod.rs";

fn below<'a>(folder: &str, files: &[(&'a str, &'a str)]) -> Vec<(String, &'a str)> {
    let below = |(path, text): &(&'a str, &'a str)| (format!("{folder}{path}"), *text);
    files.iter().map(below).collect()
}

#[test]
fn folders_and_archives_hold_the_same() {
    let scratch = Scratch::new("same");
    let mut hashes = Vec::new();
    let folders = ["", "starter/", "raft-main/starter/", "lab2a-ada/", "./"];
    for (n, folder) in folders.into_iter().enumerate() {
        let files = below(folder, &STARTER);
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        for (path, text) in &files {
            scratch.file(&format!("disk/{n}/ada/{path}"), text);
        }
        let paths = [
            scratch.path().join(format!("disk/{n}/ada")),
            scratch.file("zip/ada.zip", zip(&files)),
            scratch.file("tar/ada.tar", tar(&files)),
            scratch.file("gz/ada.tar.gz", gz(&tar(&files))),
            scratch.file("gz/ada.TGZ", gz(&tar(&files))),
        ];
        for path in paths {
            let submission = read_one(&path);
            assert_eq!(told(&submission), TAKEN, "{}", path.display());
            let sources = submission.content.unwrap();
            assert_eq!(sources.files["core.rs"], "// core");
            hashes.push(sources.hash());
        }
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
    assert_eq!(hashes[0].len(), 64);
}

#[test]
fn a_hash_tells_sources_apart() {
    let scratch = Scratch::new("hash");
    let hash = |files: &[(&str, &str)]| {
        let path = scratch.file("ada.zip", zip(files));
        read_one(&path).content.unwrap().hash()
    };
    let first = hash(&[("src/lib.rs", "ab"), ("src/x.rs", "c")]);
    assert_ne!(first, hash(&[("src/lib.rs", "a"), ("src/x.rs", "bc")]));
    assert_ne!(first, hash(&[("src/lib.rs", "ab"), ("src/y.rs", "c")]));
    assert_eq!(first, hash(&[("src/x.rs", "c"), ("src/lib.rs", "ab")]));
}

#[test]
fn sources_are_written_as_they_were() {
    let scratch = Scratch::new("written");
    let sources = read_one(&scratch.file("ada.zip", zip(&STARTER)))
        .content
        .unwrap();
    let src = scratch.folder("x/src");
    sources.write_to(&src).unwrap();
    let again = read_one(&scratch.path().join("x")).content.unwrap();
    assert_eq!(again, sources);
}

#[test]
fn bare_files_are_sources_too() {
    let files = [
        ("lib.rs", ""),
        ("core.rs", ""),
        ("suite.rs", ""),
        ("build.rs", ""),
        ("tests/suite.rs", ""),
    ];
    let scratch = Scratch::new("bare");
    for folder in ["", "lab2a/"] {
        let files = below(folder, &files);
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        let submission = read_one(&scratch.file("ada.zip", zip(&files)));
        assert_eq!(told(&submission), "ada: core.rs, lib.rs, suite.rs");
        assert!(
            submission.remarks[0].ends_with("build.rs"),
            "{:?}",
            submission.remarks
        );
    }
}

#[test]
fn of_several_packages_the_starter_is_taken() {
    let scratch = Scratch::new("several");
    let files = [
        ("main/Cargo.toml", ""),
        ("main/raft/src/lib.rs", ""),
        ("main/raft/src/core.rs", ""),
        ("main/starter/src/lib.rs", ""),
        ("main/starter/src/mine.rs", ""),
    ];
    let submission = read_one(&scratch.file("ada.zip", zip(&files)));
    assert_eq!(told(&submission), "ada: lib.rs, mine.rs");
    assert_eq!(
        submission.remarks,
        ["only the .rs files below src are used; left out: main/raft/"]
    );
    let files = [
        ("Cargo.toml", ""),
        ("raft/src/lib.rs", ""),
        ("mine/src/lib.rs", ""),
    ];
    let path = scratch.file("ada.zip", zip(&files));
    assert_eq!(
        read_all(&path),
        [
            "ada: refused: there are several lib.rs, and one is expected, or one in a folder called starter: \
          mine/src/lib.rs and raft/src/lib.rs"
        ]
    );
}

#[test]
fn a_module_may_be_called_src_or_target() {
    let files = [
        ("src/lib.rs", ""),
        ("src/src/lib.rs", ""),
        ("src/target/mod.rs", ""),
    ];
    let scratch = Scratch::new("modules");
    let path = scratch.file("ada.zip", zip(&files));
    assert_eq!(read_all(&path), ["ada: lib.rs, src/lib.rs, target/mod.rs"]);
}

#[test]
fn litter_is_not_looked_at() {
    let files = [
        ("starter/src/lib.rs", ""),
        ("starter/src/._lib.rs", "\u{0}"),
        ("starter/.DS_Store", ""),
        ("__MACOSX/starter/src/lib.rs", ""),
        ("starter/target/package/x/src/lib.rs", ""),
        ("starter/.git/hooks/x.rs", ""),
    ];
    let scratch = Scratch::new("litter");
    for name in ["ada.zip", "ada.tar"] {
        let bytes = if name == "ada.zip" {
            zip(&files)
        } else {
            tar(&files)
        };
        let submission = read_one(&scratch.file(name, bytes));
        assert_eq!(told(&submission), "ada: lib.rs");
        assert!(submission.remarks.is_empty(), "{:?}", submission.remarks);
    }
}

#[test]
fn what_is_left_out_and_could_matter_is_told() {
    let scratch = Scratch::new("left-out");
    let mut files = STARTER.to_vec();
    let remarks = |files: &[(&str, &str)]| read_one(&scratch.file("ada.zip", zip(files))).remarks;
    files.retain(|(path, _)| *path != "src/notes.md");
    assert!(remarks(&files).is_empty());
    files.extend([
        ("build.rs", ""),
        (".cargo/config.toml", ""),
        ("rust-toolchain.toml", ""),
        ("more/deep.rs", ""),
        ("src/data.txt", ""),
    ]);
    assert_eq!(
        remarks(&files),
        [
            "only the .rs files below src are used; left out: .cargo/config.toml, build.rs, more/deep.rs, \
          rust-toolchain.toml and src/data.txt"
        ]
    );
}

#[test]
fn an_archive_in_an_archive_is_opened() {
    let scratch = Scratch::new("nested");
    let inner = gz(&tar(&STARTER));
    let outer = tar_with("work/starter.tar.gz", &inner);
    assert_eq!(read_all(&scratch.file("ada.tar", &outer)), [TAKEN]);
    let deeper = tar_with("again.tar", &outer);
    assert_eq!(
        read_all(&scratch.file("ada.tar", deeper)),
        [
            "ada: refused: there is no src/lib.rs in it, nor a lib.rs by itself; there is again.tar: \
          work/starter.tar.gz"
        ]
    );
}

fn tar_with(path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, path, bytes).unwrap();
    archive.into_inner().unwrap()
}

#[test]
fn what_is_missing_is_said() {
    let scratch = Scratch::new("missing");
    let path = scratch.file("ada.zip", zip(&[("main.rs", ""), ("notes.txt", "")]));
    assert_eq!(
        read_all(&path),
        [
            "ada: refused: there is no src/lib.rs in it, nor a lib.rs by itself; there is main.rs and \
          notes.txt"
        ]
    );
    let empty = scratch.folder("ada");
    assert_eq!(
        read_all(&empty),
        ["ada: refused: there is no src/lib.rs in it: it is empty"]
    );
    let path = scratch.file("x/ada.rar", "Rar!");
    assert_eq!(
        read_all(&path),
        [
            "ada: refused: ada.rar is no archive that can be opened: expected a folder, .zip, .tar or .tar.gz"
        ]
    );
    let absent = super::super::read(&[scratch.path().join("nobody.zip")]);
    let error = format!("{:#}", absent.unwrap_err());
    assert!(error.contains("nobody.zip"), "{error}");
}

#[test]
fn what_is_one_submission_is_read_as_one() {
    let scratch = Scratch::new("single");
    scratch.file("submission/docs/answers.md", "");
    scratch.file("submission/lab/src/lib.rs", "mod core;");
    let folder = scratch.path().join("submission");
    assert_eq!(read_all(&folder).len(), 2);
    let single = |path| -> Vec<String> {
        super::super::read_single(path)
            .unwrap()
            .iter()
            .map(told)
            .collect()
    };
    assert_eq!(single(&folder), ["submission: lib.rs"]);
    // Two submissions are no submission.
    scratch.file("submission/other/src/lib.rs", "");
    let told = single(&folder);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("submission: refused: there are several lib.rs"),
        "{told:?}"
    );
}
