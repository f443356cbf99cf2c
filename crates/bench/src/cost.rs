//! What each command, or event, cost: the second table.

use std::iter::repeat;

use crate::cpu::Taken;
use crate::samples::Samples;

/// What the turns of a contender cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cost {
    /// Processor time of the program that asks, in microseconds each.
    client_us: Samples,
    /// Processor time of the services that it asks, where there are some.
    services_us: Samples,
    /// Processor time of PostgreSQL, in microseconds each.
    database_us: Samples,
    /// How long half of the askers waited at most, in milliseconds.
    p50_ms: Samples,
    /// How long all but one in a hundred did.
    p99_ms: Samples,
    /// The peak of resident memory, in megabytes of 10⁶ bytes.
    peak_mb: Samples,
}

/// The titles of [`Cost::cells`].
pub(crate) const TITLES: [&str; 6] = ["client µs", "services µs", "database µs", "p50 ms", "p99 ms", "peak MB"];

impl Cost {
    /// A turn took so much for so many.
    pub(crate) fn took(&mut self, taken: Taken, count: u64) {
        #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
        let count = count as f64;
        self.client_us.push(taken.client * 1e6 / count);
        if taken.services > 0.0 {
            self.services_us.push(taken.services * 1e6 / count);
        }
        self.database_us.push(taken.database * 1e6 / count);
    }

    /// All of the processor time of each turn, in microseconds each.
    pub(crate) fn processor_us(&self) -> Samples {
        let Self { client_us, services_us, database_us, .. } = self;
        let services_us = services_us.iter().chain(repeat(0.0));
        client_us.iter().zip(services_us).zip(database_us.iter()).map(|((a, b), c)| a + b + c).collect()
    }

    /// How long half of the askers waited at most, in each turn, in milliseconds.
    pub(crate) const fn p50_ms(&self) -> &Samples {
        &self.p50_ms
    }

    /// How long all but one in a hundred did.
    pub(crate) const fn p99_ms(&self) -> &Samples {
        &self.p99_ms
    }

    /// The peaks of memory, in megabytes.
    pub(crate) const fn peaks_mb(&self) -> &Samples {
        &self.peak_mb
    }

    /// So long did they wait, in milliseconds; nothing of none.
    pub(crate) fn waited(&mut self, mut latencies: Vec<f64>) {
        latencies.sort_by(f64::total_cmp);
        if let Some(last) = latencies.len().checked_sub(1) {
            self.p50_ms.push(latencies[last / 2]);
            self.p99_ms.push(latencies[last * 99 / 100]);
        }
    }

    pub(crate) fn peak(&mut self, peak_mb: f64) {
        self.peak_mb.push(peak_mb);
    }

    /// The medians, and the highest peak; empty where nothing was measured.
    pub(crate) fn cells(&self) -> [String; 6] {
        let median = |samples: &Samples, digits: usize| match samples.len() {
            0 => String::new(),
            _ => format!("{:.digits$}", samples.median()),
        };
        let peak = if self.peak_mb.len() == 0 { String::new() } else { format!("{:.0}", self.peak_mb.most()) };
        let [client, services, database] =
            [&self.client_us, &self.services_us, &self.database_us].map(|samples| median(samples, 1));
        [client, services, database, median(&self.p50_ms, 2), median(&self.p99_ms, 2), peak]
    }
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct CostRow {
    pub(crate) measured: &'static str,
    pub(crate) contender: String,
    pub(crate) clients: u32,
    pub(crate) cost: Cost,
}

impl CostRow {
    pub(crate) fn cells(&self) -> Vec<String> {
        let words = [self.measured.to_owned(), self.contender.clone(), self.clients.to_string()];
        words.into_iter().chain(self.cost.cells()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_who_waited() {
        let mut cost = Cost::default();
        cost.waited((1..=200).rev().map(f64::from).collect());
        cost.waited(Vec::new());
        cost.took(Taken { client: 0.5, services: 0.0, database: 0.25 }, 1_000);
        assert_eq!(cost.cells(), ["500.0", "", "250.0", "100.00", "198.00", ""]);
    }

    #[test]
    fn the_services_count_among_all_processor_time() {
        let mut cost = Cost::default();
        cost.took(Taken { client: 0.5, services: 1.0, database: 0.25 }, 1_000);
        assert_eq!(cost.cells()[1], "1000.0");
        assert_eq!(cost.processor_us().median(), 1_750.0);
    }
}
