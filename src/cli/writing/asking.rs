//! The question before a write: the plan, the server's opinion, and a `y` or the fingerprint word.

use super::{Wish, needs_word};
use crate::{
    action::{Engine, Preview},
    cli::{Session, present, reading::Reading},
    domain::Plan,
};

/// Whether the person (or the flags) confirmed the plan; the answer says whether the fingerprint word was given. The
/// error says why it was not confirmed. What is only tried needs no confirmation.
pub async fn confirmed(
    wish: &Wish<'_>,
    plan: &Plan,
    engine: &Engine,
    reading: &Reading,
    tried: bool,
    session: &mut Session,
) -> Result<bool, String> {
    let (key, cluster) = (&plan.release.key, &reading.cluster);
    let fingerprint = cluster.identity().fingerprint.word.clone();
    if tried {
        return Ok(true);
    }
    let needs_word = needs_word(plan, engine.policy());
    let given = wish.flags.confirm.as_deref();
    if let Some(word) = given.filter(|word| **word != *fingerprint) {
        return Err(format!(
            "not confirmed: '{word}' is not the fingerprint word of this cluster, which `windlass info` shows; nothing was sent to {key}"
        ));
    }
    if wish.flags.yes {
        return match (needs_word, given) {
            (true, None) => Err(format!(
                "not confirmed: this context is protected, so going forward needs --confirm with the cluster's fingerprint word, which `windlass info` shows; nothing was sent to {key}"
            )),
            (_, given) => Ok(given.is_some()),
        };
    }
    if !session.terminal.asks {
        return Err(format!("not confirmed: there is no terminal to ask on; pass --yes; nothing was sent to {key}"));
    }
    let presence = async {
        engine.rights(&plan.release).await;
        super::presence_lines(plan, engine, reading).await
    };
    let (preview, managers, presence) = tokio::join!(engine.preview(plan), engine.managers(plan), presence);
    let dry_run = match preview {
        Preview::Accepted { warnings } if warnings.is_empty() => "accepted".to_owned(),
        Preview::Accepted { warnings } => format!("accepted, with warnings: {}", warnings.join("; ")),
        Preview::Refused(why) => format!("refused: {why}"),
        Preview::CannotBePreviewed(why) => format!("cannot be previewed: {why}"),
        Preview::NoAnswerYet => "no answer yet".to_owned(),
    };
    let identity = cluster.identity();
    let mut lines = present::plan_lines(plan, wish.offered(), &managers);
    lines.extend(presence);
    lines.push(format!("dry run  {}", crate::domain::said::clean(&dry_run)));
    lines.push(format!("cluster  {fingerprint} {} ({})", identity.context, identity.server));
    session.output.aside(&[lines.join("\n").as_str(), "\n"].concat());
    if needs_word && given.is_none() {
        session.output.aside("Type the cluster's fingerprint word to do it: ");
        let answer = session.answers.line().await.unwrap_or_default();
        return if *answer.trim() == *fingerprint {
            Ok(true)
        } else {
            Err(format!("not confirmed; nothing was sent to {key}"))
        };
    }
    session.output.aside("Do it? [y/N] ");
    let answer = session.answers.line().await.unwrap_or_default();
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(given.is_some())
    } else {
        Err(format!("not confirmed; nothing was sent to {key}"))
    }
}
