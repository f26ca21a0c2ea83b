//! What is known, told to whoever named something that is not: the nearest names first.

use std::collections::BTreeMap;

/// At most so many names are listed when a name is not known.
const NAMES_LISTED_MAX: usize = 12;
/// From here on a name is so like another that it was probably meant; 1 is the same.
const MEANT_FROM: f64 = 0.82;

/// Names that are known.
#[derive(Debug, Default)]
pub(super) struct Nearest<'n> {
    /// How near each is to what was typed, by what is shown of it.
    by_name: BTreeMap<&'n str, f64>,
    wanted: String,
}

impl<'n> Nearest<'n> {
    pub(super) fn to(wanted: &str) -> Self {
        // Whoever types a page of text has not misspelt a name.
        let wanted = wanted.trim().to_lowercase().chars().take(256).collect();
        Self {
            by_name: BTreeMap::new(),
            wanted,
        }
    }

    pub(super) fn among<'m: 'n>(mut self, names: impl Iterator<Item = &'m str>) -> Self {
        for name in names {
            self.note(name, name);
        }
        self
    }

    /// Shows one name for whatever is called by another.
    pub(super) fn note(&mut self, shown: &'n str, called: &str) {
        let near = strsim::jaro_winkler(&called.to_lowercase(), &self.wanted);
        let nearest = self.by_name.entry(shown).or_default();
        *nearest = nearest.max(near);
    }

    /// The name that was probably meant, as a question with a space behind it; empty where none is near.
    pub(super) fn meant(&self) -> String {
        let mut names = self.by_name.iter();
        let first = names.next();
        let best = first
            .map(|first| names.fold(first, |best, one| if one.1 > best.1 { one } else { best }));
        match best {
            Some((name, near)) if *near >= MEANT_FROM => format!("did you mean `{name}`? "),
            Some(_) | None => String::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The names, all of them or the nearest.
    pub(super) fn list(&self) -> String {
        let mut names: Vec<(&str, f64)> = self
            .by_name
            .iter()
            .map(|(name, near)| (*name, *near))
            .collect();
        let known = names.len();
        if known > NAMES_LISTED_MAX {
            names.sort_by(|one, other| other.1.total_cmp(&one.1));
            names.truncate(NAMES_LISTED_MAX);
        }
        let listed: Vec<&str> = names.into_iter().map(|(name, _)| name).collect();
        match known {
            0 => "none is known".to_owned(),
            1..=NAMES_LISTED_MAX => format!("known are: {}", listed.join(", ")),
            more => format!(
                "the nearest of {more} that are known: {}",
                listed.join(", ")
            ),
        }
    }
}

/// The nearest known name in a question, and the known names, for whoever typed one that is not.
pub fn known_names<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    let known = Nearest::to(wanted).among(names);
    format!("{}{}", known.meant(), known.list())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(wanted: &str, names: &[&str]) -> (String, String) {
        let nearest = Nearest::to(wanted).among(names.iter().copied());
        (nearest.meant(), nearest.list())
    }

    #[test]
    fn what_was_meant_is_asked_and_what_is_known_is_listed() {
        let names = ["Staff", "Partners", "Finance"];
        let known = "known are: Finance, Partners, Staff".to_owned();
        let meant = "did you mean `Partners`? ".to_owned();
        assert_eq!(told(" partner", &names), (meant, known.clone()));
        assert_eq!(told("Break glass", &names), (String::new(), known));
        let none = (String::new(), "none is known".to_owned());
        assert_eq!(told("x", &[]), none);
    }

    #[test]
    fn of_many_names_the_nearest_are_listed() {
        let names: Vec<String> = (0..500).map(|one| format!("group {one}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push("Zebra crossing");
        let (meant, listed) = told("Zebra crosing", &names);
        assert_eq!(meant, "did you mean `Zebra crossing`? ");
        let first = "the nearest of 501 that are known: Zebra crossing, ";
        assert!(listed.starts_with(first), "{listed}");
        assert_eq!(listed.matches(',').count(), NAMES_LISTED_MAX - 1);
    }
}
