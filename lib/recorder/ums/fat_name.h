/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of FAT: 8.3 in the device's code page, and long ones in slots before it (FAT specification 1.03,
 * section "Long Directory Entries"). */

#include "recorder/item_path.h"
#include "recorder/ums/volume_charset.h"

#include <stdbool.h>
#include <stdint.h>

#define LONG_SLOTS_MAX  20
#define LONG_SLOT_BYTES 26
#define SHORT_NAME_SIZE 11

#define FAT_DELETED 0xe5

/* The slots of a long name, in the order they come in: the end of the name first. */
struct long_name {
        uint8_t parts[LONG_SLOTS_MAX][LONG_SLOT_BYTES];
        unsigned int n;
        unsigned int wanted; /* the number of the next slot; 0: the 8.3 name */
        uint8_t checksum;
        bool deleted;  /* numbers are lost then */
        bool broken;   /* a slot did not fit */
        uint32_t slot; /* where it begins */
};

void long_name_take(struct long_name *l, const uint8_t slot[32], uint32_t at);

/*
 * The long name of the entry 'slot' (32 bytes) into 'ret'; false when there is none that belongs to it. A
 * deleted entry has lost its first byte: the checksum gives it back, and when that byte cannot be one of a
 * name, the long name is another's.
 */
bool long_name_settle(const struct long_name *l, const uint8_t *slot, char ret[ITEM_NAME_MAX]);

/* The 8.3 name of an entry; "_" stands for the first byte of a deleted one. */
void short_name_decode(struct volume_charset *c, const uint8_t *slot, char ret[ITEM_NAME_MAX]);

/* False for what no driver writes as an 8.3 name: control characters. */
bool short_name_plausible(const uint8_t *slot);
