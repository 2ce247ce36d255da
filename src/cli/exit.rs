//! Exit codes, in one place.

use crate::{
    config::Problems,
    domain::{outcome::OutcomeKind, target::TargetError},
};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked, or showed it.
    Done,
    /// A write ended so.
    Write(OutcomeKind),
    /// What was looked at has failed.
    Failed,
    /// The command line or the configuration is not right.
    Usage,
    /// It was not done, since it must not be or was not confirmed.
    Refused,
    /// What was waited for did not come in time.
    NotInTime,
    /// The server says that we may not.
    Forbidden,
    /// The server is away; nothing was sent.
    Unreachable,
    /// The person stopped it.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Write(outcome) => outcome.exit_code(),
            Self::Failed => OutcomeKind::Failed.exit_code(),
            Self::Usage => 2,
            Self::Refused => OutcomeKind::Refused.exit_code(),
            Self::NotInTime => OutcomeKind::Timeout.exit_code(),
            Self::Forbidden => OutcomeKind::Forbidden.exit_code(),
            Self::Unreachable => OutcomeKind::Unreachable.exit_code(),
            Self::Interrupted => 130,
        }
    }
}

/// Why a command did not do what was asked: one sentence (empty: all was said) and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code's meaning.
    pub exit: Exit,
    /// What, to whom, what next.
    pub sentence: String,
}

impl Failure {
    /// A failure that ends with `exit`.
    pub fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into() }
    }

    /// A failure of which all has been said already.
    pub const fn silent(exit: Exit) -> Self {
        Self { exit, sentence: String::new() }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::new(Exit::Usage, problems.to_string())
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_codes_are_those_of_the_contract() {
        let codes = OutcomeKind::ALL.map(|outcome| (outcome.word(), Exit::Write(outcome).code()));
        let contract = [
            ("applied", 0),
            ("unchanged", 0),
            ("planned", 0),
            ("failed", 1),
            ("partial", 1),
            ("refused", 3),
            ("conflict", 3),
            ("timeout", 4),
            ("forbidden", 5),
            ("unreachable", 6),
            ("unknown", 7),
        ];
        assert_eq!(codes, contract);
        let others = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Refused, Exit::NotInTime];
        assert_eq!(others.map(Exit::code), [0, 1, 2, 3, 4]);
        assert_eq!([Exit::Forbidden, Exit::Unreachable, Exit::Interrupted].map(Exit::code), [5, 6, 130]);
    }
}
