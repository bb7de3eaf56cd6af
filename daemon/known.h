/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The registry as the udev rule sees it: one empty file per registered recorder in
 * $STATE_DIRECTORY/registered, named by known_name(). The rule has to know a recorder's disk before anybody
 * mounts it, also while recdockd does not run; so the files stay, and are brought in line at every start and
 * every change of the registry. They are no evidence: the catalogue is what counts.
 */

struct station;

/* A failure is logged, and costs what it costs: a disk that is not recognised is left alone. */
void known_sync(struct station *s);
