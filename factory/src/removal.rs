//! The factory is taken out of an instance, and nothing else is.
//!
//! The factory's are: a model that is word for word its own; a twin under an id of the factory with the model that the
//! factory gives to that id, if that model is; a relationship of such a twin with the factory's id, name and target.
//! Whoever followed the lab by hand has twins of the same ids, but of the lab's models, which are others.

use std::{collections::HashSet, fmt, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde_json::Value;

use crate::{
    error::Error,
    hierarchy::smallest_with,
    instance::Instance,
    models::models,
    relationships::Relationship,
    survey::{AT_ONCE, Found, Survey, apart, id, names},
};

/// What is to be removed, and what can't be.
#[derive(Debug)]
pub struct Removal {
    /// Those of one twin far apart.
    relationships: Vec<Relationship>,
    twins: Vec<Arc<str>>,
    /// Each before those that it needs.
    models: Vec<String>,
    staying: Vec<String>,
}

impl Removal {
    /// Looks for everything of a factory of any size, at least of `count` twins. Nothing is removed yet.
    ///
    /// How large the factory is says a query, which lags some seconds behind.
    pub async fn plan(instance: &Instance, count: usize, progress: &ProgressBar) -> Result<Self, Error> {
        let with_models = instance.models().await?;
        let mut users = Vec::new();
        for model in models().iter().filter(|ours| with_models.iter().any(|found| found["@id"] == ours["@id"])) {
            users.append(&mut instance.twins_of(id(model)).await?);
        }
        let sizes = users.iter().filter_map(|twin| smallest_with(twin["$dtId"].as_str()?));
        let survey = Survey::of(instance, sizes.fold(count, usize::max), progress).await?;

        let same_model = |twin: &Value| {
            let model = &twin["$metadata"]["$model"];
            survey.models.iter().any(|(ours, found)| *found == Found::Same && ours["@id"] == *model)
        };
        let twins = survey.twins.iter().filter(|(twin, found)| *found == Found::Same && same_model(&twin.body));
        let twins: Vec<_> = twins.map(|(twin, _)| Arc::clone(&twin.id)).collect();
        let ours: HashSet<_> = twins.iter().cloned().collect();
        let relationships = survey.relationships.into_iter();
        let relationships: Vec<_> = relationships
            .filter(|(relationship, found)| *found == Found::Same && ours.contains(&relationship.source))
            .map(|(relationship, _)| relationship)
            .collect();

        let mut staying = Vec::new();
        let twins = with_no_other_relationships(instance, twins, &relationships, &mut staying, progress).await?;
        let removed: HashSet<_> = twins.iter().map(|id| &**id).collect();
        users.retain(|twin| twin["$dtId"].as_str().is_none_or(|id| !removed.contains(id)));
        let models = unused_models(&survey.models, &survey.foreign_models, &users, &mut staying);
        let relationships = apart(relationships, |one| &one.source);
        Ok(Self { relationships, twins, models, staying })
    }

    /// Whether there is nothing to remove.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relationships.is_empty() && self.twins.is_empty() && self.models.is_empty()
    }

    /// What would be the factory's and has to stay, and why: a sentence for each.
    #[must_use]
    pub fn staying(&self) -> &[String] {
        &self.staying
    }

    /// Removes it: relationships first, then twins, then models.
    pub async fn carry_out(&self, instance: &Instance, progress: &ProgressBar) -> Result<(), Error> {
        progress.inc_length((self.relationships.len() + self.twins.len() + self.models.len()) as u64);
        let relationships = stream::iter(&self.relationships).map(Ok);
        let delete = |one: &'_ Relationship| {
            let (source, id) = (Arc::clone(&one.source), one.id.clone());
            async move {
                instance.delete_relationship(&source, &id).await?;
                progress.inc(1);
                Ok::<_, Error>(())
            }
        };
        relationships.try_for_each_concurrent(AT_ONCE, delete).await?;
        let twins = stream::iter(self.twins.iter().cloned()).map(Ok);
        let delete = |id: Arc<str>| async move {
            instance.delete_twin(&id).await?;
            progress.inc(1);
            Ok::<_, Error>(())
        };
        twins.try_for_each_concurrent(AT_ONCE, delete).await?;
        for model in &self.models {
            instance.delete_model(model).await?;
            progress.inc(1);
        }
        Ok(())
    }
}

/// What would be removed.
impl fmt::Display for Removal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for model in &self.models {
            writeln!(out, "model {model}")?;
        }
        for twin in &self.twins {
            writeln!(out, "twin {twin}")?;
        }
        for Relationship { source, id, .. } in &self.relationships {
            writeln!(out, "relationship {id:?} of {source}")?;
        }
        let [models, twins, relationships] =
            [self.models.len(), self.twins.len(), self.relationships.len()].map(|count| count as u64);
        let [models, twins, relationships] = [models, twins, relationships].map(indicatif::HumanCount);
        write!(out, "{models} models, {twins} twins, {relationships} relationships")
    }
}

/// Those of the twins that can be deleted: all of whose relationships are ours.
async fn with_no_other_relationships(
    instance: &Instance,
    twins: Vec<Arc<str>>,
    ours: &[Relationship],
    staying: &mut Vec<String>,
    progress: &ProgressBar,
) -> Result<Vec<Arc<str>>, Error> {
    let ours: HashSet<_> = ours.iter().map(|one| (&*one.source, one.id.as_str())).collect();
    let ours = &ours;
    progress.inc_length(twins.len() as u64);
    let found = stream::iter(twins).map(|twin| async move {
        let mut found = instance.relationships(&twin).await?;
        found.append(&mut instance.incoming_relationships(&twin).await?);
        progress.inc(1);
        let ends =
            |one: &Value| Some((one["$sourceId"].as_str()?.to_owned(), one["$relationshipId"].as_str()?.to_owned()));
        let foreign =
            found.iter().filter_map(ends).find(|(source, id)| !ours.contains(&(source.as_str(), id.as_str())));
        Ok::<_, Error>((twin, foreign))
    });
    let mut found = found.buffered(AT_ONCE);
    let mut free = Vec::new();
    while let Some((twin, foreign)) = found.try_next().await? {
        match foreign {
            None => free.push(twin),
            Some((source, id)) => staying.push(format!(
                "The twin {twin} stays: the relationship {id:?} of {source}, which is not the factory's, holds it."
            )),
        }
    }
    Ok(free)
}

/// Those of our models that nobody else needs, each before those that it needs itself.
fn unused_models(
    models: &[(Value, Found)],
    foreign: &[Value],
    users: &[Value],
    staying: &mut Vec<String>,
) -> Vec<String> {
    let mut unused = Vec::new();
    let mut kept: Vec<&Value> = foreign.iter().collect();
    for (model, found) in models.iter().rev().filter(|(_, found)| *found != Found::Nothing) {
        let needed_by = || kept.iter().find(|other| names(other, id(model)));
        let reason = if *found != Found::Same {
            "it is not word for word the factory's".to_owned()
        } else if let Some(twin) = users.iter().find(|twin| twin["$metadata"]["$model"] == model["@id"]) {
            format!("the twin {} has it", twin["$dtId"].as_str().unwrap_or("?"))
        } else if let Some(other) = needed_by() {
            format!("the model {} needs it", id(other))
        } else {
            unused.push(id(model).to_owned());
            continue;
        };
        staying.push(format!("The model {} stays: {reason}.", id(model)));
        kept.push(model);
    }
    unused
}
