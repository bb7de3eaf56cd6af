/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Removing footage's files from a recorder, as the ledger has it: what is asked for is on record before the
 * recorder hears of it ("item.removal-asked"), and what came of it after
 * ("item.removed-from-recorder"). Each of the first is followed by one of the second, at the latest when
 * recdockd starts again.
 */

#include "catalogue/catalogue.h"

#define REMOVAL_UNKNOWN "unknown" /* nobody can say whether the file is gone */

int removal_ask(struct catalogue *c, const char *actor, int64_t docking, int64_t item, int64_t footage);
/* 'outcome' is a word: "ok", or what kept it. */
int removal_end(struct catalogue *c, const char *actor, int64_t docking, int64_t item, const char *outcome);
/* Ends as REMOVAL_UNKNOWN what dockings that are not in an end state have asked for. Returns how many in
 * *ret. For a start, before docking_close_open(). */
int removal_end_open(struct catalogue *c, const char *actor, int64_t *ret);
