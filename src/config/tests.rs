//! The configuration as a user meets it: files in, values or complaints out.

use std::collections::BTreeMap;

use super::*;

fn file(text: &str) -> Sources {
    Sources { file: Some(("config.toml".into(), text.to_owned())), ..Sources::default() }
}

fn complaints(text: &str) -> Vec<String> {
    Config::resolve(&file(text)).unwrap_err().0.iter().map(ToString::to_string).collect()
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file_before_the_default_and_each_value_knows_which() {
    let mut sources = file("[ui]\ntheme = \"light\"\nascii = true\nmouse = true\n");
    sources.variables = variables(&[("WINDLASS_UI_THEME", "mono"), ("WINDLASS_UI_MOUSE", "false")]);
    sources.flags = vec![FlagValue { path: "ui.theme", flag: "--theme", text: "ansi16".into() }];
    let config = Config::resolve(&sources).unwrap();
    assert_eq!(config.ui.theme, "ansi16");
    assert!(config.ui.ascii && !config.ui.mouse);
    let origins = ["ui.theme", "ui.mouse", "ui.ascii", "ui.color"].map(|path| config.origin(path).to_string());
    assert_eq!(origins, ["--theme", "WINDLASS_UI_MOUSE", "config.toml:3", "default"]);
}

#[test]
fn every_fault_is_told_with_its_line_and_what_is_allowed() {
    let told = complaints(
        "[ui]\nthem = \"light\"\nascii = \"yes\"\nambiguous_width = 3\n\n[contexts.prod]\nprotect = true\n\
         colour = \"red\"\n[colours]\nx = 1\n",
    );
    assert_eq!(
        told,
        [
            "config.toml:2: unknown key 'them' in [ui]; did you mean 'theme'? \
             allowed there: theme, color, ascii, ambiguous_width, mouse, plain",
            "config.toml:3: 'ui.ascii' must be true or false, not a text",
            "config.toml:4: 'ui.ambiguous_width' must be a whole number from 1 to 2",
            "config.toml:7: unknown key 'protect' in [contexts.prod]; did you mean 'protected'? \
             allowed there: alias, protected, read_only, color, namespaces",
            "config.toml:8: unknown key 'colour' in [contexts.prod]; did you mean 'color'? \
             allowed there: alias, protected, read_only, color, namespaces",
            "config.toml:9: unknown key 'colours'; allowed there: who, read_only, rehearse, ui, contexts, releases, \
             ladder, metrics, guard, freeze, notify, keys",
        ]
    );
}

#[test]
fn broken_toml_is_told_once_a_line_and_the_rest_is_still_checked() {
    let told = complaints("[ui]\ntheme = \nascii = 1\n");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("config.toml:2: not valid TOML: "), "{told:#?}");
    assert_eq!(told[1], "config.toml:3: 'ui.ascii' must be true or false, not an integer");
}

#[test]
fn a_key_bound_twice_is_told_with_both_places() {
    let told = complaints("[keys]\nundo = \"U\"\nabort = [\"X\", \"U\"]\nquit = \"Ctrl-q\"\nhelp = \"ctrl-q\"\n");
    assert_eq!(
        told,
        [
            "config.toml:3: key 'U' is bound to 'abort' here and to 'undo' at config.toml:2; a key can do one thing",
            "config.toml:5: key 'ctrl-q' is bound to 'help' here and to 'quit' at config.toml:4; a key can do one thing",
        ]
    );
}

#[test]
fn a_small_and_a_capital_letter_are_two_keys() {
    let config = Config::resolve(&file("[keys]\nundo = \"U\"\nup = \"u\"\n")).unwrap();
    assert_eq!(config.bindings.len(), 2);
    assert_eq!(config.bindings[1].keys, ["u"]);
}

#[test]
fn sections_whose_feature_comes_later_load_and_are_checked() {
    let text = "[metrics]\nprometheus = \"http://prometheus:9090\"\nwindow = \"15m\"\n[guard]\nerror_rate = 5\n\
                on_breach = \"undo\"\nnotify = [\"slack\"]\n[notify.slack]\nurl_env = \"SLACK_URL\"\n\
                [notify.webhook]\nurl = \"http://hook\"\n[notify.command]\nrun = [\"say\", \"it\"]\n";
    assert!(Config::resolve(&file(text)).is_ok());
    let told = complaints("[guard]\non_breach = \"panic\"\n");
    assert_eq!(told, ["config.toml:2: 'guard.on_breach' must be one of undo, abort, switch-back, hold"]);
}

#[test]
fn the_most_exact_context_wins() {
    let text = "[contexts.\"*\"]\nread_only = true\n[contexts.\"prod-*\"]\nprotected = true\n\
                [contexts.\"prod-eu\"]\nalias = \"eu\"\nnamespaces = [\"shop\"]\n";
    let config = Config::resolve(&file(text)).unwrap();
    assert_eq!(config.context("prod-eu").alias.as_deref(), Some("eu"));
    assert!(config.context("prod-us").protected);
    assert!(config.context("staging").read_only);
    assert_eq!(Config::default().context("staging"), ContextSettings::default());
}

#[test]
fn names_with_dots_keep_them() {
    let config = Config::resolve(&file("[contexts.\"eu.prod\"]\nprotected = true\n")).unwrap();
    assert!(config.context("eu.prod").protected);
    let told = complaints("[contexts.\"eu.prod\"]\nx = 1\n");
    assert!(told[0].contains("in [contexts.\"eu.prod\"]"), "{told:?}");
}

#[test]
fn releases_are_found_by_namespace_and_name_and_another_form_is_a_fault() {
    let config = Config::resolve(&file("[releases.\"shop/web\"]\nladder = [10, 100]\n")).unwrap();
    assert_eq!(config.release("shop", "web").ladder, Some(vec![10, 100]));
    assert_eq!(config.release("shop", "other"), ReleaseSettings::default());
    let told = complaints("[releases.web]\nladder = [10, 100]\n");
    assert_eq!(told, ["config.toml:2: 'web' must be written as [releases.\"namespace/name\"]"]);
}

#[test]
fn a_freeze_that_cannot_be_meant_is_told_at_its_place() {
    let told = complaints("[freeze]\nzone = \"Mars/Base\"\n[freeze.windows.night]\nfrom = \"22:00\"\n");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("config.toml:2: 'Mars/Base' is no time zone"), "{told:#?}");
    assert_eq!(told[1], "config.toml:4: [freeze.windows.night]: it needs both 'from' and 'to'");
}

#[test]
fn a_freeze_may_use_the_dates_of_toml() {
    let text = "[freeze]\nzone = \"UTC\"\n[freeze.windows.yearend]\nfrom = 2026-12-20T18:00:00\nto = 2027-01-02\n";
    let config = Config::resolve(&file(text)).unwrap();
    assert!(config.freeze.holds("2027-01-02T12:00:00Z".parse().unwrap()).is_some());
    assert!(config.freeze.holds("2026-12-20T12:00:00Z".parse().unwrap()).is_none());
}

#[test]
fn a_wrong_variable_is_told_by_its_name_and_an_unknown_one_only_warned_of_when_it_is_near() {
    let sources = Sources { variables: variables(&[("WINDLASS_UI_COLOR", "pink")]), ..Sources::default() };
    let told = Config::resolve(&sources).unwrap_err();
    assert_eq!(told.to_string(), "WINDLASS_UI_COLOR: 'pink' must be one of auto, never, 16, 256, true");

    let ours = ["WINDLASS_SERVICE_HOST", "WINDLASS_STATE_DIR", "WINDLASS_TEST_KUBECONFIG", "WINDLASS_CONTROLPLANE"];
    let mut all = variables(&ours.map(|name| (name, "x")));
    all.insert("WINDLASS_UI_THEMES".into(), "x".into());
    let sources = Sources { variables: all, ..Sources::default() };
    let warnings = Config::resolve(&sources).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].to_string().contains("did you mean 'WINDLASS_UI_THEME'?"), "{}", warnings[0]);
}

#[test]
fn no_color_turns_colours_off_unless_windlass_own_variable_or_flag_says_otherwise() {
    let with = |pairs: &[(&str, &str)], flag: Option<&str>| {
        let mut sources = file("[ui]\ncolor = 256\n");
        sources.variables = variables(pairs);
        sources.flags.extend(flag.map(|text| FlagValue { path: "ui.color", flag: "--color", text: text.into() }));
        Config::resolve(&sources).unwrap().ui.color
    };
    assert_eq!(with(&[], None), ColorMode::Palette);
    assert_eq!(with(&[("NO_COLOR", "")], None), ColorMode::Palette, "empty does not count");
    assert_eq!(with(&[("NO_COLOR", "1")], None), ColorMode::Never);
    assert_eq!(with(&[("NO_COLOR", "1"), ("WINDLASS_UI_COLOR", "16")], None), ColorMode::Sixteen);
    assert_eq!(with(&[("NO_COLOR", "1")], Some("true")), ColorMode::True);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_a_file_panic(text in "(\\[[a-z.\"*/]{0,12}\\]|[a-z_]{1,8} ?= ?[\"0-9a-z\\[\\]:,-]{0,12}|\\PC{0,20})(\n(\\[[a-z.\"]{0,12}\\]|[a-z_]{1,8} ?= ?\\PC{0,12})){0,6}") {
        let _ = Config::resolve(&file(&text));
    }
}
