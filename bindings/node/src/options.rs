//! Converts options from JavaScript values.

use aliyun_cred::{Config, OptionValue, Result, Secret, binding};
use napi::bindgen_prelude::{Either4, Unknown};

/// The value of an option. The core rejects a value of any other type than the first three.
pub(crate) type Value<'env> = Either4<bool, f64, String, Unknown<'env>>;

/// Makes a configuration from `names` and their `values`.
///
/// # Errors
/// Invalid configuration, if a value has the wrong type. The message names the option, never its value.
pub(crate) fn read(names: &[String], values: Vec<Value<'_>>) -> Result<Config> {
    let mut config = Config::default();
    for (name, value) in names.iter().zip(values) {
        binding::set_option(&mut config, name, option_value(value))?;
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

/// Converts a number, if it is an integer that a JavaScript number represents exactly.
fn integer(number: f64) -> Option<i64> {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
    (number.trunc() == number && number.abs() <= MAX_SAFE).then_some(number as i64)
}
