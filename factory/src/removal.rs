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
    twins::Twin,
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
        let mut users = users(instance).await?;
        let sizes = users.iter().filter_map(|user| smallest_with(&user.id));
        let survey = Survey::of(instance, sizes.fold(count, usize::max), progress).await?;
        let (owned, relationships) = owned(&survey);
        let mut staying = Vec::new();
        let twins = with_no_other_relationships(instance, &owned, &relationships, &mut staying, progress).await?;
        // A query may not know the newest yet, and knows nothing of those that go.
        users.extend(owned.into_iter().map(|twin| User { id: twin.id.to_string(), model: model_of(&twin.body) }));
        let removed: HashSet<_> = twins.iter().map(|id| &**id).collect();
        users.retain(|user| !removed.contains(user.id.as_str()));
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
        let relationships = stream::iter(&self.relationships).map(|one| async {
            instance.delete_relationship(&one.source, &one.id).await.inspect(|()| progress.inc(1))
        });
        relationships.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let twins =
            stream::iter(&self.twins).map(|id| async { instance.delete_twin(id).await.inspect(|()| progress.inc(1)) });
        twins.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
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

/// A twin of a model of the factory, whoever made it.
struct User {
    id: String,
    model: String,
}

/// The twins of all models under ids of the factory.
async fn users(instance: &Instance) -> Result<Vec<User>, Error> {
    let found = instance.models().await?;
    let mut users = Vec::new();
    for model in models().iter().filter(|ours| found.iter().any(|found| found["@id"] == ours["@id"])) {
        let twins = instance.twins_of(id(model)).await?;
        users.extend(twins.iter().map(|twin| User { id: text(&twin["$dtId"]), model: model_of(twin) }));
    }
    Ok(users)
}

/// The twins that are the factory's, and their relationships that are.
fn owned(survey: &Survey) -> (Vec<Twin>, Vec<Relationship>) {
    let models: HashSet<_> = same(&survey.models).map(id).collect();
    let twins: Vec<_> = same(&survey.twins).filter(|twin| models.contains(&*model_of(&twin.body))).cloned().collect();
    let ids: HashSet<_> = twins.iter().map(|twin| &twin.id).collect();
    let relationships = same(&survey.relationships).filter(|one| ids.contains(&one.source)).cloned().collect();
    (twins, relationships)
}

fn same<T>(pieces: &[(T, Found)]) -> impl Iterator<Item = &T> {
    pieces.iter().filter(|(_, found)| *found == Found::Same).map(|(piece, _)| piece)
}

fn model_of(twin: &Value) -> String {
    text(&twin["$metadata"]["$model"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Those of the twins that can be deleted: all of whose relationships are ours.
async fn with_no_other_relationships(
    instance: &Instance,
    twins: &[Twin],
    ours: &[Relationship],
    staying: &mut Vec<String>,
    progress: &ProgressBar,
) -> Result<Vec<Arc<str>>, Error> {
    let ours: HashSet<_> = ours.iter().map(|one| (one.source.to_string(), one.id.clone())).collect();
    progress.inc_length(twins.len() as u64);
    let found = stream::iter(twins).map(|twin| async {
        let mut found = instance.relationships(&twin.id).await?;
        found.append(&mut instance.incoming_relationships(&twin.id).await?);
        progress.inc(1);
        let ends = found.iter().map(|one| (text(&one["$sourceId"]), text(&one["$relationshipId"])));
        Ok::<_, Error>((Arc::clone(&twin.id), ends.collect::<Vec<_>>()))
    });
    let mut found = found.buffered(AT_ONCE);
    let mut free = Vec::new();
    while let Some((twin, ends)) = found.try_next().await? {
        match ends.into_iter().find(|ends| !ours.contains(ends)) {
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
    users: &[User],
    staying: &mut Vec<String>,
) -> Vec<String> {
    let mut unused = Vec::new();
    let mut kept: Vec<&Value> = foreign.iter().collect();
    for (model, found) in models.iter().rev().filter(|(_, found)| *found != Found::Nothing) {
        let needed_by = || kept.iter().find(|other| names(other, id(model)));
        let reason = if *found != Found::Same {
            "it is not word for word the factory's".to_owned()
        } else if let Some(twin) = users.iter().find(|user| user.model == id(model)) {
            format!("the twin {} has it", twin.id)
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
