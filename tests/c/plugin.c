/* A plugin with the static library inside. Built twice: both are loaded into one process by plugins.c. */
#include "aliyun_cred.h"

#include <stdio.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int plugin_ask(char *id, size_t size);

/* The ID of the credential that this plugin's copy of the library finds; 0 on success. */
int plugin_ask(char *id, size_t size) {
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *found = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_default(&client);
    if (error == NULL)
        error = aliyun_cred_client_get_credentials(client, &found);
    const int failed = error != NULL;
    snprintf(id, size, "%s", failed ? aliyun_cred_error_message(error) : aliyun_cred_credentials_access_key_id(found));
    aliyun_cred_error_free(error);
    aliyun_cred_credentials_free(found);
    aliyun_cred_client_free(client);
    return failed;
}
