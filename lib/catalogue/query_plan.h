/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How to find the footage of a query. SQLite without statistics cannot know that one officer has a thousand
 * rows of ten million and a bay half of them; the tallies do. Each way into the table is given an estimate
 * and an upper bound of the index entries it reads. The cheapest is tried; where its estimate rests on
 * filters being independent, it is tried within the bound of the safest way, which then takes over: no mix
 * of filters costs more than twice the safest.
 */

#include "catalogue/query_noun.h"

enum plan_access {
        ACCESS_TIME,
        ACCESS_UNIT,
        ACCESS_OFFICER,
        ACCESS_RECORDER,
        ACCESS_CLASS, /* kind, verdict, source and bay together */
        ACCESS_NAME,
        ACCESS_SIZE,
        ACCESS_ID,
        ACCESS_NAMES, /* by the ids the full text index gave */
        ACCESS_SHA256,
        ACCESS_DOCKING,
        ACCESS_CASE,
        ACCESS_ANNOTATION,
        _ACCESS_MAX,
        ACCESS_NONE = _ACCESS_MAX,
};

enum plan_number { NUMBER_UNIT, NUMBER_OFFICER, NUMBER_RECORDER, _NUMBER_MAX };

struct plan {
        struct term numbers[_NUMBER_MAX]; /* ids in place of numbers */
        struct term cases;                /* the same of case numbers: one may be in several units */
        instant_t from, to;               /* [from, to) around all time filters */
        char *prefix, *prefix_end; /* what every name begins with, and the first text after all such; NULL */
        char *names;               /* JSON array of the ids whose name may match, when they are few; NULL */
        bool windowed;             /* by the days asked for, no row lies outside of */
        int64_t first_id, last_id;
        bool empty; /* no row can match */
        enum plan_access best;
        enum plan_access safest; /* differs from best where best is to be tried within 'budget' only */
        int64_t budget;          /* index entries */
};

/* Free with plan_done(), also after a failure. */
int plan_make(struct catalogue *c, const struct query *q, struct plan *ret);
void plan_done(struct plan *p);

/* What every name of a GLOB pattern begins with: see struct plan. */
int plan_prefix(const char *pattern, struct plan *p);

/* The groups of three characters that every name of a GLOB pattern has, each in quotes as the full text
 * index takes it; at most PARTS_MAX. The caller frees each. */
#define PARTS_MAX 16
int plan_parts(const char *pattern, char *ret[PARTS_MAX], size_t *ret_n);
