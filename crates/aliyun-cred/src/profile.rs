//! Configuration files, read into inert plans: data that says what to build, tested without any I/O.

pub(crate) mod cli;
