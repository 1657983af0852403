//! The identity's way into an account, with the credential that leads to the event hub.

use std::sync::Arc;

use async_trait::async_trait;
use event_hub_producer::Credential;
use object_store::{azure::AzureCredential, client::CredentialProvider};

/// Storage accounts, as what a token is asked for.
pub(super) const STORAGE: &str = "https://storage.azure.com/.default";

/// Gives `object_store` the tokens of a credential.
#[derive(Debug)]
pub(super) struct Identity(pub(super) Arc<Credential>);

/// The identity got no token.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoToken(pub(super) String);

#[async_trait]
impl CredentialProvider for Identity {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AzureCredential>> {
        let token = self.0.token().await.map_err(|error| object_store::Error::Generic {
            store: "identity",
            source: Box::new(NoToken(error.to_string())),
        })?;
        Ok(Arc::new(AzureCredential::BearerToken(token.token.secret().to_owned())))
    }
}
