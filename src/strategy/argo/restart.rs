//! New pods of the same template: Argo deletes the old ones one by one.

use super::fence::of_run;
use super::kubectl;
use super::plan::{Asked, finish};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Inverse, Refusal, Wait, json};
use crate::domain::said::RESUME;
use crate::domain::{Direction, Plan};
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, patch};
use crate::strategy::workload::words::count;

const RESTART_AT: &str = "/spec/restartAt";

/// The plan of a restart.
pub fn plan(asked: &Asked<'_>) -> Result<Plan, Refusal> {
    refuse(asked)?;
    let now = asked.context.now.round(jiff::Unit::Second).unwrap_or(asked.context.now).to_string();
    let was = asked.details.root.value::<String>(RESTART_AT);
    let value = json(&now).ok_or_else(|| Refusal::because("the time can't be written"))?;
    let call = of_run(&asked.details.root).test(RESTART_AT).add(RESTART_AT, value).call();
    let pods = count(asked.release.replicas.current, "pod");
    finish(
        asked,
        Draft {
            title: String::new(),
            direction: Direction::Forward,
            calls: vec![patch(call, "only if nobody restarted it since")],
            until: Wait::Settled,
            inverse: Inverse::None { why: "pods that were replaced do not come back".into() },
            forecast: Forecast {
                then: format!("{pods} of every version are deleted one by one and made anew; weights and steps stay")
                    .into(),
                ..Forecast::default()
            },
            risk: Risk::Medium,
            diff: vec![diff::value("restartAt", was.as_deref(), Some(&now))],
            needs: Vec::new(),
            kubectl: vec![kubectl::rollouts(asked.key(), "restart", "")],
        },
    )
}

fn refuse(asked: &Asked<'_>) -> Result<(), Refusal> {
    let name = asked.key().target();
    if asked.stand.held {
        return Err(Refusal::because(format!(
            "{name} is held by hand, so a restart would wait; resume it first ({RESUME})"
        )));
    }
    if asked.release.replicas.desired == 0 {
        return Err(Refusal::because(format!("{name} is scaled to 0: there is no pod to restart")));
    }
    Ok(())
}
