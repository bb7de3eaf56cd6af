// SPDX-License-Identifier: LGPL-2.1-or-later
/* See request.h. */
#include "daemon/clear/request.h"
#include "base/cleanup.h"
#include "rules/usb_kind.h"

#include <ctype.h>
#include <string.h>

#define DEVNUM_MAX    127 /* USB 2.0, 9.2.6.3: seven bits */
#define WHOLE_SECONDS 15
#define LUN_MAX       15 /* Bulk-Only Transport 1.0, 3.2 */

static bool text_ends(const char *text, size_t size)
{
        return memchr(text, '\0', size) != NULL;
}

int clear_volume_check(const struct clear_volume *v)
{
        if (!text_ends(v->port, sizeof(v->port)) || !text_ends(v->usb_serial, sizeof(v->usb_serial)) ||
            !usb_port_is_valid(v->port))
                return -EINVAL;
        if (v->devnum == 0 || v->devnum > DEVNUM_MAX || v->unit > LUN_MAX)
                return -EINVAL;
        return v->offset < 0 || v->files == 0 || v->files > CLEAR_FILES_MAX ? -EINVAL : 0;
}

static bool component_is_valid(const char *name, size_t n)
{
        return n > 0 && !(n == 1 && name[0] == '.') && !(n == 2 && name[0] == '.' && name[1] == '.');
}

static bool path_is_valid(const char *path)
{
        for (;;) {
                const char *slash = strchrnul(path, '/');

                if (!component_is_valid(path, (size_t)(slash - path)))
                        return false;
                if (*slash == '\0')
                        return true;
                path = slash + 1;
        }
}

/* What instant_parse_ptp() leaves out: ".50" behind "YYYYMMDDThhmmss". Microseconds. */
static int64_t fraction(const char *text)
{
        int64_t usec = 0, unit = USEC_PER_SEC;

        if (strlen(text) <= WHOLE_SECONDS || text[WHOLE_SECONDS] != '.')
                return 0;
        for (const char *p = text + WHOLE_SECONDS + 1; isdigit((unsigned char)*p) && unit > 1; p++) {
                unit /= 10;
                usec += unit * (*p - '0');
        }
        return usec;
}

int clear_file_check(const struct clear_file *f, instant_t *ret_time)
{
        bool zoned;

        if (!text_ends(f->path, sizeof(f->path)) || !text_ends(f->time_text, sizeof(f->time_text)))
                return -EINVAL;
        if (f->size < 0 || !path_is_valid(f->path))
                return -EINVAL;
        if (instant_parse_ptp(f->time_text, ret_time, &zoned) < 0)
                return -EINVAL;
        *ret_time += fraction(f->time_text);
        return 0;
}
