/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Recording times as containers write them. */

#include "base/clock.h"

/*
 * "2026-11-01T08:00:00.000000Z", the same with "+0800" or "+08:00", "2026-11-01 08:00:00" (AVI's IDIT as
 * libavformat gives it) and "2026:11:01 08:00:00" (Exif). Without a zone it is local time of the station's
 * zone. Returns -EINVAL for anything else; an impossible year is not judged here.
 */
int media_time_parse(const char *text, instant_t *ret);
