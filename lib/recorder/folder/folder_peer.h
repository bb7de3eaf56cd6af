/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker's side of the conversation of folder_messages.h: asking, and waiting with bounds. A giver that
 * breaks its rules, says nothing for too long or closes its end is gone, and stays so: whatever it says
 * afterwards is not read.
 */

#include "base/message.h"
#include "recorder/recorder.h"

#include <stdbool.h>
#include <stdint.h>

struct folder_peer {
        int socket;     /* not owned */
        int timeout_ms; /* for one message */
        bool gone;
        bool (*cancelled)(void *userdata);                              /* may be NULL */
        void (*notice)(void *userdata, int priority, const char *text); /* may be NULL */
        void *userdata;
};

/* Sends a question. RECORDER_OK or RECORDER_GONE. */
int folder_peer_ask(struct folder_peer *p, uint32_t type, const void *payload, size_t size);

/*
 * Waits for the next message, until the instant 'until' of CLOCK_MONOTONIC (microseconds) at the latest. The
 * caller ends it with message_done(), whatever is returned. RECORDER_OK, RECORDER_CANCELLED or
 * RECORDER_GONE.
 */
int folder_peer_wait(struct folder_peer *p, int64_t until, struct message *ret);

/* Whether the giver has closed its end; does not wait. */
bool folder_peer_gone(struct folder_peer *p);

/* The giver broke the rules, 'format' says how: it is gone from now on. Returns RECORDER_GONE. */
int folder_peer_refuse(struct folder_peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line for the log. */
void folder_peer_note(struct folder_peer *p, int priority, const char *format, ...)
                __attribute__((format(printf, 3, 4)));
