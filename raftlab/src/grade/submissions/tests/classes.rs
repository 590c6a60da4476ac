//! Downloads of whole classes.

use super::super::testing::{Scratch, Zipped, read_all, told, zip, zip_of};
use super::super::{Submission, read};

fn starter() -> Vec<u8> {
    zip(&[("starter/src/lib.rs", ""), ("starter/src/core.rs", "")])
}

/// Whose a submission is: `Ada Lovelace/1001/ada@example.org`.
fn whose(submission: &Submission) -> Vec<String> {
    let facts = |it: &crate::grade::model::Student| format!("{}/{}/{}", it.name, it.id, it.email);
    submission.students.iter().map(facts).collect()
}

/// Writes a download as a zip, and as the folder that is made of it.
fn both_ways(name: &str, files: &[(&str, &[u8])], check: impl Fn(Vec<Submission>)) {
    let scratch = Scratch::new(name);
    let zipped = files.iter().map(|(path, bytes)| Zipped::new(*path, *bytes));
    let zip = scratch.file("class.zip", zip_of(zipped));
    check(read(&[zip]).unwrap());
    for (path, bytes) in files {
        scratch.file(&format!("class/{path}"), bytes);
    }
    check(read(&[scratch.path().join("class")]).unwrap());
}

const LIST: &str = r#"---
submission_71:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1001'
    :email: ada@example.org
  :created_at: 2026-02-05 05:41:19.446093000 Z
  :score: 17.0
  :status: processed
  :results:
    tests:
    - name: 'a: b'
      output: |+
        :submitters:
        - :name: Nobody
submission_72:
  :submitters:
  - :name: &1 Alan Turing
    :sid:
    :email: alan@example.org
  - :name: "Grace \"G\" Hopper"
    :sid: '1003'
    :email: ~
submission_73:
  :submitters: []
"#;

#[test]
fn gradescope() {
    for root in ["", "assignment_8_export/"] {
        let list = format!("{root}submission_metadata.yml");
        let [lib, core, zipped, evil] = [
            "submission_71/lib.rs",
            "submission_71/core.rs",
            "submission_72/work.zip",
            "submission_74/x.rar",
        ]
        .map(|path| format!("{root}{path}"));
        let starter = starter();
        let files: [(&str, &[u8]); 5] = [
            (&list, LIST.as_bytes()),
            (&lib, b""),
            (&core, b""),
            (&zipped, &starter),
            (&evil, b"Rar!"),
        ];
        both_ways("gradescope", &files, |all| {
            let all_told: Vec<_> = all.iter().map(told).collect();
            assert_eq!(all_told[0], "submission_71: core.rs, lib.rs");
            assert_eq!(all_told[1], "submission_72: core.rs, lib.rs");
            assert!(
                all_told[2].starts_with("submission_73: refused: "),
                "{}",
                all_told[2]
            );
            assert!(
                all_told[3].starts_with("submission_74: refused: x.rar"),
                "{}",
                all_told[3]
            );
            assert_eq!(whose(&all[0]), ["Ada Lovelace/1001/ada@example.org"]);
            assert_eq!(
                whose(&all[1]),
                ["Alan Turing//alan@example.org", "Grace \"G\" Hopper/1003/"]
            );
        });
    }
}

#[test]
fn a_damaged_list_of_gradescope_is_an_error() {
    for (n, (list, expected)) in [
        (
            "submission_1:\n  :submitters: [\n",
            "submission_metadata.yml, line ",
        ),
        (
            "- one\n",
            "submission_metadata.yml, line 1: expected 'submission_",
        ),
        (
            "? [a]\n: b\n",
            "submission_metadata.yml, line 1: expected a name",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let scratch = Scratch::new(&format!("damaged-list-{n}"));
        scratch.file("class/submission_metadata.yml", list);
        scratch.file("class/submission_1/lib.rs", "");
        let error = read(&[scratch.path().join("class")]).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn canvas() {
    let starter = starter();
    let old = zip(&[("src/lib.rs", ""), ("src/old.rs", "")]);
    let files: [(&str, &[u8]); 8] = [
        ("lovelaceada_12345_678902_starter-1.zip", &starter),
        ("lovelaceada_12345_678901_starter.zip", &old),
        ("turingalan_LATE_12346_678801_starter-10.zip", &starter),
        ("turingalan_LATE_12346_678800_starter-9.zip", &old),
        ("hoppergrace_12347_678803_lib.rs", b""),
        ("hoppergrace_12347_678804_core-2.rs", b""),
        ("hamilton_12348_678700_notes.txt", b""),
        ("roster.csv", b""),
    ];
    both_ways("canvas", &files, |all| {
        let all_told: Vec<_> = all.iter().map(told).collect();
        assert_eq!(
            all_told,
            [
                "hamilton: refused: there is no src/lib.rs in it, nor a lib.rs by itself; there is notes.txt",
                "hoppergrace: core.rs, lib.rs",
                "lovelaceada: core.rs, lib.rs",
                "turingalan: core.rs, lib.rs",
            ]
        );
        assert_eq!(whose(&all[2]), ["/12345/"]);
        assert_eq!(
            all[2].remarks,
            ["starter.zip was handed in 2 times: the newest counts"]
        );
        assert_eq!(all[3].remarks[0], "handed in late, as the download says");
    });
}

#[test]
fn moodle() {
    let starter = starter();
    let files: [(&str, &[u8]); 7] = [
        ("Ada Lovelace_1001_assignsubmission_file/src/lib.rs", b""),
        ("Ada Lovelace_1001_assignsubmission_file/src/core.rs", b""),
        (
            "Alan Turing_1002_assignsubmission_file_/starter.zip",
            &starter,
        ),
        (
            "Grace Hopper_1003_assignsubmission_file_starter.zip",
            &starter,
        ),
        (
            "Grace Hopper_1003_assignsubmission_onlinetext_onlinetext.html",
            b"",
        ),
        ("Zoë Ünal_1004_assignsubmission_file_/lib.rs", b""),
        ("Zoë Ünal_1005_assignsubmission_file_/.keep", b""),
    ];
    both_ways("moodle", &files, |all| {
        let all_told: Vec<_> = all.iter().map(told).collect();
        assert_eq!(
            all_told[..4],
            [
                "Ada-Lovelace_1001: core.rs, lib.rs",
                "Alan-Turing_1002: core.rs, lib.rs",
                "Grace-Hopper_1003: core.rs, lib.rs",
                "Zo-nal_1004: lib.rs",
            ]
        );
        assert!(
            all_told[4].starts_with("Zo-nal_1005: refused: "),
            "{}",
            all_told[4]
        );
        assert_eq!(whose(&all[0]), ["Ada Lovelace/1001/"]);
        assert_eq!(whose(&all[3]), ["Zoë Ünal/1004/"]);
    });
}

#[test]
fn a_folder_of_submissions() {
    let starter = starter();
    let tar = super::super::testing::tar(&[("src/lib.rs", "")]);
    let escapes = zip(&[("../lib.rs", "")]);
    let files: [(&str, &[u8]); 7] = [
        ("ada.zip", &starter),
        ("alan/starter/src/lib.rs", b""),
        ("bob.7z", b"7z"),
        ("grace.tar", &tar),
        ("mallory.zip", &escapes),
        ("nobody/notes.txt", b""),
        ("marks.csv", b""),
    ];
    both_ways("class", &files, |all| {
        let all_told: Vec<_> = all.iter().map(told).collect();
        assert_eq!(
            all_told,
            [
                "ada: core.rs, lib.rs",
                "alan: lib.rs",
                "bob: refused: bob.7z is no archive that can be opened: expected a folder, .zip, .tar or .tar.gz",
                "grace: lib.rs",
                "mallory: refused: mallory.zip: the entry ../lib.rs leaves the archive: there is '..' in its path",
                "nobody: refused: there is no src/lib.rs in it, nor a lib.rs by itself; there is notes.txt",
            ]
        );
    });
}

#[test]
fn evil_in_one_submission_stops_no_other() {
    let twice = [
        Zipped::new("ada/src/lib.rs", ""),
        Zipped::new("alan/src/lib.rs", ""),
        Zipped::new("alan/src/lib.rs", ""),
        Zipped::new("bob/../ada/src/core.rs", ""),
        Zipped::new("grace/src/lib.rs", b"\xff"),
    ];
    let scratch = Scratch::new("evil");
    assert_eq!(
        read_all(&scratch.file("class.zip", zip_of(twice))),
        [
            "ada: lib.rs",
            "alan: refused: src/lib.rs is in it twice",
            "bob: refused: the entry bob/../ada/src/core.rs leaves the archive: there is '..' in its path",
            "grace: refused: src/lib.rs is no UTF-8 text",
        ]
    );
}

#[test]
fn the_starter_beside_submissions_is_no_submission_of_them_all() {
    let scratch = Scratch::new("handout");
    let files = [("starter/src/lib.rs", ""), ("raft/src/lib.rs", "")];
    let path = scratch.file("ada.zip", zip(&files));
    assert_eq!(read_all(&path), ["ada: lib.rs"]);
    let files = [("starter/src/lib.rs", ""), ("ada/src/lib.rs", "")];
    let path = scratch.file("class.zip", zip(&files));
    assert_eq!(read_all(&path), ["ada: lib.rs", "starter: lib.rs"]);
}

#[test]
fn an_archive_among_others_that_holds_several_is_told() {
    let scratch = Scratch::new("several");
    let two = [("ada/src/lib.rs", ""), ("bob/src/lib.rs", "")];
    let paths = [
        scratch.file("ada.zip", zip(&two)),
        scratch.file("bob.zip", starter()),
    ];
    let all = read(&paths).unwrap();
    let all_told: Vec<_> = all.iter().map(told).collect();
    assert_eq!(
        all_told,
        ["ada: lib.rs", "bob: lib.rs", "bob-2: core.rs, lib.rs"]
    );
    let remarks: Vec<_> = all.iter().map(|one| one.remarks.join("")).collect();
    let several = "one of 2 submissions in ada.zip";
    assert_eq!(remarks, [several, several, ""]);
}

#[test]
fn a_class_of_one_archive_is_called_as_the_archive() {
    let scratch = Scratch::new("one");
    scratch.file("class/ada.zip", starter());
    assert_eq!(
        read_all(&scratch.path().join("class")),
        ["ada: core.rs, lib.rs"]
    );
}

#[test]
fn those_of_one_name_are_numbered() {
    let scratch = Scratch::new("numbered");
    let paths: Vec<_> = { ["a/ada.zip", "b/Ada.zip", "c/ada.zip", "d/ada-2.zip"].iter() }
        .enumerate()
        .map(|(n, path)| {
            scratch.file(
                path,
                zip(&[("src/lib.rs", ""), (&format!("src/x{n}.rs"), "")]),
            )
        })
        .collect();
    let all: Vec<_> = read(&paths).unwrap().iter().map(told).collect();
    assert_eq!(
        all,
        [
            "Ada-3: lib.rs, x1.rs",
            "ada: lib.rs, x0.rs",
            "ada-2: lib.rs, x3.rs",
            "ada-4: lib.rs, x2.rs",
        ]
    );
}
