/* What all programs here need: clocks, clients as the environment describes them, and an exit with the reason. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <aliyun_cred.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void check(aliyun_cred_error_t *error) {
    if (error != NULL) {
        fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
        exit(1);
    }
}

/* A client of the source "static", "role" or "uri". */
static inline aliyun_cred_client_t *client_of(const char *source) {
    char json[2048];
    if (strcmp(source, "role") == 0) {
        snprintf(json, sizeof json,
                 "{\"type\": \"ram_role_arn\", \"access_key_id\": \"%s\", \"access_key_secret\": \"%s\", "
                 "\"role_arn\": \"%s\", \"role_session_name\": \"bench\", \"sts_endpoint\": \"%s\"}",
                 getenv("BENCH_ID"), getenv("BENCH_SECRET"), getenv("BENCH_ROLE"), getenv("BENCH_STS"));
    } else if (strcmp(source, "uri") == 0) {
        snprintf(json, sizeof json, "{\"type\": \"credentials_uri\", \"credentials_uri\": \"%s\"}",
                 getenv("BENCH_URI"));
    } else {
        snprintf(json, sizeof json,
                 "{\"type\": \"access_key\", \"access_key_id\": \"%s\", \"access_key_secret\": \"%s\"}",
                 getenv("BENCH_ID"), getenv("BENCH_SECRET"));
    }
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    check(aliyun_cred_config_from_json(json, &config));
    check(aliyun_cred_client_new(config, &client));
    aliyun_cred_config_free(config);
    return client;
}

/* A number of /proc/self/status, such as "VmRSS" in kB. */
static inline long status_of(const char *field) {
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':') {
            value = atol(line + strlen(field) + 1);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

#endif
