/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives the calling thread the lowest claim on the disks that there is: whatever else wants them goes first.
 * Returns 0 or a negative errno, which is no reason to do without the work. */
int disk_yield(void);
