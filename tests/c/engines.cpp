// What a database or another engine asks of a library that it embeds: see docs/engines.md. Also run under
// ThreadSanitizer.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "aliyun_cred.hpp"
#include "check.h"

using aliyun_cred::Client;
using aliyun_cred::Config;
using aliyun_cred::Credentials;
using aliyun_cred::Provided;
using aliyun_cred::Result;

// One object for all signers: nothing is copied but the pointer, and it outlives its client.
static void one_credential_for_many_signers() {
    std::shared_ptr<const Credentials> shared;
    {
        const Client client(Config("sts").access_key_id("id").access_key_secret(SECRET).security_token("token"));
        shared = std::make_shared<const Credentials>(client.credentials());
    }
    const char *const secret = shared->access_key_secret()->data();
    std::atomic<unsigned> right{0};
    std::vector<std::thread> signers;
    for (int signer = 0; signer < 8; ++signer) {
        signers.emplace_back([&right, shared, secret] {
            for (int request = 0; request < 1000; ++request) {
                const Credentials own = *shared;
                right += own.access_key_id() == "id" && own.security_token() == "token" &&
                         own.access_key_secret()->data() == secret;
            }
        });
    }
    for (std::thread &signer : signers) signer.join();
    CHECK(right == 8000);
}

// A get that never waits: what is cached, or nothing, and a refresh has been started that calls back.
static void a_get_that_never_waits() {
    std::promise<void> may_answer;
    const std::shared_future<void> answered = may_answer.get_future().share();
    std::atomic<unsigned> asked{0};
    const Client client = Client::from_provider("vault", [answered, &asked] {
        ++asked;
        answered.wait();
        return Provided{"id", SECRET, "", std::chrono::system_clock::now() + std::chrono::hours(1)};
    });
    std::atomic<unsigned> told{0};
    std::promise<void> all_told;
    const auto get = [&]() -> std::optional<Credentials> {
        if (std::optional<Credentials> cached = client.cached())
            return cached;
        const auto tell = [&](const Result<Credentials> &found) {
            if (found && ++told == 3)
                all_told.set_value();
        };
        // The request is let go: nobody wants to cancel it.
        static_cast<void>(client.try_credentials_async(tell).has_value());
        return std::nullopt;
    };
    // The provider cannot have answered, so none of these waited for it.
    CHECK(!get() && !get() && !get() && told == 0);
    may_answer.set_value();
    all_told.get_future().wait();
    const std::optional<Credentials> found = get();
    CHECK(found && found->access_key_id() == "id");
    CHECK(asked == 1);
}

int main() {
    RUN(one_credential_for_many_signers);
    RUN(a_get_that_never_waits);
    return finish();
}
