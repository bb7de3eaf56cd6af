/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One PTP session over a transport: transactions (PIMA 15740 section 9; USB Still Image Capture Device 1.0,
 * section 7), and what brings a wedged device back. Results are a recorder_outcome or a negative errno.
 *
 * A transaction that fails on the wire is followed by the next step of a ladder: cancel, drain and clear
 * halts; class reset; USB reset; give up. A step is taken at most once per trouble, all of them together at
 * most limits.recoveries times per session object. After a reset the session is opened anew and 'generation'
 * has grown: object handles of before mean nothing until they are checked. A device that says in the middle
 * that no session is open gets one again, once for each operation and out of the same budget.
 */

#include "recorder/mtp/mtp_recorder.h"
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_container.h"
#include "recorder/mtp/ptp_transport.h"

#define PTP_CARRY_MAX   2048
#define PTP_DATASET_MAX (1024 * 1024) /* a dataset that is kept in memory */

struct ptp_session {
        struct ptp_transport *transport; /* not owned */
        struct mtp_limits limits;
        uint32_t quirks; /* enum quirk_flags */
        void (*notice)(void *userdata, int priority, const char *text);
        void *userdata;

        bool open;
        bool dirty; /* the last transaction was left half way */
        bool dead;  /* the ladder is used up */
        uint32_t transaction;
        unsigned int rung;
        int why;                 /* the outcome that made the last step necessary */
        unsigned int recoveries; /* steps taken */
        unsigned int generation;
        bool storage_added;           /* a StoreAdded event has come */
        uint8_t carry[PTP_CARRY_MAX]; /* containers that came with the data before them */
        size_t carry_used;
};

/* One operation. Fields that are not named are zero. */
struct ptp_request {
        uint16_t code;
        uint32_t params[PTP_PARAMS_MAX];
        unsigned int n_params;
        const void *out; /* data to the device, at most PTP_OUT_MAX bytes */
        size_t out_size;
        /* Data from the device: where it goes, in order. A result other than 0 ends the transaction and is
         * returned. NULL when the operation has none. */
        int (*on_data)(void *userdata, const uint8_t *data, size_t size);
        /* Called before each try, to start from nothing. Without it a try that has delivered bytes is the
         * last. */
        int (*on_begin)(void *userdata);
        void *userdata;
        bool sized;        /* 'expected' is known */
        uint64_t expected; /* payload bytes */
        bool over_4g;      /* not known, but 4 GiB or more: the 32-bit length is not believed */
        uint64_t most;     /* more payload than this is RECORDER_PROTOCOL; 0 no bound */
};

#define PTP_OUT_MAX 1024

struct ptp_reply {
        uint16_t code; /* enum ptp_response */
        uint32_t params[PTP_PARAMS_MAX];
        unsigned int n_params;
        uint64_t received; /* payload bytes */
        bool cut;          /* the data ended before its announced length */
};

void ptp_session_init(struct ptp_session *s, struct ptp_transport *transport,
                      const struct mtp_limits *limits, uint32_t quirks);

/* Opens the session; one that the device still has open is taken over. */
int ptp_session_open(struct ptp_session *s);

/* Closes it, unless the quirks forbid; bounded, and not kept from it by the cancel hook. */
void ptp_session_close(struct ptp_session *s);

/*
 * Runs one operation, with retries while the device says DeviceBusy (limits.busy_ms, then RECORDER_BUSY) and
 * with the ladder. RECORDER_OK means that a response came, of whatever code. RECORDER_MISMATCH when the data
 * announced is more than 'expected'. RECORDER_CANCELLED, RECORDER_GONE, RECORDER_STALLED, RECORDER_PROTOCOL,
 * a result of on_data, or a negative errno. An operation on an object's content is not tried again behind a
 * reset or a session that was lost: its handle has to be checked first (RECORDER_STALLED,
 * RECORDER_PROTOCOL).
 */
int ptp_session_run(struct ptp_session *s, const struct ptp_request *request, struct ptp_reply *ret);

/* Takes the next step of the ladder; RECORDER_OK when the device may be asked again, RECORDER_STALLED when
 * it is used up. */
int ptp_session_recover(struct ptp_session *s, int why);

/* Bytes of a dataset. */
struct ptp_bytes {
        uint8_t *data;
        size_t size;
        size_t room;
};

void ptp_bytes_done(struct ptp_bytes *b);

/* Runs an operation whose data is kept in *ret (emptied first); at most request->most, by default
 * PTP_DATASET_MAX. */
int ptp_session_fetch(struct ptp_session *s, const struct ptp_request *request, struct ptp_bytes *ret,
                      struct ptp_reply *ret_reply);

/* The outcome that a response code stands for; RECORDER_OK for PTP_OK. */
int ptp_outcome_of_response(uint16_t code);
