/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a driver makes of usb_device_open() that failed. */

/* The outcome for usb_outcome or negative errno 'r' of opening 'node'. When somebody else holds it,
 * ret_holder (RECORDER_HOLDER_MAX bytes, may be NULL) has who, or "". Reads /proc: before a sandbox. */
int recorder_open_outcome(int r, const char *node, char *ret_holder);
