//! An instance, and all that it tells.

use std::time::Duration;

use factory::{Instance, Removal, UploadError, Uploaded, upload};
use indicatif::ProgressBar;
use local_azure::{
    digital_twins::{Config, Destination, DigitalTwins, Endpoint, EventRoute, Graph, Precondition},
    event_grid::Schema,
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

/// Nothing here takes as long; a test that would hang fails instead.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) const FLOOR: &str = "dtmi:com:microsoft:iot:e2e:digital_factory:floor;1";
pub(crate) const STEP: &str = "dtmi:com:microsoft:iot:e2e:digital_factory:production_step;2";
pub(crate) const SENSOR: &str = "dtmi:test:Sensor;1";

/// An instance with nothing in it.
pub(crate) struct Site {
    pub(crate) twins: DigitalTwins,
    pub(crate) instance: Instance,
    notifications: mpsc::Receiver<Value>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let (events, notifications) = mpsc::channel(100_000);
        let config = Config {
            endpoints: vec![Endpoint {
                name: "all".to_owned(),
                destination: Destination::EventGrid { schema: Schema::EventGrid, events },
            }],
            routes: vec![EventRoute {
                id: "all".to_owned(),
                endpoint_name: "all".to_owned(),
                filter: "true".to_owned(),
            }],
            ..Config::default()
        };
        let twins = DigitalTwins::start(config).await.unwrap();
        let instance = Instance::at(&twins.url()).unwrap();
        Self { twins, instance, notifications }
    }

    /// An instance with a factory of so many twins, and nothing told yet.
    pub(crate) async fn with_factory(count: usize) -> Self {
        let mut site = Self::start().await;
        site.upload(count).await.unwrap();
        site.told();
        site
    }

    pub(crate) fn graph(&self) -> &Graph {
        self.twins.graph()
    }

    pub(crate) async fn upload(&self, count: usize) -> Result<Uploaded, UploadError> {
        timeout(SOON, upload(&self.instance, count, false, &ProgressBar::hidden())).await.unwrap()
    }

    pub(crate) async fn replace(&self, count: usize) -> Uploaded {
        timeout(SOON, upload(&self.instance, count, true, &ProgressBar::hidden())).await.unwrap().unwrap()
    }

    pub(crate) async fn plan_removal(&self) -> Removal {
        timeout(SOON, Removal::plan(&self.instance, factory::LAB, &ProgressBar::hidden())).await.unwrap().unwrap()
    }

    /// Removes all that can be, and answers why the rest stays.
    pub(crate) async fn remove(&self) -> Vec<String> {
        let removal = self.plan_removal().await;
        timeout(SOON, removal.carry_out(&self.instance, &ProgressBar::hidden())).await.unwrap().unwrap();
        removal.staying().to_vec()
    }

    pub(crate) async fn put_twin(&self, id: &str, model: &str) {
        let body = json!({"$metadata": {"$model": model}});
        self.graph().put_twin(id, body, Precondition::None).await.unwrap();
    }

    /// Makes a relationship that the factory has not, from a twin of [`sensor`].
    pub(crate) async fn relate(&self, source: &str, target: &str) {
        let body = json!({"$relationshipName": "watches", "$targetId": target});
        self.graph().put_relationship(source, "mine", body, Precondition::None).await.unwrap();
    }

    /// The ids of all models.
    pub(crate) fn models(&self) -> Vec<String> {
        let models = self.graph().list_models(&[], false).unwrap();
        models.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything told since the last time. All of it was told before the request for it was answered.
    pub(crate) fn told(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.notifications.try_recv().ok()).collect()
    }
}

/// What kind of change a notification tells of.
pub(crate) fn kind(notification: &Value) -> &str {
    notification["eventType"].as_str().unwrap().trim_start_matches("Microsoft.DigitalTwins.")
}

pub(crate) fn interface(id: &str, contents: &Value) -> Value {
    json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents})
}

/// A model of somebody else, whose twins watch others.
pub(crate) fn sensor() -> Value {
    interface(SENSOR, &json!([{"@type": "Relationship", "name": "watches"}]))
}
