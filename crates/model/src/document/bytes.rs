//! Turns the bytes of an export into documents: whatever its encoding, one object, a list, or Graph's envelope.

use std::fmt;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Document, Findings, Reason, Refusal, is_annotation, is_unset, shown, shown_text};

const TWICE: &str = "is there twice";

/// The largest file that is read.
pub const FILE_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One object of a file, and where in the file it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedDocument {
    /// `$` for a single object, `$[3]` in a list, `$.value[3]` in Graph's envelope.
    pub path: String,
    /// Its members.
    pub members: Document,
}

/// The documents in the bytes of one file.
///
/// The text may be UTF-8 or UTF-16 in either order, with a byte-order mark or without; JSON may hold one object,
/// a list of them, or `{"value": […]}`. A member that is there twice is refused, as is a page of a longer list, and what
/// lies beside the list.
pub fn read_documents(bytes: &[u8]) -> Result<Vec<PlacedDocument>, Refusal> {
    let value = read_json(bytes)?;
    let mut findings = Findings::default();
    let documents = match value {
        Value::Object(mut members) => match take_list(&mut members) {
            Some((name, list)) => {
                refuse_part_of_a_list(&members, &mut findings);
                refuse_what_lies_beside(&members, &mut findings);
                place_each(&format!("$.{name}"), list, &mut findings)
            }
            None => vec![PlacedDocument {
                path: "$".into(),
                members,
            }],
        },
        Value::Array(list) => place_each("$", list, &mut findings),
        other => {
            findings.add(
                "$",
                Reason::Shape,
                shown(&other),
                "an object or a list of objects",
            );
            Vec::new()
        }
    };
    findings.into_result(Some(documents))
}

/// The JSON value in the bytes of one file; see [`read_documents`] for what is accepted.
pub fn read_json(bytes: &[u8]) -> Result<Value, Refusal> {
    let refuse = |found: String, expected: &str| {
        let mut findings = Findings::default();
        findings.add("$", Reason::Text, found, expected);
        findings.into_result(None::<Value>)
    };
    if bytes.len() > FILE_SIZE_BYTES_MAX {
        return refuse(format!("{} bytes", bytes.len()), "at most 8 MiB");
    }
    let Some(text) = decode(bytes) else {
        return refuse(
            "bytes that are no text".into(),
            "UTF-8 or UTF-16, with or without a byte-order mark",
        );
    };
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value = StrictValue
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(value) => Ok(value),
        Err(error) => {
            let found = error.to_string();
            let expected = if found.contains(TWICE) {
                "JSON with each member once: readers disagree on which of two counts"
            } else {
                "JSON"
            };
            refuse(shown_text(&found), expected)
        }
    }
}

fn decode(bytes: &[u8]) -> Option<String> {
    let strict = |encoding: &'static Encoding, bytes| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(text.into_owned())
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => strict(UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => strict(UTF_16BE, rest),
        // JSON begins with an ASCII character, and no JSON text contains a NUL.
        [first, 0, ..] if first.is_ascii() => strict(UTF_16LE, bytes),
        [0, second, ..] if second.is_ascii() => strict(UTF_16BE, bytes),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The list of Graph's envelope, whatever the case of its name: PowerShell writes `Value`.
fn take_list(members: &mut Document) -> Option<(String, Vec<Value>)> {
    let is_list =
        |(name, value): &(&String, &Value)| name.eq_ignore_ascii_case("value") && value.is_array();
    let name = members.iter().find(is_list).map(|(name, _)| name.clone())?;
    match members.remove(&name)? {
        Value::Array(list) => Some((name, list)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            None
        }
    }
}

fn place_each(path: &str, list: Vec<Value>, findings: &mut Findings) -> Vec<PlacedDocument> {
    let mut documents = Vec::with_capacity(list.len());
    for (index, value) in list.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        match value {
            Value::Object(members) => documents.push(PlacedDocument { path, members }),
            other => findings.add(path, Reason::Shape, shown(&other), "an object"),
        }
    }
    documents
}

/// What a missing page would have demanded, nobody would demand.
fn refuse_part_of_a_list(envelope: &Document, findings: &mut Findings) {
    if let Some(link) = envelope
        .get("@odata.nextLink")
        .filter(|link| !link.is_null())
    {
        findings.add(
            "$.@odata.nextLink",
            Reason::Missing,
            format!("one page of a longer list ({})", shown(link)),
            "the whole list in one file",
        );
    }
}

/// What lies beside the list would not be read.
fn refuse_what_lies_beside(envelope: &Document, findings: &mut Findings) {
    for (name, value) in envelope {
        let holds_something = (value.is_array() || value.is_object()) && !is_unset(value);
        if holds_something && !is_annotation(name) {
            let found = format!("something beside a list, {}", shown(value));
            let expected = "one list in a file, and nothing else";
            findings.add(format!("$.{name}"), Reason::Unknown, found, expected);
        }
    }
}

/// Reads any JSON value, but no object with the same member twice: readers disagree on which one counts.
struct StrictValue;

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(StrictValue)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Document::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(StrictValue)?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "member {} {TWICE}",
                    shown_text(&name)
                )));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(bytes: &[u8]) -> Vec<String> {
        let documents = read_documents(bytes).unwrap();
        documents.into_iter().map(|one| one.path).collect()
    }

    fn refusal(bytes: &[u8]) -> String {
        read_documents(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_encoding_gives_the_same_document() {
        let text = "\r\n{\"displayName\": \"Zugriff für Gäste 𝔸\"}";
        let little = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        };
        let big = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<_>>()
        };
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            little(text),
            little(&marked),
            big(text),
            big(&marked),
        ] {
            let documents = read_documents(&bytes).unwrap();
            assert_eq!(documents.len(), 1);
            assert_eq!(documents[0].members["displayName"], "Zugriff für Gäste 𝔸");
        }
    }

    #[test]
    fn one_object_a_list_and_an_envelope_are_read() {
        assert_eq!(paths(b"{\"a\": 1}"), ["$"]);
        assert_eq!(paths(b"[]"), Vec::<String>::new());
        assert_eq!(paths(b"[{}, {}]"), ["$[0]", "$[1]"]);
        assert_eq!(
            paths(b"{\"@odata.context\": \"x\", \"value\": [{}]}"),
            ["$.value[0]"]
        );
        assert_eq!(paths(b"{\"Value\": [{}], \"Count\": 1}"), ["$.Value[0]"]);
        let one = read_documents(b"{\"value\": 3}").unwrap();
        assert_eq!(Value::Object(one[0].members.clone()), json!({"value": 3}));
    }

    #[test]
    fn what_is_not_a_whole_list_of_objects_is_refused() {
        assert!(refusal(b"").contains("EOF"));
        assert!(refusal(b"3").contains("expected an object or a list of objects"));
        assert!(refusal(b"[1]").contains("`$[0]`"));
        assert!(refusal(b"{} {}").contains("trailing characters"));
        assert!(
            refusal(b"{\"value\": [{}], \"@odata.nextLink\": \"https://x\"}").contains("one page")
        );
        for beside in [
            "{\"policies\": [{\"a\": 1}], \"value\": []}",
            "{\"Value\": [1], \"value\": [2]}",
        ] {
            let told = refusal(beside.as_bytes());
            assert!(told.contains("beside a list"), "{told}");
        }
        assert!(
            refusal(b"{\"state\": \"on\", \"state\": \"off\"}")
                .contains("member `state` is there twice")
        );
        assert!(refusal(b"\xff\xfe\x00\xd8").contains("no text"));
        assert!(refusal(b"{\"\xff\": 1}").contains("no text"));
        assert!(refusal(&vec![b' '; FILE_SIZE_BYTES_MAX + 1]).contains("at most 8 MiB"));
        assert!(refusal("[".repeat(100_000).as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn json_lies_at_most_127_deep() {
        let nested = |open: &str, inner: &str, close: &str, count: usize| {
            let (open, close) = (open.repeat(count), close.repeat(count));
            read_documents(format!("{open}{inner}{close}").as_bytes())
        };
        // Of objects, the innermost is empty and counts as one.
        assert!(nested("{\"a\":", "{}", "}", 126).is_ok());
        for refused in [
            nested("{\"a\":", "{}", "}", 127),
            nested("{\"a\":[", "", "]}", 64),
            nested("[{\"a\":", "0", "}]", 100_000),
        ] {
            let told = refused.unwrap_err().to_string();
            assert!(told.contains("recursion limit"), "{told}");
        }
    }

    #[test]
    fn many_members_cost_no_more_than_their_number() {
        // Quadratic, this would be minutes.
        let members: Vec<_> = (0..200_000).map(|n| format!("\"m{n}\":0")).collect();
        let object = format!("{{{}}}", members.join(","));
        assert_eq!(
            read_documents(object.as_bytes()).unwrap()[0].members.len(),
            200_000
        );
        let twice = format!("{{{},\"m0\":0}}", members.join(","));
        assert!(refusal(twice.as_bytes()).contains("member `m0` is there twice"));
        let many = vec!["{}"; 200_000].join(",");
        assert_eq!(paths(format!("[{many}]").as_bytes()).len(), 200_000);
    }
}
