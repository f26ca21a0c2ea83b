//! Every value knows its line, and YAML's oldest traps are shut.

use serde_json::json;

use super::*;

#[test]
fn values_are_what_they_look_like() {
    let text = "country: NO\nanswer: no\nnumber: 007\nreally: true\nnothing: ~\nlist: [1, two]\ntime: 5m\n";
    let read = Located::read(text).unwrap();
    let expected = json!({
        "country": "NO", "answer": "no", "number": "007", "really": true, "nothing": null, "list": [1, "two"], "time": "5m"
    });
    assert_eq!(read.json(), expected);
}

#[test]
fn json_is_read_as_well() {
    let text = "{\"a\": [1, {\"b\": null}],\n\t\"c\": \"x\"}";
    let read = Located::read(text).unwrap();
    assert_eq!(read.json(), json!({"a": [1, {"b": null}], "c": "x"}));
    assert_eq!(read.find("c").line, 2);
}

#[test]
fn a_path_leads_to_its_line_as_far_as_it_goes() {
    let text = "a:\n  - x: 1\n  - y:\n      z: 2\n";
    let read = Located::read(text).unwrap();
    for (path, line) in [
        ("$", 1),
        ("a", 1),
        ("$.a[0].x", 2),
        ("a[1].y.z", 4),
        ("a[1].y.missing", 3),
        ("a[7]", 1),
        ("b", 1),
    ] {
        assert_eq!(read.find(path).line, line, "{path}");
    }
}

#[test]
fn what_is_no_yaml_is_told_with_its_place_once() {
    for (text, line, says) in [
        ("a: 1\na: 2\n", 2, "a second member `a`"),
        ("a: 1\n b: [2\n", 2, "not allowed"),
        ("a: 1\n---\nb: 2\n", 3, "multiple"),
        ("a: .inf\n", 1, ""),
    ] {
        let error = Located::read(text).unwrap_err();
        assert_eq!(error.position.line, line, "{error:?}");
        assert!(error.message.contains(says), "{error:?}");
        assert!(!error.message.contains("at line"), "{error:?}");
    }
}

#[test]
fn a_file_of_too_many_values_is_refused_with_the_limit_and_the_cure() {
    let list = |many: usize| format!("[{}]", vec!["1"; many].join(","));
    assert!(Located::read(&list(VALUES_MAX - 1)).is_ok());
    assert!(Located::read(&list(0)).is_ok());
    let error = Located::read(&list(VALUES_MAX)).unwrap_err();
    assert!(error.message.contains("250000"), "{error:?}");
    assert!(error.message.contains("split it"), "{error:?}");
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    for level in 1..9 {
        let below = level - 1;
        let many = vec![format!("*a{below}"); 10].join(", ");
        lines.push(format!("a{level}: &a{level} [{many}]"));
    }
    assert!(Located::read(&lines.join("\n")).is_err());
    let deep = "[".repeat(100_000);
    assert!(Located::read(&deep).is_err());
}
