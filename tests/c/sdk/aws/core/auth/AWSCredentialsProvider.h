// The public shape of aws-sdk-cpp's credentials and their provider, declared by us; see README.md.
#pragma once

#include <string>

namespace Aws {

using String = std::string;

namespace Auth {

class AWSCredentials {
public:
    const String &GetAWSAccessKeyId() const { return id_; }
    const String &GetAWSSecretKey() const { return secret_; }
    const String &GetSessionToken() const { return token_; }
    void SetAWSAccessKeyId(const String &id) { id_ = id; }
    void SetAWSSecretKey(const String &secret) { secret_ = secret; }
    void SetSessionToken(const String &token) { token_ = token; }

private:
    String id_, secret_, token_;
};

class AWSCredentialsProvider {
public:
    virtual ~AWSCredentialsProvider() = default;
    virtual AWSCredentials GetAWSCredentials() = 0;
};

}  // namespace Auth
}  // namespace Aws
