//! Counting: groups, examples in the order of the log, and workers whose tallies merge.

use portcullis_policy::decision::BlockReason;

use super::super::distinct::Users;
use super::*;

fn json(user: u64) -> String {
    format!(
        r#"{{"createdDateTime":"2026-06-{:02}T12:00:00Z","userId":"user {user}","ipAddress":"192.0.2.1"}}"#,
        1 + user % 28
    )
}

fn blocked(policies: impl Iterator<Item = u128>) -> Replayed {
    let because = policies.map(|number| {
        (
            Some(PolicyId::new(uuid::Uuid::from_u128(number))),
            Why::Blocks(BlockReason::BlockedByPolicy),
        )
    });
    Replayed::Decided(Verdicts {
        category: Category::NewlyBlocked,
        because: because.collect(),
        before: Some(LoggedStatus::Success),
        logged: Some(LoggedStatus::Failure),
        told_otherwise: Vec::new(),
    })
}

fn counted(lines: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::new(3);
    for line in lines {
        let text = json(line % 50);
        let row = Row::read(text.as_bytes()).unwrap();
        tally.count(
            RowPlace::line(line),
            &row,
            blocked([u128::from(line % 4)].into_iter()),
        );
        tally.take_no_row(RowPlace::line(line), NoRow::CutOff);
        tally.count(RowPlace::line(line), &row, Replayed::EndedElsewhere(50126));
        tally.count(RowPlace::line(line), &row, Replayed::OtherTenant);
    }
    tally
}

#[test]
fn whoever_counted_the_whole_is_the_same() {
    let whole = counted(1..=400);
    let mut merged = counted((1..=400).filter(|line| line % 3 == 1));
    merged.merge(counted((1..=400).filter(|line| line % 3 == 0)));
    merged.merge(counted((1..=400).filter(|line| line % 3 == 2)));
    merged.merge(Tally::new(3));
    for tally in [&whole, &merged] {
        assert_eq!(tally.seen(), 1600);
        assert_eq!(tally.decided.sign_ins, 400);
        assert_eq!(tally.decided.users.count(), Users::Exactly(50));
        assert_eq!(tally.groups.len(), 4);
        let (_, first) = tally.groups.iter().nth(1).unwrap();
        assert_eq!(first.count.sign_ins, 100);
        let lines: Vec<_> = first.examples.iter().map(|one| one.place.line).collect();
        assert_eq!(lines, [1, 5, 9]);
        let lines: Vec<_> = tally
            .unreadable_examples
            .iter()
            .map(|one| one.0.line)
            .collect();
        assert_eq!(lines, [1, 2, 3]);
        assert_eq!(
            tally.agreement.disagreed[&(LoggedStatus::Failure, LoggedStatus::Success)],
            400
        );
        assert_eq!(tally.ended_elsewhere[&50126], 400);
        let (first, last) = tally.span.unwrap();
        assert!(
            first.to_string().starts_with("2026-06-01")
                && last.to_string().starts_with("2026-06-28")
        );
    }
}

#[test]
fn a_row_that_everything_stops_does_not_explode() {
    let mut tally = Tally::new(3);
    let text = json(1);
    let row = Row::read(text.as_bytes()).unwrap();
    for line in 1..=1000 {
        tally.count(RowPlace::line(line), &row, blocked(0..2000));
        let code = u32::try_from(line).unwrap();
        tally.count(RowPlace::line(line), &row, Replayed::EndedElsewhere(code));
    }
    assert_eq!(tally.groups.len(), REASONS_PER_ROW_MAX);
    assert_eq!(tally.sign_ins_of(Category::NewlyBlocked), 1000);
    assert_eq!(tally.ended_elsewhere.len(), ERROR_CODES_MAX + 1);
    assert_eq!(tally.ended_elsewhere.values().sum::<u64>(), 1000);
}

#[test]
fn texts_of_examples_are_short_and_move_no_cursor() {
    let long = format!("\u{1b}[31m{}", "x".repeat(10_000));
    let text =
        serde_json::json!({"createdDateTime": "2026-06-01T12:00:00Z", "userPrincipalName": long})
            .to_string();
    let row = Row::read(text.as_bytes()).unwrap();
    let mut tally = Tally::new(1);
    tally.count(RowPlace::line(1), &row, blocked(0..1));
    let example = &tally.groups.values().next().unwrap().examples[0];
    assert_eq!(example.who.chars().count(), TEXT_CHARACTERS_MAX);
    assert!(!example.who.contains('\u{1b}'));
}

#[test]
fn nothing_is_found_in_an_empty_log() {
    let tally = Tally::new(3);
    assert_eq!((tally.seen(), tally.span), (0, None));
    assert!(Category::ALL.iter().all(|one| tally.sign_ins_of(*one) == 0));
}
