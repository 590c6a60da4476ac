//! The whole class as JUnit's XML: a suite of tests for each submission. Times are left out: the same
//! class gives the same file.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::grade::model::{Class, Graded, Outcome, TestResult, Verdict};

use super::{tame::tame, words};

/// The whole file.
pub(crate) fn xml(class: &Class) -> String {
    let class = tame(class);
    let mut report = Report::new("raftlab grade");
    report.add_test_suites(class.submissions.iter().map(suite));
    report.to_string().expect("a string has room")
}

fn suite(graded: &Graded) -> TestSuite {
    let mut suite = TestSuite::new(graded.id.as_str());
    let what = |name: &str, status| case("submission", name, status);
    match &graded.verdict {
        Verdict::Graded => {}
        Verdict::Refused(why) => {
            let status = bad(NonSuccessKind::Failure, "refused", why, why);
            suite.add_test_case(what("can be read", status));
        }
        Verdict::DoesNotCompile(says) => {
            let first = says.lines().next().unwrap_or_default();
            let status = bad(NonSuccessKind::Failure, "does not compile", first, says);
            suite.add_test_case(what("compiles", status));
        }
        Verdict::CouldNotTell(why) => {
            let text = format!("{why}. {}", words::NO_ZERO);
            let status = bad(NonSuccessKind::Error, "could not tell", why, &text);
            suite.add_test_case(what("could be graded", status));
        }
    }
    if let Some(how) = &graded.nondeterminism {
        let status = bad(
            NonSuccessKind::Failure,
            "nondeterminism",
            how,
            words::REPEATABLE,
        );
        suite.add_test_case(what("is the same twice", status));
    }
    suite.add_test_cases(graded.tests.iter().map(of_test));
    suite
}

fn of_test(test: &TestResult) -> TestCase {
    let status = match &test.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(failure) => bad(
            NonSuccessKind::Failure,
            &failure.rule,
            &failure.sentence,
            &words::plain(test),
        ),
        Outcome::NotTried => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(words::outcome(test));
            status
        }
        Outcome::CouldNotTell(why) => bad(
            NonSuccessKind::Error,
            "could not tell",
            why,
            &words::outcome(test),
        ),
    };
    let name = test.path.rsplit("::").next().unwrap_or(&test.path);
    case(&test.part, name, status)
}

fn case(part: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(part);
    case
}

fn bad(kind: NonSuccessKind, rule: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(rule)
        .set_message(message)
        .set_description(text);
    status
}

#[cfg(test)]
mod tests {
    use quick_xml::events::{BytesStart, Event};
    use quick_xml::{Reader, XmlVersion};

    use super::super::samples;
    use super::*;

    /// Each element that begins: its name, and its attributes as they are meant.
    fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut reader = Reader::from_str(xml);
        let mut elements = Vec::new();
        loop {
            match reader.read_event().expect("it is XML") {
                Event::Start(start) | Event::Empty(start) => elements.push(element(&start)),
                Event::Eof => return elements,
                _ => {}
            }
        }
    }

    fn element(start: &BytesStart<'_>) -> (String, Vec<(String, String)>) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.expect("it is an attribute");
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .expect("it can be read");
            (text(attribute.key.as_ref()), value.into_owned())
        });
        (text(start.name().as_ref()), attributes.collect())
    }

    #[test]
    fn it_is_xml_with_a_suite_for_each_submission_whatever_is_in_it() {
        let class = samples::class();
        let elements = elements(&xml(&class));
        let count = |name: &str| elements.iter().filter(|(n, _)| n == name).count();
        assert_eq!(count("testsuite"), class.submissions.len());
        assert_eq!(count("error"), 1);
        let tests = class.submissions.iter().flat_map(|graded| &graded.tests);
        let not_tried = tests
            .filter(|test| test.outcome == Outcome::NotTried)
            .count();
        assert_eq!(count("skipped"), not_tried);
        let known = [
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "error",
            "skipped",
        ];
        assert!(elements.iter().all(|(name, _)| known.contains(&&**name)));
    }

    #[test]
    fn a_failure_is_of_the_type_of_its_rule() {
        let elements = elements(&xml(&samples::class()));
        let mut failures = elements.iter().filter(|(name, _)| name == "failure");
        let found = failures.any(|(_, attributes)| {
            let has = |key: &str, value: &str| {
                attributes
                    .iter()
                    .any(|(k, v)| k == key && v.starts_with(value))
            };
            has("type", "one vote per server and term") && has("message", "S1 voted twice")
        });
        assert!(found);
    }
}
