/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * recdock-archive's way to lib/optical, which is GPL-2.0-or-later; so is whatever links this. libburn opens
 * a drive more than once, by its name: the drive cannot be opened before the process locks itself in, but
 * its node is, and nothing else can be opened then.
 */

#include "archive/volume.h"
#include "daemon/archive/archive_messages.h"

#include <stdbool.h>

/* The node of a drive as archive_lockdown() takes it, the caller's. A file that stands in for a disc is made
 * when it is to be written; -ENOENT when there is none. *ret_writable: what has to be granted; a real drive
 * takes no command otherwise. Also loads what the libraries load late. */
int archive_disc_prepare(const char *drive, bool writing, bool *ret_writable);

struct disc_coder;

/* Recovery data of a disc that is to be written. */
struct archive_codes {
        int percent; /* 0: none */
        int scratch; /* the file for the image, -EBADF */
        struct disc_coder *coder;
        int error; /* why it cannot be made, as disc_coder_new() says it */
};

/* Makes the process that will make it: before this one locks itself in, which has no way to later. */
void archive_codes_prepare(struct archive_codes *c);
void archive_codes_done(struct archive_codes *c);

/* As disc_volume_write(). Takes the scratch file. */
int archive_disc_write(const char *drive, struct archive_volume *v, const struct archive_work *work,
                       struct archive_codes *codes, struct archive_report *ret);
/* As disc_volume_verify(), of the disc of this volume: ARCHIVE_FOREIGN when another one is in the drive,
 * with its number as the path of the report; -ENOMEDIUM as its error when there is none. */
int archive_disc_verify(const char *drive, const char *number, const struct archive_work *work,
                        struct archive_report *ret);
/* Whether recovery data can be made: 0, or -ENOPKG. Before the process locks itself in. */
int archive_disc_look_for_coder(void);
/* Errors are in it; what it says of the coder stays. */
void archive_disc_look(const char *drive, struct archive_drive *ret);
