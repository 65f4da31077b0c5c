//! Options as JavaScript holds them.

use aliyun_cred::{Config, OptionValue, Result, Secret};
use napi::bindgen_prelude::{Either4, Unknown};

/// A value of an option. What is none of the first three is passed on as it is, for the core to refuse.
pub(crate) type Value<'env> = Either4<bool, f64, String, Unknown<'env>>;

/// The configuration that `names` and their `values` say.
///
/// # Errors
/// An invalid configuration for a value of the wrong type; it names the option, never its value.
pub(crate) fn read(names: &[String], values: Vec<Value<'_>>) -> Result<Config> {
    let mut config = Config::default();
    for (name, value) in names.iter().zip(values) {
        config.set(name, option_value(value))?;
    }
    Ok(config)
}

fn option_value(value: Value<'_>) -> OptionValue {
    match value {
        Either4::A(flag) => OptionValue::Flag(flag),
        Either4::B(number) => integer(number).map_or(OptionValue::Other, OptionValue::Integer),
        Either4::C(text) => OptionValue::Text(Secret::new(text)),
        Either4::D(_) => OptionValue::Other,
    }
}

/// The whole numbers that a JavaScript number holds exactly.
fn integer(number: f64) -> Option<i64> {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
    (number.trunc() == number && number.abs() <= MAX_SAFE).then_some(number as i64)
}
