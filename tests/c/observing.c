/*
 * What a program sees of its client: reports, status and events.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"

/* A provider that fails on demand, and what its client's events said. */
struct world {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool fails;
    const char *token;
    int events;
    aliyun_cred_event_kind_t kinds[8];
    aliyun_cred_error_kind_t last_error;
    bool right;
    int destroyed;
};

static struct world *new_world(void) {
    struct world *world = calloc(1, sizeof *world);
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->changed, NULL);
    world->right = true;
    return world;
}

static void provide(void *user_data, aliyun_cred_answer_t *answer) {
    struct world *world = (struct world *)user_data;
    pthread_mutex_lock(&world->lock);
    const bool fails = world->fails;
    pthread_mutex_unlock(&world->lock);
    if (fails) {
        succeeds(aliyun_cred_answer_set_error(answer, ALIYUN_CRED_ERROR_UNAVAILABLE, "the vault is sealed"));
        return;
    }
    succeeds(aliyun_cred_answer_set_access_key(answer, "LTAI5tExampleExampleAbcd", SECRET));
    succeeds(aliyun_cred_answer_set_expiration(answer, ((int64_t)time(NULL) + 3600) * 1000));
}

static void hear(void *user_data, const aliyun_cred_event_t *event) {
    struct world *world = (struct world *)user_data;
    pthread_mutex_lock(&world->lock);
    if (world->events < 8) {
        world->kinds[world->events] = event->kind;
    }
    world->last_error = aliyun_cred_error_kind(event->error);
    const bool failed = event->kind == ALIYUN_CRED_EVENT_REFRESH_FAILED;
    world->right = world->right && event->at_ms > 0 && event->took_ms >= 0 && event->dropped == 0 &&
                   (event->error != NULL) == failed && event->failures == (failed ? 1 : 0) &&
                   event->previous_provider_name == NULL && (failed || same(event->provider_name, "vault"));
    world->events++;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

static void destroy(void *user_data) {
    struct world *world = (struct world *)user_data;
    pthread_mutex_lock(&world->lock);
    world->destroyed++;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

static void await_events(struct world *world, int events) {
    pthread_mutex_lock(&world->lock);
    while (world->events < events) {
        pthread_cond_wait(&world->changed, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

static aliyun_cred_client_t *client_of(struct world *world) {
    aliyun_cred_client_t *client = NULL;
    succeeds(aliyun_cred_client_from_provider("vault", provide, world, NULL, &client));
    return client;
}

static bool get(const aliyun_cred_client_t *client, aliyun_cred_error_kind_t kind) {
    aliyun_cred_credentials_t *credentials = NULL;
    const bool as_expected = is(aliyun_cred_client_get_credentials(client, &credentials), kind);
    aliyun_cred_credentials_free(credentials);
    return as_expected;
}

static void events_come_in_order(void) {
    struct world *world = new_world();
    aliyun_cred_client_t *client = client_of(world);
    CHECK(succeeds(aliyun_cred_client_set_event_callback(client, hear, world, destroy)));
    CHECK(get(client, ALIYUN_CRED_OK) && get(client, ALIYUN_CRED_OK));
    await_events(world, 1);
    world->fails = true;
    aliyun_cred_client_invalidate(client);
    CHECK(get(client, ALIYUN_CRED_ERROR_UNAVAILABLE));
    await_events(world, 2);
    CHECK(world->kinds[0] == ALIYUN_CRED_EVENT_REFRESHED && world->kinds[1] == ALIYUN_CRED_EVENT_REFRESH_FAILED);
    CHECK(world->last_error == ALIYUN_CRED_ERROR_UNAVAILABLE && world->right);
    /* Without a callback, there are no events, and its data is freed. */
    CHECK(succeeds(aliyun_cred_client_set_event_callback(client, NULL, NULL, NULL)));
    pthread_mutex_lock(&world->lock);
    while (world->destroyed == 0) {
        pthread_cond_wait(&world->changed, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
    CHECK(get(client, ALIYUN_CRED_ERROR_UNAVAILABLE));
    CHECK(world->events == 2 && world->destroyed == 1);
    aliyun_cred_client_free(client);
    free(world);
}

static void a_status_is_known_without_asking(void) {
    struct world *world = new_world();
    aliyun_cred_client_t *client = client_of(world);
    aliyun_cred_status_t status;
    memset(&status, 0x5a, sizeof status);
    status.size = sizeof status;
    CHECK(succeeds(aliyun_cred_client_status(client, &status)));
    CHECK(!status.has_credentials && !status.is_past_expiration && !status.last_refresh_succeeded);
    CHECK(status.expiration_ms == -1 && status.age_ms == -1 && status.refresh_in_ms == -1);
    CHECK(status.last_refresh_ms == -1 && status.last_refresh_took_ms == -1 && status.failures == 0);
    CHECK(status.provider_name == NULL && status.last_error == NULL && status.clock_offset_ms == 0);
    CHECK(get(client, ALIYUN_CRED_OK));
    CHECK(succeeds(aliyun_cred_client_status(client, &status)));
    CHECK(status.has_credentials && status.last_refresh_succeeded && same(status.provider_name, "vault"));
    CHECK(status.expiration_ms > (int64_t)time(NULL) * 1000 && status.age_ms >= 0 && status.refresh_in_ms > 0);
    CHECK(status.last_refresh_ms > 0 && status.last_refresh_took_ms >= 0 && status.failures == 0);
    aliyun_cred_status_clear(&status);
    CHECK(status.provider_name == NULL);
    world->fails = true;
    aliyun_cred_client_invalidate(client);
    CHECK(get(client, ALIYUN_CRED_ERROR_UNAVAILABLE));
    CHECK(succeeds(aliyun_cred_client_status(client, &status)));
    CHECK(!status.has_credentials && !status.last_refresh_succeeded && status.failures == 1);
    CHECK(aliyun_cred_error_kind(status.last_error) == ALIYUN_CRED_ERROR_UNAVAILABLE);
    aliyun_cred_status_clear(&status);
    aliyun_cred_status_clear(&status);
    CHECK(status.last_error == NULL);
    /* A program that was compiled with a larger structure. */
    struct {
        aliyun_cred_status_t known;
        int64_t later;
    } larger;
    memset(&larger, 0x5a, sizeof larger);
    larger.known.size = sizeof larger;
    CHECK(succeeds(aliyun_cred_client_status(client, &larger.known)) && larger.known.size == sizeof larger);
    CHECK(larger.later == 0 && larger.known.clock_offset_ms == 0);
    aliyun_cred_status_clear(&larger.known);
    /* A program that was compiled with the first version of it. */
    memset(&status, 0x5a, sizeof status);
    const int64_t behind_the_end = status.clock_offset_ms;
    status.size = offsetof(aliyun_cred_status_t, clock_offset_ms);
    CHECK(succeeds(aliyun_cred_client_status(client, &status)) && status.failures == 1);
    CHECK(status.clock_offset_ms == behind_the_end);
    aliyun_cred_status_clear(&status);
    CHECK(status.last_error == NULL);
    aliyun_cred_client_free(client);
    free(world);
}

static bool holds(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

static void a_report_says_which_source_answers(void) {
    struct world *world = new_world();
    aliyun_cred_client_t *client = client_of(world);
    aliyun_cred_report_t *report = NULL;
    CHECK(succeeds(aliyun_cred_client_explain(client, ALIYUN_CRED_EXPLAIN_DEFAULT, &report)));
    CHECK(holds(aliyun_cred_report_text(report), "[+] vault  answered"));
    CHECK(holds(aliyun_cred_report_text(report), "LTAI5tEx****Abcd") &&
          !holds(aliyun_cred_report_text(report), "canary"));
    CHECK(holds(aliyun_cred_report_json(report), "\"version\":1") && !holds(aliyun_cred_report_json(report), "canary"));
    aliyun_cred_report_free(report);
    CHECK(aliyun_cred_client_cached(client) == NULL);
    world->fails = true;
    CHECK(succeeds(aliyun_cred_client_explain(client, ALIYUN_CRED_EXPLAIN_ALL, &report)));
    CHECK(holds(aliyun_cred_report_text(report), "[!] vault  failed: unavailable"));
    CHECK(holds(aliyun_cred_report_text(report), "the vault is sealed"));
    aliyun_cred_report_free(report);
    aliyun_cred_client_free(client);
    free(world);
}

static void a_report_lists_the_chain(void) {
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_report_t *report = NULL;
    CHECK(succeeds(aliyun_cred_client_default(&client)));
    CHECK(succeeds(aliyun_cred_client_explain(client, ALIYUN_CRED_EXPLAIN_ALL | ALIYUN_CRED_EXPLAIN_ROTATE, &report)));
    const char *text = aliyun_cred_report_text(report);
    CHECK(holds(text, "[-] env ") && holds(text, "[-] ecs_ram_role    disabled") && holds(text, "No credential."));
    aliyun_cred_report_free(report);
    aliyun_cred_client_free(client);
}

int main(void) {
    RUN(events_come_in_order);
    RUN(a_status_is_known_without_asking);
    RUN(a_report_says_which_source_answers);
    RUN(a_report_lists_the_chain);
    return finish();
}
