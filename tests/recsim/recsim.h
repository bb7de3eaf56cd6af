/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One simulated recorder, seen from the USB bus: it speaks MTP out of a folder, or it is a disk made of
 * image files. It knows no bus of its own: a front end (umockdev, USB/IP, a unit test) brings it requests
 * and asks it for answers. Nothing here waits, and nothing locks; a front end with threads holds a lock
 * around each call.
 */

#include "recsim_fault.h"
#include "recsim_pipe.h"
#include "recsim_profile.h"
#include "recsim_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECSIM_ENDPOINT_IN  0x81
#define RECSIM_ENDPOINT_OUT 0x02
#define RECSIM_ENDPOINT_EVENT                                                        \
        0x83 /* events of MTP; of a disk, the interrupt pipe of its second interface \
              */
#define RECSIM_EVENTS_MAX  16
#define RECSIM_OPS_MAX     64
#define RECSIM_SIZES_MAX   32
#define RECSIM_REQUEST_MAX 65536 /* data a host may send with one command */

#define RECSIM_INTERFACES_MAX  5
#define RECSIM_DESCRIPTORS_MAX 512

struct recsim_ums;

struct recsim_op_count {
        uint16_t op;
        uint64_t n;
};

struct recsim_size_count {
        size_t size;
        uint64_t n;
};

struct recsim_stats {
        struct recsim_op_count ops[RECSIM_OPS_MAX];
        size_t n_ops;
        struct recsim_size_count sizes[RECSIM_SIZES_MAX]; /* of bulk reads, as asked for */
        size_t n_sizes;
        uint64_t commands;
        uint64_t bulk_in; /* reads completed */
        uint64_t bulk_out;
        uint64_t bytes_in;
        uint64_t bytes_out;
        uint64_t in_flight_max;
        uint64_t queued_max; /* commands under way or waiting to be taken */
        uint64_t driver_detached;
        uint64_t driver_attached; /* given back to the kernel's driver */
        uint64_t clear_halts;
        uint64_t resets;
        uint64_t class_resets;
        uint64_t cancels;
        uint64_t sessions;
        uint64_t deleted;
        uint64_t clock_sets;
};

struct recsim_command {
        uint16_t op;
        uint32_t transaction;
        uint32_t param[5];
        unsigned int n_params;
};

struct recsim {
        struct recsim_profile profile;
        struct recsim_faults faults;
        struct recsim_ums *ums; /* NULL: it speaks MTP */
        struct recsim_tree tree;
        struct recsim_pipe pipe;
        struct recsim_stats stats;
        uint32_t session; /* 0 none */
        bool vendor_mode; /* shows an interface of its vendor's, not yet what it is */
        bool gone;        /* a fault took the device off the bus, or it left by itself */
        bool returns;     /* … to come back as what it is */
        bool muted;       /* silence: nothing is answered until a reset */
        bool out_halted;
        uint8_t alternate;             /* of interface 0 */
        bool driver;                   /* the kernel's driver has interface 0 */
        struct recsim_command pending; /* waits for its data */
        bool has_pending;
        uint8_t *request; /* data sent by the host so far */
        size_t request_size;
        uint8_t events[RECSIM_EVENTS_MAX][24];
        size_t event_sizes[RECSIM_EVENTS_MAX];
        size_t n_events;
        int64_t clock_back; /* seconds taken off by the clock-back fault so far */
};

/* Negative errno with the reason in 'why' (RECSIM_WHY_MAX): a folder or image that cannot be read, settings
 * or faults that do not go together. */
int recsim_new(struct recsim **ret, const struct recsim_profile *profile, const struct recsim_faults *faults,
               char *why);
void recsim_free(struct recsim *r);

/* Monotonic microseconds; the time of all 'now' below. */
int64_t recsim_now(void);

/* The product id it shows now. */
uint16_t recsim_product(const struct recsim *r);
/* It leaves the bus, out of its vendor mode; the front end brings it back as what it is. */
void recsim_leave_vendor_mode(struct recsim *r);

/* Bytes of a full packet of the bulk endpoints. */
size_t recsim_packet_size(const struct recsim *r);

/*
 * A control request: setup is 8 bytes as on the bus, data has wLength bytes (in or out). Returns the number
 * of bytes transferred, or -EPIPE for a stall.
 */
int recsim_control(struct recsim *r, const uint8_t *setup, uint8_t *data);

/* Bytes from the host. 0, -EPIPE while halted, -ENODEV; -EAGAIN: not now, the transfer waits (NAK) and is
 * brought again after whatever happens next. */
int recsim_bulk_out(struct recsim *r, const uint8_t *data, size_t size);
/* The kernel's driver gives interface 0 up, or takes it again, as far as nobody claims it. Negative errno as
 * usbfs has it; attaching returns 1, the number of interfaces that got their driver. */
int recsim_driver_detach(struct recsim *r);
int recsim_driver_attach(struct recsim *r, bool claimed);

/* So many transfers of bulk OUT wait in the front end; for the figures. */
void recsim_note_waiting(struct recsim *r, size_t n);

/* Reads of bulk IN are planned, then filled; see recsim_pipe.h. */
bool recsim_bulk_in_plan(struct recsim *r, size_t want, struct recsim_reading *ret);
void recsim_bulk_in_fill(struct recsim *r, size_t want, const struct recsim_reading *plan, uint8_t *buf);
/* When to plan again though nothing was sent to the device; -1 never. */
int64_t recsim_wakeup(const struct recsim *r);

/* Takes the oldest event; 0 when there is none. */
size_t recsim_interrupt_in(struct recsim *r, uint8_t *buf, size_t size);

/* CLEAR_FEATURE(ENDPOINT_HALT), SET_INTERFACE (false: there is no such setting), and a reset of the port. */
void recsim_clear_halt(struct recsim *r, uint8_t endpoint);
bool recsim_set_alternate(struct recsim *r, unsigned int interface, unsigned int alternate);
void recsim_reset(struct recsim *r);

struct recsim_interface {
        uint8_t number, alternate;
        uint8_t class, subclass, protocol;
        const char *text;   /* NULL none */
        const char *driver; /* of Linux, NULL none */
};

/* The interfaces with all their settings, in the order of the descriptors. Returns how many. */
size_t recsim_interfaces(const struct recsim *r, struct recsim_interface ret[RECSIM_INTERFACES_MAX]);

/* Descriptors as the device node and sysfs have them: device, then configuration. Returns the size. */
size_t recsim_descriptors(const struct recsim *r, uint8_t buf[RECSIM_DESCRIPTORS_MAX]);

/* Queues an event for the interrupt pipe; the oldest is dropped when there are too many. */
void recsim_event(struct recsim *r, uint16_t code, uint32_t param);

/* Changes a setting of a living recorder; unlocking shows its storages and says so. As recsim_profile_set().
 */
int recsim_set(struct recsim *r, const char *key, const char *value, char *why);
/* Shows what appeared in the folder. Returns the number of new objects, or negative errno. */
int recsim_rescan(struct recsim *r);

/* Sets a fault; kinds that need objects of their own add them. -ENOSPC, or -EINVAL for one that this kind of
 * recorder cannot have, with the reason in 'why'. */
int recsim_fault(struct recsim *r, const struct recsim_fault *fault, char *why);

/* One JSON object; the caller frees it. */
char *recsim_stats_json(struct recsim *r);
