/*
 * A panic inside the library, in every kind of function: it becomes an error or the value that stands for "nothing",
 * and never ends the process. Built against a library whose functions panic on demand (cargo's feature inject-panic).
 */
#include <stdlib.h>

#include "check.h"

static aliyun_cred_config_t *config;
static aliyun_cred_client_t *client;
static aliyun_cred_credentials_t *credentials;

static void panicking(bool on) {
    if (on) {
        setenv("ALIYUN_CRED_INJECT_PANIC", "1", 1);
    } else {
        unsetenv("ALIYUN_CRED_INJECT_PANIC");
    }
}

/* Whether the error reports a fault, without the panic's message. */
static bool faulty(aliyun_cred_error_t *error) {
    panicking(false);
    const bool silent = strstr(aliyun_cred_error_message(error), "canary") == NULL;
    const bool right = is(error, ALIYUN_CRED_ERROR_INTERNAL) && silent;
    panicking(true);
    return right;
}

/* What was logged. Used only by the thread that panics, which is the one that logs. */
static struct {
    int lines;
    bool right;
} logged = {0, true};

static void log_line(aliyun_cred_log_level_t level, const char *message, void *user_data) {
    (void)user_data;
    logged.lines++;
    logged.right = logged.right && level == ALIYUN_CRED_LOG_ERROR && strstr(message, "border.rs:") != NULL &&
                   strstr(message, "canary") == NULL;
}

static void never(void *user_data, aliyun_cred_credentials_t *given, aliyun_cred_error_t *error) {
    (void)user_data, (void)given, (void)error;
    abort();
}

static void give(void *user_data, aliyun_cred_answer_t *answer) {
    (void)user_data;
    panicking(true);
    CHECK(faulty(aliyun_cred_answer_set_access_key(answer, "i", "s")));
    CHECK(faulty(aliyun_cred_answer_set_error(answer, 1, "m")));
    panicking(false);
}

static void functions_that_can_fail_give_an_error(void) {
    aliyun_cred_client_t *made = NULL;
    aliyun_cred_config_t *read = NULL;
    aliyun_cred_credentials_t *got = NULL;
    aliyun_cred_credentials_view_t view;
    panicking(true);
    CHECK(faulty(aliyun_cred_config_set_type(config, "sts")));
    CHECK(faulty(aliyun_cred_config_set_timeout(config, 1)));
    CHECK(faulty(aliyun_cred_config_from_json("{}", &read)) && read == NULL);
    CHECK(faulty(aliyun_cred_client_new(config, &made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_default(&made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_from_source("env", config, &made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_assume_role(client, config, &made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_read_secret(client, config, &made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_from_provider("p", give, NULL, NULL, &made)) && made == NULL);
    CHECK(faulty(aliyun_cred_client_get_credentials(client, &got)) && got == NULL);
    CHECK(faulty(aliyun_cred_client_get_credentials_within(client, 1, &got)) && got == NULL);
    CHECK(faulty(aliyun_cred_client_get_credentials_async(client, never, NULL, NULL)));
    CHECK(faulty(aliyun_cred_credentials_view(credentials, &view)));
    panicking(false);
}

static void other_functions_give_nothing(void) {
    aliyun_cred_error_t *error = aliyun_cred_client_new(NULL, NULL);
    panicking(true);
    CHECK(aliyun_cred_config_new() == NULL);
    CHECK(aliyun_cred_client_cached(client) == NULL);
    CHECK(aliyun_cred_client_type(client) == NULL);
    CHECK(aliyun_cred_credentials_retain(credentials) == NULL);
    CHECK(aliyun_cred_credentials_access_key_id(credentials) == NULL);
    CHECK(aliyun_cred_credentials_expiration(credentials) == -1);
    CHECK(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_INTERNAL);
    CHECK(aliyun_cred_error_message(error) == NULL);
    CHECK(aliyun_cred_error_attempts(error) == 0);
    CHECK(!aliyun_cred_request_cancel(NULL));
    aliyun_cred_client_invalidate(client);
    aliyun_cred_set_log_callback(NULL, NULL);
    panicking(false);
    aliyun_cred_error_free(error);
}

static void a_fault_in_an_answer_is_an_error_of_the_call(void) {
    aliyun_cred_client_t *own = NULL;
    aliyun_cred_credentials_t *got = NULL;
    CHECK(succeeds(aliyun_cred_client_from_provider("p", give, NULL, NULL, &own)));
    CHECK(is(aliyun_cred_client_get_credentials(own, &got), ALIYUN_CRED_ERROR_INTERNAL) && got == NULL);
    aliyun_cred_client_free(own);
}

static void faults_are_logged(void) {
    aliyun_cred_set_log_callback(log_line, NULL);
    panicking(true);
    CHECK(aliyun_cred_config_new() == NULL);
    CHECK(faulty(aliyun_cred_client_default(&client)));
    panicking(false);
    aliyun_cred_set_log_callback(NULL, NULL);
    CHECK(logged.lines == 2 && logged.right);
}

static void all_is_well_afterwards(void) {
    aliyun_cred_credentials_t *again = NULL;
    CHECK(succeeds(aliyun_cred_client_get_credentials(client, &again)));
    CHECK(same(aliyun_cred_credentials_bearer_token(again), "t"));
    aliyun_cred_credentials_free(again);
}

int main(void) {
    config = aliyun_cred_config_new();
    if (!succeeds(aliyun_cred_config_set_type(config, "bearer")) ||
        !succeeds(aliyun_cred_config_set_bearer_token(config, "t")) ||
        !succeeds(aliyun_cred_client_new(config, &client)) ||
        !succeeds(aliyun_cred_client_get_credentials(client, &credentials))) {
        return 1;
    }
    RUN(functions_that_can_fail_give_an_error);
    RUN(other_functions_give_nothing);
    RUN(a_fault_in_an_answer_is_an_error_of_the_call);
    RUN(faults_are_logged);
    RUN(all_is_well_afterwards);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    return finish();
}
