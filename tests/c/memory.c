/* Looks for secrets in this process's memory: memory CONFIG REVERSED-SECRET...
 *
 * Asks the client of a configuration (a JSON file) three times, frees everything, and searches all of its own memory.
 * Secrets are passed reversed, so that the arguments do not contain them. Prints how many copies of each there are
 * while the credential is held; exits with 0 once there are none left, with 1 if that never happens.
 */
#define _GNU_SOURCE
#include <aliyun_cred.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, LONGEST = 4096, WATCHDOG_SECONDS = 60 };

#define MUST(condition)                                                               \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(2);                                                                  \
        }                                                                             \
    } while (0)

static char block[BLOCK + LONGEST];

static bool is_at(const char *place, const char *reversed, size_t length) {
    for (size_t index = 0; index < length; index++) {
        if (place[index] != reversed[length - 1 - index]) {
            return false;
        }
    }
    return true;
}

/* Counts the copies in mapped memory, excluding this program's own block. */
static int copies(const char *reversed) {
    const size_t length = strlen(reversed);
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    const int memory = open("/proc/self/mem", O_RDONLY);
    MUST(maps != NULL && memory >= 0 && length > 0 && length < LONGEST);
    char line[1024];
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t begin = 0, end = 0;
        char readable = '-';
        if (sscanf(line, "%lx-%lx %c", &begin, &end, &readable) != 3 || readable != 'r' || strstr(line, "[v") != NULL) {
            continue;
        }
        for (uintptr_t at = begin; at < end; at += BLOCK) {
            /* Include the bytes that follow, in case a copy crosses the border. */
            size_t want = end - at < sizeof block ? end - at : sizeof block;
            const ssize_t got = pread(memory, block, want, (off_t)at);
            for (ssize_t place = 0; place < BLOCK && place + (ssize_t)length <= got; place++) {
                const uintptr_t address = at + (uintptr_t)place;
                const bool is_own = address >= (uintptr_t)block && address < (uintptr_t)block + sizeof block;
                found += !is_own && is_at(block + place, reversed, length);
            }
            explicit_bzero(block, sizeof block);
        }
    }
    fclose(maps);
    close(memory);
    return found;
}

static aliyun_cred_client_t *client_of(const char *path) {
    const int file = open(path, O_RDONLY);
    struct stat about;
    MUST(file >= 0 && fstat(file, &about) == 0);
    char *json = calloc(1, (size_t)about.st_size + 1);
    MUST(read(file, json, (size_t)about.st_size) == about.st_size);
    close(file);
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_client_t *client = NULL;
    MUST(aliyun_cred_config_from_json(json, &config) == NULL);
    MUST(aliyun_cred_client_new(config, &client) == NULL);
    explicit_bzero(json, (size_t)about.st_size);
    free(json);
    aliyun_cred_config_free(config);
    return client;
}

int main(int argc, char **argv) {
    MUST(argc > 2);
    aliyun_cred_client_t *client = client_of(argv[1]);
    for (int round = 0; round < 3; round++) {
        aliyun_cred_credentials_t *credentials = NULL;
        aliyun_cred_client_invalidate(client);
        MUST(aliyun_cred_client_get_credentials(client, &credentials) == NULL);
        for (int secret = 2; round == 2 && secret < argc; secret++) {
            printf("held: %d\n", copies(argv[secret]));
        }
        aliyun_cred_credentials_free(credentials);
    }
    aliyun_cred_client_free(client);
    /* A connection is closed shortly after its last reply, and its buffers with it. */
    const time_t begun = time(NULL);
    int left = 1;
    while (left > 0 && time(NULL) - begun < WATCHDOG_SECONDS) {
        left = 0;
        for (int secret = 2; secret < argc; secret++) {
            left += copies(argv[secret]);
        }
    }
    printf("left: %d\n", left);
    return left != 0;
}
