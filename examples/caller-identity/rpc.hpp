// Alibaba Cloud's RPC protocol, as much of it as one call needs.
#ifndef RPC_HPP
#define RPC_HPP

#include <map>
#include <string>
#include <string_view>

#include <aliyun_cred.hpp>

namespace rpc {

using Parameters = std::map<std::string, std::string>;

// The query of a GET request: `parameters` with what the protocol adds, the credential's id and token, and the
// signature of all that (HMAC-SHA1, version 1.0). Throws std::invalid_argument if the credential is a bearer token.
std::string signed_query(Parameters parameters, const aliyun_cred::Credentials &credentials);

// A string of a reply in JSON by its name, empty if there is none. Enough for values without escapes, as ARNs and codes
// are; a program with more to read has a parser.
std::string field(const std::string &reply, std::string_view name);

}  // namespace rpc

#endif  // RPC_HPP
