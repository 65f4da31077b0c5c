/*
 * Eight threads ask the default chain while run.py replaces the configuration file, until they get the last key. The ID
 * and the secret of a key are equal, so that a mix of two files would show.
 */
#include "common.h"

enum { THREADS = 8 };

static void *ask(void *client) {
    for (int is_last = 0; !is_last;) {
        aliyun_cred_credentials_t *credentials = NULL;
        MUST(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
        const char *id = aliyun_cred_credentials_access_key_id(credentials);
        MUST(strcmp(id, aliyun_cred_credentials_access_key_secret(credentials)) == 0);
        is_last = strcmp(id, "LTAIlast") == 0;
        aliyun_cred_credentials_free(credentials);
        usleep(100);
    }
    return NULL;
}

int main(void) {
    aliyun_cred_client_t *client = NULL;
    MUST(succeeds(aliyun_cred_client_default(&client)));
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_create(&threads[index], NULL, ask, client) == 0);
    }
    say("asking");
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_join(threads[index], NULL) == 0);
    }
    say("rotated");
    aliyun_cred_client_free(client);
    return 0;
}
