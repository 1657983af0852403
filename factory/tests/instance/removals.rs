//! The factory's own goes, and nobody else's.

use factory::LAB;
use serde_json::json;

use crate::support::{FLOOR, SENSOR, STEP, Site, interface, kind, sensor};

const PIECES: &str = "8 models, 60 twins, 59 relationships";

#[tokio::test]
async fn a_factory_of_any_size_is_removed() {
    let mut site = Site::with_factory(60).await;
    let plan = site.plan_removal().await;
    let list = plan.to_string();
    assert!(list.ends_with(PIECES), "{list}");
    assert_eq!(list.lines().count(), 8 + 60 + 59 + 1);
    for line in ["twin GrindingStep0002-02", "relationship \"Factory has floors\" of ChocolateFactory"] {
        assert!(list.lines().any(|found| found == line), "{list}");
    }
    assert_eq!((site.graph().len(), site.told().len()), (60, 0), "nothing is removed before it is said");

    assert_eq!(site.remove().await, [""; 0]);
    assert!(site.graph().is_empty() && site.models().is_empty());
    let told = site.told();
    let kinds: Vec<_> = told.iter().map(kind).collect();
    assert!(kinds[..59].iter().all(|kind| *kind == "Relationship.Delete"), "{kinds:?}");
    assert!(kinds[59..].iter().all(|kind| *kind == "Twin.Delete") && kinds.len() == 119, "{kinds:?}");
    assert!(site.plan_removal().await.is_empty());
}

#[tokio::test]
async fn what_an_interrupted_upload_left_is_removed() {
    let site = Site::start().await;
    site.graph().put_models(factory::models()).unwrap();
    let twins = factory::twins(300);
    for twin in [&twins[4], &twins[200]] {
        let put = site.graph().put_twin(&twin.id, twin.body.clone(), local_azure::digital_twins::Precondition::None);
        put.await.unwrap();
    }
    assert_eq!(site.remove().await, [""; 0]);
    assert!(site.graph().is_empty() && site.models().is_empty());
}

#[tokio::test]
async fn the_twins_of_others_stay_with_the_models_that_they_need() {
    let site = Site::with_factory(LAB).await;
    site.graph().put_models(vec![sensor()]).unwrap();
    site.put_twin("Lobby", FLOOR).await;
    // An id of a larger factory, and none of its twins.
    site.put_twin("GrindingStep0002-02", SENSOR).await;
    let staying = site.remove().await;
    assert!(staying[0].starts_with(&format!("The model {FLOOR} stays: the twin Lobby has it")), "{staying:?}");
    assert!(site.graph().get_twin("Lobby").is_ok() && site.graph().get_twin("GrindingStep0002-02").is_ok());
    assert_eq!(site.graph().len(), 2);
    let models = site.models();
    assert!(models.contains(&FLOOR.to_owned()) && models.contains(&SENSOR.to_owned()), "{models:?}");
    assert!(!models.iter().any(|model| model.contains("chocolate_factory")), "{models:?}");
}

#[tokio::test]
async fn a_twin_to_which_others_lead_stays() {
    let site = Site::with_factory(LAB).await;
    site.graph().put_models(vec![sensor()]).unwrap();
    site.put_twin("Probe", SENSOR).await;
    site.relate("Probe", "MouldingStep").await;
    let staying = site.remove().await;
    let sentence =
        "The twin MouldingStep stays: the relationship \"mine\" of Probe, which is not the factory's, holds it.";
    assert_eq!(staying[0], sentence);
    assert_eq!(site.graph().len(), 2);
    assert!(site.graph().get_relationship("Probe", "mine").is_ok());
    // The model of the twin, and the two that it needs itself.
    let kept: Vec<_> = staying[1..].iter().map(|sentence| sentence.split(' ').nth(2).unwrap()).collect();
    assert_eq!(kept.len(), 3, "{staying:?}");
    assert_eq!(site.models().len(), 4);
}

#[tokio::test]
async fn a_model_that_others_need_stays() {
    let site = Site::with_factory(LAB).await;
    let mut packing = interface("dtmi:test:Packing;1", &json!([]));
    packing["extends"] = json!(STEP);
    site.graph().put_models(vec![packing]).unwrap();
    assert_eq!(site.remove().await, [format!("The model {STEP} stays: the model dtmi:test:Packing;1 needs it.")]);
    assert_eq!(site.models(), [STEP, "dtmi:test:Packing;1"]);
    assert!(site.graph().is_empty());
}

/// Whoever followed the lab by hand has the same ids. Its models lack what is ours.
#[tokio::test]
async fn the_lab_made_by_hand_stays() {
    let mut site = Site::start().await;
    let mut models = factory::models();
    for model in &mut models {
        model.as_object_mut().unwrap().remove("comment");
        model["displayName"] = json!("By hand");
    }
    site.graph().put_models(models).unwrap();
    for twin in factory::twins(LAB) {
        let put = site.graph().put_twin(&twin.id, twin.body, local_azure::digital_twins::Precondition::None);
        put.await.unwrap();
    }
    site.told();
    let plan = site.plan_removal().await;
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(plan.staying().len(), 8, "{:?}", plan.staying());
    assert!(plan.staying()[0].ends_with("stays: it is not word for word the factory's."), "{:?}", plan.staying());
    site.remove().await;
    assert_eq!((site.graph().len(), site.models().len(), site.told().len()), (6, 8, 0));
}
