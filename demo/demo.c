/* Resolves the default chain and prints what it found: id, secret, token if there is one,
 * provider name, a line each. */
#include <aliyun_cred.h>
#include <stdio.h>

int main(void) {
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_default(&client);
    if (error == NULL) {
        error = aliyun_cred_client_get_credentials(client, &credentials);
    }
    if (error != NULL) {
        fprintf(stderr, "%s\n", aliyun_cred_error_message(error));
    } else {
        puts(aliyun_cred_credentials_access_key_id(credentials));
        puts(aliyun_cred_credentials_access_key_secret(credentials));
        /* NULL for a long-lived key pair. */
        const char *token = aliyun_cred_credentials_security_token(credentials);
        puts(token != NULL ? token : "");
        puts(aliyun_cred_credentials_provider_name(credentials));
    }
    int failed = error != NULL;
    aliyun_cred_error_free(error);
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    return failed;
}
