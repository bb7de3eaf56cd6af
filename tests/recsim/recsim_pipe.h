/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bulk IN pipe of a simulated device: what it has yet to send, cut into the packets a bus would carry.
 * A read is planned first (how many bytes, what status) and filled later, so that the bytes of a file are
 * read only into the place where they are wanted, and only once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECSIM_FLIPS_MAX 8

enum recsim_body {
        BODY_NONE,
        BODY_FILE,    /* pread from fd */
        BODY_PATTERN, /* recsim_pattern_fill() */
};

/* Why a transfer breaks off before its end. */
enum recsim_cut {
        CUT_NONE,
        CUT_STALL,
        CUT_SILENCE,
        CUT_VANISH,
};

/* One USB transfer, up to its short packet: bytes in memory, then perhaps a part of an object. */
struct recsim_transfer {
        struct recsim_transfer *next;
        uint8_t *head; /* owned */
        size_t head_size;
        enum recsim_body body;
        int fd; /* owned */
        uint32_t handle;
        uint64_t offset; /* in the object, of the first byte of the body */
        uint64_t body_size;
        uint64_t *served; /* grows with each byte of the body; may be NULL */
        uint64_t sent;
        enum recsim_cut cut;
        uint64_t cut_at;                  /* bytes of this transfer that are sent before the cut */
        uint64_t flips[RECSIM_FLIPS_MAX]; /* positions in this transfer */
        size_t n_flips;
        bool empty;         /* an empty packet ends it where one is needed, whatever the habit of the pipe */
        bool repeat;        /* starts anew when it has been sent */
        bool endless;       /* never reaches its end */
        int64_t not_before; /* microseconds, monotonic; 0 at once */
};

struct recsim_pipe {
        struct recsim_transfer *first;
        struct recsim_transfer **last;
        size_t packet; /* bytes of a full one */
        bool zlp;
        bool halted;
        uint64_t rate; /* bytes a second, 0 unbounded */
        int64_t pace;  /* monotonic microseconds before which nothing more is sent */
};

struct recsim_reading {
        size_t size;
        int status;        /* 0, -EPIPE, -ENODEV, -EOVERFLOW: as an URB has it */
        unsigned int done; /* transfers that end with this read */
};

void recsim_pipe_init(struct recsim_pipe *p, size_t packet, bool zlp, uint64_t rate);
/* Forgets everything that has not been sent. */
void recsim_pipe_flush(struct recsim_pipe *p);

struct recsim_transfer *recsim_transfer_new(void);
/* Takes the transfer over. */
void recsim_pipe_add(struct recsim_pipe *p, struct recsim_transfer *t);

/* What a read of 'want' bytes would bring at time 'now'; false: nothing yet, the read waits. */
bool recsim_pipe_plan(struct recsim_pipe *p, size_t want, int64_t now, struct recsim_reading *ret);
/* Delivers what was planned; buf has ret->size bytes. */
void recsim_pipe_fill(struct recsim_pipe *p, const struct recsim_reading *plan, uint8_t *buf, int64_t now);

/* When a read that waits should be planned again, monotonic microseconds; -1: not by time. */
int64_t recsim_pipe_wakeup(const struct recsim_pipe *p, int64_t now);
