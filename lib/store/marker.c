// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Markers of folders. An unmounted disk leaves an empty folder at its mount point; the marker is how that is
 * told from a store, so that footage never lands on the system disk unseen, and how a disk of another
 * station is recognised.
 */
#include "store/marker.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/durable.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>
#include <sys/random.h>

enum { MARKER_VERSION = 1 };

const struct marker_kind marker_of_store = {
                ".recdock-store",
                "Store",
                "This folder is the evidence store of a recdock station. Without this file nothing is "
                "stored "
                "here.",
};

struct marker {
        unsigned int version;
        char *station;
        char *uuid;
        char *created_at;
};

static void marker_done(struct marker *m)
{
        free(m->station);
        free(m->uuid);
        free(m->created_at);
}

/* A random UUID (RFC 9562 section 5.4). */
static int uuid_new(char ret[MARKER_UUID_SIZE])
{
        uint8_t b[16];
        char hex[33];

        if (getrandom(b, sizeof(b), 0) != sizeof(b))
                return -EIO;
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        (void)text_hex(b, sizeof(b), hex);
        (void)snprintf(ret, MARKER_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                       hex + 20);
        return 0;
}

/* What the INI form gives back as it was. */
static bool station_writable(const char *station)
{
        size_t n = strlen(station);

        if (n == 0 || n > 255 || station[0] == ' ' || station[n - 1] == ' ' || station[n - 1] == '\\')
                return false;
        for (const char *p = station; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return false;
        return text_utf8_valid(station);
}

int marker_write(int root, const struct marker_kind *kind, const char *station,
                 char ret_uuid[MARKER_UUID_SIZE])
{
        char uuid[MARKER_UUID_SIZE], when[INSTANT_TEXT_MAX];
        _cleanup_free_ char *text = NULL;
        int r, n;

        if (!station_writable(station))
                return -EINVAL;
        r = uuid_new(uuid);
        if (r < 0)
                return r;
        n = asprintf(&text, "# %s\n[%s]\nVersion=%d\nStation=%s\nUUID=%s\nCreatedAt=%s\n", kind->comment,
                     kind->section, MARKER_VERSION, station, uuid, instant_format(clock_now(), when));
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        r = durable_replace(root, kind->name, text, (size_t)n, 0440);
        if (r >= 0 && ret_uuid)
                memcpy(ret_uuid, uuid, sizeof(uuid));
        return r;
}

static int marker_judge(const struct marker *m, const char *station, char ret_uuid[MARKER_UUID_SIZE])
{
        if (m->version > MARKER_VERSION)
                return -EPROTONOSUPPORT;
        if (m->version == 0 || !m->station || !m->uuid)
                return -EBADMSG;
        if (strcmp(m->station, station) != 0)
                return MARKER_OTHER;
        if (ret_uuid && !text_copy(ret_uuid, MARKER_UUID_SIZE, m->uuid))
                return -EBADMSG;
        return MARKER_OURS;
}

int marker_check(const char *root, const struct marker_kind *kind, const char *station,
                 char ret_uuid[MARKER_UUID_SIZE])
{
        const struct conf_key keys[] = {
                        {kind->section, "Version", conf_parse_unsigned, offsetof(struct marker, version)},
                        {kind->section, "Station", conf_parse_string, offsetof(struct marker, station)},
                        {kind->section, "UUID", conf_parse_string, offsetof(struct marker, uuid)},
                        {kind->section, "CreatedAt", conf_parse_string, offsetof(struct marker, created_at)},
        };
        const struct conf_loader loader = {.keys = keys, .n_keys = ELEMENTSOF(keys)};
        _cleanup_(marker_done) struct marker m = {0};
        char path[PATH_MAX];
        int r;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", root, kind->name) >= sizeof(path))
                return -ENAMETOOLONG;
        r = conf_load(&loader, path, true, NULL, &m);
        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? MARKER_ABSENT : r;
        return marker_judge(&m, station, ret_uuid);
}
