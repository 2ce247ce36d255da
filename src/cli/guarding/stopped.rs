//! A guard or a deploy that a person or the system stopped: what it did, and that nothing guards the release any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::{
    action::guard::GuardNews,
    cli::{Exit, Failure, Session, documents::API_VERSION, output::Format, runtime, writing::cut_short::Way},
    domain::{ObjectKey, Str, said::clean},
};

/// How far a guard or a deploy has come: kept beside it, for when it is stopped.
#[derive(Debug, Default)]
pub struct Course {
    /// The command's own writes.
    pub way: Way,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// The release, as it is named on a command line.
    place: Option<String>,
    armed: bool,
    /// What the guard did.
    done: Vec<Str>,
    /// What it has begun.
    begun: Option<Str>,
}

impl Course {
    /// Runs a command to its end, or tells how far it came when it is stopped.
    pub fn run(
        format: Format,
        session: &mut Session,
        work: impl AsyncFnOnce(&Arc<Self>, &mut Session) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let course = Arc::new(Self::default());
        runtime::run(async {
            let done = runtime::unless_interrupted(work(&course, session)).await;
            done.unwrap_or_else(|| Err(course.tell(format, session)))
        })
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is about this release.
    pub fn is_about(&self, key: &ObjectKey) {
        self.told().place = Some(format!("{} -n {}", key.target(), key.namespace));
    }

    /// The guard went on.
    pub fn goes_on(&self, news: &GuardNews) {
        let mut told = self.told();
        match news {
            GuardNews::Armed(_) => told.armed = true,
            GuardNews::Acting(what) => told.begun = Some(what.clone()),
            GuardNews::Looked(_) | GuardNews::Ended(_) => {
                let done = told.begun.take();
                told.done.extend(done);
            }
            GuardNews::StandingBy(_) | GuardNews::Said(_) => {}
        }
    }

    fn tell(&self, format: Format, session: &mut Session) -> Failure {
        let sentence = clean(&self.sentence()).into_owned();
        if matches!(format, Format::Json | Format::Yaml) {
            let end = json!({
                "apiVersion": API_VERSION, "kind": "GuardOutcome", "outcome": "interrupted", "reason": sentence,
                "exitCode": Exit::Interrupted.code(),
            });
            session.output.line(&end.to_string());
        }
        Failure::new(Exit::Interrupted, sentence)
    }

    fn sentence(&self) -> String {
        let told = self.told();
        let sent = self.way.sent();
        let mut sentence = match (&told.begun, told.done.as_slice(), &sent) {
            (Some(what), ..) => {
                format!(
                    "interrupted: the guard had begun '{what}', and how that ends is not known here; `windlass journal` tells"
                )
            }
            (None, [], Some(outcome)) => outcome.reason.to_string(),
            (None, [], None) => "interrupted: nothing was changed".to_owned(),
            (None, done, _) => format!(
                "interrupted: the guard did {}",
                done.iter().map(|what| format!("'{what}'")).collect::<Vec<_>>().join(", ")
            ),
        };
        if let Some(place) = told.place.as_ref().filter(|_| told.armed || sent.is_some()) {
            sentence.push_str(&format!("; nothing guards {place} any more: the same command goes on from here"));
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    #[test]
    fn what_a_guard_did_is_told_and_what_it_began_is_no_guess() {
        let course = Course::default();
        course.is_about(&ObjectKey::new(Kind::Deployment, "shop", "web"));
        assert_eq!(course.sentence(), "interrupted: nothing was changed");
        course.goes_on(&GuardNews::Armed("web".into()));
        let unguarded = "; nothing guards deployment/web -n shop any more: the same command goes on from here";
        assert_eq!(course.sentence(), format!("interrupted: nothing was changed{unguarded}"));
        course.goes_on(&GuardNews::Acting("UNDO web".into()));
        assert!(course.sentence().contains("had begun 'UNDO web', and how that ends is not known"));
        course.goes_on(&GuardNews::Ended(crate::action::guard::Ending {
            kind: crate::domain::outcome::OutcomeKind::Failed,
            happened: None,
            reason: "".into(),
        }));
        assert_eq!(course.sentence(), format!("interrupted: the guard did 'UNDO web'{unguarded}"));
    }
}
