/*
 * A role from a service: from many threads at once, with a time limit, refused, and across a fork.
 */
#include <sys/wait.h>

#include "check.h"
#include "service.h"

enum { THREADS = 16 };

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

static bool issued(const aliyun_cred_credentials_t *credentials) {
    return same(aliyun_cred_credentials_access_key_id(credentials), "STS.id") &&
           same(aliyun_cred_credentials_access_key_secret(credentials), "issued-secret") &&
           same(aliyun_cred_credentials_security_token(credentials), "issued-token") &&
           same(aliyun_cred_credentials_type(credentials), "ram_role_arn") &&
           same(aliyun_cred_credentials_provider_name(credentials), "ram_role_arn/static_ak") &&
           aliyun_cred_credentials_expiration(credentials) == ISSUED_UNTIL;
}

/* Gets a credential, checks it and frees it. */
static bool gets_issued(const aliyun_cred_client_t *client) {
    aliyun_cred_credentials_t *credentials = NULL;
    const bool right = succeeds(aliyun_cred_client_get_credentials(client, &credentials)) && issued(credentials);
    aliyun_cred_credentials_free(credentials);
    return right;
}

static void a_role_is_fetched_once_and_again_when_refused(void) {
    struct service service;
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    CHECK(aliyun_cred_client_cached(client) == NULL);
    CHECK(service_requests(&service) == 0);
    CHECK(gets_issued(client) && gets_issued(client));
    CHECK(service_requests(&service) == 1);
    aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(client);
    CHECK(issued(cached));
    aliyun_cred_client_invalidate(client);
    CHECK(aliyun_cred_client_cached(client) == NULL);
    CHECK(issued(cached));
    CHECK(gets_issued(client));
    CHECK(service_requests(&service) == 2);
    aliyun_cred_client_free(client);
    CHECK(issued(cached));
    aliyun_cred_credentials_free(cached);
    service_stop(&service);
}

/* A client for a source by name; the configuration is optional. */
static aliyun_cred_client_t *source_of(const char *name, const char *json) {
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    if (json == NULL || succeeds(aliyun_cred_config_from_json(json, &config))) {
        succeeds(aliyun_cred_client_from_source(name, config, &client));
    }
    aliyun_cred_config_free(config);
    return client;
}

static void sources_go_by_their_names(void) {
    aliyun_cred_client_t *client = source_of("static_ak", "{\"access_key_id\":\"i\",\"access_key_secret\":\"s\"}");
    CHECK(same(aliyun_cred_client_type(client), "static_ak"));
    aliyun_cred_client_free(client);
    client = source_of("env", NULL);
    CHECK(same(aliyun_cred_client_type(client), "env"));
    aliyun_cred_client_free(client);
    client = NULL;
    CHECK(is(aliyun_cred_client_from_source("access_key", NULL, &client), ALIYUN_CRED_ERROR_INVALID_CONFIG));
    CHECK(client == NULL);
    CHECK(succeeds(aliyun_cred_client_from_profile("no such profile", &client)));
    CHECK(same(aliyun_cred_client_type(client), "cli_profile"));
    aliyun_cred_client_free(client);
}

static void a_secret_is_read_with_another_clients_credential(void) {
    struct service service;
    CHECK(service_start(&service, 200,
                        "{\"SecretData\":\"{\\\"AccessKeyId\\\":\\\"LTAIrotated\\\","
                        "\\\"AccessKeySecret\\\":\\\"rotated-secret\\\"}\"}"));
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", service.port);
    aliyun_cred_config_t *secret = aliyun_cred_config_new();
    CHECK(succeeds(aliyun_cred_config_set_secret_name(secret, "app/key")));
    CHECK(succeeds(aliyun_cred_config_set_kms_endpoint(secret, endpoint)));
    aliyun_cred_client_t *base = source_of("static_ak", "{\"access_key_id\":\"i\",\"access_key_secret\":\"s\"}");
    aliyun_cred_client_t *client = NULL;
    CHECK(succeeds(aliyun_cred_client_read_secret(base, secret, &client)));
    aliyun_cred_config_free(secret);
    aliyun_cred_client_free(base);
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
    CHECK(same(aliyun_cred_credentials_access_key_id(credentials), "LTAIrotated"));
    CHECK(same(aliyun_cred_credentials_access_key_secret(credentials), "rotated-secret"));
    CHECK(same(aliyun_cred_credentials_provider_name(credentials), "kms_secret/static_ak"));
    CHECK(service_requests(&service) == 1);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

static void roles_are_assumed_one_on_top_of_another(void) {
    struct service service;
    CHECK(service_start(&service, 200, ISSUED));
    char json[512];
    aliyun_cred_config_t *role = NULL;
    aliyun_cred_client_t *first = role_of(&service);
    aliyun_cred_client_t *second = NULL;
    CHECK(succeeds(aliyun_cred_config_from_json(service_role(&service, json, sizeof json), &role)));
    CHECK(succeeds(aliyun_cred_config_set_external_id(role, "second")));
    CHECK(succeeds(aliyun_cred_client_assume_role(first, role, &second)));
    aliyun_cred_config_free(role);
    /* The base may be freed; the role keeps what it needs. */
    aliyun_cred_client_free(first);
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(succeeds(aliyun_cred_client_get_credentials(second, &credentials)));
    CHECK(same(aliyun_cred_credentials_provider_name(credentials), "ram_role_arn/ram_role_arn/static_ak"));
    CHECK(service_requests(&service) == 2);
    aliyun_cred_client_invalidate(second);
    aliyun_cred_credentials_free(credentials);
    CHECK(succeeds(aliyun_cred_client_get_credentials(second, &credentials)));
    CHECK(service_requests(&service) == 3);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(second);
    service_stop(&service);
}

struct log {
    int lines;
    bool right;
    bool ends;
};

static void hear(aliyun_cred_log_level_t level, const char *message, void *user_data) {
    struct log *log = (struct log *)user_data;
    log->lines++;
    log->right = level == ALIYUN_CRED_LOG_WARN && strstr(message, "already expired") != NULL &&
                 strstr(message, "canary") == NULL;
    if (log->ends) {
        aliyun_cred_set_log_callback(NULL, NULL);
    }
}

/* A command whose credential has expired logs a warning at every call. */
static void a_log_callback_is_called_until_it_is_removed(void) {
    aliyun_cred_client_t *client =
        source_of("external",
                  "{\"process_command\":\"echo '{\\\"mode\\\":\\\"AK\\\",\\\"access_key_id\\\":\\\"i\\\","
                  "\\\"access_key_secret\\\":\\\"" SECRET "\\\",\\\"expiration\\\":\\\"2001-01-01T00:00:00Z\\\"}'\"}");
    aliyun_cred_credentials_t *credentials = NULL;
    struct log first = {0, false, false}, second = {0, false, true};
    struct log *const heard[] = {NULL, &first, NULL, &second, NULL};
    for (size_t turn = 0; turn < sizeof heard / sizeof heard[0]; ++turn) {
        /* The last turn follows a callback that removed itself. */
        if (turn < 4) {
            aliyun_cred_set_log_callback(heard[turn] == NULL ? NULL : hear, heard[turn]);
        }
        CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
        aliyun_cred_credentials_free(credentials);
    }
    CHECK(first.lines == 1 && first.right);
    CHECK(second.lines == 1 && second.right);
    aliyun_cred_client_free(client);
}

static void a_refusal_carries_the_services_details(void) {
    struct service service;
    CHECK(service_start(
        &service, 403, "{\"Code\":\"NoPermission\",\"Message\":\"not authorized, " SECRET "\",\"RequestId\":\"R-2\"}"));
    aliyun_cred_client_t *client = role_of(&service);
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    CHECK(credentials == NULL);
    CHECK(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_DENIED);
    CHECK(same(aliyun_cred_error_provider(error), "ram_role_arn"));
    CHECK(same(aliyun_cred_error_code(error), "NoPermission"));
    CHECK(same(aliyun_cred_error_request_id(error), "R-2"));
    CHECK(aliyun_cred_error_http_status(error) == 403);
    CHECK(aliyun_cred_error_attempts(error) == 0);
    CHECK(strstr(aliyun_cred_error_message(error), "not authorized") != NULL);
    CHECK(strstr(aliyun_cred_error_message(error), "canary") == NULL);
    aliyun_cred_error_free(error);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

static void a_limit_runs_out_and_the_refresh_goes_on(void) {
    struct service service;
    CHECK(service_start(&service, 200, ISSUED));
    service_hold(&service, true);
    aliyun_cred_client_t *client = role_of(&service);
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(is(aliyun_cred_client_get_credentials_within(client, 0, &credentials), ALIYUN_CRED_ERROR_TIMEOUT));
    CHECK(is(aliyun_cred_client_get_credentials_within(client, 20, &credentials), ALIYUN_CRED_ERROR_TIMEOUT));
    CHECK(credentials == NULL);
    service_await(&service, 1);
    service_hold(&service, false);
    CHECK(succeeds(aliyun_cred_client_get_credentials_within(client, UINT64_MAX, &credentials)));
    CHECK(issued(credentials));
    CHECK(service_requests(&service) == 1);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

struct crowd {
    const aliyun_cred_client_t *client;
    pthread_barrier_t together;
};

/* Passes a reference to the thread that joins, which frees it. */
static void *ask(void *argument) {
    struct crowd *crowd = (struct crowd *)argument;
    pthread_barrier_wait(&crowd->together);
    aliyun_cred_credentials_t *kept = NULL;
    if (!succeeds(aliyun_cred_client_get_credentials(crowd->client, &kept)) || !issued(kept)) {
        return NULL;
    }
    for (int round = 0; round < 200; ++round) {
        aliyun_cred_credentials_t *mine = aliyun_cred_client_cached(crowd->client);
        aliyun_cred_credentials_t *second = aliyun_cred_credentials_retain(mine);
        aliyun_cred_credentials_free(mine);
        const bool right = issued(second);
        aliyun_cred_credentials_free(second);
        if (!right) {
            return NULL;
        }
    }
    return kept;
}

static void sixteen_threads_share_one_request(void) {
    struct service service;
    struct crowd crowd;
    pthread_t threads[THREADS];
    void *kept[THREADS];
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    crowd.client = client;
    CHECK(pthread_barrier_init(&crowd.together, NULL, THREADS) == 0);
    for (int index = 0; index < THREADS; ++index) {
        CHECK(pthread_create(&threads[index], NULL, ask, &crowd) == 0);
    }
    for (int index = 0; index < THREADS; ++index) {
        pthread_join(threads[index], &kept[index]);
    }
    pthread_barrier_destroy(&crowd.together);
    CHECK(service_requests(&service) == 1);
    aliyun_cred_client_free(client);
    for (int index = 0; index < THREADS; ++index) {
        aliyun_cred_credentials_t *credentials = (aliyun_cred_credentials_t *)kept[index];
        CHECK(credentials != NULL && issued(credentials));
    }
    for (int index = 0; index < THREADS; ++index) {
        aliyun_cred_credentials_free((aliyun_cred_credentials_t *)kept[index]);
    }
    service_stop(&service);
}

static void *free_elsewhere(void *argument) {
    aliyun_cred_client_free((aliyun_cred_client_t *)argument);
    return NULL;
}

static void a_client_is_freed_in_another_thread_while_it_refreshes(void) {
    struct service service;
    pthread_t thread;
    CHECK(service_start(&service, 200, ISSUED));
    service_hold(&service, true);
    aliyun_cred_client_t *client = role_of(&service);
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(is(aliyun_cred_client_get_credentials_within(client, 0, &credentials), ALIYUN_CRED_ERROR_TIMEOUT));
    service_await(&service, 1);
    CHECK(pthread_create(&thread, NULL, free_elsewhere, client) == 0);
    pthread_join(thread, NULL);
    service_hold(&service, false);
    service_stop(&service);
}

/* Uses the parent's client and a new client in a child; the result tells how far it got. */
static unsigned char in_child(aliyun_cred_client_t *inherited) {
    aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(inherited);
    if (!issued(cached)) {
        return 1;
    }
    aliyun_cred_credentials_free(cached);
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    if (!succeeds(aliyun_cred_config_from_json(
            "{\"type\":\"sts\",\"access_key_id\":\"id\",\"access_key_secret\":\"s\",\"security_token\":\"t\"}",
            &config)) ||
        !succeeds(aliyun_cred_client_new(config, &client)) ||
        !succeeds(aliyun_cred_client_get_credentials(client, &credentials)) ||
        !same(aliyun_cred_credentials_security_token(credentials), "t")) {
        return 2;
    }
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    /* The parent's background thread does not exist here: the child needs its own. */
    aliyun_cred_client_invalidate(inherited);
    if (!gets_issued(inherited)) {
        return 3;
    }
    aliyun_cred_client_free(inherited);
    return 0;
}

static void a_forked_child_goes_on(void) {
    struct service service;
    CHECK(service_start(&service, 200, ISSUED));
    aliyun_cred_client_t *client = role_of(&service);
    CHECK(gets_issued(client));
    /* Not through the exit status, which valgrind changes for memory that a child leaks on purpose: its parent's
     * thread. */
    int ends[2];
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const unsigned char result = in_child(client);
        _exit(write(ends[1], &result, 1) == 1 ? 0 : 1);
    }
    close(ends[1]);
    unsigned char result = 0xff;
    CHECK(read(ends[0], &result, 1) == 1);
    close(ends[0]);
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(result == 0);
    CHECK(service_requests(&service) == 2);
    /* The parent still works. */
    aliyun_cred_client_invalidate(client);
    CHECK(gets_issued(client));
    CHECK(service_requests(&service) == 3);
    aliyun_cred_client_free(client);
    service_stop(&service);
}

int main(void) {
    RUN(a_role_is_fetched_once_and_again_when_refused);
    RUN(sources_go_by_their_names);
    RUN(a_secret_is_read_with_another_clients_credential);
    RUN(roles_are_assumed_one_on_top_of_another);
    RUN(a_log_callback_is_called_until_it_is_removed);
    RUN(a_refusal_carries_the_services_details);
    RUN(a_limit_runs_out_and_the_refresh_goes_on);
    RUN(sixteen_threads_share_one_request);
    RUN(a_client_is_freed_in_another_thread_while_it_refreshes);
    RUN(a_forked_child_goes_on);
    return finish();
}
