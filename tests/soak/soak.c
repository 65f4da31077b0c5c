/*
 * Asks clients of all sources from four threads, and forks children that ask them, too. One argument for each client:
 * its options as JSON, `ini` for the INI file, or the name of a profile of the CLI. For each line on standard input,
 * prints what it has counted; at the input's end, frees everything and exits.
 */
#include <stdatomic.h>
#include <time.h>

#include "../processes/c/common.h"

enum { THREADS = 4, MOST = 32, HOUR = 3600 * 1000, TICK = 10 };

static aliyun_cred_client_t *clients[MOST];
static int count;
static atomic_bool stop;
static atomic_ulong served[MOST];
static atomic_ulong failed, expired, children;

static int64_t now_ms(void) {
    struct timespec now;
    MUST(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Whether it was over when it was asked for, by a clock that ticks every few milliseconds (TICK: at 100 Hz). The
 * metadata service's credential is used past its end while the service is unreachable.
 *
 * If the services' clock jumps, by whole hours, which are longer than anything lives, only those that are got by TLS
 * alone can be judged: the `Date` of a reply, which takes its time (5 s at most), tells how far it is off.
 */
static int is_over(const aliyun_cred_client_t *client, int64_t expiration, int64_t asked) {
    const char *type = aliyun_cred_client_type(client);
    const int64_t left = expiration - asked;
    if (expiration < 0 || strcmp(type, "ecs_ram_role") == 0) {
        return 0;
    }
    if (getenv("CLOCK_JUMPS") == NULL) {
        return left <= -TICK;
    }
    if (strcmp(type, "credentials_uri") == 0 || strcmp(type, "cli_profile") == 0) {
        return 0;
    }
    const int64_t hours = (left + (left < 0 ? -HOUR : HOUR) / 2) / HOUR;
    return left - hours * HOUR <= (hours == 0 ? -TICK : -5000);
}

static void ask(int index) {
    aliyun_cred_credentials_t *credentials = NULL;
    const int64_t asked = now_ms();
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(clients[index], &credentials);
    if (error != NULL) {
        MUST(aliyun_cred_error_message(error)[0] != '\0');
        aliyun_cred_error_free(error);
        atomic_fetch_add(&failed, 1);
        return;
    }
    MUST(aliyun_cred_credentials_access_key_id(credentials)[0] != '\0');
    MUST(aliyun_cred_credentials_access_key_secret(credentials)[0] != '\0');
    const int64_t expiration = aliyun_cred_credentials_expiration(credentials);
    if (is_over(clients[index], expiration, asked)) {
        fprintf(stderr, "client %d was %lld ms over\n", index, (long long)(asked - expiration));
        atomic_fetch_add(&expired, 1);
    }
    aliyun_cred_credentials_free(credentials);
    atomic_fetch_add(&served[index], 1);
}

static void *keep_asking(void *argument) {
    for (unsigned turn = (unsigned)(intptr_t)argument; !atomic_load(&stop); ++turn) {
        ask((int)(turn % (unsigned)count));
        if (turn % 997 == 0)
            aliyun_cred_client_invalidate(clients[turn % (unsigned)count]);
        usleep(1000);
    }
    return NULL;
}

static void *keep_forking(void *unused) {
    (void)unused;
    for (int turn = 0; !atomic_load(&stop); ++turn) {
        const pid_t child = fork();
        MUST(child >= 0);
        if (child == 0) {
            begin_child();
            /* One that its parent has cached, and a client of its own for the same source. */
            ask(turn % count);
            if (turn % 4 == 0)
                aliyun_cred_client_invalidate(clients[turn % count]);
            ask(turn % count);
            _exit(atomic_load(&expired) == 0 ? 0 : 98);
        }
        end_child(child);
        atomic_fetch_add(&children, 1);
        usleep(100 * 1000);
    }
    return NULL;
}

static void report(void) {
    printf("{\"failed\":%lu,\"expired\":%lu,\"children\":%lu,\"served\":[", atomic_load(&failed), atomic_load(&expired),
           atomic_load(&children));
    for (int index = 0; index < count; ++index) printf("%s%lu", index ? "," : "", atomic_load(&served[index]));
    say("]}");
}

static aliyun_cred_client_t *client_for(const char *argument) {
    aliyun_cred_client_t *client = NULL;
    if (strcmp(argument, "ini") == 0) {
        MUST(succeeds(aliyun_cred_client_from_source("profile", NULL, &client)));
    } else if (argument[0] != '{') {
        MUST(succeeds(aliyun_cred_client_from_profile(argument, &client)));
    } else {
        aliyun_cred_config_t *config = NULL;
        MUST(succeeds(aliyun_cred_config_from_json(argument, &config)));
        MUST(succeeds(aliyun_cred_client_new(config, &client)));
        aliyun_cred_config_free(config);
    }
    return client;
}

int main(int arguments, char **values) {
    for (int index = 1; index < arguments; ++index) {
        MUST(count < MOST);
        clients[count++] = client_for(values[index]);
    }
    pthread_t threads[THREADS + 1];
    for (int index = 0; index < THREADS; ++index) {
        MUST(pthread_create(&threads[index], NULL, keep_asking, (void *)(intptr_t)(index * 3)) == 0);
    }
    MUST(pthread_create(&threads[THREADS], NULL, keep_forking, NULL) == 0);
    while (getchar() != EOF) report();
    atomic_store(&stop, true);
    for (int index = 0; index <= THREADS; ++index) MUST(pthread_join(threads[index], NULL) == 0);
    report();
    for (int index = 0; index < count; ++index) aliyun_cred_client_free(clients[index]);
    return 0;
}
