//! What the page of the map is made of: texts and numbers for `pages/report/map.html`, all of them escaped there.

use std::collections::BTreeMap;

use askama::Template;
use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::lint::{Finding, Rule, Severity};
use portcullis_analysis::map::{Cell, Gate, Level, Map, Neighbour, PolicyTold, Section};
use portcullis_analysis::side::Counted;
use portcullis_analysis::told::Names;
use portcullis_model::Timestamp;
use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::PolicyId;

use super::picture::{self, Picture};

/// From so many columns on a printed table needs its smallest letters.
const MANY_COLUMNS: usize = 9;

/// When the page was made, and of what.
pub(super) struct Made {
    pub(super) at: Timestamp,
    pub(super) counted: Counted,
}

/// The page.
#[derive(Template)]
#[template(path = "report/map.html")]
pub(super) struct Report {
    tenant: String,
    tenant_id: String,
    made: String,
    version: &'static str,
    looked_at: String,
    not_looked_at: Vec<String>,
    tallies: Vec<Tally>,
    cells: usize,
    severities: Vec<(&'static str, &'static str, usize)>,
    findings: Vec<FindingGroup>,
    columns: Vec<ColumnView>,
    has_many_columns: bool,
    sections: Vec<SectionView>,
    absent: String,
    pictures: [Picture; 2],
    undrawn: usize,
    neighbours: Vec<NeighbourView>,
    policies: Vec<PolicyView>,
}

/// A level, how it is written and how often it is there.
struct Tally {
    level: LevelView,
    count: usize,
    /// How many are of users who are no ordinary ones.
    of_whom: String,
}

/// How a level looks; the words say what the colour says.
struct LevelView {
    key: &'static str,
    symbol: &'static str,
    short: &'static str,
    sentence: &'static str,
}

struct FindingGroup {
    key: &'static str,
    severity: &'static str,
    rule: &'static str,
    why: &'static str,
    shown: Vec<FindingView>,
    folded: Vec<FindingView>,
}

struct FindingView {
    what: String,
    cure: String,
    class: Option<String>,
    witness: Option<String>,
}

struct ColumnView {
    name: String,
    members: Vec<String>,
}

struct SectionView {
    name: &'static str,
    rows: Vec<RowView>,
}

struct RowView {
    name: String,
    note: String,
    cells: Vec<CellView>,
    /// The same cells for paper, those that say the same together.
    printed: Vec<PrintedCell>,
}

struct CellView {
    level: LevelView,
    column: String,
    text: CellText,
}

#[derive(Clone, PartialEq)]
struct CellText {
    level: Level,
    label: String,
    sentence: String,
    lacks: Option<&'static str>,
    way_in: Option<String>,
    /// Those that always apply first.
    policies: Vec<PolicyLine>,
    /// Numbers of policies that say something of the session only.
    about_session: Vec<usize>,
}

#[derive(Clone, PartialEq)]
struct PolicyLine {
    number: usize,
    name: String,
    demands: String,
    scope: &'static str,
}

struct PrintedCell {
    columns: String,
    text: CellText,
}

struct NeighbourView {
    name: String,
    gates: [(&'static str, String); 4],
    trust: String,
    is_service_provider: bool,
}

struct PolicyView {
    number: usize,
    name: String,
    state: &'static str,
    demands: String,
    session: String,
    matters: String,
    defect: Option<String>,
    is_counted: bool,
}

/// Number and policy, as the appendix lists them.
type Numbered<'m> = BTreeMap<PolicyId, (usize, &'m PolicyTold)>;

pub(super) fn report(map: &Map, analysis: &Analysis, names: &Names<'_>, made: &Made) -> Report {
    let all = map.policies.iter().enumerate();
    let numbered: Numbered<'_> = all.map(|(at, one)| (one.id, (at + 1, one))).collect();
    let totals = map.totals();
    let tallies = totals.iter().map(|(level, count)| Tally {
        level: look(*level),
        count: *count,
        of_whom: of_whom(map, *level),
    });
    let made_at = made.at.to_string();
    Report {
        tenant: analysis.tenant().name().to_owned(),
        tenant_id: analysis.tenant().id().to_string(),
        made: made_at.split('T').next().unwrap_or_default().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        looked_at: looked_at(&map.policies, made.counted),
        not_looked_at: analysis.unknown().to_vec(),
        tallies: tallies.collect(),
        cells: totals.iter().map(|(_, count)| count).sum(),
        severities: severities(&map.findings),
        findings: findings(&map.findings, names),
        columns: columns(map),
        has_many_columns: map.columns.len() > MANY_COLUMNS,
        sections: sections(map, names, &numbered),
        absent: map.absent.join(", "),
        pictures: picture::pictures(analysis.tenant().name(), &map.neighbours),
        undrawn: picture::undrawn(&map.neighbours),
        neighbours: map.neighbours.iter().map(neighbour).collect(),
        policies: policies(&map.policies),
    }
}

/// How many cells in which nothing is demanded are not of ordinary users.
fn of_whom(map: &Map, level: Level) -> String {
    if !matches!(level, Level::SometimesNothing | Level::Nothing) {
        return String::new();
    }
    let count = |section: Section| {
        let rows = map.rows.iter().zip(&map.cells);
        let rows = rows.filter(|(row, _)| row.section == section);
        let cells = rows.flat_map(|(_, cells)| cells);
        cells.filter(|cell| cell.level == level).count()
    };
    let exceptions = count(Section::Exceptions);
    let workloads = count(Section::Workloads);
    let parts = [
        (exceptions, "are of users whom policies leave out by name"),
        (workloads, "are of applications on their own behalf"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("Of these, {}.", parts.join(", and "))
    }
}

const fn look(level: Level) -> LevelView {
    let (symbol, short, sentence) = match level {
        Level::Nobody => ("–", "nobody", "There is no such sign-in."),
        Level::CannotCome => (
            "⊘",
            "cannot come",
            "The cross-tenant access settings let nobody through.",
        ),
        Level::Blocked => ("✕", "blocked", "Nobody gets in, whatever they show."),
        Level::PhishingResistantMfa => (
            "◆",
            "phishing-resistant MFA",
            "Nobody gets in without phishing-resistant MFA.",
        ),
        Level::Mfa => ("●", "MFA", "Nobody gets in without MFA."),
        Level::ManagedDevice => (
            "■",
            "managed device",
            "Nobody gets in without a device that is compliant or hybrid joined.",
        ),
        Level::MfaOrManagedDevice => (
            "◐",
            "MFA or managed device",
            "Nobody gets in without MFA or a managed device.",
        ),
        Level::Something => (
            "○",
            "something",
            "Some policy that demands something applies to every sign-in, but neither MFA nor a managed device is certain.",
        ),
        Level::SometimesNothing => (
            "!",
            "sometimes nothing",
            "Somebody gets in of whom nothing is demanded.",
        ),
        Level::Nothing => (
            "‼",
            "nothing",
            "No policy demands anything of anybody here.",
        ),
        Level::Unknown => (
            "?",
            "not known",
            "Not known: the search was given up, or policies cannot be evaluated. Take it for open.",
        ),
    };
    LevelView {
        key: level.name(),
        symbol,
        short,
        sentence,
    }
}

fn looked_at(policies: &[PolicyTold], counted: Counted) -> String {
    let count = |state: PolicyState| policies.iter().filter(|one| one.state == state).count();
    let report_only = match counted {
        Counted::Enabled => "reporting only (not counted)",
        Counted::ReportOnlyToo => "reporting only (counted as if enforced)",
    };
    format!(
        "{} policies: {} enforced, {} {report_only}, {} switched off (not counted)",
        policies.len(),
        count(PolicyState::Enabled),
        count(PolicyState::ReportOnly),
        count(PolicyState::Disabled)
    )
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

fn severities(findings: &[Finding]) -> Vec<(&'static str, &'static str, usize)> {
    SEVERITIES
        .into_iter()
        .map(|severity| {
            let of = findings.iter();
            let count = of.filter(|one| one.rule.severity() == severity).count();
            (severity.name(), plural(severity, count), count)
        })
        .collect()
}

const fn plural(severity: Severity, count: usize) -> &'static str {
    match (severity, count) {
        (Severity::Error, 1) => "error",
        (Severity::Error, _) => "errors",
        (Severity::Warning, 1) => "warning",
        (Severity::Warning, _) => "warnings",
        (Severity::Note, 1) => "note",
        (Severity::Note, _) => "notes",
    }
}

/// Those of one rule together; the order is that of the findings.
fn findings(findings: &[Finding], names: &Names<'_>) -> Vec<FindingGroup> {
    let mut groups: Vec<(Rule, Vec<FindingView>)> = Vec::new();
    for one in findings {
        let view = FindingView {
            what: quoted(&one.what),
            cure: quoted(&one.cure),
            class: one.class.as_ref().map(ToString::to_string),
            witness: one.witness.as_ref().map(|witness| witness.told(names)),
        };
        match groups.last_mut() {
            Some((rule, views)) if *rule == one.rule => views.push(view),
            Some(_) | None => groups.push((one.rule, vec![view])),
        }
    }
    let group = |(rule, mut shown): (Rule, Vec<FindingView>)| {
        let at = shown.len().min(unfolded(rule.severity()));
        // One more is told sooner than that there is one more.
        let at = if shown.len() == at + 1 { at + 1 } else { at };
        let folded = shown.split_off(at);
        FindingGroup {
            key: rule.severity().name(),
            severity: rule.severity().name(),
            rule: rule.name(),
            why: rule.why(),
            shown,
            folded,
        }
    };
    groups.into_iter().map(group).collect()
}

/// So many findings of a rule are told before the rest is folded.
const fn unfolded(severity: Severity) -> usize {
    match severity {
        Severity::Error => 4,
        Severity::Warning => 3,
        Severity::Note => 1,
    }
}

/// A sentence for people: as they quote, and beginning as sentences do.
fn quoted(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut is_open = false;
    for letter in sentence.chars() {
        match letter {
            '`' => {
                text.push(if is_open { '”' } else { '“' });
                is_open = !is_open;
            }
            letter if text.is_empty() => text.extend(letter.to_uppercase()),
            letter => text.push(letter),
        }
    }
    text
}

fn columns(map: &Map) -> Vec<ColumnView> {
    let columns = map.columns.iter();
    columns
        .map(|one| ColumnView {
            name: one.name.clone(),
            members: one.members.clone(),
        })
        .collect()
}

fn sections(map: &Map, names: &Names<'_>, numbered: &Numbered<'_>) -> Vec<SectionView> {
    let mut sections: Vec<(Section, SectionView)> = Vec::new();
    for (row, cells) in map.rows.iter().zip(&map.cells) {
        let pairs = map.columns.iter().zip(cells);
        let cells: Vec<CellView> = pairs
            .map(|(column, cell)| CellView {
                level: look(cell.level),
                column: column.name.clone(),
                text: text(cell, names, numbered),
            })
            .collect();
        let row_view = RowView {
            name: row.name.clone(),
            note: row.note.clone(),
            printed: printed(&cells),
            cells,
        };
        match sections.last_mut() {
            Some((section, view)) if *section == row.section => view.rows.push(row_view),
            Some(_) | None => sections.push((
                row.section,
                SectionView {
                    name: row.section.name(),
                    rows: vec![row_view],
                },
            )),
        }
    }
    sections.into_iter().map(|(_, view)| view).collect()
}

fn text(cell: &Cell, names: &Names<'_>, numbered: &Numbered<'_>) -> CellText {
    let look = look(cell.level);
    let mut label = look.short.to_owned();
    let mut sentence = look.sentence.to_owned();
    if cell.managed_device_too {
        label.push_str(" and managed device");
        sentence.push_str(" Nor without a managed device.");
    }
    if cell.may_be_stronger && cell.level != Level::Unknown {
        sentence.push_str(" Whether more is demanded is not known.");
    }
    let mut policies = Vec::new();
    let mut about_session = Vec::new();
    for applying in &cell.policies {
        let Some((number, policy)) = numbered.get(&applying.policy) else {
            continue;
        };
        if policy.demands_nothing() {
            about_session.push(*number);
            continue;
        }
        policies.push(PolicyLine {
            number: *number,
            name: policy.name.clone(),
            demands: demands(policy),
            scope: if applying.is_always {
                "always"
            } else {
                "at times"
            },
        });
    }
    policies.sort_by_key(|one| (one.scope != "always", one.number));
    CellText {
        level: cell.level,
        label,
        sentence,
        lacks: cell.way_in.as_ref().map(|one| one.without.words()),
        way_in: cell.way_in.as_ref().map(|one| one.witness.told(names)),
        policies,
        about_session,
    }
}

/// What a policy demands.
fn demands(policy: &PolicyTold) -> String {
    if policy.defect.is_some() {
        return "cannot be evaluated, and blocks".to_owned();
    }
    policy.demands.clone()
}

fn printed(cells: &[CellView]) -> Vec<PrintedCell> {
    let mut printed: Vec<PrintedCell> = Vec::new();
    for cell in cells {
        let mut known = printed.iter_mut();
        // A way in names what it reaches: two cells that differ in that alone say the same.
        let same = known.find(|one| {
            one.text.level == cell.text.level
                && one.text.label == cell.text.label
                && one.text.sentence == cell.text.sentence
                && one.text.policies == cell.text.policies
                && one.text.about_session == cell.text.about_session
        });
        match same {
            Some(one) => {
                one.columns.push_str("; ");
                one.columns.push_str(&cell.column);
            }
            None => printed.push(PrintedCell {
                columns: cell.column.clone(),
                text: cell.text.clone(),
            }),
        }
    }
    printed
}

fn neighbour(one: &Neighbour) -> NeighbourView {
    let gate = |gate: &Gate| {
        let words = match gate {
            Gate::Open => "everybody, to everything".to_owned(),
            Gate::Partly(whom) => whom.clone(),
            Gate::Shut(None) => "nobody".to_owned(),
            Gate::Shut(Some(why)) => format!("nobody: {why}"),
        };
        (picture::class(gate), words)
    };
    let trusts = [
        (one.trust.mfa, "MFA"),
        (one.trust.compliant_device, "compliant devices"),
        (one.trust.hybrid_joined_device, "hybrid joined devices"),
    ];
    let trusts = trusts.into_iter().filter(|(is_trusted, _)| *is_trusted);
    let trusts: Vec<&str> = trusts.map(|(_, name)| name).collect();
    NeighbourView {
        name: one.name.clone(),
        gates: [
            gate(&one.collaboration_in),
            gate(&one.collaboration_out),
            gate(&one.direct_connect_in),
            gate(&one.direct_connect_out),
        ],
        trust: if trusts.is_empty() {
            "nothing".to_owned()
        } else {
            trusts.join(", ")
        },
        is_service_provider: one.is_service_provider,
    }
}

fn policies(policies: &[PolicyTold]) -> Vec<PolicyView> {
    let policies = policies.iter().enumerate();
    policies
        .map(|(at, one)| PolicyView {
            number: at + 1,
            name: one.name.clone(),
            state: match one.state {
                PolicyState::Enabled => "enforced",
                PolicyState::ReportOnly => "reports only",
                PolicyState::Disabled => "switched off",
            },
            demands: one.demands.clone(),
            session: one.session.join(", "),
            matters: match (one.is_counted, one.cells) {
                (false, _) => "not counted".to_owned(),
                (true, 0) => "in no cell".to_owned(),
                (true, cells) => format!("in {cells}, in {} of them always", one.always),
            },
            defect: one.defect.clone(),
            is_counted: one.is_counted,
        })
        .collect()
}
