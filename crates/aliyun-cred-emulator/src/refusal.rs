//! An error of a service, before it takes the form of that service's errors.

use crate::http::Defect;

/// An error of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The service's error code.
    pub(crate) code: String,
    /// The message.
    pub(crate) message: String,
}

impl Refusal {
    /// An error.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A missing parameter.
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
