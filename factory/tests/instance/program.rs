//! The program, as people call it.

use std::process::{Output, Stdio};

use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

use crate::support::{SOON, Site};

/// What the program is told, and what it says.
pub(crate) async fn call(url: &str, arguments: &[&str], environment: &[(&str, &str)], answer: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_factory"));
    command.args(["--digital-twins", url]).args(arguments).envs(environment.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // One that has ended reads no answer.
    let _ = process.stdin.take().unwrap().write_all(answer.as_bytes()).await;
    let Output { status, stdout, stderr } = timeout(SOON, process.wait_with_output()).await.unwrap().unwrap();
    (status.success(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[tokio::test]
async fn a_factory_comes_works_and_goes() {
    let mut site = Site::start().await;
    let url = site.twins.url();
    let (good, text) = call(&url, &["--twins", "30", "--for", "0s"], &[], "").await;
    assert!(good && text.starts_with("Uploaded: 8 models, 30 twins, 29 relationships."), "{text}");
    assert_eq!(site.told().len(), 59);

    let (good, text) = call(&url, &["--twins", "30", "--for", "500ms", "--rate", "100", "--seed", "3"], &[], "").await;
    assert!(good && text.starts_with("Uploaded: 0 models, 0 twins, 0 relationships."), "{text}");
    let changes = site.told().len();
    assert!((5..=60).contains(&changes), "{changes}");
    assert!(text.contains(&format!("\n{changes} changes (")), "{text}");

    for answer in ["n\n", "", "yesterday\n"] {
        let (good, text) = call(&url, &["--remove"], &[], answer).await;
        assert!(!good && text.contains("nothing was removed"), "{text}");
        assert!(text.contains("8 models, 30 twins, 29 relationships\nRemove all of this? [y/N]"), "{text}");
        assert_eq!(site.graph().len(), 30);
    }
    let (good, text) = call(&url, &["--remove"], &[], "y\n").await;
    assert!(good && text.ends_with("Removed.\n"), "{text}");
    assert!(site.graph().is_empty() && site.models().is_empty());

    let (good, text) = call(&url, &["--remove", "--yes"], &[], "").await;
    assert_eq!((good, text.as_str()), (true, "There is nothing to remove.\n"));
}

#[tokio::test]
async fn a_mistake_is_told_of() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for (url, arguments, expected) in [
        ("http://contoso.net", &[][..], "http://contoso.net/ is neither https nor on this machine."),
        ("https://contoso.net/path", &[], "is no address of an instance"),
        ("http://127.0.0.1:1", &["--remove", "--for", "1m"], "cannot be used with"),
        ("http://127.0.0.1:1", &["--yes"], "--remove"),
        ("http://127.0.0.1:1", &["--rate", "0"], "must be from 0.001"),
        (&gone, &[], "The instance can't be reached: "),
    ] {
        let (good, text) = call(url, arguments, &[], "").await;
        assert!(!good && text.contains(expected), "{text}");
    }
}
