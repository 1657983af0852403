//! The factory is put into an instance: what is missing of it, and nothing a second time.

use std::fmt;

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde_json::Value;

use crate::{
    error::Error,
    instance::Instance,
    survey::{AT_ONCE, Found, Survey, apart, id, names},
};

/// So many conflicts are told of one by one.
const TOLD: usize = 10;

/// What was created or replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// How many models.
    pub models: usize,
    /// How many twins.
    pub twins: usize,
    /// How many relationships.
    pub relationships: usize,
}

/// Why nothing, or not all, was uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Something else is in the factory's place. Nothing was changed.
    #[error("{0}")]
    Conflicts(Conflicts),
    /// The instance did not do what it was asked to. Called again, the upload goes on where it was.
    #[error(transparent)]
    Instance(#[from] Error),
}

/// What an instance has under ids of the factory and is not the factory's.
#[derive(Debug)]
pub struct Conflicts(Vec<String>);

impl fmt::Display for Conflicts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Something else is in the place of the factory, and nothing was changed:")?;
        for conflict in self.0.iter().take(TOLD) {
            writeln!(out, "  {conflict}")?;
        }
        if self.0.len() > TOLD {
            writeln!(out, "  and {} more", self.0.len() - TOLD)?;
        }
        write!(out, "Take another instance, or replace it with the factory's own: --replace.")
    }
}

/// Uploads a factory of `count` twins: models, twins and relationships, each of them that is not there.
///
/// What is there is left as it is, whatever its values. If it is something else it is in conflict, unless it may be
/// replaced.
pub async fn upload(
    instance: &Instance,
    count: usize,
    may_replace: bool,
    progress: &ProgressBar,
) -> Result<Uploaded, UploadError> {
    let mut survey = Survey::of(instance, count, progress).await?;
    let conflicts = conflicts(&survey);
    if !conflicts.is_empty() && !may_replace {
        return Err(UploadError::Conflicts(Conflicts(conflicts)));
    }
    survey.twins.retain(|(_, found)| *found != Found::Same);
    survey.relationships.retain(|(_, found)| *found != Found::Same);
    progress.inc_length((survey.twins.len() + survey.relationships.len()) as u64);

    let models = upload_models(instance, &survey.models).await?;
    let twins = stream::iter(&survey.twins).map(|(twin, found)| async move {
        let made = instance.put_twin(&twin.id, &twin.body, *found != Found::Nothing).await?;
        progress.inc(1);
        Ok::<_, Error>(usize::from(made))
    });
    let twins = twins.buffer_unordered(AT_ONCE).try_fold(0, async |sum, made| Ok(sum + made)).await?;
    let relationships = apart(survey.relationships, |(one, _)| &one.source);
    let relationships = stream::iter(&relationships).map(|(one, found)| async move {
        let made = instance.put_relationship(&one.source, &one.id, &one.body, *found != Found::Nothing).await?;
        progress.inc(1);
        Ok::<_, Error>(usize::from(made))
    });
    let relationships = relationships.buffer_unordered(AT_ONCE).try_fold(0, async |sum, made| Ok(sum + made)).await?;
    Ok(Uploaded { models, twins, relationships })
}

fn conflicts(survey: &Survey) -> Vec<String> {
    let models = survey.models.iter().map(|(model, found)| (format!("the model {}", id(model)), found));
    let twins = survey.twins.iter().map(|(twin, found)| (format!("the twin {}", twin.id), found));
    let relationships = survey.relationships.iter();
    let relationships =
        relationships.map(|(one, found)| (format!("the relationship {:?} of {}", one.id, one.source), found));
    let all = models.chain(twins).chain(relationships);
    all.filter_map(|(what, found)| match found {
        Found::Other(other) => Some(format!("{what} has {other}")),
        _ => None,
    })
    .collect()
}

/// A model can't be changed, only deleted and created; and deleted only after those that need it.
async fn upload_models(instance: &Instance, models: &[(Value, Found)]) -> Result<usize, Error> {
    let mut missing: Vec<Value> = Vec::new();
    let mut replaced: Vec<&str> = Vec::new();
    for (model, found) in models {
        let is_replaced = match found {
            Found::Nothing => false,
            Found::Same if !replaced.iter().any(|needed| names(model, needed)) => continue,
            _ => true,
        };
        missing.push(model.clone());
        if is_replaced {
            replaced.push(id(model));
        }
    }
    for model in replaced.iter().rev() {
        instance.delete_model(model).await?;
    }
    if !missing.is_empty() {
        instance.put_models(&missing).await?;
    }
    Ok(missing.len())
}
