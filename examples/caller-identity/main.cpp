// Answers every line of its input with who Alibaba Cloud says that it is, and the sources that led there.
//
// The credential comes from whatever the machine offers. Between two lines it may have been refreshed, or refused: a
// refused one is given up, and the call made once more.
#include <curl/curl.h>

#include <aliyun_cred.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "rpc.hpp"

namespace {

constexpr char kEndpoint[] = "https://sts.aliyuncs.com/?";

struct Reply {
    long status = 0;
    std::string body;
};

class Http {
public:
    Http() : handle_(curl_easy_init(), curl_easy_cleanup) {
        if (handle_ == nullptr) {
            throw std::runtime_error("libcurl cannot be used");
        }
        set(CURLOPT_WRITEFUNCTION, append);
        set(CURLOPT_PROTOCOLS, CURLPROTO_HTTPS);
        set(CURLOPT_TIMEOUT, 30L);
        set(CURLOPT_NOSIGNAL, 1L);
        // libcurl leaves this variable, which aliyun_cred heeds, to those who use it.
        if (const char *authorities = std::getenv("SSL_CERT_FILE")) {
            set(CURLOPT_CAINFO, authorities);
        }
    }

    Reply get(const std::string &url) {
        Reply reply;
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_WRITEDATA, &reply.body);
        // The URL holds the security token: only libcurl's own words are passed on.
        check(curl_easy_perform(handle_.get()));
        check(curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &reply.status));
        return reply;
    }

private:
    template <typename Value>
    void set(CURLoption option, Value value) {
        check(curl_easy_setopt(handle_.get(), option, value));
    }

    static void check(CURLcode code) {
        if (code != CURLE_OK) {
            throw std::runtime_error(curl_easy_strerror(code));
        }
    }

    static std::size_t append(char *data, std::size_t size, std::size_t count, void *body) {
        static_cast<std::string *>(body)->append(data, size * count);
        return size * count;
    }

    std::unique_ptr<CURL, void (*)(CURL *)> handle_;
};

// Whether the service no longer takes the credential, which is another matter than that it may not do something.
bool is_refused(const std::string &code) {
    return code.rfind("InvalidSecurityToken", 0) == 0 || code.rfind("InvalidAccessKeyId", 0) == 0;
}

std::string who_am_i(const aliyun_cred::Client &client, Http &http) {
    for (bool again = true;; again = false) {
        const aliyun_cred::Credentials credentials = client.credentials();
        const std::string query =
            rpc::signed_query({{"Action", "GetCallerIdentity"}, {"Version", "2015-04-01"}}, credentials);
        const Reply reply = http.get(kEndpoint + query);
        if (reply.status == 200) {
            return rpc::field(reply.body, "Arn") + " by " + std::string(credentials.provider_name().value_or("itself"));
        }
        const std::string code = rpc::field(reply.body, "Code");
        if (!again || !is_refused(code)) {
            throw std::runtime_error("GetCallerIdentity: " + std::to_string(reply.status) + " " + code);
        }
        client.invalidate();
    }
}

}  // namespace

int main() try {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const aliyun_cred::Client client;
    Http http;
    // A service does not end because one call failed.
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::cout << who_am_i(client, http) << std::endl;
        } catch (const std::exception &error) {
            std::cout << "error: " << error.what() << std::endl;
        }
    }
    curl_global_cleanup();
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
