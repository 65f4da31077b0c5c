/*
 * signals: a service that hangs up does not kill the process, although SIGPIPE has its default action; and the
 * program's signals are handled on the program's threads. The STS in the environment hangs up on long requests.
 */
#include <signal.h>

#include "common.h"

enum { ROUNDS = 20, LONG_POLICY = 4 << 20 };

/* The signals that the thread of this name blocks, one bit each. The program's first thread has the program's name. */
static unsigned long long blocked_by(const char *name) {
    unsigned long long blocked = 0;
    int found = 0;
    DIR *tasks = opendir("/proc/self/task");
    MUST(tasks != NULL);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[300], line[200], own[64] = "";
        unsigned long long bits = 0;
        if (task->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(path, "r");
        if (status == NULL) {
            continue;
        }
        while (fgets(line, sizeof line, status) != NULL) {
            sscanf(line, "Name: %63s", own);
            sscanf(line, "SigBlk: %llx", &bits);
        }
        fclose(status);
        if (strcmp(own, name) == 0) {
            blocked = bits;
            ++found;
        }
    }
    closedir(tasks);
    MUST(found == 1);
    return blocked;
}

static int blocks(unsigned long long bits, int signal) { return (bits >> (signal - 1) & 1) != 0; }

/* A provider runs with the signal mask of the program's threads. */
static void give(void *user_data, aliyun_cred_answer_t *answer) {
    *(unsigned long long *)user_data = blocked_by("aliyun-cred-cal");
    MUST(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
}

static void told(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    *(unsigned long long *)user_data = blocked_by("aliyun-cred");
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_error_free(error);
    say("told");
}

int main(void) {
    alarm(WATCHDOG_SECONDS);
    char *policy = malloc(LONG_POLICY + 1);
    aliyun_cred_config_t *config = aliyun_cred_config_new();
    aliyun_cred_client_t *client = NULL;
    MUST(policy != NULL);
    memset(policy, 'x', LONG_POLICY);
    policy[LONG_POLICY] = '\0';
    MUST(succeeds(aliyun_cred_config_set_type(config, "ram_role_arn")));
    MUST(succeeds(aliyun_cred_config_set_access_key_id(config, "i")));
    MUST(succeeds(aliyun_cred_config_set_access_key_secret(config, "s")));
    MUST(succeeds(aliyun_cred_config_set_role_arn(config, "acs:ram::1000000000000001:role/signals")));
    MUST(succeeds(aliyun_cred_config_set_policy(config, policy)));
    MUST(succeeds(aliyun_cred_client_new(config, &client)));
    for (int round = 0; round < ROUNDS; ++round) {
        aliyun_cred_credentials_t *credentials = NULL;
        aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
        MUST(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_UNAVAILABLE);
        aliyun_cred_error_free(error);
    }
    /* So does a callback, which may start a process; but its thread may have a SIGPIPE pending. */
    static unsigned long long by_callback = 1;
    MUST(succeeds(aliyun_cred_client_get_credentials_async(client, told, &by_callback, NULL)));
    await_word();
    MUST(by_callback == 1ull << (SIGPIPE - 1));
    /* The callback has spoken, and may not have returned yet: until then its thread has the program's mask. */
    unsigned long long blocked;
    do {
        blocked = blocked_by("aliyun-cred");
    } while (!blocks(blocked, SIGTERM));
    MUST(blocks(blocked, SIGPIPE) && blocks(blocked, SIGTERM) && blocks(blocked, SIGUSR1) && blocks(blocked, SIGCHLD));
    MUST(!blocks(blocked, SIGSEGV) && !blocks(blocked, SIGPROF));
    MUST(blocked_by("signals") == 0);

    unsigned long long by_provider = 1;
    aliyun_cred_credentials_t *given = NULL;
    aliyun_cred_client_free(client);
    MUST(succeeds(aliyun_cred_client_from_provider("p", give, &by_provider, NULL, &client)));
    MUST(succeeds(aliyun_cred_client_get_credentials(client, &given)) && by_provider == 0);
    aliyun_cred_credentials_free(given);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    free(policy);
    return 0;
}
