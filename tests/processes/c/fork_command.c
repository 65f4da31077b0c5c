/*
 * fork_command N: the main thread forks N children that live on, while another thread runs a command for every
 * credential. A child may inherit the pipe through which a command answers; no call waits for that child to exit.
 */
#include <sched.h>
#include <stdatomic.h>

#include "common.h"

static aliyun_cred_client_t *client;
static atomic_bool stop;
static atomic_int runs;

static void *hammer(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        aliyun_cred_credentials_t *credentials = NULL;
        MUST(succeeds(aliyun_cred_client_get_credentials_within(client, WATCHDOG_SECONDS * 1000 / 3, &credentials)));
        aliyun_cred_credentials_free(credentials);
        aliyun_cred_client_invalidate(client);
        atomic_fetch_add(&runs, 1);
    }
    return NULL;
}

int main(int count, char **arguments) {
    MUST(count == 2);
    const int forks = atoi(arguments[1]);
    pid_t *children = calloc((size_t)forks, sizeof *children);
    int ends[2];
    pthread_t thread;
    MUST(children != NULL && pipe(ends) == 0);
    MUST(succeeds(aliyun_cred_client_default(&client)));
    MUST(pthread_create(&thread, NULL, hammer, NULL) == 0);
    for (int index = 0; index < forks; ++index) {
        /* At least one command starts between two forks. */
        for (const int before = atomic_load(&runs); atomic_load(&runs) == before;) {
            sched_yield();
        }
        children[index] = fork();
        MUST(children[index] >= 0);
        if (children[index] == 0) {
            char word;
            alarm(3 * WATCHDOG_SECONDS);
            close(ends[1]);
            _exit(read(ends[0], &word, 1) == 0 ? 0 : 1);
        }
    }
    for (const int before = atomic_load(&runs); atomic_load(&runs) < before + 10;) {
        sched_yield();
    }
    atomic_store(&stop, true);
    MUST(pthread_join(thread, NULL) == 0);
    close(ends[1]);
    for (int index = 0; index < forks; ++index) {
        end_child(children[index]);
    }
    aliyun_cred_client_free(client);
    free(children);
    return 0;
}
