// A credentials provider for aws-sdk-cpp, to use OSS through its S3-compatible interface. The SDK's headers have to be
// in the include path.
//
//     auto provider = std::make_shared<aliyun_cred::adapters::AwsCredentialsProvider>(aliyun_cred::Client());
//     Aws::S3::S3Client s3(provider, nullptr, configuration);  // its endpoint: s3.oss-cn-hangzhou.aliyuncs.com
//
// The SDK asks it for every request. Without a credential it gets an empty one, with which the request goes unsigned;
// error() says why.
#ifndef ALIYUN_CRED_ADAPTERS_AWS_SDK_CPP_HPP
#define ALIYUN_CRED_ADAPTERS_AWS_SDK_CPP_HPP

#include <aws/core/auth/AWSCredentialsProvider.h>

#include <string_view>
#include <utility>

#include "adapter.hpp"

namespace aliyun_cred::adapters {

// Gives the SDK a client's credential.
class AwsCredentialsProvider final : public Aws::Auth::AWSCredentialsProvider, public Adapter {
public:
    explicit AwsCredentialsProvider(Client client) : Adapter(std::move(client)) {}

    Aws::Auth::AWSCredentials GetAWSCredentials() override {
        Aws::Auth::AWSCredentials given;
        ask([&](const Credentials &found) {
            given.SetAWSAccessKeyId(text(*found.access_key_id()));
            given.SetAWSSecretKey(text(*found.access_key_secret()));
            given.SetSessionToken(text(found.security_token().value_or("")));
        });
        return given;
    }

private:
    static Aws::String text(std::string_view text) { return Aws::String(text.data(), text.size()); }
};

}  // namespace aliyun_cred::adapters

#endif  // ALIYUN_CRED_ADAPTERS_AWS_SDK_CPP_HPP
