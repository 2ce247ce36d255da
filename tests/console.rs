//! The whole console over the simulated cluster: keys in, screens and the server's state out, through the real loop and
//! the real client, in virtual time.

#[path = "console/controllers.rs"]
mod controllers;
#[path = "console/faults.rs"]
mod faults;
#[path = "console/measured.rs"]
mod measured;
#[path = "console/owned.rs"]
mod owned;
#[path = "console/presence.rs"]
mod presence;
#[path = "console/random.rs"]
mod random;
#[path = "console/reading.rs"]
mod reading;
#[path = "console/safety.rs"]
mod safety;
#[path = "console/stage.rs"]
mod stage;
#[path = "console/traffic.rs"]
mod traffic;
#[path = "console/writing.rs"]
mod writing;
