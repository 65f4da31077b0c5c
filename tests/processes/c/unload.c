/*
 * unload LIBRARY ROUNDS: loads the library by hand, starts a refresh, and unloads it while the refresh runs.
 */
#include <dlfcn.h>

#include "common.h"

/* ISO C cannot convert an object pointer to a function pointer; POSIX guarantees that the bytes are the same. */
#define FIND(library, name)                       \
    __typeof__(name) *name##_;                    \
    do {                                          \
        void *found = dlsym(library, #name);      \
        MUST(found != NULL);                      \
        memcpy(&name##_, &found, sizeof name##_); \
    } while (0)

static void load_and_unload(const char *path, int waits) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(library != NULL);
    FIND(library, aliyun_cred_config_from_json);
    FIND(library, aliyun_cred_config_free);
    FIND(library, aliyun_cred_client_new);
    FIND(library, aliyun_cred_client_free);
    FIND(library, aliyun_cred_client_get_credentials_within);
    FIND(library, aliyun_cred_credentials_free);
    FIND(library, aliyun_cred_error_free);
    FIND(library, aliyun_cred_error_kind);
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    MUST(aliyun_cred_config_from_json_("{\"type\":\"ram_role_arn\",\"access_key_id\":\"LTAIEmulatorUser\","
                                       "\"access_key_secret\":\"EmulatorUserSecret\","
                                       "\"role_arn\":\"acs:ram::1000000000000001:role/unload\"}",
                                       &config) == NULL);
    MUST(aliyun_cred_client_new_(config, &client) == NULL);
    aliyun_cred_config_free_(config);
    aliyun_cred_error_t *error =
        aliyun_cred_client_get_credentials_within_(client, waits ? WATCHDOG_SECONDS * 1000 : 0, &credentials);
    MUST(waits ? error == NULL : aliyun_cred_error_kind_(error) == ALIYUN_CRED_ERROR_TIMEOUT);
    aliyun_cred_error_free_(error);
    aliyun_cred_credentials_free_(credentials);
    aliyun_cred_client_free_(client);
    MUST(dlclose(library) == 0);
}

int main(int count, char **arguments) {
    MUST(count == 3);
    for (int left = atoi(arguments[2]); left > 0; --left) {
        load_and_unload(arguments[1], left % 5 == 0);
    }
    return 0;
}
