//! What must hold whichever client speaks with the hub: `main.rs` has this module twice, by the name of each client.

mod hub;
mod identity;
mod packet_loss;
mod witnesses;

/// The setting `EVENT_HUB_CLIENT`.
fn client() -> &'static str {
    module_path!().rsplit("::").next().unwrap()
}
