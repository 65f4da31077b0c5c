/*
 * The C probe of the scenarios: probe <dir> <calls> ask|explain|explain-rotate|memory
 *
 * Creates a client from <dir>/config.json, or for the default chain if there is none, calls it <calls> times, or asks
 * it for a report, and writes the results to <dir>/result.json. Everything that a careless program might print goes to
 * standard error, where the scenarios look for secrets; `memory` waits instead, while it holds a credential, and once
 * it has freed everything.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aliyun_cred.h"

static void fail(const char *what) {
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static FILE *open_in(const char *folder, const char *name, const char *mode) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return fopen(path, mode);
}

/* Reads a whole file and adds a NUL; returns NULL if there is none. There is one copy of it, which the caller wipes. */
static char *read_file(const char *folder, const char *name) {
    FILE *file = open_in(folder, name, "rb");
    if (file == NULL) {
        if (errno != ENOENT) {
            fail(name);
        }
        return NULL;
    }
    setvbuf(file, NULL, _IONBF, 0);
    long size = 0;
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        fail(name);
    }
    char *text = calloc((size_t)size + 1, 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        fail(name);
    }
    fclose(file);
    return text;
}

static void wipe(char *text) {
    for (volatile char *next = text; *next != '\0'; ++next) {
        *next = '\0';
    }
}

/* Only control characters, quotes and backslashes need escaping: the rest is already UTF-8. */
static void write_string(FILE *out, const char *text) {
    if (text == NULL) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *next = (const unsigned char *)text; *next != '\0'; ++next) {
        if (*next == '"' || *next == '\\') {
            fprintf(out, "\\%c", *next);
        } else if (*next < 0x20) {
            fprintf(out, "\\u%04x", *next);
        } else {
            fputc(*next, out);
        }
    }
    fputc('"', out);
}

static void write_member(FILE *out, const char *name, const char *value) {
    fprintf(out, "\"%s\":", name);
    write_string(out, value);
}

static void write_error(FILE *out, const aliyun_cred_error_t *error) {
    if (error == NULL) {
        fputs("null", out);
        return;
    }
    fputc('{', out);
    write_member(out, "kind", aliyun_cred_error_kind_name(aliyun_cred_error_kind(error)));
    fputc(',', out);
    write_member(out, "message", aliyun_cred_error_message(error));
    fputc(',', out);
    write_member(out, "code", aliyun_cred_error_code(error));
    fputc(',', out);
    write_member(out, "request_id", aliyun_cred_error_request_id(error));
    if (aliyun_cred_error_http_status(error) == 0) {
        fputs(",\"http_status\":null", out);
    } else {
        fprintf(out, ",\"http_status\":%d", (int)aliyun_cred_error_http_status(error));
    }
    fputs(",\"attempts\":[", out);
    for (size_t index = 0; index < aliyun_cred_error_attempts(error); ++index) {
        fputs(index == 0 ? "{" : ",{", out);
        write_member(out, "provider", aliyun_cred_error_attempt_provider(error, index));
        fputc(',', out);
        write_member(out, "kind", aliyun_cred_error_kind_name(aliyun_cred_error_attempt_kind(error, index)));
        fputc(',', out);
        write_member(out, "message", aliyun_cred_error_attempt_message(error, index));
        fputc('}', out);
    }
    fputs("]}", out);
}

static void write_credentials(FILE *out, const aliyun_cred_credentials_t *credentials) {
    fputs("{\"credential\":{", out);
    write_member(out, "access_key_id", aliyun_cred_credentials_access_key_id(credentials));
    fputc(',', out);
    write_member(out, "access_key_secret", aliyun_cred_credentials_access_key_secret(credentials));
    fputc(',', out);
    write_member(out, "security_token", aliyun_cred_credentials_security_token(credentials));
    fputc(',', out);
    write_member(out, "bearer_token", aliyun_cred_credentials_bearer_token(credentials));
    fputc(',', out);
    write_member(out, "type", aliyun_cred_credentials_type(credentials));
    fputc(',', out);
    write_member(out, "provider_name", aliyun_cred_credentials_provider_name(credentials));
    fputs("}}", out);
}

/* Prints everything that an error holds, as a program might log it. */
static void show_error(const aliyun_cred_error_t *error) {
    if (error == NULL) {
        return;
    }
    const char *provider = aliyun_cred_error_provider(error);
    fprintf(stderr, "error from %s: %s\n", provider == NULL ? "no single source" : provider,
            aliyun_cred_error_message(error));
    write_error(stderr, error);
    fputc('\n', stderr);
}

static void show_event(void *user_data, const aliyun_cred_event_t *event) {
    (void)user_data;
    fprintf(stderr, "event %d from %s\n", (int)event->kind,
            event->provider_name == NULL ? "none" : event->provider_name);
    show_error(event->error);
}

static aliyun_cred_error_t *make_client(const char *folder, aliyun_cred_client_t **client) {
    char *json = read_file(folder, "config.json");
    aliyun_cred_config_t *config = NULL;
    aliyun_cred_error_t *error = NULL;
    if (json == NULL) {
        error = aliyun_cred_client_default(client);
    } else {
        error = aliyun_cred_config_from_json(json, &config);
        wipe(json);
    }
    if (error == NULL && json != NULL) {
        error = aliyun_cred_client_new(config, client);
    }
    fprintf(stderr, "config %p\n", (void *)config);
    aliyun_cred_config_free(config);
    free(json);
    if (error == NULL) {
        error = aliyun_cred_client_set_event_callback(*client, show_event, NULL, NULL);
    }
    return error;
}

static void ask(FILE *out, const aliyun_cred_client_t *client) {
    aliyun_cred_credentials_t *credentials = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_get_credentials(client, &credentials);
    if (error == NULL) {
        write_credentials(out, credentials);
    } else {
        fputs("{\"error\":", out);
        write_error(out, error);
        fputc('}', out);
        show_error(error);
    }
    aliyun_cred_error_free(error);
    aliyun_cred_credentials_free(credentials);
}

static void explain(FILE *out, const aliyun_cred_client_t *client, uint32_t flags) {
    aliyun_cred_report_t *report = NULL;
    aliyun_cred_error_t *error = aliyun_cred_client_explain(client, flags, &report);
    if (error != NULL) {
        show_error(error);
        exit(1);
    }
    fputs(aliyun_cred_report_text(report), stdout);
    fprintf(out, ",\"report\":%s}\n", aliyun_cred_report_json(report));
    aliyun_cred_report_free(report);
}

/* Says how far this program is, and waits until it may go on. */
static void await_word(const char *word) {
    puts(word);
    fflush(stdout);
    if (getchar() == EOF) {
        exit(1);
    }
}

/* Prints a secret backwards. */
static void print_reversed(const char *secret) {
    for (size_t length = secret == NULL ? 0 : strlen(secret); length > 0; --length) {
        putchar(secret[length - 1]);
    }
    if (secret != NULL) {
        putchar('\n');
    }
}

/* Asks, each time for a new credential, and for a report, and waits while it holds the last credential. */
static void hold(const aliyun_cred_client_t *client, long calls) {
    aliyun_cred_credentials_t *held = NULL;
    for (long call = 0; call < calls || call < 2; ++call) {
        aliyun_cred_credentials_t *next = NULL;
        aliyun_cred_client_invalidate(client);
        aliyun_cred_error_free(aliyun_cred_client_get_credentials(client, &next));
        if (next != NULL) {
            aliyun_cred_credentials_free(held);
            held = next;
        }
    }
    aliyun_cred_report_t *report = NULL;
    aliyun_cred_error_free(aliyun_cred_client_explain(client, ALIYUN_CRED_EXPLAIN_DEFAULT, &report));
    aliyun_cred_report_free(report);
    print_reversed(aliyun_cred_credentials_access_key_secret(held));
    print_reversed(aliyun_cred_credentials_security_token(held));
    print_reversed(aliyun_cred_credentials_bearer_token(held));
    await_word("held");
    aliyun_cred_credentials_free(held);
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: %s <dir> <calls> ask|explain|explain-rotate|memory\n", arguments[0]);
        return 2;
    }
    aliyun_cred_client_t *client = NULL;
    aliyun_cred_error_t *error = make_client(arguments[1], &client);
    show_error(error);
    if (strcmp(arguments[3], "memory") == 0) {
        hold(client, strtol(arguments[2], NULL, 10));
        aliyun_cred_error_free(error);
        aliyun_cred_client_free(client);
        await_word("freed");
        return 0;
    }
    FILE *out = open_in(arguments[1], "result.json", "wb");
    if (out == NULL) {
        fail("result.json");
    }
    fputs("{\"construction_error\":", out);
    write_error(out, error);
    if (error == NULL && strcmp(arguments[3], "explain") == 0) {
        explain(out, client, ALIYUN_CRED_EXPLAIN_DEFAULT);
    } else if (error == NULL && strcmp(arguments[3], "explain-rotate") == 0) {
        explain(out, client, ALIYUN_CRED_EXPLAIN_ALL | ALIYUN_CRED_EXPLAIN_ROTATE);
    } else if (error == NULL) {
        fputs(",\"outcomes\":[", out);
        fprintf(stderr, "client %p of type %s\n", (void *)client, aliyun_cred_client_type(client));
        const long calls = strtol(arguments[2], NULL, 10);
        for (long call = 0; call < calls; ++call) {
            fputs(call == 0 ? "" : ",", out);
            ask(out, client);
        }
        aliyun_cred_status_t status = {.size = sizeof status};
        show_error(aliyun_cred_client_status(client, &status));
        fprintf(out, "],\"clock_offset\":%lld}\n", (long long)(status.clock_offset_ms / 1000));
        aliyun_cred_status_clear(&status);
    } else {
        fputs(",\"outcomes\":[]}\n", out);
    }
    if (fclose(out) != 0) {
        fail("result.json");
    }
    aliyun_cred_error_free(error);
    aliyun_cred_client_free(client);
    return 0;
}
