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
        ACCESS_MATCH, /* out of the full text index, in order of ids */
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
        char *names;               /* JSON array of the ids that may match, when they are few; NULL */
        char *match;               /* what the full text index is asked for, when they are not; NULL */
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

/* Three characters that stand together in every name of a GLOB pattern. */
struct part {
        char *expression; /* in quotes, as the full text index takes it; the caller frees it */
        bool joined;      /* its first two are the last two of the part before */
};

/* At most PARTS_MAX of them. */
#define PARTS_MAX 16
int plan_parts(const char *pattern, struct part ret[PARTS_MAX], size_t *ret_n);

/* The last two characters that every name of a GLOB pattern has; false when a wild card is among them. */
#define PLAN_ENDING_SIZE (2 * 4 + 1)
bool plan_ending(const char *pattern, char ret[PLAN_ENDING_SIZE]);

/* One group, at most three characters, in quotes and each quote in it doubled: nothing of it is an operator
 * of the full text language. */
#define TOKEN_SIZE  (3 * 4 + 1)
#define QUOTED_SIZE (TOKEN_SIZE + 3 + 2)
void plan_quote(const char *token, char ret[QUOTED_SIZE]);

/* What the filters beside the name ask for, an expression of the full text index each. */
#define FACTS_MAX 8
struct facts {
        char *expressions[FACTS_MAX]; /* of sqlite3_malloc() */
        size_t n;
};

/* Adds to an empty *ret; free with facts_done(), also after -ENOMEM. */
int plan_facts(const struct query *q, const struct plan *p, struct facts *ret);
void facts_done(struct facts *f);

/* What a row of the table costs by its id, in entries of an index. */
#define LOOKUP 12.0

/* What the full text index says of a query. */
struct match {
        double share;          /* of all rows, 0..1: whose name may match */
        double rows;           /* in p->names; DBL_MAX when there is none */
        double found, entries; /* rows that p->match finds, and what reading it costs */
};

struct extent {
        double total;    /* rows */
        double numbered; /* of the rarest of one unit, officer or recorder that is asked for, else of all */
};

/* Sets p->names where few rows have the rarest parts of the name and the rarest of the facts asked for, and
 * p->empty where none has; p->match where more have. */
int plan_match(struct catalogue *c, const struct query *q, const struct extent *all, struct plan *p,
               struct match *ret);
