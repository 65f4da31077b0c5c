//! The core's rules for texts, for those that reach Python code without passing through a client.

use std::path::PathBuf;

use aliyun_cred::binding;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::logs;

/// Strips a key, secret or token of surrounding white space. Raises ``ValueError`` if it is invalid, with a sentence
/// that begins with ``name``.
#[pyfunction]
pub(crate) fn key(value: &Bound<'_, PyString>, name: &Bound<'_, PyString>) -> PyResult<String> {
    let name = one_line(name);
    // A surrogate becomes a character that no key has. Python's own error would carry the value.
    let key = binding::key(&value.to_string_lossy(), &name).map(str::to_owned);
    logs::write(value.py())?;
    key.map_err(PyValueError::new_err)
}

/// Replaces line breaks, control characters and the like, which could make a text look like another one.
#[pyfunction]
pub(crate) fn one_line(text: &Bound<'_, PyString>) -> String {
    binding::one_line(text.to_string_lossy().into_owned())
}

/// Formats a path for a text. Shows only the length of one that does not look like a path, as it may be a secret.
#[pyfunction]
pub(crate) fn shown_path(path: &Bound<'_, PyString>) -> String {
    binding::one_line(binding::shown_path(path.to_string_lossy().as_ref().as_ref()))
}

/// Reads a regular file of at most 1 MiB, in UTF-8 or, with a byte order mark, in UTF-16. Raises ``OSError`` with the
/// reason, without the path.
#[pyfunction]
pub(crate) fn read_text(py: Python<'_>, path: PathBuf) -> PyResult<Py<PyString>> {
    let text = py.detach(|| binding::read_text(path));
    logs::write(py)?;
    let text = text?;
    Ok(PyString::new(py, &text).unbind())
}
