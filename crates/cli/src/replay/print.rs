//! The result for people: what would differ first, with policy, reason and the first examples; then what was left aside.

use owo_colors::OwoColorize as _;
use portcullis_analysis::replay::distinct::Users;
use portcullis_analysis::replay::report::{
    difference_name, largest_first, sentence, told_sentence,
};
use portcullis_analysis::replay::tally::{Agreement, Count, Example, Found, Group, Tally};
use portcullis_analysis::replay::{Category, Replayer, Why};
use portcullis_model::Timestamp;

use super::compared::Compared;
use crate::output;

/// Groups of one category that are shown; all are in the JSON.
const GROUPS_MAX: usize = 20;
/// Numbers of refusals that are shown.
const CODES_MAX: usize = 8;

pub(super) fn print(compared: &Compared, replayer: &Replayer, tally: &Tally) {
    output::line(title(compared, tally).bold());
    differences(replayer);
    for category in Category::ALL {
        self::category(replayer, tally, category);
    }
    left_aside(tally);
    log(replayer, &tally.agreement);
    section("Supposed");
    for supposition in replayer.suppositions() {
        output::line(format_args!("  {supposition}").dimmed());
    }
}

fn title(compared: &Compared, tally: &Tally) -> String {
    let span = tally.span.map_or_else(String::new, |(first, last)| {
        format!(", {} to {}", day(first), day(last))
    });
    format!(
        "{}: {}{span}",
        compared.before.name(),
        counted(&tally.decided)
    )
}

fn section(heading: &str) {
    output::line("");
    output::line(heading.bold());
}

fn differences(replayer: &Replayer) {
    section("Compared");
    let differences = replayer.differences();
    if differences.is_empty() {
        output::line(
            "  the policies with themselves: try others with --policies, --against or --enable",
        );
    }
    for (id, difference) in differences.iter().take(GROUPS_MAX) {
        let name = replayer.name_of(*id).unwrap_or("a policy");
        output::line(format_args!("  {:<8} {name}", difference_name(*difference)));
    }
    more(differences.len());
}

fn category(replayer: &Replayer, tally: &Tally, category: Category) {
    let Some(count) = tally.categories.get(&category) else {
        return;
    };
    let heading = match category {
        Category::NewlyBlocked => "Newly blocked".red().to_string(),
        Category::NewlyAsked => "Newly asked".yellow().to_string(),
        Category::NoLongerAsked => "No longer asked".green().to_string(),
        Category::NewlyLetIn => "No longer blocked".green().to_string(),
        Category::CannotSay => "Cannot say".yellow().to_string(),
        Category::Unchanged => "Unchanged".to_owned(),
    };
    section(&format!("{heading}: {}", counted(count)));
    let groups = largest_first(tally, category);
    for (group, found) in groups.iter().take(GROUPS_MAX) {
        self::group(replayer, group, found);
    }
    more(groups.len());
}

fn more(count: usize) {
    if let Some(more) = count.checked_sub(GROUPS_MAX).filter(|more| *more > 0) {
        output::line(format_args!("  and {more} more: all are in --output json"));
    }
}

fn group(replayer: &Replayer, group: &Group, found: &Found) {
    let name = group
        .policy
        .map(|id| replayer.name_of(id).unwrap_or("a policy"));
    let policy = name.map_or_else(
        || "The sign-in itself".to_owned(),
        |name| format!("“{name}”"),
    );
    let why = match &group.why {
        Why::Blocks(reason) => format!("{} (error {})", sentence(&group.why), reason.error_code()),
        Why::Asks(_) => format!("asks for {}", sentence(&group.why)),
        Why::Missing(missing) => {
            format!("hangs on `{}`, {}", missing.member(), sentence(&group.why))
        }
    };
    output::line(format_args!("  {policy}: {why}; {}", counted(&found.count)));
    examples(&found.examples);
}

fn examples(examples: &[Example]) {
    for one in examples {
        let when = one.at.map_or_else(String::new, moment);
        let at = if one.reached.is_empty() {
            String::new()
        } else {
            format!(" at {}", one.reached)
        };
        let from = one
            .from
            .as_ref()
            .map_or_else(String::new, |from| format!(" from {from}"));
        let text = format!("      {}: {when}  {}{at}{from}", one.place, one.who);
        output::line(text.dimmed());
    }
}

/// What was read and not compared.
fn left_aside(tally: &Tally) {
    let elsewhere: u64 = tally.ended_elsewhere.values().sum();
    if elsewhere + tally.other_tenants + tally.unreadable == 0 {
        return;
    }
    section("Left aside");
    if elsewhere > 0 {
        let mut codes: Vec<_> = tally.ended_elsewhere.iter().collect();
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let codes = codes
            .into_iter()
            .take(CODES_MAX)
            .map(|(code, count)| match code {
                0 => format!("others ({})", thousands(*count)),
                code => format!("{code} ({})", thousands(*count)),
            });
        let codes: Vec<_> = codes.collect();
        output::line(format_args!(
            "  {} ended for reasons beside the policies: {}",
            thousands(elsewhere),
            codes.join(", ")
        ));
    }
    if tally.other_tenants > 0 {
        output::line(format_args!(
            "  {} at applications of other tenants, whose policies decided",
            thousands(tally.other_tenants)
        ));
    }
    if tally.unreadable > 0 {
        let text = format!("  {} could not be read", thousands(tally.unreadable));
        output::line(text.red());
        for (at, why) in &tally.unreadable_examples {
            output::line(format_args!("      {at} {why}").dimmed());
        }
    }
}

/// How far the replay can be trusted.
fn log(replayer: &Replayer, agreement: &Agreement) {
    let disagreed: u64 = agreement.disagreed.values().sum();
    let compared = agreement.agreed + disagreed;
    if compared == 0 {
        return;
    }
    section("The log");
    let tenths = u128::from(agreement.agreed) * 1000 / u128::from(compared);
    output::line(format_args!(
        "  Of {} sign-ins of which both say what Conditional Access came to, {} agree ({}.{} %); of {} one does not say.",
        thousands(compared),
        thousands(agreement.agreed),
        tenths / 10,
        tenths % 10,
        thousands(agreement.not_comparable)
    ));
    for ((logged, replayed), count) in &agreement.disagreed {
        output::line(format_args!(
            "  the log says {}, the replay {}: {}",
            logged.name(),
            replayed.name(),
            thousands(*count)
        ));
    }
    for ((id, told), count) in agreement.policies.iter().take(GROUPS_MAX) {
        let id_text = id.to_string();
        let name = replayer.name_of(*id).unwrap_or(&id_text);
        output::line(format_args!(
            "  “{name}” {}: {}",
            told_sentence(*told),
            thousands(*count)
        ));
    }
    examples(&agreement.examples);
}

fn counted(count: &Count) -> String {
    let users = match count.users.count() {
        Users::Exactly(1) => "1 user".to_owned(),
        Users::Exactly(users) => format!("{} users", thousands(users)),
        Users::About(users) => format!("about {} users", thousands(users)),
    };
    match count.sign_ins {
        1 => format!("1 sign-in by {users}"),
        many => format!("{} sign-ins by {users}", thousands(many)),
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// With a comma after each three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_have_a_comma_after_each_three_digits() {
        for (number, expect) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), expect);
        }
    }
}
