/*
 * exits WAY [wait]: the process exits while a refresh runs and a thread waits for it; with "wait", only after run.py
 * has seen the request. WAY is exit, quick_exit, return, or thread (another thread calls exit while main waits for the
 * refresh).
 */
#include "common.h"

static aliyun_cred_client_t *client;

/* Does not check the result: the process may be gone before it arrives. */
static void *ask(void *unused) {
    (void)unused;
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_free(aliyun_cred_client_get_credentials(client, &credentials));
    return NULL;
}

static void *end(void *unused) {
    (void)unused;
    await_word();
    exit(3);
}

int main(int count, char **arguments) {
    MUST(count >= 2);
    const char *way = arguments[1];
    pthread_t thread;
    alarm(WATCHDOG_SECONDS);
    client = client_of("exits");
    if (strcmp(way, "thread") == 0) {
        MUST(pthread_create(&thread, NULL, end, NULL) == 0);
        for (;;) {
            ask(NULL);
        }
    }
    MUST(pthread_create(&thread, NULL, ask, NULL) == 0);
    start_refresh(client);
    if (count == 3) {
        await_word();
    }
    if (strcmp(way, "exit") == 0) {
        exit(3);
    }
    if (strcmp(way, "quick_exit") == 0) {
        quick_exit(3);
    }
    MUST(strcmp(way, "return") == 0);
    return 3;
}
