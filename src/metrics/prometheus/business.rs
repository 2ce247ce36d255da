//! Business metrics: what each group of a test brings, and whether the difference can be told from chance.

use super::client::{Client, Unanswered};
use super::own::reading;
use super::template::fill;
use crate::config::{Business, Written};
use crate::domain::Str;
use crate::domain::measurement::{Named, Reading};
use crate::domain::release::Role;
use crate::metrics::lanes::Lane;
use crate::metrics::noise::{self, Sample};
use crate::metrics::source::{Question, Trouble};

/// Asks every business metric of the release, for every track.
pub async fn measure(
    client: &Client,
    metrics: &[(String, Business)],
    question: &Question,
) -> Result<Vec<Named>, Trouble> {
    let mut named = Vec::new();
    for (name, metric) in metrics {
        let mut values = Vec::new();
        for lane in &question.lanes.tracks {
            let value = ask(client, &metric.query, question, lane).await?;
            let samples = match &metric.samples {
                Some(query) => ask(client, query, question, lane).await?.value(),
                None => None,
            };
            values.push((lane.role, value, samples.map(|samples| samples.max(0.0).round() as u64)));
        }
        named.push(compared(name, metric, values));
    }
    Ok(named)
}

async fn ask(client: &Client, query: &Written, question: &Question, lane: &Lane) -> Result<Reading, Trouble> {
    let filled = fill(&query.text, &question.lanes, lane, &question.release.key.name, question.window);
    match client.query(&filled).await {
        Ok(answer) => Ok(reading(&answer, query)),
        Err(Unanswered::Query(said)) => {
            Ok(Reading::Unusable(format!("the query at {} is refused: {said}", query.origin).into()))
        }
        Err(other) => {
            let Trouble(why) = other.into();
            Ok(Reading::Unusable(why))
        }
    }
}

/// The metric with its words; a ratio is shown in per cent.
fn compared(name: &str, metric: &Business, values: Vec<(Role, Reading, Option<u64>)>) -> Named {
    let of =
        |role: Role| values.iter().find(|(own, ..)| *own == role).map(|(_, value, samples)| (value.value(), *samples));
    let verdict: Str = match (of(Role::Stable), of(Role::Candidate)) {
        (Some((Some(stable), stable_cases)), Some((Some(candidate), candidate_cases))) if metric.ratio => {
            match (stable_cases, candidate_cases) {
                (Some(a), Some(b)) => {
                    let [stable, candidate] =
                        [(stable, a), (candidate, b)].map(|(share, cases)| Sample { share, cases });
                    noise::compare(stable, candidate).into()
                }
                _ => format!("{} points; no test without a 'samples' query", noise::points(candidate - stable)).into(),
            }
        }
        (Some((Some(stable), _)), Some((Some(candidate), _))) => noise::of_values(stable, candidate).into(),
        _ => "".into(),
    };
    let scale = if metric.ratio { 100.0 } else { 1.0 };
    let unit = if metric.ratio && metric.unit.is_empty() { "%" } else { metric.unit.as_str() };
    let scaled = |reading: Reading| match reading {
        Reading::Value(value) => Reading::Value(value * scale),
        word => word,
    };
    let values = values.into_iter().map(|(role, value, samples)| (role, scaled(value), samples)).collect();
    Named { name: name.into(), values, unit: unit.into(), verdict, ..Named::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    fn metric(ratio: bool) -> Business {
        let query = Written { text: "x".into(), origin: Origin::Default };
        Business { query, samples: None, unit: String::new(), ratio }
    }

    #[test]
    fn a_ratio_is_shown_in_per_cent_with_its_difference_and_the_test() {
        let values = vec![
            (Role::Stable, Reading::Value(0.10), Some(10_000)),
            (Role::Candidate, Reading::Value(0.12), Some(10_000)),
        ];
        let named = compared("conversion", &metric(true), values);
        assert_eq!((&*named.unit, named.values[1].1.value()), ("%", Some(12.0)));
        assert!(
            named.verdict.starts_with("+2.00 points, clearly different (two-proportion z-test"),
            "{}",
            named.verdict
        );
    }

    #[test]
    fn without_a_sample_or_a_value_nothing_is_judged() {
        let ratio = |samples| {
            vec![(Role::Stable, Reading::Value(0.1), samples), (Role::Candidate, Reading::Value(0.2), samples)]
        };
        let verdict = compared("c", &metric(true), ratio(None)).verdict;
        assert_eq!(&*verdict, "+10.00 points; no test without a 'samples' query");
        let one = vec![(Role::Stable, Reading::NoTraffic, None), (Role::Candidate, Reading::Value(2.0), None)];
        assert_eq!(&*compared("c", &metric(false), one).verdict, "");
    }
}
