//! Tokens that were given out, and what is known of each.

use std::collections::{HashMap, VecDeque};

/// Tokens that are remembered; the oldest go first.
const MAX: usize = 100_000;

/// Values by token, never more than [`MAX`].
pub(crate) struct Remembered<V> {
    values: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Remembered<V> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }

    /// Remembers a token that has not been here before.
    pub(crate) fn insert(&mut self, token: String, value: V) {
        self.order.push_back(token.clone());
        self.values.insert(token, value);
        if self.order.len() > MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    /// What is known of a token.
    pub(crate) fn get(&self, token: &str) -> Option<&V> {
        self.values.get(token)
    }

    /// Forgets a token.
    pub(crate) fn remove(&mut self, token: &str) {
        self.values.remove(token);
    }
}
