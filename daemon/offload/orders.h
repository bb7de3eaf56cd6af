/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd tells the worker. LIST, FETCH, REMOVE and SET_CLOCK wait in a queue and are done in order;
 * CANCEL, CLOSE, SIGTERM and a closed socket act at once, in the middle of a transfer too, because whoever
 * waits for the device looks here every now and then. Everything is checked before it gets into the queue.
 * One thread uses it.
 */

#include "recorder/offload_messages.h"

#include <stdbool.h>
#include <stdint.h>

#define ORDERS_MAX 16

struct order {
        uint32_t type;  /* OFFLOAD_LIST, OFFLOAD_FETCH, OFFLOAD_REMOVE, OFFLOAD_SET_CLOCK */
        int fd;         /* the part of a FETCH, else -EBADF */
        bool cancelled; /* a FETCH that is only answered */
        union {
                struct offload_fetch fetch;
                struct offload_remove remove;
                struct offload_set_clock set_clock;
        };
};

struct orders {
        int socket;      /* not owned */
        int signal_fd;   /* readable on SIGTERM; -EBADF: none. Not owned */
        int64_t seen_at; /* monotonic time of the last look */

        struct order queue[ORDERS_MAX];
        unsigned int first, n, fetches;

        bool reading;   /* set by the session around a read; a CANCEL now is for it */
        bool cancel;    /* the running read shall end */
        bool close;     /* CLOSE came */
        bool terminate; /* SIGTERM came */
        bool abandoned; /* recdockd is gone */
        bool refused;   /* it said something it must not; 'complaint' says what */
        char complaint[OFFLOAD_NOTICE_MAX];
};

void orders_init(struct orders *o, int socket, int signal_fd);
/* Closes the parts still waiting. */
void orders_done(struct orders *o);

/* Takes in what has come; waits for it up to timeout_ms, -1 for ever. */
void orders_receive(struct orders *o, int timeout_ms);

/* The same without waiting, and at most a hundred times a second: cheap enough for every piece of data. */
void orders_glance(struct orders *o);

/* The worker shall end, in one way or another. */
bool orders_over(const struct orders *o);

/* Whatever waits for the device shall stop waiting. */
bool orders_interrupt(const struct orders *o);

/* Takes the first order out of the queue; its descriptor goes to the caller. False when there is none. */
bool orders_next(struct orders *o, struct order *ret);

/* Is the first order in the queue a FETCH? */
bool orders_next_is_fetch(const struct orders *o);

/* All waiting FETCHes are only answered from now on. */
void orders_cancel_fetches(struct orders *o);
