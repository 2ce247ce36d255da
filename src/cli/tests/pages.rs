//! Help, manual and completions: what they say is part of the contract.

use std::ffi::OsString;

use super::run::{Home, Sink};
use crate::cli::{Exit, Output, Session, Terminal, commands, run};
use crate::domain::said::SPOKEN;

#[test]
fn the_help_of_every_command_is_as_documented() {
    let mut names: Vec<String> =
        commands::tree("windlass").get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.insert(0, String::new());
    for name in names {
        let arguments: Vec<&str> = [name.as_str(), "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let ran = Home::new().run(&arguments);
        assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
        let name = if name.is_empty() { "windlass" } else { &name };
        insta::assert_snapshot!(format!("help_{name}"), ran.out);
    }
}

#[test]
fn the_manual_is_as_documented() {
    let ran = Home::new().run(&["man"]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.out.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn a_command_has_a_manual_page_of_its_own() {
    let ran = Home::new().run(&["man", "config"]);
    assert!(ran.out.contains("windlass\\-config \\- Show, start or find the configuration"), "{}", ran.out);
    let wrong = Home::new().run(&["man", "confg"]);
    assert_eq!(
        (wrong.code, wrong.complaints.as_str()),
        (2, "windlass: there is no command 'confg'; did you mean 'config'?\n")
    );
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = Home::new().run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        for command in commands::tree("windlass").get_subcommands() {
            assert!(ran.out.contains(command.get_name()), "{shell} lacks {}", command.get_name());
        }
    }
}

#[test]
fn what_sentences_call_an_action_is_a_command_or_a_flag_that_there_is() {
    let tree = commands::tree("windlass");
    let undo = tree.find_subcommand("undo").unwrap();
    for spoken in SPOKEN {
        let words = spoken.plain.trim_matches('`');
        let known = match (words.strip_prefix("windlass "), words.strip_prefix("--")) {
            (Some(command), _) => tree.find_subcommand(command).is_some(),
            (_, Some(flag)) => undo.get_arguments().any(|argument| argument.get_long() == Some(flag)),
            (None, None) => ["windlass", "kubectl get -o yaml", "the console", "the same command"].contains(&words),
        };
        assert!(known, "{spoken:?}");
    }
}

#[test]
fn linked_as_a_plugin_of_kubectl_the_help_says_so() {
    let out = Sink::default();
    let mut session = Session::new([].into(), Output::to(out.clone(), std::io::sink()), Terminal::default());
    let exit = run(&[OsString::from("/usr/local/bin/kubectl-windlass"), "--help".into()], &mut session);
    assert_eq!(exit, Exit::Done);
    assert!(out.text().contains("Usage: kubectl windlass "), "{}", out.text());
}

#[test]
fn an_unknown_flag_is_a_usage_error_on_standard_error() {
    let ran = Home::new().run(&["version", "--bogus"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.complaints.contains("unexpected argument '--bogus'"), "{}", ran.complaints);
}

#[test]
fn a_reader_that_has_gone_is_no_fault() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let complaints = Sink::default();
    let mut session = Session::new([].into(), Output::to(Gone, complaints.clone()), Terminal::default());
    assert_eq!(run(&["windlass".into(), "version".into()], &mut session), Exit::Done);
    assert!(session.output.closed());
    assert_eq!(complaints.text(), "");
}
