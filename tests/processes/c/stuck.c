/*
 * stuck FIFO: reading the trusted certificates hangs, as on a dead disk. That affects only callers that need them.
 */
#include "common.h"

static void give(void *user_data, aliyun_cred_answer_t *answer) {
    (void)user_data;
    MUST(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
}

/* No server listens there: a call that finds that out has not waited for certificates. */
static void ask_in_plain_text(void) {
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    MUST(succeeds(aliyun_cred_config_from_json(
        "{\"type\":\"credentials_uri\",\"credentials_uri\":\"http://127.0.0.1:1/\"}", &config)));
    MUST(succeeds(aliyun_cred_client_new(config, &client)));
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    MUST(aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_UNAVAILABLE);
    aliyun_cred_error_free(error);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
}

/* A client whose connection pool differs from all others, and loads the certificates itself. */
static aliyun_cred_client_t *impatient(int64_t connect_timeout) {
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    MUST(
        succeeds(aliyun_cred_config_from_json("{\"access_key_id\":\"i\",\"access_key_secret\":\"s\","
                                              "\"role_arn\":\"acs:ram::1000000000000001:role/stuck\"}",
                                              &config)));
    MUST(succeeds(aliyun_cred_config_set_type(config, "ram_role_arn")));
    MUST(succeeds(aliyun_cred_config_set_connect_timeout(config, connect_timeout)));
    MUST(succeeds(aliyun_cred_client_new(config, &client)));
    aliyun_cred_config_free(config);
    return client;
}

int main(int count, char **arguments) {
    alarm(WATCHDOG_SECONDS);
    MUST(count == 2 && setenv("SSL_CERT_FILE", arguments[1], 1) == 0);
    aliyun_cred_client_t *stuck = client_of("stuck"), *own = NULL;
    start_refresh(stuck);
    for (int64_t connect_timeout = 1001; connect_timeout < 1010; ++connect_timeout) {
        aliyun_cred_client_t *another = impatient(connect_timeout);
        start_refresh(another);
        aliyun_cred_client_free(another);
    }
    ask_in_plain_text();
    MUST(succeeds(aliyun_cred_client_from_provider("p", give, NULL, NULL, &own)));
    for (int call = 0; call < 10; ++call) {
        aliyun_cred_credentials_t *credentials = NULL;
        MUST(succeeds(aliyun_cred_client_get_credentials(own, &credentials)));
        aliyun_cred_credentials_free(credentials);
    }
    aliyun_cred_client_free(own);
    aliyun_cred_client_free(stuck);
    return 0;
}
