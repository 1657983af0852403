use std::{io, path::PathBuf};

use super::*;
use crate::dead_letters::{ContainerName, StorageAccount};

fn places() -> [Place; 3] {
    let container = |account| {
        let name = ContainerName::parse("dead-letter").unwrap();
        StoreConfig::Container { name, account }
    };
    let key = StorageAccount::parse("AccountName=contoso;AccountKey=c2VjcmV0").unwrap();
    let identity = StorageAccount::named("contoso", StorageAccess::DeveloperLogin).unwrap();
    [container(key), container(identity), StoreConfig::Folder(PathBuf::from("/var/dead"))]
        .map(|config| Place::of(&config))
}

/// As `object_store` passes errors on.
fn wrapped(error: impl Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: "test", source: Box::new(error) }
}

fn refusal(status: u16, code: &str) -> object_store::Error {
    let refusal = Refusal { status: StatusCode::from_u16(status).unwrap(), code: code.to_owned() };
    wrapped(HttpError::new(HttpErrorKind::Unknown, refusal))
}

#[test]
fn texts_tell_what_to_do() {
    let [key, identity, folder] = places();
    let text = |place: &Place, error: object_store::Error| StoreError::of(place, &error).to_string();
    let http = |kind, reason| wrapped(HttpError::new(kind, io::Error::other(reason)));
    insta::assert_snapshot!(text(&key, http(HttpErrorKind::Connect, "Connection refused")), @"The container dead-letter of contoso.blob.core.windows.net can't be reached (Connection refused). Check the account in AzureWebJobsStorage, the network, and the firewall of the account.");
    insta::assert_snapshot!(text(&key, http(HttpErrorKind::Interrupted, "connection reset")), @"The container dead-letter of contoso.blob.core.windows.net has interrupted its service (connection reset). If that goes on, check the health of the storage account.");
    insta::assert_snapshot!(text(&key, http(HttpErrorKind::Timeout, "timed out")), @"The container dead-letter of contoso.blob.core.windows.net does not answer. Check the health and the firewall of the storage account.");
    insta::assert_snapshot!(text(&key, refusal(503, "ServerBusy")), @"The container dead-letter of contoso.blob.core.windows.net has interrupted its service (503: ServerBusy). If that goes on, check the health of the storage account.");
    insta::assert_snapshot!(text(&key, refusal(403, "AuthenticationFailed")), @"The container dead-letter of contoso.blob.core.windows.net denies access (403: AuthenticationFailed). Check the key or the signature in AzureWebJobsStorage, that the storage account allows it, and the firewall of the account.");
    insta::assert_snapshot!(text(&key, refusal(404, "")), @"The container dead-letter of contoso.blob.core.windows.net did not take a request (404). Check the account in AzureWebJobsStorage and the container in DEAD_LETTERS.");
    insta::assert_snapshot!(text(&identity, refusal(403, "AuthorizationPermissionMismatch")), @"The container dead-letter of contoso.blob.core.windows.net denies access (403: AuthorizationPermissionMismatch). Give the identity (AzureWebJobsStorage__clientId) the role Storage Blob Data Contributor on the storage account or the container, and check the firewall of the account.");
    insta::assert_snapshot!(text(&identity, wrapped(NoToken("no login".to_owned()))), @"The container dead-letter of contoso.blob.core.windows.net can't be asked, since the identity gets no token (no login). Check AzureWebJobsStorage__clientId, or outside Azure your login (az login).");
    insta::assert_snapshot!(text(&folder, wrapped(io::Error::from(io::ErrorKind::PermissionDenied))), @"The folder /var/dead can't be used (permission denied). Check DEAD_LETTERS and the rights on the folder.");
    insta::assert_snapshot!(StoreError::no_answer(&identity).to_string(), @"The container dead-letter of contoso.blob.core.windows.net does not answer, or the identity gets no token in time. Check the health and the firewall of the storage account.");
    insta::assert_snapshot!(StoreError::no_answer(&folder).to_string(), @"The folder /var/dead does not answer. Check the disk.");
}

#[test]
fn what_may_pass_is_told_from_what_stays() {
    let [key, ..] = places();
    for (status, code, passing, kind) in [
        (401, "", false, "storeDenied"),
        (403, "AuthorizationFailure", false, "storeDenied"),
        (404, "ContainerNotFound", false, "storeFailed"),
        (408, "", true, "storeInterrupted"),
        (409, "ContainerBeingDeleted", true, "storeInterrupted"),
        (409, "BlobImmutableDueToPolicy", false, "storeFailed"),
        (412, "LeaseIdMissing", false, "storeFailed"),
        (429, "", true, "storeInterrupted"),
        (500, "InternalError", true, "storeInterrupted"),
        (503, "ServerBusy", true, "storeInterrupted"),
    ] {
        let error = StoreError::of(&key, &refusal(status, code));
        assert_eq!((error.is_passing(), error.kind()), (passing, kind), "{status} {code}");
    }
}
