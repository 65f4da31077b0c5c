/*
 * many N: N clients that have each resolved a role, three times made and dropped. They share one thread, and leave
 * nothing behind.
 */
#include "common.h"

/* More would not be answered any faster: there are two idle connections to a host. */
enum { THREADS = 2, ROUNDS = 3 };

/* Bytes of resident memory. */
enum { MOST_PER_CLIENT = 4096 };

struct share {
    aliyun_cred_client_t **clients;
    size_t count;
};

static void *fill(void *argument) {
    struct share *share = argument;
    for (size_t index = 0; index < share->count; ++index) {
        share->clients[index] = client_of("many");
        resolve(share->clients[index]);
    }
    return NULL;
}

static long resident(void) {
    long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    MUST(file != NULL && fscanf(file, "%ld %ld", &pages[0], &pages[1]) == 2);
    fclose(file);
    return pages[1] * sysconf(_SC_PAGESIZE);
}

static int descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    MUST(folder != NULL);
    while (readdir(folder) != NULL) {
        ++count;
    }
    closedir(folder);
    return count;
}

static void make(aliyun_cred_client_t **clients, size_t count) {
    pthread_t threads[THREADS];
    struct share shares[THREADS];
    for (size_t index = 0; index < THREADS; ++index) {
        shares[index] = (struct share){clients + count / THREADS * index, count / THREADS};
        MUST(pthread_create(&threads[index], NULL, fill, &shares[index]) == 0);
    }
    for (size_t index = 0; index < THREADS; ++index) {
        MUST(pthread_join(threads[index], NULL) == 0);
    }
}

static void drop(aliyun_cred_client_t **clients, size_t count) {
    for (size_t index = 0; index < count; ++index) {
        aliyun_cred_client_free(clients[index]);
    }
}

int main(int arguments, char **values) {
    MUST(arguments == 2);
    const size_t count = strtoul(values[1], NULL, 10);
    aliyun_cred_client_t **clients = calloc(2 * count, sizeof *clients);
    MUST(clients != NULL && count >= 1000 && count % THREADS == 0);
    memset(clients, 1, 2 * count * sizeof *clients);
    /* Whatever the library and the allocator keep for ever, they have after this. */
    make(clients, count / 10);
    drop(clients, count / 10);
    const int open = descriptors();
    long alive[ROUNDS];
    for (int round = 0; round < ROUNDS; ++round) {
        const long before = resident();
        make(clients, count);
        const long one = resident();
        make(clients + count, count);
        const long two = alive[round] = resident();
        MUST(threads_named("aliyun-cred") == 1);
        MUST(descriptors() <= open + THREADS);
        for (size_t index = 0; index < 2 * count; ++index) {
            aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(clients[index]);
            MUST(cached != NULL);
            aliyun_cred_credentials_free(cached);
        }
        drop(clients, 2 * count);
        fprintf(stdout, "resident bytes per client: %ld, then %ld\n", (one - before) / (long)count,
                (two - one) / (long)count);
        MUST(two - one < MOST_PER_CLIENT * (long)count);
        MUST(round > 0 || one - before < MOST_PER_CLIENT * (long)count);
    }
    /* What a round took, the next one takes again: 16 bytes per client and round would show. */
    MUST(alive[ROUNDS - 1] - alive[0] < 16 * (ROUNDS - 1) * 2 * (long)count);
    MUST(threads_named("aliyun-cred") == 1);
    MUST(descriptors() <= open + THREADS);
    free(clients);
    return 0;
}
