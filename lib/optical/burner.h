/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A drive while it is ours: opened by libburn, which keeps it from others meanwhile. There is one at a time
 * in a process. What libburn has to say is told and its worst error kept, since its calls return little more
 * than "failed".
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
/* Both libraries want the integer types to be there. */
#include <libburn/libburn.h>

struct burner {
        struct burn_drive_info *infos;
        struct burn_drive *drive; /* NULL when it is not ours */
        char address[PATH_MAX];   /* libburn writes to it */
        const char *file;         /* of a "stdio:" drive; NULL of a real one */
        void (*on_message)(void *userdata, const char *text);
        void *userdata;
        int error; /* the last one that a message brought, negative */
};

#define BURNER_SECTOR INT64_C(2048)

/* "/dev/srN", or "stdio:/PATH" of a regular file or a block device, which stands in for a disc in tests.
 * With 'load' a tray is closed. -EINVAL for any other name, -ENODEV when there is no such drive, -EBUSY when
 * somebody uses it. 'b' keeps nothing of the name. */
int burner_open(struct burner *b, const char *drive, bool load);
/* Gives the drive back. */
void burner_close(struct burner *b, bool eject);

/* Tells what the libraries have said since, and keeps its error. */
void burner_messages(struct burner *b);

/* Waits until the drive is idle, telling messages meanwhile. */
void burner_wait(struct burner *b);

/* Media that are written where they were written before, and are blank or not by what is on them. */
bool burner_is_overwritable(struct burner *b);
