// aliyun_cred.h for C++17: the same objects with automatic ownership, and exceptions or results instead of error
// pointers.
//
//     #include <aliyun_cred.hpp>
//
//     aliyun_cred::Client client;  // whatever this machine provides
//     aliyun_cred::Credentials credentials = client.credentials();
//     sign(credentials.access_key_id(), credentials.access_key_secret(), credentials.security_token());
//
//     aliyun_cred::Client role(aliyun_cred::Config("ram_role_arn")
//                                  .access_key_id("LTAI...")
//                                  .access_key_secret("...")
//                                  .role_arn("acs:ram::1234567890123456:role/reader"));
//
// Every function that throws Error has a twin that returns a Result instead, whose name begins with try_. Without
// exceptions (-fno-exceptions) use only those twins: a function that would throw ends the program.
//
// Header only; link with -laliyun_cred. The rules on threads, fork and strings are those of aliyun_cred.h: any number
// of threads may use clients, credentials and errors at once, but only one a configuration. The objects themselves
// follow C++'s usual rule: while one thread assigns to an object or destroys it, no other may use that object; give
// each thread a copy, which is cheap. A moved-from object may only be assigned to or destroyed.
#ifndef ALIYUN_CRED_HPP
#define ALIYUN_CRED_HPP

#include "aliyun_cred.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace aliyun_cred {

// The kind of a failure: ALIYUN_CRED_ERROR_DENIED and so on.
using ErrorKind = aliyun_cred_error_kind_t;

// A source of a chain that was asked and failed.
struct Attempt {
    // The source's name, such as "env".
    std::string provider;
    ErrorKind kind;
    // Why it failed, and what to change, in one line.
    std::string message;
};

namespace detail {

template <typename T, void (*Free)(T *)>
struct Deleter {
    void operator()(T *pointer) const noexcept { Free(pointer); }
};

template <typename T, void (*Free)(T *)>
using Owned = std::unique_ptr<T, Deleter<T, Free>>;

using OwnedError = Owned<aliyun_cred_error_t, aliyun_cred_error_free>;

inline std::string copied(const char *text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace detail

// Why a call failed. what() is one line that says what was tried, what came back and what to change; it never holds a
// secret. Copies share their contents.
class Error : public std::runtime_error {
public:
    // Takes ownership of an error of the C interface.
    explicit Error(detail::OwnedError error) : Error(*read(error.get())) {}

    // Copies an error of the C interface.
    explicit Error(const aliyun_cred_error_t *error) : Error(*read(error)) {}

    Error(ErrorKind kind, const std::string &message)
        : std::runtime_error(message),
          details_(std::make_shared<const Details>(Details{kind, message, {}, {}, {}, 0, {}})) {}

    ErrorKind kind() const noexcept { return details_->kind; }

    // The kind's stable name, such as "not_configured".
    const char *kind_name() const noexcept { return aliyun_cred_error_kind_name(static_cast<std::uint32_t>(kind())); }

    // The source that failed; empty if it was not a single one.
    const std::string &provider() const noexcept { return details_->provider; }

    // The service's error code, such as "NoPermission"; empty if it sent none.
    const std::string &code() const noexcept { return details_->code; }

    // The service's request ID, for its support; empty if it sent none.
    const std::string &request_id() const noexcept { return details_->request_id; }

    // The HTTP status of the service's reply; 0 if no service replied.
    int http_status() const noexcept { return details_->http_status; }

    // Every source that a chain asked, in order; empty if no chain failed.
    const std::vector<Attempt> &attempts() const noexcept { return details_->attempts; }

private:
    struct Details {
        ErrorKind kind;
        std::string message;
        std::string provider;
        std::string code;
        std::string request_id;
        int http_status;
        std::vector<Attempt> attempts;
    };

    explicit Error(const Details &details)
        : std::runtime_error(details.message), details_(std::make_shared<const Details>(details)) {}

    static std::unique_ptr<const Details> read(const aliyun_cred_error_t *error) {
        auto details = std::make_unique<Details>();
        details->kind = aliyun_cred_error_kind(error);
        details->message = detail::copied(aliyun_cred_error_message(error));
        details->provider = detail::copied(aliyun_cred_error_provider(error));
        details->code = detail::copied(aliyun_cred_error_code(error));
        details->request_id = detail::copied(aliyun_cred_error_request_id(error));
        details->http_status = aliyun_cred_error_http_status(error);
        for (std::size_t index = 0; index < aliyun_cred_error_attempts(error); ++index) {
            details->attempts.push_back(Attempt{detail::copied(aliyun_cred_error_attempt_provider(error, index)),
                                                aliyun_cred_error_attempt_kind(error, index),
                                                detail::copied(aliyun_cred_error_attempt_message(error, index))});
        }
        return details;
    }

    // Shared, so that copying an exception cannot throw another.
    std::shared_ptr<const Details> details_;
};

namespace detail {

[[noreturn]] inline void raise(const Error &error) {
#if defined(__cpp_exceptions)
    throw error;
#else
    static_cast<void>(error);
    std::terminate();
#endif
}

// Runs the program's code, which may throw but must not throw through C. An exception goes to `caught` as a kind and a
// message; `caught` may throw too.
template <typename Work, typename Caught>
void contain(Work work, Caught caught) noexcept {
#if defined(__cpp_exceptions)
    try {
        try {
            work();
        } catch (const Error &error) {
            caught(error.kind(), error.what());
        } catch (const std::exception &error) {
            caught(ALIYUN_CRED_ERROR_INTERNAL, error.what());
        } catch (...) {
            caught(ALIYUN_CRED_ERROR_INTERNAL, "what was thrown is no std::exception");
        }
    } catch (...) {}
#else
    static_cast<void>(caught);
    work();
#endif
}

}  // namespace detail

// A value, or the error instead of it, for code that does not use exceptions.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::move(value)) {}
    Result(Error error) : content_(std::move(error)) {}

    bool has_value() const noexcept { return std::holds_alternative<T>(content_); }
    explicit operator bool() const noexcept { return has_value(); }

    // The value; throws the error if there is none.
    const T &value() const & {
        check();
        return *std::get_if<T>(&content_);
    }
    T value() && {
        check();
        return std::move(*std::get_if<T>(&content_));
    }

    // The value; there must be one.
    const T &operator*() const & noexcept { return *std::get_if<T>(&content_); }
    const T *operator->() const noexcept { return std::get_if<T>(&content_); }

    // The error; there must be one.
    const Error &error() const noexcept { return *std::get_if<Error>(&content_); }

private:
    void check() const {
        if (!has_value()) {
            detail::raise(error());
        }
    }

    std::variant<T, Error> content_;
};

// Nothing, or an error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }

    // Throws the error if there is one.
    void value() const {
        if (error_) {
            detail::raise(*error_);
        }
    }

    // The error; there must be one.
    const Error &error() const noexcept { return *error_; }

private:
    std::optional<Error> error_;
};

namespace detail {

inline Result<void> outcome(aliyun_cred_error_t *error) {
    if (error != nullptr) {
        return Error(OwnedError(error));
    }
    return {};
}

// A duration's number of ticks, whatever their type on this platform.
template <typename Duration>
constexpr std::int64_t count(Duration duration) noexcept {
    return duration.count();
}

// A string argument: any string, a type that converts to one such as a path, or NULL, which is an error instead of a
// crash.
class Text {
public:
    Text(const char *text) : view_(text == nullptr ? std::string_view() : text), is_null_(text == nullptr) {}
    Text(std::string_view text) noexcept : view_(text) {}
    Text(const std::string &text) noexcept : view_(text) {}
    template <typename Other, std::enable_if_t<!std::is_convertible_v<const Other &, std::string_view> &&
                                                   std::is_convertible_v<const Other &, std::string>,
                                               int> = 0>
    Text(const Other &text) : own_(text), view_(own_) {}
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;

    std::string_view view() const noexcept { return view_; }
    bool is_null() const noexcept { return is_null_; }

private:
    std::string own_;
    std::string_view view_;
    bool is_null_ = false;
};

// Rejects NULL, and strings with an embedded NUL, which C would silently cut off.
inline Result<void> whole(const char *name, const Text &value) {
    if (value.is_null()) {
        return Error(ALIYUN_CRED_ERROR_INVALID_ARGUMENT, "'" + std::string(name) + "' is NULL");
    }
    if (value.view().find('\0') != std::string_view::npos) {
        return Error(ALIYUN_CRED_ERROR_INVALID_ARGUMENT, "'" + std::string(name) + "' contains a NUL character");
    }
    return {};
}

// A NUL-terminated copy, since a view need not end with NUL. Wiped on destruction, because it may be a secret.
class Terminated {
public:
    explicit Terminated(const Text &text) : text_(text.view()) {}
    Terminated(const Terminated &) = delete;
    Terminated &operator=(const Terminated &) = delete;
    ~Terminated() {
        volatile char *character = text_.data();
        for (std::size_t left = text_.size(); left > 0; --left) {
            *character++ = '\0';
        }
    }

    const char *get() const noexcept { return text_.c_str(); }

private:
    std::string text_;
};

template <typename T>
Result<void> set(aliyun_cred_error_t *(*setter)(aliyun_cred_config_t *, T), aliyun_cred_config_t *config, const char *,
                 T value) {
    return outcome(setter(config, value));
}

inline Result<void> set(aliyun_cred_error_t *(*setter)(aliyun_cred_config_t *, const char *),
                        aliyun_cred_config_t *config, const char *name, const Text &value) {
    if (auto text = whole(name, value); !text) {
        return text;
    }
    return outcome(setter(config, Terminated(value).get()));
}

// A time in milliseconds since the Unix epoch, clamped to the clock's last time; absent if it is negative.
inline std::optional<std::chrono::system_clock::time_point> point_of_time(std::int64_t unix_ms) noexcept {
    using Time = std::chrono::system_clock::time_point;
    using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;
    if (unix_ms < 0) {
        return std::nullopt;
    }
    const Milliseconds since(unix_ms);
    const Time last = (Time::max)();
    return since < std::chrono::duration_cast<Milliseconds>(last.time_since_epoch()) ? Time(since) : last;
}

// A duration in milliseconds; absent if it is negative.
inline std::optional<std::chrono::milliseconds> duration(std::int64_t ms) noexcept {
    return ms < 0 ? std::nullopt : std::optional<std::chrono::milliseconds>(ms);
}

inline std::int64_t unix_seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Rejects an empty function.
template <typename Signature>
Result<void> callable(const char *name, const std::function<Signature> &function) {
    if (!function) {
        return Error(ALIYUN_CRED_ERROR_INVALID_ARGUMENT, "'" + std::string(name) + "' is empty");
    }
    return {};
}

}  // namespace detail

// The options of one source. Each option has a setter of its name, which returns the configuration so that calls can be
// chained; see aliyun_cred_config_set_<option> in aliyun_cred.h for its meaning. A setter throws Error for a string
// that is not UTF-8 or contains a NUL, and try_<option> returns it. Values are checked when a client is created.
// Durations and times can also be passed as std::chrono types.
class Config {
public:
    Config() : config_(aliyun_cred_config_new()) {}

    // A configuration of this type: "access_key", "sts", "ram_role_arn" and so on.
    explicit Config(const detail::Text &type_name) : Config() { type(type_name); }

    // Parses a JSON object whose keys are the options' names; see aliyun_cred_config_from_json.
    static Config from_json(const detail::Text &json) { return try_from_json(json).value(); }

    // Like from_json, without throwing Error.
    static Result<Config> try_from_json(const detail::Text &json) {
        if (auto text = detail::whole("json", json); !text) {
            return text.error();
        }
        aliyun_cred_config_t *config = nullptr;
        if (auto read = detail::outcome(aliyun_cred_config_from_json(detail::Terminated(json).get(), &config)); !read) {
            return read.error();
        }
        return Config(config);
    }

#define ALIYUN_CRED_OPTION(option, value_type)                                              \
    Result<void> try_##option(value_type value) {                                           \
        return detail::set(aliyun_cred_config_set_##option, config_.get(), #option, value); \
    }                                                                                       \
    Config &option(value_type value) & {                                                    \
        try_##option(value).value();                                                        \
        return *this;                                                                       \
    }                                                                                       \
    Config &&option(value_type value) && { return std::move(option(value)); }

#define ALIYUN_CRED_DURATION(option, unit)                                               \
    ALIYUN_CRED_OPTION(option, std::int64_t)                                             \
    Result<void> try_##option(unit value) { return try_##option(detail::count(value)); } \
    Config &option(unit value) & { return option(detail::count(value)); }                \
    Config &&option(unit value) && { return std::move(option(value)); }

#define ALIYUN_CRED_TIME(option)                                                                                  \
    ALIYUN_CRED_OPTION(option, std::int64_t)                                                                      \
    Result<void> try_##option(std::chrono::system_clock::time_point value) {                                      \
        return try_##option(detail::unix_seconds(value));                                                         \
    }                                                                                                             \
    Config &option(std::chrono::system_clock::time_point value) & { return option(detail::unix_seconds(value)); } \
    Config &&option(std::chrono::system_clock::time_point value) && { return std::move(option(value)); }

    // --- generated by bindings/options.py from bindings/options.json
    ALIYUN_CRED_OPTION(type, const detail::Text &)
    ALIYUN_CRED_OPTION(access_key_id, const detail::Text &)
    ALIYUN_CRED_OPTION(access_key_secret, const detail::Text &)
    ALIYUN_CRED_OPTION(security_token, const detail::Text &)
    ALIYUN_CRED_OPTION(bearer_token, const detail::Text &)
    ALIYUN_CRED_OPTION(role_arn, const detail::Text &)
    ALIYUN_CRED_OPTION(oidc_provider_arn, const detail::Text &)
    ALIYUN_CRED_OPTION(oidc_token_file_path, const detail::Text &)
    ALIYUN_CRED_OPTION(role_session_name, const detail::Text &)
    ALIYUN_CRED_DURATION(role_session_expiration, std::chrono::seconds)
    ALIYUN_CRED_OPTION(policy, const detail::Text &)
    ALIYUN_CRED_OPTION(external_id, const detail::Text &)
    ALIYUN_CRED_OPTION(sts_endpoint, const detail::Text &)
    ALIYUN_CRED_OPTION(sts_region_id, const detail::Text &)
    ALIYUN_CRED_OPTION(enable_vpc, bool)
    ALIYUN_CRED_OPTION(public_key_id, const detail::Text &)
    ALIYUN_CRED_OPTION(private_key_file, const detail::Text &)
    ALIYUN_CRED_OPTION(private_key, const detail::Text &)
    ALIYUN_CRED_OPTION(secret_name, const detail::Text &)
    ALIYUN_CRED_OPTION(kms_region_id, const detail::Text &)
    ALIYUN_CRED_OPTION(kms_endpoint, const detail::Text &)
    ALIYUN_CRED_OPTION(ca_file, const detail::Text &)
    ALIYUN_CRED_OPTION(role_name, const detail::Text &)
    ALIYUN_CRED_OPTION(disable_imds_v1, bool)
    ALIYUN_CRED_OPTION(async_credential_update_enabled, bool)
    ALIYUN_CRED_OPTION(credentials_uri, const detail::Text &)
    ALIYUN_CRED_DURATION(timeout, std::chrono::milliseconds)
    ALIYUN_CRED_DURATION(connect_timeout, std::chrono::milliseconds)
    ALIYUN_CRED_OPTION(cache_dir, const detail::Text &)
    ALIYUN_CRED_OPTION(profile_name, const detail::Text &)
    ALIYUN_CRED_OPTION(profile_file, const detail::Text &)
    ALIYUN_CRED_OPTION(reuse_last_provider_enabled, bool)
    ALIYUN_CRED_OPTION(process_command, const detail::Text &)
    ALIYUN_CRED_OPTION(sign_in_url, const detail::Text &)
    ALIYUN_CRED_OPTION(account_id, const detail::Text &)
    ALIYUN_CRED_OPTION(access_config, const detail::Text &)
    ALIYUN_CRED_OPTION(access_token, const detail::Text &)
    ALIYUN_CRED_TIME(access_token_expire)
    ALIYUN_CRED_OPTION(client_id, const detail::Text &)
    ALIYUN_CRED_OPTION(refresh_token, const detail::Text &)
    ALIYUN_CRED_TIME(sts_expiration)
    ALIYUN_CRED_OPTION(proxy, const detail::Text &)
    // --- end of the generated code

#undef ALIYUN_CRED_TIME
#undef ALIYUN_CRED_DURATION
#undef ALIYUN_CRED_OPTION

    // The underlying C object; it still belongs to this one.
    const aliyun_cred_config_t *get() const noexcept { return config_.get(); }

private:
    explicit Config(aliyun_cred_config_t *config) : config_(config) {}

    detail::Owned<aliyun_cred_config_t, aliyun_cred_config_free> config_;
};

// A resolved credential. It never changes, and may outlive the client; copies share one. Its strings are valid as long
// as the object they were read from, or a copy of it.
class Credentials {
public:
    // Takes ownership of a reference of the C interface.
    explicit Credentials(aliyun_cred_credentials_t *credentials) : credentials_(credentials) {
        detail::outcome(aliyun_cred_credentials_view(credentials, &view_)).value();
    }

    Credentials(const Credentials &other) noexcept
        : credentials_(aliyun_cred_credentials_retain(other.credentials_.get())), view_(other.view_) {}
    Credentials(Credentials &&other) noexcept = default;
    Credentials &operator=(const Credentials &other) noexcept { return *this = Credentials(other); }
    Credentials &operator=(Credentials &&other) noexcept = default;
    ~Credentials() = default;

    // The AccessKey ID; absent for a bearer token.
    std::optional<std::string_view> access_key_id() const noexcept { return text(view_.access_key_id); }

    // The AccessKey secret; absent for a bearer token. Keep it out of logs.
    std::optional<std::string_view> access_key_secret() const noexcept { return text(view_.access_key_secret); }

    // The STS security token; absent for a long-lived AccessKey pair. Keep it out of logs.
    std::optional<std::string_view> security_token() const noexcept { return text(view_.security_token); }

    // The bearer token; absent for anything else. Keep it out of logs.
    std::optional<std::string_view> bearer_token() const noexcept { return text(view_.bearer_token); }

    // The type that the client was created for, such as "sts" or "default".
    std::string_view type() const noexcept { return std::string_view(view_.type.data, view_.type.length); }

    // The path of sources behind it, such as "default/cli_profile/static_ak"; absent for a bearer token that was
    // configured directly.
    std::optional<std::string_view> provider_name() const noexcept { return text(view_.provider_name); }

    // The expiration by the wall clock, to the millisecond, clamped to the clock's last time; absent if it never
    // expires.
    std::optional<std::chrono::system_clock::time_point> expiration() const noexcept {
        return detail::point_of_time(view_.expiration);
    }

    // The underlying C object; it still belongs to this one.
    const aliyun_cred_credentials_t *get() const noexcept { return credentials_.get(); }

private:
    static std::optional<std::string_view> text(const aliyun_cred_string_view_t &view) noexcept {
        if (view.data == nullptr) {
            return std::nullopt;
        }
        return std::string_view(view.data, view.length);
    }

    detail::Owned<aliyun_cred_credentials_t, aliyun_cred_credentials_free> credentials_;
    aliyun_cred_credentials_view_t view_;
};

// A pending request; see Client::credentials_async. Destroying it does not cancel it.
class Request {
public:
    // Cancels the request. Returns true if the function has not been called and never will be, false if it has been
    // called and has returned; waits while it is running on another thread. Inside a callback it never waits, since two
    // callbacks could deadlock; there, false may mean that the function is still running. In a forked child it reports
    // the state at the fork. Not thread-safe.
    bool cancel() noexcept {
        const bool cancelled = aliyun_cred_request_cancel(request_.get());
        if (cancelled) {
            delete std::exchange(done_, nullptr);
        }
        return cancelled;
    }

private:
    friend class Client;
    using Done = std::function<void(Result<Credentials>)>;

    Request(aliyun_cred_request_t *request, Done *done) : request_(request), done_(done) {}

    detail::Owned<aliyun_cred_request_t, aliyun_cred_request_free> request_;
    // Deleted by the callback, or here if it will never run.
    Done *done_;
};

// What the sources of a client found; see Client::explain. It holds no secret.
struct Report {
    // For a terminal of 80 columns, in several lines.
    std::string text;
    // In one line, as docs/report.schema.json describes it.
    std::string json;
};

// How Client::explain asks.
enum class Explain : std::uint32_t {
    // Up to the first source that answers.
    first = ALIYUN_CRED_EXPLAIN_DEFAULT,
    // All sources.
    all = ALIYUN_CRED_EXPLAIN_ALL,
    // Together with all, permits an OAuth session to rotate its refresh token: where the report would have to, the
    // client
    // refreshes its credential first.
    rotate = ALIYUN_CRED_EXPLAIN_ROTATE,
};

constexpr Explain operator|(Explain left, Explain right) noexcept {
    return static_cast<Explain>(static_cast<std::uint32_t>(left) | static_cast<std::uint32_t>(right));
}

// What a client knows without asking its source; see Client::status.
struct Status {
    // Whether there is a valid credential. Always false for a source that is asked at every call, except environment
    // variables, whose last credential is kept.
    bool has_credentials = false;
    // Whether it is used past its expiration; only for the metadata service, while that is unreachable.
    bool is_past_expiration = false;
    // The sources behind it; empty if there is none.
    std::string provider_name;
    // When it expires; absent if it never does.
    std::optional<std::chrono::system_clock::time_point> expiration;
    // How long ago it was fetched; absent if it is never refreshed.
    std::optional<std::chrono::milliseconds> age;
    // The time until a call starts its refresh; absent if it is never refreshed.
    std::optional<std::chrono::milliseconds> refresh_in;
    // When the last attempt to fetch a credential ended; absent if there was none.
    std::optional<std::chrono::system_clock::time_point> last_refresh;
    // How long it took.
    std::chrono::milliseconds last_refresh_took{0};
    // Whether it succeeded.
    bool last_refresh_succeeded = false;
    // How many attempts in a row have failed.
    std::uint32_t failures = 0;
    // Why the last one failed.
    std::optional<Error> last_error;
    // How far the services' clock is ahead of this machine's, as far as this process has learned from HTTPS services of
    // Alibaba Cloud; negative if it is behind, 0 while they agree.
    std::chrono::milliseconds clock_offset{0};
};

// What happened to a client's credential; see Client::on_event.
struct Event {
    // What happened.
    aliyun_cred_event_kind_t kind;
    // When.
    std::chrono::system_clock::time_point at;
    // How long the attempt to fetch a credential took.
    std::chrono::milliseconds took;
    // The sources behind the credential in use; empty if there is none.
    std::string provider_name;
    // For ALIYUN_CRED_EVENT_SOURCE_CHANGED, those of the credential before.
    std::string previous_provider_name;
    // When the credential in use expires; absent if it never does, or if there is none.
    std::optional<std::chrono::system_clock::time_point> expiration;
    // Why the attempt failed.
    std::optional<Error> error;
    // How many attempts in a row have failed.
    std::uint32_t failures;
    // How many events were dropped before this one, because the function was too slow.
    std::uint64_t dropped;
};

// The credential of a custom provider; see Client::from_provider.
struct Provided {
    std::string access_key_id;
    std::string access_key_secret;
    // Empty for a long-lived pair.
    std::string security_token;
    // The expiration, if any: the credential is then cached, and refreshed in time.
    std::optional<std::chrono::system_clock::time_point> expiration;
};

// A client for one source, or for the default chain. It caches the credential and refreshes it in time; keep it, and
// share it between threads. Copies share the cached credential.
class Client {
public:
    // Creates a client for the default chain. Sources are searched at the first call, which also reports why none was
    // found. Throws Error if an environment variable that only the chain reads has an invalid value.
    Client() : Client(try_default().value()) {}

    // Like the constructor, without throwing Error.
    static Result<Client> try_default() {
        return made([](aliyun_cred_client_t **client) { return aliyun_cred_client_default(client); });
    }

    // Creates a client for the source that a configuration names. Throws Error if an option is missing, contradictory
    // or out of range, or if a file named by an option cannot be used.
    explicit Client(const Config &config) : Client(try_new(config).value()) {}

    // Like the constructor, without throwing Error.
    static Result<Client> try_new(const Config &config) {
        return made([&](aliyun_cred_client_t **client) { return aliyun_cred_client_new(config.get(), client); });
    }

    // Creates a client for a source by name, such as "cloud_sso"; see aliyun_cred_client_from_source. The
    // configuration's type is ignored. Throws Error as the constructor does, and for an unknown name.
    static Client from_source(const detail::Text &name, const Config &config = Config()) {
        return try_from_source(name, config).value();
    }

    // Like from_source, without throwing Error.
    static Result<Client> try_from_source(const detail::Text &name, const Config &config = Config()) {
        if (auto text = detail::whole("name", name); !text) {
            return text.error();
        }
        return made([&](aliyun_cred_client_t **client) {
            return aliyun_cred_client_from_source(detail::Terminated(name).get(), config.get(), client);
        });
    }

    // Creates a client for a profile of the CLI's configuration file, which is read at the first call. Throws Error if
    // the name is not UTF-8.
    static Client from_profile(const detail::Text &name) { return try_from_profile(name).value(); }

    // Like from_profile, without throwing Error.
    static Result<Client> try_from_profile(const detail::Text &name) {
        if (auto text = detail::whole("name", name); !text) {
            return text.error();
        }
        return made([&](aliyun_cred_client_t **client) {
            return aliyun_cred_client_from_profile(detail::Terminated(name).get(), client);
        });
    }

    // Creates a client for a custom provider, which can also be the base of a role. It is called on a worker thread,
    // one call at a time, with a time limit of one minute. It is called for every request, unless its credential has an
    // expiration. An exception from it becomes the error of the call: an Error unchanged, anything else as
    // ALIYUN_CRED_ERROR_INTERNAL. It is destroyed when this client and every role on top of it are gone, on any thread,
    // and must not block then. Throws Error if the name is not UTF-8 or the function is empty.
    static Client from_provider(const detail::Text &name, std::function<Provided()> provider) {
        return try_from_provider(name, std::move(provider)).value();
    }

    // Like from_provider, without throwing Error.
    static Result<Client> try_from_provider(const detail::Text &name, std::function<Provided()> provider) {
        if (auto text = detail::whole("name", name); !text) {
            return text.error();
        }
        if (auto given = detail::callable("provider", provider); !given) {
            return given.error();
        }
        auto owned = std::make_unique<std::function<Provided()>>(std::move(provider));
        return made([&](aliyun_cred_client_t **client) {
            aliyun_cred_error_t *error = aliyun_cred_client_from_provider(detail::Terminated(name).get(), ask_provider,
                                                                          owned.get(), destroy_provider, client);
            if (error == nullptr) {
                // Owned by the client from here on.
                static_cast<void>(owned.release());
            }
            return error;
        });
    }

    // Creates a client that assumes a role with this client's credential; roles can be chained. Throws Error if an
    // option is missing or out of range.
    Client assume_role(const Config &role) const { return try_assume_role(role).value(); }

    // Like assume_role, without throwing Error.
    Result<Client> try_assume_role(const Config &role) const {
        return made([&](aliyun_cred_client_t **client) {
            return aliyun_cred_client_assume_role(client_.get(), role.get(), client);
        });
    }

    // Creates a client for an AccessKey pair in a secret of KMS, which is fetched with this client's credential. Throws
    // Error if an option is missing.
    Client read_secret(const Config &secret) const { return try_read_secret(secret).value(); }

    // Like read_secret, without throwing Error.
    Result<Client> try_read_secret(const Config &secret) const {
        return made([&](aliyun_cred_client_t **client) {
            return aliyun_cred_client_read_secret(client_.get(), secret.get(), client);
        });
    }

    // Calls a function with the current credential, or with the error, without waiting. It is called inside this call
    // if the cached credential is fresh or no wait is needed, otherwise on the background thread or inside another
    // thread's call into the library. It must not block; exceptions from it are dropped. It is called exactly once,
    // unless the request is cancelled before. Throws Error if the function is empty.
    Request credentials_async(std::function<void(Result<Credentials>)> done) const {
        return try_credentials_async(std::move(done)).value();
    }

    // Like credentials_async, without throwing Error.
    Result<Request> try_credentials_async(std::function<void(Result<Credentials>)> done) const {
        if (auto given = detail::callable("done", done); !given) {
            return given.error();
        }
        auto owned = std::make_unique<Request::Done>(std::move(done));
        aliyun_cred_request_t *request = nullptr;
        if (auto asked = detail::outcome(
                aliyun_cred_client_get_credentials_async(client_.get(), answered, owned.get(), &request));
            !asked) {
            return asked.error();
        }
        // Owned by the callback from here on, which may have deleted it.
        return Request(request, owned.release());
    }

    // Returns the current credential. May wait for the source, within its own time limits. Throws Error if the source
    // fails and no valid credential is left.
    Credentials credentials() const { return try_credentials().value(); }

    // Waits for at most `limit`. Throws Error of kind ALIYUN_CRED_ERROR_TIMEOUT if it runs out.
    Credentials credentials(std::chrono::milliseconds limit) const { return try_credentials(limit).value(); }

    // Like credentials(), without throwing Error.
    Result<Credentials> try_credentials() const {
        aliyun_cred_credentials_t *credentials = nullptr;
        aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client_.get(), &credentials);
        return result(error, credentials);
    }

    // Like credentials(limit), without throwing Error.
    Result<Credentials> try_credentials(std::chrono::milliseconds limit) const {
        aliyun_cred_credentials_t *credentials = nullptr;
        const std::uint64_t ms = limit.count() > 0 ? static_cast<std::uint64_t>(limit.count()) : 0;
        aliyun_cred_error_t *error = aliyun_cred_client_get_credentials_within(client_.get(), ms, &credentials);
        return result(error, credentials);
    }

    // The cached credential if it is fresh, without waiting; see aliyun_cred_client_cached.
    std::optional<Credentials> cached() const {
        aliyun_cred_credentials_t *credentials = aliyun_cred_client_cached(client_.get());
        return credentials == nullptr ? std::nullopt : std::optional<Credentials>(std::in_place, credentials);
    }

    // Reports that a service rejected the cached credential: the next call asks the source again.
    void invalidate() const noexcept { aliyun_cred_client_invalidate(client_.get()); }

    // Asks the sources anew, and reports what each of them found; see aliyun_cred_client_explain. Waits for at most
    // 30 s. Throws Error on the background thread, inside the client's own provider, or if no thread can be started;
    // a source that fails is no error.
    Report explain(Explain how = Explain::first) const { return try_explain(how).value(); }

    // Like explain, without throwing Error.
    Result<Report> try_explain(Explain how = Explain::first) const {
        aliyun_cred_report_t *report = nullptr;
        const auto flags = static_cast<std::uint32_t>(how);
        if (auto asked = detail::outcome(aliyun_cred_client_explain(client_.get(), flags, &report)); !asked) {
            return asked.error();
        }
        const detail::Owned<aliyun_cred_report_t, aliyun_cred_report_free> owned(report);
        return Report{detail::copied(aliyun_cred_report_text(report)), detail::copied(aliyun_cred_report_json(report))};
    }

    // What is known without asking the source or waiting, for health checks and metrics.
    Status status() const {
        aliyun_cred_status_t known{};
        known.size = sizeof known;
        detail::outcome(aliyun_cred_client_status(client_.get(), &known)).value();
        const std::unique_ptr<aliyun_cred_status_t, void (*)(aliyun_cred_status_t *)> held(&known,
                                                                                           aliyun_cred_status_clear);
        Status status;
        status.has_credentials = known.has_credentials;
        status.is_past_expiration = known.is_past_expiration;
        status.provider_name = detail::copied(known.provider_name);
        status.expiration = detail::point_of_time(known.expiration_ms);
        status.age = detail::duration(known.age_ms);
        status.refresh_in = detail::duration(known.refresh_in_ms);
        status.last_refresh = detail::point_of_time(known.last_refresh_ms);
        status.last_refresh_took = detail::duration(known.last_refresh_took_ms).value_or(status.last_refresh_took);
        status.last_refresh_succeeded = known.last_refresh_succeeded;
        status.failures = known.failures;
        status.clock_offset = std::chrono::milliseconds(known.clock_offset_ms);
        if (known.last_error != nullptr) {
            status.last_error.emplace(detail::OwnedError(std::exchange(known.last_error, nullptr)));
        }
        return status;
    }

    // Sets the function that is called with each refresh, each failure, and each change of the source, and replaces the
    // previous one; an empty function removes it. It is called on a worker thread, one call at a time and in order; it
    // may block, and exceptions from it are dropped. It is destroyed when it has been replaced, or the client and its
    // copies are gone, on any thread, and must not block then. Set it before the client is used.
    void on_event(std::function<void(const Event &)> function) const {
        if (!function) {
            detail::outcome(aliyun_cred_client_set_event_callback(client_.get(), nullptr, nullptr, nullptr)).value();
            return;
        }
        auto owned = std::make_unique<OnEvent>(std::move(function));
        detail::outcome(aliyun_cred_client_set_event_callback(client_.get(), tell_event, owned.get(), destroy_on_event))
            .value();
        // Owned by the client from here on.
        static_cast<void>(owned.release());
    }

    // The type that the client was created for: "access_key", "ram_role_arn" and so on, or "default" for the chain. It
    // is valid as long as the client or a copy of it.
    std::string_view type() const noexcept { return aliyun_cred_client_type(client_.get()); }

    // The names of the official C++ package. Each of them except getType requests the current credential, as
    // credentials() does; to read several values, read them from one credential. An absent value is empty.
    Credentials getCredential() const { return credentials(); }
    std::string getAccessKeyId() const { return copied(credentials().access_key_id()); }
    std::string getAccessKeySecret() const { return copied(credentials().access_key_secret()); }
    std::string getSecurityToken() const { return copied(credentials().security_token()); }
    std::string getBearerToken() const { return copied(credentials().bearer_token()); }
    std::string getType() const { return std::string(type()); }

    // The underlying C object; it still belongs to this one.
    const aliyun_cred_client_t *get() const noexcept { return client_.get(); }

private:
    using OnEvent = std::function<void(const Event &)>;

    static void tell_event(void *user_data, const aliyun_cred_event_t *event) {
        const auto tell = [&] {
            (*static_cast<OnEvent *>(user_data))(Event{
                event->kind,
                *detail::point_of_time(event->at_ms),
                std::chrono::milliseconds(event->took_ms),
                detail::copied(event->provider_name),
                detail::copied(event->previous_provider_name),
                detail::point_of_time(event->expiration_ms),
                event->error == nullptr ? std::nullopt : std::optional<Error>(Error(event->error)),
                event->failures,
                event->dropped,
            });
        };
        detail::contain(tell, [](ErrorKind, const char *) {});
    }

    static void destroy_on_event(void *user_data) { delete static_cast<OnEvent *>(user_data); }

    explicit Client(aliyun_cred_client_t *client) : client_(client, aliyun_cred_client_free) {}

    template <typename Make>
    static Result<Client> made(Make make) {
        aliyun_cred_client_t *client = nullptr;
        if (auto outcome = detail::outcome(make(&client)); !outcome) {
            return outcome.error();
        }
        return Client(client);
    }

    static Result<Credentials> result(aliyun_cred_error_t *error, aliyun_cred_credentials_t *credentials) {
        if (auto outcome = detail::outcome(error); !outcome) {
            return outcome.error();
        }
        return Credentials(credentials);
    }

    static void answered(void *done, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) noexcept {
        const std::unique_ptr<Request::Done> owned(static_cast<Request::Done *>(done));
        detail::contain([&] { (*owned)(result(error, credentials)); }, [](ErrorKind, const char *) {});
    }

    static void ask_provider(void *provider, aliyun_cred_answer_t *answer) noexcept {
        detail::contain(
            [&] {
                if (auto filled = fill(*answer, (*static_cast<std::function<Provided()> *>(provider))()); !filled) {
                    refuse(*answer, filled.error().kind(), filled.error().what());
                }
            },
            [&](ErrorKind kind, const char *text) { refuse(*answer, kind, text); });
    }

    static Result<void> fill(aliyun_cred_answer_t &answer, const Provided &given) {
        for (const auto &[name, value] : {std::pair("access_key_id", &given.access_key_id),
                                          std::pair("access_key_secret", &given.access_key_secret),
                                          std::pair("security_token", &given.security_token)}) {
            if (auto text = detail::whole(name, *value); !text) {
                return text;
            }
        }
        if (auto pair = detail::outcome(aliyun_cred_answer_set_access_key(&answer, given.access_key_id.c_str(),
                                                                          given.access_key_secret.c_str()));
            !pair) {
            return pair;
        }
        if (auto token = detail::outcome(aliyun_cred_answer_set_security_token(&answer, given.security_token.c_str()));
            !token || !given.expiration) {
            return token;
        }
        const auto since = given.expiration->time_since_epoch();
        return detail::outcome(aliyun_cred_answer_set_expiration(
            &answer, std::chrono::duration_cast<std::chrono::milliseconds>(since).count()));
    }

    static void refuse(aliyun_cred_answer_t &answer, ErrorKind kind, const char *text) {
        const auto number = static_cast<std::uint32_t>(kind);
        if (!detail::outcome(aliyun_cred_answer_set_error(&answer, number, text))) {
            text = "the provider threw an exception whose text is not UTF-8";
            // If even this fails, the answer stays empty, which is an error as well.
            static_cast<void>(detail::outcome(aliyun_cred_answer_set_error(&answer, number, text)));
        }
    }

    static void destroy_provider(void *provider) noexcept { delete static_cast<std::function<Provided()> *>(provider); }

    static std::string copied(std::optional<std::string_view> text) { return std::string(text.value_or("")); }

    std::shared_ptr<aliyun_cred_client_t> client_;
};

// Sets the callback for log lines (a level of aliyun_cred_log_level_t, and a text without secrets), and replaces the
// previous one; with an empty one, nothing is logged. It is called on any thread, on several at once, and must not
// block; exceptions from it are dropped. When this function returns, the previous callback is not running and has been
// destroyed, so do not call it from inside that callback. Any thread may call it, one at a time.
inline void set_log_callback(std::function<void(aliyun_cred_log_level_t, std::string_view)> callback) {
    using Function = decltype(callback);
    // Never destroyed: something may still be logged while the program exits. Not a lock, which a forked child could
    // inherit.
    static Function *current = nullptr;
    const auto call = [](aliyun_cred_log_level_t level, const char *message, void *function) noexcept {
        detail::contain([&] { (*static_cast<const Function *>(function))(level, message); },
                        [](ErrorKind, const char *) {});
    };
    std::unique_ptr<Function> next(callback ? new Function(std::move(callback)) : nullptr);
    if (next) {
        aliyun_cred_set_log_callback(call, next.get());
    } else {
        aliyun_cred_set_log_callback(nullptr, nullptr);
    }
    delete std::exchange(current, next.release());
}

}  // namespace aliyun_cred

#endif  // ALIYUN_CRED_HPP
