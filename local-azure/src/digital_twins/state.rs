//! The graph as it stands: models, twins and relationships. Every change is made here, at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    contents::without_last_update_time,
    error::Error,
    interface::Shape,
    models::{self, Models},
    notification::Kind,
    patch::Patch,
    precondition::Precondition,
    relationship::Relationship,
    twin::Twin,
};

/// Models, twins and relationships.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) models: Models,
    twins: BTreeMap<String, Node>,
}

/// A twin and its relationships.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) twin: Twin,
    /// Those that leave the twin, by their ids.
    pub(super) relationships: BTreeMap<String, Relationship>,
    /// Those that lead to the twin: source and id.
    incoming: BTreeSet<(String, String)>,
}

/// A change that was made and is to be told.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) kind: Kind,
    pub(super) subject: String,
    pub(super) data: Value,
}

impl State {
    pub(super) fn node(&self, id: &str) -> Result<&Node, Error> {
        self.twins.get(id).ok_or_else(|| Error::DigitalTwinNotFound(id.to_owned()))
    }

    fn node_mut(&mut self, id: &str) -> Result<&mut Node, Error> {
        self.twins.get_mut(id).ok_or_else(|| Error::DigitalTwinNotFound(id.to_owned()))
    }

    /// All twins in the order of their ids, from one on or after another.
    pub(super) fn nodes(&self, range: impl std::ops::RangeBounds<str>) -> impl Iterator<Item = (&String, &Node)> {
        self.twins.range::<str, _>(range)
    }

    pub(super) fn len(&self) -> usize {
        self.twins.len()
    }

    fn shape(&self, twin: &Twin) -> Result<&Arc<Shape>, Error> {
        self.models.shape(twin.model()).ok_or_else(|| models::missing(twin.model()))
    }

    pub(super) fn put_twin(
        &mut self,
        id: &str,
        body: Value,
        precondition: &Precondition,
        now: &str,
    ) -> Result<(Value, Change), Error> {
        precondition.check("twin", self.twins.get(id).map(|node| node.twin.etag()))?;
        let twin = Twin::new(id, body, &self.models, now)?;
        let shown = twin.shown();
        if let Some(node) = self.twins.get_mut(id) {
            node.twin = twin;
        } else {
            let node = Node { twin, relationships: BTreeMap::new(), incoming: BTreeSet::new() };
            self.twins.insert(id.to_owned(), node);
        }
        let data = without_last_update_time(shown.clone());
        Ok((shown, Change { kind: Kind::TwinCreate, subject: id.to_owned(), data }))
    }

    pub(super) fn update_twin(
        &mut self,
        id: &str,
        patch: Patch,
        precondition: &Precondition,
        now: &str,
    ) -> Result<(String, Change), Error> {
        let node = self.twins.get_mut(id).ok_or_else(|| Error::DigitalTwinNotFound(id.to_owned()))?;
        precondition.check("twin", Some(node.twin.etag()))?;
        node.twin = node.twin.patched(&patch, &self.models, now)?;
        let data = json!({ "modelId": node.twin.model(), "patch": patch.into_json() });
        let etag = node.twin.etag().to_owned();
        Ok((etag, Change { kind: Kind::TwinUpdate, subject: id.to_owned(), data }))
    }

    pub(super) fn delete_twin(&mut self, id: &str, precondition: &Precondition) -> Result<Change, Error> {
        let node = self.node(id)?;
        precondition.check("twin", Some(node.twin.etag()))?;
        if !node.relationships.is_empty() || !node.incoming.is_empty() {
            return Err(Error::RelationshipsNotDeleted(id.to_owned()));
        }
        let data = without_last_update_time(node.twin.shown());
        self.twins.remove(id);
        Ok(Change { kind: Kind::TwinDelete, subject: id.to_owned(), data })
    }

    pub(super) fn relationship(&self, twin: &str, id: &str) -> Result<&Relationship, Error> {
        self.node(twin)?.relationships.get(id).ok_or_else(|| no_relationship(twin, id))
    }

    /// Those that lead to a twin.
    pub(super) fn incoming(&self, twin: &str) -> Result<impl Iterator<Item = &Relationship>, Error> {
        let incoming = self.node(twin)?.incoming.iter();
        Ok(incoming.filter_map(|(source, id)| self.relationship(source, id).ok()))
    }

    pub(super) fn put_relationship(
        &mut self,
        source: &str,
        id: &str,
        body: Value,
        precondition: &Precondition,
    ) -> Result<(Value, Change), Error> {
        let node = self.node(source)?;
        let replaced = node.relationships.get(id);
        precondition.check("relationship", replaced.map(Relationship::etag))?;
        let target = Relationship::target_of(&body)?.to_owned();
        let target_twin = self.twins.get(&target).ok_or_else(|| Error::TargetTwinNotFound(target.clone()))?;
        let (shape, target_shape) = (self.shape(&node.twin)?, self.shape(&target_twin.twin)?);
        let relationship = Relationship::new(source, id, body, shape, target_shape)?;
        let old_target = replaced.map(|replaced| replaced.target().to_owned());

        let shown = relationship.shown().clone();
        let data = relationship.notified();
        if let Some(old_target) = old_target {
            self.node_mut(&old_target)?.incoming.remove(&(source.to_owned(), id.to_owned()));
        }
        self.node_mut(&target)?.incoming.insert((source.to_owned(), id.to_owned()));
        self.node_mut(source)?.relationships.insert(id.to_owned(), relationship);
        Ok((shown, Change { kind: Kind::RelationshipCreate, subject: subject(source, id), data }))
    }

    pub(super) fn update_relationship(
        &mut self,
        source: &str,
        id: &str,
        patch: Patch,
        precondition: &Precondition,
    ) -> Result<(String, Change), Error> {
        let relationship = self.relationship(source, id)?;
        precondition.check("relationship", Some(relationship.etag()))?;
        let node = self.node(source)?;
        let patched = relationship.patched(&patch, self.shape(&node.twin)?)?;
        let data = json!({ "modelId": node.twin.model(), "patch": patch.into_json() });
        let etag = patched.etag().to_owned();
        self.node_mut(source)?.relationships.insert(id.to_owned(), patched);
        Ok((etag, Change { kind: Kind::RelationshipUpdate, subject: subject(source, id), data }))
    }

    pub(super) fn delete_relationship(
        &mut self,
        source: &str,
        id: &str,
        precondition: &Precondition,
    ) -> Result<Change, Error> {
        let relationship = self.relationship(source, id)?;
        precondition.check("relationship", Some(relationship.etag()))?;
        let (target, data) = (relationship.target().to_owned(), relationship.notified());
        self.node_mut(&target)?.incoming.remove(&(source.to_owned(), id.to_owned()));
        self.node_mut(source)?.relationships.remove(id);
        Ok(Change { kind: Kind::RelationshipDelete, subject: subject(source, id), data })
    }

    /// The model that telemetry of a twin, or of one of its components, follows.
    pub(super) fn telemetry_model(&self, id: &str, component: Option<&str>) -> Result<String, Error> {
        let twin = &self.node(id)?.twin;
        let Some(component) = component else { return Ok(twin.model().to_owned()) };
        let shape = self.shape(twin)?.components.get(component);
        let shape = shape.ok_or_else(|| no_component(id, component))?;
        Ok(shape.model.clone())
    }
}

pub(super) fn no_component(twin: &str, component: &str) -> Error {
    Error::ComponentNotFound { twin: twin.to_owned(), component: component.to_owned() }
}

fn no_relationship(twin: &str, id: &str) -> Error {
    Error::RelationshipNotFound { twin: twin.to_owned(), relationship: id.to_owned() }
}

fn subject(source: &str, id: &str) -> String {
    format!("{source}/relationships/{id}")
}
