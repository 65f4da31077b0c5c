/*
 * Every setter of a string option. run.sh checks that none is missing here.
 */
#ifndef SETTERS_H
#define SETTERS_H

#include "aliyun_cred.h"

typedef aliyun_cred_error_t *(*string_setter)(aliyun_cred_config_t *, const char *);

static const string_setter STRING_SETTERS[] = {
    aliyun_cred_config_set_type,
    aliyun_cred_config_set_access_key_id,
    aliyun_cred_config_set_access_key_secret,
    aliyun_cred_config_set_security_token,
    aliyun_cred_config_set_bearer_token,
    aliyun_cred_config_set_role_arn,
    aliyun_cred_config_set_oidc_provider_arn,
    aliyun_cred_config_set_oidc_token_file_path,
    aliyun_cred_config_set_role_session_name,
    aliyun_cred_config_set_policy,
    aliyun_cred_config_set_external_id,
    aliyun_cred_config_set_sts_endpoint,
    aliyun_cred_config_set_sts_region_id,
    aliyun_cred_config_set_public_key_id,
    aliyun_cred_config_set_private_key_file,
    aliyun_cred_config_set_private_key,
    aliyun_cred_config_set_role_name,
    aliyun_cred_config_set_credentials_uri,
    aliyun_cred_config_set_host,
    aliyun_cred_config_set_profile_name,
    aliyun_cred_config_set_profile_file,
    aliyun_cred_config_set_process_command,
    aliyun_cred_config_set_sign_in_url,
    aliyun_cred_config_set_account_id,
    aliyun_cred_config_set_access_config,
    aliyun_cred_config_set_access_token,
    aliyun_cred_config_set_client_id,
    aliyun_cred_config_set_refresh_token,
    aliyun_cred_config_set_proxy,
};

enum { STRING_SETTERS_COUNT = sizeof STRING_SETTERS / sizeof STRING_SETTERS[0] };

#endif
