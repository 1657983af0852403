//! The app settings: what the host knows of its surroundings, and the names by which `function.json` refers to them.

/// App settings on top of the environment of this process, looked up as .NET's configuration does: in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings(Vec<(String, String)>);

/// A `%NAME%` without a setting of that name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'%{0}%' does not resolve to a value.")]
pub(super) struct Unresolved(String);

impl Settings {
    pub(super) fn new(settings: &[(String, String)]) -> Self {
        Self(settings.to_vec())
    }

    /// Those that are not in the environment of this process.
    pub(super) fn ours(&self) -> &[(String, String)] {
        &self.0
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let ours = self.0.iter().find(|(setting, _)| setting.eq_ignore_ascii_case(name));
        ours.map(|(_, value)| value.clone()).or_else(|| std::env::var(name).ok())
    }

    /// The connection of that name, which may also have the prefix that webjobs give theirs.
    pub(super) fn connection(&self, name: &str) -> Option<String> {
        let value = self.get(&format!("AzureWebJobs{name}")).or_else(|| self.get(name));
        value.filter(|value| !value.trim().is_empty())
    }

    /// Whether a function is switched off. Names of environment variables can't have dots everywhere.
    pub(super) fn disable(&self, function: &str) -> bool {
        let names = [format!("AzureWebJobs.{function}.Disabled"), format!("AzureWebJobs__{function}__Disabled")];
        let value = names.iter().find_map(|name| self.get(name)).unwrap_or_default();
        value.trim().eq_ignore_ascii_case("true") || value.trim() == "1"
    }

    /// Replaces each `%NAME%`. Fails if one has no value.
    pub(super) fn resolve(&self, text: &str) -> Result<String, Unresolved> {
        let Some((before, name, after)) = next_name(text) else { return Ok(text.to_owned()) };
        let value = self.get(name).ok_or_else(|| Unresolved(name.to_owned()))?;
        Ok(format!("{before}{value}{}", self.resolve(after)?))
    }

    /// Replaces each `%NAME%` that has a value, as a shell does on Windows.
    pub(super) fn expand(&self, text: &str) -> String {
        let Some((before, name, after)) = next_name(text) else { return text.to_owned() };
        match self.get(name) {
            Some(value) => format!("{before}{value}{}", self.expand(after)),
            None => format!("{before}%{name}{}", self.expand(&format!("%{after}"))),
        }
    }
}

/// The first `%NAME%`, with what stands before and after it.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('%')?;
    let (name, after) = rest.split_once('%')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let settings = [
            ("NAME", "value"),
            ("AzureWebJobsHub", "with prefix"),
            ("HUB", "without"),
            ("AzureWebJobs.off.Disabled", "True"),
            ("AzureWebJobs__too__Disabled", "1"),
            ("AzureWebJobs.on.Disabled", "false"),
            ("BLANK", " "),
        ];
        Settings::new(&settings.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    #[test]
    fn names_are_expanded_where_they_have_a_value() {
        for (text, expanded) in [
            ("plain", "plain"),
            ("a%NAME%b%name%", "avaluebvalue"),
            ("100%", "100%"),
            ("%NOT_THERE_AT_ALL%NAME%", "%NOT_THERE_AT_ALLvalue"),
        ] {
            assert_eq!(settings().expand(text), expanded, "{text}");
        }
    }

    #[test]
    fn a_name_without_a_value_is_not_resolved() {
        assert_eq!(settings().resolve("a%Name%b%NAME%").unwrap(), "avaluebvalue");
        let error = settings().resolve("%NAME%%NOT_THERE_AT_ALL%").unwrap_err();
        assert_eq!(error.to_string(), "'%NOT_THERE_AT_ALL%' does not resolve to a value.");
    }

    #[test]
    fn a_connection_may_have_a_prefix() {
        assert_eq!(settings().connection("Hub").as_deref(), Some("with prefix"));
        assert_eq!(settings().connection("name").as_deref(), Some("value"));
        assert_eq!(settings().connection("BLANK"), None);
    }

    #[test]
    fn functions_are_disabled_by_name() {
        let disabled = ["OFF", "too", "on", "other"].map(|function| settings().disable(function));
        assert_eq!(disabled, [true, true, false, false]);
    }
}
