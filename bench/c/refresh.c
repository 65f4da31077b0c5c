/* Cached calls before and while a refresh runs that takes a second. The service answers the first request at once.
 * Reports the 99.9th percentile of a call's time in both stretches, the longest of the second, and how many waited. */
#include "common.h"

#define REFRESH_MS 1000
#define SLICE_MS 50
#define SLICES 600
/* The request takes longer than the service does, and a call belongs to the moment when it began. */
#define MARGIN_MS (4 * SLICE_MS)
/* A call that took this long waited for the service. */
#define WAITED_NS (REFRESH_MS * 1000000ull / 3)
#define BUCKET_NS 8
#define BUCKETS 8192

/* The times of all calls, as a histogram for each stretch of 50 ms; the last bucket has all that are longer. */
static uint32_t histograms[SLICES][BUCKETS];
static uint64_t longest[SLICES];
static uint32_t waited[SLICES];

struct stretch {
    uint64_t p999, longest, calls, waited;
};

static struct stretch between(long begin_ms, long end_ms) {
    static uint64_t counts[BUCKETS];
    struct stretch stretch = {0, 0, 0, 0};
    memset(counts, 0, sizeof counts);
    for (long slice = begin_ms / SLICE_MS; slice < end_ms / SLICE_MS; slice++) {
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            counts[bucket] += histograms[slice][bucket];
            stretch.calls += histograms[slice][bucket];
        }
        stretch.longest = longest[slice] > stretch.longest ? longest[slice] : stretch.longest;
        stretch.waited += waited[slice];
    }
    int64_t above = (int64_t)(stretch.calls / 1000);
    int bucket = BUCKETS;
    while (bucket > 0 && above >= 0) {
        above -= (int64_t)counts[--bucket];
    }
    stretch.p999 = bucket == BUCKETS - 1 ? stretch.longest : (uint64_t)bucket * BUCKET_NS;
    return stretch;
}

int main(void) {
    aliyun_cred_client_t *client = client_of("role");
    aliyun_cred_credentials_t *first = NULL, *found = NULL;
    /* Touched now: a page fault is no call's fault. */
    memset(histograms, 1, sizeof histograms);
    memset(histograms, 0, sizeof histograms);
    check(aliyun_cred_client_get_credentials(client, &first));
    uint64_t begin = now_ns(), after = begin;
    int changed = 0;
    while (!changed) {
        uint64_t before = now_ns();
        check(aliyun_cred_client_get_credentials(client, &found));
        after = now_ns();
        changed = found != first;
        aliyun_cred_credentials_free(found);
        uint64_t took = after - before, slice = (before - begin) / (SLICE_MS * 1000000ull);
        if (slice >= SLICES) {
            fputs("no refresh\n", stderr);
            return 1;
        }
        histograms[slice][took / BUCKET_NS < BUCKETS ? took / BUCKET_NS : BUCKETS - 1]++;
        longest[slice] = took > longest[slice] ? took : longest[slice];
        waited[slice] += took > WAITED_NS;
    }
    long end = (long)((after - begin) / 1000000u);
    struct stretch calm = between(2 * SLICE_MS, end - REFRESH_MS - MARGIN_MS);
    struct stretch during = between(end - REFRESH_MS - MARGIN_MS, end + SLICE_MS);
    printf(
        "{\"changed\": %f, \"before\": %llu, \"during\": %llu, \"longest_before\": %llu, \"longest\": %llu, "
        "\"calls\": %llu, \"waited\": %llu}\n",
        (double)end / 1000, (unsigned long long)calm.p999, (unsigned long long)during.p999,
        (unsigned long long)calm.longest, (unsigned long long)during.longest, (unsigned long long)during.calls,
        (unsigned long long)during.waited);
    aliyun_cred_credentials_free(first);
    aliyun_cred_client_free(client);
    return 0;
}
