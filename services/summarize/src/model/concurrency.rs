//! How many calls a server gets at a time: additive increase, multiplicative decrease, as TCP does it (RFC 5681
//! section 3.1).

/// A limit that halves when the server says that it is too much, and grows by one after as many answers as it is.
#[derive(Debug)]
pub(super) struct Concurrency {
    limit: usize,
    most: usize,
    answers: usize,
    window: u64,
}

/// Between which two halvings a call began. Calls that were refused together halve the limit once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window(u64);

impl Concurrency {
    /// A limit of `most`, which it never exceeds; at least 1.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { limit: most, most, answers: 0, window: 0 }
    }

    /// The limit, between 1 and the most.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The window of a call that begins now.
    pub fn window(&self) -> Window {
        Window(self.window)
    }

    /// A call of this window was answered.
    pub fn answered(&mut self, window: Window) {
        if window.0 != self.window || self.limit == self.most {
            return;
        }
        self.answers += 1;
        if self.answers >= self.limit {
            self.answers = 0;
            self.limit += 1;
        }
    }

    /// A call of this window was too much.
    pub fn limited(&mut self, window: Window) {
        if window.0 == self.window {
            self.window += 1;
            self.answers = 0;
            self.limit = (self.limit / 2).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_down_to_one_and_grows_back_by_one_at_a_time() {
        let mut concurrency = Concurrency::new(8);
        let mut down = Vec::new();
        for _ in 0..4 {
            concurrency.limited(concurrency.window());
            down.push(concurrency.limit());
        }
        assert_eq!(down, [4, 2, 1, 1]);
        let up: Vec<usize> = (0..30)
            .map(|_| {
                concurrency.answered(concurrency.window());
                concurrency.limit()
            })
            .collect();
        assert_eq!(up[..10], [2, 2, 3, 3, 3, 4, 4, 4, 4, 5]);
        assert_eq!(up[29], 8, "{up:?}");
    }

    #[test]
    fn calls_that_were_refused_together_halve_it_once() {
        let mut concurrency = Concurrency::new(8);
        let window = concurrency.window();
        for _ in 0..8 {
            concurrency.limited(window);
        }
        assert_eq!(concurrency.limit(), 4);
        // Nor do the answers from before let it grow.
        for _ in 0..100 {
            concurrency.answered(window);
        }
        assert_eq!(concurrency.limit(), 4);
    }

    #[test]
    fn a_limit_of_none_is_one() {
        let mut concurrency = Concurrency::new(0);
        concurrency.answered(concurrency.window());
        concurrency.limited(concurrency.window());
        assert_eq!(concurrency.limit(), 1);
    }
}
