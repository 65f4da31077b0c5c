/* Microseconds from dlopen to the first credential of a static pair, in a process that did nothing before.
 * first <library> */
#include "common.h"

#include <dlfcn.h>

#define FIND(name) __typeof__(&name) found_##name = (__typeof__(&name))dlsym(library, #name)

int main(int count, char **arguments) {
    if (count < 2) {
        return 2;
    }
    uint64_t begin = now_ns();
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    uint64_t opened = now_ns();
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    FIND(aliyun_cred_config_from_json);
    FIND(aliyun_cred_client_new);
    FIND(aliyun_cred_client_get_credentials);
    FIND(aliyun_cred_credentials_access_key_id);
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_credentials_t *credentials = NULL;
    const char *json = "{\"type\": \"access_key\", \"access_key_id\": \"LTAIbench\", \"access_key_secret\": \"bench\"}";
    if (found_aliyun_cred_config_from_json(json, &config) != NULL ||
        found_aliyun_cred_client_new(config, &client) != NULL ||
        found_aliyun_cred_client_get_credentials(client, &credentials) != NULL ||
        strcmp(found_aliyun_cred_credentials_access_key_id(credentials), "LTAIbench") != 0) {
        return 1;
    }
    uint64_t end = now_ns();
    printf("{\"dlopen\": %f, \"first\": %f}\n", (double)(opened - begin) / 1e3, (double)(end - begin) / 1e3);
    return 0;
}
