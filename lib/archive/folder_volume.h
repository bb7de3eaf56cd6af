/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writing a volume into a folder of a removable medium. Nothing is created outside the folder, nothing in it
 * is followed that is a link, and a file has its name only when all of it is on the medium: a power cut at
 * any instant leaves whole files, one temporary file, and no bagit.txt. What is written counts only after
 * the proof.
 */

#include "archive/proof.h"

/* Into 'dirfd', which is empty or holds the same volume half written (known by the first line of its
 * bag-info.txt): that is gone on with, after reading what is there. Then archive_prove(). Returns an
 * archive_outcome, or a negative errno of this side (-ENOMEM …); 'ret' is filled in for all of them. */
int folder_volume_write(int dirfd, struct archive_volume *v, const struct archive_work *w,
                        struct archive_report *ret);
