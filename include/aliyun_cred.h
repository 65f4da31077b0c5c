/*
 * Credentials for Alibaba Cloud: found, fetched, and refreshed before they die.
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
 * These rules hold for every function; the comment of each adds what is special about it.
 *
 * Errors. A function that can fail returns an error, and NULL means success. The caller owns the error and frees it
 * with aliyun_cred_error_free, which takes NULL as well. An error's kind is for programs, its message for people. A
 * fault inside the library never ends the process: it is logged, and becomes an error of kind
 * ALIYUN_CRED_ERROR_INTERNAL or, where no error can be returned, the value that stands for "nothing". Memory that runs out
 * is the exception: it ends the process, with a line on standard error.
 *
 * Ownership. The caller owns what a _new, _default, _from_..., _assume_role, _get, _cached or _retain function gives, and frees it
 * exactly once with the _free function of its type. An argument is borrowed for the length of the call, but for those
 * of the _free functions. Every string and every view is borrowed from the object that it was read from, is valid
 * until that object is freed, and must be neither changed nor freed.
 *
 * Strings are NUL-terminated UTF-8 in both directions. Arguments may be of any length, and are copied where they are
 * needed for longer than the call. They must not change during it.
 *
 * NULL. Every pointer may be NULL: it is never followed. A function that can fail answers with
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT, as it does for a string that is not UTF-8; a _free function does nothing; any
 * other function returns NULL, 0, -1 or ALIYUN_CRED_OK, as its comment says. Any other pointer that did not come from
 * this library, or that has been freed, is an error that no function can notice.
 *
 * Out-parameters are written on success only; what they held before is overwritten, not freed.
 *
 * Threads. Clients, credentials and errors never change once made: any number of threads may use one at the same time,
 * on any thread, whichever made it. Freeing one is the exception: nobody else may be using the same pointer. The
 * references of credentials are counted, so that one thread may free its own while others use theirs. A configuration
 * changes when an option is set, and is for one thread at a time. The library
 * starts one background thread when a source first needs the network or a provider is asked, one for each piece of work
 * that blocks, four of these at once at most, and one for each call of a provider; they keep no process from ending.
 *
 * ThreadSanitizer does not see how these threads synchronise, because the library is not instrumented, and reports races
 * that are none. Run programs with TSAN_OPTIONS=suppressions=PREFIX/share/aliyun_cred/tsan.supp, which is installed with
 * this header.
 *
 * Signals. The library's threads block all signals but those that a fault of their own raises, and SIGPROF: handlers run
 * on the program's threads. Providers and external commands have blocked what the thread had that first needed the
 * background thread; so have the callbacks of requests, and SIGPIPE besides. A callback for log lines has whatever the
 * thread has that logs.
 *
 * Fork. A child may go on using every object that its parent made. It keeps the cached credentials, starts a
 * background thread of its own when it needs one, and touches no connection of its parent's. One that is forked inside a
 * callback must not return from it: it calls exec, or ends. As in any child of a process with several threads, this
 * relies on malloc working there, which glibc guarantees and POSIX does not. A child is known by its process number: one
 * that is put into a PID namespace of its own, and has there the number that its parent has in another, is taken for its
 * parent, and must not use this library before it has called exec.
 *
 * Unloading. The shared library stays mapped after dlclose, because its background thread may be running.
 *
 * Logging. Nothing is logged unless the program gives a callback with aliyun_cred_set_log_callback.
 *
 * Secrets are wiped from the library's memory when their owner is freed, and so is every other block of memory that it
 * frees: the buffers that a reply passes through as well. A reply stays in the buffer of its connection until that is
 * closed, a fraction of a second after the last request. Not wiped is what the program copies, and what the kernel holds.
 * No error holds a secret, and nothing is ever written to standard output or, while there is memory, to standard error.
 *
 * Configurations. Each option has a setter, aliyun_cred_config_set_<option>. Its arguments: config, which is borrowed
 * and changed; value, which is copied, and is a string, a whole number or a flag. It returns NULL on success, and
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8; the option then stays as it was.
 * Values are checked when a client is made.
 */

#ifndef ALIYUN_CRED_H
#define ALIYUN_CRED_H

/* Written by cbindgen from bindings/c: change it there, then run UPDATE_HEADER=1 cargo test -p aliyun-cred-c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Has the compiler warn if a result is dropped that would leak: an error, or a reference. */
#if defined(__GNUC__)
#define ALIYUN_CRED_MUST_USE __attribute__((warn_unused_result))
#else
#define ALIYUN_CRED_MUST_USE
#endif

/**
 * A resolved credential. It never changes; whoever holds a reference may keep it for as long as they like, whatever
 * becomes of the client.
 */
typedef struct aliyun_cred_credentials_t aliyun_cred_credentials_t;

/**
 * The version of the interface that this header describes. It changes whenever a program that was built against the
 * header before would no longer work; compare it with aliyun_cred_abi_version after loading the library by hand.
 */
#define ALIYUN_CRED_ABI_VERSION 0

/**
 * What kind of failure it was. Numbers and names are stable for ever; later versions may add to them.
 */
typedef enum {
    /**
     * No failure: what a NULL error stands for.
     */
    ALIYUN_CRED_OK = 0,
    /**
     * The configuration says something that cannot be: a missing or contradictory option, an unknown profile, a
     * circle of profiles. Unlike ALIYUN_CRED_ERROR_NOT_CONFIGURED, somebody did ask for this source.
     */
    ALIYUN_CRED_ERROR_INVALID_CONFIG = 1,
    /**
     * Nothing configures this source: no variable, no file.
     */
    ALIYUN_CRED_ERROR_NOT_CONFIGURED = 2,
    /**
     * The source is switched off on purpose, by a variable or in its file.
     */
    ALIYUN_CRED_ERROR_DISABLED = 3,
    /**
     * A file is there but cannot be read or written, or the operating system refused a thread or a socket.
     */
    ALIYUN_CRED_ERROR_IO = 4,
    /**
     * A file was read, but is not what it should be: not JSON, not UTF-8, a value of the wrong type.
     */
    ALIYUN_CRED_ERROR_MALFORMED_FILE = 5,
    /**
     * The service answered, and refused: wrong key, wrong signature, no permission, no such role.
     */
    ALIYUN_CRED_ERROR_DENIED = 6,
    /**
     * The service answered that it was asked too often. Unlike ALIYUN_CRED_ERROR_DENIED, later may work.
     */
    ALIYUN_CRED_ERROR_THROTTLED = 7,
    /**
     * The service could not be reached, or answered with a failure of its own (5xx).
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
     * The service answered with success, but the answer makes no sense. Unlike ALIYUN_CRED_ERROR_MALFORMED_FILE, the
     * fault is on the other side of the network.
     */
    ALIYUN_CRED_ERROR_MALFORMED_REPLY = 11,
    /**
     * The only credential to be had has already expired.
     */
    ALIYUN_CRED_ERROR_EXPIRED = 12,
    /**
     * Only a person can go on, by logging in again (CloudSSO, OAuth).
     */
    ALIYUN_CRED_ERROR_LOGIN_REQUIRED = 13,
    /**
     * An external command could not be run, failed, or printed something that is no credential.
     */
    ALIYUN_CRED_ERROR_COMMAND = 14,
    /**
     * The caller gave up; the refresh goes on for the others.
     */
    ALIYUN_CRED_ERROR_CANCELLED = 15,
    /**
     * What a call would wait for would wait for it: a provider, while asked for a credential, asked the same client for
     * one, or a callback on the library's background thread made a call that waits.
     */
    ALIYUN_CRED_ERROR_RECURSION = 16,
    /**
     * A fault of this library; please report it.
     */
    ALIYUN_CRED_ERROR_INTERNAL = 17,
    /**
     * An argument of the call itself is unusable: a NULL pointer, or a string that is not UTF-8. Only C and C++ have
     * this kind.
     */
    ALIYUN_CRED_ERROR_INVALID_ARGUMENT = 18,
} aliyun_cred_error_kind_t;

/**
 * How much a log line matters.
 */
typedef enum {
    /**
     * Something failed for good.
     */
    ALIYUN_CRED_LOG_ERROR = 1,
    /**
     * Something failed and does not matter yet: a valid credential stays in use, what was learned could not be kept.
     */
    ALIYUN_CRED_LOG_WARN = 2,
    /**
     * What a person may want to know.
     */
    ALIYUN_CRED_LOG_INFO = 3,
    /**
     * What a developer may want to know.
     */
    ALIYUN_CRED_LOG_DEBUG = 4,
} aliyun_cred_log_level_t;

/**
 * What a provider fills in. It lives as long as the call that it was passed to, and is for the thread of that call.
 */
typedef struct aliyun_cred_answer_t aliyun_cred_answer_t;

/**
 * A client of one source, or of the default chain. It holds the cached credential and refreshes it in time; keep it,
 * and share it between threads.
 */
typedef struct aliyun_cred_client_t aliyun_cred_client_t;

/**
 * What the user says about one source. Options that are not set come from the environment and the defaults when a
 * client is made. It is the only handle that changes: one thread at a time may set options.
 */
typedef struct aliyun_cred_config_t aliyun_cred_config_t;

/**
 * Why a call failed. It never changes, and no text in it holds a secret.
 */
typedef struct aliyun_cred_error_t aliyun_cred_error_t;

/**
 * One question, from when it was asked until it is freed.
 */
typedef struct aliyun_cred_request_t aliyun_cred_request_t;

/**
 * Takes what was asked for. user_data: what was given with the callback. credentials: a reference that the callback
 * owns and frees with aliyun_cred_credentials_free; NULL if there is an error. error: one that the callback owns and
 * frees with aliyun_cred_error_free; NULL if there are credentials.
 */
typedef void (*aliyun_cred_callback_t)(void *user_data,
                                       aliyun_cred_credentials_t *credentials,
                                       aliyun_cred_error_t *error);

/**
 * Asks a provider. user_data: what was given with it. answer: borrowed for the call, to be filled in with
 * aliyun_cred_answer_set_access_key and its like, or with aliyun_cred_answer_set_error.
 */
typedef void (*aliyun_cred_provider_t)(void *user_data, aliyun_cred_answer_t *answer);

/**
 * Frees what a callback was given as its user_data.
 */
typedef void (*aliyun_cred_destructor_t)(void *user_data);

/**
 * A borrowed string: UTF-8, with a NUL behind it.
 */
typedef struct {
    /**
     * The first byte; NULL if the value is absent.
     */
    const char *data;
    /**
     * How many bytes there are before the NUL; 0 if the value is absent.
     */
    size_t length;
} aliyun_cred_string_view_t;

/**
 * Everything in a credential, for a caller that wants it in one call. The strings belong to the credential and live
 * as long as the reference that it was read through.
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
     * The type that the client was made for, such as "sts" or "default"; never absent.
     */
    aliyun_cred_string_view_t type;
    /**
     * The path of sources that led here, such as "default/cli_profile/static_ak"; absent for a bearer token that was
     * configured directly.
     */
    aliyun_cred_string_view_t provider_name;
    /**
     * When it ends, in milliseconds since the Unix epoch; -1 if it does not end.
     */
    int64_t expiration;
} aliyun_cred_credentials_view_t;

/**
 * Takes a log line. level: how much it matters. message: one line of NUL-terminated UTF-8, borrowed for the call; it
 * never holds a secret. user_data: what was given to aliyun_cred_set_log_callback.
 */
typedef void (*aliyun_cred_log_callback_t)(aliyun_cred_log_level_t level, const char *message, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Gives the version of the library, such as "1.2.3", in a string that lives as long as the program. Any thread may
 * call it.
 */
const char *aliyun_cred_version(void);

/**
 * Gives the version of the interface that the library speaks; see ALIYUN_CRED_ABI_VERSION. It is the number in the
 * name of the shared library, libaliyun_cred.so.0. Any thread may call it.
 */
uint32_t aliyun_cred_abi_version(void);

/**
 * Frees an error.
 *
 * error: taken over and no longer valid afterwards, nor is any string that was read from it; NULL does nothing. No
 * other thread may be using it.
 */
void aliyun_cred_error_free(aliyun_cred_error_t *error);

/**
 * Tells what kind of failure it was.
 *
 * error: borrowed; NULL, which is success, gives ALIYUN_CRED_OK. Any number of threads may read one error.
 */
aliyun_cred_error_kind_t aliyun_cred_error_kind(const aliyun_cred_error_t *error);

/**
 * Names a kind, such as "not_configured", for logs and metrics.
 *
 * kind: a number of aliyun_cred_error_kind_t. Returns a string that lives as long as the program, or NULL for any
 * other number. Any thread may call it.
 */
const char *aliyun_cred_error_kind_name(uint32_t kind);

/**
 * Says in one line what was tried, what came back and what to change.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL only if error is NULL. Any number of threads may
 * read one error.
 */
const char *aliyun_cred_error_message(const aliyun_cred_error_t *error);

/**
 * Names the source that failed, as in a credential's provider name.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if no single source failed or if error is NULL.
 * Any number of threads may read one error.
 */
const char *aliyun_cred_error_provider(const aliyun_cred_error_t *error);

/**
 * Gives the service's own code, such as "NoPermission".
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if no service answered with a code or if error
 * is NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_code(const aliyun_cred_error_t *error);

/**
 * Gives the service's id of the request, which its support will ask for.
 *
 * error: borrowed. Returns a string that belongs to the error; NULL if no service answered with an id or if error is
 * NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_request_id(const aliyun_cred_error_t *error);

/**
 * Gives the HTTP status of the service's answer.
 *
 * error: borrowed. Returns 0 if no service answered or if error is NULL. Any number of threads may read one error.
 */
int32_t aliyun_cred_error_http_status(const aliyun_cred_error_t *error);

/**
 * Counts the sources that a chain asked in vain, in order.
 *
 * error: borrowed. Returns 0 if the failure was not a chain's or if error is NULL. Any number of threads may read one
 * error.
 */
size_t aliyun_cred_error_attempts(const aliyun_cred_error_t *error);

/**
 * Tells why one source of a chain did not answer.
 *
 * error: borrowed. index: from 0 on, less than aliyun_cred_error_attempts. Returns ALIYUN_CRED_OK if there is no such
 * attempt or if error is NULL. Any number of threads may read one error.
 */
aliyun_cred_error_kind_t aliyun_cred_error_attempt_kind(const aliyun_cred_error_t *error, size_t index);

/**
 * Names one source of a chain, such as "env".
 *
 * error: borrowed. index: from 0 on, less than aliyun_cred_error_attempts. Returns a string that belongs to the
 * error; NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_attempt_provider(const aliyun_cred_error_t *error, size_t index);

/**
 * Says in one line why one source of a chain did not answer, and what would make it answer.
 *
 * error: borrowed. index: from 0 on, less than aliyun_cred_error_attempts. Returns a string that belongs to the
 * error; NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
 */
const char *aliyun_cred_error_attempt_message(const aliyun_cred_error_t *error, size_t index);

/**
 * Makes an empty configuration; at least its type has to be set.
 *
 * Returns a configuration that the caller owns and frees with aliyun_cred_config_free. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_config_t *aliyun_cred_config_new(void);

/**
 * Reads a configuration from a JSON object whose keys are the options' names, such as {"type": "access_key"}: in snake
 * case, as in the setters' names, or in camel case, as in the official packages. null is as good as absent.
 *
 * json: borrowed, NUL-terminated UTF-8. config: written on success only, with a configuration that the caller owns and
 * frees with aliyun_cred_config_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if json is not a JSON
 * object, or for an unknown name or a value of another type (the text never quotes a value);
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or json is not UTF-8. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_config_from_json(const char *json, aliyun_cred_config_t **config);

/**
 * Frees a configuration and wipes its secrets. Clients that were made from it are not affected.
 *
 * config: taken over and no longer to be used; NULL does nothing. No other thread may be using it.
 */
void aliyun_cred_config_free(aliyun_cred_config_t *config);

/**
 * The kind of source: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, oidc_role_arn or
 * credentials_uri. Required.
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
 * The instance's RAM role; else ALIBABA_CLOUD_ECS_METADATA, else read from the metadata service.
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
 * Makes a client of the source that a configuration names. It opens no connection and starts no thread.
 *
 * config: borrowed for the call, and copied; it may be changed or freed afterwards. client: written on success only,
 * with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, contradictory or out of range;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; another kind if a file that an option names cannot be used.
 * Any thread may call it, as long as none changes config meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_new(const aliyun_cred_config_t *config,
                                            aliyun_cred_client_t **client);

/**
 * Makes a client of the default chain: the environment, then the configuration files, and so on. It opens no
 * connection and starts no thread; what the chain finds, or why it finds nothing, shows at the first call.
 *
 * client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns
 * NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if an environment variable that only the chain reads makes no
 * sense; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it.
 */
ALIYUN_CRED_MUST_USE aliyun_cred_error_t *aliyun_cred_client_default(aliyun_cred_client_t **client);

/**
 * Makes a client of a source by its name, without guessing: "env", "env_legacy", "static_ak", "static_sts", "bearer",
 * "ram_role_arn", "oidc_role_arn", "ecs_ram_role", "rsa_key_pair", "credential_uri", "cli_profile", "profile",
 * "cloud_sso", "oauth", "external" or "default". It opens no connection and starts no thread.
 *
 * name: borrowed, NUL-terminated UTF-8; it becomes the client's type. config: borrowed for the call, and copied; its
 * type is not looked at; NULL is as good as an empty one. client: written on success only, with a client that the
 * caller owns and frees with aliyun_cred_client_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG for an
 * unknown name, or if an option is missing, contradictory or out of range; ALIYUN_CRED_ERROR_LOGIN_REQUIRED if only a
 * person can go on; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name or client is NULL or name is not UTF-8; another kind if
 * the source is switched off, or a file that an option names cannot be used. Any thread may call it, as long as none
 * changes config meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_from_source(const char *name,
                                                    const aliyun_cred_config_t *config,
                                                    aliyun_cred_client_t **client);

/**
 * Makes a client of a profile of the Alibaba Cloud CLI's configuration file. The file is read when a credential is first
 * asked for.
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
 * Makes a client of a role that is assumed with what another client gives. Roles can be assumed one on top of another,
 * each with a session name and an external ID of its own, up to 1,000 high. It opens no connection and starts no thread.
 *
 * base: borrowed for the call; the new client keeps what it needs of it, and base may be freed. role: borrowed for the
 * call, and copied: the role's ARN and the other options of ram_role_arn; its type is not looked at. client: written on
 * success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing or out of range, or too many roles stand on one another;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes role meanwhile.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_assume_role(const aliyun_cred_client_t *base,
                                                    const aliyun_cred_config_t *role,
                                                    aliyun_cred_client_t **client);

/**
 * Frees a client. Credentials that it gave stay valid; a refresh in flight ends on its own.
 *
 * client: taken over and no longer to be used; NULL does nothing. Any thread may call it, as long as no other is using
 * the client.
 */
void aliyun_cred_client_free(aliyun_cred_client_t *client);

/**
 * Gets the current credential. While the cached one is fresh that takes nanoseconds and no lock; otherwise the calling
 * thread waits for the source, within the source's own time limits. Threads that wait together share one request.
 *
 * client: borrowed. credentials: written on success only, with a reference that the caller owns and frees with
 * aliyun_cred_credentials_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; any
 * other kind if the source has no credential that is still valid. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials(const aliyun_cred_client_t *client,
                                                        aliyun_cred_credentials_t **credentials);

/**
 * As aliyun_cred_client_get_credentials, but waits for a limited time. A refresh goes on when the limit runs out. To read
 * configuration files is not to wait: that is done by the calling thread, and takes as long as the disk does.
 *
 * client: borrowed. timeout_ms: the limit in milliseconds; 0 never waits. credentials: written on success only, with a
 * reference that the caller owns and frees with aliyun_cred_credentials_free. Returns NULL on success;
 * ALIYUN_CRED_ERROR_TIMEOUT if the limit, or one of the source's own, ran out; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a
 * pointer is NULL; any other kind if the source has no credential that is still valid. Any number of threads may call
 * it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials_within(const aliyun_cred_client_t *client,
                                                               uint64_t timeout_ms,
                                                               aliyun_cred_credentials_t **credentials);

/**
 * Gives the cached credential if it is fresh, without waiting for anything and without asking the source; of environment
 * variables, which are never cached, what they say if they said it before. What a provider of the program's own gives
 * without saying until when is never cached either.
 *
 * client: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL if
 * there is no such credential or if client is NULL. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_credentials_t *aliyun_cred_client_cached(const aliyun_cred_client_t *client);

/**
 * Says that the service has refused the cached credential: the next call asks the source again, and reads the
 * configuration file that it came from anew. A credential that somebody typed into the configuration stays as it is. Of
 * the clients that a role stands on, those with a configuration file read it anew; the others keep their credential.
 *
 * client: borrowed; NULL does nothing. Any number of threads may call it at once.
 */
void aliyun_cred_client_invalidate(const aliyun_cred_client_t *client);

/**
 * Gives the type that the client was made for: "access_key", "ram_role_arn" and so on, or "default" for the chain.
 *
 * client: borrowed. Returns a string that belongs to the client; NULL only if client is NULL. Any number of threads
 * may call it at once.
 */
const char *aliyun_cred_client_type(const aliyun_cred_client_t *client);

/**
 * Asks for the current credential, and has a callback called with it. Nothing waits, but that configuration files are read
 * by the calling thread, which takes as long as the disk does. While the cached one is fresh, or if there is nothing to be
 * waited for (no service, provider, command or lock), the callback runs inside this call; otherwise on the background
 * thread when the source has answered, or inside another thread's call into the library that brought the answer.
 *
 * client: borrowed for the call; the callback may free it. callback: called exactly once, unless it is cancelled before;
 * it must not block, nor throw a C++ exception, and may use this library, but a call of it that would have to wait gives
 * ALIYUN_CRED_ERROR_RECURSION on the background thread. user_data: handed to the callback as it is; it belongs to the
 * caller. request: written before the callback is called, on success only, with a handle that the caller owns and frees
 * with aliyun_cred_request_free; NULL if nobody will want to cancel. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client or callback is NULL, and then the callback is not called. In a forked
 * child the callbacks of its parent are not called. Any number of threads may call it at once.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_get_credentials_async(const aliyun_cred_client_t *client,
                                                              aliyun_cred_callback_t callback,
                                                              void *user_data,
                                                              aliyun_cred_request_t **request);

/**
 * Gives up: the callback is not called any more. The refresh goes on for the others.
 *
 * request: borrowed. Returns true if the callback has not been called and never will be; false if it has been, and has
 * returned, so that what it uses may be freed in either case: to that end this waits while the callback runs in another
 * thread. Not so inside a callback, this one or another, which could wait for one that waits for it: there false may mean
 * that it is running. NULL gives false. In a forked child it never waits either, and says how it stood when the child was
 * forked: true if the callback had not been called by then, and false if it had, though it may have been running. Any
 * number of threads may call it at once.
 */
bool aliyun_cred_request_cancel(const aliyun_cred_request_t *request);

/**
 * Frees a request. That cancels nothing.
 *
 * request: taken over and no longer to be used; NULL does nothing. Any thread may call it, the callback's too, as long as
 * no other is using the request.
 */
void aliyun_cred_request_free(aliyun_cred_request_t *request);

/**
 * Makes a client of a provider of the program's own, which can be the base of a role as well.
 *
 * name: borrowed, NUL-terminated UTF-8: the client's type, and the provider name of what it gives. provider: asked on
 * a thread of its own, never twice at the same time for one client, and given up after a minute; it may block, and
 * must not throw a C++ exception. While a call that was given up is still running the client gets no other, and waits
 * for that a minute at most. Of all providers four are at work at once, those that were given up or have had to wait
 * for another client not counted; the others wait for their turn, a minute at most. It is asked at every call, unless
 * it says when its credential expires: that is then cached, and refreshed in time. If it asks the client that is
 * asking it, it gets ALIYUN_CRED_ERROR_RECURSION. user_data: handed to it as it is. destructor: called with user_data,
 * once, on any thread, the background thread among them, when this client and every role on top of it are freed and no
 * call runs any more: it must not block; NULL if there is nothing to free. On failure it is not called. client:
 * written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on
 * success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name, provider or client is NULL, or name is not UTF-8. Any thread
 * may call it.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_client_from_provider(const char *name,
                                                      aliyun_cred_provider_t provider,
                                                      void *user_data,
                                                      aliyun_cred_destructor_t destructor,
                                                      aliyun_cred_client_t **client);

/**
 * Fills in an AccessKey pair.
 *
 * answer: borrowed and changed. access_key_id, access_key_secret: borrowed, NUL-terminated UTF-8, and copied. Returns
 * NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8. For the thread of the
 * provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_access_key(aliyun_cred_answer_t *answer,
                                                       const char *access_key_id,
                                                       const char *access_key_secret);

/**
 * Fills in the security token of an STS credential.
 *
 * answer: borrowed and changed. security_token: borrowed, NUL-terminated UTF-8, and copied. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. For the thread of the provider's
 * call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_security_token(aliyun_cred_answer_t *answer,
                                                           const char *security_token);

/**
 * Fills in when the credential expires: it is then cached, and refreshed before that.
 *
 * answer: borrowed and changed. expiration_ms: milliseconds since the Unix epoch. Returns NULL on success;
 * ALIYUN_CRED_ERROR_INVALID_ARGUMENT if answer is NULL or the time is before the epoch. For the thread of the provider's
 * call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_expiration(aliyun_cred_answer_t *answer,
                                                       int64_t expiration_ms);

/**
 * Fills in why there is no credential; it counts whatever else was filled in.
 *
 * answer: borrowed and changed. kind: a number of aliyun_cred_error_kind_t, from 1 to 17; any other stands for
 * ALIYUN_CRED_ERROR_INTERNAL. message: borrowed, NUL-terminated UTF-8, and copied: one line for people, without a secret.
 * Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. For the
 * thread of the provider's call.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_answer_set_error(aliyun_cred_answer_t *answer,
                                                  uint32_t kind,
                                                  const char *message);

/**
 * Gives one reference back; the credential is wiped and freed with its last one.
 *
 * credentials: a reference of the caller's, taken over and no longer to be used, nor any string that was read through
 * it; NULL does nothing. Any thread may call it, not only the one that got the credential.
 */
void aliyun_cred_credentials_free(aliyun_cred_credentials_t *credentials);

/**
 * Makes a second reference to a credential, to be freed on its own.
 *
 * credentials: borrowed. Returns a reference that the caller owns, and frees with aliyun_cred_credentials_free; NULL
 * only if credentials is NULL. Any thread may call it, at the same time as others.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_credentials_t *aliyun_cred_credentials_retain(const aliyun_cred_credentials_t *credentials);

/**
 * Reads everything in a credential in one call.
 *
 * credentials: borrowed. view: written on success only, with strings that belong to the credential. Returns NULL on
 * success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any number of threads may read one credential.
 */
ALIYUN_CRED_MUST_USE
aliyun_cred_error_t *aliyun_cred_credentials_view(const aliyun_cred_credentials_t *credentials,
                                                  aliyun_cred_credentials_view_t *view);

/**
 * Gives the AccessKey ID.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
 * is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_access_key_id(const aliyun_cred_credentials_t *credentials);

/**
 * Gives the AccessKey secret. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
 * is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_access_key_secret(const aliyun_cred_credentials_t *credentials);

/**
 * Gives the STS security token. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a long-lived AccessKey pair or a
 * bearer token, or if credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_security_token(const aliyun_cred_credentials_t *credentials);

/**
 * Gives the bearer token. Keep it out of logs.
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for anything but a bearer token or if
 * credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_bearer_token(const aliyun_cred_credentials_t *credentials);

/**
 * Gives the type that the client was made for, such as "sts" or "default".
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL only if credentials is NULL. Any number
 * of threads may read one credential.
 */
const char *aliyun_cred_credentials_type(const aliyun_cred_credentials_t *credentials);

/**
 * Gives the path of sources that led to the credential, such as "default/cli_profile/static_ak".
 *
 * credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token that was configured
 * directly or if credentials is NULL. Any number of threads may read one credential.
 */
const char *aliyun_cred_credentials_provider_name(const aliyun_cred_credentials_t *credentials);

/**
 * Tells when the credential ends, by the wall clock.
 *
 * credentials: borrowed. Returns milliseconds since the Unix epoch; -1 if it does not end or if credentials is NULL.
 * Any number of threads may read one credential.
 */
int64_t aliyun_cred_credentials_expiration(const aliyun_cred_credentials_t *credentials);

/**
 * Has a callback called with every log line, in place of the one before; without one nothing is logged.
 *
 * callback: called on whichever thread has something to say, the background thread among them, and on several at once;
 * it must not block, nor throw a C++ exception, and may use this library but for calls that wait. NULL: nothing is
 * logged any more. user_data: handed to the callback as it is; it belongs to the caller. When this returns, the callback
 * before is not running and will not be called again, so that what it uses may be freed: to that end this waits for calls
 * of it that are still running. Not so inside a callback, which it would wait for: then calls of the callback before, in
 * this thread and in others, may still be running, and what it uses must not be freed. A line that is logged while the
 * callback is being replaced may be lost. Any thread may call it, one at a time.
 */
void aliyun_cred_set_log_callback(aliyun_cred_log_callback_t callback,
                                  void *user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ALIYUN_CRED_H */
