// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whose footage. Who brings it in by hand knows whose it is. Else what the recording itself says goes
 * before who was meant to wear the recorder, since recorders are swapped; a contradiction is flagged, not
 * resolved. A number of zeros only is a recorder's factory setting and says nothing.
 */
#include "rules/owner.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_said(const char *number)
{
        return number && number[strspn(number, "0")] != '\0';
}

/* Looks 'number' up. Returns 1 when found, 0 when nothing was said or the registry does not know it (then
 * flagged). */
static int officer_from_number(const struct owner_registry *registry, const char *number, struct owner *o)
{
        int r;

        if (!is_said(number))
                return 0;
        r = registry->officer_by_number(registry->userdata, number, &o->officer);
        if (r == -ENOENT) {
                o->officer = 0;
                o->unknown_number = 1;
                return 0;
        }
        return r < 0 ? r : 1;
}

/* The officer to whom the recorder was assigned at that time, 0 none. */
static int officer_from_assignment(const struct owner_registry *registry, int64_t recorder, instant_t at,
                                   int64_t *ret)
{
        int r;

        *ret = 0;
        if (recorder <= 0 || at == INSTANT_NONE)
                return 0;
        r = registry->officer_assigned(registry->userdata, recorder, at, ret);
        if (r == -ENOENT)
                *ret = 0;
        return r == -ENOENT ? 0 : r;
}

/* A person has looked and says whose it is: that counts, and what contradicts it is flagged. */
static void officer_give(int64_t given, struct owner *o, int64_t assigned)
{
        o->disagrees = (o->source != OWNER_NOBODY && o->officer != given) ||
                       (assigned != 0 && assigned != given);
        o->officer = given;
        o->source = OWNER_FROM_IMPORT;
}

static int officer_settle(const struct owner_registry *registry, int64_t recorder, instant_t at,
                          int64_t given, const char *name_officer, const char *device_officer,
                          struct owner *o)
{
        int64_t assigned;
        int r = officer_from_number(registry, name_officer, o);

        if (r > 0)
                o->source = OWNER_FROM_NAME;
        if (r == 0) {
                r = officer_from_number(registry, device_officer, o);
                if (r > 0)
                        o->source = OWNER_FROM_DEVICE;
        }
        if (r >= 0)
                r = officer_from_assignment(registry, recorder, at, &assigned);
        if (r < 0)
                return r;
        if (given > 0) {
                officer_give(given, o, assigned);
        } else if (o->source != OWNER_NOBODY) {
                o->disagrees = assigned != 0 && assigned != o->officer;
        } else if (assigned != 0) {
                o->officer = assigned;
                o->source = OWNER_FROM_ASSIGNMENT;
        }
        return 0;
}

static int unit_settle(const struct owner_registry *registry, int64_t recorder, instant_t at,
                       struct owner *o)
{
        int r = -ENOENT;

        if (o->officer != 0)
                r = registry->unit_of_officer(registry->userdata, o->officer, at, &o->unit);
        if (r == -ENOENT && recorder > 0)
                r = registry->unit_of_recorder(registry->userdata, recorder, &o->unit);
        if (r == -ENOENT)
                o->unit = 0;
        return r == -ENOENT ? 0 : r;
}

int owner_settle(const struct owner_registry *registry, int64_t recorder, instant_t at,
                 int64_t given_officer, const char *name_officer, const char *device_officer,
                 struct owner *ret)
{
        struct owner o = {.source = OWNER_NOBODY};
        int r = officer_settle(registry, recorder, at, given_officer, name_officer, device_officer, &o);

        if (r >= 0)
                r = unit_settle(registry, recorder, at, &o);
        if (r < 0)
                return r;
        *ret = o;
        return 0;
}
