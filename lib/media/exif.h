/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

/*
 * DateTimeOriginal, with OffsetTimeOriginal when there is one, out of the TIFF structure of an Exif segment
 * (CIPA DC-008 section 4.6). 'data' begins at the TIFF header. Returns -ENODATA when there is none, -EINVAL
 * when it is no time.
 */
int exif_time_original(const uint8_t *data, size_t size, instant_t *ret);
