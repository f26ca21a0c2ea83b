//! What the demo prints: addresses, people with their passwords, and five stories.

use std::path::Path;

use comfy_table::{Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_model::store::TenantWorld;
use portcullis_model::user::{User, UserType};
use portcullis_world::credentials::PlainCredentials;
use url::Url;

use crate::output::{self, OutputFormat};

pub(super) struct Introduction<'a> {
    pub(super) address: &'a Url,
    pub(super) payroll: &'a Url,
    pub(super) authority_file: Option<&'a Path>,
    pub(super) data: &'a Path,
    pub(super) tenants: &'a [TenantWorld],
    pub(super) credentials: &'a [PlainCredentials],
}

/// A person who can sign in, as the demo tells about them.
struct Person<'a> {
    name: &'a str,
    organization: &'a str,
    password: &'a str,
    totp_secret: Option<String>,
    guest_of: Vec<&'a str>,
}

impl Introduction<'_> {
    pub(super) fn print(&self, format: OutputFormat) {
        match format {
            OutputFormat::Json => output::line(self.as_json()),
            OutputFormat::Text => self.print_text(),
        }
    }

    /// Everybody with a password, in the order in which the stories speak of them.
    fn people(&self) -> Vec<Person<'_>> {
        let credentials = self.tenants.iter().zip(self.credentials);
        let mut people: Vec<Person<'_>> = credentials
            .flat_map(|(tenant, credentials)| {
                credentials.passwords.iter().map(move |password| {
                    let totp = credentials
                        .totp
                        .iter()
                        .find(|totp| totp.user == password.user);
                    Person {
                        name: &password.user_principal_name,
                        organization: &tenant.organization.display_name,
                        password: password.password.expose(),
                        totp_secret: totp
                            .map(|totp| data_encoding::BASE32_NOPAD.encode(&totp.seed)),
                        guest_of: self.hosts(password.user),
                    }
                })
            })
            .collect();
        people.sort_by_key(|person| first_mentioned(person.name));
        people
    }

    /// The organisations in which somebody is a guest.
    fn hosts(&self, user: portcullis_model::id::UserId) -> Vec<&str> {
        let stands_for = |guest: &User| {
            guest.user_type == Some(UserType::Guest)
                && guest.home_account.is_some_and(|home| home.user_id == user)
        };
        let has_guest = |tenant: &&TenantWorld| {
            tenant
                .users
                .as_deref()
                .unwrap_or_default()
                .iter()
                .any(stands_for)
        };
        self.tenants
            .iter()
            .filter(has_guest)
            .map(|tenant| tenant.organization.display_name.as_str())
            .collect()
    }

    fn as_json(&self) -> serde_json::Value {
        let people = self.people();
        let people = people.iter().map(|person| {
            serde_json::json!({
                "userPrincipalName": person.name, "organization": person.organization,
                "password": person.password, "totpSecret": person.totp_secret, "guestOf": person.guest_of,
            })
        });
        serde_json::json!({
            "address": self.address, "payroll": self.payroll, "certificateAuthority": self.authority_file,
            "people": people.collect::<Vec<_>>(),
        })
    }

    fn print_text(&self) {
        output::line(format_args!(
            "\n{}\n",
            "Portcullis demo: two organisations, and a third".bold()
        ));
        output::line(format_args!(
            "  Payroll and the other applications   {}",
            self.payroll.cyan().underline()
        ));
        output::line(format_args!(
            "  Portcullis                           {}",
            self.address.cyan().underline()
        ));
        if let Some(file) = self.authority_file {
            output::line(format_args!(
                "  Trust this certificate authority     {}",
                file.display()
            ));
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header([
            " Sign in as",
            "Password",
            "Authenticator (TOTP secret)",
            "Guest of",
        ]);
        for person in self.people() {
            table.add_row([
                format!(" {}", person.name),
                person.password.to_owned(),
                person
                    .totp_secret
                    .clone()
                    .unwrap_or_else(|| "none yet".to_owned()),
                person.guest_of.join(", "),
            ]);
        }
        output::line(format_args!("\n{}\n{table}\n", "People".bold()));
        output::line(
            "  Put a secret into any authenticator app, or: oathtool --totp --base32 SECRET\n",
        );
        output::line("Five stories".bold());
        let payroll = self.payroll.as_str().trim_end_matches('/');
        for (number, (title, text)) in (1..).zip(STORIES) {
            let text = text.replace("{payroll}", payroll);
            output::line(format_args!(
                "\n  {}. {}\n{}",
                number,
                title.bold(),
                indented(&text)
            ));
        }
        output::line(format_args!(
            "\n{}\n{}",
            "Afterwards".bold(),
            indented(&format!(
                "See who decided what:  portcullis signins --data {} --tenant contoso\n\
                 See your own sign-ins: {}contoso.example/my-sign-ins\n\
                 Where you are signed in: {}contoso.example/my-sessions\n\
                 Start over:            portcullis demo --fresh",
                self.data.display(),
                self.address,
                self.address
            ))
        ));
        output::line("\nPress Ctrl-C to stop.");
    }
}

/// Where the stories name somebody first; who is in none of them comes last.
fn first_mentioned(name: &str) -> (usize, usize) {
    STORIES
        .iter()
        .enumerate()
        .find_map(|(story, (_, text))| text.find(name).map(|place| (story, place)))
        .unwrap_or((usize::MAX, usize::MAX))
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("     {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

const STORIES: [(&str, &str); 5] = [
    (
        "Trusted, and done at home",
        "Open {payroll} as ada@fabrikam.example. Contoso demands MFA of guests and trusts Fabrikam's:\n\
         Fabrikam asks for password and code, Contoso for nothing. Payroll says who came in.\n\
         (Open {payroll}/intranet first, and Payroll lets her straight in.)",
    ),
    (
        "Trusted, not done yet",
        "Open {payroll} as grace@fabrikam.example. She has no authenticator, so Fabrikam, her own\n\
         organisation, lets her register one. Nothing is registered at Contoso.",
    ),
    (
        "Not trusted",
        "Open {payroll} as wendy@woodgrove.example. Contoso does not believe Woodgrove's MFA, so she\n\
         registers a second authenticator at Contoso, and the page says that Contoso asks.",
    ),
    (
        "Without a guest account",
        "Open {payroll}/channel as frank@fabrikam.example: in, after MFA at Fabrikam.\n\
         Then as walter@woodgrove.example: refused (90071), and the page says whom to ask.",
    ),
    (
        "A device nobody vouches for",
        "Open {payroll}/vault as wendy (530004) or ada (53000): refused, with what to do next.\n\
         As carol@contoso.example, an administrator: a code instead, on top of her password.",
    ),
];
