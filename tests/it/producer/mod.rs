//! What must hold whichever producer sends to the hub: `main.rs` has this module twice, by the name of each.

mod hub;
mod identity;
mod packet_loss;
mod witnesses;

/// The setting `EVENT_HUB_PRODUCER`.
fn producer() -> &'static str {
    module_path!().rsplit("::").next().unwrap()
}
