/*
 * Strings of a megabyte for every string argument: each is accepted unchanged or rejected; none crashes or hangs the
 * process. run.sh checks that no function is missing here. ENORMOUS is another length, for valgrind, which takes
 * minutes for a megabyte.
 */
#include <stdlib.h>

#include "check.h"
#include "setters.h"

static size_t length = 1 << 20;

/* So many bytes; the last three are one character. */
static char *enormous;
/* As long, made of key characters. */
static char *key;
/* The same, cut inside its last character, so that it is not valid UTF-8. */
static char *broken;

/* Whether it failed, for any reason. */
static bool fails(aliyun_cred_error_t *error) {
    const bool failed = error != NULL && strlen(aliyun_cred_error_message(error)) > 0;
    aliyun_cred_error_free(error);
    return failed;
}

static void setters_take_them(void) {
    static const char *const types[] = {"access_key",      "sts",          "bearer",       "ram_role_arn",
                                        "oidc_role_arn",   "ecs_ram_role", "rsa_key_pair", "kms_secret",
                                        "credentials_uri", "cloud_sso",    "oauth",        "external"};
    aliyun_cred_config_t *config = aliyun_cred_config_new();
    for (size_t index = 0; index < STRING_SETTERS_COUNT; ++index) {
        CHECK(succeeds(STRING_SETTERS[index](config, enormous)));
        CHECK(is(STRING_SETTERS[index](config, broken), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    }
    aliyun_cred_client_t *client = NULL;
    CHECK(is(aliyun_cred_client_new(config, &client), ALIYUN_CRED_ERROR_INVALID_CONFIG));
    CHECK(succeeds(aliyun_cred_config_set_access_key_id(config, key)));
    CHECK(succeeds(aliyun_cred_config_set_access_key_secret(config, key)));
    CHECK(succeeds(aliyun_cred_config_set_security_token(config, key)));
    CHECK(succeeds(aliyun_cred_config_set_bearer_token(config, key)));
    /* As names, keys, paths and addresses of every source: with any result, the call returns. */
    for (size_t index = 0; index < sizeof types / sizeof types[0]; ++index) {
        CHECK(succeeds(aliyun_cred_config_set_type(config, types[index])));
        if (fails(aliyun_cred_client_new(config, &client))) {
            continue;
        }
        aliyun_cred_credentials_t *credentials = NULL;
        aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
        CHECK((error == NULL) == (index < 3));
        aliyun_cred_error_free(error);
        aliyun_cred_credentials_free(credentials);
        aliyun_cred_client_free(client);
    }
    aliyun_cred_config_free(config);
}

static void values_come_back_whole(void) {
    aliyun_cred_config_t *config = aliyun_cred_config_new();
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_credentials_view_t view;
    CHECK(succeeds(aliyun_cred_config_set_type(config, "access_key")));
    CHECK(succeeds(aliyun_cred_config_set_access_key_id(config, key)));
    CHECK(succeeds(aliyun_cred_config_set_access_key_secret(config, key)));
    CHECK(succeeds(aliyun_cred_client_new(config, &client)));
    CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
    CHECK(succeeds(aliyun_cred_credentials_view(credentials, &view)));
    CHECK(view.access_key_id.length == length && view.access_key_secret.length == length);
    CHECK(memcmp(view.access_key_id.data, key, length + 1) == 0);
    CHECK(memcmp(view.access_key_secret.data, key, length + 1) == 0);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
}

static void names_and_documents(void) {
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(is(aliyun_cred_config_from_json(enormous, &config), ALIYUN_CRED_ERROR_INVALID_CONFIG));
    CHECK(is(aliyun_cred_config_from_json(broken, &config), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(is(aliyun_cred_client_from_source(enormous, NULL, &client), ALIYUN_CRED_ERROR_INVALID_CONFIG));
    CHECK(is(aliyun_cred_client_from_source(broken, NULL, &client), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(is(aliyun_cred_client_from_profile(broken, &client), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(succeeds(aliyun_cred_client_from_profile(enormous, &client)));
    CHECK(fails(aliyun_cred_client_get_credentials(client, &credentials)) && credentials == NULL);
    aliyun_cred_client_free(client);
}

static void give(void *user_data, aliyun_cred_answer_t *answer) {
    CHECK(is(aliyun_cred_answer_set_access_key(answer, broken, "s"), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(is(aliyun_cred_answer_set_access_key(answer, "i", broken), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(is(aliyun_cred_answer_set_security_token(answer, broken), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(is(aliyun_cred_answer_set_error(answer, 1, broken), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(succeeds(aliyun_cred_answer_set_access_key(answer, key, key)));
    CHECK(succeeds(aliyun_cred_answer_set_security_token(answer, key)));
    if (user_data != NULL) {
        CHECK(succeeds(aliyun_cred_answer_set_error(answer, ALIYUN_CRED_ERROR_DENIED, enormous)));
    }
}

static void answers_of_a_provider(void) {
    static int refusing;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    CHECK(is(aliyun_cred_client_from_provider(broken, give, NULL, NULL, &client), ALIYUN_CRED_ERROR_INVALID_ARGUMENT));
    CHECK(succeeds(aliyun_cred_client_from_provider(enormous, give, NULL, NULL, &client)));
    CHECK(same(aliyun_cred_client_type(client), enormous));
    CHECK(succeeds(aliyun_cred_client_get_credentials(client, &credentials)));
    CHECK(same(aliyun_cred_credentials_security_token(credentials), key));
    CHECK(same(aliyun_cred_credentials_provider_name(credentials), enormous));
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    CHECK(succeeds(aliyun_cred_client_from_provider("p", give, &refusing, NULL, &client)));
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    CHECK(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_DENIED);
    CHECK(same(aliyun_cred_error_message(error), enormous));
    aliyun_cred_error_free(error);
    aliyun_cred_client_free(client);
}

int main(void) {
    const char *given = getenv("ENORMOUS");
    if (given != NULL) {
        length = strtoul(given, NULL, 10);
    }
    enormous = malloc(length + 1);
    key = calloc(1, length + 1);
    broken = malloc(length);
    if (enormous == NULL || key == NULL || broken == NULL) {
        return 1;
    }
    memset(key, 'x', length);
    memset(enormous, 'x', length);
    memcpy(enormous + length - 3, "\xe5\x87\xad", 4);
    memcpy(broken, enormous, length);
    broken[length - 1] = '\0';
    RUN(setters_take_them);
    RUN(values_come_back_whole);
    RUN(names_and_documents);
    RUN(answers_of_a_provider);
    free(broken);
    free(key);
    free(enormous);
    return finish();
}
