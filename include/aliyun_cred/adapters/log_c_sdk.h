/*
 * For the producer of aliyun-log-c-sdk, whose headers have to be in the include path: gives its configuration the
 * client's credential. The producer signs in the background, so call it when the configuration is made, and then often
 * enough for the credential's life: every minute costs next to nothing, because the client keeps its credential.
 *
 *     aliyun_cred_error_t *error = aliyun_cred_fill_log_config(client, config);
 */
#ifndef ALIYUN_CRED_ADAPTERS_LOG_C_SDK_H
#define ALIYUN_CRED_ADAPTERS_LOG_C_SDK_H

#include <log_producer_config.h>

#include "../../aliyun_cred.h"

/*
 * Sets the key and the token of config to the client's credential, which it may wait for. Those with a security token
 * may be set while the producer runs; a pair without token only before.
 *
 * Returns NULL, or an error that the caller owns; config keeps what it has then, which the producer may still use.
 * config must not be NULL. Any thread may call it, one at a time.
 */
static inline aliyun_cred_error_t *aliyun_cred_fill_log_config(const aliyun_cred_client_t *client,
                                                               log_producer_config *config) {
    aliyun_cred_credentials_t *found = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &found);
    if (error == NULL) {
        const char *id = aliyun_cred_credentials_access_key_id(found);
        const char *secret = aliyun_cred_credentials_access_key_secret(found);
        const char *token = aliyun_cred_credentials_security_token(found);
        if (token != NULL && token[0] != '\0') {
            log_producer_config_reset_security_token(config, id, secret, token);
        } else {
            log_producer_config_set_access_id(config, id);
            log_producer_config_set_access_key(config, secret);
        }
    }
    aliyun_cred_credentials_free(found);
    return error;
}

#endif /* ALIYUN_CRED_ADAPTERS_LOG_C_SDK_H */
