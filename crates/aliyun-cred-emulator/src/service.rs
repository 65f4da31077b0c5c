//! The interface of a service.

use crate::http::{Call, Content, Defect};
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::state::State;
use crate::visitor::Visitor;

/// A credential service with its own state. Shared state is in [`State`].
pub(crate) trait Service {
    /// The name in faults and in the request log.
    fn name(&self) -> &'static str;

    /// The operation that `call` requests.
    fn action<'a>(&self, call: &'a Call) -> Option<&'a str>;

    /// Whether it still answers a request with `defect`.
    fn overlooks(&self, _defect: Defect) -> bool {
        false
    }

    /// Authenticates the caller, and rejects it if necessary. Runs whether or not a fault follows, so that the log says
    /// for every request whether its signature was valid.
    fn admit(&self, state: &mut State, call: &Call) -> Visitor;

    /// Performs the action. `caller` is the result of [`Service::admit`].
    fn perform(&mut self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal>;

    /// The content of an error reply.
    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content;

    /// Where the credentials are in a successful reply, as a JSON pointer; by default, the whole reply.
    fn credentials(&self, _call: &Call) -> &'static str {
        ""
    }
}
