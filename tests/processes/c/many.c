/*
 * many N: N clients that have each resolved a role, and N/10 more, share one thread; after they are freed nothing is
 * left, however often that is repeated.
 */
#include <malloc.h>

#include "common.h"

/* More threads would not be faster: two idle connections per host are kept. */
enum { THREADS = 2, ROUNDS = 4 };

/* How many rounds the allocator gets to place its blocks, after most of its memory went back to the system. */
enum { SETTLING = 4 };

/* Bytes of resident memory per client. */
enum { MOST_ALIVE = 4096 };

/* In bytes: what the library and the allocator keep, however many clients there were, and how much that may grow
 * after some rounds. Resident memory varies, because the allocator places blocks differently each time, but only a
 * little. */
enum { MOST_ALLOCATED = 256 << 10, MOST_ALLOCATED_GROWTH = 64 << 10, MOST_RESIDENT = 2 << 20, MOST_GROWTH = 256 << 10 };

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

/* Allocated and not yet freed, in all arenas, without memory that is resident because of fragmentation. */
static long allocated(void) {
    const struct mallinfo2 now = mallinfo2();
    return (long)(now.uordblks + now.hblkhd);
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

/* The library's thread, and the connections that it keeps. */
static void check_shared(int descriptors_before) {
    MUST(threads_named("aliyun-cred") == 1);
    MUST(descriptors() <= descriptors_before + THREADS);
}

int main(int arguments, char **values) {
    MUST(arguments == 2);
    /* One arena for all threads: with several, a block's arena would depend on timing. */
    MUST(mallopt(M_ARENA_MAX, 1) == 1);
    const size_t count = strtoul(values[1], NULL, 10);
    const size_t more = count / 10;
    MUST(count >= 1000 && more % THREADS == 0);
    aliyun_cred_client_t **clients = malloc((count + more) * sizeof *clients);
    MUST(clients != NULL);
    /* Makes its pages resident from the start. */
    memset(clients, 1, (count + more) * sizeof *clients);
    /* After this, the library and the allocator hold everything that they keep forever. */
    make(clients, more);
    drop(clients, more);
    malloc_trim(0);
    const int open = descriptors();

    const long allocated_before = allocated();
    const long before = resident();
    make(clients, count);
    const long one = resident();
    make(clients + count, more);
    const long two = resident();
    check_shared(open);
    for (size_t index = 0; index < count + more; ++index) {
        aliyun_cred_credentials_t *cached = aliyun_cred_client_cached(clients[index]);
        MUST(cached != NULL);
        aliyun_cred_credentials_free(cached);
    }
    drop(clients, count + more);
    malloc_trim(0);
    const long after = resident();
    const long left = allocated() - allocated_before;
    printf("resident bytes per client: %ld, of further ones: %ld; left in all: %ld, of which allocated: %ld\n",
           (one - before) / (long)count, (two - one) / (long)more, after - before, left);
    fflush(stdout);
    MUST(one - before < MOST_ALIVE * (long)count);
    MUST(two - one < MOST_ALIVE * (long)more);
    MUST(left < MOST_ALLOCATED);
    MUST(after - before < MOST_RESIDENT);

    for (int round = 0; round < SETTLING; ++round) {
        make(clients, more);
        drop(clients, more);
    }
    long peaks[ROUNDS], kept[ROUNDS];
    for (int round = 0; round < ROUNDS; ++round) {
        make(clients, more);
        peaks[round] = resident();
        drop(clients, more);
        kept[round] = allocated();
    }
    MUST(kept[ROUNDS - 1] - kept[0] < MOST_ALLOCATED_GROWTH);
    MUST(peaks[ROUNDS - 1] - peaks[0] < MOST_GROWTH);
    check_shared(open);
    free(clients);
    return 0;
}
