//! What a service is.

use crate::http::{Call, Content, Defect};
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::state::State;
use crate::visitor::Visitor;

/// A credential service, with what it alone knows. What all of them share is the [`State`].
pub(crate) trait Service {
    /// The name in faults and in the request log.
    fn name(&self) -> &'static str;

    /// The operation that `call` asks for.
    fn action<'a>(&self, call: &'a Call) -> Option<&'a str>;

    /// Whether it answers a request with `defect` all the same.
    fn overlooks(&self, _defect: Defect) -> bool {
        false
    }

    /// Finds out who calls and refuses whom it has to. Runs whether or not a fault follows, so that
    /// the log says of every request whether its signature was right.
    fn admit(&self, state: &mut State, call: &Call) -> Visitor;

    /// Does what was asked. `caller` is whom [`Service::admit`] found.
    fn perform(&mut self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal>;

    /// What a refusal says.
    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content;

    /// Where in a success the credentials are, as a JSON pointer; unless overridden, all of it.
    fn credentials(&self, _call: &Call) -> &'static str {
        ""
    }
}
