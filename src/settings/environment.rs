//! The environment as the Functions host reads it.

use std::{env, ffi::OsString};

/// The value of a variable of this name; if there is none, of one whose name differs from it in letter case only. To the
/// host they are one, and nobody would find out why the handler does not see what the host sees.
pub fn environment(name: &str) -> Option<String> {
    find(name, env::vars_os)
}

fn find<V: Iterator<Item = (OsString, OsString)>>(name: &str, variables: impl Fn() -> V) -> Option<String> {
    let other_case = |found: &OsString| found.to_str().is_some_and(|found| found.eq_ignore_ascii_case(name));
    let exact = variables().find(|(found, _)| found == name);
    let (_, value) = exact.or_else(|| variables().find(|(found, _)| other_case(found)))?;
    value.into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_makes_no_difference_to_the_host() {
        let variables = |names: &'static [&str]| {
            move || names.iter().map(|name| (OsString::from(name), OsString::from(format!("of {name}"))))
        };
        for (names, value) in [
            (&["azureWebJobsStorage__AccountName"][..], Some("of azureWebJobsStorage__AccountName")),
            (
                &["AZUREWEBJOBSSTORAGE__ACCOUNTNAME", "AzureWebJobsStorage__accountName"],
                Some("of AzureWebJobsStorage__accountName"),
            ),
            (&["AzureWebJobsStorage"], None),
        ] {
            assert_eq!(find("AzureWebJobsStorage__accountName", variables(names)).as_deref(), value, "{names:?}");
        }
    }
}
