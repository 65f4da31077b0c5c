#include "rpc.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <ctime>
#include <stdexcept>

namespace {

constexpr char kHex[] = "0123456789ABCDEF";

// RFC 3986: everything but letters, digits and -_.~
std::string encoded(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            result += c;
        } else {
            result += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return result;
}

std::string base64_of_hmac_sha1(const std::string &key, const std::string &text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char *>(text.data()),
             text.size(), digest, &length) == nullptr) {
        throw std::runtime_error("HMAC-SHA1 failed");
    }
    // Four characters for three bytes, and the NUL that EVP_EncodeBlock writes.
    unsigned char base64[(EVP_MAX_MD_SIZE + 2) / 3 * 4 + 1];
    const int written = EVP_EncodeBlock(base64, digest, static_cast<int>(length));
    return std::string(reinterpret_cast<const char *>(base64), static_cast<std::size_t>(written));
}

// Random: the service refuses one that it has seen.
std::string nonce() {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        throw std::runtime_error("no randomness");
    }
    std::string result;
    for (const unsigned char byte : bytes) {
        result += {kHex[byte >> 4], kHex[byte & 15]};
    }
    return result;
}

std::string timestamp() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[sizeof "2006-01-02T15:04:05Z"];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

}  // namespace

std::string rpc::signed_query(Parameters parameters, const aliyun_cred::Credentials &credentials) {
    const auto id = credentials.access_key_id(), secret = credentials.access_key_secret();
    if (!id || !secret) {
        throw std::invalid_argument("this credential cannot sign");
    }
    parameters["AccessKeyId"] = *id;
    if (const auto token = credentials.security_token()) {
        parameters["SecurityToken"] = *token;
    }
    parameters["Format"] = "JSON";
    parameters["SignatureMethod"] = "HMAC-SHA1";
    parameters["SignatureNonce"] = nonce();
    parameters["SignatureVersion"] = "1.0";
    parameters["Timestamp"] = timestamp();

    // A map is in the order that the signature wants: by the bytes of the names.
    std::string query;
    for (const auto &[name, value] : parameters) {
        query += (query.empty() ? "" : "&") + encoded(name) + '=' + encoded(value);
    }
    const std::string signature = base64_of_hmac_sha1(std::string(*secret) + '&', "GET&%2F&" + encoded(query));
    return query + "&Signature=" + encoded(signature);
}

std::string rpc::field(const std::string &reply, std::string_view name) {
    const std::string key = '"' + std::string(name) + '"';
    auto at = reply.find(key);
    at = at == std::string::npos ? at : reply.find_first_not_of(" :", at + key.size());
    if (at == std::string::npos || reply[at] != '"') {
        return {};
    }
    return reply.substr(at + 1, reply.find('"', at + 1) - at - 1);
}
