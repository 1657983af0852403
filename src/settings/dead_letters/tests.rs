use super::*;
use crate::settings::reader::Mistakes;

const KEY: &str = "AccountName=contoso;AccountKey=c2VjcmV0";
const AZURE: (&str, &str) = (IDENTITY_ENDPOINT, "http://127.0.0.1:41/msi/token");

fn read(settings: &[(&str, &str)]) -> Result<Option<StoreConfig>, Mistakes> {
    let lookup = |name: &str| settings.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
    let mut reader = Reader::new(lookup);
    let config = reader.dead_letters();
    reader.finish(Some(config))
}

fn container(name: &str, account: StorageAccount) -> StoreConfig {
    StoreConfig::Container { name: ContainerName::parse(name).unwrap(), account }
}

/// Settings, and what they lead to.
type Row<'a> = (&'a [(&'a str, &'a str)], Option<StoreConfig>);

/// The last two rows decide between settings as the host does.
#[test]
fn a_place_is_taken_as_the_host_takes_it() {
    let login = StorageAccess::DeveloperLogin;
    let managed = |client_id: Option<&str>| StorageAccess::ManagedIdentity { client_id: client_id.map(str::to_owned) };
    let key = || StorageAccount::parse(KEY).unwrap();
    let contoso = |access| StorageAccount::named("contoso", access).unwrap();
    let azurite = "UseDevelopmentStorage=true";
    let default = |account| Some(container(DEFAULT_CONTAINER, account));
    let table: &[Row] = &[
        (&[], None),
        (&[(STORAGE, ""), (STORAGE_ACCOUNT, " "), (STORAGE_BLOBS, ""), (DEAD_LETTERS, "")], None),
        (&[(STORAGE_CLIENT_ID, "app"), AZURE], None),
        (&[(STORAGE, azurite)], default(StorageAccount::parse(azurite).unwrap())),
        (&[(STORAGE, KEY)], default(key())),
        (&[(STORAGE, KEY), (DEAD_LETTERS, "bad-events")], Some(container("bad-events", key()))),
        (&[(STORAGE_ACCOUNT, "contoso")], default(contoso(login.clone()))),
        (&[(STORAGE_ACCOUNT, "contoso"), (STORAGE_CLIENT_ID, "app")], default(contoso(login))),
        (&[(STORAGE_ACCOUNT, "contoso"), AZURE], default(contoso(managed(None)))),
        (&[(STORAGE_ACCOUNT, "contoso"), AZURE, (AZURE_CLIENT_ID, "all")], default(contoso(managed(Some("all"))))),
        (
            &[(STORAGE_ACCOUNT, "contoso"), AZURE, (AZURE_CLIENT_ID, "all"), (STORAGE_CLIENT_ID, "app")],
            default(contoso(managed(Some("app")))),
        ),
        (&[(STORAGE_BLOBS, "https://contoso.blob.core.windows.net/"), AZURE], default(contoso(managed(None)))),
        (&[(DEAD_LETTERS, "file:///var/dead")], Some(StoreConfig::Folder("/var/dead".into()))),
        (&[(DEAD_LETTERS, "file:///var/dead"), (STORAGE, "not read")], Some(StoreConfig::Folder("/var/dead".into()))),
        (&[(STORAGE, KEY), (STORAGE_ACCOUNT, "other"), AZURE], default(key())),
        (
            &[(STORAGE_ACCOUNT, "contoso"), (STORAGE_BLOBS, "https://other.blob.core.windows.net"), AZURE],
            default(contoso(managed(None))),
        ),
    ];
    for (settings, config) in table {
        assert_eq!(read(settings).unwrap(), *config, "{settings:?}");
    }
}

#[test]
fn mistakes_say_what_to_set() {
    let mistakes = |settings: &[(&str, &str)]| read(settings).unwrap_err().to_string();
    let [key, login] = [(STORAGE, KEY), (STORAGE_ACCOUNT, "contoso")];
    let no_place = mistakes(&[key, (DEAD_LETTERS, "Dead-Letter")]);
    insta::assert_snapshot!(no_place, @"twin-bridge can't start with these app settings: (1) DEAD_LETTERS must be the name of a container (3 to 63 lower-case letters, digits and single hyphens) or the URL of a folder, file:///path/to/folder.");
    for place in
        ["/var/dead", "file:dead", "file://dead", "file:///var#dead", "https://contoso.blob.core.windows.net/dead"]
    {
        assert_eq!(mistakes(&[key, (DEAD_LETTERS, place)]), no_place, "{place}");
    }
    insta::assert_snapshot!(mistakes(&[(DEAD_LETTERS, "dead-letter")]), @"twin-bridge can't start with these app settings: (1) DEAD_LETTERS names a container: set AzureWebJobsStorage or AzureWebJobsStorage__accountName to its account.");
    insta::assert_snapshot!(mistakes(&[(STORAGE, "AccountName=contoso"), login]), @"twin-bridge can't start with these app settings: (1) AzureWebJobsStorage has neither AccountKey nor SharedAccessSignature.");
    insta::assert_snapshot!(mistakes(&[(STORAGE, "AccountName=contoso;AccountKey=c2VjcmV0;BlobEndpoint=contoso")]), @"twin-bridge can't start with these app settings: (1) AzureWebJobsStorage has no BlobEndpoint like https://contoso.blob.core.windows.net.");
    let no_name = mistakes(&[(STORAGE_ACCOUNT, "Contoso")]);
    insta::assert_snapshot!(no_name, @"twin-bridge can't start with these app settings: (1) AzureWebJobsStorage__accountName must be the name of a storage account: 3 to 24 lower-case letters and digits.");
    assert_eq!(mistakes(&[(STORAGE_ACCOUNT, "contoso.blob.core.windows.net")]), no_name);
    let no_address = mistakes(&[(STORAGE_BLOBS, "contoso.blob.core.windows.net")]);
    insta::assert_snapshot!(no_address, @"twin-bridge can't start with these app settings: (1) AzureWebJobsStorage__blobServiceUri must be an address like https://contoso.blob.core.windows.net.");
    for address in ["http://contoso.blob.core.windows.net", "https://contoso.blob.core.windows.net?sig=c2VjcmV0"] {
        assert_eq!(mistakes(&[(STORAGE_BLOBS, address)]), no_address, "{address}");
    }
    insta::assert_snapshot!(mistakes(&[(STORAGE, "c2VjcmV0"), (DEAD_LETTERS, "x")]), @"twin-bridge can't start with these app settings: (1) DEAD_LETTERS must be the name of a container (3 to 63 lower-case letters, digits and single hyphens) or the URL of a folder, file:///path/to/folder. (2) AzureWebJobsStorage has a part that is not name=value.");
}

#[test]
fn where_a_place_must_be_there_is_one_or_a_mistake() {
    let required = |settings: &[(&str, &str)]| {
        let lookup =
            |name: &str| settings.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader::new(lookup);
        let config = reader.required_dead_letters();
        reader.finish(config)
    };
    assert_eq!(required(&[(DEAD_LETTERS, "file:///var/dead")]).unwrap(), StoreConfig::Folder("/var/dead".into()));
    insta::assert_snapshot!(required(&[]).unwrap_err(), @"twin-bridge can't start with these app settings: (1) Set AzureWebJobsStorage__accountName to the name of the storage account with the dead letters (identity), AzureWebJobsStorage to its connection string, or DEAD_LETTERS to the URL of a folder, file:///path/to/folder; or name files.");
    for settings in [(DEAD_LETTERS, "dead-letter"), (DEAD_LETTERS, "x"), (STORAGE, "x"), (STORAGE_BLOBS, "x")] {
        assert_eq!(required(&[settings]).unwrap_err(), read(&[settings]).unwrap_err());
    }
}
