/* Two Rust archives in one program. */
#include <aliyun_cred.h>
#include <stdint.h>

uint32_t other_sum(uint32_t end);

int main(void) {
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_default(&client);
    const int failed = error != NULL;
    aliyun_cred_error_free(error);
    aliyun_cred_client_free(client);
    return failed || other_sum(5) != 10;
}
