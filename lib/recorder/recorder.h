/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seam between what a device speaks and what a docking wants. A driver (mtp/, ums/, folder/) fills in
 * the verbs; one it cannot do is missing from its capabilities. Unknown is never zero: -1 for sizes and
 * percentages, "" for texts.
 *
 * Every verb is bounded in time and count by the driver, whatever the device does. It returns RECORDER_OK, a
 * positive outcome its caller decides on, or a negative errno for a failure of this host.
 */

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDER_TEXT_MAX         128
#define RECORDER_PATH_MAX         1024
#define RECORDER_TIME_MAX         40
#define RECORDER_WORD_MAX         32
#define RECORDER_FINDING_TEXT_MAX 512

#define RECORDER_HOLDER_MAX 128 /* "gvfsd-mtp (pid 1234)" */

/* Wire values: they cross the socket between the worker and recdockd, so never renumber. */
enum recorder_outcome {
        RECORDER_OK = 0,
        RECORDER_GONE = 1,        /* unplugged, or the device left the bus */
        RECORDER_BUSY = 2,        /* somebody else holds the interface, or DeviceBusy past its bound */
        RECORDER_LOCKED = 3,      /* the device shows no storage until an operator unlocks it */
        RECORDER_SHORT = 4,       /* fewer bytes than the object has */
        RECORDER_MISMATCH = 5,    /* the object is not what the listing said, or more bytes than it has */
        RECORDER_NO_SPACE = 6,    /* the sink has no room */
        RECORDER_UNSUPPORTED = 7, /* the device cannot do it */
        RECORDER_CANCELLED = 8,
        RECORDER_STALLED = 9,     /* no progress within the bound, the ladder of recovery is used up */
        RECORDER_PROTOCOL = 10,   /* the device answers what its protocol does not allow */
        RECORDER_DENIED = 11,     /* write-protected, access denied */
        RECORDER_ABSENT = 12,     /* no such object any more */
        RECORDER_UNREADABLE = 13, /* the medium does not give some of the bytes */
        _RECORDER_OUTCOME_MAX,
};

/* "gone", "busy", …; "unknown" for a value outside the enum. */
const char *recorder_outcome_text(int outcome);

enum recorder_capability {
        RECORDER_CAN_LIST = 1 << 0,
        RECORDER_CAN_READ = 1 << 1,
        RECORDER_CAN_RESUME = 1 << 2, /* read from an offset without reading what is before it */
        RECORDER_CAN_REMOVE = 1 << 3,
        RECORDER_CAN_READ_CLOCK = 1 << 4,
        RECORDER_CAN_SET_CLOCK = 1 << 5,
};

struct recorder_identity {
        char manufacturer[RECORDER_TEXT_MAX];
        char model[RECORDER_TEXT_MAX];
        char firmware[RECORDER_TEXT_MAX];
        char serial[RECORDER_TEXT_MAX];  /* what the device says of itself (MTP serial) */
        char officer[RECORDER_TEXT_MAX]; /* the device's own user number */
        char unit[RECORDER_TEXT_MAX];
        char driver[16]; /* "mtp", "ums", "folder" */
        uint32_t capabilities;
        int32_t battery_percent; /* -1 unknown */
        int64_t free_bytes;      /* -1 unknown, all storages together */
        int64_t total_bytes;
        char clock_text[RECORDER_TIME_MAX]; /* the device's own text, "" unknown */
        instant_t clock_station;            /* station time at the middle of the request; INSTANT_NONE */
        int64_t clock_uncertainty;          /* half the round trip, microseconds */
};

/* A look at a recorder's clock. */
struct recorder_clock {
        char text[RECORDER_TIME_MAX]; /* its own text, "" not told */
        instant_t station;            /* station time at the middle of the request; INSTANT_NONE */
        int64_t uncertainty;          /* half the round trip, microseconds */
};

enum recorder_item_flags {
        RECORDER_ITEM_PROTECTED = 1 << 0, /* write-protected on the device: never removed */
        RECORDER_ITEM_MARKED = 1 << 1,    /* marked important */
        RECORDER_ITEM_DELETED = 1 << 2,   /* recdockd's own: it was deleted, and is to be recovered */
};

struct recorder_item {
        uint32_t index; /* the driver's own key, from 0 in order of listing */
        uint32_t flags;
        int64_t size;                      /* -1 unknown */
        char time_text[RECORDER_TIME_MAX]; /* device's modification (else creation) time as sent */
        char path[RECORDER_PATH_MAX]; /* "storage label or number/folder/…/name": UTF-8, no controls */
};

/* Receives bytes in order of the object. Returns 0, RECORDER_NO_SPACE, RECORDER_CANCELLED or a negative
 * errno, which end the read. */
struct recorder_sink {
        int (*write)(void *userdata, const void *data, size_t size);
        /* The medium does not give the next 'size' bytes of the object, and reading goes on behind them; the
         * sink puts something in their place. NULL: such a read ends with RECORDER_UNREADABLE. */
        int (*unreadable)(void *userdata, int64_t size);
        void *userdata;
};

typedef int recorder_item_fn(void *userdata, const struct recorder_item *item);

enum recorder_deleted_flags {
        RECORDER_DELETED_RECOVERABLE = 1 << 0, /* where its bytes were is not in use again: it can be read */
};

/* An entry that was deleted on the recorder and is still to be seen. */
struct recorder_deleted {
        uint32_t index; /* a number of the same row as those of the items; for reading */
        uint32_t flags;
        int64_t size;                      /* as the entry says */
        char time_text[RECORDER_TIME_MAX]; /* as of an item */
        char path[RECORDER_PATH_MAX];      /* as of an item, as far as it is still known */
};

typedef int recorder_deleted_fn(void *userdata, const struct recorder_deleted *deleted);

/* Something that is not as it should be with what the recorder stores its items on. */
struct recorder_finding {
        char kind[RECORDER_WORD_MAX];  /* a word of the driver's, [a-z-]: "fat-copies" */
        char place[RECORDER_TEXT_MAX]; /* the first part of the paths it is about; "" the recorder */
        char text[RECORDER_FINDING_TEXT_MAX];
};

typedef int recorder_finding_fn(void *userdata, const struct recorder_finding *finding);

/* A volume that items are on, told before the first of them: where to find it without this driver. */
struct recorder_volume {
        char name[RECORDER_TEXT_MAX]; /* the first component of its items' paths */
        uint32_t unit;                /* SCSI LUN */
        uint32_t serial;              /* the volume's own */
        int64_t offset;               /* in the unit, bytes */
};

typedef int recorder_volume_fn(void *userdata, const struct recorder_volume *volume);

/* Takes a listing. What a function returns other than 0 ends it and is returned. */
struct recorder_listener {
        recorder_item_fn *on_item;
        recorder_deleted_fn *on_deleted; /* may be NULL: then deleted entries are not looked for */
        recorder_finding_fn *on_finding; /* may be NULL */
        recorder_volume_fn *on_volume;   /* may be NULL */
        void *userdata;
};

/* How the driver reads. */
struct recorder_figures {
        uint64_t transfers;     /* bulk reads since open */
        uint32_t transfer_size; /* bytes of one */
        uint32_t depth;         /* in flight */
        uint32_t recoveries;    /* steps of recovery taken since open */
        bool zero_copy;         /* reads go into memory of usbfs */
};

struct recorder_verbs;

/* A driver's own structure has this as its first member. */
struct recorder {
        const struct recorder_verbs *verbs;
};

struct recorder_verbs {
        int (*identify)(struct recorder *r, struct recorder_identity *ret);
        /* Streams items, and what else it comes across, while still listing. *ret_complete is false when a
         * part of the tree could not be listed. */
        int (*list)(struct recorder *r, const struct recorder_listener *to, bool *ret_complete);
        /* Reads item 'index' from 'offset' to its end. *ret_size is the object's whole size as proved by the
         * transfer. */
        int (*read)(struct recorder *r, uint32_t index, int64_t offset, const struct recorder_sink *sink,
                    int64_t *ret_size);
        int (*remove)(struct recorder *r, uint32_t index);
        /* Sets the clock to 'text' ("YYYYMMDDThhmmss", with a zone behind it or not) and reads it back. */
        int (*set_clock)(struct recorder *r, const char *text, struct recorder_clock *ret_after);
        /* May be NULL. */
        void (*figures)(const struct recorder *r, struct recorder_figures *ret);
        void (*close)(struct recorder *r);
};

static inline int recorder_identify(struct recorder *r, struct recorder_identity *ret)
{
        return r->verbs->identify(r, ret);
}

static inline int recorder_list(struct recorder *r, const struct recorder_listener *to, bool *ret_complete)
{
        return r->verbs->list(r, to, ret_complete);
}

static inline int recorder_read(struct recorder *r, uint32_t index, int64_t offset,
                                const struct recorder_sink *sink, int64_t *ret_size)
{
        return r->verbs->read(r, index, offset, sink, ret_size);
}

static inline int recorder_remove(struct recorder *r, uint32_t index)
{
        return r->verbs->remove(r, index);
}

static inline int recorder_set_clock(struct recorder *r, const char *text, struct recorder_clock *ret_after)
{
        return r->verbs->set_clock(r, text, ret_after);
}

static inline void recorder_figures(const struct recorder *r, struct recorder_figures *ret)
{
        *ret = (struct recorder_figures){0};
        if (r->verbs->figures)
                r->verbs->figures(r, ret);
}

/* Ends the session with the device and frees; NULL is fine. */
static inline void recorder_free(struct recorder *r)
{
        if (r)
                r->verbs->close(r);
}

DEFINE_CLEANUP(struct recorder *, recorder_free);
