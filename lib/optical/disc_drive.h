/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What is in a drive. Nothing is written to a disc that is neither blank nor ours, and ours is only what
 * carries our mark in its descriptor. An overwritable medium is blank when there are only zeros where file
 * systems, partition tables and archives begin and end; in doubt it is foreign.
 */

#include <stdbool.h>
#include <stdint.h>

enum disc_content {
        DISC_NONE, /* no disc, or an open tray */
        DISC_BLANK,
        DISC_OURS,    /* a volume, whole or not: only a proof knows */
        DISC_FOREIGN, /* anything else, a disc that cannot be read included */
};

#define DISC_NUMBER_MAX 480

struct disc_state {
        enum disc_content content;
        bool overwritable;            /* DVD-RAM, DVD+RW, BD-RE, a file */
        int64_t capacity;             /* bytes: that a blank or overwritable one takes, else that it has */
        char kind[32];                /* "CD-R", "DVD+R", "BD-R" …, "M-DISC BD-R"; "file" */
        char media_id[96];            /* maker and type as the disc says them; "" when it does not */
        char volume[DISC_NUMBER_MAX]; /* the number of DISC_OURS */
};

/* "blank" … */
const char *disc_content_text(enum disc_content c);

/* Of "/dev/srN", or "stdio:PATH" for tests. Does not close a tray. -ENODEV when there is no such drive,
 * -EBUSY, -EINVAL for any other name, -ENOMEM. */
int disc_drive_look(const char *drive, struct disc_state *ret);
