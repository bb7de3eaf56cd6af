/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whose footage: officer and unit at the time of recording (design, section 6). The registry is asked
 * through 'registry', so that this stays a pure rule.
 */

#include "base/clock.h"

#include <stdint.h>

/* Each gives 0 and a row id, -ENOENT when there is none, or another negative errno. */
struct owner_registry {
        int (*officer_by_number)(void *userdata, const char *number, int64_t *ret_officer);
        int (*officer_assigned)(void *userdata, int64_t recorder, instant_t at, int64_t *ret_officer);
        int (*unit_of_officer)(void *userdata, int64_t officer, instant_t at, int64_t *ret_unit);
        int (*unit_of_recorder)(void *userdata, int64_t recorder, int64_t *ret_unit);
        void *userdata;
};

enum owner_source { OWNER_NOBODY, OWNER_FROM_NAME, OWNER_FROM_DEVICE, OWNER_FROM_ASSIGNMENT };

struct owner {
        int64_t officer; /* 0 unassigned */
        int64_t unit;    /* 0 unknown */
        enum owner_source source;
        /* The name or the device says one officer, the assignment another: filed by the former, flagged. */
        int disagrees;
        /* A number was said that the registry does not know. */
        int unknown_number;
};

int owner_settle(const struct owner_registry *registry, int64_t recorder, instant_t at,
                 const char *name_officer, const char *device_officer, struct owner *ret);
