// aliyun_cred.hpp without exceptions: compiled with -fno-exceptions, so that nothing here can throw.
#include "aliyun_cred.hpp"

#include "check.h"
#include "service.h"

using aliyun_cred::Client;
using aliyun_cred::Config;
using aliyun_cred::Credentials;
using aliyun_cred::Result;

static void everything_goes_by_results() {
    service service;
    char json[512];
    CHECK(service_start(&service, 200, ISSUED));
    Result<Config> read = Config::try_from_json(service_role(&service, json, sizeof json));
    CHECK(read);
    Config config = std::move(read).value();
    CHECK(config.try_external_id("e") && !config.try_external_id("\xff"));
    Result<Client> made = Client::try_new(config);
    CHECK(made && made->type() == "ram_role_arn");
    const Result<Credentials> credentials = made->try_credentials();
    CHECK(credentials && credentials->access_key_id() == "STS.id");
    int told = 0;
    CHECK(made->try_credentials_async([&](const Result<Credentials> &given) { told += given.has_value(); }));
    CHECK(told == 1);
    const Result<Client> role = made->try_assume_role(config);
    CHECK(role && role->try_credentials(std::chrono::minutes(1)));
    const Result<Client> vault =
        Client::try_from_provider("vault", [] { return aliyun_cred::Provided{"id", "secret", "", std::nullopt}; });
    CHECK(vault && vault->try_credentials()->provider_name() == "vault");
    service_stop(&service);
}

static void failures_are_results_too() {
    CHECK(Client::try_new(Config()).error().kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG);
    CHECK(Client::try_default()->try_credentials().error().kind() == ALIYUN_CRED_ERROR_NOT_CONFIGURED);
}

int main() {
    RUN(everything_goes_by_results);
    RUN(failures_are_results_too);
    return finish();
}
