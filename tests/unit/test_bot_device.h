/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A scripted disk behind struct bot_transport: a queue of what it sends on bulk IN, a responder for command
 * wrappers, a log of the commands that came, and a clock that only moves when somebody waits. Every wrapper
 * that comes is held against what a host must do: the direction is IN, and no wrapper comes before the
 * status of the one before it was taken.
 */

#include "recorder/ums/disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PACKET     512
#define SIM_TRANSFER   (128 * 1024)
#define SIM_DEPTH      8
#define SIM_BURSTS_MAX 64
#define SIM_BAD_MAX    4096

struct sim_burst {
        int fail; /* a usb_outcome in place of data; USB_STALL halts the endpoint */
        uint8_t *data;
        size_t size, at;
        bool joined; /* no empty packet behind data that fill their last one */
};

struct sim_cbw {
        uint32_t tag;
        uint32_t size;
        uint8_t lun;
        uint8_t cdb_size;
        uint8_t cdb[16];
};

struct sim {
        struct bot_transport transport;
        struct sim_burst bursts[SIM_BURSTS_MAX];
        size_t first, n;
        size_t asked[SIM_DEPTH];
        unsigned int standing, taken;
        uint8_t *slots[SIM_DEPTH];
        unsigned int slot;
        int64_t now; /* microseconds */
        bool halted;

        /* Answers a command; NULL: sim_disk(). */
        void (*on_cbw)(struct sim *sim, const struct sim_cbw *c);
        int send_result; /* of the next wrapper; it is not delivered */
        bool out_halted;
        int reset_class_result, reset_port_result;
        bool lost; /* every reset fails to bring it back: silence */
        bool gone;
        bool cancelled, masked;
        unsigned int cancel_at_take; /* the cancel hook says yes from this one on */
        int queue_result;            /* -ENOMEM: while no_memory > 0 */
        unsigned int no_memory;
        uint8_t max_lun;
        int max_lun_result;

        /* What the host did. */
        unsigned int cbws, class_resets, port_resets, clears, clears_in, takes, notices;
        uint8_t opcodes[256];
        char notice[256];

        /* The disk. */
        uint64_t sectors;
        uint32_t sector_size;
        uint64_t bad[SIM_BAD_MAX];
        size_t n_bad;
        uint64_t hanging;       /* the sector that silences it, UINT64_MAX none */
        uint32_t most;          /* bytes of one read it can do, 0 any */
        int64_t bad_usec;       /* a failing read takes so long */
        uint8_t key, asc, ascq; /* sense data that wait */
        unsigned int attentions;
        uint8_t attention_asc;
        unsigned int not_ready; /* commands that fail so first */
        bool no_medium;
        bool descriptor_sense;
        uint32_t residue; /* in the status of every command, added */
        unsigned int reads;
        uint32_t read_sizes[256];
};

void sim_init(struct sim *sim);
void sim_done(struct sim *sim);

/* The byte of the disk at 'offset'. */
uint8_t sim_byte(uint64_t offset);

void sim_send(struct sim *sim, const void *data, size_t size);
void sim_send_zeros(struct sim *sim, size_t size);
/* Data with nothing to end them: what is sent next follows in the same read. */
void sim_send_joined(struct sim *sim, size_t size);
void sim_send_fail(struct sim *sim, int outcome);
void sim_csw(struct sim *sim, uint32_t tag, uint32_t residue, uint8_t status);
void sim_forget(struct sim *sim);

/* The disk's own answer to a command. */
void sim_disk(struct sim *sim, const struct sim_cbw *c);
/* It fails, with these sense data. */
void sim_check(struct sim *sim, const struct sim_cbw *c, uint8_t key, uint8_t asc, uint8_t ascq);

/* A hook for struct bot. */
void sim_notice(void *userdata, int priority, const char *text);
