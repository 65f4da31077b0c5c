// Resolves the default chain and prints what it found: id, secret, token if there is one,
// provider name, a line each.
#include <aliyun_cred.hpp>
#include <iostream>

int main() try {
    const aliyun_cred::Credentials credentials = aliyun_cred::Client().credentials();
    std::cout << credentials.access_key_id().value() << '\n'
              << credentials.access_key_secret().value()
              << '\n'
              // None for a long-lived key pair.
              << credentials.security_token().value_or("") << '\n'
              << credentials.provider_name().value() << '\n';
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
