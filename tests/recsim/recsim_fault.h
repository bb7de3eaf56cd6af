/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is to go wrong, and when. A fault is text:
 *
 *      KIND[,op=CODE][,object=NAME-OR-PATH][,lun=N][,lba=FIRST[-LAST]][,at=BYTE][,nth=K][,times=N|always]
 *          [,value=V]
 *
 * 'op' limits it to one operation, 'object' to one file, 'lun' and 'lba' to sectors of a disk; 'at' puts it
 * behind that byte of the object or of the disk (of the dataset, for other operations); 'nth' lets the first
 * K-1 occasions pass; 'times' defaults to 1 for a fault of one transfer and to always for one that describes
 * the device.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECSIM_WHY_MAX    256 /* room for the reason of a refusal */
#define RECSIM_FAULTS_MAX 32
#define RECSIM_ALWAYS     (-1)

enum recsim_fault_kind {
        FAULT_STALL,        /* the pipes halt */
        FAULT_SILENCE,      /* nothing more comes */
        FAULT_VANISH,       /* the device leaves the bus */
        FAULT_SHORT,        /* the data end at 'at', the response says OK */
        FAULT_BABBLE,       /* 'value' bytes more than announced */
        FAULT_CORRUPT,      /* the byte at 'at' is inverted */
        FAULT_ENDLESS_DATA, /* the data phase never ends */
        FAULT_BUSY,         /* DeviceBusy */
        FAULT_REFUSE,       /* response code 'value' */
        FAULT_STALE,        /* 'value' old responses come first; 0: for ever */
        FAULT_TRANSACTION,  /* a wrong transaction id */
        FAULT_GARBAGE,      /* bytes that are no container */
        FAULT_DELAY,        /* the answer comes 'value' milliseconds late */
        /* Of a disk. */
        FAULT_STALL_COMMAND, /* the command halts both pipes until a reset recovery */
        FAULT_STALL_STATUS,  /* bulk IN halts once before the status */
        FAULT_TAG,           /* the status has a wrong tag */
        FAULT_SIGNATURE,     /* the status has a wrong signature */
        FAULT_STATUS_SIZE,   /* the status has 'value' bytes */
        FAULT_RESIDUE,       /* 'value' as the residue */
        FAULT_PHASE,         /* phase error */
        FAULT_SENSE,         /* the command fails with key, code and qualifier of 'value' */
        FAULT_ATTENTION,     /* unit attention */
        FAULT_NOT_READY,     /* becoming ready */
        /* Faults from here on describe the device and last unless 'times' says otherwise. */
        FAULT_SIZE,            /* 'value' as the object's size, everywhere */
        FAULT_INFO_SIZE,       /* only in ObjectInfo */
        FAULT_LIST_SIZE,       /* only in object properties */
        FAULT_LIST_OMITS,      /* the property list leaves the object out */
        FAULT_LIST_LIES,       /* the property list names the object wrongly */
        FAULT_UNKNOWN_HANDLES, /* listings hold handles that do not exist */
        FAULT_DELETE_LIES,     /* OK, and the object stays */
        FAULT_CLOCK_BACK,      /* each look at the clock shows an hour less */
        FAULT_CLOCK_STUCK,     /* setting the clock: OK, and nothing changes */
        FAULT_CANCEL_IGNORED,  /* CancelRequest does nothing */
        FAULT_HOSTILE_NAMES,   /* names with slashes, controls, lone surrogates; when plugged */
        FAULT_CYCLIC,          /* folders inside each other; when plugged */
        FAULT_ENDLESS_LISTING, /* a folder in a folder without end; when plugged */
        /* Of a disk. */
        FAULT_MEDIUM,           /* sectors that cannot be read */
        FAULT_CAPACITY,         /* 'value' as the number of sectors */
        FAULT_EMPTY,            /* no medium */
        FAULT_READ_LIMIT,       /* reads of more than 'value' sectors are refused */
        FAULT_READ_LIMIT_STALL, /* …, by halting both pipes */
        FAULT_NO_MAX_LUN,       /* Get Max LUN stalls */
        FAULT_RESET_IGNORED,    /* Mass Storage Reset has no effect */
        _FAULT_MAX,
};

struct recsim_fault {
        enum recsim_fault_kind kind;
        int32_t op; /* -1: any */
        char object[256];
        int16_t lun;        /* -1: any */
        uint64_t lba_first; /* sectors, both ends belong to it */
        uint64_t lba_last;
        int64_t at;    /* -1: at once */
        uint32_t nth;  /* 0: the first occasion */
        int64_t times; /* RECSIM_ALWAYS */
        uint64_t value;
        bool has_value;
        uint32_t occasions; /* so far */
};

struct recsim_faults {
        struct recsim_fault entry[RECSIM_FAULTS_MAX];
        size_t n;
        uint64_t fired[_FAULT_MAX];
};

/* What is about to happen, for the question whether a fault is due. */
struct recsim_occasion {
        uint16_t op;
        const char *path; /* of the object, NULL none */
        int16_t lun;      /* of a disk */
        uint64_t lba;     /* sectors asked for; 0 of them: any fault that is not for sectors */
        uint64_t sectors;
        uint64_t from; /* bytes about to be sent; both 0: no data */
        uint64_t to;
};

/* Reads a fault. -EINVAL with the reason in 'why' (RECSIM_WHY_MAX). */
int recsim_fault_parse(const char *text, struct recsim_fault *ret, char *why);
const char *recsim_fault_name(enum recsim_fault_kind kind);
/* True when a recorder can have it: one that is a disk, or one that speaks MTP. */
bool recsim_fault_fits(enum recsim_fault_kind kind, bool disk);

/* -ENOSPC when there is no room for one more. */
int recsim_faults_add(struct recsim_faults *f, const struct recsim_fault *fault);

/*
 * The first fault of this kind that is due now, counted as used; NULL none. The result holds until the next
 * call that changes the set. A fault with 'at' is due only when that byte lies in [from, to).
 */
const struct recsim_fault *recsim_faults_due(struct recsim_faults *f, enum recsim_fault_kind kind,
                                             const struct recsim_occasion *occasion);

/* True when a fault of this kind is set, without using it up: for properties that hold all the time. */
bool recsim_faults_has(const struct recsim_faults *f, enum recsim_fault_kind kind);
