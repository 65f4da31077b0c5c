//! Translates a dictionary of options into the core's configuration. The core knows names and types.

use aliyun_cred::{Config, OptionValue, binding};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

use crate::errors;

/// Reads `{option name: value}`.
///
/// # Errors
/// `TypeError` if a value has not the option's type, `ValueError` if it is out of range. Never quotes a value.
pub(crate) fn read(options: &Bound<'_, PyDict>) -> PyResult<Config> {
    let mut config = Config::default();
    for (name, value) in options {
        let name: String = name.extract()?;
        let value = option_value(&name, &value)?;
        let has_nul = matches!(&value, OptionValue::Text(text) if text.expose().contains('\0'));
        binding::set_option(&mut config, &name, value).map_err(|error| {
            if has_nul { errors::construction(options.py(), &error) } else { PyTypeError::new_err(error.to_string()) }
        })?;
    }
    Ok(config)
}

fn option_value(name: &str, value: &Bound<'_, PyAny>) -> PyResult<OptionValue> {
    // Before integers: in Python a bool is an int.
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(OptionValue::Flag(flag.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        // Python's own error would carry the text.
        let text = text.to_cow().map_err(|_| PyValueError::new_err(format!("the option '{name}' is not Unicode")))?;
        return Ok(OptionValue::from(text.as_ref()));
    }
    match value.extract::<i64>() {
        Ok(number) => Ok(OptionValue::Integer(number)),
        Err(_) if value.is_instance_of::<PyInt>() => {
            Err(PyValueError::new_err(format!("the option '{name}' is out of range")))
        }
        Err(_) => {
            let given = value.get_type().name()?;
            Err(PyTypeError::new_err(format!("the option '{name}' must be a str, an int or a bool, not {given}")))
        }
    }
}
