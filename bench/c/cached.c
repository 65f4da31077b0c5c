/* Nanoseconds per cached get with three fields and its release, in one thread and in two, beside the floors.
 * cached <samples> */
#include "common.h"

#include <pthread.h>

/* Short enough that most samples pass without an interruption on a busy machine. */
#define TURNS 20000
#define SAMPLES_FOR_ONE 20
/* So long that the start of the second thread is nothing beside them. */
#define TURNS_IN_TWO_THREADS 200000
#define MOST_SAMPLES 2000

void floor_empty(void);
void *floor_acquire(void);
void floor_release(void *counted);

static aliyun_cred_client_t *client;

static void empty(void) { floor_empty(); }

static void reference(void) { floor_release(floor_acquire()); }

static void getters(void) {
    aliyun_cred_credentials_t *credentials = NULL;
    if (aliyun_cred_client_get_credentials(client, &credentials) != NULL) {
        abort();
    }
    const char *volatile field = aliyun_cred_credentials_access_key_id(credentials);
    field = aliyun_cred_credentials_access_key_secret(credentials);
    field = aliyun_cred_credentials_security_token(credentials);
    (void)field;
    aliyun_cred_credentials_free(credentials);
}

static void view(void) {
    aliyun_cred_credentials_t *credentials = aliyun_cred_client_cached(client);
    aliyun_cred_credentials_view_t all;
    if (aliyun_cred_credentials_view(credentials, &all) != NULL) {
        abort();
    }
    const char *volatile field = all.access_key_id.data;
    field = all.access_key_secret.data;
    field = all.security_token.data;
    (void)field;
    aliyun_cred_credentials_free(credentials);
}

static void get_and_free(void) { aliyun_cred_credentials_free(aliyun_cred_client_cached(client)); }

/* Each loop is compiled for its own body: a call through a pointer would be part of what is measured. */
#define LOOP(body)                                 \
    static double body##_loop(int turns) {         \
        uint64_t begin = now_ns();                 \
        for (int turn = 0; turn < turns; turn++) { \
            body();                                \
        }                                          \
        return (double)(now_ns() - begin) / turns; \
    }
LOOP(empty)
LOOP(reference)
LOOP(getters)
LOOP(view)
LOOP(get_and_free)

typedef double (*loop_t)(int);

struct worker {
    loop_t loop;
    pthread_barrier_t *start;
    double result;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    pthread_barrier_wait(worker->start);
    worker->result = worker->loop(TURNS_IN_TWO_THREADS);
    return NULL;
}

/* Each of two threads, on one client. */
static double in_two_threads(loop_t loop) {
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, 2);
    struct worker workers[2] = {{loop, &start, 0}, {loop, &start, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
    return (workers[0].result + workers[1].result) / 2;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct measure {
    const char *name;
    loop_t loop;
    int threads;
    int taken;
    double times[MOST_SAMPLES];
};

/* Prints the medians, as members of a JSON object. The samples take turns, so that a neighbour disturbs all. */
static void medians(struct measure *measures, int count, int samples) {
    for (int i = 0; i < count; i++) {
        measures[i].taken = 0;
    }
    for (int sample = 0; sample < samples; sample++) {
        for (int i = 0; i < count; i++) {
            struct measure *measure = &measures[i];
            if (measure->threads == 1) {
                measure->times[measure->taken++] = measure->loop(TURNS);
            } else if (sample % (TURNS_IN_TWO_THREADS / TURNS) == 0) {
                measure->times[measure->taken++] = in_two_threads(measure->loop);
            }
        }
    }
    for (int i = 0; i < count; i++) {
        struct measure *measure = &measures[i];
        qsort(measure->times, (size_t)measure->taken, sizeof(double), ascending);
        printf("%s\"%s\": %f", i == 0 ? "" : ", ", measure->name, measure->times[measure->taken / 2]);
    }
}

int main(int count, char **arguments) {
    int samples = SAMPLES_FOR_ONE * (count > 1 ? atoi(arguments[1]) : 15);
    if (samples < 1 || samples > MOST_SAMPLES) {
        return 2;
    }
    const char *sources[] = {"static", "role"};
    for (int i = 0; i < 2; i++) {
        static struct measure measures[] = {
            {"empty", empty_loop, 1, 0, {0}},       {"reference", reference_loop, 1, 0, {0}},
            {"get", get_and_free_loop, 1, 0, {0}},  {"getters", getters_loop, 1, 0, {0}},
            {"view", view_loop, 1, 0, {0}},         {"reference_2", reference_loop, 2, 0, {0}},
            {"getters_2", getters_loop, 2, 0, {0}},
        };
        aliyun_cred_credentials_t *first = NULL;
        client = client_of(sources[i]);
        check(aliyun_cred_client_get_credentials(client, &first));
        aliyun_cred_credentials_free(first);
        printf("%s\"%s\": {", i == 0 ? "{" : ", ", sources[i]);
        medians(measures, sizeof measures / sizeof *measures, samples);
        putchar('}');
        aliyun_cred_client_free(client);
    }
    puts("}");
    return 0;
}
