/*
 * A fork during a refresh, whose reply run.py holds back: the child and its own child resolve for themselves, and the
 * parent's refresh completes undisturbed.
 */
#include "common.h"

static void *ask(void *client) { return get(client); }

/* Resolves in a child, and again in that child's child. */
static void generations(aliyun_cred_client_t *client, int left) {
    if (left == 0) {
        return;
    }
    const pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        begin_child();
        aliyun_cred_client_invalidate(client);
        resolve(client);
        resolve(client);
        generations(client, left - 1);
        _exit(0);
    }
    end_child(child);
}

int main(void) {
    aliyun_cred_client_t *client = client_of("flight");
    pthread_t asking;
    MUST(pthread_create(&asking, NULL, ask, client) == 0);
    await_word(); /* the request is with the service */
    MUST(aliyun_cred_client_cached(client) == NULL);
    generations(client, 2);
    MUST(aliyun_cred_client_cached(client) == NULL);
    say("children are done");
    void *credentials = NULL;
    MUST(pthread_join(asking, &credentials) == 0);
    aliyun_cred_credentials_free(credentials);
    resolve(client);
    say("resolved");
    await_word();
    aliyun_cred_client_invalidate(client);
    resolve(client);
    aliyun_cred_client_free(client);
    return 0;
}
