// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_time.h. */
#include "recorder/ums/volume_time.h"

#include <stdio.h>
#include <stdlib.h>

#define OFFSET_VALID   0x80
#define QUARTERS_MOST  60 /* 15 hours; no zone is further from Greenwich */
#define HUNDREDTHS_END 200

static void zone_text(uint8_t utc_offset, char ret[8])
{
        int quarters = utc_offset & 0x7f;

        ret[0] = '\0';
        if (quarters > 63)
                quarters -= 128; /* seven bits, two's complement */
        if (!(utc_offset & OFFSET_VALID) || abs(quarters) > QUARTERS_MOST)
                return;
        (void)snprintf(ret, 8, "%c%02d%02d", quarters < 0 ? '-' : '+', abs(quarters) / 4,
                       abs(quarters) % 4 * 15);
}

void volume_time_text(uint16_t date, uint16_t time, int hundredths, uint8_t utc_offset, char *ret)
{
        char fraction[8] = "", zone[8];
        int seconds = (time & 0x1f) * 2;

        ret[0] = '\0';
        if (date == 0)
                return;
        if (hundredths >= 0 && hundredths < HUNDREDTHS_END) {
                seconds += hundredths / 100;
                (void)snprintf(fraction, sizeof(fraction), ".%02d", hundredths % 100);
        }
        zone_text(utc_offset, zone);
        (void)snprintf(ret, RECORDER_TIME_MAX, "%04d%02d%02dT%02d%02d%02d%s%s", 1980 + (date >> 9),
                       date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, seconds, fraction, zone);
}
