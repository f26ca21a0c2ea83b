//! YAML or JSON whose every value knows its line: what serde cannot keep through a `Value`, and people need to mend a file.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as SaphyrError, Spanned};

use crate::fault::Position;

/// So many values and names of members a file has at most.
const VALUES_MAX: usize = 250_000;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located {
    pub(crate) position: Position,
    pub(crate) content: Content,
}

/// What is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// Null, true or false, a number, a text.
    Scalar(Value),
    List(Vec<Located>),
    Members(Vec<Member>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) value: Located,
}

/// A file that is neither YAML nor JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotReadable {
    pub(crate) position: Position,
    pub(crate) message: String,
}

impl Located {
    /// Reads a text. `no` is Norway and `on` is a word: only `true` and `false` are booleans, and no number is guessed from `007`.
    pub(crate) fn read(text: &str) -> Result<Self, NotReadable> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            with_snippet: false,
            budget: serde_saphyr::budget! { max_nodes: VALUES_MAX },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000 },
        };
        let read = serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options);
        read.map(Self::from_node).map_err(|error| {
            let position = error.location().map(position).unwrap_or_default();
            let told = error.to_string();
            let place = format!(" at line {}, column {}", position.line, position.column);
            let message = told.strip_suffix(&place).unwrap_or(&told);
            let second = message.strip_prefix("duplicate mapping key: ");
            let second = second.and_then(|rest| rest.split(", set ").next());
            let message = match (&error, second) {
                (
                    SaphyrError::Budget {
                        breach: BudgetBreach::Nodes { .. },
                        ..
                    },
                    _,
                ) => format!(
                    "the file has more than {VALUES_MAX} values, names of members among them: split it into several files"
                ),
                (_, Some(name)) => format!("a second member `{name}`: each is given once"),
                (_, None) => message.to_owned(),
            };
            NotReadable { position, message }
        })
    }

    fn from_node(node: Spanned<Node>) -> Self {
        let content = match node.value {
            Node::Scalar(value) => Content::Scalar(value),
            Node::List(list) => Content::List(list.into_iter().map(Self::from_node).collect()),
            Node::Members(members) => Content::Members(
                members
                    .into_iter()
                    .map(|(name, value)| Member {
                        position: position(name.referenced),
                        name: name.value,
                        value: Self::from_node(value),
                    })
                    .collect(),
            ),
        };
        Self {
            position: position(node.referenced),
            content,
        }
    }

    /// A member of an object.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Content::Members(members) = &self.content else {
            return None;
        };
        let member = members.iter().find(|member| member.name == name)?;
        Some(&member.value)
    }

    /// An element of a list.
    pub(crate) fn element(&self, index: usize) -> Option<&Self> {
        match &self.content {
            Content::List(list) => list.get(index),
            Content::Scalar(_) | Content::Members(_) => None,
        }
    }

    /// The same without places.
    pub(crate) fn json(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(list) => list.iter().map(Self::json).collect(),
            Content::Members(members) => members
                .iter()
                .map(|member| (member.name.clone(), member.value.json()))
                .collect(),
        }
    }

    /// The same without what a JSON path leads to; `None` where it leads to nothing.
    pub(crate) fn without(&self, path: &str) -> Option<Self> {
        let mut whole = self.clone();
        let steps: Vec<Step<'_>> = steps(path).collect();
        let (to_leave_out, way) = steps.split_last()?;
        let mut here = &mut whole;
        for step in way {
            here = here.step_into(step)?;
        }
        match (&mut here.content, to_leave_out) {
            (Content::Members(members), Step::Name(name)) => {
                let index = members.iter().position(|one| one.name == *name)?;
                members.remove(index);
            }
            (Content::List(list), Step::Index(index)) if *index < list.len() => {
                list.remove(*index);
            }
            (Content::Scalar(_) | Content::List(_) | Content::Members(_), _) => return None,
        }
        Some(whole)
    }

    fn step_into(&mut self, step: &Step<'_>) -> Option<&mut Self> {
        match (&mut self.content, step) {
            (Content::Members(members), Step::Name(name)) => {
                let mut members = members.iter_mut();
                let member = members.find(|one| one.name == *name)?;
                Some(&mut member.value)
            }
            (Content::List(list), Step::Index(index)) => list.get_mut(*index),
            (Content::Scalar(_) | Content::List(_) | Content::Members(_), _) => None,
        }
    }

    /// Where a JSON path such as `$[2].conditions.users` or `signIns[0].expect` leads, as far as there is something; a path that ends in a
    /// member leads to its name.
    pub(crate) fn find(&self, path: &str) -> Position {
        let mut here = self;
        let mut found = self.position;
        for step in steps(path) {
            match (&here.content, step) {
                (Content::Members(members), Step::Name(name)) => {
                    let member = members.iter().find(|one| one.name == name);
                    let Some(member) = member else { break };
                    found = member.position;
                    here = &member.value;
                }
                (Content::List(list), Step::Index(index)) => {
                    let Some(element) = list.get(index) else {
                        break;
                    };
                    found = element.position;
                    here = element;
                }
                // Graph's `{"value": […]}` and a single object are told of as if they were the list itself.
                (Content::Scalar(_) | Content::List(_) | Content::Members(_), _) => break,
            }
        }
        found
    }
}

fn position(location: serde_saphyr::Location) -> Position {
    Position {
        line: location.line(),
        column: location.column(),
    }
}

enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.trim_start_matches('$')
        .split(['.', '['])
        .filter(|part| !part.is_empty())
        .map(|part| match part.strip_suffix(']') {
            Some(index) => match index.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Name(index.trim_matches(['"', '\''])),
            },
            None => Step::Name(part),
        })
}

/// What serde sees before the places are taken over.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Members(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number, true, false, null, a list or an object")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value)
            .ok_or_else(|| E::custom("a number must be finite; put a text in quotes"))?;
        Ok(Node::Scalar(Value::Number(number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = access.next_element()? {
            list.push(element);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Members(members))
    }
}
