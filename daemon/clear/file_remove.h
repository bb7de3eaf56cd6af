/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one place of recdock that removes a file from a recorder's disk. */

#include "base/clock.h"
#include "daemon/clear/clear_messages.h"

#include <stdint.h>

/*
 * Removes the regular file 'path' below 'folder', when its size (bytes) and time of modification are the
 * given ones. No symbolic link is followed and no mount crossed. Returns enum clear_outcome, with a negative
 * errno in *ret_error for CLEAR_FAILED, else 0.
 */
enum clear_outcome file_remove(int folder, const char *path, int64_t size, instant_t time, int *ret_error);
