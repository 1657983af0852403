//! What is shown to the namespace: a token of the identity, or a shared access signature.

use time::OffsetDateTime;

use crate::{
    config::Access,
    connection_string::SharedAccess,
    credential::{Credential, EVENT_HUBS},
    shared_access,
};

/// A token that gives access to one hub: to be put to `$cbs`, the namespace's node for it.
pub struct Token {
    /// The text of it.
    pub secret: String,
    /// How the service calls this kind of token.
    pub kind: &'static str,
    /// When a new one is needed, where there can be one.
    pub expires_on: Option<OffsetDateTime>,
}

impl Token {
    /// A token for `resource`, the hub as a URI.
    pub async fn new(access: &Access, resource: &str) -> azure_core::Result<Self> {
        const SIGNATURE: &str = "servicebus.windows.net:sastoken";

        match access {
            Access::ConnectionString(string) => Ok(match &string.access {
                SharedAccess::Key { name, key } => {
                    let expires_on = OffsetDateTime::now_utc() + shared_access::VALIDITY;
                    let secret = shared_access::signature(resource, name, key, expires_on);
                    Self { secret, kind: SIGNATURE, expires_on: Some(expires_on) }
                }
                SharedAccess::Signature(signature) => {
                    Self { secret: signature.clone(), kind: SIGNATURE, expires_on: None }
                }
            }),
            Access::ManagedIdentity { client_id, .. } => {
                Self::of(&*Credential::managed_identity(client_id.as_deref(), EVENT_HUBS)?).await
            }
            Access::DeveloperLogin { .. } => Self::of(&*Credential::developer_login(EVENT_HUBS)?).await,
        }
    }

    async fn of(credential: &Credential) -> azure_core::Result<Self> {
        let token = credential.token().await?;
        let secret = token.token.secret().to_owned();
        Ok(Self { secret, kind: "jwt", expires_on: Some(token.expires_on) })
    }
}
