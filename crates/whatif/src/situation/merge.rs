//! Situations over others: what one does not say, the other may.

use super::Situation;

impl Situation {
    /// This situation, with `defaults` for what it does not speak of. Members are taken whole: whoever describes a device
    /// describes all of it. Who names a subject replaces the subject. An application and authentication contexts are reached
    /// together, as one request names both (specification 4.3); what a user does to their own account is reached alone.
    #[must_use]
    pub fn over(self, defaults: &Self) -> Self {
        let names_subject = self.user.is_some() || self.service_principal.is_some();
        let mut defaults = defaults.clone();
        if names_subject {
            defaults.user = None;
            defaults.service_principal = None;
        }
        if self.app.is_some() || self.authentication_context.is_some() {
            defaults.user_action = None;
        }
        if self.user_action.is_some() {
            defaults.app = None;
            defaults.authentication_context = None;
        }
        macro_rules! first_of_both {
            ($($member:ident),* $(,)?) => {
                Self { $($member: self.$member.or(defaults.$member)),* }
            };
        }
        first_of_both! {
            user, service_principal, app, user_action, authentication_context, client, client_app, platform, ip, country,
            gps_country, compliant_network, device, sign_in_risk, user_risk, service_principal_risk, insider_risk, flow,
            proven, methods, accepted, custom_factors, password_changed, risk_remediated, approved_app, protected_app,
            interactive, requests_mfa, trust,
        }
    }
}
