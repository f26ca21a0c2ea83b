//! `--device`: the words become one object, and are read like one in a file.

use portcullis_whatif::situation::{DeviceSituation, RegisteredDevice};
use serde_json::{Map, Value};

/// Numbered properties lie in an object of their own.
const EXTENSION: &str = "extensionAttribute";

pub(super) fn device(words: &[String]) -> anyhow::Result<Option<DeviceSituation>> {
    let [first, others @ ..] = words else {
        return Ok(None);
    };
    if let Some(word) = words.iter().find(|word| !word.contains('=')) {
        let device = serde_json::from_value(Value::String(word.clone()));
        let device = device.map_err(|_| {
            anyhow::anyhow!("--device: `{word}` is neither `unregistered` nor NAME=VALUE")
        })?;
        anyhow::ensure!(
            others.is_empty(),
            "--device: `{first}` and `{}` contradict each other: `unregistered` stands alone, since nobody says anything of such a device",
            others.join(",")
        );
        return Ok(Some(device));
    }
    let mut members = Map::new();
    let mut attributes = Map::new();
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if let Some(number) = name.strip_prefix(EXTENSION) {
            let is_one = number
                .parse()
                .is_ok_and(|number: u8| (1..=15).contains(&number));
            anyhow::ensure!(
                is_one,
                "--device: `{word}`: there are `{EXTENSION}1` to `{EXTENSION}15`"
            );
            attributes.insert(number.to_owned(), value.into());
            continue;
        }
        let read = read(name, value);
        is_read(name, value, &read)?;
        members.insert(name.to_owned(), read);
    }
    if !attributes.is_empty() {
        members.insert("extensionAttributes".to_owned(), attributes.into());
    }
    let device = serde_json::from_value(Value::Object(members));
    Ok(Some(
        device.map_err(|error| anyhow::anyhow!("--device: {error}"))?,
    ))
}

/// A value as the member of this name has it.
fn read(name: &str, value: &str) -> Value {
    match (name, value) {
        ("isCompliant", "true" | "yes") => Value::Bool(true),
        ("isCompliant", "false" | "no") => Value::Bool(false),
        ("physicalIds" | "systemLabels", _) => Value::Array(vec![value.into()]),
        _ => value.into(),
    }
}

/// Refuses a property by its name, with what may stand there.
fn is_read(name: &str, typed: &str, value: &Value) -> anyhow::Result<()> {
    let members = Map::from_iter([(name.to_owned(), value.clone())]);
    let read = serde_json::from_value::<RegisteredDevice>(Value::Object(members));
    let Err(error) = read else {
        return Ok(());
    };
    let typed: String = typed.chars().take(64).collect();
    match name {
        "deviceId" => anyhow::bail!(
            "--device: `deviceId` is an id (a GUID) such as `00000000-0000-4000-8000-000000000001`, and not `{typed}`"
        ),
        "isCompliant" => {
            anyhow::bail!("--device: `isCompliant` is `true` or `false`, and not `{typed}`")
        }
        _ => {
            let told = error.to_string().replace(
                "`extensionAttributes`",
                "`extensionAttribute1` to `extensionAttribute15`",
            );
            anyhow::bail!("--device: `{name}={typed}`: {told}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        device(&words).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_said_of_a_device_is_told_with_the_property_and_its_values() {
        for (words, cures) in [
            (&["deviceId=z"][..], ["`deviceId`", "a GUID"]),
            (
                &["isCompliant=maybe"],
                ["`isCompliant`", "`true` or `false`"],
            ),
            (&["trustType=Own"], ["trustType=Own", "ServerAD"]),
            (&["vouchedBy=me"], ["vouchedBy=me", "resource"]),
            (
                &["isCompliant=true", "foo=1"],
                ["foo=1", "`extensionAttribute1` to `extensionAttribute15`"],
            ),
            (
                &["extensionAttributes=1"],
                ["extensionAttributes=1", "`extensionAttribute1` to"],
            ),
            (
                &["extensionAttribute16=x"],
                ["--device", "`extensionAttribute15`"],
            ),
            (
                &["unregistered", "isCompliant=true"],
                ["isCompliant=true", "stands alone"],
            ),
            (
                &["isCompliant=true", "unregistered"],
                ["unregistered", "stands alone"],
            ),
            (&["mine"], ["`mine`", "NAME=VALUE"]),
        ] {
            let told = told(words);
            for cure in cures {
                assert!(told.contains(cure), "{words:?}: {told}");
            }
        }
    }

    #[test]
    fn a_device_is_what_is_said_of_it() {
        let device = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            serde_json::to_value(device(&words).unwrap()).unwrap()
        };
        assert_eq!(device(&[]), Value::Null);
        assert_eq!(device(&["unregistered"]), "unregistered");
        assert_eq!(
            device(&[
                "isCompliant=yes",
                "extensionAttribute1=kiosk",
                "systemLabels=CloudPC"
            ]),
            serde_json::json!({ "isCompliant": true, "systemLabels": ["CloudPC"], "extensionAttributes": { "1": "kiosk" } })
        );
    }
}
