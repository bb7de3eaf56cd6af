/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A simulated device behind struct ptp_transport: a queue of what it sends on bulk IN, a responder for
 * commands, a log of what the host did, and a clock that only moves when somebody waits.
 */

#include "recorder/mtp/ptp_session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PACKET     512
#define SIM_TRANSFER   (64 * 1024)
#define SIM_DEPTH      4
#define SIM_BURSTS_MAX 4096

enum sim_burst_kind {
        SIM_BYTES, /* 'size' bytes of 'data', or generated ones when data is NULL */
        SIM_FAIL,  /* the read fails with usb_outcome 'fail' */
};

struct sim_burst {
        enum sim_burst_kind kind;
        uint8_t *data;
        uint64_t size, at;
        bool empty_packet; /* behind data that fill their last packet */
        int fail;
};

struct sim {
        struct ptp_transport transport;
        struct sim_burst bursts[SIM_BURSTS_MAX];
        size_t first, n;
        int64_t now; /* microseconds */
        /* Answers a command (and its data, when it has some). */
        void (*on_command)(struct sim *sim, const struct ptp_container *c, const uint8_t *data, size_t size);
        void *userdata;
        int (*on_idle)(struct sim *sim); /* called when a read finds nothing; NULL: silence */
        bool cancelled;                  /* what a cancel hook would say */
        bool masked;
        int pending_command; /* a command whose data has not come yet */
        struct ptp_container command;
        int clear_result, reset_result;
        unsigned int commands, cancels, clears, class_resets, usb_resets, opens, closes, deletes, notices;
        unsigned int events_left;    /* interrupt packets to give */
        unsigned int cancel_at_read; /* the cancel hook says yes from this read on */
        unsigned int reads;
};

void sim_init(struct sim *sim);
void sim_done(struct sim *sim);

/* Queues bytes (copied). */
void sim_send(struct sim *sim, const void *data, size_t size, bool empty_packet);
void sim_send_generated(struct sim *sim, uint64_t size);
void sim_send_fail(struct sim *sim, int outcome);
void sim_forget(struct sim *sim); /* empties the queue */

/* Containers. 'length' is what the header says; 0: the truth. */
void sim_header(struct sim *sim, uint32_t length, uint16_t type, uint16_t code, uint32_t transaction);
void sim_data(struct sim *sim, const struct ptp_container *c, const void *payload, size_t size);
void sim_respond(struct sim *sim, const struct ptp_container *c, uint16_t code);
void sim_respond_as(struct sim *sim, uint32_t transaction, uint16_t code);

extern const uint8_t sim_pattern[1024 * 1024];
