//! The Rust of the documentation, as `tests/docs/examples.py` collects it: that file says what it is made of.
#![allow(unused, missing_docs, unreachable_pub, reason = "a page shows what it is about, and nothing else")]

include!(env!("PAGES"));
