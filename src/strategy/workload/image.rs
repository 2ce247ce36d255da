//! Other images for one or more containers, in one fenced write.

use super::forecast::replacing;
use super::plan::{Draft, Part, finish, patch, same_object};
use super::undo::is_paused;
use super::version::{spec_version, version};
use super::words::{clip, some_of};
use super::{diff, kubectl, needs, template};
use crate::domain::forecast::Forecast;
use crate::domain::plan::{Inverse, InverseSteps, Operation, Patch, Refusal, Wait, json};
use crate::domain::workload::{Image, UpdateStrategy};
use crate::domain::{Details, Direction, Intent, Plan, Release, Str};
use crate::strategy::Context;
use crate::strategy::taking_back::TEMPLATE;

/// The plan of new images.
pub fn plan(release: &Release, details: &Details, images: &[Image], context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let (key, root) = (&release.key, &details.root);
    let old =
        template::current(root).ok_or_else(|| Refusal::because(format!("the template of {key} can't be read")))?;
    let containers = template::images(old);
    let mut changed = Vec::new();
    for image in images {
        valid(&image.reference)
            .map_err(|why| Refusal::because(format!("'{}' is no image: {why}", clip(&image.reference, 80))))?;
        let Some(container) = containers.iter().find(|container| *container.name == *image.container) else {
            let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
            let (wanted, has) = (clip(&image.container, 60), some_of(&names, 8));
            return Err(Refusal::because(format!("{key} has no container '{wanted}'; it has {has}")));
        };
        if *container.reference != *image.reference {
            changed.push((container, image));
        }
    }
    if images.is_empty() {
        return Err(Refusal::because("name at least one container and its image: app=reg/web:v2"));
    }
    if changed.is_empty() {
        return Err(Refusal::unchanged(format!("{key} has {} already", one_line(images))));
    }
    let fenced = Patch::of(root).test(TEMPLATE);
    let call = changed.iter().fold(fenced, |patch, (container, image)| {
        let path = format!("/spec/template/spec/{}/{}/image", container.list, container.place);
        json(&*image.reference).map_or(patch.clone(), |value| patch.add(&path, value))
    });
    let after: Vec<Image> = containers
        .iter()
        .filter(|container| container.list == "containers")
        .map(|container| {
            let new = images.iter().find(|image| *image.container == *container.name);
            let reference = new.map_or_else(|| container.reference.as_str().into(), |image| image.reference.clone());
            Image { container: container.name.as_str().into(), reference }
        })
        .collect();
    let goes_to = release.tracks.iter().find(|track| track.images == after);
    let replaced = replacing(release, details, goes_to, &version(&after));
    let held = is_paused(root);
    let mut warnings: Vec<Str> = changed
        .iter()
        .filter(|(_, image)| image.mutable())
        .map(|(_, image)| {
            format!("{} may point to another image tomorrow; a digest would not", clip(&image.reference, 80)).into()
        })
        .collect();
    warnings.extend(replaced.warnings);
    let then = if held {
        format!("paused: nothing changes until it is resumed; then {}", replaced.then)
    } else {
        replaced.then
    };
    let draft = Draft {
        title: heading(&changed, containers.len()),
        direction: Direction::Forward,
        calls: vec![patch(call.call(), "only if its template is as shown")],
        until: if held || release.update == UpdateStrategy::OnDelete { Wait::Observed } else { Wait::Settled },
        inverse: Inverse::Exact(InverseSteps {
            subresource: None,
            also: Vec::new(),
            target: root.key.clone(),
            operations: vec![Operation::Replace { path: TEMPLATE.into(), value: old.to_owned().into() }],
            fenced_on: vec![TEMPLATE.into()],
            words: format!("back to {} while the template is untouched", spec_version(release)).into(),
            direction: Direction::Back,
        }),
        forecast: Forecast {
            then: then.into(),
            takes: replaced.takes.filter(|_| !held),
            warnings,
            ..Forecast::default()
        },
        risk: replaced.risk,
        diff: changed
            .iter()
            .map(|(container, image)| {
                let word = if container.list == "containers" { "container" } else { "init container" };
                let place = format!("{word} {}  image", container.name);
                diff::value(&place, Some(&clip(&container.reference, 500)), Some(&image.reference))
            })
            .collect(),
        needs: needs::needs(&template::parsed(old).unwrap_or_default(), &key.namespace),
        kubectl: vec![kubectl::set_image(key, images.iter().map(|image| (&*image.container, &*image.reference)))],
    };
    Ok(finish(release, details, &Intent::SetImage(images.to_vec()), context, Part::Template, draft))
}

/// What the title says of the new images: the version alone where no other part changes, and the container's name where
/// there are several. The references in full are in the diff.
fn heading(changed: &[(&template::ContainerImage, &Image)], containers: usize) -> String {
    let words = changed.iter().map(|(container, image)| {
        let old = Image { container: image.container.clone(), reference: container.reference.as_str().into() };
        let repository = |image: &Image| image.reference.strip_suffix(image.version()).map(str::to_owned);
        let same = repository(&old).is_some() && repository(&old) == repository(image);
        let new = clip(if same { image.version() } else { &image.reference }, 80);
        if containers > 1 { format!("{}={new}", clip(&image.container, 60)) } else { new }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn one_line(images: &[Image]) -> String {
    let all: Vec<String> = images.iter().map(|image| clip(&image.to_string(), 120)).collect();
    all.join(" ")
}

/// What a registry reference can't be; whether it exists only the node finds out.
fn valid(reference: &str) -> Result<(), &'static str> {
    match reference {
        "" => Err("it is empty"),
        long if long.len() > 512 => Err("it is longer than 512 characters"),
        text if text.chars().any(|c| c.is_whitespace() || c.is_control()) => Err("it holds white space"),
        text if !text.is_ascii() => Err("it holds characters that no registry allows"),
        text if text.ends_with([':', '/', '@']) || text.starts_with([':', '/', '@']) => Err("a part of it is missing"),
        _ => Ok(()),
    }
}
