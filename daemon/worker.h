/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One worker process: started with a message socket as descriptor 3, one more descriptor at most, nothing
 * else open but standard error, no signal blocked, and SIGKILLed by the kernel when recdockd dies. Its
 * messages are handled before its death is.
 */

#include "base/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct worker;

struct worker_events {
        /* One message; takes over m->fd if it wants it. */
        void (*on_message)(void *userdata, struct message *m);
        /* Around a burst of messages, so that one transaction can hold what it changes. */
        void (*on_burst)(void *userdata, bool begin);
        /* The process has ended and was reaped; all its messages have been delivered. 'status' as of
         * waitid(2), one line of text. The worker object is still valid, and the receiver frees it. */
        void (*on_exit)(void *userdata, bool clean, const char *status);
        void *userdata;
};

/* argv[0] is the full path. 'peer' is the worker's descriptor 4, not consumed; -EBADF: it has none. */
int worker_start(struct worker **ret, sd_event *event, char *const argv[], int peer,
                 const struct worker_events *events);
/* Kills it if it still runs, without waiting for it. */
void worker_free(struct worker *w);

pid_t worker_pid(const struct worker *w);
/* Sends a message; -EPIPE when the worker is gone, -EAGAIN when it does not read. fd is not consumed. */
int worker_send(struct worker *w, uint32_t type, const void *payload, size_t size, int fd);
void worker_signal(struct worker *w, int signal);
/* It has said what is none of the protocol: it is killed, and what it had said behind that is not heard. */
void worker_refuse(struct worker *w);

/* Full path of a worker program: $RECDOCK_LIBEXECDIR for tests, else the installed place. Returns buf. */
char *worker_program(const char *name, char *buf, size_t size);
