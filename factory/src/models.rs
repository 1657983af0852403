//! The models of the factory, in version 2 of the Digital Twins Definition Language.

use serde_json::Value;

/// Each after those that it needs.
const MODELS: [&str; 8] = [
    include_str!("../models/cooling_tunnel.json"),
    include_str!("../models/production_step.json"),
    include_str!("../models/production_step_fanning.json"),
    include_str!("../models/production_step_grinding.json"),
    include_str!("../models/production_step_moulding.json"),
    include_str!("../models/production_line.json"),
    include_str!("../models/floor.json"),
    include_str!("../models/chocolate_factory.json"),
];

/// The models, each after those that it extends or has as a component: the array that a POST to `/models` takes.
#[must_use]
pub fn models() -> Vec<Value> {
    // They are ours and valid: a test counts them.
    MODELS.iter().filter_map(|model| serde_json::from_str(model).ok()).collect()
}
