//! Conditions that leave out what nobody knows: unregistered devices, addresses without a country.

use batsat::Lit;
use portcullis_model::conditional_access::filter::FilterMode;
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, DeviceCondition, LocationCondition,
};
use portcullis_model::named_location::{CountryLookup, NamedLocationKind};

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::gap::Lacking;
use crate::place::{PlaceKind, PlaceValue};
use crate::region::Question;
use crate::selection::Selection;
use crate::witness::Disagreement;

impl Analysis {
    pub(super) fn lint_filters(&mut self, found: &mut Vec<Finding>) -> Result<(), Disagreement> {
        for (number, policy) in self.numbered() {
            if let Some(DeviceCondition::Filter(filter)) = &policy.conditions.devices
                && filter.mode == FilterMode::Exclude
            {
                found.extend(self.unregistered_out(number, &policy)?);
            }
            found.extend(self.unknown_country_out(number, &policy)?);
        }
        Ok(())
    }

    /// An exclusion that unregistered devices fulfil: `-ne` is true of what is not there (specification 6.3).
    fn unregistered_out(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
    ) -> Result<Option<Finding>, Disagreement> {
        let unregistered = !self.space.device.registered;
        let scope = self.scope(number);
        // Somebody is in scope, but nobody on an unregistered device.
        if self.is_possible(&[scope], Whom::Anybody) != Answer::Yes
            || self.is_possible(&[scope, unregistered], Whom::Anybody) != Answer::No
        {
            return Ok(None);
        }
        let spared = {
            let otherwise = self.encoded.first().map(|one| &one.whatever_the_device);
            let otherwise = otherwise.and_then(|all| all.get(number).copied());
            self.spared(number, policy, [Some(unregistered), otherwise])?
        };
        Ok(spared.map(|mut finding| {
            finding.rule = Rule::UnregisteredDevicesOut;
            finding.what = format!(
                "`{}` excludes unregistered devices: its filter excludes by a negative operator, which holds of what is not known",
                policy.display_name
            );
            "add a positive test such as `device.isCompliant -eq True`, or include instead of exclude".clone_into(&mut finding.cure);
            finding
        }))
    }

    /// Countries by address on the include side, without the unknown ones.
    fn unknown_country_out(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
    ) -> Result<Option<Finding>, Disagreement> {
        let side = self.sides.first();
        let locations = side.map_or(&[][..], |side| &side.configuration.named_locations);
        let is_country = |condition: &LocationCondition| match condition {
            LocationCondition::NamedLocation(id) => {
                let location = locations.iter().find(|location| location.id == *id);
                location.is_some_and(|location| {
                    matches!(
                        location.kind,
                        NamedLocationKind::Countries {
                            lookup: CountryLookup::ClientIpAddress,
                            includes_unknown: false,
                            ..
                        }
                    )
                })
            }
            LocationCondition::All | LocationCondition::AllTrusted => false,
        };
        let conditions = policy.conditions.locations.as_ref();
        if !conditions.is_some_and(|one| one.include.iter().any(is_country)) {
            return Ok(None);
        }
        let Some(unknown) = self.unknown_country() else {
            return Ok(None);
        };
        let spared = {
            let otherwise = self.encoded.first().map(|one| &one.whatever_the_place);
            let otherwise = otherwise.and_then(|all| all.get(number).copied());
            self.spared(number, policy, [Some(unknown), otherwise])?
        };
        Ok(spared.map(|mut finding| {
            finding.rule = Rule::UnknownCountryOut;
            finding.what = format!(
                "`{}` is about some countries and lets addresses of unknown country pass",
                policy.display_name
            );
            "set includeUnknownCountriesAndRegions on the location".clone_into(&mut finding.cure);
            finding
        }))
    }

    fn unknown_country(&self) -> Option<Lit> {
        let classes = self.space.place_classes.classes.get(&PlaceKind::Country)?;
        let at = classes
            .iter()
            .position(|class| class.representative == PlaceValue::Country(None))?;
        self.space.places.get(&PlaceKind::Country)?.get(at).copied()
    }

    /// Somebody who is spared by a policy because of `because`, the one condition that is not met, and gets in without what it demands.
    fn spared(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        because: [Option<Lit>; 2],
    ) -> Result<Option<Finding>, Disagreement> {
        let spared = !self.scope(number);
        let mut ways = Vec::new();
        for evidence in self.evidences_of(policy) {
            let granted = self.granted(0, evidence);
            // What it demands may be met all the same, because others demand it too.
            let satisfied = self.satisfied(evidence, policy);
            let all = [spared, granted, !satisfied];
            let all = all.into_iter().chain(because.into_iter().flatten());
            ways.push((evidence, self.space.circuit.all(all)));
        }
        let goal = self.space.circuit.any(ways.iter().map(|(_, way)| *way));
        let selection = Selection::people();
        let question = Question {
            goal,
            among: self.select(&selection),
        };
        let findings = self.space.classes(&question, 1);
        let Some(one) = findings.found.first() else {
            return Ok(None);
        };
        let mut finding = Finding::about(Rule::UnregisteredDevicesOut, policy, String::new(), "");
        finding.class = Some(self.class(one, &selection));
        finding.witness = Some(self.confirmed(0, &Lacking::of(ways, goal), one)?);
        Ok(Some(finding))
    }
}
