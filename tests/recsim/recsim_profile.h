/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a simulated recorder is: settings as text, key by key. README.md lists them. */

#include "recsim_fault.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define RECSIM_TEXT_MAX 128
#define RECSIM_LUNS_MAX 8

enum recsim_speed {
        RECSIM_FULL = 2, /* as in enum usb_device_speed of the kernel */
        RECSIM_HIGH = 3,
        RECSIM_SUPER = 5,
};

/* What a disk shows beside its disk. */
enum recsim_beside {
        RECSIM_BESIDE_NOTHING,
        RECSIM_BESIDE_KEYBOARD,
        RECSIM_BESIDE_NETWORK,
};

struct recsim_profile {
        char dir[PATH_MAX];
        char port[32]; /* "3-1.4" */
        char serial[RECSIM_TEXT_MAX];
        char manufacturer[RECSIM_TEXT_MAX];
        char model[RECSIM_TEXT_MAX];
        char firmware[RECSIM_TEXT_MAX];
        char friendly[RECSIM_TEXT_MAX];
        char label[RECSIM_TEXT_MAX]; /* of the storage; empty: its folder's name */
        char tag[RECSIM_TEXT_MAX];   /* ID_RECDOCK of the udev device; empty: not set */
        uint64_t vendor;
        uint64_t product;
        uint64_t battery;     /* percent; over 100: not supported */
        uint64_t speed;       /* enum recsim_speed */
        uint64_t packet;      /* bytes, 0: by speed */
        bool vendor_class;    /* ff/ff/00 with the interface text "MTP" in place of 06/01/01 */
        bool proplist;        /* GetObjectPropList */
        bool partial64;       /* GetPartialObject64 */
        bool partial;         /* GetPartialObject */
        bool split;           /* header and data in packets of their own */
        bool zlp;             /* an empty packet after data that fill their last packet */
        bool locked;          /* no storage is shown */
        bool claimed;         /* somebody else holds the interface */
        bool reads_clock;     /* has DateTime */
        uint64_t storages;    /* more than 1: each folder of dir is a storage */
        uint64_t capacity;    /* bytes of all storages; 0: contents + 1 GiB */
        int64_t clock_offset; /* seconds, recorder - station */
        char clock_zone[8];   /* what its DateTime ends with: "", "Z" or "+0530"; it takes no other */
        uint64_t rate;        /* bytes a second, 0: as fast as it goes */
        uint64_t synth_count; /* files made of a pattern, beside those of dir */
        uint64_t synth_size;

        /* Of a recorder that is a disk. */
        char disk[RECSIM_LUNS_MAX][PATH_MAX]; /* image of each logical unit; "none": a slot without a card */
        size_t n_disks;                       /* 0: it speaks MTP */
        char inquiry_vendor[9];               /* as INQUIRY has them */
        char inquiry_product[17];
        char inquiry_revision[5];
        uint64_t sector;  /* bytes */
        bool writable;    /* writes are carried out; else refused as write-protected */
        bool halts;       /* a command that fails halts bulk IN; else it ends with a short packet */
        bool uas;         /* a second setting of the interface speaks UAS */
        bool driver;      /* the kernel's driver holds the interface when it is plugged */
        bool vendor_mode; /* first shows an interface of its vendor's, and the disk when told to */
        enum recsim_beside beside;
};

void recsim_profile_init(struct recsim_profile *p);

/* Sets one key. -ENOENT for a key it does not have; -EINVAL with the reason in 'why' (RECSIM_WHY_MAX). */
int recsim_profile_set(struct recsim_profile *p, const char *key, const char *value, char *why);
