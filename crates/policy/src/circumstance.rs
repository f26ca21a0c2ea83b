//! Which policies the circumstances of a sign-in let match, worked out for all of them together when policies are compiled: the
//! kind of client, the platform, the risks, and how the session came here. None of them has more than a handful of values.

use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};

use crate::dimension::Dimension;
use crate::facts::SignIn;
use crate::index::Index;
use crate::policy_set::{PolicySet, PolicySets, Row};
use crate::value::{PlatformValue, client_values_on};

/// So many conditions are about circumstances.
const CONDITIONS: usize = 7;
/// So many values one of them has at most, the absence of a value included; a power of two, so that none is out of bounds.
const VALUES: usize = 16;
/// So many words a table has at most, 128 KiB; conditions that do not fit make another one.
const WORDS_MAX: usize = 16_384;

/// For each sign-in with every signal given, what it matches by its circumstances.
#[derive(Debug, Default)]
pub(crate) struct Circumstances {
    /// Hardly ever more than one.
    tables: Vec<Table>,
}

/// What some of the conditions come to, for each combination of their values.
#[derive(Debug)]
struct Table {
    /// How far each value of each condition moves the row; not at all where it does not matter.
    steps: [[usize; VALUES]; CONDITIONS],
    rows: PolicySets,
}

/// The values of one sign-in, as numbers below [`VALUES`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values([usize; CONDITIONS]);

impl Values {
    #[inline]
    pub(crate) fn of(sign_in: &SignIn) -> Self {
        let risk = &sign_in.risk;
        Self([
            client_number(sign_in.client_app_type, sign_in.platform),
            platform_number(sign_in.platform),
            risk.sign_in as usize,
            risk.user as usize,
            risk.service_principal as usize,
            risk.insider.map_or(0, |level| level as usize),
            sign_in.transfer_method.map_or(0, |method| method as usize),
        ])
    }
}

#[inline]
fn client_number(client: ClientAppType, platform: Option<DevicePlatform>) -> usize {
    // Only of some clients it matters on what platform they run.
    let supported = usize::from(client_values_on(client, platform).len() > 1);
    client as usize * 2 + supported
}

/// 0 is the unknown one.
#[inline]
fn platform_number(platform: Option<DevicePlatform>) -> usize {
    platform.map_or(0, |platform| platform as usize + 1)
}

/// One condition while the tables are made: each value with its number, and the policies it lets match.
type Column = Vec<(usize, PolicySet)>;

impl Circumstances {
    pub(crate) fn of(index: &Index) -> Self {
        let mut tables = Vec::new();
        let mut open = Table::of_nothing(index);
        for (condition, column) in columns(index).into_iter().enumerate() {
            let distinct = distinct(&column);
            if open.rows.word_count() * distinct.len() > WORDS_MAX {
                tables.push(std::mem::replace(&mut open, Table::of_nothing(index)));
            }
            open.multiply(condition, &column, &distinct);
        }
        tables.push(open);
        Self { tables }
    }

    /// What the sign-in matches is in all of these.
    #[inline]
    pub(crate) fn rows(&self, values: Values) -> impl Iterator<Item = Row<'_>> {
        self.tables
            .iter()
            .filter_map(move |table| table.row(values))
    }
}

impl Table {
    /// Every policy, whatever the circumstances.
    fn of_nothing(index: &Index) -> Self {
        let mut rows = PolicySets::like(&index.all);
        rows.push(&index.all);
        Self {
            steps: [[0; VALUES]; CONDITIONS],
            rows,
        }
    }

    /// Takes a condition in: each row once for each of the distinct sets of its values.
    fn multiply(&mut self, condition: usize, column: &Column, distinct: &[&PolicySet]) {
        let step = self.rows.word_count();
        self.rows.multiply(distinct);
        let Some(steps) = self.steps.get_mut(condition) else {
            return;
        };
        for (value, matching) in column {
            let number = distinct.iter().position(|one| *one == matching);
            if let (Some(known), Some(number)) = (steps.get_mut(*value), number) {
                *known = number * step;
            }
        }
    }

    #[inline]
    fn row(&self, values: Values) -> Option<Row<'_>> {
        let steps = self.steps.iter().zip(values.0);
        let begin = steps.map(|(steps, value)| steps.get(value % VALUES).unwrap_or(&0));
        self.rows.at_word(begin.sum())
    }
}

fn distinct(column: &Column) -> Vec<&PolicySet> {
    let mut distinct = Vec::new();
    for (_, matching) in column {
        if !distinct.contains(&matching) {
            distinct.push(matching);
        }
    }
    distinct
}

/// In the order of [`Values::of`].
fn columns(index: &Index) -> [Column; CONDITIONS] {
    let platforms = || [None].into_iter().chain(DevicePlatform::ALL.map(Some));
    let clients = ClientAppType::ALL.into_iter();
    let clients = clients.flat_map(|client| platforms().map(move |platform| (client, platform)));
    let levels = |dimension: &Dimension<RiskLevel>| -> Column {
        let levels = RiskLevel::ALL.into_iter();
        let matching = |level| dimension.matching([level].into_iter());
        levels
            .map(|level| (level as usize, matching(level)))
            .collect()
    };
    [
        clients
            .map(|(client, platform)| {
                let values = client_values_on(client, platform).iter().copied();
                let matching = index.client_app_types.matching(values);
                (client_number(client, platform), matching)
            })
            .collect(),
        platforms()
            .map(|platform| {
                let values = platform.map(PlatformValue::Platform);
                let values = [PlatformValue::All].into_iter().chain(values);
                (platform_number(platform), index.platforms.matching(values))
            })
            .collect(),
        levels(&index.sign_in_risk),
        levels(&index.user_risk),
        levels(&index.service_principal_risk),
        [None]
            .into_iter()
            .chain(InsiderRiskLevel::ALL.map(Some))
            .map(|level| {
                let matching = index.insider_risk.matching(level.into_iter());
                (level.map_or(0, |level| level as usize), matching)
            })
            .collect(),
        [None]
            .into_iter()
            .chain(TransferMethod::ALL.map(Some))
            .map(|method| {
                let matching = index.transfer_methods.matching(method.into_iter());
                (method.map_or(0, |method| method as usize), matching)
            })
            .collect(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portcullis_model::Timestamp;
    use portcullis_model::id::{ClientId, Id, ServicePrincipalId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::attribute_class::AttributeClasses;
    use crate::dimension::DimensionBuilder;
    use crate::facts::{RiskFacts, Subject};
    use crate::index::IndexBuilder;
    use crate::location::NamedLocations;
    use crate::table::Key;

    /// Includes in each policy what its bits say, and all of it where they say nothing.
    fn fill<V: Key>(dimension: &mut DimensionBuilder<V>, values: &[V], bits: &[u8]) {
        for (policy, bits) in bits.iter().enumerate() {
            let named = || (0..8).filter(|bit| bits & (1 << bit) != 0);
            if named().next().is_none() {
                dimension.always.insert(policy);
            }
            for value in named().filter_map(|bit| values.get(bit)) {
                dimension.include(*value, policy);
            }
        }
    }

    fn index(bits: &[Vec<u8>; CONDITIONS]) -> Index {
        let [client, platform, sign_in, user, service, insider, transfer] = bits;
        let locations = NamedLocations::default();
        let attributes = AttributeClasses::of(Id::new(Uuid::nil()), &[], &[]);
        let mut index = IndexBuilder::new(client.len(), locations, attributes);
        let platforms = DevicePlatform::ALL.map(PlatformValue::Platform);
        let platforms = [&[PlatformValue::All][..], &platforms].concat();
        fill(&mut index.client_app_types, &ClientAppType::ALL, client);
        fill(&mut index.platforms, &platforms, platform);
        fill(&mut index.sign_in_risk, &RiskLevel::ALL, sign_in);
        fill(&mut index.user_risk, &RiskLevel::ALL, user);
        fill(&mut index.service_principal_risk, &RiskLevel::ALL, service);
        fill(&mut index.insider_risk, &InsiderRiskLevel::ALL, insider);
        fill(&mut index.transfer_methods, &TransferMethod::ALL, transfer);
        index.build()
    }

    fn sign_in(numbers: [usize; CONDITIONS]) -> SignIn {
        let [client, platform, sign_in, user, service, insider, transfer] = numbers;
        let at = Timestamp::UNIX_EPOCH;
        let application = ClientId::new(Uuid::nil());
        let subject = Subject::ServicePrincipal(ServicePrincipalId::new(Uuid::nil()));
        SignIn {
            client_app_type: ClientAppType::ALL[client % 5],
            platform: DevicePlatform::ALL.get(platform % 7).copied(),
            risk: RiskFacts {
                sign_in: RiskLevel::ALL[sign_in % 4],
                user: RiskLevel::ALL[user % 4],
                service_principal: RiskLevel::ALL[service % 4],
                insider: InsiderRiskLevel::ALL.get(insider % 4).copied(),
            },
            transfer_method: TransferMethod::ALL.get(transfer % 3).copied(),
            ..SignIn::new(subject, application, BTreeSet::from([application]), at)
        }
    }

    fn expect(index: &Index, sign_in: &SignIn) -> PolicySet {
        let platform = sign_in.platform.map(PlatformValue::Platform);
        let platforms = [PlatformValue::All].into_iter().chain(platform);
        let clients = client_values_on(sign_in.client_app_type, sign_in.platform);
        let risk = &sign_in.risk;
        let mut expect = index.client_app_types.matching(clients.iter().copied());
        expect.intersect(&index.platforms.matching(platforms));
        for (dimension, level) in [
            (&index.sign_in_risk, risk.sign_in),
            (&index.user_risk, risk.user),
            (&index.service_principal_risk, risk.service_principal),
        ] {
            expect.intersect(&dimension.matching([level].into_iter()));
        }
        let method = sign_in.transfer_method.into_iter();
        expect.intersect(&index.insider_risk.matching(risk.insider.into_iter()));
        expect.intersect(&index.transfer_methods.matching(method));
        expect
    }

    proptest! {
        /// However many tables it takes: tenants of some hundred policies that name everything fill more than one.
        #[test]
        fn what_is_worked_out_beforehand_is_what_each_condition_says(
            count in prop_oneof![0..3usize, 60..70usize, 300..301usize],
            bits in proptest::array::uniform7(proptest::collection::vec(any::<u8>(), 301)),
            numbers in proptest::collection::vec(any::<[usize; CONDITIONS]>(), 20),
        ) {
            let index = index(&bits.map(|bits| bits[..count].to_vec()));
            prop_assert!(count < 300 || index.circumstances.tables.len() > 1);
            for numbers in numbers {
                let sign_in = sign_in(numbers);
                let mut found = index.all.clone();
                for row in index.circumstances.rows(Values::of(&sign_in)) {
                    found.keep(row);
                }
                let expect = expect(&index, &sign_in);
                let [found, expect] = [&found, &expect].map(|it| it.common(it).collect::<Vec<_>>());
                prop_assert_eq!(found, expect);
            }
        }
    }
}
