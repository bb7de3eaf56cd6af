/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bulk-Only Transport (USB Mass Storage Class Bulk-Only Transport 1.0): one command at a time, each a
 * wrapper to the device (CBW), data from it, and a status (CSW).
 *
 * This is a write-blocker by construction. One function puts a command on the wire, and it knows the few
 * that only read; any other is refused before a byte leaves. Data goes in one direction.
 *
 * Between two commands the bus would stand still for as long as the host thinks. So starting one and taking
 * its answer are two calls, and the next one goes out as soon as a status is in, which is as early as
 * section 3.4 allows:
 *
 *   bot_start(a) ─▶ bot_finish(a's data) ─▶ bot_start(b) ─▶ use a's data ─▶ bot_finish(b's data) ─▶ …
 *
 * Many reads stand for its data, of not a byte more than these; but no read stands before the device has
 * taken the command, and none for the status before the data are in. The specification asks for neither, but
 * every other host does so, and there are devices that know nothing else: QEMU's answers an early read with
 * a halt, and never ends one that is too long.
 *
 * Whatever the device does, a call ends within limits, and afterwards no command is under way: it was
 * answered, or the device was reset. What cannot be brought back in step in so many tries is dead: then
 * every call gives RECORDER_STALLED.
 */

#include "recorder/recorder.h"
#include "recorder/ums/bot_transport.h"

#include <stdbool.h>
#include <stdint.h>

#define BOT_CDB_MAX 16
#define BOT_LUN_MAX 15

/* Bounds on time (milliseconds) and count; a field that is 0 has its default. */
struct bot_limits {
        int command_ms;              /* until the first data or the status of a command; 20000 */
        int stall_ms;                /* without progress within data; 5000 */
        int whole_ms;                /* for all of one command; 60000 */
        int drain_ms;                /* for the rest of a command nobody wants any more; 2000 */
        unsigned int recoveries;     /* without a command that passes between them; 6 */
        unsigned int all_recoveries; /* per docking; 200 */
};

struct bot_command {
        uint8_t lun;
        uint8_t cdb_size;
        uint8_t cdb[BOT_CDB_MAX];
        uint32_t size; /* bytes of data wanted, 0 none */
};

struct bot_answer {
        bool passed;   /* false: the device says the command failed, and sense data say why */
        uint32_t size; /* bytes of data that came and that the device stands by */
};

/* A command and how far its reads are. */
struct bot_flight {
        struct bot_command command;
        uint32_t asked; /* bytes of data that reads were queued for */
        uint32_t received;
        bool babbled; /* more data than was asked for */
};

struct bot {
        struct bot_transport *transport; /* not owned */
        struct bot_limits limits;
        uint32_t tag;
        struct bot_flight now;
        unsigned int standing; /* reads on the endpoint */
        bool sent;             /* 'now' is with the device */
        int64_t deadline;      /* of the command under way */
        bool doubtful;         /* the device may be in the middle of something: reset it first */
        bool dead;
        bool false_residue; /* the device counts its residue wrong */
        unsigned int recoveries, failures;
        unsigned int generation; /* grows by each reset: the device forgets what it had told us */
        void (*notice)(void *userdata, int priority, const char *text); /* may be NULL */
        void *userdata;
};

/*
 * Says nothing to the device. The first command is preceded by a reset recovery, because whoever used the
 * device before may have left it in the middle of an answer.
 */
void bot_init(struct bot *b, struct bot_transport *transport, const struct bot_limits *limits);

/*
 * Sends a command. -EPERM for any but those that read (and then nothing has happened), -EINVAL when one is
 * under way. RECORDER_OK, or as bot_finish().
 */
int bot_start(struct bot *b, const struct bot_command *c);

/*
 * Takes the data (into 'data', of the command's size; NULL drops it) and the status of the command that was
 * started. RECORDER_OK with *ret; RECORDER_GONE; RECORDER_CANCELLED; RECORDER_PROTOCOL when the answer broke
 * the protocol (data of the wrong length, a status that is none, phase error), RECORDER_STALLED when it did
 * not come: the device has been reset then, and the command may be tried again unless b->dead. Negative
 * errno.
 */
int bot_finish(struct bot *b, void *data, struct bot_answer *ret);

/* Ends the command that was started without using its answer: waits for it, or resets the device. */
int bot_abandon(struct bot *b);

/* bot_start() and bot_finish(). */
int bot_run(struct bot *b, const struct bot_command *c, void *data, struct bot_answer *ret);

/* The highest logical unit number, 0 when the device does not say (section 3.2). RECORDER_OK or _GONE, … */
int bot_max_lun(struct bot *b, uint8_t *ret);
