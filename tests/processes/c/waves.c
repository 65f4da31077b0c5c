/*
 * Sixty-four threads ask at once: for a credential that is not cached, one that was rejected, and one that has expired.
 * run.py counts the requests at every word.
 */
#include <time.h>

#include "common.h"

enum { THREADS = 64 };

struct crowd {
    aliyun_cred_client_t *client;
    pthread_barrier_t together;
};

static void *ask(void *argument) {
    struct crowd *crowd = argument;
    pthread_barrier_wait(&crowd->together);
    return get(crowd->client);
}

/* All get the same credential. */
static void wave(aliyun_cred_client_t *client, const char *word) {
    struct crowd crowd = {.client = client};
    pthread_t threads[THREADS];
    void *credentials[THREADS];
    MUST(pthread_barrier_init(&crowd.together, NULL, THREADS) == 0);
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_create(&threads[index], NULL, ask, &crowd) == 0);
    }
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_join(threads[index], &credentials[index]) == 0);
    }
    for (int index = 0; index < THREADS; ++index) {
        MUST(strcmp(aliyun_cred_credentials_access_key_id(credentials[index]),
                    aliyun_cred_credentials_access_key_id(credentials[0])) == 0);
    }
    for (int index = 0; index < THREADS; ++index) {
        aliyun_cred_credentials_free(credentials[index]);
    }
    pthread_barrier_destroy(&crowd.together);
    say(word);
    await_word();
}

static void outlive(aliyun_cred_client_t *client) {
    aliyun_cred_credentials_t *credentials = get(client);
    const int64_t end = aliyun_cred_credentials_expiration(credentials);
    aliyun_cred_credentials_free(credentials);
    /* It expires only with time. */
    const struct timespec pause = {.tv_nsec = 10000000};
    struct timespec now;
    do {
        nanosleep(&pause, NULL);
        MUST(clock_gettime(CLOCK_REALTIME, &now) == 0);
    } while (now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 <= end);
}

int main(void) {
    aliyun_cred_client_t *client = client_of("waves");
    wave(client, "cold");
    aliyun_cred_client_invalidate(client);
    wave(client, "refused");
    aliyun_cred_client_invalidate(client);
    outlive(client); /* run.py lets the service issue one that lasts a second */
    say("outlived");
    await_word();
    wave(client, "expired");
    aliyun_cred_client_free(client);
    return 0;
}
