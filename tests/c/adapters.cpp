// The adapters for SDKs, against the shapes of their interfaces in sdk/: what a credential becomes, and what happens
// without one. No SDK is linked.
#include <aliyun_cred/adapters/aws_sdk_cpp.hpp>
#include <aliyun_cred/adapters/log_c_sdk.h>
#include <aliyun_cred/adapters/oss_c_sdk.h>
#include <aliyun_cred/adapters/oss_cpp_sdk.hpp>

#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

using aliyun_cred::Client;
using aliyun_cred::Config;
using aliyun_cred::adapters::AwsCredentialsProvider;
using aliyun_cred::adapters::OssCredentialsProvider;

static Client pair() { return Client(Config("access_key").access_key_id("id").access_key_secret(SECRET)); }

static Client session() {
    return Client(Config("sts").access_key_id("id").access_key_secret(SECRET).security_token("token"));
}

// A client whose provider fails.
static Client nothing() {
    return Client::from_provider("vault", []() -> aliyun_cred::Provided { throw std::runtime_error("it is sealed"); });
}

static Client bearer() { return Client(Config("bearer").bearer_token("a.long.token")); }

static void oss_cpp() {
    OssCredentialsProvider provider(session());
    AlibabaCloud::OSS::CredentialsProvider &seen = provider;
    const auto given = seen.getCredentials();
    CHECK(given.AccessKeyId() == "id" && given.AccessKeySecret() == SECRET && given.SessionToken() == "token");
    CHECK(!provider.error());
    CHECK(OssCredentialsProvider(pair()).getCredentials().SessionToken().empty());
    for (const Client &client : {nothing(), bearer()}) {
        OssCredentialsProvider without(client);
        const auto empty = without.getCredentials();
        CHECK(empty.AccessKeyId().empty() && empty.AccessKeySecret().empty() && empty.SessionToken().empty());
        CHECK(without.error());
    }
}

static void aws() {
    AwsCredentialsProvider provider(session());
    Aws::Auth::AWSCredentialsProvider &seen = provider;
    const auto given = seen.GetAWSCredentials();
    CHECK(given.GetAWSAccessKeyId() == "id" && given.GetAWSSecretKey() == SECRET && given.GetSessionToken() == "token");
    AwsCredentialsProvider without(nothing());
    CHECK(without.GetAWSCredentials().GetAWSAccessKeyId().empty());
    CHECK(std::string(without.error()->what()).find("it is sealed") != std::string::npos);
}

// An error goes once there is a credential.
static void an_error_is_that_of_the_last_call() {
    bool is_sealed = true;
    const Client client = Client::from_provider("vault", [&]() -> aliyun_cred::Provided {
        if (is_sealed)
            throw std::runtime_error("it is sealed");
        return {"id", SECRET, "", std::nullopt};
    });
    OssCredentialsProvider provider(client);
    CHECK(provider.getCredentials().AccessKeyId().empty() && provider.error());
    is_sealed = false;
    CHECK(provider.getCredentials().AccessKeyId() == "id" && !provider.error());
}

static void many_threads_share_an_adapter() {
    OssCredentialsProvider provider(session());
    std::vector<std::thread> threads;
    std::vector<unsigned> right(8);
    for (unsigned &count : right) {
        threads.emplace_back([&] {
            for (unsigned call = 0; call < 200; ++call) {
                count += provider.getCredentials().SessionToken() == "token" && !provider.error();
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (const unsigned count : right) CHECK(count == 200);
}

// The strings of all pools; a pool is none but a count of them.
static std::deque<std::string> copies;

extern "C" char *aos_pstrdup(aos_pool_t *, const aos_string_t *text) {
    return copies.emplace_back(text->data, static_cast<std::size_t>(text->len)).data();
}

static void oss_c() {
    oss_config_t config{};
    oss_request_options_t options{&config, nullptr};
    CHECK(aliyun_cred_fill_oss_options(session().get(), &options) == nullptr);
    CHECK(same(config.access_key_id.data, "id") && same(config.access_key_secret.data, SECRET));
    CHECK(same(config.sts_token.data, "token") && config.sts_token.len == 5);
    CHECK(copies.size() == 3);
    CHECK(aliyun_cred_fill_oss_options(session().get(), &options) == nullptr);
    CHECK(copies.size() == 3);
    CHECK(aliyun_cred_fill_oss_options(pair().get(), &options) == nullptr);
    CHECK(copies.size() == 3 && same(config.access_key_id.data, "id") && config.sts_token.data == nullptr);
    CHECK(is(aliyun_cred_fill_oss_options(nothing().get(), &options), ALIYUN_CRED_ERROR_INTERNAL));
    CHECK(config.access_key_id.len == 0 && config.access_key_secret.len == 0 && config.sts_token.len == 0);
}

struct _log_producer_config {
    std::string id, secret, token;
};

extern "C" void log_producer_config_set_access_id(log_producer_config *config, const char *id) { config->id = id; }
extern "C" void log_producer_config_set_access_key(log_producer_config *config, const char *secret) {
    config->secret = secret;
}
extern "C" void log_producer_config_reset_security_token(log_producer_config *config, const char *id,
                                                         const char *secret, const char *token) {
    *config = {id, secret, token};
}

static void log_c() {
    log_producer_config config;
    CHECK(aliyun_cred_fill_log_config(pair().get(), &config) == nullptr);
    CHECK(config.id == "id" && config.secret == SECRET && config.token.empty());
    CHECK(aliyun_cred_fill_log_config(session().get(), &config) == nullptr);
    CHECK(config.id == "id" && config.secret == SECRET && config.token == "token");
    CHECK(is(aliyun_cred_fill_log_config(nothing().get(), &config), ALIYUN_CRED_ERROR_INTERNAL));
    CHECK(config.token == "token");
}

int main() {
    RUN(oss_cpp);
    RUN(aws);
    RUN(an_error_is_that_of_the_last_call);
    RUN(many_threads_share_an_adapter);
    RUN(oss_c);
    RUN(log_c);
    return finish();
}
