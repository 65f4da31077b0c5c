/*
 * fork_cold N: N times, a process that has never used the library makes its first request, over TLS, on one thread,
 * while the main thread forks as fast as it can. Some fork hits each per-process initialization.
 */
#include <stdatomic.h>

#include "common.h"

enum { MOST_FORKS = 12 };

static aliyun_cred_client_t *client;
static atomic_bool done;

static void *ask(void *unused) {
    (void)unused;
    resolve(client);
    atomic_store(&done, true);
    return NULL;
}

static void run_once(void) {
    pid_t children[MOST_FORKS];
    int forks = 0;
    pthread_t asking;
    client = client_of("cold");
    MUST(pthread_create(&asking, NULL, ask, NULL) == 0);
    while (forks < MOST_FORKS && !atomic_load(&done)) {
        const pid_t child = fork();
        MUST(child >= 0);
        if (child == 0) {
            begin_child();
            resolve(client);
            _exit(0);
        }
        children[forks++] = child;
    }
    MUST(pthread_join(asking, NULL) == 0);
    while (forks > 0) {
        end_child(children[--forks]);
    }
    resolve(client);
}

int main(int count, char **arguments) {
    MUST(count == 2);
    for (int left = atoi(arguments[1]); left > 0; --left) {
        const pid_t process = fork();
        MUST(process >= 0);
        if (process == 0) {
            begin_child();
            run_once();
            _exit(0);
        }
        end_child(process);
    }
    return 0;
}
