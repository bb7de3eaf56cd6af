/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which optical drives have a disc in them, by udev (watch.h), for whoever burns discs. What is told is that
 * somebody has put one in, and not every event of a drive: looking at a disc has drives send some.
 */

#include "daemon/station.h"

/* Drives without a node are gone, and so are the discs in them. */
void discs_reconcile(struct station *s);
void discs_free(struct station *s);
