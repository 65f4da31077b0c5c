/* Gets the session of the role that is named, and says its AccessKey ID. */
#include "common.h"

int main(int arguments, char **values) {
    MUST(arguments == 2);
    aliyun_cred_client_t *client = client_of(values[1]);
    await_word(); /* run.py lets all of them go at once */
    aliyun_cred_credentials_t *credentials = get(client);
    say(aliyun_cred_credentials_access_key_id(credentials));
    aliyun_cred_credentials_free(credentials);
    aliyun_cred_client_free(client);
    return 0;
}
