/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One entry of a folder, of either file system, put together from its slots. */

#include "recorder/ums/volume_folder.h"

enum entry_kind {
        ENTRY_FILE,
        ENTRY_FOLDER,
        ENTRY_DOT,    /* "." or ".." of FAT */
        ENTRY_LABEL,  /* the name is the volume's label */
        ENTRY_BITMAP, /* exFAT: cluster and size are those of the allocation bitmap */
        ENTRY_UPCASE, /* exFAT: of the up-case table; time is its checksum */
};

struct volume_entry {
        enum entry_kind kind;
        bool deleted;
        bool contiguous;
        bool second; /* ENTRY_BITMAP: of the second FAT */
        uint8_t attributes;
        uint32_t cluster;
        uint32_t slot; /* its first one */
        uint64_t size, valid_size;
        uint64_t time; /* to be compared */
        char time_text[RECORDER_TIME_MAX];
        char created_text[RECORDER_TIME_MAX];
        char name[ITEM_NAME_MAX]; /* printable UTF-8 */
};

/* The next entry; *ret_end is true behind the last one. Damaged ones are told and left out; f->incomplete
 * says so. Slots that cannot be read are told and passed over. */
int fat_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end);
int exfat_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end);
int volume_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end);

/* folder_reader_next(), telling once for each folder that slots cannot be read. */
int folder_slot_next(struct folder_reader *f, uint8_t slot[SLOT_SIZE], bool *ret_end);

/* The name as kept in struct volume_file and volume_folder. */
uint32_t volume_name_hash(const char *name);
