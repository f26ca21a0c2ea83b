//! Inputs of every shape, cut into blocks of every size.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Default, PartialEq)]
struct Seen {
    rows: Vec<(u64, String)>,
    no_rows: Vec<(u64, NoRow)>,
    /// Of both, as they came.
    elements: Vec<Option<u64>>,
}

impl RowSink for Seen {
    fn row(&mut self, at: RowPlace, json: &[u8]) {
        self.elements.push(at.element);
        self.rows
            .push((at.line, String::from_utf8(json.to_vec()).unwrap()));
    }

    fn no_row(&mut self, at: RowPlace, why: NoRow) {
        self.elements.push(at.element);
        self.no_rows.push((at.line, why));
    }
}

fn split(input: &[u8], block: usize) -> (Seen, Ended) {
    let mut seen = Seen::default();
    let mut splitter = RowSplitter::default();
    for bytes in input.chunks(block) {
        splitter.feed(bytes, &mut seen);
    }
    let ended = splitter.finish(&mut seen);
    (seen, ended)
}

/// The rows, whatever the size of the blocks.
fn rows(input: &str) -> Vec<(u64, String)> {
    let (seen, _) = split(input.as_bytes(), input.len().max(1));
    assert_eq!(seen.no_rows, [], "{input}");
    for block in 1..=input.len() {
        assert_eq!(split(input.as_bytes(), block).0, seen, "{block}: {input}");
    }
    seen.rows
}

fn row(line: u64, text: &str) -> (u64, String) {
    (line, text.to_owned())
}

#[test]
fn every_shape_gives_its_rows_with_their_lines() {
    for empty in [
        "",
        "\u{feff}",
        "\n\n",
        "[]",
        "[\n]\n",
        r#"{"value":[]}"#,
        r#"{"@odata.context":"x","value":[ ]}"#,
    ] {
        assert_eq!(rows(empty), [], "{empty}");
    }
    let expect = [row(1, r#"{"a":1}"#), row(3, r#"{"b":"]}"}"#)];
    assert_eq!(rows("{\"a\":1}\r\n\n  {\"b\":\"]}\"}"), expect);
    assert_eq!(rows("\u{feff}[{\"a\":1},\n\n{\"b\":\"]}\"}]"), expect);
    assert_eq!(
        rows(
            "{\"@odata.context\":\"x\",\"value\":[{\"a\":1},\n\n{\"b\":\"]}\"}], \"other\": {\"c\": [{}]}}"
        ),
        expect
    );
    assert_eq!(
        rows("{\n \"a\": {\"value\":[{}]}\n}\n{ \"b\": \"\\\"value\\\":[\" }"),
        [
            row(1, "{\n \"a\": {\"value\":[{}]}\n}"),
            row(4, r#"{ "b": "\"value\":[" }"#)
        ]
    );
    // Pages of an export, one after another.
    assert_eq!(
        rows("{\"value\":[{\"a\":1}]}\n{\"value\":[{\"a\":2}]}"),
        [row(1, r#"{"a":1}"#), row(2, r#"{"a":2}"#)]
    );
}

#[test]
fn an_envelope_that_is_one_page_of_many_says_so() {
    let pages = r#"{"@odata.nextLink":"https://example.com/?$skiptoken=1","value":[{"a":1}]}"#;
    assert!(split(pages.as_bytes(), 7).1.has_more_pages);
    assert!(
        !split(br#"{"value":[{"@odata.nextLink":1}]}"#, 7)
            .1
            .has_more_pages
    );
}

#[test]
fn what_is_no_json_costs_its_line_and_no_more() {
    let (seen, _) = split(b"nonsense\n{\"a\":1}\n{\"b\":\n{\"c\":1}", 5);
    let texts: Vec<_> = seen
        .rows
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (1, "nonsense"),
            (2, r#"{"a":1}"#),
            (3, "{\"b\":"),
            (4, r#"{"c":1}"#)
        ]
    );
    let (seen, _) = split(b"[1, \"x\", {\"a\":1}, null]", 5);
    assert_eq!(seen.rows, [row(1, r#"{"a":1}"#)]);
    assert_eq!(seen.no_rows.len(), 3);
}

/// An array is often one line, and a line then tells nothing apart.
#[test]
fn elements_of_arrays_are_numbered_and_lines_are_not() {
    for (input, elements) in [
        (r#"[{"a":1},{"b":1},7,{"c":1}]"#, vec![1, 2, 3, 4]),
        (r#"{"value":[{"a":1},{"b":1}]}"#, vec![1, 2]),
        (
            "{\"value\":[{\"a\":1}]}\n{\"value\":[{\"b\":1}]}",
            vec![1, 2],
        ),
        ("[]", vec![]),
    ] {
        let (seen, _) = split(input.as_bytes(), 3);
        let expected: Vec<Option<u64>> = elements.into_iter().map(Some).collect();
        assert_eq!(seen.elements, expected, "{input}");
    }
    let (seen, _) = split(b"{\"a\":1}\n{\"b\":1}\n", 3);
    assert_eq!(seen.elements, [None, None]);
    let place = |element| RowPlace { line: 1, element };
    assert_eq!(place(Some(2)).to_string(), "element 2 (line 1)");
    assert_eq!(place(None).to_string(), "line 1");
}

#[test]
fn an_input_that_ends_in_a_row_says_so() {
    for (input, line) in [
        ("[{\"a\":1},\n{\"b\":", 2),
        ("[{\"a\":1},\n", 2),
        ("{\"value\":[\n{\"a\":1}\n]", 3),
    ] {
        let (seen, _) = split(input.as_bytes(), 4);
        assert_eq!(seen.no_rows, [(line, NoRow::CutOff)], "{input}");
    }
}

#[test]
fn a_huge_row_is_passed_over_in_little_memory() {
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(3 * ROW_BYTES_MAX));
    for input in [
        format!("{{\"b\":1}}\n{huge}\n{{\"c\":1}}"),
        format!("[{{\"b\":1}},\n{huge},\n{{\"c\":1}}]"),
        format!("{{\"value\":[{{\"b\":1}},\n{huge},\n{{\"c\":1}}]}}"),
    ] {
        let mut seen = Seen::default();
        let mut splitter = RowSplitter::default();
        for bytes in input.as_bytes().chunks(1 << 16) {
            splitter.feed(bytes, &mut seen);
            assert!(splitter.held.capacity() <= 3 * ROW_BYTES_MAX);
        }
        splitter.finish(&mut seen);
        assert_eq!(seen.no_rows, [(2, NoRow::TooLarge)]);
        assert_eq!(seen.rows.len(), 2);
    }
    let (seen, _) = split(huge.as_bytes(), 1 << 16);
    assert_eq!(
        (seen.rows.len(), seen.no_rows),
        (0, vec![(1, NoRow::TooLarge)])
    );
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_blocks_the_rows_are_the_same(
        input in r#"[\[\]{}:,"\\ \nv]{0,40}|(\{"value":)?[\[\]{}:,"\\ \nv]{0,40}"#,
        block in 1..9usize,
    ) {
        let (whole, ended) = split(input.as_bytes(), input.len().max(1));
        prop_assert_eq!((whole, ended), split(input.as_bytes(), block));
    }
}
