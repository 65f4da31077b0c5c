/*
 * Every function with NULL for each pointer in turn, and with strings that are not UTF-8: each returns what its comment
 * says, and writes no out-parameter. run.sh checks that no function is missing here.
 */
#include <stdlib.h>

#include "check.h"
#include "setters.h"

static const char NOT_UTF8[] = {'a', (char)0xff, 'b', '\0'};

static aliyun_cred_config_t *config;
static aliyun_cred_client_t *client;
static aliyun_cred_credentials_t *credentials;

static bool refused(aliyun_cred_error_t *error) {
    const char *message = aliyun_cred_error_message(error);
    const bool explained = message != NULL && strchr(message, '\'') != NULL;
    return is(error, ALIYUN_CRED_ERROR_INVALID_ARGUMENT) && explained;
}

static void setters_of_strings(void) {
    for (size_t index = 0; index < STRING_SETTERS_COUNT; ++index) {
        CHECK(refused(STRING_SETTERS[index](NULL, "x")));
        CHECK(refused(STRING_SETTERS[index](config, NULL)));
        CHECK(refused(STRING_SETTERS[index](NULL, NULL)));
        CHECK(refused(STRING_SETTERS[index](config, NOT_UTF8)));
        CHECK(succeeds(STRING_SETTERS[index](config, "x")));
    }
}

static void setters_of_numbers_and_flags(void) {
    for (size_t index = 0; index < INTEGER_SETTERS_COUNT; ++index) {
        CHECK(refused(INTEGER_SETTERS[index](NULL, 1)));
        CHECK(succeeds(INTEGER_SETTERS[index](config, INT64_MIN)));
        CHECK(succeeds(INTEGER_SETTERS[index](config, INT64_MAX)));
    }
    for (size_t index = 0; index < FLAG_SETTERS_COUNT; ++index) {
        CHECK(refused(FLAG_SETTERS[index](NULL, true)));
        CHECK(succeeds(FLAG_SETTERS[index](config, false)));
        CHECK(succeeds(FLAG_SETTERS[index](config, true)));
    }
}

static void configurations(void) {
    aliyun_cred_config_t *const untouched = config;
    aliyun_cred_config_t *out = untouched;
    CHECK(refused(aliyun_cred_config_from_json(NULL, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_config_from_json("{}", NULL)));
    CHECK(refused(aliyun_cred_config_from_json(NULL, NULL)));
    CHECK(refused(aliyun_cred_config_from_json(NOT_UTF8, &out)) && out == untouched);
    CHECK(is(aliyun_cred_config_from_json("[]", &out), ALIYUN_CRED_ERROR_INVALID_CONFIG) && out == untouched);
    aliyun_cred_config_free(NULL);
}

static void never(void *user_data, aliyun_cred_credentials_t *given, aliyun_cred_error_t *error) {
    (void)user_data;
    CHECK(given == NULL && error != NULL);
    abort();
}

static void destroyed(void *user_data) {
    (void)user_data;
    abort();
}

static void answers(void *user_data, aliyun_cred_answer_t *answer) {
    (void)user_data;
    CHECK(refused(aliyun_cred_answer_set_access_key(answer, NULL, "s")));
    CHECK(refused(aliyun_cred_answer_set_access_key(answer, "i", NULL)));
    CHECK(refused(aliyun_cred_answer_set_access_key(answer, NOT_UTF8, "s")));
    CHECK(refused(aliyun_cred_answer_set_access_key(answer, "i", NOT_UTF8)));
    CHECK(refused(aliyun_cred_answer_set_security_token(answer, NULL)));
    CHECK(refused(aliyun_cred_answer_set_security_token(answer, NOT_UTF8)));
    CHECK(refused(aliyun_cred_answer_set_expiration(answer, -1)));
    CHECK(refused(aliyun_cred_answer_set_error(answer, 1, NULL)));
    CHECK(refused(aliyun_cred_answer_set_error(answer, 1, NOT_UTF8)));
    CHECK(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
}

static void clients(void) {
    aliyun_cred_client_t *const untouched = client;
    aliyun_cred_client_t *out = untouched;
    CHECK(refused(aliyun_cred_client_new(NULL, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_new(config, NULL)));
    CHECK(refused(aliyun_cred_client_new(NULL, NULL)));
    CHECK(refused(aliyun_cred_client_default(NULL)));
    CHECK(refused(aliyun_cred_client_from_source(NULL, config, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_from_source("env", config, NULL)));
    CHECK(refused(aliyun_cred_client_from_source(NULL, NULL, NULL)));
    CHECK(refused(aliyun_cred_client_from_source(NOT_UTF8, config, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_from_profile("p", NULL)));
    CHECK(refused(aliyun_cred_client_from_profile(NULL, NULL)));
    CHECK(refused(aliyun_cred_client_from_profile(NOT_UTF8, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_assume_role(NULL, config, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_assume_role(client, NULL, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_assume_role(client, config, NULL)));
    CHECK(refused(aliyun_cred_client_assume_role(NULL, NULL, NULL)));
    CHECK(refused(aliyun_cred_client_read_secret(NULL, config, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_read_secret(client, NULL, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_read_secret(client, config, NULL)));
    aliyun_cred_credentials_t *reference = credentials;
    CHECK(refused(aliyun_cred_client_get_credentials(NULL, &reference)) && reference == credentials);
    CHECK(refused(aliyun_cred_client_get_credentials(client, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials(NULL, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials_within(NULL, 1, &reference)) && reference == credentials);
    CHECK(refused(aliyun_cred_client_get_credentials_within(client, 1, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials_within(NULL, 1, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials_async(NULL, never, NULL, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials_async(client, NULL, NULL, NULL)));
    CHECK(refused(aliyun_cred_client_get_credentials_async(NULL, NULL, NULL, NULL)));
    CHECK(!aliyun_cred_request_cancel(NULL));
    aliyun_cred_request_free(NULL);
    CHECK(refused(aliyun_cred_client_from_provider(NULL, answers, NULL, destroyed, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_from_provider(NOT_UTF8, answers, NULL, destroyed, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_from_provider("p", NULL, NULL, destroyed, &out)) && out == untouched);
    CHECK(refused(aliyun_cred_client_from_provider("p", answers, NULL, destroyed, NULL)));
    CHECK(refused(aliyun_cred_client_from_provider(NULL, NULL, NULL, NULL, NULL)));
    CHECK(refused(aliyun_cred_answer_set_access_key(NULL, "i", "s")));
    CHECK(refused(aliyun_cred_answer_set_security_token(NULL, "t")));
    CHECK(refused(aliyun_cred_answer_set_expiration(NULL, 1)));
    CHECK(refused(aliyun_cred_answer_set_error(NULL, 1, "m")));
    /* The functions that fill in an answer. */
    CHECK(succeeds(aliyun_cred_client_from_provider("p", answers, NULL, NULL, &out)));
    CHECK(succeeds(aliyun_cred_client_get_credentials(out, &reference)));
    aliyun_cred_credentials_free(reference);
    aliyun_cred_client_free(out);
    CHECK(aliyun_cred_client_cached(NULL) == NULL);
    CHECK(aliyun_cred_client_type(NULL) == NULL);
    aliyun_cred_client_invalidate(NULL);
    aliyun_cred_client_free(NULL);
}

static void heard(void *user_data, const aliyun_cred_event_t *event) {
    (void)user_data;
    (void)event;
    abort();
}

static void reports_and_status(void) {
    aliyun_cred_report_t *const untouched = (aliyun_cred_report_t *)(void *)config;
    aliyun_cred_report_t *report = untouched;
    CHECK(refused(aliyun_cred_client_explain(NULL, 0, &report)) && report == untouched);
    CHECK(refused(aliyun_cred_client_explain(client, 0, NULL)));
    CHECK(refused(aliyun_cred_client_explain(NULL, 0, NULL)));
    CHECK(refused(aliyun_cred_client_explain(client, 4, &report)) && report == untouched);
    CHECK(aliyun_cred_report_text(NULL) == NULL);
    CHECK(aliyun_cred_report_json(NULL) == NULL);
    aliyun_cred_report_free(NULL);
    aliyun_cred_status_t status;
    memset(&status, 0x5a, sizeof status);
    status.size = sizeof status;
    const aliyun_cred_status_t before = status;
    CHECK(refused(aliyun_cred_client_status(NULL, &status)) && memcmp(&status, &before, sizeof status) == 0);
    CHECK(refused(aliyun_cred_client_status(client, NULL)));
    CHECK(refused(aliyun_cred_client_status(NULL, NULL)));
    const size_t too_small[] = {0, sizeof status.size, offsetof(aliyun_cred_status_t, clock_offset_ms) - 1};
    for (size_t i = 0; i < sizeof too_small / sizeof *too_small; i++) {
        status.size = too_small[i];
        CHECK(refused(aliyun_cred_client_status(client, &status)));
    }
    /* Does nothing, although there seems to be something to free. */
    aliyun_cred_status_clear(&status);
    CHECK(memcmp(&status.provider_name, &before.provider_name, sizeof before.provider_name) == 0);
    aliyun_cred_status_clear(NULL);
    CHECK(refused(aliyun_cred_client_set_event_callback(NULL, heard, NULL, destroyed)));
    CHECK(refused(aliyun_cred_client_set_event_callback(NULL, NULL, NULL, NULL)));
    CHECK(succeeds(aliyun_cred_client_set_event_callback(client, NULL, NULL, destroyed)));
}

static void resolved_credentials(void) {
    aliyun_cred_credentials_view_t view;
    memset(&view, 0x5a, sizeof view);
    const aliyun_cred_credentials_view_t before = view;
    CHECK(refused(aliyun_cred_credentials_view(NULL, &view)) && memcmp(&view, &before, sizeof view) == 0);
    CHECK(refused(aliyun_cred_credentials_view(credentials, NULL)));
    CHECK(refused(aliyun_cred_credentials_view(NULL, NULL)));
    CHECK(aliyun_cred_credentials_retain(NULL) == NULL);
    CHECK(aliyun_cred_credentials_access_key_id(NULL) == NULL);
    CHECK(aliyun_cred_credentials_access_key_secret(NULL) == NULL);
    CHECK(aliyun_cred_credentials_security_token(NULL) == NULL);
    CHECK(aliyun_cred_credentials_bearer_token(NULL) == NULL);
    CHECK(aliyun_cred_credentials_type(NULL) == NULL);
    CHECK(aliyun_cred_credentials_provider_name(NULL) == NULL);
    CHECK(aliyun_cred_credentials_expiration(NULL) == -1);
    aliyun_cred_credentials_free(NULL);
}

static void a_log_callback(void) {
    /* NULL removes the callback. */
    aliyun_cred_set_log_callback(NULL, NULL);
    aliyun_cred_set_log_callback(NULL, config);
}

static void errors(void) {
    CHECK(aliyun_cred_error_kind(NULL) == ALIYUN_CRED_OK);
    CHECK(aliyun_cred_error_message(NULL) == NULL);
    CHECK(aliyun_cred_error_provider(NULL) == NULL);
    CHECK(aliyun_cred_error_code(NULL) == NULL);
    CHECK(aliyun_cred_error_request_id(NULL) == NULL);
    CHECK(aliyun_cred_error_http_status(NULL) == 0);
    CHECK(aliyun_cred_error_attempts(NULL) == 0);
    CHECK(aliyun_cred_error_attempt_kind(NULL, 0) == ALIYUN_CRED_OK);
    CHECK(aliyun_cred_error_attempt_provider(NULL, 0) == NULL);
    CHECK(aliyun_cred_error_attempt_message(NULL, 0) == NULL);
    aliyun_cred_error_free(NULL);
}

int main(void) {
    config = aliyun_cred_config_new();
    if (!succeeds(aliyun_cred_config_set_type(config, "bearer")) ||
        !succeeds(aliyun_cred_config_set_bearer_token(config, "t")) ||
        !succeeds(aliyun_cred_client_new(config, &client)) ||
        !succeeds(aliyun_cred_client_get_credentials(client, &credentials))) {
        return 1;
    }
    RUN(setters_of_strings);
    RUN(setters_of_numbers_and_flags);
    RUN(configurations);
    RUN(clients);
    RUN(reports_and_status);
    RUN(resolved_credentials);
    RUN(errors);
    RUN(a_log_callback);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    return finish();
}
