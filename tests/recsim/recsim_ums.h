/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorder that is a disk: USB Mass Storage Class Bulk-Only Transport 1.0, and the SCSI commands that
 * sticks and card readers answer. Three parts: the transport (recsim_ums_bot.c), the commands
 * (recsim_ums_scsi.c and recsim_ums_identity.c), the figures (recsim_ums_stats.c). Faults are asked for
 * where they strike.
 *
 * Strict where a careless host would otherwise go unnoticed: a wrapper is taken only when the status before
 * it has been read, and after a breach of protocol nothing works until a reset recovery (6.6.1, 5.3.4).
 */

#include "recsim_buffer.h"
#include "recsim_medium.h"
#include "recsim.h"

#define UMS_CBW_SIZE      31
#define UMS_CSW_SIZE      13
#define UMS_CBW_SIGNATURE 0x43425355u
#define UMS_CSW_SIGNATURE 0x53425355u

enum ums_request {
        UMS_RESET = 0xFF,
        UMS_GET_MAX_LUN = 0xFE,
};

/* SPC-4, SBC-3, MMC-6. */
enum ums_op {
        SCSI_TEST_UNIT_READY = 0x00,
        SCSI_REQUEST_SENSE = 0x03,
        SCSI_READ_6 = 0x08,
        SCSI_INQUIRY = 0x12,
        SCSI_MODE_SENSE_6 = 0x1A,
        SCSI_START_STOP = 0x1B,
        SCSI_PREVENT_ALLOW = 0x1E,
        SCSI_READ_FORMAT_CAPACITIES = 0x23,
        SCSI_READ_CAPACITY_10 = 0x25,
        SCSI_READ_10 = 0x28,
        SCSI_WRITE_10 = 0x2A,
        SCSI_VERIFY_10 = 0x2F,
        SCSI_SYNCHRONIZE_CACHE = 0x35,
        SCSI_MODE_SENSE_10 = 0x5A,
        SCSI_READ_16 = 0x88,
        SCSI_WRITE_16 = 0x8A,
        SCSI_SERVICE_ACTION_IN = 0x9E, /* 0x10: READ CAPACITY (16) */
        SCSI_REPORT_LUNS = 0xA0,
        SCSI_READ_12 = 0xA8,
        SCSI_WRITE_12 = 0xAA,
};

/* Sense key, code and qualifier, as one number. */
enum ums_sense {
        SENSE_NONE = 0x000000,
        SENSE_BECOMING_READY = 0x020401,
        SENSE_NO_MEDIUM = 0x023A00,
        SENSE_UNREADABLE = 0x031100,
        SENSE_UNKNOWN_COMMAND = 0x052000,
        SENSE_OUT_OF_RANGE = 0x052100,
        SENSE_BAD_FIELD = 0x052400,
        SENSE_NO_SUCH_UNIT = 0x052500,
        SENSE_CHANGED = 0x062800,
        SENSE_WRITE_PROTECTED = 0x072700,
        SENSE_ABORTED = 0x0B0000,
};

struct ums_unit {
        struct recsim_medium medium;
        uint32_t sense;
        uint64_t sense_lba; /* INFORMATION of the sense data */
        bool has_lba;
};

struct ums_command {
        uint32_t tag;
        uint32_t size; /* of the data the host expects */
        bool in;
        uint8_t lun;
        uint8_t cdb_size;
        uint8_t cdb[16];
};

/* What a command comes to. */
struct ums_reply {
        bool failed;
        struct recsim_buffer data; /* out of memory, or … */
        bool medium;               /* … out of the image */
        uint64_t offset;
        uint64_t size;         /* bytes for the host */
        uint64_t wanted;       /* bytes from the host */
        bool store;            /* they go to the image, at offset */
        uint64_t lba, sectors; /* what it is about; 0 sectors: none in particular */
        bool dead;             /* the device loses its head: both pipes halt */
};

enum ums_phase {
        UMS_COMMAND,  /* takes a wrapper, once the pipe is empty */
        UMS_DATA_OUT, /* takes data */
        UMS_HALTED,   /* the status comes when the halt of bulk IN has been cleared */
        UMS_DEAD,     /* until a reset recovery */
};

struct recsim_ums {
        struct ums_unit units[RECSIM_LUNS_MAX];
        size_t n;
        enum ums_phase phase;
        struct ums_command command;
        struct ums_reply reply;
        uint32_t taken;     /* data from the host so far */
        uint32_t residue;   /* for the status */
        bool phase_error;   /* for the status */
        int64_t not_before; /* of what is sent for this command */
        uint64_t given;     /* bytes of the medium before this command */
        struct recsim_op_count violations[RECSIM_OPS_MAX];
        size_t n_violations;
        struct recsim_size_count reads[RECSIM_SIZES_MAX]; /* READ commands, by bytes */
        size_t n_reads;
        uint64_t failed;
};

/* Opens the images. Negative errno with the reason in 'why' (RECSIM_WHY_MAX). */
int recsim_ums_open(struct recsim_ums **ret, const struct recsim_profile *p, char *why);
void recsim_ums_close(struct recsim_ums *u);

/* Bytes from the host: 0, -EPIPE, or -EAGAIN while there is no time for them. */
int recsim_ums_out(struct recsim *r, const uint8_t *data, size_t size);
/* A command is under way. */
bool recsim_ums_busy(const struct recsim *r);
/* False while halts outlast their clearing. */
bool recsim_ums_may_clear(const struct recsim_ums *u);
/* The halt of bulk IN was cleared. */
void recsim_ums_cleared(struct recsim *r);
/* A reset of the port. */
void recsim_ums_reset(struct recsim *r);
/* A request of the class; false stalls it. What it answers is put into b. */
bool recsim_ums_request(struct recsim *r, uint8_t request, struct recsim_buffer *b);

/* Runs r->ums->command and says what it comes to. */
void recsim_ums_execute(struct recsim *r, struct ums_reply *reply);
struct ums_unit *recsim_ums_unit(struct recsim *r);
/* The command fails for this reason. */
void recsim_ums_fail(struct recsim *r, struct ums_reply *reply, uint32_t sense);
/* Sectors that the unit tells to have. */
uint64_t recsim_ums_capacity(struct recsim *r);
/* The command as an occasion for faults; with these bytes about to be sent, both 0 for the command itself.
 */
struct recsim_occasion recsim_ums_occasion(const struct recsim *r, uint64_t from, uint64_t to);
/* The sectors a command is about; 0 of them for one that is about none. */
void recsim_ums_range(const struct ums_command *c, uint64_t *ret_lba, uint64_t *ret_sectors);

/* What a unit says of itself: INQUIRY, mode pages, capacities, REPORT LUNS. */
void recsim_ums_inquiry(struct recsim *r, struct ums_reply *reply);
void recsim_ums_mode_sense(struct recsim *r, struct ums_reply *reply);
void recsim_ums_read_capacity(struct recsim *r, struct ums_reply *reply);
void recsim_ums_read_capacity_16(struct recsim *r, struct ums_reply *reply);
void recsim_ums_format_capacities(struct recsim *r, struct ums_reply *reply);
void recsim_ums_report_luns(struct recsim *r, struct ums_reply *reply);

/* Counts the command; one that may change the medium or its state is a violation. */
void recsim_ums_count(struct recsim *r);
/* Adds what the last command was given to the account of its unit. */
void recsim_ums_settle(struct recsim *r);

struct json_object;
/* Adds the figures of a disk. */
void recsim_ums_stats(struct recsim *r, struct json_object *o);
