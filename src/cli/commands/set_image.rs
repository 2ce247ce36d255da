//! `windlass set-image`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target, workload::Image},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "set-image", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    /// A container and its new image; several in one write
    #[arg(required = true, value_name = "CONTAINER=IMAGE", value_parser = image)]
    images: Vec<Image>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Change the images of containers, all in one write")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, images, flags } = read(matches)?;
    distinct(&images)?;
    writing::run(
        &Wish {
            target: &target,
            intent: &|_| Ok(Intent::SetImage(images.clone())),
            leaves: None,
            optional: false,
            flags: &flags,
        },
        session,
    )
}

pub fn image(text: &str) -> Result<Image, String> {
    match text.split_once('=') {
        Some((container, reference)) if !container.is_empty() && !reference.is_empty() => {
            Ok(Image { container: container.into(), reference: reference.into() })
        }
        _ => Err("write CONTAINER=IMAGE, as in app=registry.example/web:v2".to_owned()),
    }
}

/// Refuses two images for one container: which of them was meant is not guessed.
pub fn distinct(images: &[Image]) -> Result<(), Failure> {
    let twice = images.iter().enumerate().find_map(|(place, image)| {
        let earlier = images[..place].iter().find(|earlier| earlier.container == image.container);
        earlier.map(|earlier| (earlier, image))
    });
    match twice {
        None => Ok(()),
        Some((one, other)) => Err(Failure::new(
            Exit::Usage,
            format!(
                "container '{}' is given two images, {} and {}; name each container once",
                one.container, one.reference, other.reference
            ),
        )),
    }
}
