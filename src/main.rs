//! The binary; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything that may open a connection. It fails only when a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    windlass::cli::main()
}
