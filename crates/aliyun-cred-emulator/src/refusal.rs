//! An error of a service, before it has the form of that service's errors.

use crate::http::Defect;

/// An error of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP.
    pub(crate) status: u16,
    /// The service's own code.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl Refusal {
    /// Any error.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A parameter that is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, format!("Missing{name}"), format!("{name} is mandatory for this action."))
    }
}

impl From<Defect> for Refusal {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::TooLarge => Self::new(413, "RequestEntityTooLarge", "The request is larger than 1 MiB."),
            Defect::NotUtf8 => Self::new(400, "InvalidParameter", "A parameter or header is not valid UTF-8."),
            Defect::Repeated => Self::new(400, "InvalidParameter", "A parameter was given more than once."),
        }
    }
}
