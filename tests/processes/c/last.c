/*
 * last: calls at the very end of a program, after the main thread's thread-locals are gone: a cached credential, one
 * that must be fetched, and one with a callback.
 */
#include "common.h"

static aliyun_cred_client_t *cached;

static void told(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    MUST(succeeds(error) && credentials != NULL);
    aliyun_cred_credentials_free(credentials);
    *(int *)user_data = 1;
}

static void at_the_end(void) {
    int called = 0;
    aliyun_cred_credentials_t *credentials = aliyun_cred_client_cached(cached);
    MUST(credentials != NULL);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_t *cold = client_of("cold");
    resolve(cold);
    MUST(succeeds(aliyun_cred_client_get_credentials_async(cold, told, &called, NULL)) && called);
    aliyun_cred_client_free(cold);
    aliyun_cred_client_free(cached);
    say("asked");
}

int main(void) {
    alarm(WATCHDOG_SECONDS);
    MUST(atexit(at_the_end) == 0);
    cached = client_of("cached");
    resolve(cached);
    return 3;
}
