/*
 * Values come out as they went in: versions, configurations, credentials from options, and errors, without a network.
 */
#include <stdlib.h>

#include "check.h"

static bool equals(aliyun_cred_string_view_t view, const char *text) {
    if (text == NULL) {
        return view.data == NULL && view.length == 0;
    }
    return view.length == strlen(text) && same(view.data, text);
}

/* The credential of a configuration, or NULL. */
static aliyun_cred_credentials_t *resolve(const char *json) {
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    if (succeeds(aliyun_cred_config_from_json(json, &config)) && succeeds(aliyun_cred_client_new(config, &client))) {
        succeeds(aliyun_cred_client_get_credentials(client, &credentials));
    }
    /* Earlier results do not depend on these. */
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    return credentials;
}

static void versions(void) {
    CHECK(aliyun_cred_abi_version() == ALIYUN_CRED_ABI_VERSION);
    unsigned major, minor, patch;
    char rest;
    CHECK(sscanf(aliyun_cred_version(), "%u.%u.%u%c", &major, &minor, &patch, &rest) == 3);
}

static void names_of_kinds(void) {
    CHECK(same(aliyun_cred_error_kind_name(ALIYUN_CRED_OK), "ok"));
    CHECK(same(aliyun_cred_error_kind_name(ALIYUN_CRED_ERROR_INVALID_CONFIG), "invalid_config"));
    CHECK(same(aliyun_cred_error_kind_name(ALIYUN_CRED_ERROR_INTERNAL), "internal"));
    CHECK(same(aliyun_cred_error_kind_name(18), "invalid_argument"));
    CHECK(aliyun_cred_error_kind_name(19) == NULL);
    CHECK(aliyun_cred_error_kind_name(UINT32_MAX) == NULL);
}

static void an_access_key_by_its_setters(void) {
    aliyun_cred_config_t *config = aliyun_cred_config_new();
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(succeeds(aliyun_cred_config_set_type(config, "access_key")));
    CHECK(succeeds(aliyun_cred_config_set_access_key_id(config, "id")));
    CHECK(succeeds(aliyun_cred_config_set_access_key_secret(config, "secret")));
    CHECK(succeeds(aliyun_cred_client_new(config, &client)));
    /* The client has its own copy. */
    CHECK(succeeds(aliyun_cred_config_set_access_key_id(config, "other")));
    aliyun_cred_config_free(config);
    CHECK(same(aliyun_cred_client_type(client), "access_key"));

    CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
    CHECK(same(aliyun_cred_credentials_access_key_id(credentials), "id"));
    CHECK(same(aliyun_cred_credentials_access_key_secret(credentials), "secret"));
    CHECK(aliyun_cred_credentials_security_token(credentials) == NULL);
    CHECK(aliyun_cred_credentials_bearer_token(credentials) == NULL);
    CHECK(same(aliyun_cred_credentials_type(credentials), "access_key"));
    CHECK(same(aliyun_cred_credentials_provider_name(credentials), "static_ak"));
    CHECK(aliyun_cred_credentials_expiration(credentials) == -1);

    aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(client);
    CHECK(cached == credentials);
    aliyun_cred_credentials_free(cached);
    /* Invalidating a credential from the options would leave no source to ask. */
    aliyun_cred_client_invalidate(client);
    aliyun_cred_credentials_t *again = NULL;
    CHECK(succeeds(aliyun_cred_client_get_credentials_within(client, 0, &again)));
    CHECK(again == credentials);
    aliyun_cred_credentials_free(again);
    aliyun_cred_client_free(client);
    CHECK(same(aliyun_cred_credentials_access_key_id(credentials), "id"));
    aliyun_cred_credentials_free(credentials);
}

static void a_view_gives_everything_at_once(void) {
    aliyun_cred_credentials_t *sts = resolve(
        "{\"type\":\"sts\",\"accessKeyId\":\"id\",\"accessKeySecret\":\"secret\",\"security_token\":\"\\u0074+/=\"}");
    aliyun_cred_credentials_view_t view;
    CHECK(succeeds(aliyun_cred_credentials_view(sts, &view)));
    CHECK(equals(view.access_key_id, "id") && equals(view.access_key_secret, "secret"));
    CHECK(equals(view.security_token, "t+/=") && equals(view.bearer_token, NULL));
    CHECK(equals(view.type, "sts") && equals(view.provider_name, "static_sts") && view.expiration == -1);
    /* The getters borrow the same strings. */
    CHECK(view.security_token.data == aliyun_cred_credentials_security_token(sts));

    /* A reference keeps the strings alive. */
    aliyun_cred_credentials_t *second = aliyun_cred_credentials_retain(sts);
    CHECK(second == sts);
    aliyun_cred_credentials_free(sts);
    CHECK(equals(view.access_key_secret, "secret"));
    aliyun_cred_credentials_free(second);

    aliyun_cred_credentials_t *bearer = resolve("{\"type\":\"bearer\",\"bearer_token\":\"token\"}");
    CHECK(succeeds(aliyun_cred_credentials_view(bearer, &view)));
    CHECK(equals(view.access_key_id, NULL) && equals(view.access_key_secret, NULL));
    CHECK(equals(view.security_token, NULL) && equals(view.bearer_token, "token"));
    CHECK(equals(view.type, "bearer") && equals(view.provider_name, NULL));
    aliyun_cred_credentials_free(bearer);
}

static void configuration_errors(void) {
    static const struct {
        const char *json;
        const char *words;
    } cases[] = {
        {"{}", "invalid type option"},
        {"{\"type\":\"no_such_type\"}", "invalid type option"},
        {"{\"type\":\"access_key\"}", "the access key id is empty"},
        {"{\"type\":\"access_key\",\"access_key_id\":\"id\",\"access_key_secret\":\"\"}",
         "the access key secret is empty"},
        {"{\"type\":\"sts\",\"access_key_id\":\"id\",\"access_key_secret\":\"" SECRET "\"}",
         "the security token is empty"},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; ++index) {
        aliyun_cred_config_t *config = NULL;
        aliyun_cred_client_t *client = NULL;
        CHECK(succeeds(aliyun_cred_config_from_json(cases[index].json, &config)));
        aliyun_cred_error_t *error = aliyun_cred_client_new(config, &client);
        CHECK(client == NULL);
        CHECK(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_INVALID_CONFIG);
        CHECK(strstr(aliyun_cred_error_message(error), cases[index].words) != NULL);
        CHECK(strstr(aliyun_cred_error_message(error), "canary") == NULL);
        CHECK(aliyun_cred_error_code(error) == NULL && aliyun_cred_error_request_id(error) == NULL);
        CHECK(aliyun_cred_error_http_status(error) == 0 && aliyun_cred_error_attempts(error) == 0);
        aliyun_cred_error_free(error);
        aliyun_cred_config_free(config);
    }
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_error_t *error = aliyun_cred_config_from_json("{\"access_key_secret\":[\"" SECRET "\"]}", &config);
    CHECK(config == NULL && strstr(aliyun_cred_error_message(error), "access_key_secret") != NULL);
    CHECK(strstr(aliyun_cred_error_message(error), "canary") == NULL);
    CHECK(is(error, ALIYUN_CRED_ERROR_INVALID_CONFIG));
}

/* run.sh sets an empty home and no variable that configures a source. */
static void a_chain_that_finds_nothing_lists_its_attempts(void) {
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(succeeds(aliyun_cred_client_default(&client)));
    CHECK(same(aliyun_cred_client_type(client), "default"));
    CHECK(aliyun_cred_client_cached(client) == NULL);
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    CHECK(credentials == NULL);
    CHECK(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_NOT_CONFIGURED);
    CHECK(same(aliyun_cred_error_provider(error), "default"));
    CHECK(strstr(aliyun_cred_error_message(error), "unable to load credentials from any of the providers") != NULL);
    const size_t count = aliyun_cred_error_attempts(error);
    CHECK(count >= 2);
    CHECK(same(aliyun_cred_error_attempt_provider(error, 0), "env"));
    CHECK(aliyun_cred_error_attempt_kind(error, 0) == ALIYUN_CRED_ERROR_NOT_CONFIGURED);
    CHECK(strstr(aliyun_cred_error_attempt_message(error, 0), "ALIBABA_CLOUD_ACCESS_KEY_ID") != NULL);
    for (size_t index = 0; index < count; ++index) {
        CHECK(aliyun_cred_error_attempt_kind(error, index) != ALIYUN_CRED_OK);
        CHECK(strlen(aliyun_cred_error_attempt_provider(error, index)) > 0);
        CHECK(strlen(aliyun_cred_error_attempt_message(error, index)) > 0);
    }
    const size_t beyond[] = {count, SIZE_MAX};
    for (size_t index = 0; index < 2; ++index) {
        CHECK(aliyun_cred_error_attempt_kind(error, beyond[index]) == ALIYUN_CRED_OK);
        CHECK(aliyun_cred_error_attempt_provider(error, beyond[index]) == NULL);
        CHECK(aliyun_cred_error_attempt_message(error, beyond[index]) == NULL);
    }
    /* An error outlives its client. */
    aliyun_cred_client_free(client);
    CHECK(same(aliyun_cred_error_kind_name(aliyun_cred_error_kind(error)), "not_configured"));
    aliyun_cred_error_free(error);
}

int main(void) {
    RUN(versions);
    RUN(names_of_kinds);
    RUN(an_access_key_by_its_setters);
    RUN(a_view_gives_everything_at_once);
    RUN(configuration_errors);
    RUN(a_chain_that_finds_nothing_lists_its_attempts);
    return finish();
}
