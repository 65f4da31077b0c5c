// A program of a user's, in C++. How it is built shows what linking the installed library takes.
#include <aliyun_cred.hpp>
#include <iostream>

int main() {
    const aliyun_cred::Client client(aliyun_cred::Config("access_key").access_key_id("an-id").access_key_secret("s"));
    const bool right = client.credentials().access_key_id() == "an-id";
    std::cout << (right ? aliyun_cred_version() : "wrong") << '\n';
    // No exception crosses the language border, however the two were linked.
    try {
        aliyun_cred::Client(aliyun_cred::Config("no-such-type"));
        return 1;
    } catch (const aliyun_cred::Error &error) {
        return right && error.kind() == ALIYUN_CRED_ERROR_INVALID_CONFIG ? 0 : 1;
    }
}
