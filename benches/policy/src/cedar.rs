//! Cedar: every policy a `permit`, and the determining policies are those that apply.
//!
//! To its favour, the named locations around the address are resolved beforehand and handed over as a set, and requests
//! and entities are built outside of what is timed.

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request, RestrictedExpression,
};

use crate::answer::{Answer, Shown, judge_all};
use crate::world::{
    self, CLIENT_TYPES, Demand, EXTENSIONS, PLATFORMS, RISKS, Rule, SignIn, TRUST_TYPES, Users,
    World,
};

pub struct Cedar {
    policies: PolicySet,
    authorizer: Authorizer,
    demands: Vec<Demand>,
}

/// A sign-in, ready to be asked about.
pub struct Question {
    request: Request,
    entities: Entities,
    shown: Shown,
}

fn entities(kind: &str, numbers: &[usize]) -> String {
    let names: Vec<String> = numbers
        .iter()
        .map(|one| format!("{kind}::\"{one}\""))
        .collect();
    format!("[{}]", names.join(", "))
}

fn texts(all: &[&str], numbers: &[usize]) -> String {
    let names: Vec<String> = numbers
        .iter()
        .filter_map(|one| all.get(*one))
        .map(|name| format!("\"{name}\""))
        .collect();
    format!("[{}]", names.join(", "))
}

fn locations(numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(|one| format!("\"{one}\"")).collect();
    format!("context.locations.containsAny([{}])", names.join(", "))
}

/// One policy in Cedar's language, the cheap conditions first.
fn text(world: &World, policy: &world::Policy) -> String {
    let mut terms = Vec::new();
    for (list, all, value) in [
        (&policy.client_types, CLIENT_TYPES.as_slice(), "clientType"),
        (&policy.platforms, &PLATFORMS, "platform"),
        (&policy.sign_in_risks, &RISKS, "signInRisk"),
        (&policy.user_risks, &RISKS, "userRisk"),
    ] {
        if let Some(list) = list {
            terms.push(format!("{}.contains(context.{value})", texts(all, list)));
        }
    }
    if !policy.excluded_platforms.is_empty() {
        let excluded = texts(&PLATFORMS, &policy.excluded_platforms);
        terms.push(format!("!{excluded}.contains(context.platform)"));
    }
    if let Some(list) = &policy.applications {
        terms.push(format!("resource in {}", entities("Application", list)));
    }
    match &policy.users {
        Users::All => {}
        Users::Named(list) => terms.push(format!("principal in {}", entities("User", list))),
        Users::Groups(list) => terms.push(format!("principal in {}", entities("Group", list))),
    }
    for (what, kind, list) in [
        ("resource", "Application", &policy.excluded_applications),
        ("principal", "User", &policy.excluded_users),
        ("principal", "Group", &policy.excluded_groups),
    ] {
        if !list.is_empty() {
            terms.push(format!("!({what} in {})", entities(kind, list)));
        }
    }
    if let Some(filter) = policy.device_filter {
        let not = if filter.excludes { "!" } else { "" };
        terms.push(match filter.rule {
            Rule::IsManaged { trust_type } => {
                let named = TRUST_TYPES.get(trust_type).copied().unwrap_or_default();
                format!("{not}(context.isCompliant || context.trustType == \"{named}\")")
            }
            Rule::HasExtension(extension) => {
                let named = EXTENSIONS.get(extension).copied().unwrap_or_default();
                format!("{not}(context.extension == \"{named}\")")
            }
        });
    }
    if let Some(places) = &policy.locations {
        terms.push(locations(&world.places(places)));
    }
    if let Some(places) = &policy.excluded_locations {
        terms.push(format!("!{}", locations(&world.places(places))));
    }
    let condition = if terms.is_empty() {
        "true".to_owned()
    } else {
        terms.join(" && ")
    };
    format!("permit(principal, action, resource) when {{ {condition} }};")
}

impl Cedar {
    pub fn new(world: &World) -> Result<Self> {
        let mut policies = PolicySet::new();
        for (number, policy) in world.policies.iter().enumerate() {
            let id = PolicyId::new(number.to_string());
            policies.add(Policy::parse(Some(id), text(world, policy))?)?;
        }
        let demands = world.policies.iter().map(|policy| policy.demand).collect();
        Ok(Self {
            policies,
            authorizer: Authorizer::new(),
            demands,
        })
    }

    pub fn question(world: &World, sign_in: &SignIn) -> Result<Question> {
        let uid = |kind: &str, id: &str| -> Result<EntityUid> {
            let kind: EntityTypeName = kind.parse()?;
            Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
        };
        let text = |all: &[&str], number: usize| {
            let name = all.get(number).copied().unwrap_or_default();
            RestrictedExpression::new_string(name.to_owned())
        };
        let groups: Result<_> = sign_in
            .groups
            .iter()
            .map(|group| uid("Group", &group.to_string()))
            .collect();
        let user = uid("User", &sign_in.user.to_string())?;
        let around = world.locations_around(sign_in.address).into_iter();
        let around = around.map(|one| RestrictedExpression::new_string(one.to_string()));
        let context = Context::from_pairs([
            ("platform".to_owned(), text(&PLATFORMS, sign_in.platform)),
            (
                "clientType".to_owned(),
                text(&CLIENT_TYPES, sign_in.client_type),
            ),
            ("signInRisk".to_owned(), text(&RISKS, sign_in.sign_in_risk)),
            ("userRisk".to_owned(), text(&RISKS, sign_in.user_risk)),
            (
                "trustType".to_owned(),
                text(&TRUST_TYPES, sign_in.trust_type),
            ),
            ("extension".to_owned(), text(&EXTENSIONS, sign_in.extension)),
            (
                "isCompliant".to_owned(),
                RestrictedExpression::new_bool(sign_in.is_compliant),
            ),
            (
                "locations".to_owned(),
                RestrictedExpression::new_set(around),
            ),
        ])?;
        let application = uid("Application", &sign_in.application.to_string())?;
        let action = uid("Action", "signIn")?;
        let entity = Entity::new_no_attrs(user.clone(), groups?);
        Ok(Question {
            request: Request::new(user, action, application, context, None)?,
            entities: Entities::from_entities([entity], None)?,
            shown: Shown::of(sign_in),
        })
    }

    pub fn decide(&self, question: &Question) -> Result<Answer> {
        let Question {
            request,
            entities,
            shown,
        } = question;
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, entities);
        ensure!(
            response.diagnostics().errors().next().is_none(),
            "Cedar found errors"
        );
        let mut found = Vec::new();
        for policy in response.diagnostics().reason() {
            let number: &str = policy.as_ref();
            found.push(number.parse().context("a policy without number")?);
        }
        found.sort_unstable();
        Ok(judge_all(&found, &self.demands, *shown))
    }
}
