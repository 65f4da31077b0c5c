/*
 * fork_storm N: four threads call one client and keep it refreshing, while the main thread forks N times. Every child
 * uses the cached credential, then asks for itself; no request of the parent fails.
 */
#include <stdatomic.h>

#include "common.h"

enum { THREADS = 4, GETS_PER_REFRESH = 16 };

static aliyun_cred_client_t *hammered;
static aliyun_cred_client_t *quiet;
static atomic_bool stop;
static atomic_ulong gets;

static void *hammer(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        for (int index = 0; index < GETS_PER_REFRESH; ++index) {
            resolve(hammered);
        }
        atomic_fetch_add(&gets, GETS_PER_REFRESH);
        aliyun_cred_client_invalidate(hammered);
    }
    return NULL;
}

/* Works whatever the parent's other threads were doing when they vanished. */
static void in_child(const char *cached_id, int frees) {
    begin_child();
    aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(quiet);
    MUST(cached != NULL && strcmp(aliyun_cred_credentials_access_key_id(cached), cached_id) == 0);
    aliyun_cred_client_invalidate(quiet);
    aliyun_cred_credentials_t *own = get(quiet);
    MUST(strcmp(aliyun_cred_credentials_access_key_id(own), cached_id) != 0);
    resolve(hammered);
    aliyun_cred_client_invalidate(hammered);
    resolve(hammered);
    MUST(threads_named("aliyun-cred") == 1);
    if (frees) {
        aliyun_cred_client_free(hammered);
        aliyun_cred_client_free(quiet);
        aliyun_cred_credentials_free(cached);
        aliyun_cred_credentials_free(own);
    }
    _exit(0);
}

int main(int count, char **arguments) {
    MUST(count == 2);
    hammered = client_of("hammered");
    quiet = client_of("quiet");
    aliyun_cred_credentials_t *cached = get(quiet);
    const char *cached_id = aliyun_cred_credentials_access_key_id(cached);
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_create(&threads[index], NULL, hammer, NULL) == 0);
    }
    for (int left = atoi(arguments[1]); left > 0; --left) {
        const pid_t child = fork();
        MUST(child >= 0);
        if (child == 0) {
            in_child(cached_id, left % 2);
        }
        end_child(child);
    }
    /* The threads still work after the last fork. */
    for (unsigned long before = atomic_load(&gets); atomic_load(&gets) < before + 10 * GETS_PER_REFRESH;) {
        aliyun_cred_client_invalidate(hammered);
        resolve(hammered);
    }
    atomic_store(&stop, true);
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_join(threads[index], NULL) == 0);
    }
    MUST(strcmp(aliyun_cred_credentials_access_key_id(cached), cached_id) == 0);
    aliyun_cred_credentials_free(cached);
    aliyun_cred_client_free(hammered);
    aliyun_cred_client_free(quiet);
    return 0;
}
