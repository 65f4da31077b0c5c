/*
 * For aliyun-oss-c-sdk, whose headers have to be in the include path: fills the keys of a request's options. Call it
 * before each request, since the credential changes:
 *
 *     aliyun_cred_error_t *error = aliyun_cred_fill_oss_options(client, options);
 *     if (error == NULL) {
 *         status = oss_put_object_from_file(options, &bucket, &object, &file, headers, &response);
 *     }
 */
#ifndef ALIYUN_CRED_ADAPTERS_OSS_C_SDK_H
#define ALIYUN_CRED_ADAPTERS_OSS_C_SDK_H

#include <oss_api.h>
#include <string.h>

#include "../../aliyun_cred.h"

/* For the function below: sets a field, copied into the pool if it changes. The SDK takes an absent token for none, and
 * an empty one for a token. */
static inline void aliyun_cred_fill_oss_field(aos_pool_t *pool, aos_string_t *field, const char *text) {
    aos_string_t given;
    aos_str_set(&given, text);
    if (given.len == 0) {
        aos_str_null(field);
    } else if (field->len != given.len || memcmp(field->data, given.data, (size_t)given.len) != 0) {
        /* A variable, because the macro evaluates its argument several times. */
        const char *copy = aos_pstrdup(pool, &given);
        aos_str_set(field, copy);
    }
}

/*
 * Sets access_key_id, access_key_secret and sts_token of options->config to the client's credential, which it may wait
 * for. They are copied into options->pool if they have changed, and stay there until the pool is destroyed.
 *
 * Returns NULL, or an error that the caller owns; the three are empty then. options, its config and its pool must not
 * be NULL. Any thread may call it with options of its own.
 */
static inline aliyun_cred_error_t *aliyun_cred_fill_oss_options(const aliyun_cred_client_t *client,
                                                                oss_request_options_t *options) {
    aliyun_cred_credentials_t *found = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &found);
    aliyun_cred_fill_oss_field(options->pool, &options->config->access_key_id,
                               aliyun_cred_credentials_access_key_id(found));
    aliyun_cred_fill_oss_field(options->pool, &options->config->access_key_secret,
                               aliyun_cred_credentials_access_key_secret(found));
    aliyun_cred_fill_oss_field(options->pool, &options->config->sts_token,
                               aliyun_cred_credentials_security_token(found));
    aliyun_cred_credentials_free(found);
    return error;
}

#endif /* ALIYUN_CRED_ADAPTERS_OSS_C_SDK_H */
