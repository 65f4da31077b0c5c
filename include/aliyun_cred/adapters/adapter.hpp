// What the C++ adapters share: a client that is asked without throwing, and why it last gave nothing.
#ifndef ALIYUN_CRED_ADAPTERS_ADAPTER_HPP
#define ALIYUN_CRED_ADAPTERS_ADAPTER_HPP

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "../../aliyun_cred.hpp"

namespace aliyun_cred::adapters {

// A client for an SDK that does not expect exceptions. Any number of threads may use it at once.
class Adapter {
public:
    Adapter(const Adapter &) = delete;
    Adapter &operator=(const Adapter &) = delete;

    // Why the last call gave an empty credential; absent if it gave one, or if there was no call.
    std::optional<Error> error() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return error_;
    }

    // The client; invalidate() it when a service has rejected its credential.
    const Client &client() const noexcept { return client_; }

protected:
    explicit Adapter(Client client) : client_(std::move(client)) {}
    ~Adapter() = default;

    // Calls `use` with the current credential; not at all if there is none, or if it cannot sign. Never throws.
    template <typename Use>
    void ask(Use use) noexcept {
        const auto work = [&] {
            const Result<Credentials> found = client_.try_credentials();
            if (!found) {
                keep(found.error());
            } else if (!found->access_key_id() || !found->access_key_secret()) {
                keep(Error(ALIYUN_CRED_ERROR_INVALID_CONFIG,
                           "the client's credential is a bearer token, which cannot sign a request"));
            } else {
                keep(std::nullopt);
                use(*found);
            }
        };
        detail::contain(work, [this](ErrorKind kind, const char *text) { keep(Error(kind, text)); });
    }

private:
    void keep(std::optional<Error> error) {
        const std::lock_guard<std::mutex> lock(mutex_);
        error_.swap(error);
    }

    const Client client_;
    mutable std::mutex mutex_;
    std::optional<Error> error_;
};

}  // namespace aliyun_cred::adapters

#endif  // ALIYUN_CRED_ADAPTERS_ADAPTER_HPP
