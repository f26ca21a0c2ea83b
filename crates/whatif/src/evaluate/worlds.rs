//! What nobody said and controls look at, one way or another: everything that could be said of it is decided.
//!
//! A policy that hangs on the kind of client applies where the client is of that kind, and there its control finds such a
//! client. So both are asked together, for each combination of values that any policy or control tells apart: there are
//! five signals with few values, at most 1,680 combinations, and a handful where policies look at little.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::id::PolicyId;
use portcullis_policy::decision::Outcome;
use portcullis_policy::hypothesis::Supposed;
use portcullis_policy::what_if::SignalValue;

use super::prepared::Ends;
use super::{AnswerOutcome, Otherwise, Signal, Verdict};

/// How it ends, whatever could be said.
pub(super) struct Explored {
    /// What happens as far as it is certain.
    pub(super) certain: Supposed,
    /// What happens where most policies apply, if that is something else.
    pub(super) if_everything_applies: Option<AnswerOutcome>,
    /// The other ends, each with the values that lead to it.
    pub(super) otherwise: Vec<Otherwise>,
    /// Everything that the end hangs on, told or not.
    pub(super) signals: BTreeSet<Signal>,
}

/// How it ends with these values.
struct World {
    values: Vec<SignalValue>,
    definite: Supposed,
    possible: Supposed,
}

/// Another end, and the values that suffice for it.
struct Found {
    values: Vec<SignalValue>,
    /// Other values that would do as well in the place of one of them.
    instead: Vec<SignalValue>,
    outcome: AnswerOutcome,
    is_told: bool,
}

/// Which of both ends.
#[derive(Clone, Copy)]
enum End {
    Definite,
    Possible,
}

/// What could be said of what controls look at.
#[derive(Debug)]
pub(super) struct Sayable {
    /// For each signal its values, together those that nothing tells apart.
    classes: Vec<Vec<Vec<SignalValue>>>,
    /// Every choice of one value for each signal, those first in which least is other than in a sign-in of which nothing is said.
    combinations: Vec<Vec<SignalValue>>,
}

impl Sayable {
    pub(super) fn of(classes: Vec<Vec<Vec<SignalValue>>>) -> Self {
        let mut all: Vec<(usize, Vec<SignalValue>)> = vec![(0, Vec::new())];
        for class in &classes {
            let values = class.iter().filter_map(|alike| alike.first()).enumerate();
            all = values
                .flat_map(|(number, value)| {
                    all.iter().map(move |(others, so_far)| {
                        let values = so_far.iter().copied().chain([*value]).collect();
                        (others + usize::from(number > 0), values)
                    })
                })
                .collect();
        }
        all.sort_by_key(|(others, _)| *others);
        Self {
            combinations: all.into_iter().map(|(_, values)| values).collect(),
            classes,
        }
    }

    /// How many combinations there are.
    pub(super) fn len(&self) -> usize {
        self.combinations.len()
    }

    /// At most so many combinations, one at least.
    pub(super) fn truncate(&mut self, count: usize) {
        self.combinations.truncate(count.max(1));
    }

    /// One value of each class.
    pub(super) fn values(&self) -> impl Iterator<Item = SignalValue> {
        let alike = self.classes.iter().flatten();
        alike.filter_map(|alike| alike.first()).copied()
    }

    /// Whether a sign-in has the value of which nothing is said.
    fn is_usual(&self, value: SignalValue) -> bool {
        let mut firsts = self.classes.iter().filter_map(|classes| classes.first());
        firsts.any(|alike| alike.contains(&value))
    }

    /// The value, and those that nothing tells apart from it.
    fn alike(&self, value: SignalValue) -> &[SignalValue] {
        let mut classes = self.classes.iter().flatten();
        let found = classes.find(|alike| alike.contains(&value));
        found.map_or(&[], Vec::as_slice)
    }
}

/// Decides everything that could be said.
pub(super) fn explore(
    ends: &Ends<'_>,
    sayable: &Sayable,
    told: &impl Fn(&Supposed) -> AnswerOutcome,
) -> Explored {
    let worlds: Vec<World> = sayable
        .combinations
        .iter()
        .map(|values| World {
            definite: ends.definite(values),
            possible: ends.possible(values),
            values: values.clone(),
        })
        .collect();
    let certain = certain(ends, &worlds);
    let outcome = told(&certain);
    let fullest = fullest(&worlds, &certain);
    let everything = fullest.map(|world| told(&world.possible));
    let mut search = Search {
        ends,
        told,
        sayable,
        certain: Verdict::of(&outcome),
        fullest: fullest.map_or(&[], |world| &world.values),
        everything: everything.filter(|one| !one.is_like(&outcome)),
        found: Vec::new(),
    };
    for world in &worlds {
        search.look(world, End::Definite);
    }
    for world in &worlds {
        search.look(world, End::Possible);
    }
    let signals = search.found.iter().flat_map(|one| signals(&one.values));
    Explored {
        signals: signals.collect(),
        otherwise: search
            .found
            .into_iter()
            .filter(|one| one.is_told)
            .map(|one| otherwise(sayable, one))
            .collect(),
        if_everything_applies: search.everything,
        certain,
    }
}

/// What surely happens, if it happens anywhere: where each value has a policy of its own, none applies surely and one always.
fn certain(ends: &Ends<'_>, worlds: &[World]) -> Supposed {
    let certain = ends.definite(&[]);
    let verdict = verdict(&certain);
    let happens = worlds.iter().any(|world| {
        [&world.definite, &world.possible]
            .map(self::verdict)
            .contains(&verdict)
    });
    match worlds.first() {
        Some(first) if !happens => ends.definite(&first.values),
        Some(_) | None => certain,
    }
}

/// Where most policies apply that could, and of several such sets of policies the worst; `None`: none but those that surely do.
/// What a control finds elsewhere with the same policies is another end, and not one that more policies lead to.
fn fullest<'w>(worlds: &'w [World], certain: &Supposed) -> Option<&'w World> {
    let policies = |supposed: &Supposed| -> Vec<PolicyId> {
        let results = supposed.results();
        results.map(|(policy, _)| policy).collect()
    };
    let mut known = BTreeSet::from([policies(certain)]);
    let mut fullest: Option<(&World, (usize, u8))> = None;
    for world in worlds {
        let policies = policies(&world.possible);
        let severity = match verdict(&world.possible) {
            Verdict::Granted => 0,
            Verdict::Asked | Verdict::DependsOn => 1,
            Verdict::Blocked => 2,
        };
        let rank = (policies.len(), severity);
        let is_fuller = fullest.is_none_or(|(_, so_far)| rank > so_far);
        if known.insert(policies) && is_fuller {
            fullest = Some((world, rank));
        }
    }
    fullest.map(|(world, _)| world)
}

fn verdict(supposed: &Supposed) -> Verdict {
    match supposed.outcome() {
        Outcome::Granted => Verdict::Granted,
        Outcome::Open(_) => Verdict::Asked,
        Outcome::Blocked(_) => Verdict::Blocked,
    }
}

/// The search for other ends.
struct Search<'s, 'p, T> {
    ends: &'s Ends<'p>,
    told: &'s T,
    sayable: &'s Sayable,
    certain: Verdict,
    /// Where most policies apply, and how that ends if it is otherwise.
    fullest: &'s [SignalValue],
    everything: Option<AnswerOutcome>,
    found: Vec<Found>,
}

impl<T: Fn(&Supposed) -> AnswerOutcome> Search<'_, '_, T> {
    fn look(&mut self, world: &World, end: End) {
        let supposed = match end {
            End::Definite => &world.definite,
            End::Possible => &world.possible,
        };
        let verdict = verdict(supposed);
        if verdict == self.certain {
            return;
        }
        // Of what is only possible, each way to end is told once: which policies could apply is told with them.
        if matches!(end, End::Possible) && self.is_known(verdict) {
            return;
        }
        // The same end for another reason is none of its own.
        if self.is_within_fullest(world) && self.ends_in(verdict) {
            return;
        }
        let outcome = (self.told)(supposed);
        let is_found = self.found.iter().any(|one| {
            one.outcome.is_like(&outcome)
                && one.values.iter().all(|value| world.values.contains(value))
        });
        if is_found {
            return;
        }
        let values = self.reduced(&world.values, &outcome, end);
        let is_everything = self.everything.as_ref().is_some_and(|everything| {
            everything.is_like(&outcome) && values.iter().all(|one| self.fullest.contains(one))
        });
        let is_told = !is_everything && !self.joins(&values, &outcome);
        self.found.push(Found {
            values,
            instead: Vec::new(),
            outcome,
            is_told,
        });
    }

    /// Whether the same signals lead to the same end by other values, which are then told together.
    fn joins(&mut self, values: &[SignalValue], outcome: &AnswerOutcome) -> bool {
        let named = signals(values);
        let mut found = self.found.iter_mut().filter(|one| one.is_told);
        let alike = found.find(|one| one.outcome.is_like(outcome) && signals(&one.values) == named);
        let Some(alike) = alike else {
            return false;
        };
        let others = values.iter().filter(|value| !alike.values.contains(value));
        if let [other] = others.collect::<Vec<_>>().as_slice() {
            alike.instead.push(**other);
        }
        true
    }

    /// Whether everything unusual of where most policies apply is so here, too.
    fn is_within_fullest(&self, world: &World) -> bool {
        let unusual = |value: &&SignalValue| !self.sayable.is_usual(**value);
        let mut unusual = self.fullest.iter().filter(unusual).peekable();
        unusual.peek().is_some() && unusual.all(|value| world.values.contains(value))
    }

    fn ends_in(&self, verdict: Verdict) -> bool {
        let everything = self.everything.as_ref();
        everything.is_some_and(|everything| Verdict::of(everything) == verdict)
    }

    fn is_known(&self, verdict: Verdict) -> bool {
        let found = self.found.iter().map(|one| &one.outcome);
        let mut known = found.chain(&self.everything).map(Verdict::of);
        known.any(|known| known == verdict)
    }

    /// The fewest of these values, left out one by one, that lead to the same.
    fn reduced(
        &self,
        values: &[SignalValue],
        outcome: &AnswerOutcome,
        end: End,
    ) -> Vec<SignalValue> {
        let mut needed = values.to_vec();
        for value in values {
            let fewer: Vec<_> = needed.iter().copied().filter(|one| one != value).collect();
            let supposed = match end {
                End::Definite => self.ends.definite(&fewer),
                End::Possible => self.ends.possible(&fewer),
            };
            if (self.told)(&supposed).is_like(outcome) {
                needed = fewer;
            }
        }
        needed
    }
}

fn signals(values: &[SignalValue]) -> BTreeSet<Signal> {
    let signals = values.iter().map(|value| Signal::from(value.signal()));
    signals.collect()
}

fn otherwise(sayable: &Sayable, found: Found) -> Otherwise {
    let instead = |value: &SignalValue| {
        let others = found.instead.iter().copied();
        let signal = value.signal();
        others.filter(move |other| other.signal() == signal)
    };
    let every = |value: &SignalValue| -> Vec<SignalValue> {
        let values = std::iter::once(*value).chain(instead(value));
        values.flat_map(|one| sayable.alike(one).to_vec()).collect()
    };
    let values = found.values.iter();
    let words: Vec<String> = values.map(|value| words(&every(value))).collect();
    let manner = match found.values.as_slice() {
        [one] => manner(*one),
        _ => None,
    };
    Otherwise {
        signals: signals(&found.values),
        words: if words.is_empty() {
            "every policy applies that could".to_owned()
        } else {
            words.join(" and ")
        },
        manner,
        outcome: found.outcome,
        but: Vec::new(),
    }
}

/// Values of one signal in a clause, as [`Otherwise::words`] are.
fn words(alike: &[SignalValue]) -> String {
    let names: Vec<&str> = alike.iter().map(|value| name(*value)).collect();
    let names = match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
    };
    let subject = match alike.first() {
        None => return names,
        Some(SignalValue::ClientAppType(_)) => "the client is",
        Some(SignalValue::DevicePlatform(_)) => "the platform is",
        Some(SignalValue::SignInRisk(_)) => "the sign-in risk is",
        Some(SignalValue::UserRisk(_)) => "the user risk is",
        Some(SignalValue::AuthenticationFlow(_)) => "the sign-in comes",
    };
    format!("{subject} {names}")
}

const fn name(value: SignalValue) -> &'static str {
    match value {
        SignalValue::ClientAppType(client) => match client {
            ClientAppType::Browser => "a browser",
            ClientAppType::MobileAppsAndDesktopClients => "a mobile or desktop application",
            ClientAppType::ExchangeActiveSync => "one of Exchange ActiveSync",
            ClientAppType::EasSupported => "one of Exchange ActiveSync on a supported platform",
            ClientAppType::Other => "a legacy one",
        },
        SignalValue::DevicePlatform(platform) => match platform {
            None => "unknown",
            Some(DevicePlatform::Android) => "android",
            Some(DevicePlatform::Ios) => "iOS",
            Some(DevicePlatform::Windows) => "windows",
            Some(DevicePlatform::WindowsPhone) => "windowsPhone",
            Some(DevicePlatform::MacOs) => "macOS",
            Some(DevicePlatform::Linux) => "linux",
        },
        SignalValue::SignInRisk(level) | SignalValue::UserRisk(level) => match level {
            RiskLevel::None => "none",
            RiskLevel::Low => "low",
            RiskLevel::Medium => "medium",
            RiskLevel::High => "high",
        },
        SignalValue::AuthenticationFlow(method) => match method {
            None => "from no other device",
            Some(TransferMethod::DeviceCodeFlow) => "by device code flow",
            Some(TransferMethod::AuthenticationTransfer) => "by authentication transfer",
        },
    }
}

/// The same as a manner of signing in, of those that nobody thinks of who says nothing.
const fn manner(value: SignalValue) -> Option<&'static str> {
    match value {
        SignalValue::ClientAppType(client) => match client {
            ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => None,
            ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported => {
                Some("from a client of Exchange ActiveSync")
            }
            ClientAppType::Other => Some("from a legacy client"),
        },
        SignalValue::AuthenticationFlow(method) => match method {
            None => None,
            Some(TransferMethod::DeviceCodeFlow | TransferMethod::AuthenticationTransfer) => {
                Some(name(value))
            }
        },
        SignalValue::DevicePlatform(_) | SignalValue::SignInRisk(_) | SignalValue::UserRisk(_) => {
            None
        }
    }
}
