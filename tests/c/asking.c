/*
 * Asynchronous requests, and custom providers.
 */
#include "check.h"
#include "service.h"

enum { THREADS = 16, ROUNDS = 50 };

/* What a callback has received. */
struct asked {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int calls;
    bool right;
    aliyun_cred_error_kind_t kind;
    aliyun_cred_client_t *again;
    aliyun_cred_request_t *request;
};

static void ask_nothing_yet(struct asked *asked) {
    memset(asked, 0, sizeof *asked);
    pthread_mutex_init(&asked->lock, NULL);
    pthread_cond_init(&asked->changed, NULL);
}

static void told(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    struct asked *asked = (struct asked *)user_data;
    pthread_mutex_lock(&asked->lock);
    aliyun_cred_client_t *const again = asked->again;
    asked->again = NULL;
    pthread_mutex_unlock(&asked->lock);
    if (again != NULL) {
        /* It may call back into the library, and cancelling inside it does not wait. */
        CHECK(!aliyun_cred_request_cancel(asked->request));
        CHECK(succeeds(aliyun_cred_client_get_credentials_async(again, told, asked, NULL)));
    }
    pthread_mutex_lock(&asked->lock);
    asked->calls++;
    asked->right = (credentials == NULL) != (error == NULL);
    asked->kind = aliyun_cred_error_kind(error);
    pthread_cond_broadcast(&asked->changed);
    pthread_mutex_unlock(&asked->lock);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_error_free(error);
}

/* Waits for this many calls. */
static void await_calls(struct asked *asked, int calls) {
    pthread_mutex_lock(&asked->lock);
    while (asked->calls < calls) {
        pthread_cond_wait(&asked->changed, &asked->lock);
    }
    pthread_mutex_unlock(&asked->lock);
}

static aliyun_cred_client_t *role_of(const struct service *service) {
    char json[512];
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    if (succeeds(aliyun_cred_config_from_json(service_role(service, json, sizeof json), &config))) {
        succeeds(aliyun_cred_client_new(config, &client));
    }
    aliyun_cred_config_free(config);
    return client;
}

static void a_callback_comes_once_and_may_come_back(void) {
    struct service service;
    /* The callback may still be returning when the test sees its result. */
    static struct asked asked;
    ask_nothing_yet(&asked);
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    service_hold(&service, true);
    asked.again = client;
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &asked, &asked.request)));
    CHECK(asked.calls == 0);
    service_hold(&service, false);
    await_calls(&asked, 2);
    CHECK(asked.calls == 2 && asked.right && asked.kind == ALIYUN_CRED_OK);
    CHECK(!aliyun_cred_request_cancel(asked.request));
    aliyun_cred_request_free(asked.request);
    /* A cached credential is delivered inside the call. */
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &asked, NULL)));
    CHECK(asked.calls == 3 && service_requests(&service) == 1);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

static void an_error_comes_the_same_way(void) {
    struct service service;
    /* The callback may still be returning when the test sees its result. */
    static struct asked asked;
    ask_nothing_yet(&asked);
    CHECK(service_start(&service, 403, "{\"Code\":\"NoPermission\"}"));
    aliyun_cred_client_t *client = role_of(&service);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &asked, NULL)));
    /* The request does not need the client handle. */
    aliyun_cred_client_free(client);
    await_calls(&asked, 1);
    CHECK(asked.right && asked.kind == ALIYUN_CRED_ERROR_DENIED);
    service_stop(&service);
}

static void a_cancelled_callback_is_not_called_and_the_refresh_goes_on(void) {
    struct service service;
    static struct asked cancelled, other;
    aliyun_cred_request_t *request = NULL;
    ask_nothing_yet(&cancelled);
    ask_nothing_yet(&other);
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    service_hold(&service, true);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &cancelled, &request)));
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &other, NULL)));
    CHECK(aliyun_cred_request_cancel(request) && aliyun_cred_request_cancel(request));
    aliyun_cred_request_free(request);
    service_hold(&service, false);
    await_calls(&other, 1);
    CHECK(cancelled.calls == 0 && other.right && service_requests(&service) == 1);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

struct racer {
    aliyun_cred_client_t *client;
    pthread_barrier_t *start;
    bool right;
};

/* Cancels while the answer may be on its way: it has either arrived by then, or never will. */
static void *race(void *argument) {
    struct racer *racer = (struct racer *)argument;
    struct asked asked;
    aliyun_cred_request_t *request = NULL;
    ask_nothing_yet(&asked);
    pthread_barrier_wait(racer->start);
    if (!succeeds(aliyun_cred_client_get_credentials_async(racer->client, told, &asked, &request))) {
        return NULL;
    }
    const bool cancelled = aliyun_cred_request_cancel(request);
    /* No lock: no other thread accesses it any more, or the sanitizer would report it. */
    racer->right = asked.calls == (cancelled ? 0 : 1);
    aliyun_cred_request_free(request);
    return NULL;
}

static void cancelling_races_with_the_answer(void) {
    struct service service;
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (int round = 0; round < ROUNDS; ++round) {
        struct racer racers[THREADS];
        pthread_t threads[THREADS];
        aliyun_cred_client_invalidate(client);
        for (int index = 0; index < THREADS; ++index) {
            racers[index] = (struct racer){client, &start, false};
            CHECK(pthread_create(&threads[index], NULL, race, &racers[index]) == 0);
        }
        for (int index = 0; index < THREADS; ++index) {
            pthread_join(threads[index], NULL);
            CHECK(racers[index].right);
        }
    }
    pthread_barrier_destroy(&start);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

static bool is_cancelled(void *argument) {
    const struct asked *asked = (const struct asked *)argument;
    /* Cancelling again gives the same answer. */
    return aliyun_cred_request_cancel(asked->request) && aliyun_cred_request_cancel(asked->request);
}

static bool was_called(void *asked) { return !aliyun_cred_request_cancel(((const struct asked *)asked)->request); }

/* A child never calls its parent's callbacks, and knows which of them have been called. */
static void a_forked_child_knows_which_callbacks_were_called(void) {
    struct service service;
    static struct asked answered, outstanding;
    ask_nothing_yet(&answered);
    ask_nothing_yet(&outstanding);
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &answered, &answered.request)));
    await_calls(&answered, 1);
    /* It has returned by then. */
    CHECK(!aliyun_cred_request_cancel(answered.request));
    CHECK(true_in_a_child(was_called, &answered));

    aliyun_cred_client_invalidate(client);
    service_hold(&service, true);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, told, &outstanding, &outstanding.request)));
    CHECK(true_in_a_child(is_cancelled, &outstanding));
    service_hold(&service, false);
    await_calls(&outstanding, 1);
    CHECK(outstanding.right && outstanding.kind == ALIYUN_CRED_OK);
    aliyun_cred_request_free(answered.request);
    aliyun_cred_request_free(outstanding.request);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

struct forking {
    struct asked asked;
    bool right;
};

static void told_and_forking(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    struct forking *forking = (struct forking *)user_data;
    forking->right = true_in_a_child(was_called, &forking->asked);
    told(&forking->asked, credentials, error);
}

static void a_callback_may_fork(void) {
    struct service service;
    static struct forking forking;
    ask_nothing_yet(&forking.asked);
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    service_hold(&service, true);
    CHECK(
        succeeds(aliyun_cred_client_get_credentials_async(client, told_and_forking, &forking, &forking.asked.request)));
    service_hold(&service, false);
    await_calls(&forking.asked, 1);
    CHECK(!aliyun_cred_request_cancel(forking.asked.request) && forking.right && forking.asked.right);
    aliyun_cred_request_free(forking.asked.request);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

struct freed {
    aliyun_cred_client_t *client;
};

static void free_the_client(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    struct freed *freed = (struct freed *)user_data;
    aliyun_cred_client_free(freed->client);
    freed->client = NULL;
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_error_free(error);
}

static void a_callback_may_free_the_client(void) {
    aliyun_cred_config_t *config = NULL;
    struct freed freed = {NULL};
    CHECK(succeeds(aliyun_cred_config_from_json("{\"type\":\"bearer\",\"bearer_token\":\"t\"}", &config)));
    CHECK(succeeds(aliyun_cred_client_new(config, &freed.client)));
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(freed.client, free_the_client, &freed, NULL)));
    CHECK(freed.client == NULL);
    aliyun_cred_config_free(config);
}

/* Asks another client on the background thread, where the call would have to wait. */
static void wait_for_another(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    struct asked *asked = (struct asked *)user_data;
    aliyun_cred_credentials_t *others = NULL;
    aliyun_cred_error_t *refused = aliyun_cred_client_get_credentials(asked->again, &others);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_error_free(error);
    pthread_mutex_lock(&asked->lock);
    asked->kind = aliyun_cred_error_kind(refused);
    asked->calls++;
    pthread_cond_broadcast(&asked->changed);
    pthread_mutex_unlock(&asked->lock);
    aliyun_cred_error_free(refused);
}

struct mutual {
    struct asked *asked;
    pthread_barrier_t *both;
    aliyun_cred_request_t **other;
    bool cancelled;
};

static void cancel_the_other(void *user_data, aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {
    struct mutual *mutual = (struct mutual *)user_data;
    pthread_barrier_wait(mutual->both);
    mutual->cancelled = aliyun_cred_request_cancel(*mutual->other);
    told(mutual->asked, credentials, error);
}

/* Each is running, and neither can wait for the other. */
static void callbacks_may_cancel_each_other(void) {
    struct service services[2];
    static struct asked asked;
    static struct mutual mutual[2];
    static aliyun_cred_request_t *requests[2];
    static pthread_barrier_t both;
    aliyun_cred_client_t *waiting = NULL, *cached = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    ask_nothing_yet(&asked);
    pthread_barrier_init(&both, NULL, 2);
    CHECK(service_start(&services[0], 200, ISSUED) && service_start(&services[1], 200, ISSUED));
    waiting = role_of(&services[0]);
    cached = role_of(&services[1]);
    CHECK(succeeds(aliyun_cred_client_get_credentials(cached, &credentials)));
    aliyun_cred_credentials_free(credentials);
    for (int index = 0; index < 2; ++index) {
        mutual[index] = (struct mutual){&asked, &both, &requests[1 - index], true};
    }
    /* One on the background thread, and one inside the call. */
    service_hold(&services[0], true);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(waiting, cancel_the_other, &mutual[0], &requests[0])));
    service_hold(&services[0], false);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(cached, cancel_the_other, &mutual[1], &requests[1])));
    await_calls(&asked, 2);
    CHECK(!aliyun_cred_request_cancel(requests[0]) && !mutual[0].cancelled && !mutual[1].cancelled);
    for (int index = 0; index < 2; ++index) {
        aliyun_cred_request_free(requests[index]);
        service_stop(&services[index]);
    }
    aliyun_cred_client_free(waiting);
    aliyun_cred_client_free(cached);
    pthread_barrier_destroy(&both);
}

static void a_callback_that_would_wait_gets_an_error(void) {
    struct service service;
    static struct asked asked;
    ask_nothing_yet(&asked);
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    asked.again = role_of(&service);
    service_hold(&service, true);
    CHECK(succeeds(aliyun_cred_client_get_credentials_async(client, wait_for_another, &asked, NULL)));
    service_hold(&service, false);
    await_calls(&asked, 1);
    CHECK(asked.kind == ALIYUN_CRED_ERROR_RECURSION);
    aliyun_cred_client_free(asked.again);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

/* A provider's state, and what it answers. */
enum answer { KEY, LASTING, SEALED, NOTHING, ASKS_ITS_CLIENT };

struct vault {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock: */
    int asked;
    int destroyed;
    enum answer answer;
    aliyun_cred_client_t *client;
};

static void open_vault(void *user_data, aliyun_cred_answer_t *answer) {
    struct vault *vault = (struct vault *)user_data;
    pthread_mutex_lock(&vault->lock);
    vault->asked++;
    pthread_mutex_unlock(&vault->lock);
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error;
    switch (vault->answer) {
        case KEY:
        case LASTING:
            CHECK(succeeds(aliyun_cred_answer_set_access_key(answer, "vault-id", SECRET)));
            CHECK(succeeds(aliyun_cred_answer_set_security_token(answer, "token")));
            if (vault->answer == LASTING) {
                CHECK(succeeds(aliyun_cred_answer_set_expiration(answer, ISSUED_UNTIL)));
            }
            break;
        case SEALED:
            CHECK(succeeds(aliyun_cred_answer_set_error(answer, ALIYUN_CRED_ERROR_UNAVAILABLE, "sealed")));
            break;
        case NOTHING:
            break;
        case ASKS_ITS_CLIENT:
            error = aliyun_cred_client_get_credentials(vault->client, &credentials);
            CHECK(succeeds(
                aliyun_cred_answer_set_error(answer, aliyun_cred_error_kind(error), aliyun_cred_error_message(error))));
            aliyun_cred_error_free(error);
            break;
    }
}

static void close_vault(void *user_data) {
    struct vault *vault = (struct vault *)user_data;
    pthread_mutex_lock(&vault->lock);
    vault->destroyed++;
    pthread_cond_broadcast(&vault->changed);
    pthread_mutex_unlock(&vault->lock);
}

/* How often it was destroyed, once that is not zero: the background thread may be the last to release it. */
static int await_end(struct vault *vault) {
    pthread_mutex_lock(&vault->lock);
    while (vault->destroyed == 0) {
        pthread_cond_wait(&vault->changed, &vault->lock);
    }
    const int destroyed = vault->destroyed;
    pthread_mutex_unlock(&vault->lock);
    return destroyed;
}

static int asked(struct vault *vault) {
    pthread_mutex_lock(&vault->lock);
    const int asked = vault->asked;
    pthread_mutex_unlock(&vault->lock);
    return asked;
}

static aliyun_cred_client_t *client_of(struct vault *vault, enum answer answer) {
    memset(vault, 0, sizeof *vault);
    pthread_mutex_init(&vault->lock, NULL);
    pthread_cond_init(&vault->changed, NULL);
    vault->answer = answer;
    succeeds(aliyun_cred_client_from_provider("vault", open_vault, vault, close_vault, &vault->client));
    return vault->client;
}

static void a_provider_is_called_every_time_unless_its_credential_expires(void) {
    for (int lasting = 0; lasting < 2; ++lasting) {
        static struct vault vault;
        aliyun_cred_client_t *client = client_of(&vault, lasting ? LASTING : KEY);
        for (int call = 0; call < 3; ++call) {
            aliyun_cred_credentials_t *credentials = NULL;
            CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
            CHECK(same(aliyun_cred_credentials_access_key_id(credentials), "vault-id"));
            CHECK(same(aliyun_cred_credentials_security_token(credentials), "token"));
            CHECK(same(aliyun_cred_credentials_type(credentials), "vault"));
            CHECK(same(aliyun_cred_credentials_provider_name(credentials), "vault"));
            aliyun_cred_credentials_free(credentials);
        }
        CHECK(asked(&vault) == (lasting ? 1 : 3) && vault.destroyed == 0);
        aliyun_cred_client_free(client);
        CHECK(await_end(&vault) == 1);
    }
}

static void a_providers_error_comes_through(void) {
    const struct {
        enum answer answer;
        aliyun_cred_error_kind_t kind;
        const char *message;
    } cases[] = {
        {SEALED, ALIYUN_CRED_ERROR_UNAVAILABLE, "sealed"},
        {NOTHING, ALIYUN_CRED_ERROR_INTERNAL, "the provider 'vault' filled in neither a credential nor an error"},
        {ASKS_ITS_CLIENT, ALIYUN_CRED_ERROR_RECURSION, NULL},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; ++index) {
        static struct vault vault;
        aliyun_cred_client_t *client = client_of(&vault, cases[index].answer);
        aliyun_cred_credentials_t *credentials = NULL;
        aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
        CHECK(credentials == NULL && aliyun_cred_error_kind(error) == cases[index].kind);
        CHECK(cases[index].message == NULL || same(aliyun_cred_error_message(error), cases[index].message));
        CHECK(same(aliyun_cred_error_provider(error), "vault"));
        aliyun_cred_error_free(error);
        aliyun_cred_client_free(client);
        CHECK(await_end(&vault) == 1);
    }
}

static void a_role_on_top_of_a_provider_keeps_it(void) {
    struct service service;
    static struct vault vault;
    char json[512];
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *role = NULL;
    CHECK(service_start(&service, 200, ISSUED));
    CHECK(succeeds(aliyun_cred_config_from_json(service_role(&service, json, sizeof json), &config)));
    aliyun_cred_client_t *client = client_of(&vault, KEY);
    CHECK(succeeds(aliyun_cred_client_assume_role(client, config, &role)));
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    CHECK(vault.destroyed == 0);
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(succeeds(aliyun_cred_client_get_credentials(role, &credentials)));
    CHECK(same(aliyun_cred_credentials_provider_name(credentials), "ram_role_arn/vault"));
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(role);
    CHECK(asked(&vault) == 1 && await_end(&vault) == 1);
    service_stop(&service);
}

int main(void) {
    RUN(a_callback_comes_once_and_may_come_back);
    RUN(an_error_comes_the_same_way);
    RUN(a_cancelled_callback_is_not_called_and_the_refresh_goes_on);
    RUN(cancelling_races_with_the_answer);
    RUN(a_forked_child_knows_which_callbacks_were_called);
    RUN(a_callback_may_fork);
    RUN(a_callback_may_free_the_client);
    RUN(callbacks_may_cancel_each_other);
    RUN(a_callback_that_would_wait_gets_an_error);
    RUN(a_provider_is_called_every_time_unless_its_credential_expires);
    RUN(a_providers_error_comes_through);
    RUN(a_role_on_top_of_a_provider_keeps_it);
    return finish();
}
