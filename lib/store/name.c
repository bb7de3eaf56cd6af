// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Composing the names of footage. Every component comes from outside (a registry, a device, a file name), so
 * each is made one harmless path component: it cannot climb, hide, break a terminal or outgrow what any file
 * system takes.
 */
#include "store/store.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
        COMPONENT_MAX = 200, /* bytes; file systems take 255, an archive may want to add to a name */
        EXTENSION_MAX = 16,  /* with its dot; what is longer is no extension */
};

/* C0, DEL, or C1 in its two-byte form. */
static bool is_control(const char *p, size_t n)
{
        const unsigned char *u = (const unsigned char *)p;

        return (n == 1 && (u[0] < 0x20 || u[0] == 0x7f)) || (n == 2 && u[0] == 0xc2 && u[1] < 0xa0);
}

/* Copies whole characters of the 'n' bytes at 'from' into at most 'max' bytes, the harmful ones as '_'.
 * Returns bytes written. */
static size_t copy_safe(char *to, size_t max, const char *from, size_t n)
{
        const char *end = from + n;
        size_t used = 0;

        while (from < end) {
                size_t length = text_utf8_sequence(from);
                bool safe = length > 0 && from + length <= end && *from != '/' && !is_control(from, length);
                size_t out = safe ? length : 1;

                if (used + out > max)
                        break;
                if (safe)
                        memcpy(to + used, from, length);
                else
                        to[used] = '_';
                used += out;
                from += length > 0 && from + length <= end ? length : 1;
        }
        to[used] = '\0';
        return used;
}

/* "." in front hides a file or climbs; dots and spaces at the end are dropped by other systems, which would
 * make two names one. */
static void blunt_ends(char *component)
{
        if (component[0] == '.')
                component[0] = '_';
        for (size_t n = strlen(component); n > 0 && (component[n - 1] == '.' || component[n - 1] == ' ');
             n--)
                component[n - 1] = '_';
}

static void component_make(const char *text, char ret[COMPONENT_MAX + 1])
{
        if (!text || text[0] == '\0')
                text = "unassigned";
        (void)copy_safe(ret, COMPONENT_MAX, text, strlen(text));
        blunt_ends(ret);
}

/* Where the extension of 'name' begins, its end when it has none. */
static const char *extension_find(const char *name)
{
        const char *dot = strrchr(name, '.');
        size_t n = dot ? strlen(dot) : 0;

        return dot && dot != name && n > 1 && n <= EXTENSION_MAX ? dot : name + strlen(name);
}

static void name_make(const char *name, unsigned int attempt, char ret[COMPONENT_MAX + 1])
{
        char stem[COMPONENT_MAX + 1], extension[EXTENSION_MAX + 1], mark[16] = "";
        const char *dot;

        if (!name || name[0] == '\0')
                name = "unassigned";
        dot = extension_find(name);
        (void)copy_safe(extension, EXTENSION_MAX, dot, strlen(dot));
        if (attempt > 0)
                (void)snprintf(mark, sizeof(mark), "~%u", attempt);
        (void)copy_safe(stem, COMPONENT_MAX - strlen(extension) - strlen(mark), name, (size_t)(dot - name));
        (void)snprintf(ret, COMPONENT_MAX + 1, "%s%s%s", stem, mark, extension);
        blunt_ends(ret);
}

/* The local date, since that is the day people will look under. */
static void date_make(instant_t started, char ret[32])
{
        int64_t seconds = started / USEC_PER_SEC - (started % USEC_PER_SEC < 0);
        time_t t = (time_t)seconds;
        struct tm tm;

        if (started == INSTANT_NONE || !localtime_r(&t, &tm) || strftime(ret, 32, "%Y-%m-%d", &tm) == 0)
                (void)snprintf(ret, 32, "undated");
}

int store_compose_path(const char *unit, const char *recorder, const char *officer, instant_t started,
                       const char *name, unsigned int attempt, char ret[STORE_PATH_MAX])
{
        char u[COMPONENT_MAX + 1], r[COMPONENT_MAX + 1], o[COMPONENT_MAX + 1], n[COMPONENT_MAX + 1],
                        date[32];
        char path[STORE_PATH_MAX];

        component_make(unit, u);
        component_make(recorder, r);
        component_make(officer, o);
        date_make(started, date);
        name_make(name, attempt, n);
        if ((size_t)snprintf(path, sizeof(path), "store/%s/%s/%s/%s/%s", u, r, o, date, n) >= sizeof(path))
                return -ENAMETOOLONG;
        memcpy(ret, path, sizeof(path));
        return 0;
}
