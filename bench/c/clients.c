/* Memory and threads of many clients, each with a cached credential: clients static|uri <clients> */
#include "common.h"

#include <malloc.h>

int main(int count, char **arguments) {
    if (count < 3) {
        return 2;
    }
    long clients = atol(arguments[2]);
    aliyun_cred_client_t **all = calloc((size_t)clients, sizeof *all);
    if (all == NULL) {
        return 1;
    }
    memset(all, 1, (size_t)clients * sizeof *all);
    aliyun_cred_client_t *first = client_of(arguments[1]);
    aliyun_cred_credentials_t *credentials = NULL;
    check(aliyun_cred_client_get_credentials(first, &credentials));
    aliyun_cred_credentials_free(credentials);
    long before = status_of("VmRSS");
    for (long i = 0; i < clients; i++) {
        all[i] = client_of(arguments[1]);
        check(aliyun_cred_client_get_credentials(all[i], &credentials));
        aliyun_cred_credentials_free(credentials);
    }
    long after = status_of("VmRSS"), threads = status_of("Threads");
    for (long i = 0; i < clients; i++) {
        aliyun_cred_client_free(all[i]);
    }
    malloc_trim(0);
    printf("{\"kb_each\": %f, \"kb_each_left\": %f, \"threads\": %ld}\n", (double)(after - before) / (double)clients,
           (double)(status_of("VmRSS") - before) / (double)clients, threads);
    aliyun_cred_client_free(first);
    free(all);
    return 0;
}
