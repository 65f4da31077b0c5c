/*
 * A fork while the parent refreshes an OAuth profile and holds the lock of the configuration file; the refresh fails,
 * so that the locked file is not replaced. A child that lives on must not keep the lock from its parent or from itself.
 */
#include "common.h"

static void *fail(void *client) {
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    MUST(error != NULL && strstr(aliyun_cred_error_message(error), "503") != NULL);
    aliyun_cred_error_free(error);
    return NULL;
}

int main(void) {
    int ends[2];
    pthread_t asking;
    aliyun_cred_client_t *client = NULL;
    MUST(succeeds(aliyun_cred_client_default(&client)));
    MUST(pthread_create(&asking, NULL, fail, client) == 0);
    await_word(); /* the refresh token is with the service */
    MUST(pipe(ends) == 0);
    const pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        char word;
        begin_child();
        close(ends[1]);
        /* Lives on until its parent has refreshed twice, then asks for itself. */
        MUST(read(ends[0], &word, 1) == 1);
        resolve(client);
        _exit(0);
    }
    close(ends[0]);
    say("forked");
    MUST(pthread_join(asking, NULL) == 0);
    resolve(client);
    aliyun_cred_client_invalidate(client);
    resolve(client);
    MUST(write(ends[1], "x", 1) == 1);
    end_child(child);
    aliyun_cred_client_invalidate(client);
    resolve(client);
    aliyun_cred_client_free(client);
    return 0;
}
