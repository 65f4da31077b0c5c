/*
 * The numbers and struct layouts that a program compiled against this header relies on.
 * Compared with abi.txt on 64-bit systems; a change in it is a new ABI version.
 */
#include <stddef.h>
#include <stdio.h>

#include "aliyun_cred.h"

#define VALUE(name) printf("%s %d\n", #name, (int)name);
#define SIZE(type) printf("sizeof %s %zu\n", #type, sizeof(type));
#define OFFSET(type, member) printf("offsetof %s.%s %zu\n", #type, #member, offsetof(type, member));

int main(void) {
    VALUE(ALIYUN_CRED_ABI_VERSION)
    VALUE(ALIYUN_CRED_OK)
    VALUE(ALIYUN_CRED_ERROR_INVALID_CONFIG)
    VALUE(ALIYUN_CRED_ERROR_NOT_CONFIGURED)
    VALUE(ALIYUN_CRED_ERROR_DISABLED)
    VALUE(ALIYUN_CRED_ERROR_IO)
    VALUE(ALIYUN_CRED_ERROR_MALFORMED_FILE)
    VALUE(ALIYUN_CRED_ERROR_DENIED)
    VALUE(ALIYUN_CRED_ERROR_THROTTLED)
    VALUE(ALIYUN_CRED_ERROR_UNAVAILABLE)
    VALUE(ALIYUN_CRED_ERROR_TIMEOUT)
    VALUE(ALIYUN_CRED_ERROR_TLS)
    VALUE(ALIYUN_CRED_ERROR_MALFORMED_REPLY)
    VALUE(ALIYUN_CRED_ERROR_EXPIRED)
    VALUE(ALIYUN_CRED_ERROR_LOGIN_REQUIRED)
    VALUE(ALIYUN_CRED_ERROR_COMMAND)
    VALUE(ALIYUN_CRED_ERROR_CANCELLED)
    VALUE(ALIYUN_CRED_ERROR_RECURSION)
    VALUE(ALIYUN_CRED_ERROR_INTERNAL)
    VALUE(ALIYUN_CRED_ERROR_INVALID_ARGUMENT)
    VALUE(ALIYUN_CRED_LOG_ERROR)
    VALUE(ALIYUN_CRED_LOG_WARN)
    VALUE(ALIYUN_CRED_LOG_INFO)
    VALUE(ALIYUN_CRED_LOG_DEBUG)
    VALUE(ALIYUN_CRED_EXPLAIN_DEFAULT)
    VALUE(ALIYUN_CRED_EXPLAIN_ALL)
    VALUE(ALIYUN_CRED_EXPLAIN_ROTATE)
    VALUE(ALIYUN_CRED_EVENT_REFRESHED)
    VALUE(ALIYUN_CRED_EVENT_REFRESH_FAILED)
    VALUE(ALIYUN_CRED_EVENT_SERVING_EXPIRED)
    VALUE(ALIYUN_CRED_EVENT_SOURCE_CHANGED)
    SIZE(aliyun_cred_error_kind_t)
    SIZE(aliyun_cred_log_level_t)
    SIZE(aliyun_cred_string_view_t)
    OFFSET(aliyun_cred_string_view_t, data)
    OFFSET(aliyun_cred_string_view_t, length)
    SIZE(aliyun_cred_credentials_view_t)
    OFFSET(aliyun_cred_credentials_view_t, access_key_id)
    OFFSET(aliyun_cred_credentials_view_t, access_key_secret)
    OFFSET(aliyun_cred_credentials_view_t, security_token)
    OFFSET(aliyun_cred_credentials_view_t, bearer_token)
    OFFSET(aliyun_cred_credentials_view_t, type)
    OFFSET(aliyun_cred_credentials_view_t, provider_name)
    OFFSET(aliyun_cred_credentials_view_t, expiration)
    SIZE(aliyun_cred_status_t)
    OFFSET(aliyun_cred_status_t, size)
    OFFSET(aliyun_cred_status_t, has_credentials)
    OFFSET(aliyun_cred_status_t, is_past_expiration)
    OFFSET(aliyun_cred_status_t, last_refresh_succeeded)
    OFFSET(aliyun_cred_status_t, failures)
    OFFSET(aliyun_cred_status_t, expiration_ms)
    OFFSET(aliyun_cred_status_t, age_ms)
    OFFSET(aliyun_cred_status_t, refresh_in_ms)
    OFFSET(aliyun_cred_status_t, last_refresh_ms)
    OFFSET(aliyun_cred_status_t, last_refresh_took_ms)
    OFFSET(aliyun_cred_status_t, provider_name)
    OFFSET(aliyun_cred_status_t, last_error)
    OFFSET(aliyun_cred_status_t, clock_offset_ms)
    OFFSET(aliyun_cred_event_t, kind)
    OFFSET(aliyun_cred_event_t, failures)
    OFFSET(aliyun_cred_event_t, at_ms)
    OFFSET(aliyun_cred_event_t, took_ms)
    OFFSET(aliyun_cred_event_t, expiration_ms)
    OFFSET(aliyun_cred_event_t, dropped)
    OFFSET(aliyun_cred_event_t, provider_name)
    OFFSET(aliyun_cred_event_t, previous_provider_name)
    OFFSET(aliyun_cred_event_t, error)
    return 0;
}
