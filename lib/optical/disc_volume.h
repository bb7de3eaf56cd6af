/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Writing a volume to an optical disc, and proving one. A volume is burnt in one session, which is closed;
 * then the drive is opened anew and every byte read back from the medium: each file against its digest, and
 * what surrounds the files against what was sent to the drive. Nothing else ends in ARCHIVE_DONE.
 *
 * A disc cannot be gone on with: whatever ends the work in between spoils a disc that is written once. So
 * everything that can be known before is asked before: the disc, the room on it, each source and its size.
 *
 * This library is GPL-2.0-or-later, as libburn and libisofs are. One drive is open at a time in a process.
 */

#include "archive/proof.h"
#include "optical/disc_coder.h"

struct disc_options {
        int speed;      /* kB/s; 0: as fast as drive and disc want */
        bool eject;     /* the tray goes out and in before reading back: for drives that can close it */
        bool overwrite; /* an overwritable disc may hold another volume of ours */
        int recovery;   /* percent of recovery data (RS02 of dvdisaster) behind the image, within the limits
                           of archive/pack.h; 0: none, and both that follow are not looked at */
        int scratch;    /* an empty file with room for image and codes, open for both: taken, and closed
                           when the disc is burnt */
        struct disc_coder *coder;
        void (*on_message)(void *userdata, const char *text); /* of the drive; NULL: to nobody */
        void *userdata;
};

/* 'drive' as disc_drive.h has it. 'ret' is filled in for all outcomes:
 *   ARCHIVE_DONE              burnt, closed, read back, proved
 *   ARCHIVE_FOREIGN           not blank, and not this volume on an overwritable disc: nothing was written
 *   ARCHIVE_FULL              it does not fit: nothing was written, or a file that stands in has no room
 *   ARCHIVE_SOURCE_UNREADABLE, ARCHIVE_SOURCE_DIFFERS
 *                             found before writing (by size) or while writing: then the disc is spoilt
 *   ARCHIVE_MEDIUM_FAILED     no disc, or it was not written or closed, or does not come back
 *   ARCHIVE_NOT_PROVED        burnt, but it does not read as it must
 *   ARCHIVE_CANCELLED         by on_progress, whose bytes are those of the image
 * or a negative errno: -EINVAL and -ENODEV for the drive's name, -EBUSY, -ENOMEM; with recovery data what
 * disc_stage_make() says; then nothing was written. */
int disc_volume_write(const char *drive, struct archive_volume *v, const struct archive_work *w,
                      const struct disc_options *o, struct archive_report *ret);

/* Of any disc, by its own manifests: as archive_verify(). ARCHIVE_NO_VOLUME for a disc without them,
 * ARCHIVE_MEDIUM_FAILED for none at all or one whose directories cannot be read. */
int disc_volume_verify(const char *drive, const struct archive_work *w, struct archive_report *ret);
