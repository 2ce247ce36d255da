use super::*;
use crate::config::Origin;
use proptest::prelude::*;
use ratatui::style::Modifier;
use std::fs;

fn bundled(name: &str) -> (Theme, Vec<Problem>) {
    Theme::load(&Library::default(), name, ColorLevel::True).unwrap()
}

/// Loads `text` as the user's theme `mine`.
fn mine(text: &str) -> (Theme, Vec<Problem>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), text).unwrap();
    Theme::load(&Library::new(Some(folder.path().to_owned())), "mine", ColorLevel::True).unwrap()
}

fn line_of(problem: &Problem) -> usize {
    match &problem.origin {
        Origin::File { line, .. } => *line,
        other => panic!("no place in a file: {other}"),
    }
}

#[test]
fn every_bundled_theme_loads_without_a_warning_and_styles_every_scope() {
    for (name, _) in BUNDLED {
        let (theme, problems) = bundled(name);
        assert_eq!(problems, [], "{name}");
        assert_eq!(theme.styles.len(), SCOPES.len());
    }
}

/// What `style` looks like on `surface`: foreground and background, as xterm shows them on a black screen.
fn pair(style: Style, surface: Style) -> ([u8; 3], [u8; 3]) {
    let on = surface.patch(style);
    let fg = on.fg.and_then(color::rgb).unwrap_or([229, 229, 229]);
    let bg = on.bg.and_then(color::rgb).unwrap_or([0, 0, 0]);
    (fg, bg)
}

/// The lowest contrast of any text on any surface that it is drawn on, with its name.
fn worst_contrast(theme: &Theme) -> (f64, String) {
    let screen = theme.style("screen");
    let surface = |name: &str| screen.patch(theme.style(name));
    let mut worst = (f64::INFINITY, String::new());
    for (scope, used, _) in SCOPES {
        let surfaces = match used {
            Use::Ornament => continue,
            Use::Surface => vec![*scope],
            Use::On(surface) => vec![*surface],
            Use::Text => vec!["screen", "row.selected", "dialog"],
        };
        for name in surfaces {
            let (fg, bg) = pair(theme.style(scope), surface(name));
            let contrast = color::contrast(fg, bg);
            if contrast < worst.0 {
                worst = (contrast, format!("{scope} on {name}: {fg:?} on {bg:?}"));
            }
        }
    }
    worst
}

#[test]
fn every_text_of_every_bundled_theme_is_easy_to_read_on_every_surface() {
    for (name, _) in BUNDLED {
        let needed = if *name == "high-contrast" { 7.0 } else { 4.5 };
        let (contrast, place) = worst_contrast(&bundled(name).0);
        assert!(contrast >= needed, "{name}: {contrast:.2} for {place}");
    }
}

#[test]
fn themes_stay_readable_in_256_and_16_colours() {
    for (name, _) in BUNDLED {
        for level in [ColorLevel::Palette, ColorLevel::Sixteen] {
            let (theme, _) = Theme::load(&Library::default(), name, level).unwrap();
            let (contrast, place) = worst_contrast(&theme);
            assert!(contrast >= 4.0, "{name} at {level:?}: {contrast:.2} for {place}");
        }
    }
}

#[test]
fn without_colours_what_must_stand_out_does_so_by_reverse_or_bold() {
    for (name, _) in BUNDLED {
        let (theme, _) = Theme::load(&Library::default(), name, ColorLevel::None).unwrap();
        for (scope, style) in &theme.styles {
            for color in [style.fg, style.bg].into_iter().flatten() {
                assert_eq!(color, Color::Reset, "{name}: {scope}");
            }
        }
        for scope in ["row.selected", "tab.active", "input.cursor", "banner.alarm", "header"] {
            assert!(theme.style(scope).add_modifier.contains(Modifier::REVERSED), "{name}: {scope}");
        }
        for scope in ["state.down", "state.failed", "header.protected", "verdict.bad"] {
            assert!(theme.style(scope).add_modifier.contains(Modifier::BOLD), "{name}: {scope}");
        }
    }
}

#[test]
fn a_scope_without_a_style_takes_the_one_above() {
    let (theme, problems) = mine("[styles]\nstate = 'red'\n'state.down' = 'blue'\n[styles.diff]\nadded = 'green'\n");
    assert_eq!(problems, []);
    assert_eq!(theme.style("state.failed"), Style::new().red());
    assert_eq!(theme.style("state.down"), Style::new().blue());
    assert_eq!(theme.style("diff.added"), Style::new().green());
    assert_eq!(theme.style("diff.removed"), Style::new());
}

#[test]
fn a_theme_changes_the_palette_of_the_one_that_it_builds_on() {
    let (theme, problems) = mine("inherits = 'default'\n[palette]\nred = '#010203'\n");
    assert_eq!(problems, []);
    assert_eq!(theme.style("state.failed").fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(theme.style("state.healthy"), bundled("default").0.style("state.healthy"));
}

#[test]
fn themes_that_build_on_each_other_in_a_circle_are_cut_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "inherits = 'b'\n[styles]\ntitle = 'red'\n").unwrap();
    fs::write(folder.path().join("b.toml"), "\ninherits = 'a'\n").unwrap();
    let library = Library::new(Some(folder.path().to_owned()));
    let (theme, problems) = Theme::load(&library, "a", ColorLevel::True).unwrap();
    assert_eq!(theme.style("title"), Style::new().red());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("circle: a → b → a"), "{}", problems[0]);
    assert!(problems[0].to_string().contains("b.toml:2"), "{}", problems[0]);
}

#[test]
fn a_users_theme_may_build_on_the_bundled_one_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nord.toml"), "inherits = 'nord'\n[styles]\ntitle = '#010203'\n").unwrap();
    let library = Library::new(Some(folder.path().to_owned()));
    let (theme, problems) = Theme::load(&library, "nord", ColorLevel::True).unwrap();
    assert_eq!(problems, []);
    assert_eq!(theme.style("title"), Style::new().fg(Color::Rgb(1, 2, 3)));
    assert_eq!(theme.style("screen"), bundled("nord").0.style("screen"));
    assert_eq!(library.names().iter().filter(|name| *name == "nord").count(), 1);
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_is_allowed_and_the_rest_counts() {
    let text = "inherits = 'nope'\ncolour = 1\n[palette]\nrose = 'rosy'\n[styles]\n'state.fialed' = 'red'\ntitle = 'redd'\nkey = 7\nscroll = 'blue'\n";
    let (theme, problems) = mine(text);
    assert_eq!(theme.style("scroll"), Style::new().blue());
    let told: Vec<(usize, String)> =
        problems.iter().map(|problem| (line_of(problem), problem.message.clone())).collect();
    for (line, part) in [
        (1, "there is no theme 'nope'; there are: default, light"),
        (2, "unknown key 'colour'; allowed: inherits, palette, styles"),
        (4, "'rosy' is no colour"),
        (6, "did you mean 'state.failed'?"),
        (7, "did you mean 'red'?"),
        (8, "must be a text"),
    ] {
        assert!(told.iter().any(|(at, message)| *at == line && message.contains(part)), "{line} {part}: {told:#?}");
    }
    assert_eq!(told.len(), 6, "{told:#?}");
}

#[test]
fn a_theme_that_does_not_exist_names_those_that_do_and_no_name_leaves_the_folder() {
    let missing = |name| Theme::load(&Library::default(), name, ColorLevel::True).unwrap_err().message;
    assert!(missing("nrod").contains("did you mean 'nord'?"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("themes")).unwrap();
    fs::write(folder.path().join("secret.toml"), "").unwrap();
    let library = Library::new(Some(folder.path().join("themes")));
    assert!(Theme::load(&library, "../secret", ColorLevel::True).is_err());
}

#[test]
fn the_fingerprint_takes_the_colour_of_its_context_where_there_are_colours() {
    assert_eq!(bundled("default").0.fingerprint(Some("#0102ff")).fg, Some(Color::Rgb(1, 2, 255)));
    let (mono, _) = Theme::load(&Library::default(), "default", ColorLevel::None).unwrap();
    assert_eq!(mono.fingerprint(Some("#0102ff")), mono.style("header.fingerprint"));
}

/// Every `.style("scope")` in this room's code names a scope that exists: a wrong one would go unstyled in silence.
#[test]
fn every_scope_that_the_code_asks_for_exists() {
    let mut asked = 0;
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ui"))];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            for piece in code.split(".style(\"").skip(1) {
                let scope = piece.split('"').next().unwrap();
                if scope != "scope" {
                    asked += 1;
                    assert!(SCOPES.iter().any(|(name, ..)| *name == scope), "{}: {scope}", path.display());
                }
            }
        }
    }
    assert!(asked > 8, "the search for scopes finds too few: {asked}");
}

proptest! {
    #[test]
    fn any_text_loads_or_is_told_with_a_line(text in "(?s).{0,200}") {
        let (_, problems) = mine(&text);
        for problem in problems {
            prop_assert!(line_of(&problem) >= 1);
        }
    }

    #[test]
    fn any_toml_of_the_right_form_loads(
        scope in "[a-z.]{0,12}",
        value in r#"[a-z #0-9"\[\]{}=,.-]{0,30}"#,
        section in "(styles|palette|inherits|x)",
    ) {
        mine(&format!("[{section}]\n{scope} = {value}\n"));
        mine(&format!("{section} = {value}\n"));
    }
}
