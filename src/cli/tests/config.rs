//! `config` and `info`.

use super::run::Home;

#[test]
fn show_tells_every_value_and_where_it_comes_from() {
    let home =
        Home::with_config("[ui]\nascii = true\n[contexts.\"prod.eu\"]\nprotected = true\n[keys]\nundo = \"U\"\n")
            .set("WINDLASS_UI_MOUSE", "true");
    let ran = home.run(&["config", "show", "--theme", "light"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    insta::assert_snapshot!(ran.out, @r#"
    KEY                               VALUE                                                  FROM
    contexts."prod.eu".protected      true                                                   HOME/config/config.toml:4
    guard.breaches                    2                                                      default
    guard.for                         "10m"                                                  default
    guard.min_requests                50                                                     default
    guard.no_data                     "hold"                                                 default
    guard.on_breach                   "undo"                                                 default
    guard.rollout                     "5m"                                                   default
    guard.settle                      "30s"                                                  default
    guard.step_when_ok                false                                                  default
    guard.undo                        "3m"                                                   default
    ladder.keep_old                   "30m"                                                  default
    ladder.steps                      [5, 20, 50, 100]                                       default
    metrics.insecure_skip_tls_verify  false                                                  default
    metrics.interval                  "5s"                                                   default
    metrics.refresh                   "15s"                                                  default
    metrics.sources                   ["controllers", "prometheus", "scrape", "kubernetes"]  default
    metrics.span                      "15m"                                                  default
    metrics.window                    "1m"                                                   default
    read_only                         false                                                  default
    rehearse                          false                                                  default
    ui.ambiguous_width                1                                                      default
    ui.ascii                          true                                                   HOME/config/config.toml:2
    ui.color                          "auto"                                                 default
    ui.mouse                          true                                                   WINDLASS_UI_MOUSE
    ui.plain                          false                                                  default
    ui.theme                          "light"                                                --theme
    keys.undo                         ["U"]                                                  HOME/config/config.toml:6
    "#);
}

#[test]
fn show_as_json_holds_the_same() {
    let ran = Home::with_config("read_only = true\n").run(&["config", "show", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["kind"], "Config");
    let items = document["items"].as_array().unwrap();
    let read_only = items.iter().find(|item| item["key"] == "read_only").unwrap();
    assert_eq!(read_only["value"], "true");
    assert_eq!(read_only["origin"], "HOME/config/config.toml:1");
}

#[test]
fn init_writes_a_sample_that_loads_and_never_overwrites() {
    let home = Home::new();
    let ran = home.run(&["config", "init"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "wrote HOME/config/config.toml\n"));
    assert_eq!(home.run(&["config", "show"]).code, 0);
    let again = home.run(&["config", "init"]);
    assert_eq!(again.code, 3);
    assert_eq!(
        again.complaints,
        "windlass: HOME/config/config.toml exists and stays as it is; `windlass config init --print` prints the sample\n"
    );
}

#[test]
fn path_is_told_even_when_the_file_is_broken() {
    let ran = Home::with_config("[[[").run(&["config", "path"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "HOME/config/config.toml\n"));
}

#[test]
fn a_broken_configuration_is_a_usage_error_with_every_fault_in_its_line() {
    let ran = Home::with_config("[ui]\nthem = 1\nmouse = 2\n").run(&["config", "show"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let lines: Vec<&str> = ran.complaints.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("windlass: HOME/config/config.toml:2: unknown key 'them' in [ui]"), "{lines:#?}");
    assert_eq!(lines[1], "HOME/config/config.toml:3: 'ui.mouse' must be true or false, not an integer");
}

#[test]
fn info_tells_paths_and_terminal_and_what_is_set() {
    let home = Home::with_config("who = \"ana\"\n").set("TERM", "xterm-256color").set("LANG", "en_US.UTF-8");
    let ran = home.run_on(&super::run::sim("rolling"), &["info"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    for line in [
        "configuration     HOME/config/config.toml",
        "journal and logs  HOME/state (not there)",
        "standard output   no terminal",
        "TERM              xterm-256color",
        "who               \"ana\" (HOME/config/config.toml:1)",
    ] {
        assert!(ran.out.lines().any(|own| own == line), "{line}\n{}", ran.out);
    }
}

#[test]
fn info_tells_the_paths_even_when_the_configuration_is_broken() {
    let ran = Home::with_config("[[[").run_on(&super::run::sim("rolling"), &["info"]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("HOME/config/config.toml"), "{}", ran.out);
    assert!(ran.complaints.contains("config.toml:1: not valid TOML"), "{}", ran.complaints);
}

#[test]
fn themes_lists_the_built_in_ones_and_tells_what_is_wrong_with_an_own_one() {
    let home = Home::with_config("[ui]\ntheme = \"mine\"\n");
    home.write("config/themes/mine.toml", "inherits = \"default\"\n\"state.faild\" = \"red\"\n");
    let ran = home.run(&["themes"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert!(ran.out.lines().any(|line| line == "mine           your own  yes"), "{}", ran.out);
    assert!(ran.out.lines().any(|line| line == "high-contrast  built in"), "{}", ran.out);
    assert!(ran.complaints.contains("HOME/config/themes/mine.toml:2: "), "{}", ran.complaints);
}

#[test]
fn the_actions_of_the_sample_exist_and_their_keys_are_free() {
    let sample = Home::new().run(&["config", "init", "--print"]).out;
    let keys: String =
        sample.split_once("#[keys]").map(|(_, keys)| format!("[keys]{}", keys.replace("\n#", "\n"))).unwrap();
    let ran = Home::with_config(&keys).run(&["keys"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{keys}");
}

#[test]
fn keys_shows_the_own_ones_and_tells_what_is_no_action() {
    let ran = Home::with_config("[keys]\nundo = \"Ctrl-e\"\n").run(&["keys"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
    assert!(
        ran.out.lines().any(|line| line.trim_start().starts_with("Ctrl-e") && line.contains(" undo ")),
        "{}",
        ran.out
    );
    let wrong = Home::with_config("[keys]\nundoo = \"Ctrl-e\"\n").run(&["keys"]);
    assert_eq!(wrong.code, 2);
    let told =
        "windlass: HOME/config/config.toml:2: 'undoo' is no action; did you mean 'undo'?; `windlass keys` lists them\n";
    assert_eq!(wrong.complaints, told);
}

#[test]
fn a_theme_that_is_not_there_is_told_with_its_place_and_stops_nothing() {
    let home = Home::with_config("[ui]\ntheme = \"nrod\"\n");
    let ran = home.run(&["config", "show", "-o", "json"]);
    let told = "windlass: HOME/config/config.toml:2: there is no theme 'nrod'; `windlass themes` lists them\n";
    assert_eq!((ran.code, ran.complaints.as_str()), (0, told));
    assert_eq!(Home::with_config("[ui]\ntheme = \"nord\"\n").run(&["config", "show"]).complaints, "");
}

#[test]
fn keys_that_can_not_be_are_told_by_every_command_that_reads_the_file() {
    let home = Home::with_config("[keys]\nundoo = \"u\"\n");
    for arguments in [&["config", "show"][..], &["keys"], &["status", "-n", "shop"]] {
        let ran = home.run_on(&super::run::sim("rolling"), arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.complaints);
        assert!(ran.complaints.contains("'undoo' is no action"), "{arguments:?}: {}", ran.complaints);
    }
}

#[test]
fn info_tells_why_the_cluster_is_not_known_and_all_the_rest() {
    let home = Home::new();
    home.write("kube", "");
    let ran = home.run(&["info", "--kubeconfig", &home.path("kube")]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
    let line = ran.out.lines().find(|line| line.starts_with("cluster  ")).unwrap();
    assert!(line.contains("not known: No cluster is configured"), "{line}");
}
