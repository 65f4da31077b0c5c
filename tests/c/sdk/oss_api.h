/* The public shape of aliyun-oss-c-sdk's strings, pools and options, declared by us; see README.md. */
#ifndef TESTS_SDK_OSS_API_H
#define TESTS_SDK_OSS_API_H

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aos_pool_s aos_pool_t;

typedef struct {
    int len;
    char *data;
} aos_string_t;

#define aos_str_set(str, text)                                      \
    do {                                                            \
        (str)->data = (char *)(text);                               \
        (str)->len = (text) == NULL ? 0 : (int)strlen((str)->data); \
    } while (0)
#define aos_str_null(str) \
    (str)->len = 0;       \
    (str)->data = NULL

char *aos_pstrdup(aos_pool_t *pool, const aos_string_t *text);

typedef struct {
    aos_string_t endpoint;
    aos_string_t access_key_id;
    aos_string_t access_key_secret;
    aos_string_t sts_token;
} oss_config_t;

typedef struct {
    oss_config_t *config;
    aos_pool_t *pool;
} oss_request_options_t;

#ifdef __cplusplus
}
#endif

#endif
