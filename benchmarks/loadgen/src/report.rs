//! What a run found, as one JSON object on one line.

use crate::histogram::Histogram;
use crate::options::Options;
use crate::window::Spent;

/// The figures of one run. What was not measured is `null` in the JSON.
#[derive(Debug)]
pub struct Report {
    pairs: Vec<(&'static str, Option<f64>)>,
}

impl Report {
    /// What every mode reports: `operations` done in the measured part, and what they cost.
    #[must_use]
    pub fn new(options: &Options, operations: u64, spent: &Spent) -> Self {
        let count = operations as f64;
        let seconds = spent.elapsed.as_secs_f64();
        let each = |total: f64| (operations > 0).then(|| total * 1e6 / count);
        let user = spent.server.map(|time| time.user.as_secs_f64());
        let system = spent.server.map(|time| time.system.as_secs_f64());
        let busy = user.zip(system).map(|(user, system)| (user + system) / seconds);
        Self {
            pairs: vec![
                ("connections", Some(options.connections as f64)),
                ("size", Some(options.size as f64)),
                ("depth", Some(options.depth as f64)),
                ("seconds", Some(seconds)),
                ("operations", Some(count)),
                ("per_second", Some(count / seconds)),
                ("server_user_us", user.and_then(each)),
                ("server_system_us", system.and_then(each)),
                ("server_core_share", busy),
                ("client_core_share", Some(spent.client.as_secs_f64() / seconds)),
            ],
        }
    }

    /// Add one figure.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<f64>) -> Self {
        self.pairs.push((name, value));
        self
    }

    /// Add the latencies, in microseconds.
    #[must_use]
    pub fn with_latencies(self, latencies: &Histogram) -> Self {
        self.with("p50_us", latencies.quantile(0.5)).with("p99_us", latencies.quantile(0.99))
    }

    /// The JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        let members: Vec<_> = self
            .pairs
            .iter()
            .map(|(name, value)| match value {
                Some(number) if number.is_finite() => format!("\"{name}\": {number}"),
                _ => format!("\"{name}\": null"),
            })
            .collect();
        format!("{{{}}}", members.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::CpuTime;

    #[test]
    fn figures_are_per_operation_and_per_second() {
        let options = Options {
            connections: 2,
            size: 64,
            depth: 1,
            warm_up: Duration::ZERO,
            measured: Duration::from_secs(2),
            server: None,
        };
        let server = CpuTime { user: Duration::from_secs(1), system: Duration::from_millis(500) };
        let elapsed = Duration::from_secs(2);
        let spent = Spent { elapsed, server: Some(server), client: Duration::from_secs(1) };
        let json = Report::new(&options, 1000, &spent).with("lost", None).json();
        for part in [
            "\"per_second\": 500,",
            "\"server_user_us\": 1000,",
            "\"server_system_us\": 500,",
            "\"server_core_share\": 0.75,",
            "\"client_core_share\": 0.5,",
            "\"lost\": null}",
        ] {
            assert!(json.contains(part), "{part} in {json}");
        }
        let nothing = Report::new(&options, 0, &spent).with_latencies(&Histogram::default()).json();
        assert!(nothing.contains("\"server_user_us\": null") && nothing.contains("\"p99_us\": null"));
    }
}
