/* Two shared objects, each with the static library inside, in one process: they do not meet. */
#include <dlfcn.h>
#include <stddef.h>

#include "check.h"

typedef int ask_t(char *id, size_t size);

static const char *paths[2];

static ask_t *loaded(const char *path) {
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL)
        fprintf(stderr, "%s\n", dlerror());
    ask_t *ask = NULL;
    /* ISO C has no other way from a pointer to a function. */
    *(void **)&ask = plugin == NULL ? NULL : dlsym(plugin, "plugin_ask");
    /* Nothing of the library itself leaves a plugin. */
    return plugin == NULL || dlsym(plugin, "aliyun_cred_version") != NULL ? NULL : ask;
}

static void both_answer(void) {
    ask_t *asks[2];
    for (int plugin = 0; plugin < 2; ++plugin) {
        asks[plugin] = loaded(paths[plugin]);
        CHECK(asks[plugin] != NULL);
    }
    CHECK(asks[0] != asks[1]);
    for (int round = 0; round < 2; ++round) {
        for (int plugin = 0; plugin < 2; ++plugin) {
            char id[256];
            CHECK(asks[plugin](id, sizeof id) == 0);
            CHECK(same(id, "of-the-environment"));
        }
    }
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    paths[0] = arguments[1];
    paths[1] = arguments[2];
    RUN(both_answer);
    return finish();
}
