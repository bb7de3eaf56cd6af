/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A responder with a table of objects, honest and otherwise, and the recorder that talks to it. Tests set
 * fields of the model; everything is made anew for each. */

#include "test_ptp_device.h"

#include "base/cleanup.h"
#include "recorder/mtp/mtp_state.h"

#define STORAGE  0x00010001U
#define FOLDER   PTP_FORMAT_ASSOCIATION
#define FILE_MP4 0xb982

struct model_object {
        uint32_t handle, parent; /* parent 0: the root */
        uint16_t format, protection;
        uint64_t size;
        const char *name;      /* ASCII */
        const uint16_t *units; /* instead of name, zero-terminated */
        const char *modified;
        bool removed, sticky; /* sticky: delete says OK and leaves it */
        bool unlinked;        /* in no folder's list */
        bool list_omits;      /* left out of property lists */
        uint32_t list_shows;  /* property lists give it the properties of this object instead */
};

struct object_model {
        struct model_object objects[600];
        size_t n;
        uint16_t operations[32];
        size_t n_operations;
        unsigned int n_storages;
        bool list_strangers, size_in_info_only;
        uint64_t transfer_size_bias; /* GetObject announces and sends this much less */
        uint32_t stall_after;        /* GetObject halts behind that many bytes, once */
        uint32_t battery_most;
        bool read_only_clock;
        unsigned int proplists, infos, flats;
        char clock[64];
};

extern struct object_model model;
extern struct sim sim;
extern struct recorder *recorder;
extern struct quirks quirks;

struct bytes {
        uint8_t p[256 * 1024];
        size_t n;
};

struct model_object *object_add(uint32_t handle, uint32_t parent, uint16_t format, const char *name,
                                uint64_t size);
struct model_object *object_find(uint32_t handle);
void operation_drop(uint16_t code);
void open_recorder(unsigned int objects);
void object_model_setup(void);
void object_model_teardown(void);
