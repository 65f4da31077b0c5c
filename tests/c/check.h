/*
 * A harness of forty lines: RUN(test) runs a function and says how it went, CHECK(condition) leaves it as failed,
 * finish() gives the program's exit status. Conditions are printed as they are written, values never.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "aliyun_cred.h"

static bool check_failed;
static unsigned check_counts[2];

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);     \
            check_failed = true;                                                          \
            return;                                                                       \
        }                                                                                 \
    } while (0)

#define RUN(test) check_run(#test, test)

static inline void check_run(const char *name, void (*test)(void)) {
    check_failed = false;
    test();
    check_counts[check_failed]++;
    printf("%s %s\n", check_failed ? "not ok" : "ok", name);
    fflush(stdout);
}

static inline int finish(void) {
    printf("%u passed, %u failed\n", check_counts[false], check_counts[true]);
    return check_counts[true] == 0 && check_counts[false] > 0 ? 0 : 1;
}

/* NULL equals NULL only. */
static inline bool same(const char *left, const char *right) {
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/* Frees an error, having looked at its kind. */
static inline bool is(aliyun_cred_error_t *error, aliyun_cred_error_kind_t kind) {
    const bool as_expected = aliyun_cred_error_kind(error) == kind;
    if (!as_expected && error != NULL) {
        fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
    }
    aliyun_cred_error_free(error);
    return as_expected;
}

static inline bool succeeds(aliyun_cred_error_t *error) { return is(error, ALIYUN_CRED_OK); }

#endif
