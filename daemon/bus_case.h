/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the methods of cases and their table share: values of fields as people type them. Each function sets
 * 'error' and returns negative for what it refuses. */

#include "catalogue/case_file.h"
#include "catalogue/retention.h"
#include "daemon/bus_registry.h"

/* A case of which nothing is known. */
#define CASE_UNKNOWN                                   \
        ((struct case_file){.secrecy = "none",         \
                            .from = INSTANT_NONE,      \
                            .to = INSTANT_NONE,        \
                            .closed_at = INSTANT_NONE, \
                            .file_until = INSTANT_NONE})

/* Puts 'value', which may not be empty, into a field. A class or category may be what the profile's 'rules'
 * call it; without a usable profile it is any word. */
int case_field_take(struct case_file *f, enum case_field field, const char *value,
                    const struct retention_rules *rules, sd_bus_error *error);
/* Makes a field unknown again. */
void case_field_clear(struct case_file *f, enum case_field field);
/* Do its times fit each other? */
int case_times_check(const struct case_file *f, sd_bus_error *error);
/* What takes footage out of long-term keeping or lets it go earlier needs a reason and an approver (R-28-21,
 * R-30-6). */
int case_approval_check(const struct case_file *old, const struct case_file *new, const struct case_act *act,
                        sd_bus_error *error);

/* bus_case_retention.c: the same of the footage itself, by the rules: of a case that would be as in 'new',
 * and of footage that would go into another one. */
int case_shortening_check(struct catalogue *c, const struct case_file *new, const struct case_act *act,
                          sd_bus_error *error);
int tag_shortening_check(struct catalogue *c, const struct case_file *to, const int64_t *footage, size_t n,
                         const struct case_act *act, sd_bus_error *error);

/* The case of this number: of the unit with 'unit', or of the only one that has it when that is "". A
 * refusal names the units. */
int case_require(struct catalogue *c, const char *number, const char *unit, struct case_file *ret,
                 sd_bus_error *error);
/* An outcome of case_open() other than CATALOGUE_OK in words. */
int case_open_refuse(struct catalogue *c, int r, const struct case_file *f, const char *unit,
                     sd_bus_error *error);
