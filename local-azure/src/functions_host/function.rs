//! A function as its `function.json` declares it.

use axum::http::Method;
use serde::Deserialize;

use super::blob_path::BlobPath;

/// What comes before every route; `extensions.http.routePrefix` in `host.json` is not looked at.
const ROUTE_PREFIX: &str = "/api/";

/// A function.
#[derive(Debug)]
pub(super) enum Function {
    EventGrid(EventGridFunction),
    Http(HttpFunction),
}

/// A function with an Event Grid trigger.
#[derive(Debug)]
pub(super) struct EventGridFunction {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) trigger: EventGridTrigger,
    pub(super) outputs: Vec<Output>,
}

/// A function with an HTTP trigger and an HTTP output, and no other binding.
#[derive(Debug)]
pub(super) struct HttpFunction {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) trigger: HttpTrigger,
}

/// An Event Grid trigger.
#[derive(Debug)]
pub(super) struct EventGridTrigger {
    pub(super) name: String,
    pub(super) cardinality: Cardinality,
}

/// An HTTP trigger.
#[derive(Debug)]
pub(super) struct HttpTrigger {
    /// Where it is called; with a prefix, and without parameters. Case makes no difference.
    pub(super) path: String,
    /// What it can be called with. `None`: anything.
    pub(super) methods: Option<Vec<Method>>,
    /// `authLevel`: whether a call must bring the function's key.
    pub(super) requires_key: bool,
}

/// How many events an invocation gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cardinality {
    /// One; the events of a delivery are invoked in parallel.
    #[default]
    One,
    /// All events of a delivery.
    Many,
}

/// A blob output binding.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) path: BlobPath,
    /// `dataType: "binary"`: a text is written as it is, even if it is base64.
    pub(super) binary: bool,
}

/// A `function.json`.
#[derive(Deserialize)]
pub(super) struct FunctionJson {
    bindings: Vec<BindingJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingJson {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    direction: Option<String>,
    cardinality: Option<String>,
    path: Option<String>,
    data_type: Option<String>,
    route: Option<String>,
    methods: Option<Vec<String>>,
    auth_level: Option<String>,
}

enum Trigger {
    EventGrid(EventGridTrigger),
    Http(HttpTrigger),
}

enum Binding {
    Trigger(Trigger),
    Blob(Output),
    Http,
}

impl FunctionJson {
    /// The function that it declares in the folder of that name. The error says in words what is wrong, or what the
    /// stand-in can't do.
    pub(super) fn into_function(self, name: String) -> Result<Function, String> {
        let (mut trigger, mut outputs, mut http_outputs) = (None, Vec::new(), 0);
        for binding in self.bindings {
            match binding.read(&name)? {
                Binding::Trigger(_) if trigger.is_some() => return Err("more than one trigger".to_owned()),
                Binding::Trigger(found) => trigger = Some(found),
                Binding::Blob(output) => outputs.push(output),
                Binding::Http => http_outputs += 1,
            }
        }
        match trigger {
            None => Err("no binding of type eventGridTrigger or httpTrigger".to_owned()),
            Some(Trigger::EventGrid(trigger)) if http_outputs == 0 => {
                Ok(Function::EventGrid(EventGridFunction { name, trigger, outputs }))
            }
            Some(Trigger::EventGrid(_)) => {
                Err("an eventGridTrigger has no caller to whom http could go out".to_owned())
            }
            Some(Trigger::Http(trigger)) if http_outputs == 1 && outputs.is_empty() => {
                Ok(Function::Http(HttpFunction { name, trigger }))
            }
            Some(Trigger::Http(_)) => Err("an httpTrigger is forwarded if its only other binding is one http output, \
                                           and the local host knows no other way"
                .to_owned()),
        }
    }
}

impl BindingJson {
    fn read(self, function: &str) -> Result<Binding, String> {
        let direction = self.direction.as_deref().unwrap_or("in").to_lowercase();
        match (self.kind.to_lowercase().as_str(), direction.as_str()) {
            ("eventgridtrigger", _) => self.event_grid_trigger().map(Trigger::EventGrid).map(Binding::Trigger),
            ("httptrigger", _) => self.http_trigger(function).map(Trigger::Http).map(Binding::Trigger),
            ("blob", "out") => self.output().map(Binding::Blob),
            ("http", "out") => Ok(Binding::Http),
            (kind, direction) => Err(format!(
                "binding {:?} is of type {kind:?}, direction {direction:?}; the local host knows eventGridTrigger with \
                 blob outputs, and httpTrigger with an http output",
                self.name
            )),
        }
    }

    fn event_grid_trigger(self) -> Result<EventGridTrigger, String> {
        let cardinality = match self.cardinality.as_deref().map(str::to_lowercase).as_deref() {
            None => Cardinality::default(),
            Some("one") => Cardinality::One,
            Some("many") => Cardinality::Many,
            Some(other) => return Err(format!("cardinality is {other:?}, must be \"one\" or \"many\"")),
        };
        Ok(EventGridTrigger { name: self.name, cardinality })
    }

    fn http_trigger(self, function: &str) -> Result<HttpTrigger, String> {
        let route = self.route.unwrap_or_else(|| function.to_owned());
        if route.contains('{') {
            return Err(format!("route is {route:?}; the local host knows no parameters in it"));
        }
        let requires_key = match self.auth_level.as_deref().map(str::to_lowercase).as_deref() {
            None | Some("function") => true,
            Some("anonymous") => false,
            Some(other) => return Err(format!("authLevel is {other:?}, must be \"function\" or \"anonymous\"")),
        };
        let method = |name: String| {
            Method::from_bytes(name.to_uppercase().as_bytes()).map_err(|_| format!("{name:?} is no method of HTTP"))
        };
        let methods = self.methods.map(|names| names.into_iter().map(method).collect()).transpose()?;
        Ok(HttpTrigger { path: format!("{ROUTE_PREFIX}{}", route.trim_matches('/')), methods, requires_key })
    }

    fn output(self) -> Result<Output, String> {
        let path = self.path.ok_or_else(|| format!("blob output {:?} has no path", self.name))?;
        let path =
            BlobPath::parse(&path).map_err(|problem| format!("path of blob output {:?}: {problem}", self.name))?;
        let binary = self.data_type.is_some_and(|kind| kind.eq_ignore_ascii_case("binary"));
        Ok(Output { name: self.name, path, binary })
    }
}

impl HttpTrigger {
    /// Whether a call is for it.
    pub(super) fn takes(&self, method: &Method, path: &str) -> bool {
        let listed = |methods: &Vec<Method>| methods.contains(method);
        self.methods.as_ref().is_none_or(listed) && path.trim_end_matches('/').eq_ignore_ascii_case(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(bindings: &str) -> Result<Function, String> {
        let json: FunctionJson = serde_json::from_str(&format!(r#"{{"bindings":[{bindings}]}}"#)).unwrap();
        json.into_function("Name".to_owned())
    }

    /// With an HTTP trigger with these members.
    fn http(members: &str) -> Result<HttpTrigger, String> {
        let output = r#"{"type":"http","direction":"out","name":"$return"}"#;
        match function(&format!(r#"{{"type":"httpTrigger","name":"request"{members}}},{output}"#))? {
            Function::Http(function) => Ok(function.trigger),
            Function::EventGrid(_) => panic!("an Event Grid trigger"),
        }
    }

    #[test]
    fn a_route_is_found_whatever_its_case() {
        for (route, path) in [
            (r#","route":"events""#, "/api/events"),
            (r#","route":"/Two/Parts/""#, "/API/two/parts/"),
            ("", "/api/name"),
        ] {
            let trigger = http(route).unwrap();
            assert!(trigger.takes(&Method::POST, path) && trigger.takes(&Method::GET, path), "{route}");
            for other in [&format!("{path}x"), "/api", "/"] {
                assert!(!trigger.takes(&Method::POST, other), "{route} {other}");
            }
        }
    }

    #[test]
    fn methods_that_are_not_listed_are_for_others() {
        let trigger = http(r#","methods":["post","Options"]"#).unwrap();
        let taken = [Method::POST, Method::OPTIONS, Method::GET].map(|method| trigger.takes(&method, "/api/Name"));
        assert_eq!(taken, [true, true, false]);
    }

    #[test]
    fn a_key_is_wanted_unless_anybody_may_call() {
        for (level, requires_key) in
            [("", true), (r#","authLevel":"Function""#, true), (r#","authLevel":"anonymous""#, false)]
        {
            assert_eq!(http(level).unwrap().requires_key, requires_key, "{level}");
        }
    }

    #[test]
    fn what_the_stand_in_does_not_know_is_refused() {
        for (members, problem) in [
            (r#","authLevel":"admin""#, r#"authLevel is "admin""#),
            (r#","route":"a/{b}""#, "no parameters"),
            (r#","methods":["po st"]"#, r#""po st" is no method"#),
        ] {
            assert!(http(members).unwrap_err().contains(problem), "{members}");
        }
        let [trigger, http, blob, grid] = [
            r#"{"type":"httpTrigger","name":"request"}"#,
            r#"{"type":"http","direction":"out","name":"$return"}"#,
            r#"{"type":"blob","direction":"out","name":"b","path":"c/d"}"#,
            r#"{"type":"eventGridTrigger","name":"events"}"#,
        ];
        for (bindings, problem) in [
            (vec![trigger], "one http output"),
            (vec![trigger, http, http], "one http output"),
            (vec![trigger, http, blob], "one http output"),
            (vec![grid, http], "no caller"),
            (vec![grid, trigger], "more than one trigger"),
            (vec![http], "no binding of type"),
        ] {
            assert!(function(&bindings.join(",")).unwrap_err().contains(problem), "{bindings:?}");
        }
    }
}
