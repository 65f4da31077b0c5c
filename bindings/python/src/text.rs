//! What the package's Python needs where a text did not come through a client: the core's own rules for it.

use std::path::PathBuf;

use aliyun_cred::binding;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::logs;

/// A key, secret or token, without the white space around it. ``ValueError`` says why it cannot be one, as a sentence
/// that begins with ``name``.
#[pyfunction]
pub(crate) fn key(value: &Bound<'_, PyString>, name: &Bound<'_, PyString>) -> PyResult<String> {
    let name = one_line(name);
    // A surrogate becomes a character that no key has. Python's own error would carry the value.
    let key = binding::key(&value.to_string_lossy(), &name).map(str::to_owned);
    logs::write(value.py())?;
    key.map_err(PyValueError::new_err)
}

/// A text without line breaks and whatever else could make it look like another one.
#[pyfunction]
pub(crate) fn one_line(text: &Bound<'_, PyString>) -> String {
    binding::one_line(text.to_string_lossy().into_owned())
}

/// A path as a text may show it: one that does not look like a path is shown by its length.
#[pyfunction]
pub(crate) fn shown_path(path: &Bound<'_, PyString>) -> String {
    binding::one_line(binding::shown_path(path.to_string_lossy().as_ref().as_ref()))
}

/// The text of a regular file of 1 MiB at most, in UTF-8 or, with a byte order mark, in UTF-16. ``OSError`` says why it
/// cannot be read, without the path.
#[pyfunction]
pub(crate) fn read_text(py: Python<'_>, path: PathBuf) -> PyResult<Py<PyString>> {
    let text = py.detach(|| binding::read_text(path))?;
    Ok(PyString::new(py, &text).unbind())
}
