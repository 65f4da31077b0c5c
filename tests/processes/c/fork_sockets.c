/*
 * A child's request uses its own connection, and its parent's connection outlives the child. run.py counts the
 * connections at every word.
 */
#include "common.h"

static void refresh(aliyun_cred_client_t *client) {
    aliyun_cred_client_invalidate(client);
    resolve(client);
}

int main(void) {
    aliyun_cred_client_t *client = client_of("sockets");
    resolve(client);
    refresh(client);
    say("parent");
    await_word();
    const pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        begin_child();
        refresh(client);
        refresh(client);
        say("child");
        await_word();
        /* Closes its copies of everything that it inherited. */
        _exit(0);
    }
    end_child(child);
    refresh(client);
    say("parent again");
    await_word();
    aliyun_cred_client_free(client);
    return 0;
}
