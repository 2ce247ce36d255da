//! What must be typed before a plan can be made: new images, a number of replicas, or a weight. Enter makes the plan; the plan's
//! own dialog still asks.

use crate::app::field::TextField;
use crate::domain::intent::ReleaseId;
use crate::domain::workload::Image;
use crate::domain::{Intent, Release, Role, Str};

/// A form over one release.
#[derive(Debug)]
pub struct Form {
    /// The release, fixed when the key was pressed.
    pub release: ReleaseId,
    /// What it is for.
    pub kind: FormKind,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field that takes the keys.
    pub at: usize,
    /// What is wrong with what was typed.
    pub problem: Option<Str>,
    /// What should be known before.
    pub warning: Option<Str>,
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// New images.
    SetImage,
    /// A number of replicas.
    Scale,
    /// A number of replicas of one of several sides.
    ScaleSide,
    /// The candidate's weight.
    Weight,
}

/// A named field.
#[derive(Debug)]
pub struct Field {
    /// The container, or `replicas`.
    pub name: Str,
    /// What it is now.
    pub now: Str,
    /// What it shall be.
    pub input: TextField,
}

impl Form {
    /// A form for the images of `release`: one field a container, holding what runs.
    pub fn set_image(release: &Release, images: &[Image]) -> Self {
        let field = |image: &Image| Field {
            name: image.container.clone(),
            now: image.reference.clone(),
            input: TextField::new(&*image.reference),
        };
        Self::new(release, FormKind::SetImage, images.iter().map(field).collect())
    }

    /// A form for the number of replicas of `release`, empty, so that a number is typed and not added to: what is asked
    /// now stands under it. With a warning where an autoscaler owns it.
    pub fn scale(release: &Release) -> Self {
        let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        let sides: Vec<Field> = sides
            .map(|side| {
                let now = side.workload.replicas.desired.to_string();
                Field { name: side.name.clone(), now: now.into(), input: TextField::default() }
            })
            .collect();
        if sides.len() > 1 {
            return Self::new(release, FormKind::ScaleSide, sides);
        }
        let now = release.replicas.desired.to_string();
        let field = Field { name: "replicas".into(), now: now.into(), input: TextField::default() };
        let mut form = Self::new(release, FormKind::Scale, vec![field]);
        form.warning = release.autoscaler.as_ref().map(|autoscaler| {
            let (name, min, max) = (&autoscaler.key.name, autoscaler.min, autoscaler.max);
            format!("HPA '{name}' owns the replicas ({min} to {max}) and sets them again within seconds").into()
        });
        form
    }

    /// A form for the weight of the candidate of `release`, empty: what is asked now stands under it.
    pub fn weight(release: &Release) -> Self {
        let asked = release.track(Role::Candidate).and_then(|track| track.weight.asked);
        let now = asked.map_or_else(|| "not known".to_owned(), |asked| format!("{asked} %"));
        let field = Field { name: "candidate, %".into(), now: now.into(), input: TextField::new("") };
        Self::new(release, FormKind::Weight, vec![field])
    }

    fn new(release: &Release, kind: FormKind, fields: Vec<Field>) -> Self {
        let id = ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
        Self { release: id, kind, fields, at: 0, problem: None, warning: None }
    }

    /// What was typed in the first field.
    fn first(&self) -> &str {
        self.fields.first().map_or("", |field| field.input.text().trim())
    }

    /// What was asked for, or what is wrong with it.
    pub fn intent(&self) -> Result<Intent, String> {
        match self.kind {
            FormKind::Scale => Ok(Intent::Scale(replicas(self.first())?)),
            FormKind::ScaleSide => {
                let typed = |field: &&Field| !["", &*field.now].contains(&field.input.text().trim());
                let changed: Vec<&Field> = self.fields.iter().filter(typed).collect();
                match changed.as_slice() {
                    [] => Err("nothing is changed yet: type another number for one side".to_owned()),
                    [field] => {
                        let replicas = replicas(field.input.text().trim())?;
                        Ok(Intent::ScaleSide { side: field.name.clone(), replicas })
                    }
                    _ => Err("one side at a time: each is a write of its own".to_owned()),
                }
            }
            FormKind::Weight => {
                let typed = self.first().trim_end_matches('%').trim_end();
                match typed.parse::<u8>() {
                    Ok(weight @ 0..=100) => Ok(Intent::SetWeight { weight, rule: None }),
                    _ => Err(format!("'{typed}' is no weight: write a whole number from 0 to 100")),
                }
            }
            FormKind::SetImage => {
                let changed: Vec<&Field> =
                    self.fields.iter().filter(|field| field.input.text().trim() != &*field.now).collect();
                if let Some(empty) = changed.iter().find(|field| field.input.text().trim().is_empty()) {
                    return Err(format!("container {} needs an image", empty.name));
                }
                if let Some(broken) =
                    changed.iter().find(|field| field.input.text().trim().contains(char::is_whitespace))
                {
                    return Err(format!("the image of container {} must be one word: registry/name:tag", broken.name));
                }
                if changed.is_empty() {
                    return Err("nothing is changed yet: type another image".to_owned());
                }
                let image = |field: &&Field| Image {
                    container: field.name.clone(),
                    reference: field.input.text().trim().into(),
                };
                Ok(Intent::SetImage(changed.iter().map(image).collect()))
            }
        }
    }
}

fn replicas(typed: &str) -> Result<i32, String> {
    match typed.parse::<i32>() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(format!("'{typed}' is no number of replicas: write 0 or more")),
    }
}
