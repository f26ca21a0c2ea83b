//! Filters for devices, applications and workload identities: a rule over attributes, read into an expression.

mod document;
mod parse;
mod print;
mod property;
#[cfg(test)]
mod tests;
mod token;

pub(super) use document::read;
pub use parse::FilterError;
pub use property::FilterProperty;

/// Graph `conditionalAccessFilter`: a rule and which side of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter<P> {
    /// Whether what fulfils the rule is meant, or everything else.
    pub mode: FilterMode,
    /// The rule.
    pub rule: FilterRule<P>,
}

/// Graph `filterMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterMode {
    /// What fulfils the rule is in scope.
    Include,
    /// What fulfils the rule is out of scope.
    Exclude,
}

/// A rule over attributes `P`: the text as written and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterRule<P> {
    /// As written, for export and explanation.
    pub text: String,
    /// What it means.
    pub expression: Expression<P>,
}

/// A filter for devices.
pub type DeviceFilter = Filter<DeviceProperty>;

/// A filter for applications or service principals.
pub type AttributeFilter = Filter<SecurityAttribute>;

/// A rule, parsed; at most [`FilterRule::DEPTH_MAX`] deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression<P> {
    /// Any of these; at least two.
    Or(Vec<Self>),
    /// All of these; at least two.
    And(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// One comparison.
    Compare(Comparison<P>),
}

/// One comparison of an attribute with what the rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<P> {
    /// The attribute.
    pub property: P,
    /// How it is compared, without regard to case.
    pub operator: FilterOperator,
    /// With what.
    pub operand: Operand,
}

/// The operators of a rule (specification 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterOperator {
    /// `-eq`.
    Equal,
    /// `-ne`.
    NotEqual,
    /// `-startsWith`.
    StartsWith,
    /// `-notStartsWith`.
    NotStartsWith,
    /// `-endsWith`.
    EndsWith,
    /// `-notEndsWith`.
    NotEndsWith,
    /// `-contains`: a part of a text, a whole member of a collection.
    Contains,
    /// `-notContains`.
    NotContains,
    /// `-in`.
    In,
    /// `-notIn`.
    NotIn,
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// `null`: the attribute has no value.
    Null,
    /// A text; `True` and `False` are texts too.
    Text(String),
    /// A list of texts, for `-in` and `-notIn`; at least one.
    List(Vec<String>),
}

/// What a filter for devices can look at (specification 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceProperty {
    /// `deviceId`.
    DeviceId,
    /// `displayName`.
    DisplayName,
    /// `deviceOwnership`.
    DeviceOwnership,
    /// `enrollmentProfileName`.
    EnrollmentProfileName,
    /// `isCompliant`.
    IsCompliant,
    /// `manufacturer`.
    Manufacturer,
    /// `mdmAppId`.
    MdmAppId,
    /// `model`.
    Model,
    /// `operatingSystem`.
    OperatingSystem,
    /// `operatingSystemVersion`, compared as text.
    OperatingSystemVersion,
    /// `physicalIds`, a collection.
    PhysicalIds,
    /// `profileType`.
    ProfileType,
    /// `systemLabels`, a collection.
    SystemLabels,
    /// `trustType`.
    TrustType,
    /// `extensionAttribute1` to `extensionAttribute15`, by number.
    ExtensionAttribute(u8),
}

/// `CustomSecurityAttribute.<set>_<name>` of an application or service principal (specification 7), in lower case: names
/// are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecurityAttribute {
    set: String,
    name: String,
}

impl SecurityAttribute {
    /// The attribute of this name in this set.
    pub fn new(set: &str, name: &str) -> Self {
        Self {
            set: set.to_lowercase(),
            name: name.to_lowercase(),
        }
    }

    /// The attribute set.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// The attribute in it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<P> FilterRule<P> {
    /// The most characters of a rule (specification 2.15).
    pub const CHARACTERS_MAX: usize = 3072;
    /// How deep parentheses and negations may be nested.
    pub const DEPTH_MAX: usize = 64;
}
