/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Sending an image to a drive: one track, one session, closed. */

#include "optical/disc_image.h"

/* Returns an archive_outcome or a negative errno of this side; error and path into 'ret'. With ARCHIVE_DONE
 * the drive has said that all of the image is written and the disc is closed; that is no proof. */
int disc_burn(struct burner *b, struct disc_image *image, const struct archive_work *work, int speed,
              struct archive_report *ret);
