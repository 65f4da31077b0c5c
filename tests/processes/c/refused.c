/*
 * refused: the system refuses new threads. As long as it does, calls return an error of the right kind, and nothing is
 * left behind.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "common.h"

/* How many threads can still be created. */
static atomic_int left;

/* Replaces the C library's function, for the library under test as well. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    }
    if (atomic_fetch_sub(&left, 1) <= 0) {
        return EAGAIN;
    }
    return real(thread, attributes, run, argument);
}

static void give(void *user_data, aliyun_cred_answer_t *answer) {
    (void)user_data;
    MUST(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
}

static void log_line(aliyun_cred_log_level_t level, const char *message, void *user_data) {
    (void)level, (void)user_data;
    fprintf(stderr, "logged: %s\n", message);
}

/* The result of a call while this many threads can be created. */
static aliyun_cred_error_kind_t ask(const aliyun_cred_client_t *client, int threads) {
    aliyun_cred_credentials_t *credentials = NULL;
    atomic_store(&left, threads);
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    const aliyun_cred_error_kind_t kind = aliyun_cred_error_kind(error);
    MUST((error == NULL) == (credentials != NULL));
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_error_free(error);
    return kind;
}

int main(void) {
    alarm(WATCHDOG_SECONDS);
    /* Nothing is logged: neither is a bug. */
    aliyun_cred_set_log_callback(log_line, NULL);
    aliyun_cred_client_t *own = NULL, *role = client_of("refused");
    MUST(succeeds(aliyun_cred_client_from_provider("p", give, NULL, NULL, &own)));
    for (int round = 0; round < 3; ++round) {
        MUST(ask(own, 0) == ALIYUN_CRED_ERROR_IO);
        MUST(ask(role, 0) == ALIYUN_CRED_ERROR_IO);
    }
    sigset_t blocked;
    MUST(pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0 && sigismember(&blocked, SIGTERM) == 0);
    /* The background thread starts, but no thread for the provider, for resolving a name or for reading
     * certificates. */
    MUST(ask(own, 1) == ALIYUN_CRED_ERROR_IO);
    for (int round = 0; round < 3; ++round) {
        MUST(ask(own, 0) == ALIYUN_CRED_ERROR_IO);
        MUST(ask(role, 0) == ALIYUN_CRED_ERROR_IO);
    }
    MUST(ask(own, 1) == ALIYUN_CRED_OK);
    MUST(ask(role, 10) == ALIYUN_CRED_OK);
    aliyun_cred_client_free(own);
    aliyun_cred_client_free(role);
    return 0;
}
