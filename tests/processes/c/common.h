/*
 * Shared by the programs of this folder. Each is started by run.py, which sets an STS in the environment and exchanges
 * lines with it: say() reports how far the program is, await_word() waits until it may go on.
 */
#ifndef COMMON_H
#define COMMON_H

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aliyun_cred.h"

/* No test takes longer; a process that reaches this hangs. */
enum { WATCHDOG_SECONDS = 60 };

/* Ends the program with a line that says why, from any thread or process. */
#define MUST(condition)                                                               \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            _exit(99);                                                                \
        }                                                                             \
    } while (0)

static inline void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static inline void await_word(void) { MUST(getchar() != EOF); }

/* Whether there is no error; otherwise prints and frees it. */
static inline int succeeds(aliyun_cred_error_t *error) {
    if (error == NULL) {
        return 1;
    }
    fprintf(stderr, "%s: %s\n", aliyun_cred_error_kind_name(aliyun_cred_error_kind(error)),
            aliyun_cred_error_message(error));
    aliyun_cred_error_free(error);
    return 0;
}

/* A client of a role from the STS in the environment. */
static inline aliyun_cred_client_t *client_of(const char *role) {
    char json[512];
    snprintf(json, sizeof json,
             "{\"type\":\"ram_role_arn\",\"access_key_id\":\"LTAIEmulatorUser\","
             "\"access_key_secret\":\"EmulatorUserSecret\",\"role_arn\":\"acs:ram::1000000000000001:role/%s\"}",
             role);
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    MUST(succeeds(aliyun_cred_config_from_json(json, &config)));
    MUST(succeeds(aliyun_cred_client_new(config, &client)));
    aliyun_cred_config_free(config);
    return client;
}

/* Gets a credential and checks that it is complete. The caller frees it. */
static inline aliyun_cred_credentials_t *get(const aliyun_cred_client_t *client) {
    aliyun_cred_credentials_t *credentials = NULL;
    MUST(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
    MUST(aliyun_cred_credentials_access_key_id(credentials) != NULL);
    MUST(aliyun_cred_credentials_access_key_secret(credentials) != NULL);
    MUST(aliyun_cred_credentials_security_token(credentials) != NULL);
    return credentials;
}

static inline void resolve(const aliyun_cred_client_t *client) { aliyun_cred_credentials_free(get(client)); }

/* Starts a refresh without waiting for it. Any result is fine, except a credential. */
static inline void start_refresh(const aliyun_cred_client_t *client) {
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials_within(client, 0, &credentials);
    MUST(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_TIMEOUT);
    aliyun_cred_error_free(error);
}

/* First call in a forked child: kills it if it hangs. */
static inline void begin_child(void) { alarm(WATCHDOG_SECONDS); }

/* Waits for a child, which must have succeeded. */
static inline void end_child(pid_t child) {
    int status = 0;
    MUST(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "a child was ended by signal %d\n", WTERMSIG(status));
    }
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* How many threads of this process have this name. */
static inline int threads_named(const char *name) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    MUST(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300];
        char found[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file != NULL) {
            if (fgets(found, sizeof found, file) != NULL) {
                found[strcspn(found, "\n")] = '\0';
                count += strcmp(found, name) == 0;
            }
            fclose(file);
        }
    }
    closedir(tasks);
    return count;
}

#endif
