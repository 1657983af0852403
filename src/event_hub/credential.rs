//! What proves to the namespace who we are, where no connection string does.

use std::sync::Arc;

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    time::{Duration, OffsetDateTime},
};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use tokio::sync::Mutex;

/// The SDK renews a token six minutes before it expires and must then get a new one.
const RENEWED_BEFORE_EXPIRY: Duration = Duration::minutes(10);

pub(super) fn managed_identity(client_id: Option<&str>) -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_owned())),
        ..Default::default()
    }))?)
}

pub(super) fn developer_login() -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(Arc::new(Cached { credential: DeveloperToolsCredential::new(None)?, token: Mutex::new(None) }))
}

/// Keeps the token of a credential that starts a program for each one: the SDK asks once per partition.
#[derive(Debug)]
struct Cached {
    credential: Arc<DeveloperToolsCredential>,
    token: Mutex<Option<AccessToken>>,
}

#[async_trait::async_trait]
impl TokenCredential for Cached {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut token = self.token.lock().await;
        match &*token {
            Some(token) if token.expires_on > OffsetDateTime::now_utc() + RENEWED_BEFORE_EXPIRY => Ok(token.clone()),
            _ => Ok(token.insert(self.credential.get_token(scopes, options).await?).clone()),
        }
    }
}
