// aliyun_cred.hpp: values, exceptions, results, copies and moves, and threads.
#include "aliyun_cred.hpp"

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>

#include "check.h"
#include "service.h"

using aliyun_cred::Client;
using aliyun_cred::Config;
using aliyun_cred::Credentials;
using aliyun_cred::Error;
using aliyun_cred::Result;

static_assert(std::is_nothrow_copy_constructible<Error>::value, "an exception's copy must not throw");
static_assert(std::is_copy_constructible<Client>::value && std::is_copy_assignable<Client>::value,
              "clients are shared");
static_assert(std::is_nothrow_copy_constructible<Credentials>::value, "credentials are shared");
static_assert(std::is_nothrow_move_constructible<Credentials>::value, "credentials can be moved");
static_assert(!std::is_copy_constructible<Config>::value, "a configuration has one owner");

// The error that `action` throws; its kind is ALIYUN_CRED_OK if it throws none.
template <typename Action>
static Error thrown(Action action) {
    try {
        action();
    } catch (const Error &error) {
        return error;
    }
    return Error(ALIYUN_CRED_OK, "nothing was thrown");
}

static bool contains(const Error &error, const char *words) { return std::strstr(error.what(), words) != nullptr; }

static Config access_key() { return Config("access_key").access_key_id("id").access_key_secret("secret"); }

static Config role_of(const service &service) {
    char json[512];
    return Config::from_json(service_role(&service, json, sizeof json));
}

static void an_access_key() {
    const Client client(access_key());
    CHECK(client.type() == "access_key" && client.getType() == "access_key");
    const Credentials credentials = client.credentials();
    CHECK(credentials.access_key_id() == "id" && credentials.access_key_secret() == "secret");
    CHECK(!credentials.security_token() && !credentials.bearer_token() && !credentials.expiration());
    CHECK(credentials.type() == "access_key" && credentials.provider_name() == "static_ak");
    CHECK(client.cached().has_value() && client.cached()->access_key_id() == "id");
    CHECK(client.getAccessKeyId() == "id" && client.getAccessKeySecret() == "secret");
    CHECK(client.getSecurityToken().empty() && client.getBearerToken().empty());
    CHECK(client.getCredential().get() == credentials.get());
    CHECK(client.credentials(std::chrono::milliseconds(-1)).get() == credentials.get());
}

static void a_bearer_token() {
    Config config;
    config.type("bearer");
    config.bearer_token("token");
    const Client client(config);
    CHECK(client.getBearerToken() == "token" && client.getAccessKeyId().empty());
    CHECK(!client.credentials().provider_name() && !client.credentials().access_key_id());
}

static void every_setter_chains() {
    Config config = Config("sts")
                        .access_key_id("id")
                        .access_key_secret("secret")
                        .security_token("token")
                        .bearer_token("b")
                        .role_arn("r")
                        .oidc_provider_arn("o")
                        .oidc_token_file_path("f")
                        .role_session_name("n")
                        .role_session_expiration(900)
                        .policy("{}")
                        .external_id("e")
                        .sts_endpoint("sts.aliyuncs.com")
                        .sts_region_id("cn-hangzhou")
                        .enable_vpc(true)
                        .public_key_id("p")
                        .private_key_file("k")
                        .private_key("k")
                        .role_name("r")
                        .disable_imds_v1(true)
                        .async_credential_update_enabled(false)
                        .credentials_uri("http://127.0.0.1")
                        .timeout(1000)
                        .connect_timeout(1000)
                        .profile_name("p")
                        .profile_file("f")
                        .reuse_last_provider_enabled(true)
                        .process_command("c")
                        .sign_in_url("https://127.0.0.1")
                        .account_id("a")
                        .access_config("a")
                        .access_token("a")
                        .access_token_expire(1)
                        .client_id("c")
                        .refresh_token("r")
                        .sts_expiration(1)
                        .proxy("http://127.0.0.1:1");
    CHECK(Client(config).getSecurityToken() == "token");
    // Durations and times as std::chrono types, and views without a trailing NUL.
    using namespace std::chrono_literals;
    const std::string_view text = "sts-and-more";
    config.type(text.substr(0, 3)).timeout(5s).connect_timeout(500ms);
    config.role_session_expiration(15min).access_token_expire(std::chrono::system_clock::now());
    CHECK(config.try_sts_expiration(std::chrono::system_clock::now()) && config.try_timeout(1min));
    CHECK(Client(Config("access_key").access_key_id(text.substr(0, 3)).access_key_secret(text)).getAccessKeyId() ==
          "sts");
    CHECK(Client(config).getSecurityToken() == "token");
    config.security_token("other");
    CHECK(Client(config).getSecurityToken() == "other");
}

static void copies_and_moves_share_one_credential() {
    std::optional<Client> client(std::in_place, access_key());
    const Client copy = *client;
    Credentials first = client->credentials();
    const std::string_view id = *first.access_key_id();
    Credentials second = first;
    Credentials third = std::move(first);
    CHECK(second.get() == third.get());
    client.reset();
    first = second;
    second = copy.credentials();
    Credentials &same_object = second;
    second = same_object;
    third = std::move(second);
    CHECK(id == "id" && first.access_key_id()->data() == id.data());
    CHECK(copy.getAccessKeyId() == "id");
    Config config = access_key();
    Config moved = std::move(config);
    CHECK(Client(moved).getAccessKeyId() == "id");
    config = std::move(moved);
    CHECK(Client(config).getAccessKeyId() == "id");
}

static void unusable_arguments_throw() {
    const Error nul = thrown([] { Config().access_key_secret(std::string("cana\0ry", 7)); });
    CHECK(nul.kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT && contains(nul, "access_key_secret"));
    CHECK(!contains(nul, "cana"));
    const Error encoding = thrown([] { Config("sts").policy("\xff"); });
    CHECK(encoding.kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT && contains(encoding, "policy"));
    const char *const absent = nullptr;
    CHECK(contains(thrown([&] { Config().role_arn(absent); }), "'role_arn' is NULL"));
    CHECK(contains(thrown([&] { Config config(absent); }), "'type' is NULL"));
    CHECK(Config::try_from_json(absent).error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(!Client::try_from_source(absent) && !Client::try_from_profile(absent));
    const std::filesystem::path path = "a/key.pem";
    CHECK(Config().try_private_key_file(path) && Config().try_profile_file(std::string("p")));
    const Error json = thrown([] { Config::from_json("{\"timeout\":\"soon\"}"); });
    CHECK(json.kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG && contains(json, "timeout"));
    CHECK(std::string_view(json.kind_name()) == "invalid_config");
}

static void a_moved_from_object_answers_and_does_not_crash() {
    Config config("bearer");
    const Config kept = std::move(config);
    CHECK(thrown([&] { config.type("sts"); }).kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    Client client(kept);
    const Client owner = std::move(client);
    CHECK(client.try_credentials().error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(owner.type() == "bearer");
}

static void a_configuration_error_throws_or_is_a_result() {
    const Config config("no_such_type");
    const Error error = thrown([&] { Client client(config); });
    CHECK(error.kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG && contains(error, "invalid type option"));
    const Result<Client> result = Client::try_new(config);
    CHECK(!result && !result.has_value() && result.error().kind() == error.kind());
    CHECK(std::string_view(result.error().what()) == error.what());
    CHECK(thrown([&] { (void)result.value(); }).kind() == error.kind());
    const Result<Client> good = Client::try_new(access_key());
    CHECK(good && good->getAccessKeyId() == "id" && (*good).type() == "access_key");
}

static void a_chain_that_finds_nothing_lists_its_attempts() {
    const Client client;
    CHECK(client.type() == "default" && !client.cached());
    const Result<Credentials> result = client.try_credentials();
    CHECK(!result);
    const Error &error = result.error();
    CHECK(error.kind() == ALIYUN_CRED_ERROR_NOT_CONFIGURED && error.provider() == "default");
    CHECK(error.attempts().size() >= 2 && error.attempts()[0].provider == "env");
    CHECK(error.attempts()[0].kind == ALIYUN_CRED_ERROR_NOT_CONFIGURED);
    CHECK(error.attempts()[0].message.find("ALIBABA_CLOUD_ACCESS_KEY_ID") != std::string::npos);
    CHECK(error.http_status() == 0 && error.code().empty() && error.request_id().empty());
    // Like any exception, it outlives the result.
    const std::string before = error.what();
    try {
        (void)client.credentials();
        CHECK(!"an exception");
    } catch (const std::runtime_error &caught) {
        CHECK(before == caught.what());
    }
}

static void a_refusal_carries_the_services_details() {
    service service;
    CHECK(service_start(&service, 403, "{\"Code\":\"NoPermission\",\"Message\":\"no\",\"RequestId\":\"R-2\"}"));
    const Error error = thrown([&] { (void)Client(role_of(service)).credentials(); });
    service_stop(&service);
    CHECK(error.kind() == ALIYUN_CRED_ERROR_DENIED && error.provider() == "ram_role_arn");
    CHECK(error.code() == "NoPermission" && error.request_id() == "R-2" && error.http_status() == 403);
    CHECK(error.attempts().empty());
}

// A function with a twin that throws returns the same error.
static void results_in_place_of_exceptions() {
    const std::string nul("a\0b", 3);
    Config config("access_key");
    CHECK(config.try_access_key_id("id") && config.try_access_key_secret("secret") && config.try_timeout(1000));
    CHECK(config.try_enable_vpc(true).has_value());
    const Result<void> refused = config.try_policy(nul);
    CHECK(!refused && refused.error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { refused.value(); }).kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    config.try_policy("{}").value();
    CHECK(Client::try_new(config)->getAccessKeyId() == "id");
    CHECK(Config::try_from_json("{}") && !Config::try_from_json(nul) && !Config::try_from_json("{"));
    CHECK(Client::try_default()->type() == "default");
    CHECK(Client::try_from_source("static_ak", config)->getAccessKeyId() == "id");
    CHECK(Client::try_from_source("nothing").error().kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG);
    CHECK(Client::try_from_source(nul).error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(Client::try_from_profile("p")->type() == "cli_profile" && !Client::try_from_profile(nul));
    CHECK(Client(config).try_assume_role(config).error().kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG);
    CHECK(Client(config).try_assume_role(Config().role_arn("acs:ram::1:role/r"))->type() == "ram_role_arn");
    CHECK(Client(config).try_read_secret(config).error().kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG);
    const Config secret = Config().secret_name("app/key").kms_region_id("cn-hangzhou");
    CHECK(Client(config).read_secret(secret).type() == "kms_secret");
}

static void an_empty_function_is_not_called() {
    const Client client(access_key());
    CHECK(client.try_credentials_async(nullptr).error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(contains(thrown([&] { (void)client.credentials_async(nullptr); }), "done"));
    CHECK(Client::try_from_provider("p", nullptr).error().kind() == ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
    CHECK(contains(thrown([] { (void)Client::from_provider("p", nullptr); }), "provider"));
}

// Most implementations' clocks end in 2262; a service's expiration need not.
static void an_expiration_beyond_the_clock() {
    const auto end_of = [](std::int64_t expiration) {
        static std::int64_t ends;
        ends = expiration;
        aliyun_cred_client_t *client = nullptr;
        aliyun_cred_credentials_t *credentials = nullptr;
        const auto give = [](void *user_data, aliyun_cred_answer_t *answer) {
            CHECK(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
            CHECK(succeeds(aliyun_cred_answer_set_expiration(answer, *static_cast<std::int64_t *>(user_data))));
        };
        succeeds(aliyun_cred_client_from_provider("p", give, &ends, nullptr, &client));
        succeeds(aliyun_cred_client_get_credentials(client, &credentials));
        aliyun_cred_client_free(client);
        return Credentials(credentials).expiration();
    };
    using Time = std::chrono::system_clock::time_point;
    CHECK(end_of(9223372036854) == Time(std::chrono::milliseconds(9223372036854)) ||
          end_of(9223372036854) == Time::max());
    CHECK(end_of(253402300799000) >= Time(std::chrono::milliseconds(9223372036853)));
    CHECK(end_of(INT64_MAX) == Time::max());
}

static void a_limit_runs_out() {
    service service;
    CHECK(service_start(&service, 200, ISSUED));
    service_hold(&service, true);
    const Client client(role_of(service));
    CHECK(client.try_credentials(std::chrono::milliseconds(1)).error().kind() == ALIYUN_CRED_ERROR_TIMEOUT);
    CHECK(thrown([&] { (void)client.credentials(std::chrono::seconds(0)); }).kind() == ALIYUN_CRED_ERROR_TIMEOUT);
    service_hold(&service, false);
    const Credentials credentials = client.credentials(std::chrono::hours(1));
    CHECK(credentials.access_key_id() == "STS.id" && service_requests(&service) == 1);
    CHECK(credentials.expiration() == std::chrono::system_clock::time_point(std::chrono::milliseconds(ISSUED_UNTIL)));
    client.invalidate();
    CHECK(!client.cached() && client.getSecurityToken() == "issued-token" && service_requests(&service) == 2);
    service_stop(&service);
}

static void clients_of_sources_and_of_roles_on_top() {
    CHECK(Client::from_source("static_ak", access_key()).getAccessKeyId() == "id");
    CHECK(Client::from_source("env").type() == "env" && Client::from_profile("p").type() == "cli_profile");
    CHECK(thrown([] { (void)Client::from_source("nothing"); }).kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG);
    service service;
    CHECK(service_start(&service, 200, ISSUED));
    const Client role = Client(role_of(service)).assume_role(role_of(service).external_id("e"));
    CHECK(role.credentials().provider_name() == "ram_role_arn/ram_role_arn/static_ak");
    CHECK(service_requests(&service) == 2);
    service_stop(&service);
}

static void credentials_are_passed_to_a_callback() {
    service service;
    CHECK(service_start(&service, 200, ISSUED));
    const Client client(role_of(service));
    service_hold(&service, true);
    std::promise<std::string> told;
    bool cancelled_called = false;
    aliyun_cred::Request request = client.credentials_async([&](Result<Credentials> outcome) {
        told.set_value(std::string(outcome.value().access_key_id().value_or("")));
        throw std::runtime_error("dropped");
    });
    aliyun_cred::Request cancelled = client.credentials_async([&](Result<Credentials>) { cancelled_called = true; });
    CHECK(cancelled.cancel() && cancelled.cancel());
    service_hold(&service, false);
    CHECK(told.get_future().get() == "STS.id");
    CHECK(!request.cancel() && !cancelled_called && service_requests(&service) == 1);
    // In a child as well: what the callback has deleted is not deleted again.
    std::pair both(&request, &cancelled);
    const auto as_in_the_parent = [](void *argument) {
        const auto &[called, never_called] = *static_cast<decltype(both) *>(argument);
        return !called->cancel() && never_called->cancel();
    };
    CHECK(true_in_a_child(as_in_the_parent, &both));
    bool at_once = false;
    (void)client.credentials_async([&](Result<Credentials> outcome) { at_once = outcome.has_value(); });
    CHECK(at_once);
    service_stop(&service);
}

static void a_custom_provider() {
    service service;
    CHECK(service_start(&service, 200, ISSUED));
    int asked = 0;
    const Client client = Client::from_provider("vault", [&asked] {
        ++asked;
        return aliyun_cred::Provided{"vault-id", SECRET, "token", std::nullopt};
    });
    CHECK(client.getAccessKeyId() == "vault-id" && client.getSecurityToken() == "token" && asked == 2);
    CHECK(client.assume_role(role_of(service)).credentials().provider_name() == "ram_role_arn/vault");
    const auto failing = [](std::function<aliyun_cred::Provided()> provider) {
        return Client::from_provider("vault", std::move(provider)).try_credentials().error();
    };
    const Error own = failing([]() -> aliyun_cred::Provided { throw Error(ALIYUN_CRED_ERROR_DENIED, "no"); });
    CHECK(own.kind() == ALIYUN_CRED_ERROR_DENIED && std::strcmp(own.what(), "no") == 0);
    const Error other = failing([]() -> aliyun_cred::Provided { throw std::runtime_error("sealed"); });
    CHECK(other.kind() == ALIYUN_CRED_ERROR_INTERNAL && std::strcmp(other.what(), "sealed") == 0);
    CHECK(failing([] { return aliyun_cred::Provided{}; }).kind() == ALIYUN_CRED_ERROR_INTERNAL);
    const Error unreadable = failing([]() -> aliyun_cred::Provided { throw Error(ALIYUN_CRED_ERROR_DENIED, "\xff"); });
    CHECK(unreadable.kind() == ALIYUN_CRED_ERROR_DENIED && contains(unreadable, "not UTF-8"));
    const Error odd = failing([]() -> aliyun_cred::Provided { throw 7; });
    CHECK(odd.kind() == ALIYUN_CRED_ERROR_INTERNAL && contains(odd, "std::exception"));
    const Error nul = failing([] { return aliyun_cred::Provided{std::string("i\0d", 3), "s", "", std::nullopt}; });
    CHECK(nul.kind() == ALIYUN_CRED_ERROR_INTERNAL && contains(nul, "access_key_id"));
    service_stop(&service);
}

static void a_log_callback_is_called() {
    std::vector<std::string> heard;
    const Client client = Client::from_source(
        "external", Config().process_command("echo '{\"access_key_id\":\"i\",\"access_key_secret\":\"" SECRET
                                             "\",\"expiration\":\"2001-01-01T00:00:00Z\"}'"));
    aliyun_cred::set_log_callback([&](aliyun_cred_log_level_t level, std::string_view text) {
        heard.emplace_back(text);
        CHECK(level == ALIYUN_CRED_LOG_WARN);
        throw std::runtime_error("dropped");
    });
    CHECK(client.getAccessKeyId() == "i");
    aliyun_cred::set_log_callback({});
    CHECK(client.getAccessKeyId() == "i");
    CHECK(heard.size() == 1 && heard[0].find("expired") != std::string::npos);
    CHECK(heard[0].find("canary") == std::string::npos);
}

static void a_client_says_what_it_does() {
    std::mutex lock;
    std::condition_variable changed;
    std::vector<aliyun_cred::Event> events;
    bool fails = false;
    {
        const Client client = Client::from_provider("vault", [&] {
            if (fails) {
                throw Error(ALIYUN_CRED_ERROR_DENIED, "sealed");
            }
            return aliyun_cred::Provided{"LTAI5tExampleExampleAbcd", SECRET, "",
                                         std::chrono::system_clock::now() + std::chrono::hours(1)};
        });
        client.on_event([&](const aliyun_cred::Event &event) {
            const std::lock_guard<std::mutex> held(lock);
            events.push_back(event);
            changed.notify_all();
            throw std::runtime_error("dropped");
        });
        CHECK(!client.status().has_credentials && !client.status().expiration && !client.status().last_error);
        CHECK(client.credentials().access_key_id() == "LTAI5tExampleExampleAbcd");
        const aliyun_cred::Status status = client.status();
        CHECK(status.has_credentials && status.last_refresh_succeeded && status.provider_name == "vault");
        CHECK(status.age && status.refresh_in && status.last_refresh && status.expiration > status.last_refresh);
        fails = true;
        client.invalidate();
        CHECK(!client.try_credentials());
        CHECK(client.status().last_error->kind() == ALIYUN_CRED_ERROR_DENIED && client.status().failures == 1);
        const aliyun_cred::Report report = client.explain(aliyun_cred::Explain::all | aliyun_cred::Explain::rotate);
        CHECK(report.text.find("[!] vault  failed: denied") == 0 && report.json.find("\"state\":\"failed\"") > 0);
        std::unique_lock<std::mutex> held(lock);
        changed.wait(held, [&] { return events.size() == 2; });
    }
    CHECK(events[0].kind == ALIYUN_CRED_EVENT_REFRESHED && events[0].provider_name == "vault" && !events[0].error);
    CHECK(events[1].kind == ALIYUN_CRED_EVENT_REFRESH_FAILED && events[1].failures == 1);
    CHECK(events[1].error && std::string(events[1].error->what()) == "sealed");
    Client().on_event({});
}

static void threads_share_a_client() {
    service service;
    CHECK(service_start(&service, 200, ISSUED));
    const Client client(role_of(service));
    std::vector<std::thread> threads;
    std::vector<int> right(16, 0);
    for (int &mine : right) {
        threads.emplace_back([copy = client, &mine] {
            const Result<Credentials> first = copy.try_credentials();
            if (!first) {
                return;
            }
            // One object per thread, however often it is used.
            const Credentials own = copy.credentials();
            for (int round = 0; round < 100; ++round) {
                const Credentials again = copy.credentials();
                mine += again.get() == own.get() && again.access_key_id() == first->access_key_id() &&
                        again.access_key_secret() == "issued-secret";
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(service_requests(&service) == 1);
    for (const int mine : right) {
        CHECK(mine == 100);
    }
    service_stop(&service);
}

int main() {
    RUN(an_access_key);
    RUN(a_bearer_token);
    RUN(every_setter_chains);
    RUN(copies_and_moves_share_one_credential);
    RUN(unusable_arguments_throw);
    RUN(a_moved_from_object_answers_and_does_not_crash);
    RUN(a_configuration_error_throws_or_is_a_result);
    RUN(a_chain_that_finds_nothing_lists_its_attempts);
    RUN(a_refusal_carries_the_services_details);
    RUN(results_in_place_of_exceptions);
    RUN(an_empty_function_is_not_called);
    RUN(an_expiration_beyond_the_clock);
    RUN(a_limit_runs_out);
    RUN(clients_of_sources_and_of_roles_on_top);
    RUN(credentials_are_passed_to_a_callback);
    RUN(a_custom_provider);
    RUN(a_log_callback_is_called);
    RUN(a_client_says_what_it_does);
    RUN(threads_share_a_client);
    return finish();
}
