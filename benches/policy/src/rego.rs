//! Rego by regorus: one generated rule for each policy, each adding its number to the set of those that apply.
//!
//! That is its fastest form, in the interpreter as in the bytecode machine. The machine loses results where a function has
//! a false default (`default f(_) := false`), so none is used here, and its answers are compared like everybody's. To its
//! favour, the named locations around the address are resolved beforehand, and the input is built outside of what is timed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZero;

use anyhow::{Result, anyhow};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, PolicyLengthConfig, Rc, Value};

use crate::answer::{Answer, Shown, judge_all};
use crate::world::{
    self, CLIENT_TYPES, Demand, EXTENSIONS, PLATFORMS, RISKS, Rule, SignIn, TRUST_TYPES, Users,
    World,
};

/// Which of regorus' two machines runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    Interpreter,
    Bytecode,
}

enum Running {
    Interpreter(Box<Engine>),
    Bytecode(Box<RegoVM>),
}

pub struct Rego {
    running: Running,
    demands: Vec<Demand>,
}

/// A sign-in, ready to be asked about.
pub struct Question {
    input: Value,
    shown: Shown,
}

fn names(numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(|one| format!("\"{one}\"")).collect();
    format!("{{{}}}", names.join(", "))
}

fn texts(all: &[&str], numbers: &[usize]) -> String {
    let names: Vec<String> = numbers
        .iter()
        .filter_map(|one| all.get(*one))
        .map(|name| format!("\"{name}\""))
        .collect();
    format!("{{{}}}", names.join(", "))
}

fn overlap(what: &str, numbers: &[usize], some: bool) -> String {
    let compare = if some { "> 0" } else { "== 0" };
    format!("count(input.{what} & {}) {compare}", names(numbers))
}

/// The body of one rule, the cheap conditions first.
fn body(world: &World, policy: &world::Policy) -> Vec<String> {
    let mut terms = vec!["true".to_owned()];
    for (list, all, value) in [
        (&policy.client_types, CLIENT_TYPES.as_slice(), "clientType"),
        (&policy.platforms, &PLATFORMS, "platform"),
        (&policy.sign_in_risks, &RISKS, "signInRisk"),
        (&policy.user_risks, &RISKS, "userRisk"),
    ] {
        if let Some(list) = list {
            terms.push(format!("input.{value} in {}", texts(all, list)));
        }
    }
    if !policy.excluded_platforms.is_empty() {
        let excluded = texts(&PLATFORMS, &policy.excluded_platforms);
        terms.push(format!("not input.platform in {excluded}"));
    }
    if let Some(list) = &policy.applications {
        terms.push(format!("input.application in {}", names(list)));
    }
    match &policy.users {
        Users::All => {}
        Users::Named(list) => terms.push(format!("input.user in {}", names(list))),
        Users::Groups(list) => terms.push(overlap("groups", list, true)),
    }
    if !policy.excluded_applications.is_empty() {
        terms.push(format!(
            "not input.application in {}",
            names(&policy.excluded_applications)
        ));
    }
    if !policy.excluded_users.is_empty() {
        terms.push(format!(
            "not input.user in {}",
            names(&policy.excluded_users)
        ));
    }
    if !policy.excluded_groups.is_empty() {
        terms.push(overlap("groups", &policy.excluded_groups, false));
    }
    if let Some(filter) = policy.device_filter {
        let not = if filter.excludes { "not " } else { "" };
        terms.push(match filter.rule {
            Rule::IsManaged { trust_type } => {
                let named = TRUST_TYPES.get(trust_type).copied().unwrap_or_default();
                format!("{not}is_managed(\"{named}\")")
            }
            Rule::HasExtension(extension) => {
                let named = EXTENSIONS.get(extension).copied().unwrap_or_default();
                format!("{not}input.extension == \"{named}\"")
            }
        });
    }
    if let Some(places) = &policy.locations {
        terms.push(overlap("locations", &world.places(places), true));
    }
    if let Some(places) = &policy.excluded_locations {
        terms.push(overlap("locations", &world.places(places), false));
    }
    terms
}

fn source(world: &World) -> Result<String> {
    let mut source = "package access\nimport rego.v1\n\
        is_managed(_) if input.isCompliant\n\
        is_managed(trust) if input.trustType == trust\n"
        .to_owned();
    for (number, policy) in world.policies.iter().enumerate() {
        let body = body(world, policy).join("\n  ");
        writeln!(source, "applies contains {number} if {{\n  {body}\n}}")?;
    }
    Ok(source)
}

impl Rego {
    pub fn new(world: &World, machine: Machine) -> Result<Self> {
        let mut engine = Engine::new();
        // 2,000 rules are more than its limits for a file.
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZero::<u32>::MAX,
            max_file_bytes: NonZero::<usize>::MAX,
            max_lines: NonZero::<usize>::MAX,
        });
        engine.add_policy("access.rego".into(), source(world)?)?;
        let running = match machine {
            Machine::Interpreter => Running::Interpreter(Box::new(engine)),
            Machine::Bytecode => {
                let entry: Rc<str> = "data.access.applies".into();
                let policy = engine.compile_with_entrypoint(&entry)?;
                let program = Compiler::compile_from_policy(&policy, &["data.access.applies"])
                    .map_err(|error| anyhow!("{error}"))?;
                let mut vm = RegoVM::new();
                vm.load_program(program);
                vm.set_max_instructions(usize::MAX);
                Running::Bytecode(Box::new(vm))
            }
        };
        let demands = world.policies.iter().map(|policy| policy.demand).collect();
        Ok(Self { running, demands })
    }

    pub fn question(world: &World, sign_in: &SignIn) -> Result<Question> {
        let text = |all: &[&str], number: usize| {
            Value::from(all.get(number).copied().unwrap_or_default().to_owned())
        };
        let set = |numbers: &[usize]| {
            let values = numbers.iter().map(|one| Value::from(one.to_string()));
            Value::from(values.collect::<BTreeSet<_>>())
        };
        let mut input = Value::new_object();
        let members = input.as_object_mut()?;
        for (name, value) in [
            ("user", Value::from(sign_in.user.to_string())),
            ("groups", set(&sign_in.groups)),
            ("application", Value::from(sign_in.application.to_string())),
            ("locations", set(&world.locations_around(sign_in.address))),
            ("platform", text(&PLATFORMS, sign_in.platform)),
            ("clientType", text(&CLIENT_TYPES, sign_in.client_type)),
            ("signInRisk", text(&RISKS, sign_in.sign_in_risk)),
            ("userRisk", text(&RISKS, sign_in.user_risk)),
            ("trustType", text(&TRUST_TYPES, sign_in.trust_type)),
            ("extension", text(&EXTENSIONS, sign_in.extension)),
            ("isCompliant", Value::from(sign_in.is_compliant)),
        ] {
            members.insert(Value::from(name.to_owned()), value);
        }
        Ok(Question {
            input,
            shown: Shown::of(sign_in),
        })
    }

    pub fn decide(&mut self, question: &Question) -> Result<Answer> {
        let input = question.input.clone();
        let applies = match &mut self.running {
            Running::Interpreter(engine) => {
                engine.set_input(input);
                engine.eval_rule("data.access.applies".into())?
            }
            Running::Bytecode(vm) => {
                vm.set_input(input);
                vm.execute().map_err(|error| anyhow!("{error}"))?
            }
        };
        let mut found = Vec::new();
        for number in applies.as_set()?.iter() {
            found.push(number.as_u32()?);
        }
        found.sort_unstable();
        Ok(judge_all(&found, &self.demands, question.shown))
    }
}
