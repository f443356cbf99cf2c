//! A few figures of the same thing.

/// What the turns of one contender measured; never empty where a median is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of the turns.
    pub(crate) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().copied()
    }

    /// Each as a share of the mean of the floor's before and after it: the floor has one more, and is first and last.
    pub(crate) fn shares_of(&self, floor: &Self) -> Self {
        let beside = floor.0.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        self.iter().zip(beside).map(|(value, floor)| value / floor).collect()
    }

    /// The middle one, or the mean of the two in the middle; 0 of none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        match (sorted.get(half), sorted.len() % 2) {
            (Some(middle), 1) => *middle,
            (Some(above), _) => f64::midpoint(sorted[half - 1], *above),
            (None, _) => 0.0,
        }
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn most(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// How far the least and the most are apart, as a share of the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.most() - self.least()) / self.median()
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let samples: Samples = [3.0, 1.0, 2.0].into_iter().collect();
        assert_eq!((samples.median(), samples.least(), samples.most(), samples.spread()), (2.0, 1.0, 3.0, 1.0));
        assert_eq!([1.0, 2.0, 4.0, 9.0].into_iter().collect::<Samples>().median(), 3.0);
        assert_eq!(Samples::default().median(), 0.0);
    }
}
