/*
 * A minimal harness: RUN(test) runs a function and reports the result, CHECK(condition) marks it as failed, and
 * finish() returns the program's exit status. Conditions are printed as written, values never.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aliyun_cred.h"

/* An AccessKey secret that looks like a real one. The word `canary` must never be printed. */
#define SECRET "KAokXGTHDcanaryRL4XbxSXwCv89LE"

static bool check_failed;
static unsigned check_counts[2];

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            check_failed = true;                                                      \
            return;                                                                   \
        }                                                                             \
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

/* NULL equals only NULL. */
static inline bool same(const char *left, const char *right) {
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/* Checks an error's kind, and frees it. */
static inline bool is(aliyun_cred_error_t *error, aliyun_cred_error_kind_t kind) {
    const bool as_expected = aliyun_cred_error_kind(error) == kind;
    if (!as_expected && error != NULL) {
        fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
    }
    aliyun_cred_error_free(error);
    return as_expected;
}

/* Whether a question is answered with yes in a forked child. */
static inline bool true_in_a_child(bool (*question)(void *argument), void *argument) {
    int ends[2];
    char answer = 'n';
    if (pipe(ends) != 0) {
        return false;
    }
    const pid_t child = fork();
    if (child == 0) {
        /* Not through the exit status, which a memory checker may change. */
        answer = question(argument) ? 'y' : 'n';
        _exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
    }
    close(ends[1]);
    const bool answered = child > 0 && read(ends[0], &answer, 1) == 1 && waitpid(child, NULL, 0) == child;
    close(ends[0]);
    return answered && answer == 'y';
}

static inline bool succeeds(aliyun_cred_error_t *error) { return is(error, ALIYUN_CRED_OK); }

#endif
