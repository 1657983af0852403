//! Who we are to an instance of Azure Digital Twins.

use std::{env, sync::Arc};

use event_hub_producer::Credential;

use crate::error::Error;

/// Azure Digital Twins, as what a token is asked for.
const SCOPE: &str = "https://digitaltwins.azure.net/.default";

/// The managed identity where Azure gives the program one (`AZURE_CLIENT_ID` names it if it is user-assigned), else the
/// developer's login.
pub(crate) fn credential() -> Result<Arc<Credential>, Error> {
    let credential = if env::var_os("IDENTITY_ENDPOINT").is_some() {
        let client_id = env::var("AZURE_CLIENT_ID").ok().filter(|id| !id.is_empty());
        Credential::managed_identity(client_id.as_deref(), SCOPE)
    } else {
        Credential::developer_login(SCOPE)
    };
    credential.map_err(|why| Error::NoToken(why.to_string()))
}

/// The token itself.
pub(crate) async fn token(credential: &Credential) -> Result<String, Error> {
    let token = credential.token().await.map_err(|why| Error::NoToken(why.to_string()))?;
    Ok(token.token.secret().to_owned())
}
