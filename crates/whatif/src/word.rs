//! Words that stand for a few things: one list serves files, command lines and error messages.

/// An enum whose members have names; it is read and written by them, in files and on the command line.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$one_doc:meta])* $one:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$one_doc])* $one,)*
        }

        impl $name {
            /// Every word, in the order in which people are shown them.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word in files and on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$one => $word),*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                $(if text.eq_ignore_ascii_case($word) {
                    return Ok(Self::$one);
                })*
                let shown: String = text.chars().take(64).collect();
                Err(format!("`{shown}` is none of: {}", Self::WORDS.join(", ")))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pub(crate) use words;
