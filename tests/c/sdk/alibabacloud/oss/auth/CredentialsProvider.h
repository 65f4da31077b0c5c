// The public shape of aliyun-oss-cpp-sdk's credentials and their provider, declared by us; see README.md.
#pragma once

#include <string>

namespace AlibabaCloud::OSS {

class Credentials {
public:
    Credentials(const std::string &id, const std::string &secret, const std::string &token = "")
        : id_(id), secret_(secret), token_(token) {}
    const std::string &AccessKeyId() const { return id_; }
    const std::string &AccessKeySecret() const { return secret_; }
    const std::string &SessionToken() const { return token_; }

private:
    std::string id_, secret_, token_;
};

class CredentialsProvider {
public:
    CredentialsProvider() = default;
    virtual ~CredentialsProvider() = default;
    virtual Credentials getCredentials() = 0;
};

}  // namespace AlibabaCloud::OSS
