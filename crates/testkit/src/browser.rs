//! A browser in process: cookies, redirects between our own pages, and forms, without HTTP.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_signin::journey::authorize::authorize;
use portcullis_signin::journey::resume::{resume, show};
use portcullis_signin::page::{
    Answer, ConsentChoice, CookieChange, Cookies, Frame, Handle, Page, Refusal, StayChoice, Step,
    Submission,
};

use crate::house::TestHouse;

/// One browser with its cookies.
pub struct Browser<'h> {
    /// The house it talks to.
    pub house: &'h TestHouse,
    /// Where it is.
    pub address: IpAddr,
    /// What its transport says of the device.
    pub device_evidence: Option<String>,
    /// Its cookies.
    pub jar: Jar,
    /// Every answer's step so far, for tests that look at the way.
    pub steps: usize,
}

/// Cookies of one browser.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    /// The flow cookie.
    pub flow: Option<SecretText>,
    /// Session cookies by tenant.
    pub sessions: BTreeMap<TenantId, Vec<SecretText>>,
}

impl Cookies for Jar {
    fn flow(&self) -> Option<SecretText> {
        self.flow.clone()
    }

    fn sessions(&self, tenant: TenantId) -> Vec<SecretText> {
        self.sessions.get(&tenant).cloned().unwrap_or_default()
    }
}

/// Where a browser stands after an answer.
#[derive(Debug)]
pub enum Place {
    /// At a page that waits for its form.
    Page(Box<Page>),
    /// At a refusal.
    Refused(Box<Refusal>),
    /// Sent to the client with these parameters.
    AtClient(ClientAnswer),
}

/// What the client is told.
#[derive(Debug, Clone)]
pub struct ClientAnswer {
    /// The address without what was added.
    pub address: String,
    /// Every parameter, in order.
    pub parameters: Vec<(String, String)>,
}

impl ClientAnswer {
    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl<'h> Browser<'h> {
    /// A browser that was never here.
    pub fn new(house: &'h TestHouse) -> Self {
        Self {
            house,
            address: IpAddr::from([192, 0, 2, 1]),
            device_evidence: None,
            jar: Jar::default(),
            steps: 0,
        }
    }

    /// Opens an authorization request.
    pub async fn authorize(&mut self, tenant: &str, parameters: &str) -> Place {
        let mut entropy = self.house.entropy();
        let moment = self.house.moment(&mut entropy, self.address);
        let answer = authorize(&self.house.house, moment, &self.jar, tenant, parameters).await;
        self.follow(answer).await
    }

    /// Sends a form.
    pub async fn submit(&mut self, handle: Handle, submission: Submission) -> Place {
        let mut entropy = self.house.entropy();
        let moment = self.house.moment(&mut entropy, self.address);
        let answer = resume(
            &self.house.house,
            moment,
            &self.jar,
            handle,
            submission,
            self.device_evidence.as_deref(),
        )
        .await;
        self.follow(answer).await
    }

    /// Opens the page of a handle.
    pub async fn open(&mut self, handle: Handle) -> Place {
        let mut entropy = self.house.entropy();
        let moment = self.house.moment(&mut entropy, self.address);
        let answer = show(&self.house.house, moment, &self.jar, handle).await;
        Box::pin(self.follow(answer)).await
    }

    async fn follow(&mut self, answer: Answer) -> Place {
        self.steps += 1;
        assert!(self.steps < 200, "the browser is sent in circles");
        for change in answer.cookies {
            match change {
                CookieChange::SetFlow(value) => self.jar.flow = Some(value),
                CookieChange::SetSessions { tenant, values, .. } => {
                    self.jar.sessions.insert(tenant, values);
                }
            }
        }
        match answer.step {
            Step::Show(page) => Place::Page(page),
            Step::Refuse(refusal) => Place::Refused(refusal),
            Step::SeeOther(path) => {
                let handle = read_path(&path);
                Box::pin(self.open(handle)).await
            }
            Step::Redirect(location) => Place::AtClient(read_location(&location)),
            Step::FormPost { action, fields } => Place::AtClient(ClientAnswer {
                address: action,
                parameters: fields,
            }),
        }
    }
}

/// The handle in one of our own paths.
pub fn read_path(path: &str) -> Handle {
    let (action, context) = path.split_once("?ctx=").expect("a path with a context");
    let page = action
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix("/signin"))
        .expect("a path of a page");
    Handle::parse(page, context).expect("a handle")
}

fn read_location(location: &str) -> ClientAnswer {
    let (address, query) = location.split_once(['?', '#']).unwrap_or((location, ""));
    ClientAnswer {
        address: address.to_owned(),
        parameters: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    }
}

/// The frame of a page that waits for a form.
pub fn frame(page: &Page) -> &Frame {
    match page {
        Page::UserName { frame, .. }
        | Page::Password { frame }
        | Page::AccountPicker { frame, .. }
        | Page::MfaChallenge { frame, .. }
        | Page::MfaRegistration { frame, .. }
        | Page::StaySignedIn { frame }
        | Page::Consent { frame, .. }
        | Page::ConfirmSignOut { frame, .. }
        | Page::SignedOut { frame, .. }
        | Page::MySessions { frame, .. }
        | Page::MySignIns { frame, .. } => frame,
    }
}

impl Place {
    /// The name of what is seen, for comparing whole ways: `password`, `refused 53003`, `code`, `error login_required`.
    pub fn name(&self) -> String {
        match self {
            Self::Page(page) => match **page {
                Page::UserName { .. } => "name",
                Page::Password { .. } => "password",
                Page::AccountPicker { .. } => "picker",
                Page::MfaChallenge { .. } => "challenge",
                Page::MfaRegistration { .. } => "registration",
                Page::StaySignedIn { .. } => "stay",
                Page::Consent { .. } => "consent",
                Page::ConfirmSignOut { .. } => "confirm sign-out",
                Page::SignedOut { .. } => "signed out",
                Page::MySessions { .. } => "my sessions",
                Page::MySignIns { .. } => "my sign-ins",
            }
            .to_owned(),
            Self::Refused(refusal) => format!("refused {}", refusal.error_code),
            Self::AtClient(answer) => match (answer.get("code"), answer.get("error")) {
                (Some(_), None) => "code".to_owned(),
                (_, error) => format!("error {}", error.unwrap_or("?")),
            },
        }
    }

    /// The page, if there is one.
    pub fn page(&self) -> &Page {
        match self {
            Self::Page(page) => page,
            Self::Refused(_) | Self::AtClient(_) => panic!("no page but {}", self.name()),
        }
    }

    /// The handle of the page.
    pub fn handle(&self) -> Handle {
        frame(self.page()).handle.expect("a form")
    }

    /// The frame of the page or the refusal.
    pub fn frame(&self) -> &Frame {
        match self {
            Self::Page(page) => frame(page),
            Self::Refused(refusal) => &refusal.frame,
            Self::AtClient(_) => panic!("no frame but {}", self.name()),
        }
    }

    /// What the client is told.
    pub fn client(&self) -> &ClientAnswer {
        match self {
            Self::AtClient(answer) => answer,
            Self::Page(_) | Self::Refused(_) => panic!("not at the client but {}", self.name()),
        }
    }
}

/// A person of the world, who answers pages truthfully.
pub struct Person<'p> {
    /// What they type as their name.
    pub name: &'p str,
    /// Their password.
    pub password: SecretText,
    /// The seed of the authenticator they carry: given by the world, or by a registration page.
    pub seed: Option<Vec<u8>>,
    /// What they answer to "stay signed in?".
    pub stay: StayChoice,
}

impl Person<'_> {
    /// What this person does at a page; `None` where a test must decide.
    pub fn answer(&mut self, place: &Place, house: &TestHouse) -> Option<Submission> {
        let Place::Page(page) = place else {
            return None;
        };
        Some(match &**page {
            Page::UserName { .. } => Submission::UserName {
                name: self.name.to_owned(),
            },
            Page::Password { .. } => Submission::Password {
                password: self.password.clone(),
            },
            Page::MfaChallenge { .. } => Submission::Code {
                code: SecretText::new(code_at(self.seed.as_ref()?, house)),
            },
            Page::MfaRegistration { secret_base32, .. } => {
                let seed = decode_base32(secret_base32.expose());
                let code = code_at(&seed, house);
                self.seed = Some(seed);
                Submission::Code {
                    code: SecretText::new(code),
                }
            }
            Page::StaySignedIn { .. } => Submission::StaySignedIn { choice: self.stay },
            Page::Consent { .. } => Submission::Consent {
                choice: ConsentChoice::Accept,
            },
            Page::AccountPicker { .. }
            | Page::ConfirmSignOut { .. }
            | Page::SignedOut { .. }
            | Page::MySessions { .. }
            | Page::MySignIns { .. } => return None,
        })
    }
}

impl Browser<'_> {
    /// Answers page after page until the client or a refusal is reached; the names of all places on the way.
    pub async fn walk(
        &mut self,
        mut place: Place,
        person: &mut Person<'_>,
    ) -> (Vec<String>, Place) {
        let mut way = vec![place.name()];
        while let Some(submission) = person.answer(&place, self.house) {
            let handle = place.handle();
            place = self.submit(handle, submission).await;
            way.push(place.name());
            assert!(way.len() < 20, "no end: {way:?}");
        }
        (way, place)
    }
}

/// The code an authenticator shows now.
pub fn code_at(seed: &[u8], house: &TestHouse) -> String {
    let second = u64::try_from(house.now().as_second()).expect("after 1970");
    let generator = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_secret(seed.to_vec())
        .build_noncompliant();
    generator.generate(second).to_string()
}

/// Base32 as on the registration page.
pub fn decode_base32(text: &str) -> Vec<u8> {
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut octets = Vec::new();
    for letter in text.bytes() {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => panic!("`{text}` is not base32"),
        };
        held = (held << 5 | u32::from(digit)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from((held >> bits) & 0xff).expect("eight bits"));
        }
    }
    octets
}
