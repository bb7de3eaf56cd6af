// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_registry.h. */
#include "daemon/medium/medium_registry.h"
#include "base/cleanup.h"
#include "rules/usb_kind.h"

#include <limits.h>

static int is_there(const char *folder, const char *name)
{
        const char *state = getenv("STATE_DIRECTORY");
        char path[PATH_MAX];

        if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", state ? state : RECDOCK_STATEDIR, folder,
                             name) >= sizeof(path))
                return -ENAMETOOLONG;
        if (access(path, F_OK) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

int medium_registry_has(const char *uuid)
{
        return is_there(KNOWN_MEDIA, uuid);
}

int medium_registry_has_recorder(uint16_t vendor_id, uint16_t product_id, const char *serial)
{
        char name[KNOWN_NAME_MAX];
        int r = known_name(vendor_id, product_id, serial, name) ? is_there(KNOWN_RECORDERS, name) : 0;

        if (r != 0)
                return r;
        return known_name(0, 0, serial, name) ? is_there(KNOWN_RECORDERS, name) : 0;
}
