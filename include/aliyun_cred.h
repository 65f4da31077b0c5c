/*
 * Finds, fetches and refreshes Alibaba Cloud credentials before they expire.
 *
 *     #include <aliyun_cred.h>
 *
 *     aliyun_cred_client_t *client = NULL;
 *     aliyun_cred_credentials_t *credentials = NULL;
 *     aliyun_cred_error_t *error = aliyun_cred_client_default(&client);
 *     if (error == NULL) {
 *         error = aliyun_cred_client_get_credentials(client, &credentials);
 *     }
 *     if (error != NULL) {
 *         fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
 *     } else {
 *         sign(aliyun_cred_credentials_access_key_id(credentials),
 *              aliyun_cred_credentials_access_key_secret(credentials),
 *              aliyun_cred_credentials_security_token(credentials));
 *     }
 *     aliyun_cred_error_free(error);
 *     aliyun_cred_credentials_free(credentials);
 *     aliyun_cred_client_free(client);
 *
 * Link with -laliyun_cred. aliyun_cred.hpp, beside this file, wraps all of it for C++17.
 *
 * These rules hold for every function; the comment of each function adds its own.
 *
 * Errors. A function that can fail returns an error; NULL means success. The caller owns the error and frees it with
 * aliyun_cred_error_free, which also accepts NULL. An error's kind is for programs, its message for people. A bug
 * inside the library never ends the process: it is logged, and becomes an error of kind ALIYUN_CRED_ERROR_INTERNAL or,
 * where no error can be returned, the value that stands for "nothing". Running out of memory is the exception: it ends
 * the process, with a line on standard error.
 *
 * Ownership. The caller owns the result of a _new, _default, _from_..., _assume_role, _read_secret, _get, _cached or _retain
 * function, and frees it exactly once with the _free function of its type. Arguments are borrowed for the length of the
 * call, except those of the _free functions. Every string and every view is borrowed from the object it was read from,
 * is valid until that object is freed, and must be neither changed nor freed.
 *
 * Strings are NUL-terminated UTF-8 in both directions. Arguments may be of any length, must not change during the call,
 * and are copied if they are needed after it.
 *
 * NULL. Every pointer may be NULL. A function that can fail then returns ALIYUN_CRED_ERROR_INVALID_ARGUMENT, as it does
 * for a string that is not UTF-8; a _free function does nothing; any other function returns NULL, 0, -1 or
 * ALIYUN_CRED_OK, as its comment says. Any other pointer that did not come from this library, or that has been freed,
 * is an error that no function can detect.
 *
 * Out-parameters are written on success only; their previous value is overwritten, not freed.
 *
 * Threads. Clients, credentials, errors and reports never change once created: any number of threads may use one at the same
 * time. Freeing one is the exception: no other thread may be using the same pointer. Credentials are reference-counted,
 * so that one thread may free its own reference while others use theirs. A configuration changes when an option is set,
 * and is for one thread at a time. The library starts one background thread when a source first needs the network or a
 * provider is called, at most four helper threads for work that blocks, and one worker thread for each call of a
 * provider; none of them keeps the process from exiting.
 *
 * ThreadSanitizer does not see how these threads synchronise, because the library is not instrumented, and reports
 * false races. Run programs with TSAN_OPTIONS=suppressions=PREFIX/share/aliyun_cred/tsan.supp, which is installed with
 * this header.
 *
 * Signals. The library's threads block all signals except those raised by their own faults, and SIGPROF: handlers run
 * on the program's threads. Providers and external commands run with the signal mask of the thread that first needed
 * the background thread. Callbacks of requests do too, with SIGPIPE blocked as well. A callback for log lines runs with
 * the mask of the thread that logs.
 *
 * Fork. A child may keep using every object that its parent created. It keeps the cached credentials, starts its own
 * background thread when it needs one, and touches none of its parent's connections. A child forked inside a callback
 * must not return from it: it must call exec or exit. As in any child of a process with several threads, this relies on
 * malloc working there, which glibc guarantees and POSIX does not. A child is recognised by its process ID: one in a
 * new PID namespace whose ID there equals its parent's is taken for its parent, and must not use this library before it
 * has called exec.
 *
 * Unloading. The shared library stays mapped after dlclose, because its background thread may be running.
 *
 * Logging. Nothing is logged unless the program sets a callback with aliyun_cred_set_log_callback.
 *
 * Secrets are wiped from the library's memory when their owner is freed, and so is every other block of memory that it
 * frees, including the buffers that a reply passes through. A reply stays in the buffer of its connection until that is
 * closed, a fraction of a second after the last request. Copies made by the program or held by the kernel are not
 * wiped. No error holds a secret, and nothing is ever written to standard output or, except when memory runs out, to
 * standard error.
 *
 * Configurations. Each option has a setter, aliyun_cred_config_set_<option>. Its arguments: config, which is borrowed
 * and changed; value, which is copied, and is a string, a whole number or a flag. It returns NULL on success, and
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8; the option is then unchanged.
 * Values are checked when a client is created.
 */

#ifndef ALIYUN_CRED_H
#define ALIYUN_CRED_H

/* Written by cbindgen from bindings/c: change it there, then run UPDATE_HEADER=1 cargo test -p aliyun-cred-c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Makes the compiler warn about a dropped result that would leak: an error, or a reference. */
#if defined(__GNUC__)
#define ALIYUN_CRED_MUST_USE __attribute__((warn_unused_result))
#else
#define ALIYUN_CRED_MUST_USE
#endif

/**
 * A resolved credential. It never changes; a reference may be kept for any length of time, even after the client is
 * freed.
 */
typedef struct aliyun_cred_credentials_t aliyun_cred_credentials_t;

/**
 * The version of the ABI that this header describes. It changes whenever a program built against the previous header
 * would no longer work; after loading the library by hand, compare it with aliyun_cred_abi_version.
 */
#define ALIYUN_CRED_ABI_VERSION 0

/**
 * The kind of a failure. Numbers and names are stable; later versions may add to them.
 */
typedef enum {
    /**
     * No failure: what a NULL error stands for.
     */
    ALIYUN_CRED_OK = 0,
    /**
     * The configuration is invalid: a missing or contradictory option, an unknown profile, a circle of profiles.
     * Unlike ALIYUN_CRED_ERROR_NOT_CONFIGURED, the source was configured.
     */
    ALIYUN_CRED_ERROR_INVALID_CONFIG = 1,
    /**
     * The source is not configured: no variable, no file.
     */
    ALIYUN_CRED_ERROR_NOT_CONFIGURED = 2,
    /**
     * The source is disabled, by a variable or in its file.
     */
    ALIYUN_CRED_ERROR_DISABLED = 3,
    /**
     * A file exists but cannot be read or written, or the operating system refused a thread or a socket.
     */
    ALIYUN_CRED_ERROR_IO = 4,
    /**
     * A file was read, but its content is invalid: not JSON, not UTF-8, a value of the wrong type.
     */
    ALIYUN_CRED_ERROR_MALFORMED_FILE = 5,
    /**
     * The service refused the request: wrong key, wrong signature, no permission, no such role.
     */
    ALIYUN_CRED_ERROR_DENIED = 6,
    /**
     * The service limited the request rate. Unlike ALIYUN_CRED_ERROR_DENIED, a retry may succeed later.
     */
    ALIYUN_CRED_ERROR_THROTTLED = 7,
    /**
     * The service could not be reached, or replied with a server error (5xx).
     */
    ALIYUN_CRED_ERROR_UNAVAILABLE = 8,
    /**
     * A time limit ran out: of a connection, a request, or the caller's own.
     */
    ALIYUN_CRED_ERROR_TIMEOUT = 9,
    /**
     * The service's certificate could not be verified.
     */
    ALIYUN_CRED_ERROR_TLS = 10,
    /**
     * The service replied with success, but the reply is invalid. Unlike ALIYUN_CRED_ERROR_MALFORMED_FILE, the fault
     * is on the other side of the network.
     */
    ALIYUN_CRED_ERROR_MALFORMED_REPLY = 11,
    /**
     * The only available credential has expired.
     */
    ALIYUN_CRED_ERROR_EXPIRED = 12,
    /**
     * The user must log in again (CloudSSO, OAuth).
     */
    ALIYUN_CRED_ERROR_LOGIN_REQUIRED = 13,
    /**
     * An external command could not be run, failed, or did not print a credential.
     */
    ALIYUN_CRED_ERROR_COMMAND = 14,
    /**
     * The caller gave up; the refresh continues for the others.
     */
    ALIYUN_CRED_ERROR_CANCELLED = 15,
    /**
     * The call would deadlock: a provider asked the client that is asking it, or a callback on the background thread
     * tried to wait.
     */
    ALIYUN_CRED_ERROR_RECURSION = 16,
    /**
     * A bug in this library; please report it.
     */
    ALIYUN_CRED_ERROR_INTERNAL = 17,
    /**
     * An argument of the call itself is invalid: a NULL pointer, or a string that is not UTF-8. Only C and C++ have
     * this kind.
     */
    ALIYUN_CRED_ERROR_INVALID_ARGUMENT = 18,
} aliyun_cred_error_kind_t;

/**
 * What happened to a client's credential.
 */
typedef enum {
    /**
     * A credential was fetched.
     */
    ALIYUN_CRED_EVENT_REFRESHED = 1,
    /**
     * An attempt to fetch one failed; one that is still valid stays in use.
     */
    ALIYUN_CRED_EVENT_REFRESH_FAILED = 2,
    /**
     * An expired credential stays in use, because the metadata service is unreachable. Follows the
     * ALIYUN_CRED_EVENT_REFRESH_FAILED of each failed attempt.
     */
    ALIYUN_CRED_EVENT_SERVING_EXPIRED = 3,
    /**
     * The credential that was just fetched comes from other sources than the one before.
     */
    ALIYUN_CRED_EVENT_SOURCE_CHANGED = 4,
} aliyun_cred_event_kind_t;

/**
 * The severity of a log line.
 */
typedef enum {
    /**
     * A final failure.
     */
    ALIYUN_CRED_LOG_ERROR = 1,
    /**
     * A failure without effect so far: a valid credential stays in use, or new tokens could not be stored.
     */
    ALIYUN_CRED_LOG_WARN = 2,
    /**
     * Information for users.
     */
    ALIYUN_CRED_LOG_INFO = 3,
    /**
     * Information for developers.
     */
    ALIYUN_CRED_LOG_DEBUG = 4,
} aliyun_cred_log_level_t;

/**
 * What aliyun_cred_client_explain may do; combined with |.
 */
typedef enum {
    /**
     * Asks the sources up to the first that answers.
     */
    ALIYUN_CRED_EXPLAIN_DEFAULT = 0,
    /**
     * Asks all sources, also behind the first that answers.
     */
    ALIYUN_CRED_EXPLAIN_ALL = 1,
    /**
     * Together with ALIYUN_CRED_EXPLAIN_ALL, permits an OAuth session to rotate its refresh token: where the report would
     * have to, the client refreshes its credential first.
     */
    ALIYUN_CRED_EXPLAIN_ROTATE = 2,
} aliyun_cred_explain_flags_t;

/**
 * The answer of a provider. It is valid for the length of the call that it is passed to, and only on that call's
 * thread.
 */
typedef struct aliyun_cred_answer_t aliyun_cred_answer_t;

/**
 * A client for one source, or for the default chain. It caches the credential and refreshes it in time; keep it, and
 * share it between threads.
 */
typedef struct aliyun_cred_client_t aliyun_cred_client_t;

/**
 * The options of one source. Options that are not set come from the environment and the defaults when a client is
 * created. This is the only handle that changes: only one thread at a time may set options.
 */
typedef struct aliyun_cred_config_t aliyun_cred_config_t;

/**
 * Why a call failed. It never changes, and its messages hold no secret.
 */
typedef struct aliyun_cred_error_t aliyun_cred_error_t;

/**
 * What the sources of a client found. It never changes, and holds no secret.
 */
typedef struct aliyun_cred_report_t aliyun_cred_report_t;

/**
 * A request for credentials, valid until it is freed.
 */
typedef struct aliyun_cred_request_t aliyun_cred_request_t;

/**
 * Receives the result of a request. user_data: as passed with the callback. credentials: a reference that the callback
 * owns and frees with aliyun_cred_credentials_free; NULL if there is an error. error: owned by the callback, which
 * frees it with aliyun_cred_error_free; NULL if there are credentials.
 */
typedef void (*aliyun_cred_callback_t)(void *user_data,
                                       aliyun_cred_credentials_t *credentials,
                                       aliyun_cred_error_t *error);

/**
 * A custom provider. user_data: as passed with it. answer: borrowed for the call, to be filled in with
 * aliyun_cred_answer_set_access_key and related functions, or with aliyun_cred_answer_set_error.
 */
typedef void (*aliyun_cred_provider_t)(void *user_data, aliyun_cred_answer_t *answer);

/**
 * Frees the user_data of a callback.
 */
typedef void (*aliyun_cred_destructor_t)(void *user_data);

/**
 * A borrowed string: UTF-8 with a trailing NUL.
 */
typedef struct {
    /**
     * The first byte; NULL if the value is absent.
     */
    const char *data;
    /**
     * The number of bytes before the NUL; 0 if the value is absent.
     */
    size_t length;
} aliyun_cred_string_view_t;

/**
 * All values of a credential, for reading them in one call. The strings belong to the credential, and are valid as
 * long as the reference they were read through.
 */
typedef struct {
    /**
     * The AccessKey ID; absent for a bearer token.
     */
    aliyun_cred_string_view_t access_key_id;
    /**
     * The AccessKey secret; absent for a bearer token.
     */
    aliyun_cred_string_view_t access_key_secret;
    /**
     * The STS security token; absent for a long-lived AccessKey pair.
     */
    aliyun_cred_string_view_t security_token;
    /**
     * The bearer token; absent for anything else.
     */
    aliyun_cred_string_view_t bearer_token;
    /**
     * The type that the client was created for, such as "sts" or "default"; never absent.
     */
    aliyun_cred_string_view_t type;
    /**
     * The path of sources behind it, such as "default/cli_profile/static_ak"; absent for a bearer token that was
     * configured directly.
     */
    aliyun_cred_string_view_t provider_name;
    /**
     * The expiration, in milliseconds since the Unix epoch; -1 if it never expires.
     */
    int64_t expiration;
} aliyun_cred_credentials_view_t;

/**
 * What a client knows without asking its source. Set size to sizeof(aliyun_cred_status_t), so that later versions of
 * the library may have more members; aliyun_cred_client_status fills in the others, and zeroes those that it does not
 * know. A time or duration that is unknown is -1.
 */
typedef struct {
    /**
     * The size of this structure, set by the caller.
     */
    size_t size;
    /**
     * Whether there is a valid credential. Always false for a source that is asked at every call, except environment
     * variables, whose last credential is kept.
     */
    bool has_credentials;
    /**
     * Whether it is used past its expiration; only for the metadata service, while that is unreachable.
     */
    bool is_past_expiration;
    /**
     * Whether the last attempt to fetch a credential succeeded; false if there was none.
     */
    bool last_refresh_succeeded;
    /**
     * How many attempts in a row have failed.
     */
    uint32_t failures;
    /**
     * When the credential expires, in milliseconds since the Unix epoch; -1 if it never does.
     */
    int64_t expiration_ms;
    /**
     * How long ago it was fetched, in milliseconds; -1 if it is never refreshed.
     */
    int64_t age_ms;
    /**
     * The time until a call starts its refresh, in milliseconds; 0 if it is due, -1 if it is never refreshed.
     */
    int64_t refresh_in_ms;
    /**
     * When the last attempt to fetch a credential ended, in milliseconds since the Unix epoch; -1 if there was none.
     */
    int64_t last_refresh_ms;
    /**
     * How long it took, in milliseconds; -1 if there was none.
     */
    int64_t last_refresh_took_ms;
    /**
     * The sources behind the credential, such as "cli_profile/ram_role_arn/static_ak"; NULL if there is none.
     */
    char *provider_name;
    /**
     * Why the last attempt failed; NULL if it did not.
     */
    aliyun_cred_error_t *last_error;
    /**
     * How far the services' clock is ahead of this machine's, in milliseconds, as far as this process has learned from
     * HTTPS services of Alibaba Cloud; negative if it is behind, 0 while they agree.
     */
    int64_t clock_offset_ms;
} aliyun_cred_status_t;

/**
 * What happened to a client's credential. Later versions of the library may add members. A time or duration that is
 * unknown is -1.
 */
typedef struct {
    /**
     * What happened. Later versions may add kinds.
     */
    aliyun_cred_event_kind_t kind;
    /**
     * How many attempts in a row have failed.
     */
    uint32_t failures;
    /**
     * When it happened, in milliseconds since the Unix epoch.
     */
    int64_t at_ms;
    /**
     * How long the attempt to fetch a credential took, in milliseconds.
     */
    int64_t took_ms;
    /**
     * When the credential in use expires, in milliseconds since the Unix epoch; -1 if it never does, or if there is
     * none.
     */
    int64_t expiration_ms;
    /**
     * How many events were dropped before this one, because the callback was too slow.
     */
    uint64_t dropped;
    /**
     * The sources behind the credential in use; NULL if there is none.
     */
    const char *provider_name;
    /**
     * For ALIYUN_CRED_EVENT_SOURCE_CHANGED, those of the credential before; else NULL.
     */
    const char *previous_provider_name;
    /**
     * Why the attempt failed; NULL if it did not.
     */
    const aliyun_cred_error_t *error;
} aliyun_cred_event_t;

/**
 * Receives an event. user_data: as passed with the callback. event: borrowed for the call, with everything in it.
 */
typedef void (*aliyun_cred_event_callback_t)(void *user_data, const aliyun_cred_event_t *event);

/**
 * Receives a log line. level: its severity. message: one line of NUL-terminated UTF-8, borrowed for the call; it never
 * holds a secret. user_data: as passed to aliyun_cred_set_log_callback.
 */
typedef void (*aliyun_cred_log_callback_t)(aliyun_cred_log_level_t level, const char *message, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the library, such as "1.2.3", in a string that stays valid until the program ends. Any thread
 * may call it.
 */
const char *aliyun_cred_version(void);

/**
 * Returns the version of the ABI that the library implements; see ALIYUN_CRED_ABI_VERSION. It is the number in the
 * name of the shared library, libaliyun_cred.so.0. Any thread may call it.
 */
uint32_t aliyun_cred_abi_version(void);

/**
 * Frees an error.
 *
 * error: taken over. Neither it nor any string read from it may be used afterwards; NULL does nothing. No other thread
 * may be using it.
 */
void aliyun_cred_error_free(aliyun_cred_error_t *error);

/**
 * Returns the kind of failure.
 *
 * error: borrowed; NULL, which is success, returns ALIYUN_CRED_OK. Any number of threads may read one error.
 */
aliyun_cred_error_kind_t aliyun_cred_error_kind(const aliyun_cred_error_t *error);

/**
 * Returns the name of a kind, such as "not_configured", for logs and metrics.
 *
 * kind: a number of aliyun_cred_error_kind_t. Returns a string that stays valid until the program ends, or NULL for
 * any other number. Any thread may call it.
 */
const char *aliyun_cred_error_kind_name(uint32_t kind);

/**
 * Returns one line that says what was tried, what came back and what to change.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL only if error is NULL. Any number of threads may
 * read one error.
 */
const char *aliyun_cred_error_message(const aliyun_cred_error_t *error);

/**
 * Returns the source that failed, as in a credential's provider name.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if no single source failed or if error is NULL.
 * Any number of threads may read one error.
 */
const char *aliyun_cred_error_provider(const aliyun_cred_error_t *error);

/**
 * Returns the service's error code, such as "NoPermission".
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if the service sent no code or if error is NULL.
 * Any number of threads may read one error.
 */
const char *aliyun_cred_error_code(const aliyun_cred_error_t *error);

/**
 * Returns the service's request ID, for its support.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if the service sent no ID or if error is NULL. Any
 * number of threads may read one error.
 */
const char *aliyun_cred_error_request_id(const aliyun_cred_error_t *error);

/**
 * Returns the HTTP status of the service's reply.
 *
 * error: borrowed. Returns 0 if no service replied or if error is NULL. Any number of threads may read one error.
 */
int32_t aliyun_cred_error_http_status(const aliyun_cred_error_t *error);

/**
 * Returns how many sources a chain tried without success, in order.
 *
 * error: borrowed. Returns 0 if no chain failed or if error is NULL. Any number of threads may read one error.
 */
size_t aliyun_cred_error_attempts(const aliyun_cred_error_t *error);

/**
 * Returns why one source of a chain failed.
 *
 * error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns ALIYUN_CRED_OK if there is no such
 * attempt or if error is NULL. Any number of threads may read one error.
 */
aliyun_cred_error_kind_t aliyun_cred_error_attempt_kind(const aliyun_cred_error_t *error, size_t index);

/**
 * Returns the name of one source of a chain, such as "env".
 *
 * error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns a string that belongs to the error;
 * NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_attempt_provider(const aliyun_cred_error_t *error, size_t index);

/**
 * Returns one line that says why one source of a chain failed, and what to change.
 *
 * error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns a string that belongs to the error;
 * NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_attempt_message(const aliyun_cred_error_t *error, size_t index);

/**
 * Creates an empty configuration; at least its type must be set.
 *
 * Returns a configuration that the caller owns and frees with aliyun_cred_config_free. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_config_t *aliyun_cred_config_new(void);

/**
 * Parses a configuration from a JSON object whose keys are the options' names, such as {"type": "access_key"}: in
 * snake case, as in the setters' names, or in camel case, as in the official packages. null counts as absent.
 *
 * json: borrowed, NUL-terminated UTF-8. config: written on success only, with a configuration that the caller owns and
 * frees with aliyun_cred_config_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if json is not a JSON
 * object, or for an unknown name or a value of another type (the message never quotes a value);
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or json is not UTF-8. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_from_json(const char *json, aliyun_cred_config_t **config);

/**
 * Frees a configuration and wipes its secrets. Clients created from it are not affected.
 *
 * config: taken over, and must not be used afterwards; NULL does nothing. No other thread may be using it.
 */
void aliyun_cred_config_free(aliyun_cred_config_t *config);

/**
 * The kind of source: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, oidc_role_arn,
 * credentials_uri or kms_secret. Required.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_set_type(aliyun_cred_config_t *config, const char *value);

/**
 * The AccessKey ID; else ALIBABA_CLOUD_ACCESS_KEY_ID.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_access_key_id(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * The AccessKey secret; else ALIBABA_CLOUD_ACCESS_KEY_SECRET.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_access_key_secret(aliyun_cred_config_t *config,
                                                              const char *value);

/**
 * The STS security token; for sts else ALIBABA_CLOUD_SECURITY_TOKEN.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_security_token(aliyun_cred_config_t *config,
                                                           const char *value);

/**
 * The bearer token, for the type bearer.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_bearer_token(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * The ARN of the RAM role to assume; else ALIBABA_CLOUD_ROLE_ARN.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_role_arn(aliyun_cred_config_t *config,
                                                     const char *value);

/**
 * The ARN of the OIDC provider; else ALIBABA_CLOUD_OIDC_PROVIDER_ARN.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_oidc_provider_arn(aliyun_cred_config_t *config,
                                                              const char *value);

/**
 * The file that holds the OIDC token; else ALIBABA_CLOUD_OIDC_TOKEN_FILE.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_oidc_token_file_path(aliyun_cred_config_t *config,
                                                                 const char *value);

/**
 * The session's name; else ALIBABA_CLOUD_ROLE_SESSION_NAME, else credentials-c-<seconds>.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_role_session_name(aliyun_cred_config_t *config,
                                                              const char *value);

/**
 * The session's lifetime in seconds, 900 or more; default 3600.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_role_session_expiration(aliyun_cred_config_t *config,
                                                                    int64_t value);

/**
 * A policy in JSON that restricts the session's permissions.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_policy(aliyun_cred_config_t *config,
                                                   const char *value);

/**
 * The external ID that the role's trust policy requires.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_external_id(aliyun_cred_config_t *config,
                                                        const char *value);

/**
 * STS's host, host with port, or URL; else ALIBABA_CLOUD_STS_ENDPOINT, else by region.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_sts_endpoint(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * STS's region, such as cn-hangzhou; else ALIBABA_CLOUD_STS_REGION, else sts.aliyuncs.com.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_sts_region_id(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * Whether to use the region's VPC endpoint; else ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED. Without a region, no effect.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_set_enable_vpc(aliyun_cred_config_t *config, bool value);

/**
 * The key ID of an RSA key pair.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_public_key_id(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * The file that holds the private key of an RSA key pair.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_private_key_file(aliyun_cred_config_t *config,
                                                             const char *value);

/**
 * The private key itself, in PEM; takes precedence over the file.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_private_key(aliyun_cred_config_t *config,
                                                        const char *value);

/**
 * The name or the ARN of the KMS secret that holds an AccessKey pair, for the type kms_secret.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_secret_name(aliyun_cred_config_t *config,
                                                        const char *value);

/**
 * KMS's region, such as cn-hangzhou; else that of the secret's ARN.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_kms_region_id(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * KMS's host, host with port, or URL, such as that of a dedicated gateway; else by region.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_kms_endpoint(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * The file with the certificate authorities, in PEM, that alone are trusted when KMS is asked; a dedicated gateway has
 * one of its own. Else those of the system.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_ca_file(aliyun_cred_config_t *config,
                                                    const char *value);

/**
 * The instance's RAM role; else ALIBABA_CLOUD_ECS_METADATA; if empty, read from the metadata service.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_role_name(aliyun_cred_config_t *config,
                                                      const char *value);

/**
 * Whether never to fall back to version 1 of the metadata service; else ALIBABA_CLOUD_IMDSV1_DISABLED.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_disable_imds_v1(aliyun_cred_config_t *config,
                                                            bool value);

/**
 * Whether a timer refreshes the metadata service's credentials; default true.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_async_credential_update_enabled(aliyun_cred_config_t *config,
                                                                            bool value);

/**
 * The URI that returns credentials; else ALIBABA_CLOUD_CREDENTIALS_URI.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_credentials_uri(aliyun_cred_config_t *config,
                                                            const char *value);

/**
 * The time limit of one request once connected, or of an external command, in milliseconds; 0 or absent: the source's
 * default.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_set_timeout(aliyun_cred_config_t *config, int64_t value);

/**
 * The time limit of a connection attempt, in milliseconds; 0 or absent: the source's default.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_connect_timeout(aliyun_cred_config_t *config,
                                                            int64_t value);

/**
 * The folder where the processes of this user share sessions, or 1 for the usual one; else
 * ALIBABA_CLOUD_CREDENTIALS_CACHE, else nothing is shared.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_cache_dir(aliyun_cred_config_t *config,
                                                      const char *value);

/**
 * The profile of a configuration file, for the sources cli_profile and profile; else ALIBABA_CLOUD_PROFILE, else the
 * current profile of the CLI's file, or the one called default.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_profile_name(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * The configuration file, for the sources cli_profile and profile; else ALIBABA_CLOUD_CONFIG_FILE or
 * ALIBABA_CLOUD_CREDENTIALS_FILE, else the default path.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_profile_file(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * Whether the default chain keeps to the first source that returned a credential; default true.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_reuse_last_provider_enabled(aliyun_cred_config_t *config,
                                                                        bool value);

/**
 * The command that prints a credential, for the source external.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_process_command(aliyun_cred_config_t *config,
                                                            const char *value);

/**
 * The sign-in URL, for the sources cloud_sso and oauth.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_sign_in_url(aliyun_cred_config_t *config,
                                                        const char *value);

/**
 * The account's ID, for the source cloud_sso.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_account_id(aliyun_cred_config_t *config,
                                                       const char *value);

/**
 * The access configuration's ID, for the source cloud_sso.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_access_config(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * The access token, for the sources cloud_sso and oauth.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_access_token(aliyun_cred_config_t *config,
                                                         const char *value);

/**
 * When the access token expires, in seconds since the Unix epoch.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_access_token_expire(aliyun_cred_config_t *config,
                                                                int64_t value);

/**
 * The client's ID, for the source oauth.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_client_id(aliyun_cred_config_t *config,
                                                      const char *value);

/**
 * The refresh token, for the source oauth.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_refresh_token(aliyun_cred_config_t *config,
                                                          const char *value);

/**
 * When the given AccessKey pair and security token expire, in seconds since the Unix epoch, for the source oauth.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_config_set_sts_expiration(aliyun_cred_config_t *config,
                                                           int64_t value);

/**
 * The proxy for this source's requests, such as http://127.0.0.1:8080; else that of the environment.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_set_proxy(aliyun_cred_config_t *config, const char *value);

/**
 * Creates a client for the source that a configuration names. It opens no connection and starts no thread.
 *
 * config: borrowed for the call, and copied; it may be changed or freed afterwards. client: written on success only,
 * with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, contradictory or out of range;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; another kind if a file named by an option cannot be used.
 * Any thread may call it, as long as none changes config meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_new(const aliyun_cred_config_t *config,
                                            aliyun_cred_client_t **client);

/**
 * Creates a client for the default chain: the environment, then the configuration files, and so on. It opens no
 * connection and starts no thread; sources are searched at the first call, which also reports why none was found.
 *
 * client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns
 * NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if an environment variable that only the chain reads has an
 * invalid value; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_client_default(aliyun_cred_client_t **client);

/**
 * Creates a client for a source by name: "env", "env_legacy", "env_oss", "env_terraform", "static_ak", "static_sts",
 * "bearer", "ram_role_arn", "oidc_role_arn", "ecs_ram_role", "rsa_key_pair", "kms_secret", "credential_uri",
 * "cli_profile", "profile", "oss_profile", "cloud_sso", "oauth", "external" or "default". It opens no connection and
 * starts no thread.
 *
 * name: borrowed, NUL-terminated UTF-8; it becomes the client's type. config: borrowed for the call, and copied; its
 * type is ignored; NULL means an empty one. client: written on success only, with a client that the caller owns and
 * frees with aliyun_cred_client_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG for an unknown name,
 * or if an option is missing, contradictory or out of range; ALIYUN_CRED_ERROR_LOGIN_REQUIRED if the user must log in
 * again; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name or client is NULL or name is not UTF-8; another kind if the source
 * is disabled, or a file named by an option cannot be used. Any thread may call it, as long as none changes config
 * meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_from_source(const char *name,
                                                    const aliyun_cred_config_t *config,
                                                    aliyun_cred_client_t **client);

/**
 * Creates a client for a profile of the Alibaba Cloud CLI's configuration file. The file is read when a credential is
 * first requested.
 *
 * name: borrowed, NUL-terminated UTF-8; NULL for the profile that ALIBABA_CLOUD_PROFILE names, else the file's current
 * one. client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free.
 * Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL or name is not UTF-8. Any thread may
 * call it.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_from_profile(const char *name,
                                                     aliyun_cred_client_t **client);

/**
 * Creates a client that assumes a role with another client's credential. Up to 1,000 roles can be chained, each with
 * its own session name and external ID. It opens no connection and starts no thread.
 *
 * base: borrowed for the call; the new client keeps what it needs, and base may be freed. role: borrowed for the call,
 * and copied: the role's ARN and the other options of ram_role_arn; its type is ignored. client: written on success
 * only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing or out of range, or too many roles are chained;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes role
 * meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_assume_role(const aliyun_cred_client_t *base,
                                                    const aliyun_cred_config_t *role,
                                                    aliyun_cred_client_t **client);

/**
 * Creates a client for an AccessKey pair in a secret of KMS, which is fetched with another client's credential, and
 * again after each rotation. It opens no connection and starts no thread.
 *
 * base: borrowed for the call; the new client keeps what it needs, and base may be freed. secret: borrowed for the
 * call, and copied: the secret's name and the other options of kms_secret; its type is ignored. client: written on
 * success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, or too many clients are chained;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes secret
 * meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_read_secret(const aliyun_cred_client_t *base,
                                                    const aliyun_cred_config_t *secret,
                                                    aliyun_cred_client_t **client);

/**
 * Frees a client. Credentials from it stay valid; a refresh in flight ends on its own.
 *
 * client: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, as long as no other
 * is using the client.
 */
void aliyun_cred_client_free(aliyun_cred_client_t *client);

/**
 * Gets the current credential. A fresh one is returned within nanoseconds and without a lock; otherwise the calling
 * thread waits for the source, within the source's own time limits. Threads that wait together share one request.
 *
 * client: borrowed. credentials: written on success only, with a reference that the caller owns and frees with
 * aliyun_cred_credentials_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL;
 * another kind if the source fails and no valid credential is left. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials(const aliyun_cred_client_t *client,
                                                        aliyun_cred_credentials_t **credentials);

/**
 * Like aliyun_cred_client_get_credentials, but waits for a limited time. The refresh continues when the limit runs
 * out. Configuration files are read on the calling thread; that time does not count against the limit.
 *
 * client: borrowed. timeout_ms: the limit in milliseconds; 0 never waits. credentials: written on success only, with a
 * reference that the caller owns and frees with aliyun_cred_credentials_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_TIMEOUT if the limit, or one of the source's own, ran out; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a
 * pointer is NULL; another kind if the source fails and no valid credential is left. Any number of threads may call it
 * at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials_within(const aliyun_cred_client_t *client,
                                                               uint64_t timeout_ms,
                                                               aliyun_cred_credentials_t **credentials);

/**
 * Returns the cached credential if it is fresh, without waiting and without asking the source. Environment variables
 * are never cached; for them, returns the last credential if the variables have not changed. The credential of a
 * custom provider is cached only if it has an expiration.
 *
 * client: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL if
 * there is no such credential or if client is NULL. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_credentials_t *aliyun_cred_client_cached(const aliyun_cred_client_t *client);

/**
 * Reports that a service rejected the cached credential. The next call asks the source again and rereads its
 * configuration file. A credential from the options stays as it is. Base clients that use a configuration file are
 * invalidated too; others keep their credential.
 *
 * client: borrowed; NULL does nothing. Any number of threads may call it at once.
 */
void aliyun_cred_client_invalidate(const aliyun_cred_client_t *client);

/**
 * Returns the type that the client was created for: "access_key", "ram_role_arn" and so on, or "default" for the
 * chain.
 *
 * client: borrowed. Returns a string that belongs to the client; NULL only if client is NULL. Any number of threads
 * may call it at once.
 */
const char *aliyun_cred_client_type(const aliyun_cred_client_t *client);

/**
 * Requests the current credential, and calls a callback with it. This call never waits, except that configuration
 * files are read on the calling thread. The callback runs inside this call if the cached credential is fresh, or if no
 * wait is needed (for a service, provider, command or lock). Otherwise it runs on the background thread, or inside the
 * call of another thread that completes the refresh.
 *
 * client: borrowed for the call; the callback may free it. callback: called exactly once, unless cancelled before. It
 * must not block or throw a C++ exception. It may call this library; on the background thread, a call that would wait
 * returns ALIYUN_CRED_ERROR_RECURSION. user_data: passed to the callback unchanged; it belongs to the caller. request:
 * written on success only, before the callback is called, with a handle that the caller owns and frees with
 * aliyun_cred_request_free; may be NULL if cancelling is not needed. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client or callback is NULL, and then the callback is not called. A forked
 * child does not call its parent's callbacks. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials_async(const aliyun_cred_client_t *client,
                                                              aliyun_cred_callback_t callback,
                                                              void *user_data,
                                                              aliyun_cred_request_t **request);

/**
 * Cancels a request: the callback is not called any more. The refresh continues for the others.
 *
 * request: borrowed. Returns true if the callback has not been called and never will be; false if it has been called
 * and has returned. Either way its data may be freed; to ensure this, it waits while the callback is running on
 * another thread. Inside a callback it never waits, since two callbacks could deadlock; there, false may mean that the
 * callback is still running. NULL returns false. In a forked child it never waits either, and reports the state at the
 * fork: true if the callback had not been called, false if it had, although it may have been running. Any number of
 * threads may call it at once.
 */
bool aliyun_cred_request_cancel(const aliyun_cred_request_t *request);

/**
 * Frees a request without cancelling it.
 *
 * request: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, including the
 * callback's, as long as no other is using the request.
 */
void aliyun_cred_request_free(aliyun_cred_request_t *request);

/**
 * Creates a client for a custom provider, which can also be the base of a role.
 *
 * name: borrowed, NUL-terminated UTF-8: the client's type, and the provider name of its credentials. provider: called
 * on a worker thread, never twice at the same time for one client. It may block, but a call times out after one
 * minute; it must not throw a C++ exception. A new call waits, up to a minute, for a previous one that timed out to
 * return. At most four providers run at once; others queue for up to a minute. One that timed out, or is waiting for
 * another client, does not count. The provider is called for every request, unless its credential has an expiration:
 * then the credential is cached and refreshed in time. If it asks its own client, it gets ALIYUN_CRED_ERROR_RECURSION.
 * user_data: passed to the provider unchanged. destructor: called once with user_data when this client and every role
 * on top of it are freed and no call is running. It may be called on any thread, including the background thread, and
 * must not block; NULL if there is nothing to free. On failure it is not called. client: written on success only, with
 * a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name, provider or client is NULL, or name is not UTF-8. Any thread may call
 * it.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_from_provider(const char *name,
                                                      aliyun_cred_provider_t provider,
                                                      void *user_data,
                                                      aliyun_cred_destructor_t destructor,
                                                      aliyun_cred_client_t **client);

/**
 * Sets the AccessKey pair.
 *
 * answer: borrowed and changed. access_key_id, access_key_secret: borrowed, NUL-terminated UTF-8, and copied. Returns
 * NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8. Only on the
 * thread of the provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_access_key(aliyun_cred_answer_t *answer,
                                                       const char *access_key_id,
                                                       const char *access_key_secret);

/**
 * Sets the security token of an STS credential.
 *
 * answer: borrowed and changed. security_token: borrowed, NUL-terminated UTF-8, and copied. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. Only on the thread of the
 * provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_security_token(aliyun_cred_answer_t *answer,
                                                           const char *security_token);

/**
 * Sets the expiration: the credential is then cached, and refreshed in time.
 *
 * answer: borrowed and changed. expiration_ms: milliseconds since the Unix epoch. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if answer is NULL or the time is before the epoch. Only on the thread of the
 * provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_expiration(aliyun_cred_answer_t *answer,
                                                       int64_t expiration_ms);

/**
 * Sets the error of a provider that has no credential; it overrides all other values.
 *
 * answer: borrowed and changed. kind: a number of aliyun_cred_error_kind_t, from 1 to 17; any other becomes
 * ALIYUN_CRED_ERROR_INTERNAL. message: borrowed, NUL-terminated UTF-8, and copied: one line for people, without a
 * secret. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8.
 * Only on the thread of the provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_error(aliyun_cred_answer_t *answer,
                                                  uint32_t kind,
                                                  const char *message);

/**
 * Releases one reference; the last release wipes and frees the credential.
 *
 * credentials: a reference of the caller's, taken over. Neither it nor any string read through it may be used
 * afterwards; NULL does nothing. Any thread may call it, not only the one that got the credential.
 */
void aliyun_cred_credentials_free(aliyun_cred_credentials_t *credentials);

/**
 * Adds a reference to a credential, to be freed separately.
 *
 * credentials: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL
 * only if credentials is NULL. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_credentials_t *aliyun_cred_credentials_retain(const aliyun_cred_credentials_t *credentials);

/**
 * Reads all values of a credential in one call.
 *
 * credentials: borrowed. view: written on success only, with strings that belong to the credential. Returns NULL on
 * success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any number of threads may read one credential.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_credentials_view(const aliyun_cred_credentials_t *credentials,
                                                  aliyun_cred_credentials_view_t *view);

/**
 * Returns the AccessKey ID.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
 * is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_access_key_id(const aliyun_cred_credentials_t *credentials);

/**
 * Returns the AccessKey secret. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
 * is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_access_key_secret(const aliyun_cred_credentials_t *credentials);

/**
 * Returns the STS security token. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a long-lived AccessKey pair or a
 * bearer token, or if credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_security_token(const aliyun_cred_credentials_t *credentials);

/**
 * Returns the bearer token. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for anything but a bearer token or if
 * credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_bearer_token(const aliyun_cred_credentials_t *credentials);

/**
 * Returns the type that the client was created for, such as "sts" or "default".
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL only if credentials is NULL. Any number
 * of threads may read one credential.
 */
const char *aliyun_cred_credentials_type(const aliyun_cred_credentials_t *credentials);

/**
 * Returns the path of sources behind the credential, such as "default/cli_profile/static_ak".
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token that was configured
 * directly or if credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_provider_name(const aliyun_cred_credentials_t *credentials);

/**
 * Returns when the credential expires, by the wall clock.
 *
 * credentials: borrowed. Returns milliseconds since the Unix epoch; -1 if it never expires or if credentials is NULL.
 * Any number of threads may read one credential.
 */
int64_t aliyun_cred_credentials_expiration(const aliyun_cred_credentials_t *credentials);

/**
 * Asks the sources of a client anew, and reports what each of them found: which one answers, why the others do not,
 * and what to change. For people: a request for a credential costs less. It sends the requests and runs the commands
 * of a call by a new client, but touches nothing that is cached and writes nothing. The calling thread waits, at most
 * 30 s. A source that would have to rotate a refresh token is left alone, unless the flags permit that.
 *
 * client: borrowed. flags: of aliyun_cred_explain_flags_t. report: written on success only, with a report that the
 * caller owns and frees with aliyun_cred_report_free. Returns NULL on success, also if no source answers;
 * ALIYUN_CRED_ERROR_RECURSION if the client's own provider asks for it, or on the background thread;
 * ALIYUN_CRED_ERROR_IO if no thread can be started; ALIYUN_CRED_ERROR_INVALID_ARGUMENT for an unknown flag, or if a
 * pointer is NULL. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_explain(const aliyun_cred_client_t *client,
                                                uint32_t flags,
                                                aliyun_cred_report_t **report);

/**
 * Returns a report as text for a terminal of 80 columns, in several lines.
 *
 * report: borrowed. Returns a string that belongs to the report; NULL only if report is NULL. Any number of threads
 * may call it at once.
 */
const char *aliyun_cred_report_text(const aliyun_cred_report_t *report);

/**
 * Returns a report as JSON, in one line, as docs/report.schema.json describes it.
 *
 * report: borrowed. Returns a string that belongs to the report; NULL only if report is NULL. Any number of threads
 * may call it at once.
 */
const char *aliyun_cred_report_json(const aliyun_cred_report_t *report);

/**
 * Frees a report.
 *
 * report: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, as long as no other
 * is using the report.
 */
void aliyun_cred_report_free(aliyun_cred_report_t *report);

/**
 * Returns what a client knows without asking its source or waiting for a refresh: for health checks and metrics.
 *
 * client: borrowed. status: its size must be set; the other members are overwritten, not freed, on success only: zero
 * them first if aliyun_cred_status_clear may see them after a failure. The
 * caller frees what it then holds with aliyun_cred_status_clear. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the size is too small. Any number of threads may call it
 * at once, each with a status of its own.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_status(const aliyun_cred_client_t *client,
                                               aliyun_cred_status_t *status);

/**
 * Frees what a status holds: its provider name and its last error, which become NULL.
 *
 * status: as filled in by aliyun_cred_client_status, changed; NULL, or a status whose size is too small, does nothing.
 * Any thread may call it, as long as no other is using the status.
 */
void aliyun_cred_status_clear(aliyun_cred_status_t *status);

/**
 * Sets the callback for what happens to a client's credential, and replaces the previous one. Set it before the client
 * is used, so that no event is missed.
 *
 * client: borrowed. callback: called on a worker thread, one call at a time and in order for one client. It may block
 * and call this library, and must not throw a C++ exception. At most 64 events wait for it; then the oldest is
 * dropped. A call of the previous callback may still be running; it gets no further event. NULL: no events any more, and
 * the other arguments are ignored. user_data: passed to the callback unchanged. destructor: called once with
 * user_data when the callback has been replaced or the client freed, and no call is running. It may be called on any
 * thread, and must not block; NULL if there is nothing to free. On failure it is not called. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it. A forked child does not get the events
 * of its parent.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_set_event_callback(const aliyun_cred_client_t *client,
                                                           aliyun_cred_event_callback_t callback,
                                                           void *user_data,
                                                           aliyun_cred_destructor_t destructor);

/**
 * Sets the callback for log lines, and replaces the previous one; without one, nothing is logged.
 *
 * callback: called on whichever thread logs, including the background thread, and on several at once. It must not
 * block or throw a C++ exception, and may call this library, except for calls that wait. NULL: nothing is logged any
 * more. user_data: passed to the callback unchanged; it belongs to the caller. When this function returns, the
 * previous callback is not running and will not be called again, so that its data may be freed; to ensure this, it
 * waits for running calls. Inside a callback it never waits, since that would deadlock; there, the previous callback
 * may still be running, and its data must not be freed. A line logged while the callback is being replaced may be
 * lost. Any thread may call it, one at a time.
 */
void aliyun_cred_set_log_callback(aliyun_cred_log_callback_t callback, void *user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ALIYUN_CRED_H */
