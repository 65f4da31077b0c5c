//! Reports: which source answers a client, why the others do not, and what to change.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use aliyun_cred_core as core;
use core::binding;

use crate::border::{fallible, given, guard, terminated};
use crate::client::Client;
use crate::error::Error;

/// What aliyun_cred_client_explain may do; combined with |.
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names are C's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum ExplainFlags {
    /// Asks the sources up to the first that answers.
    ALIYUN_CRED_EXPLAIN_DEFAULT = 0,
    /// Asks all sources, also behind the first that answers.
    ALIYUN_CRED_EXPLAIN_ALL = 1,
    /// Together with ALIYUN_CRED_EXPLAIN_ALL, permits an OAuth session to rotate its refresh token: where the report would
    /// have to, the client refreshes its credential first.
    ALIYUN_CRED_EXPLAIN_ROTATE = 2,
}

const ALL: u32 = ExplainFlags::ALIYUN_CRED_EXPLAIN_ALL as u32;
const ROTATE: u32 = ExplainFlags::ALIYUN_CRED_EXPLAIN_ROTATE as u32;

/// What the sources of a client found. It never changes, and holds no secret.
#[derive(Debug)]
pub struct Report {
    text: CString,
    json: CString,
}

/// Asks the sources of a client anew, and reports what each of them found: which one answers, why the others do not,
/// and what to change. For people: a request for a credential costs less. It sends the requests and runs the commands
/// of a call by a new client, but touches nothing that is cached and writes nothing. The calling thread waits, at most
/// 30 s. A source that would have to rotate a refresh token is left alone, unless the flags permit that.
///
/// client: borrowed. flags: of aliyun_cred_explain_flags_t. report: written on success only, with a report that the
/// caller owns and frees with aliyun_cred_report_free. Returns NULL on success, also if no source answers;
/// ALIYUN_CRED_ERROR_RECURSION if the client's own provider asks for it, or on the background thread;
/// ALIYUN_CRED_ERROR_IO if no thread can be started; ALIYUN_CRED_ERROR_INVALID_ARGUMENT for an unknown flag, or if a
/// pointer is NULL. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_explain(
    client: Option<&Client>,
    flags: u32,
    report: Option<&mut MaybeUninit<*mut Report>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let report = given(report, "report")?;
        if flags & !(ALL | ROTATE) != 0 {
            return Err(Error::invalid_argument(format!("'flags' is {flags}, which has an unknown flag")));
        }
        let found = binding::explain(&client.client, flags & ALL != 0, flags & ROTATE != 0).blocking()?;
        let (text, json) = (terminated(&found.to_string()), terminated(&found.to_json()));
        report.write(Box::into_raw(Box::new(Report { text, json })));
        Ok(())
    })
}

/// Returns a report as text for a terminal of 80 columns, in several lines.
///
/// report: borrowed. Returns a string that belongs to the report; NULL only if report is NULL. Any number of threads
/// may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_report_text(report: Option<&Report>) -> *const c_char {
    guard(|| report.map_or(ptr::null(), |report| report.text.as_ptr()))
}

/// Returns a report as JSON, in one line, as docs/report.schema.json describes it.
///
/// report: borrowed. Returns a string that belongs to the report; NULL only if report is NULL. Any number of threads
/// may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_report_json(report: Option<&Report>) -> *const c_char {
    guard(|| report.map_or(ptr::null(), |report| report.json.as_ptr()))
}

/// Frees a report.
///
/// report: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, as long as no other
/// is using the report.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_report_free(report: Option<Box<Report>>) {
    guard(|| drop(report));
}
