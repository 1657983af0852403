//! The `path` of a blob output, with the binding expressions that don't depend on the event.
//!
//! Every expression gives a fresh value each time it is evaluated, and is known by its name in any case. Expressions on
//! the event (`{data.…}`) are refused: they would need the binding data of cardinality one.

use time::OffsetDateTime;
use uuid::Uuid;

/// `container/name`, with expressions in braces.
#[derive(Clone, Debug)]
pub(super) struct BlobPath(Vec<Part>);

/// Where a blob goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlobName {
    pub(crate) container: String,
    pub(crate) blob: String,
}

impl BlobName {
    /// The segments of its path, the container first.
    pub(super) fn segments(&self) -> Vec<&str> {
        std::iter::once(self.container.as_str()).chain(self.blob.split('/')).collect()
    }
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// `{rand-guid}` or `{sys.RandGuid}`, with .NET's format `D` (the default) or `N` (no hyphens).
    Guid {
        hyphens: bool,
    },
    /// `{DateTime}` or `{sys.UtcNow}`, with a .NET date format.
    Time(String),
    /// `{sys.MethodName}`
    FunctionName,
}

/// What `{DateTime}` gives: `2018-02-16T17-59-55Z`, since a colon may not stand in every file name.
const DEFAULT_TIME: &str = "yyyy-MM-ddTHH-mm-ssZ";

impl BlobPath {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (expression, behind) = after.split_once('}').ok_or("a `{` without its `}`")?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::expression(expression)?);
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        let path = Self(parts);
        path.evaluate("function").map(|_| path)
    }

    /// The name of a blob for an invocation of that function.
    pub(super) fn evaluate(&self, function: &str) -> Result<BlobName, String> {
        let path: String = self.0.iter().map(|part| part.evaluate(function)).collect();
        let (container, blob) = path.split_once('/').ok_or("must be `container/blob`")?;
        if container.is_empty() || blob.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(format!("{path:?} is no name of a container and a blob"));
        }
        Ok(BlobName { container: container.to_owned(), blob: blob.to_owned() })
    }
}

impl Part {
    fn expression(expression: &str) -> Result<Self, String> {
        let (name, format) = match expression.split_once(':') {
            Some((name, format)) if !format.is_empty() => (name, Some(format)),
            Some((name, _)) => (name, None),
            None => (expression, None),
        };
        match (name.to_lowercase().as_str(), format) {
            ("rand-guid" | "sys.randguid", None | Some("D" | "d")) => Ok(Self::Guid { hyphens: true }),
            ("rand-guid" | "sys.randguid", Some("N" | "n")) => Ok(Self::Guid { hyphens: false }),
            ("datetime" | "sys.utcnow", format) => Ok(Self::Time(format.unwrap_or(DEFAULT_TIME).to_owned())),
            ("sys.methodname", None) => Ok(Self::FunctionName),
            _ => Err(format!("the local host doesn't know the expression {{{expression}}}")),
        }
    }

    fn evaluate(&self, function: &str) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Guid { hyphens: true } => Uuid::new_v4().hyphenated().to_string(),
            Self::Guid { hyphens: false } => Uuid::new_v4().simple().to_string(),
            Self::Time(format) => formatted(OffsetDateTime::now_utc(), format),
            Self::FunctionName => function.to_owned(),
        }
    }
}

/// The numeric specifiers of .NET's custom date formats; all other text stands for itself.
fn formatted(time: OffsetDateTime, format: &str) -> String {
    let specifiers = [
        ("yyyy", format!("{:04}", time.year())),
        ("MM", format!("{:02}", u8::from(time.month()))),
        ("dd", format!("{:02}", time.day())),
        ("HH", format!("{:02}", time.hour())),
        ("mm", format!("{:02}", time.minute())),
        ("ss", format!("{:02}", time.second())),
        ("fff", format!("{:03}", time.millisecond())),
    ];
    specifiers.iter().fold(format.to_owned(), |text, (specifier, value)| text.replace(specifier, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated_afresh() {
        let path = BlobPath::parse("dead-letter/{sys.MethodName}/{rand-guid}-{SYS.RandGuid:N}.json").unwrap();
        let (first, second) = (path.evaluate("f").unwrap(), path.evaluate("f").unwrap());
        assert_eq!((first.container.as_str(), &first.blob[..2]), ("dead-letter", "f/"));
        assert_eq!(first.blob.len(), 2 + 36 + 1 + 32 + 5);
        assert_ne!(first, second);
    }

    #[test]
    fn times_are_formatted() {
        let time = OffsetDateTime::from_unix_timestamp(1_518_803_995).unwrap();
        assert_eq!(formatted(time, DEFAULT_TIME), "2018-02-16T17-59-55Z");
        assert_eq!(formatted(time, "yyyy/MM/dd"), "2018/02/16");
    }

    #[test]
    fn what_makes_no_path_is_refused() {
        for path in ["", "container", "/blob", "container/", "c/{data.id}", "c/{rand-guid", "c/../d", "c/{rand-guid:X}"]
        {
            assert!(BlobPath::parse(path).is_err(), "{path}");
        }
    }
}
