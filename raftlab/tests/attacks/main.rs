//! The hostile submissions of `tests/attacks/`: each can be read, makes a folder as a student would hand
//! in, and brings nothing.
//!
//! | file | what |
//! |---|---|
//! | `cases.rs` | an attack as it is written down |
//! | `scene.rs` | what is there when they begin, and what must not be there when they are over |
//! | `withstood.rs` | all of them at once, against the grader |

// Sandboxes; and links, and names that not every system can write.
#![cfg(target_os = "linux")]

mod cases;
#[path = "../common/grader.rs"]
mod grader;
mod scene;
#[path = "../common/submissions.rs"]
mod submissions;
mod withstood;

use std::fs;
use std::path::Path;

use cases::{Attack, Expected};
use submissions::house;

#[test]
fn every_attack_can_be_read_and_assembled() {
    let attacks = Attack::all(&house().join("tests/attacks")).unwrap();
    assert!(attacks.len() >= 80, "{} attacks are too few", attacks.len());
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacks");
    let _ = fs::remove_dir_all(&scratch);
    for attack in attacks {
        let folder = scratch.join(&attack.name);
        attack.assemble(&folder).unwrap();
        for name in ["lib.rs", "core.rs", "server.rs", "options.rs"] {
            assert!(folder.join("src").join(name).is_file(), "{}", attack.name);
        }
        assert!(!folder.join("about.md").exists(), "{}", attack.name);
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn an_attack_lies_over_its_base() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("over-its-base");
    let _ = fs::remove_dir_all(&scratch);
    let mut attack = Attack::parse("a", "Attack: a\nBase: mutant 31\nExpect: zero\n").unwrap();
    let folder = scratch.join("attack");
    fs::create_dir_all(folder.join("src/core")).unwrap();
    fs::write(folder.join("about.md"), "").unwrap();
    fs::write(folder.join("src/attack.rs"), "// mine").unwrap();
    fs::write(folder.join("src/core/lease.rs"), "// mine, too").unwrap();
    attack.folder = folder;

    attack.assemble(&scratch.join("made")).unwrap();
    let made = |name: &str| fs::read_to_string(scratch.join("made/src").join(name)).unwrap();
    assert!(made("lib.rs").contains("attack::begin(ctx)"));
    assert_eq!(made("attack.rs"), "// mine");
    assert_eq!(made("core/lease.rs"), "// mine, too");
    assert!(!made("server.rs").contains("random_range"), "not mutant 31");

    attack.base.assemble(&scratch.join("base")).unwrap();
    let base = scratch.join("base/src");
    assert!(!base.join("attack.rs").exists());
    assert!(
        fs::read_to_string(base.join("lib.rs"))
            .unwrap()
            .contains("pub use crate::server")
    );
}

#[test]
fn what_is_expected_is_read() {
    let expected = |words: &str| {
        let text = format!("Attack: a\nBase: starter\nExpect: {words}\n\nAttack: prose\n");
        Attack::parse("a", &text).unwrap().expected
    };
    let text = |words: &str| words.to_string();
    assert_eq!(expected("refused"), Expected::Refused);
    assert_eq!(
        expected("does not compile"),
        Expected::DoesNotCompile(text(""))
    );
    assert_eq!(
        expected("does not compile: a: b"),
        Expected::DoesNotCompile(text("a: b"))
    );
    assert_eq!(expected("zero"), Expected::Zero);
    let test = text("classic::re_election");
    assert_eq!(
        expected("fails classic::re_election"),
        Expected::Fails(test)
    );
    assert_eq!(
        expected("no more than the base"),
        Expected::NoMoreThanTheBase
    );
    assert_eq!(expected("as the base"), Expected::AsTheBase);
}
