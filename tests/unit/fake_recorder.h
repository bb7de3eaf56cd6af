/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A recorder in memory behind the seam of recorder.h, which can end a read in any way a device can. */

#include "recorder/recorder.h"

#include <semaphore.h>
#include <stdatomic.h>

struct fake_item {
        int64_t size;   /* of the object; its bytes are as fake_fill() makes them */
        int64_t listed; /* what the listing says; as size when it is 0 */
        int64_t end_at; /* the read ends here with 'outcome'; 0: it does not */
        int outcome;
        int64_t gap_at, gap_size; /* the medium does not give so many bytes here; in so many pieces */
        int64_t gap_pieces;
        int64_t wait_at; /* the read waits here until it is cancelled; 0: it does not */
};

struct fake_recorder {
        struct recorder recorder; /* first */
        struct fake_item *items;
        uint32_t n;
        uint32_t capabilities;
        int identify_outcome, list_outcome;
        bool with_extras; /* a listing has a deleted entry and a finding, too */
        size_t piece;     /* bytes handed to the sink at once */
        bool (*cancelled)(void *userdata);
        void *userdata;

        atomic_int closed;      /* times it was closed */
        atomic_llong read_from; /* offset of the last read */
        atomic_uint removed;    /* bit per index */
        sem_t waiting;          /* posted when a read begins to wait */
        char clock[RECORDER_TIME_MAX];
};

void fake_recorder_init(struct fake_recorder *f, struct fake_item *items, uint32_t n);

/* The bytes of item 'index' from 'position' on. */
void fake_fill(uint32_t index, int64_t position, uint8_t *data, size_t size);
