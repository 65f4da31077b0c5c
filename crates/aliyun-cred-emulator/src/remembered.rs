//! Issued tokens, and what is known about each.

use std::collections::{HashMap, VecDeque};

/// How many tokens are remembered; the oldest are dropped.
const MAX: usize = 100_000;

/// Values by token, at most [`MAX`].
pub(crate) struct Remembered<V> {
    values: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Remembered<V> {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }

    /// Remembers a new token.
    pub(crate) fn insert(&mut self, token: String, value: V) {
        self.order.push_back(token.clone());
        self.values.insert(token, value);
        if self.order.len() > MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    /// The value of a token.
    pub(crate) fn get(&self, token: &str) -> Option<&V> {
        self.values.get(token)
    }

    /// Forgets a token.
    pub(crate) fn remove(&mut self, token: &str) {
        self.values.remove(token);
    }
}
