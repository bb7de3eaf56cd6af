/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a block device holds, by libblkid's own look at it: udev's database is what was there when it looked,
 * and what could be changed since. */

#include "daemon/medium/medium_messages.h"

#include <stdbool.h>

struct medium_content {
        bool anything;              /* a file system, a partition table, or whatever else libblkid knows */
        char uuid[MEDIUM_UUID_MAX]; /* of the file system, "" none */
        char type[MEDIUM_TYPE_MAX]; /* "" none that is certain */
        char table_uuid[MEDIUM_UUID_MAX], table_type[MEDIUM_TYPE_MAX];
};

/* 'fd' is a block device, or an image of one. 0, or a negative errno when it cannot be read: then nothing is
 * known of it. */
int medium_content_look(int fd, struct medium_content *ret);

/* Takes every sign of a file system and of partitions from it, of which there may be several, so that none
 * of them is found beside what is made there next. 'fd' is open for writing. */
int medium_content_wipe(int fd);
