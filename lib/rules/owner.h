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

enum owner_source {
        OWNER_NOBODY,
        OWNER_FROM_NAME,
        OWNER_FROM_DEVICE,
        OWNER_FROM_ASSIGNMENT,
        OWNER_FROM_IMPORT
};

struct owner {
        int64_t officer; /* 0 unassigned */
        int64_t unit;    /* 0 unknown */
        enum owner_source source;
        /* What comes later in the order of owner_settle() says another officer: filed by what comes first,
         * flagged. */
        int disagrees;
        /* A number was said that the registry does not know. */
        int unknown_number;
};

/* Who imports says whose it is ('given_officer', 0: it was not imported); else the name, then the device,
 * then the assignment. */
int owner_settle(const struct owner_registry *registry, int64_t recorder, instant_t at,
                 int64_t given_officer, const char *name_officer, const char *device_officer,
                 struct owner *ret);
