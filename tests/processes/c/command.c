/* Holds the session of a role while the command of a profile runs. */
#include "common.h"

int main(void) {
    aliyun_cred_client_t *role = client_of("held");
    aliyun_cred_credentials_t *held = get(role);
    aliyun_cred_client_t *chain = NULL;
    MUST(succeeds(aliyun_cred_client_default(&chain)));
    resolve(chain);
    aliyun_cred_client_free(chain);
    aliyun_cred_credentials_free(held);
    aliyun_cred_client_free(role);
    return 0;
}
