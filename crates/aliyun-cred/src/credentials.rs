//! A resolved credential.
//!
//! Invariant: a [`Credentials`] never changes after it is created.

use std::fmt;
use std::time::{Duration, SystemTime};

pub(crate) use crate::lead::Lead;
use crate::secret::{Secret, Terminated};
use crate::text::key;

/// A credential as issued by a service.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: Secret,
    pub(crate) security_token: Option<Secret>,
    pub(crate) expiration: SystemTime,
    /// How far the service's clock was ahead of this machine's, in milliseconds.
    pub(crate) clock_offset: i64,
}

/// When a credential must be refreshed; each source picks the rule for its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Never: set in the options.
    Constant,
    /// At every call: the source caches by itself.
    Uncached,
    /// Before it expires; `lead` says how long before. `clock_offset`: how far the clock that set `at` was ahead of this
    /// machine's, in seconds. `age`: how old it was when this process got it, in seconds. `renewed`: a timer refreshes
    /// it, whether or not a caller asks.
    Expires { at: SystemTime, clock_offset: i32, age: u16, lead: Lead, renewed: bool },
    /// After its rotation, if that is known, by this machine's clock, and `at_most` this many seconds after it was fetched.
    /// It has no end.
    Rotates { rotation: Option<SystemTime>, at_most: u32 },
}

impl Freshness {
    /// `clock_offset` in milliseconds: how far the clock that set `at` was ahead of this machine's.
    pub(crate) fn expires(at: SystemTime, clock_offset: i64, lead: Lead) -> Self {
        // Services tell the time in whole seconds.
        let clock_offset = i32::try_from(clock_offset / 1000).unwrap_or(0);
        Freshness::Expires { at, clock_offset, age: 0, lead, renewed: false }
    }
}

/// A resolved credential: immutable, shared by `Arc`, safe to keep.
///
/// Missing values are `None` here, and empty strings in C. `Debug` masks the secrets.
///
/// ```
/// use aliyun_cred::Credentials;
///
/// let credentials = Credentials::from_parts("LTAI...", "...").with_security_token("a long token");
/// assert_eq!(credentials.access_key_id(), Some("LTAI..."));
/// assert_eq!(credentials.security_token(), Some("a long token"));
/// assert!(!format!("{credentials:?}").contains("a long token"));
/// ```
#[derive(Clone, PartialEq, Eq)]
// In this order: threads write to the reference count in front of it, and the fields they read most must not share its
// cache line.
#[repr(C)]
pub struct Credentials {
    freshness: Freshness,
    type_name: Terminated,
    provider_name: Option<Terminated>,
    access_key_id: Option<Terminated>,
    access_key_secret: Option<Secret>,
    security_token: Option<Secret>,
    bearer_token: Option<Secret>,
}

impl Credentials {
    /// An AccessKey pair, for a custom provider; see [`Client::from_blocking`](crate::Client::from_blocking).
    pub fn from_parts(access_key_id: impl Into<String>, access_key_secret: impl Into<Secret>) -> Self {
        Credentials { provider_name: None, ..Credentials::access_key(access_key_id, access_key_secret, "") }
    }

    /// A bearer token, for a custom provider.
    ///
    /// ```
    /// use aliyun_cred::Credentials;
    ///
    /// assert_eq!(Credentials::from_bearer_token("token").bearer_token(), Some("token"));
    /// ```
    pub fn from_bearer_token(token: impl Into<Secret>) -> Self {
        Credentials::bearer(Some(token.into()))
    }

    /// Adds the security token of an STS credential; an empty one is ignored.
    #[must_use]
    pub fn with_security_token(self, token: impl Into<Secret>) -> Self {
        self.with_token(Some(token.into()))
    }

    /// Sets the expiration, by this machine's clock: the credential is then cached, and refreshed in time, like one issued
    /// by STS.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use aliyun_cred::Credentials;
    ///
    /// let end = SystemTime::now() + Duration::from_secs(3600);
    /// assert_eq!(Credentials::from_parts("LTAI...", "...").with_expiration(end).expiration(), Some(end));
    /// ```
    #[must_use]
    pub fn with_expiration(self, at: SystemTime) -> Self {
        self.with_freshness(Freshness::expires(at, 0, Lead::Sts))
    }

    /// Sets the provider name; by default it is the name of the custom provider.
    #[must_use]
    pub fn with_provider_name(self, name: impl Into<String>) -> Self {
        self.named(name)
    }

    /// Checks the credential of a custom provider: a pair or a bearer token, made of valid key characters. Surrounding
    /// white space is removed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn checked(mut self, provider: &str) -> std::result::Result<Self, String> {
        /// `value` without surrounding white space; `None` if there is none to remove.
        fn cut(value: Option<&str>, what: &str, provider: &str) -> std::result::Result<Option<String>, String> {
            let Some(value) = value else { return Ok(None) };
            let cut = key(value, &format!("the {what} of the provider '{provider}'"))?;
            Ok((cut.len() < value.len()).then(|| cut.to_owned()))
        }
        if let Some(id) = cut(self.access_key_id(), "AccessKey ID", provider)? {
            self.access_key_id = Some(Terminated::new(id));
        }
        for (field, what) in [
            (&mut self.access_key_secret, "AccessKey secret"),
            (&mut self.security_token, "security token"),
            (&mut self.bearer_token, "bearer token"),
        ] {
            if let Some(secret) = cut(field.as_ref().map(Secret::expose), what, provider)? {
                *field = Some(secret.into());
            }
        }
        // White space alone is no token.
        for token in [&mut self.security_token, &mut self.bearer_token] {
            token.take_if(|token| token.expose().is_empty());
        }
        let is_there = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let pair = is_there(self.access_key_id()) && is_there(self.access_key_secret());
        if !pair && !is_there(self.bearer_token()) {
            return Err(format!("the provider '{provider}' gave a credential without AccessKey ID or secret"));
        }
        if self.provider_name().is_some_and(|name| name.contains('\0')) {
            return Err(format!("the provider '{provider}' gave a provider name with a NUL character"));
        }
        Ok(self)
    }

    /// An AccessKey pair found by `provider`.
    pub(crate) fn access_key(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<Secret>,
        provider: &str,
    ) -> Self {
        Credentials {
            access_key_id: Some(Terminated::new(access_key_id)),
            access_key_secret: Some(access_key_secret.into()),
            security_token: None,
            bearer_token: None,
            type_name: Terminated::new(provider),
            provider_name: Some(Terminated::new(provider)),
            freshness: Freshness::Constant,
        }
    }

    /// A credential issued to `provider`.
    pub(crate) fn issued(issued: Issued, provider: &str, lead: Lead) -> Self {
        let Issued { expiration: at, clock_offset, .. } = issued;
        Credentials::access_key(issued.access_key_id, issued.access_key_secret, provider)
            .with_token(issued.security_token)
            .with_freshness(Freshness::expires(at, clock_offset, lead))
    }

    /// A bearer token. It has no provider name when configured directly, as in the official libraries.
    pub(crate) fn bearer(token: Option<Secret>) -> Self {
        Credentials {
            access_key_id: None,
            access_key_secret: None,
            security_token: None,
            bearer_token: token,
            type_name: Terminated::new("bearer"),
            provider_name: None,
            freshness: Freshness::Constant,
        }
    }

    /// Adds the security token of an STS credential; an empty one is ignored.
    pub(crate) fn with_token(mut self, token: Option<Secret>) -> Self {
        self.security_token = token.filter(|token| !token.is_empty());
        self
    }

    pub(crate) fn with_freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Prefixes the provider name with `outer/`.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        let name = match self.provider_name() {
            Some(inner) => format!("{outer}/{inner}"),
            None => outer.to_owned(),
        };
        self.provider_name = Some(Terminated::new(name));
        self
    }

    /// A credential that `name` got for another: the provider name is that one's, prefixed with `name/`.
    pub(crate) fn in_exchange_for(self, base: &Credentials, name: &str) -> Self {
        match base.provider_name() {
            Some(base) => self.named(format!("{name}/{base}")),
            None => self,
        }
    }

    /// Sets the client's type. A bearer token keeps its type wherever it came from.
    pub(crate) fn with_type(mut self, type_name: &str) -> Self {
        if self.bearer_token.is_none() {
            self.type_name = Terminated::new(type_name);
        }
        self
    }

    /// Requests a timer that refreshes the credential when it is due.
    pub(crate) fn renewed_by_timer(mut self) -> Self {
        if let Freshness::Expires { renewed, .. } = &mut self.freshness {
            *renewed = true;
        }
        self
    }

    /// Converts a rotation by a clock that is so many milliseconds ahead of this machine's.
    pub(crate) fn rotated_by_a_clock_ahead(mut self, offset: i64) -> Self {
        if let Freshness::Rotates { rotation: Some(at), .. } = &mut self.freshness {
            let shift = Duration::from_millis(offset.unsigned_abs());
            let here = if offset > 0 { at.checked_sub(shift) } else { at.checked_add(shift) };
            *at = here.unwrap_or(*at);
        }
        self
    }

    /// Replaces the provider name.
    pub(crate) fn named(mut self, path: impl Into<String>) -> Self {
        self.provider_name = Some(Terminated::new(path));
        self
    }

    pub(crate) fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The AccessKey ID; `None` for a bearer token.
    pub fn access_key_id(&self) -> Option<&str> {
        self.access_key_id.as_ref().map(Terminated::as_str)
    }

    /// The AccessKey secret; `None` for a bearer token.
    pub fn access_key_secret(&self) -> Option<&str> {
        self.access_key_secret.as_ref().map(Secret::expose)
    }

    /// The STS security token; `None` for a long-lived pair.
    pub fn security_token(&self) -> Option<&str> {
        self.security_token.as_ref().map(Secret::expose)
    }

    /// The bearer token; `None` for anything else.
    pub fn bearer_token(&self) -> Option<&str> {
        self.bearer_token.as_ref().map(Secret::expose)
    }

    /// The type the client was created for: `access_key`, `sts`, `ram_role_arn`, ..., or `default` for a chain.
    pub fn type_name(&self) -> &str {
        self.type_name.as_str()
    }

    /// The path of sources behind it, such as `default/cli_profile/ram_role_arn/static_ak`.
    pub fn provider_name(&self) -> Option<&str> {
        self.provider_name.as_ref().map(Terminated::as_str)
    }

    /// The expiration as the service set it, by its clock; `None` if it never expires.
    pub fn expiration(&self) -> Option<SystemTime> {
        match self.freshness {
            Freshness::Expires { at, .. } => Some(at),
            Freshness::Constant | Freshness::Uncached | Freshness::Rotates { .. } => None,
        }
    }

    /// Another process fetched it so many milliseconds ago.
    pub(crate) fn fetched_before(mut self, millis: u64) -> Self {
        if let Freshness::Expires { age, .. } = &mut self.freshness {
            // Sessions last 12 hours at most.
            *age = u16::try_from(millis / 1000).unwrap_or(u16::MAX);
        }
        self
    }

    /// How old it was when this process got it, in milliseconds.
    pub(crate) fn age(&self) -> u64 {
        match self.freshness {
            Freshness::Expires { age, .. } => u64::from(age) * 1000,
            Freshness::Constant | Freshness::Uncached | Freshness::Rotates { .. } => 0,
        }
    }

    /// How far the clock that set the expiration was ahead of this machine's, in milliseconds.
    pub(crate) fn clock_offset(&self) -> i64 {
        match self.freshness {
            Freshness::Expires { clock_offset, .. } => i64::from(clock_offset) * 1000,
            Freshness::Constant | Freshness::Uncached | Freshness::Rotates { .. } => 0,
        }
    }

    /// The six strings with a trailing NUL, in the order of the accessors above, for C.
    pub(crate) fn nul_terminated(&self, field: Field) -> Option<&str> {
        match field {
            Field::AccessKeyId => self.access_key_id.as_ref().map(Terminated::with_nul),
            Field::AccessKeySecret => self.access_key_secret.as_ref().map(|s| s.0.with_nul()),
            Field::SecurityToken => self.security_token.as_ref().map(|s| s.0.with_nul()),
            Field::BearerToken => self.bearer_token.as_ref().map(|s| s.0.with_nul()),
            Field::Type => Some(self.type_name.with_nul()),
            Field::ProviderName => self.provider_name.as_ref().map(Terminated::with_nul),
        }
    }
}

/// The strings of a credential.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as the accessors are")]
pub enum Field {
    AccessKeyId,
    AccessKeySecret,
    SecurityToken,
    BearerToken,
    Type,
    ProviderName,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id())
            .field("access_key_secret", &self.access_key_secret)
            .field("security_token", &self.security_token)
            .field("bearer_token", &self.bearer_token)
            .field("type_name", &self.type_name())
            .field("provider_name", &self.provider_name())
            .field("expiration", &self.expiration())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_masks_every_secret() {
        let shown = format!(
            "{:?} {:?}",
            Credentials::access_key("id", "canary-secret", "static_ak").with_token(Some(Secret::new("canary-token"))),
            Credentials::bearer(Some(Secret::new("canary-bearer"))),
        );
        assert!(!shown.contains("canary"), "a secret shows");
        assert!(shown.contains("id"));
    }

    #[test]
    fn strings_are_nul_terminated_for_c_only() {
        for value in ["", "s", "with spare capacity"] {
            let mut given = String::with_capacity(64);
            given.push_str(value);
            for secret in [Secret::new(given), Secret::new(value)] {
                assert!(secret.expose() == value, "differs");
                assert!(secret.0.with_nul().ends_with('\0'));
                assert_eq!(secret.0.with_nul().len(), value.len() + 1);
            }
        }
    }

    #[test]
    fn an_empty_token_is_no_token() {
        let credentials = Credentials::access_key("id", "s", "env").with_token(Some("".into()));
        assert!(credentials.security_token().is_none());
    }

    #[test]
    fn names_nest_and_a_bearer_token_keeps_its_type() {
        let chained = Credentials::access_key("id", "s", "static_ak")
            .within("cli_profile")
            .within("default")
            .with_type("default");
        assert_eq!(chained.provider_name(), Some("default/cli_profile/static_ak"));
        assert_eq!(chained.type_name(), "default");
        let bearer = Credentials::bearer(Some("t".into())).within("cli_profile").with_type("default");
        assert_eq!(bearer.type_name(), "bearer");
    }
}
