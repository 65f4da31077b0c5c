/* The public shape of aliyun-log-c-sdk's producer configuration, declared by us; see README.md. */
#ifndef TESTS_SDK_LOG_PRODUCER_CONFIG_H
#define TESTS_SDK_LOG_PRODUCER_CONFIG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _log_producer_config log_producer_config;

void log_producer_config_set_access_id(log_producer_config *config, const char *id);
void log_producer_config_set_access_key(log_producer_config *config, const char *secret);
void log_producer_config_reset_security_token(log_producer_config *config, const char *id, const char *secret,
                                              const char *token);

#ifdef __cplusplus
}
#endif

#endif
