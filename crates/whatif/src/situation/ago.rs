//! How long ago something was: `5m`, `2h`, `90s`, `3d`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Some time before now, in whole seconds; at most ten years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ago {
    /// The seconds.
    pub seconds: u32,
}

const UNITS: [(char, u32); 4] = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];
const SECONDS_MAX: u32 = 10 * 366 * 86400;

impl FromStr for Ago {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let shown: String = text.chars().take(32).collect();
            format!(
                "`{shown}` is no time that has passed: give `now`, or a number with `s`, `m`, `h` or `d` such as `5m`"
            )
        };
        if text == "now" {
            return Ok(Self::default());
        }
        let (number, unit) = UNITS
            .into_iter()
            .find_map(|(letter, unit)| Some((text.strip_suffix(letter)?, unit)))
            .ok_or_else(wrong)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let seconds = number
            .parse::<u32>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .filter(|seconds| *seconds <= SECONDS_MAX)
            .ok_or_else(wrong)?;
        Ok(Self { seconds })
    }
}

impl TryFrom<String> for Ago {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Ago {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, unit): &(char, u32)| self.seconds.checked_rem(*unit) == Some(0);
        match UNITS.into_iter().find(whole) {
            _ if self.seconds == 0 => formatter.write_str("now"),
            Some((letter, unit)) => write!(
                formatter,
                "{}{letter}",
                self.seconds.checked_div(unit).unwrap_or_default()
            ),
            None => write!(formatter, "{}s", self.seconds),
        }
    }
}

impl From<Ago> for String {
    fn from(ago: Ago) -> Self {
        ago.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_written_alike() {
        for (text, seconds) in [
            ("now", 0),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7200),
            ("3d", 259_200),
        ] {
            let ago: Ago = text.parse().unwrap();
            assert_eq!((ago.seconds, ago.to_string().as_str()), (seconds, text));
        }
        assert_eq!("120s".parse::<Ago>().unwrap().to_string(), "2m");
        for wrong in [
            "",
            "5",
            "m",
            "-5m",
            "+5m",
            "5 m",
            "5w",
            "99999999d",
            "4000d",
            "٣m",
        ] {
            assert!(wrong.parse::<Ago>().is_err(), "{wrong}");
        }
    }
}
