//! What proves to a service of Azure who we are, where no connection string does.

use std::sync::Arc;

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    time::{Duration, OffsetDateTime},
};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use tokio::sync::Mutex;

/// A token is asked for anew when it has less than this left. It is the margin of `azure_identity`'s own cache, which
/// answers with the old token before.
const NEARLY_EXPIRED: Duration = Duration::minutes(5);

/// Event Hubs, as what a token is asked for.
pub(crate) const EVENT_HUBS: &str = "https://eventhubs.azure.net/.default";

/// A credential for one service that keeps its token: the SDK of Event Hubs asks once per partition, and a developer's
/// login starts a program for it.
#[derive(Debug)]
pub struct Credential {
    source: Arc<dyn TokenCredential>,
    scope: &'static str,
    token: Mutex<Option<AccessToken>>,
}

impl Credential {
    /// The managed identity of the app, by client id or the system-assigned one, for the service that `scope` names.
    pub fn managed_identity(client_id: Option<&str>, scope: &'static str) -> azure_core::Result<Arc<Self>> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_owned())),
            ..Default::default()
        };
        Ok(Self::keeping(ManagedIdentityCredential::new(Some(options))?, scope))
    }

    /// The developer's login with the Azure CLI or the Azure Developer CLI, for the service that `scope` names.
    pub fn developer_login(scope: &'static str) -> azure_core::Result<Arc<Self>> {
        Ok(Self::keeping(DeveloperToolsCredential::new(None)?, scope))
    }

    /// A token for the service, good for five minutes at least if the service that gives it is in health.
    pub async fn token(&self) -> azure_core::Result<AccessToken> {
        self.get_token(&[self.scope], None).await
    }

    fn keeping(source: Arc<dyn TokenCredential>, scope: &'static str) -> Arc<Self> {
        Arc::new(Self { source, scope, token: Mutex::new(None) })
    }

    /// When the token expires that was asked for last.
    pub(crate) async fn expires_on(&self) -> Option<OffsetDateTime> {
        self.token.lock().await.as_ref().map(|token| token.expires_on)
    }
}

#[async_trait::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut token = self.token.lock().await;
        match &*token {
            Some(token) if token.expires_on > OffsetDateTime::now_utc() + NEARLY_EXPIRED => Ok(token.clone()),
            _ => Ok(token.insert(self.source.get_token(scopes, options).await?).clone()),
        }
    }
}
