// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_request.h. */
#include "daemon/medium/medium_request.h"
#include "base/cleanup.h"
#include "rules/usb_kind.h"

#include <ctype.h>
#include <string.h>

static bool text_ends(const char *text, size_t size)
{
        return memchr(text, '\0', size) != NULL;
}

/* In the "C" locale, which these programs are in. */
static bool text_has_only(const char *text, const char *besides)
{
        for (const char *p = text; *p; p++)
                if (!isalnum((unsigned char)*p) && !strchr(besides, *p))
                        return false;
        return true;
}

bool medium_uuid_is_valid(const char *uuid)
{
        return uuid[0] != '\0' && strlen(uuid) < MEDIUM_UUID_MAX && text_has_only(uuid, "-") &&
               isalnum((unsigned char)uuid[0]);
}

static bool place_is_valid(const struct medium_place *p)
{
        return text_ends(p->port, sizeof(p->port)) && (p->port[0] == '\0' || usb_port_is_valid(p->port));
}

int medium_open_check(const struct medium_open *m)
{
        return text_ends(m->uuid, sizeof(m->uuid)) && medium_uuid_is_valid(m->uuid) &&
                                               place_is_valid(&m->place)
                               ? 0
                               : -EINVAL;
}

int medium_init_check(const struct medium_init *m)
{
        bool somewhere = m->place.port[0] || m->place.major || m->place.minor;

        if (!place_is_valid(&m->place) || !somewhere)
                return -EINVAL;
        if (m->format != MEDIUM_EXT4 && m->format != MEDIUM_EXFAT)
                return -EINVAL;
        if (!text_ends(m->label, sizeof(m->label)) || !text_ends(m->force, sizeof(m->force)))
                return -EINVAL;
        return isalnum((unsigned char)m->label[0]) && text_has_only(m->label, "._-") ? 0 : -EINVAL;
}
