/* The header alone, in every version of C and C++ that it supports: it needs no other header before it, and may be
 * included twice. */
#include "aliyun_cred.h"
#include "aliyun_cred.h"

int main(void) {
    aliyun_cred_error_t *error = aliyun_cred_client_default(0);
    const int refused = aliyun_cred_error_kind(error) == ALIYUN_CRED_ERROR_INVALID_ARGUMENT;
    aliyun_cred_error_free(error);
    return refused && aliyun_cred_abi_version() == ALIYUN_CRED_ABI_VERSION ? 0 : 1;
}
