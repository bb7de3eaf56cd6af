/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Stands in for libusb below the bulk pump: the calls that lib/usb makes for transfers are answered by a
 * device that does what a script says. It keeps libusb's promises (a transfer that was submitted is handed
 * back once, by its callback, within libusb_handle_events_*) and none more: which of several finished reads
 * is reported first is up to it.
 */

#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_READS_MAX 64

enum fake_step_kind {
        FAKE_FULL,   /* as much as was asked for */
        FAKE_SHORT,  /* 'size' bytes: less than asked for, 0 for an empty packet */
        FAKE_FAIL,   /* ends with 'status'; the endpoint is stopped then, as a host controller does it */
        FAKE_SILENT, /* nothing, until it is cancelled; 'size' bytes are in the buffer by then */
};

/* What the device does with one read, in the order in which reads are submitted; after the last step it is
 * silent. */
struct fake_step {
        enum fake_step_kind kind;
        size_t size;
        enum libusb_transfer_status status;
};

struct fake_libusb {
        const struct fake_step *steps;
        bool backwards;       /* of finished reads, the youngest is reported first */
        bool keeps_cancelled; /* a cancelled read is never handed back */
        int event_error;      /* what handling events answers, 0: it works */
        int submit_error;     /* what submitting answers for a read that goes beyond one of the two limits */
        size_t size_limit;    /* bytes of one read; 0: none */
        unsigned int read_limit; /* reads under way; 0: none */
        unsigned int dev_mem;    /* buffers that the kernel gives */

        /* Out. */
        unsigned int flying, flying_max, submitted, cancelled, dev_mem_held;
        bool waited_uncancelled; /* events were handled when some, but not all, reads had been cancelled */
        bool youngest_first;     /* every cancel hit the youngest read not cancelled yet */
        uint64_t asked;
        size_t sizes[FAKE_READS_MAX];
};

extern struct fake_libusb fake;

/* A device that does 'steps', and one that has forgotten everything. */
void fake_libusb_reset(const struct fake_step *steps);

/* The byte that the device sends at this place of all it sends. */
uint8_t fake_byte(uint64_t position);
