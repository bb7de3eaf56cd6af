// SPDX-License-Identifier: LGPL-2.1-or-later
/* Container times to instants; see media_time.h. Local times go through the station's zone, zoned ones do
 * not. */
#include "media/media_time.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What follows the seconds: a fraction is dropped. Returns whether there is a zone, and its offset. */
static int zone_parse(const char *text, bool *ret_zoned, int *ret_offset_s)
{
        unsigned int hours, minutes;
        char sign;

        if (*text == '.')
                text += 1 + strspn(text + 1, "0123456789");
        *ret_zoned = *text != '\0';
        *ret_offset_s = 0;
        if (*text == '\0' || strcmp(text, "Z") == 0)
                return 0;
        if (sscanf(text, "%c%2u:%2u", &sign, &hours, &minutes) != 3 &&
            sscanf(text, "%c%2u%2u", &sign, &hours, &minutes) != 3)
                return -EINVAL;
        if ((sign != '+' && sign != '-') || hours > 14 || minutes > 59)
                return -EINVAL;
        *ret_offset_s = (int)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
        return 0;
}

int media_time_parse(const char *text, instant_t *ret)
{
        struct tm tm = {0};
        char separator, t;
        int used = 0, offset_s, r;
        bool zoned;
        instant_t local;

        if (sscanf(text, "%4d%c%2d%*1[:-]%2d%c%2d:%2d:%2d%n", &tm.tm_year, &separator, &tm.tm_mon,
                   &tm.tm_mday, &t, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 8)
                return -EINVAL;
        if ((separator != '-' && separator != ':') || (t != 'T' && t != ' '))
                return -EINVAL;
        r = zone_parse(text + used, &zoned, &offset_s);
        if (r < 0)
                return r;
        /* Checks the ranges of the fields as well. */
        r = instant_from_local(tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, &local);
        if (r < 0)
                return r;
        if (!zoned) {
                *ret = local;
                return 0;
        }
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        *ret = ((instant_t)timegm(&tm) - offset_s) * USEC_PER_SEC;
        return 0;
}
