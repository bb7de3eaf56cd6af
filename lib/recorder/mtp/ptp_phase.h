/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The data phase from the device, as a state machine fed by a stream of reads: header alone or together with
 * its data, a length that is true, unknown or taken modulo 2^32, data that ends early, and the next
 * container right behind it.
 */

#include "recorder/mtp/ptp_session.h"

#define PTP_EMPTY_MAX 8 /* empty packets in a row that are passed over */

struct ptp_phase {
        struct ptp_session *session; /* for its carry */
        const struct ptp_request *request;
        struct ptp_reply *reply;
        uint32_t transaction;
        uint8_t head[PTP_HEADER_SIZE];
        size_t head_used;
        bool begun;       /* the header has been read */
        bool alone;       /* it came in a packet of its own, and no payload has come yet */
        bool endless;     /* no length: a short packet is the end */
        size_t read_size; /* bytes of the read being fed: it begins with a packet */
        uint64_t total;   /* payload bytes when not endless */
        unsigned int empties;
        unsigned int strays; /* answers to older transactions */
};

/* What the stream has to be asked for before anything is known. */
uint64_t ptp_phase_owed(const struct ptp_request *request, size_t packet_size);

/* One read; sets *owed as usb_stream wants it. 0, or what ends the transaction. */
int ptp_phase_feed(struct ptp_phase *p, const uint8_t *data, size_t size, bool ended, uint64_t *owed);
