/* A program of a user's. How it is built shows what linking the installed library takes. */
#include <aliyun_cred.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const char *json =
        "{\"type\": \"sts\", \"access_key_id\": \"an-id\", \"access_key_secret\": \"s\", \"security_token\": \"t\"}";
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_config_from_json(json, &config);
    if (error == NULL) {
        error = aliyun_cred_client_new(config, &client);
    }
    if (error == NULL) {
        error = aliyun_cred_client_get_credentials(client, &credentials);
    }
    if (error != NULL) {
        fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
        return 1;
    }
    const int right = strcmp(aliyun_cred_credentials_access_key_id(credentials), "an-id") == 0 &&
                      aliyun_cred_abi_version() == ALIYUN_CRED_ABI_VERSION;
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    aliyun_cred_config_free(config);
    printf("%s\n", right ? aliyun_cred_version() : "wrong");
    return !right;
}
