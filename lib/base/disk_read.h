/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes the reading that follows come from the disk: writes back what is dirty, drops the pages, and finds
 * out whether they are gone. A descriptor opened with O_DIRECT reads from the disk by itself; where the file
 * system does not take direct reads after all, the flag is taken off again. Returns 0 and sets *ret_uncached
 * only to what is proved, or a negative errno (-EIO: what was written did not reach the disk).
 */
int disk_read_prepare(int fd, int64_t size, bool *ret_uncached);
