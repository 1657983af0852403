//! What is missing is put there, and nothing else is touched.

use factory::{LAB, UploadError, Uploaded};
use local_azure::digital_twins::Precondition;
use serde_json::json;

use crate::support::{FLOOR, SENSOR, Site, interface, kind, sensor};

const NOTHING: Uploaded = Uploaded { models: 0, twins: 0, relationships: 0 };

#[tokio::test]
async fn a_factory_is_uploaded_once() {
    let mut site = Site::start().await;
    assert_eq!(site.upload(30).await.unwrap(), Uploaded { models: 8, twins: 30, relationships: 29 });
    let told = site.told();
    let of_twins = told.iter().filter(|told| kind(told) == "Twin.Create").count();
    assert_eq!((told.len(), of_twins), (59, 30));
    assert!(told[..30].iter().all(|told| kind(told) == "Twin.Create"), "no relationship comes before its twins");

    assert_eq!(site.upload(30).await.unwrap(), NOTHING);
    assert_eq!(site.upload(LAB).await.unwrap(), NOTHING);
    assert_eq!(site.told(), [] as [serde_json::Value; 0]);
    assert_eq!(site.graph().len(), 30);
}

#[tokio::test]
async fn values_stay_and_what_is_missing_comes_back() {
    let mut site = Site::with_factory(LAB).await;
    let hot = json!([{"op": "replace", "path": "/Temperature", "value": 99.5}]);
    site.graph().update_twin("FactoryFloor", hot, Precondition::None).await.unwrap();
    site.graph()
        .delete_relationship("ProductionLine", "ProductionLine runs FanningStep", Precondition::None)
        .await
        .unwrap();
    site.graph().delete_twin("FanningStep", Precondition::None).await.unwrap();
    site.told();
    assert_eq!(site.upload(LAB).await.unwrap(), Uploaded { models: 0, twins: 1, relationships: 1 });
    let subjects: Vec<_> = site.told().iter().map(|told| told["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(subjects, ["FanningStep", "ProductionLine/relationships/ProductionLine runs FanningStep"]);
    assert_eq!(site.graph().get_twin("FactoryFloor").unwrap()["Temperature"], 99.5);
}

#[tokio::test]
async fn a_factory_grows() {
    let site = Site::with_factory(LAB).await;
    assert_eq!(site.upload(60).await.unwrap(), Uploaded { models: 0, twins: 54, relationships: 54 });
    assert_eq!(site.upload(60).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn another_model_under_the_same_id_stays_unless_it_may_be_replaced() {
    let mut site = Site::start().await;
    // Somebody's steps, and kinds of step that need them.
    let mut models = factory::models();
    models.truncate(5);
    models[1]["contents"].as_array_mut().unwrap().pop();
    site.graph().put_models(models).unwrap();

    let error = site.upload(LAB).await.unwrap_err();
    assert!(matches!(error, UploadError::Conflicts(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(
            "  the model dtmi:com:microsoft:iot:e2e:digital_factory:production_step;2 has another definition\n"
        ),
        "{text}"
    );
    assert!(text.contains("--replace") && !text.contains("fanning"), "{text}");
    assert_eq!((site.models().len(), site.graph().len()), (5, 0), "nothing was changed");

    // The cooling tunnel is as it was; what needs a step had to go for a moment.
    assert_eq!(site.replace(LAB).await, Uploaded { models: 7, twins: 6, relationships: 5 });
    assert_eq!(site.told().len(), 11);
    assert_eq!(site.upload(LAB).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn a_twin_of_another_model_stays_unless_it_may_be_replaced() {
    let mut site = Site::start().await;
    site.graph().put_models(vec![sensor()]).unwrap();
    site.put_twin("GrindingStep", SENSOR).await;
    site.told();
    let text = site.upload(LAB).await.unwrap_err().to_string();
    assert!(text.contains("  the twin GrindingStep has the model dtmi:test:Sensor;1\n"), "{text}");
    assert_eq!(site.told(), [] as [serde_json::Value; 0]);
    assert_eq!(site.models(), [SENSOR]);

    assert_eq!(site.replace(LAB).await, Uploaded { models: 8, twins: 6, relationships: 5 });
    assert_eq!(site.upload(LAB).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn a_relationship_to_another_twin_stays_unless_it_may_be_replaced() {
    let site = Site::with_factory(60).await;
    let elsewhere = json!({"$relationshipName": "rel_has_floors", "$targetId": "FactoryFloor2"});
    let floor = json!({"$metadata": {"$model": FLOOR}});
    site.graph().put_twin("FactoryFloor2", floor, Precondition::None).await.unwrap();
    let put = site.graph().put_relationship("ChocolateFactory", "Factory has floors", elsewhere, Precondition::None);
    put.await.unwrap();
    let text = site.upload(60).await.unwrap_err().to_string();
    let conflict = "the relationship \"Factory has floors\" of ChocolateFactory has the name rel_has_floors and leads to FactoryFloor2";
    assert!(text.contains(conflict), "{text}");
    assert_eq!(site.replace(60).await, Uploaded { relationships: 1, ..NOTHING });
}

#[tokio::test]
async fn many_conflicts_are_counted() {
    let site = Site::start().await;
    site.graph().put_models(vec![interface(SENSOR, &json!([]))]).unwrap();
    for twin in factory::twins(40) {
        site.put_twin(&twin.id, SENSOR).await;
    }
    let text = site.upload(40).await.unwrap_err().to_string();
    assert_eq!(text.matches("the twin").count(), 10, "{text}");
    assert!(text.contains("and 30 more"), "{text}");
}

/// The limit of a request's body, and of a model's: <https://learn.microsoft.com/azure/digital-twins/reference-service-limits>.
#[test]
fn the_models_fit_into_one_request() {
    assert!(serde_json::to_vec(&factory::models()).unwrap().len() < 32 * 1024);
}
