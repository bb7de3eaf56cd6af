/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The registry as the udev rule sees it: one empty file per registered recorder in
 * $STATE_DIRECTORY/registered, named by known_name(), and one per registered medium of the archive in
 * $STATE_DIRECTORY/media, named by the UUID of its file system. The rule has to know a disk before anybody
 * mounts it, also while recdockd does not run; so the files stay, and are brought in line at every start and
 * every change of the registry. They are no evidence: the catalogue is what counts.
 */

#include <stddef.h>

struct station;

/* A failure is logged, and costs what it costs: a disk that is not recognised is left alone. */
void known_sync(struct station *s);

/* These are the media, and no others. 0, -EINVAL when one of them is no UUID (then nothing has changed), or
 * another negative errno: what is plugged in then may not be recognised, and recdock-medium opens none that
 * is not there. */
int known_media_sync(const char *const *uuids, size_t n);
