//! A map that forgets its oldest entry when it is full: what strangers can make it hold has a limit.

use std::collections::{HashMap, VecDeque};

pub(crate) struct BoundedMap<V> {
    entries: HashMap<String, V>,
    oldest_first: VecDeque<String>,
    capacity: usize,
}

impl<V> BoundedMap<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            oldest_first: VecDeque::new(),
            capacity,
        }
    }

    pub(crate) fn insert(&mut self, key: String, value: V) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.oldest_first.push_back(key);
        }
        while self.entries.len() > self.capacity {
            let Some(oldest) = self.oldest_first.pop_front() else {
                return;
            };
            self.entries.remove(&oldest);
        }
        // Keys that were taken out leave their name behind; sweep before the names outgrow the entries.
        if self.oldest_first.len() > self.capacity.saturating_mul(2) {
            self.oldest_first
                .retain(|key| self.entries.contains_key(key));
        }
    }

    pub(crate) fn find(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn find_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<V> {
        self.entries.remove(key)
    }

    pub(crate) fn remove_where(&mut self, mut unwanted: impl FnMut(&V) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|_, value| !unwanted(value));
        before - self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_makes_room() {
        let mut map = BoundedMap::new(2);
        for key in ["a", "b", "c"] {
            map.insert(key.into(), key);
        }
        assert_eq!(
            (map.find("a"), map.find("b"), map.find("c")),
            (None, Some(&"b"), Some(&"c"))
        );
        assert_eq!(map.take("b"), Some("b"));
        assert_eq!(map.take("b"), None);
    }

    #[test]
    fn names_of_taken_entries_are_swept() {
        let mut map = BoundedMap::new(3);
        for number in 0..1000 {
            map.insert(number.to_string(), number);
            map.take(&number.to_string());
        }
        assert!(map.oldest_first.len() <= 7);
        map.insert("x".into(), 1);
        map.insert("y".into(), 2);
        assert_eq!(map.remove_where(|value| *value == 1), 1);
        assert_eq!(map.find("y"), Some(&2));
    }
}
