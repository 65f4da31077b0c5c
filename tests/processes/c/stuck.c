/*
 * stuck FIFO: the trusted certificates lie where reading them hangs, as on a disk that is gone. That is nobody's affair
 * but of those who need them.
 */
#include "common.h"

static void give(void *user_data, aliyun_cred_answer_t *answer) {
    (void)user_data;
    MUST(succeeds(aliyun_cred_answer_set_access_key(answer, "i", "s")));
}

int main(int count, char **arguments) {
    alarm(WATCHDOG_SECONDS);
    MUST(count == 2 && setenv("SSL_CERT_FILE", arguments[1], 1) == 0);
    aliyun_cred_client_t *stuck = client_of("stuck"), *own = NULL;
    start_refresh(stuck);
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
