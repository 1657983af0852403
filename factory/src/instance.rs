//! An instance of Azure Digital Twins, or a stand-in for one: the calls of its data plane that a factory needs, as
//! <https://learn.microsoft.com/rest/api/digital-twins/dataplane/> has them.

use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, IF_NONE_MATCH},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{client::Client, error::Error};

/// An instance. Copies of it share their connections.
#[derive(Debug, Clone)]
pub struct Instance {
    client: Client,
}

impl Instance {
    /// The instance at this address: `https://` and its host name, or `http://` and a stand-in on this machine. Nothing is
    /// sent yet.
    pub fn at(address: &str) -> Result<Self, Error> {
        Ok(Self { client: Client::new(address)? })
    }

    /// All models, as they were uploaded.
    pub(crate) async fn models(&self) -> Result<Vec<Value>, Error> {
        let all = self.client.request(Method::GET, &["models"]).query(&[("includeModelDefinition", "true")]);
        Ok(self.pages(all).await?.into_iter().map(|mut shown| shown["model"].take()).collect())
    }

    /// Uploads models, all of them or none.
    pub(crate) async fn put_models(&self, models: &[Value]) -> Result<(), Error> {
        self.client.send(self.client.request(Method::POST, &["models"]).json(models)).await.map(drop)
    }

    /// Deletes a model that no other model needs.
    pub(crate) async fn delete_model(&self, id: &str) -> Result<(), Error> {
        self.delete(&["models", id]).await
    }

    /// A twin, if it is there.
    pub(crate) async fn twin(&self, id: &str) -> Result<Option<Value>, Error> {
        self.get(&["digitaltwins", id]).await
    }

    /// Creates a twin or, if it may, replaces it. False if it was there and stays.
    pub(crate) async fn put_twin(&self, id: &str, body: &Value, may_replace: bool) -> Result<bool, Error> {
        self.put(&["digitaltwins", id], body, may_replace).await
    }

    /// Patches a twin with a JSON Patch.
    pub(crate) async fn patch_twin(&self, id: &str, patch: &Value) -> Result<(), Error> {
        let request = self.client.request(Method::PATCH, &["digitaltwins", id]);
        let request = request.header(CONTENT_TYPE, "application/json-patch+json").json(patch);
        self.client.send(request).await.map(drop)
    }

    /// Deletes a twin that has no relationships.
    pub(crate) async fn delete_twin(&self, id: &str) -> Result<(), Error> {
        self.delete(&["digitaltwins", id]).await
    }

    /// Sends telemetry on behalf of a twin.
    pub(crate) async fn send_telemetry(&self, twin: &str, message: &Value) -> Result<(), Error> {
        let request = self.client.request(Method::POST, &["digitaltwins", twin, "telemetry"]);
        let request = request.header("Message-Id", Uuid::new_v4().to_string()).json(message);
        self.client.send(request).await.map(drop)
    }

    /// The twins of exactly this model, as of some seconds ago: queries lag behind.
    pub(crate) async fn twins_of(&self, model: &str) -> Result<Vec<Value>, Error> {
        let text = format!("SELECT * FROM digitaltwins WHERE IS_OF_MODEL('{model}', exact)");
        let mut query = serde_json::json!({"query": text});
        let mut twins = Vec::new();
        loop {
            let request = self.client.request(Method::POST, &["query"]).json(&query);
            let mut page = json(self.client.send(request).await?).await?;
            twins.append(&mut values(&mut page)?);
            match page["continuationToken"].take() {
                Value::String(token) => query["continuationToken"] = Value::String(token),
                _ => return Ok(twins),
            }
        }
    }

    /// A relationship, if it is there.
    pub(crate) async fn relationship(&self, source: &str, id: &str) -> Result<Option<Value>, Error> {
        self.get(&["digitaltwins", source, "relationships", id]).await
    }

    /// The relationships that leave a twin.
    pub(crate) async fn relationships(&self, source: &str) -> Result<Vec<Value>, Error> {
        self.pages(self.client.request(Method::GET, &["digitaltwins", source, "relationships"])).await
    }

    /// The relationships that lead to a twin: `$sourceId` and `$relationshipId` of each.
    pub(crate) async fn incoming_relationships(&self, target: &str) -> Result<Vec<Value>, Error> {
        self.pages(self.client.request(Method::GET, &["digitaltwins", target, "incomingrelationships"])).await
    }

    /// Creates a relationship or, if it may, replaces it. False if it was there and stays.
    pub(crate) async fn put_relationship(
        &self,
        source: &str,
        id: &str,
        body: &Value,
        may_replace: bool,
    ) -> Result<bool, Error> {
        self.put(&["digitaltwins", source, "relationships", id], body, may_replace).await
    }

    /// Deletes a relationship.
    pub(crate) async fn delete_relationship(&self, source: &str, id: &str) -> Result<(), Error> {
        self.delete(&["digitaltwins", source, "relationships", id]).await
    }

    async fn get(&self, path: &[&str]) -> Result<Option<Value>, Error> {
        match self.client.send(self.client.request(Method::GET, path)).await {
            Ok(response) => json(response).await.map(Some),
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put(&self, path: &[&str], body: &Value, may_replace: bool) -> Result<bool, Error> {
        let mut request = self.client.request(Method::PUT, path).json(body);
        if !may_replace {
            request = request.header(IF_NONE_MATCH, "*");
        }
        match self.client.send(request).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(StatusCode::PRECONDITION_FAILED) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What is gone already is deleted.
    async fn delete(&self, path: &[&str]) -> Result<(), Error> {
        match self.client.send(self.client.request(Method::DELETE, path)).await {
            Err(error) if error.status() != Some(StatusCode::NOT_FOUND) => Err(error),
            _ => Ok(()),
        }
    }

    /// What all pages of a list hold.
    async fn pages(&self, first: RequestBuilder) -> Result<Vec<Value>, Error> {
        let mut page = json(self.client.send(first).await?).await?;
        let mut all = values(&mut page)?;
        while let Some(next) = page["nextLink"].as_str() {
            page = json(self.client.send(self.client.follow(next)?).await?).await?;
            all.append(&mut values(&mut page)?);
        }
        Ok(all)
    }
}

async fn json(response: reqwest::Response) -> Result<Value, Error> {
    response.json().await.map_err(|error| Error::Unreadable(error.to_string()))
}

fn values(page: &mut Value) -> Result<Vec<Value>, Error> {
    match page["value"].take() {
        Value::Array(values) => Ok(values),
        _ => Err(Error::Unreadable("a list without values".to_owned())),
    }
}
