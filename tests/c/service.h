/*
 * A minimal STS in a thread of the test. It counts requests, and answers each with the same text, right away or when
 * told to.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ISSUED                                                                                                  \
    "{\"RequestId\":\"R-1\",\"Credentials\":{\"AccessKeyId\":\"STS.id\",\"AccessKeySecret\":\"issued-secret\"," \
    "\"SecurityToken\":\"issued-token\",\"Expiration\":\"2099-01-01T00:00:00Z\"}}"
#define ISSUED_UNTIL INT64_C(4070908800000)

struct service {
    int listener;
    unsigned short port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock: */
    int status;
    const char *body;
    bool held;
    unsigned requests;
};

/* Whether the buffer holds a complete request: its headers, and the body length that they announce. */
static inline bool service_complete(const char *request, size_t length) {
    const char *end = strstr(request, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    size_t announced = 0;
    for (const char *line = request; line < end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            announced = strtoul(line + 15, NULL, 10);
        }
    }
    return length >= (size_t)(end + 4 - request) + announced;
}

static inline void service_answer(struct service *service, int connection) {
    char buffer[16384];
    size_t length = 0;
    do {
        const ssize_t count = recv(connection, buffer + length, sizeof buffer - 1 - length, 0);
        if (count <= 0) {
            return;
        }
        length += (size_t)count;
        buffer[length] = '\0';
    } while (!service_complete(buffer, length));
    pthread_mutex_lock(&service->lock);
    service->requests++;
    pthread_cond_broadcast(&service->changed);
    while (service->held) {
        pthread_cond_wait(&service->changed, &service->lock);
    }
    const int count = snprintf(buffer, sizeof buffer,
                               "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                               "Connection: close\r\n\r\n%s",
                               service->status, strlen(service->body), service->body);
    pthread_mutex_unlock(&service->lock);
    for (ssize_t sent = 0, more; sent < count; sent += more) {
        more = send(connection, buffer + sent, (size_t)(count - sent), MSG_NOSIGNAL);
        if (more <= 0) {
            return;
        }
    }
}

static inline void *service_run(void *argument) {
    struct service *service = (struct service *)argument;
    for (;;) {
        const int connection = accept(service->listener, NULL, NULL);
        if (connection < 0) {
            return NULL;
        }
        service_answer(service, connection);
        close(connection);
    }
}

static inline bool service_start(struct service *service, int status, const char *body) {
    memset(service, 0, sizeof *service);
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->changed, NULL);
    service->status = status;
    service->body = body;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    service->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (service->listener < 0 || bind(service->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(service->listener, 64) != 0 || getsockname(service->listener, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    service->port = ntohs(address.sin_port);
    return pthread_create(&service->thread, NULL, service_run, service) == 0;
}

static inline void service_stop(struct service *service) {
    shutdown(service->listener, SHUT_RDWR);
    pthread_join(service->thread, NULL);
    close(service->listener);
    pthread_cond_destroy(&service->changed);
    pthread_mutex_destroy(&service->lock);
}

/* Whether answers are held back. */
static inline void service_hold(struct service *service, bool held) {
    pthread_mutex_lock(&service->lock);
    service->held = held;
    pthread_cond_broadcast(&service->changed);
    pthread_mutex_unlock(&service->lock);
}

/* Waits for this many requests. */
static inline void service_await(struct service *service, unsigned requests) {
    pthread_mutex_lock(&service->lock);
    while (service->requests < requests) {
        pthread_cond_wait(&service->changed, &service->lock);
    }
    pthread_mutex_unlock(&service->lock);
}

static inline unsigned service_requests(struct service *service) {
    pthread_mutex_lock(&service->lock);
    const unsigned requests = service->requests;
    pthread_mutex_unlock(&service->lock);
    return requests;
}

/* Writes the configuration of a role from this service into a buffer of the caller's. */
static inline const char *service_role(const struct service *service, char *json, size_t size) {
    snprintf(json, size,
             "{\"type\":\"ram_role_arn\",\"access_key_id\":\"id\",\"access_key_secret\":\"" SECRET
             "\","
             "\"role_arn\":\"acs:ram::1:role/r\",\"sts_endpoint\":\"http://127.0.0.1:%u\"}",
             (unsigned)service->port);
    return json;
}

#endif
