//! A bounded queue that parties share fairly: each gets its turn, and whoever waits with most makes room when it is full.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Items waiting, by party. Parties without an item are forgotten, so that it never holds more than `room` of anything.
pub(crate) struct FairQueue<Party, Item> {
    room: usize,
    waiting: usize,
    lanes: HashMap<Party, VecDeque<Item>>,
    /// Every party with a lane, once; the next one first.
    turns: VecDeque<Party>,
}

/// What became of an item that was offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It waits.
    Waits,
    /// It does not: the queue is full, and nobody has more in it than this party.
    Full,
}

impl<Party: Copy + Eq + Hash, Item> FairQueue<Party, Item> {
    /// A queue for so many items of all parties together.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room,
            waiting: 0,
            lanes: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Adds an item. In a full queue it takes the place of the newest item of the party that waits with most, if that
    /// party still has at least as many afterwards; the displaced item is dropped.
    pub(crate) fn offer(&mut self, party: Party, item: Item) -> Offered {
        if self.waiting >= self.room && !self.make_room(party) {
            return Offered::Full;
        }
        let lane = self.lanes.entry(party).or_insert_with(|| {
            self.turns.push_back(party);
            VecDeque::new()
        });
        lane.push_back(item);
        self.waiting += 1;
        Offered::Waits
    }

    /// The oldest item of the party whose turn it is.
    pub(crate) fn take(&mut self) -> Option<Item> {
        let party = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&party)?;
        let item = lane.pop_front();
        if lane.is_empty() {
            self.lanes.remove(&party);
        } else {
            self.turns.push_back(party);
        }
        self.waiting = self.waiting.saturating_sub(1);
        item
    }

    fn make_room(&mut self, party: Party) -> bool {
        let own = self.lanes.get(&party).map_or(0, VecDeque::len);
        let longest = self.lanes.values_mut().max_by_key(|lane| lane.len());
        match longest {
            // A lane of two or more keeps at least one, so that its turn still means something.
            Some(lane) if lane.len() > own + 1 => {
                lane.pop_back();
                self.waiting = self.waiting.saturating_sub(1);
                true
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained<Item>(queue: &mut FairQueue<char, Item>) -> Vec<Item> {
        std::iter::from_fn(|| queue.take()).collect()
    }

    #[test]
    fn an_empty_queue_gives_nothing_and_one_without_room_takes_nothing() {
        let mut queue = FairQueue::new(1);
        assert_eq!(queue.take(), None);
        assert_eq!(queue.offer('a', 1), Offered::Waits);
        assert_eq!(drained(&mut queue), [1]);
        assert_eq!(FairQueue::new(0).offer('a', 1), Offered::Full);
    }

    #[test]
    fn u17_each_party_has_its_turn_however_much_another_has_waiting() {
        let mut queue = FairQueue::new(10);
        for item in ["a1", "a2", "a3", "a4"] {
            queue.offer('a', item);
        }
        queue.offer('b', "b1");
        queue.offer('c', "c1");
        assert_eq!(queue.take(), Some("a1"));
        queue.offer('b', "b2");
        assert_eq!(drained(&mut queue), ["b1", "c1", "a2", "b2", "a3", "a4"]);
    }

    #[test]
    fn u17_whoever_fills_the_queue_makes_room_for_the_others_down_to_a_fair_share() {
        let mut queue = FairQueue::new(4);
        for item in 1..=9 {
            queue.offer('a', ('a', item));
        }
        assert_eq!(queue.offer('a', ('a', 10)), Offered::Full);
        assert_eq!(queue.offer('b', ('b', 1)), Offered::Waits);
        assert_eq!(queue.offer('b', ('b', 2)), Offered::Waits);
        // Two each: nobody has more than its share.
        assert_eq!(queue.offer('b', ('b', 3)), Offered::Full);
        assert_eq!(queue.offer('a', ('a', 11)), Offered::Full);
        assert_eq!(queue.offer('c', ('c', 1)), Offered::Waits);
        let left = drained(&mut queue);
        assert_eq!(left.len(), 4);
        assert!(left.contains(&('c', 1)), "{left:?}");
        assert!(
            left.contains(&('a', 1)) && left.contains(&('b', 1)),
            "{left:?}"
        );
        assert!(queue.lanes.is_empty() && queue.turns.is_empty() && queue.waiting == 0);
    }

    #[test]
    fn u17_more_parties_than_room_never_hold_more_than_the_room() {
        let mut queue = FairQueue::new(3);
        let waiting = ('a'..='z').filter(|party| queue.offer(*party, ()) == Offered::Waits);
        assert_eq!(waiting.count(), 3);
        assert_eq!((queue.lanes.len(), queue.turns.len()), (3, 3));
    }
}
