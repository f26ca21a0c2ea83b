//! Members with a short form: a text that stands for an object, one entry that stands for a list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Serialize, Serializer};

use super::{DescribedUser, DetailedProof, DeviceSituation, Proven, RegisteredDevice, Who};

/// One entry, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(many: Vec<T>) -> Self {
        Self(many)
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Vec<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
                Ok(vec![T::deserialize(text.into_deserializer())?])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list))
            }
        }
        deserializer.deserialize_any(Entries(PhantomData)).map(Self)
    }
}

/// Something with a text as its short form.
trait ShortForm: Sized {
    /// The long form.
    type Object;
    /// What is expected, for whoever wrote something else.
    const EXPECTED: &'static str;

    fn from_text(text: &str) -> Result<Self, String>;
    fn from_object(object: Self::Object) -> Self;
}

fn short_or_long<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: ShortForm,
    T::Object: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Forms<T>(PhantomData<T>);
    impl<'de, T> Visitor<'de> for Forms<T>
    where
        T: ShortForm,
        T::Object: Deserialize<'de>,
    {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(T::EXPECTED)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            T::from_text(text).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::Object::deserialize(MapAccessDeserializer::new(map)).map(T::from_object)
        }
    }
    deserializer.deserialize_any(Forms(PhantomData))
}

impl ShortForm for Who {
    type Object = DescribedUser;
    const EXPECTED: &'static str = "the name or id of a user, or an object that describes one";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self::Named(text.to_owned()))
    }
    fn from_object(object: DescribedUser) -> Self {
        Self::Described(object)
    }
}

impl ShortForm for DeviceSituation {
    type Object = RegisteredDevice;
    const EXPECTED: &'static str = "`unregistered`, or an object that describes a device";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self::Unregistered(text.parse()?))
    }
    fn from_object(object: RegisteredDevice) -> Self {
        Self::Registered(Box::new(object))
    }
}

impl ShortForm for Proven {
    type Object = DetailedProof;
    const EXPECTED: &'static str = "a method, or an object with `method`";

    fn from_text(text: &str) -> Result<Self, String> {
        super::method(text).map(Self::Method)
    }
    fn from_object(object: DetailedProof) -> Self {
        Self::Detailed(object)
    }
}

macro_rules! deserialize {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                short_or_long(deserializer)
            }
        }
    )*};
}

deserialize!(Who, DeviceSituation, Proven);
