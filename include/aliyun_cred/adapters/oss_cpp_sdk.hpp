// A credentials provider for aliyun-oss-cpp-sdk, whose headers have to be in the include path.
//
//     auto provider = std::make_shared<aliyun_cred::adapters::OssCredentialsProvider>(aliyun_cred::Client());
//     AlibabaCloud::OSS::OssClient oss(endpoint, provider, configuration);
//
// The SDK asks it for every request. Without a credential it gets an empty one, with which the service refuses the
// request; error() says why.
#ifndef ALIYUN_CRED_ADAPTERS_OSS_CPP_SDK_HPP
#define ALIYUN_CRED_ADAPTERS_OSS_CPP_SDK_HPP

#include <alibabacloud/oss/auth/CredentialsProvider.h>

#include <string>
#include <utility>

#include "adapter.hpp"

namespace aliyun_cred::adapters {

// Gives the SDK a client's credential.
class OssCredentialsProvider final : public AlibabaCloud::OSS::CredentialsProvider, public Adapter {
public:
    explicit OssCredentialsProvider(Client client) : Adapter(std::move(client)) {}

    AlibabaCloud::OSS::Credentials getCredentials() override {
        AlibabaCloud::OSS::Credentials given("", "", "");
        ask([&](const Credentials &found) {
            given = AlibabaCloud::OSS::Credentials(std::string(*found.access_key_id()),
                                                   std::string(*found.access_key_secret()),
                                                   std::string(found.security_token().value_or("")));
        });
        return given;
    }
};

}  // namespace aliyun_cred::adapters

#endif  // ALIYUN_CRED_ADAPTERS_OSS_CPP_SDK_HPP
