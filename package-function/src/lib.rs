//! What Azure Functions is given of twin-bridge: the right files, with the right modes, built for an old enough glibc.
//!
//! The rules are those of `func azure functionapp publish`, which gives the execute bit to the one entry that
//! `customHandler.description.defaultExecutablePath` in `host.json` names, and of the Functions images, whose oldest
//! still in use is Debian 11. Each module uses only modules below it:
//!
//! ```text
//! package  the files, staged in a folder and packed into a zip
//! glibc    what the executable asks of the system
//! ```

pub mod glibc;
pub mod package;
