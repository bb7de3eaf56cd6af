/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside of the queries: which noun takes which filters, what a parsed filter holds, and how SQL is put
 * together. SQL is composed of the constant fragments of these tables only; every value is bound.
 */

#include "catalogue/query.h"
#include "catalogue/statement.h"
#include "catalogue/word.h"
#include "rules/continuity.h"

enum filter_type {
        FILTER_TEXT,    /* binds text, one of 'words' when there are any */
        FILTER_ID,      /* binds a positive number */
        FILTER_INSTANT, /* binds microseconds */
        FILTER_DAY,     /* binds the day's first instant and that of the next day */
        FILTER_WORDS,   /* binds a value of 'words'; a comma-separated list is so many values */
        FILTER_YES_NO,  /* binds 1 or 0 */
        FILTER_SHA256,  /* binds the lowest and the highest digest of a prefix */
        FILTER_GLOB,    /* binds a pattern of SQLite's GLOB */
        FILTER_LIMIT,
        FILTER_ORDER,
        FILTER_AFTER,
        FILTER_SPAN, /* microseconds */
};

struct filter {
        const char *key;
        const char *sql; /* the condition for one value; "?" as often as the value is bound */
        const struct words *words;
        enum filter_type type;
        bool single; /* may be given once only */
};

/* Footage filters by place in the table, for the plan. */
enum footage_filter {
        FOOTAGE_BY_UNIT,
        FOOTAGE_BY_OFFICER,
        FOOTAGE_BY_RECORDER,
        FOOTAGE_BY_KIND,
        FOOTAGE_BY_VERDICT,
        FOOTAGE_BY_SOURCE,
        FOOTAGE_BY_BAY,
        FOOTAGE_BY_NAME,
        FOOTAGE_BY_SHA256,
        FOOTAGE_BY_DOCKING,
        FOOTAGE_BY_ID,
        FOOTAGE_BY_ANNOTATED, /* the last of those whose condition stands as it is */
        FOOTAGE_BY_CASE,
        FOOTAGE_FROM,
        FOOTAGE_TO,
        FOOTAGE_ON,
        _FOOTAGE_FILTER_MAX,
};

enum query_order {
        ORDER_TIME,
        ORDER_TIME_ASC,
        ORDER_SIZE,
        ORDER_SIZE_DESC,
        ORDER_NAME,
        ORDER_ID,
        ORDER_ID_DESC,
        _ORDER_MAX
};

/* Filters of recordings and gaps by place in their tables. */
enum recording_filter {
        RECORDING_BY_RECORDER,
        RECORDING_BY_OFFICER,
        RECORDING_BY_UNIT,
        RECORDING_FROM,
        RECORDING_TO,
        _RECORDING_FILTER_MAX,
        GAP_UNEXPLAINED = _RECORDING_FILTER_MAX,
        GAP_MIN,
};

enum coverage_filter {
        COVERAGE_BY_UNIT,
        COVERAGE_BY_OFFICER,
        COVERAGE_BY_CASE,
        COVERAGE_FROM,
        COVERAGE_TO,
        COVERAGE_FEWER
};

/* Filters of retention by place in their table. */
enum retention_filter {
        RETENTION_FILTER_UNIT,
        RETENTION_FILTER_CASE,
        RETENTION_FILTER_BASIS,
        RETENTION_FILTER_HELD,
        RETENTION_FILTER_ID,
        RETENTION_FILTER_DUE,
        _RETENTION_FILTER_MAX,
};

struct query;
typedef int query_run_fn(struct catalogue *c, const struct query *q,
                         int (*on_row)(void *userdata, const char *json), void *userdata);

struct noun {
        const char *name;
        const struct filter *filters;
        size_t n_filters;
        const char *select; /* up to WHERE and a first condition */
        const char *order;
        query_run_fn *run; /* in one snapshot; NULL: the rows of 'select' in their 'order' */
        /* What is wrong with the filters together; may be NULL. */
        const char *(*check)(const struct query *q);
};

struct term_value {
        int64_t integer, end; /* number, instant, or first and end instant of a day */
        char *text;
        uint8_t low[DIGEST_SIZE], high[DIGEST_SIZE];
};

/* All values of one filter: alternatives. */
struct term {
        const struct filter *filter;
        struct term_value *values;
        size_t n;
};

struct query {
        const struct noun *noun;
        struct term *terms; /* one per filter of the noun, in its order; n is 0 where it was not given */
        instant_t now;
        struct continuity_rules continuity;
        int64_t limit; /* -1 none */
        int64_t after; /* footage id, 0 none */
        enum query_order order;
};

extern const struct noun query_nouns[];
extern const size_t query_nouns_n;

/* SQL under construction and the values that go with it. */
struct composition {
        sqlite3_str *sql;
        struct value *values;
        size_t n, allocated;
        bool failed; /* out of memory */
};

void composition_begin(struct composition *p);
void composition_done(struct composition *p);
void composition_add(struct composition *p, const char *fragment);
void composition_bind(struct composition *p, struct value v);
/* " AND (<sql> OR <sql>)" for the values of a term; nothing when it has none. */
void composition_term(struct composition *p, const struct term *t);
int composition_prepare(struct composition *p, struct catalogue *c, sqlite3_stmt **ret);

/* Reads one value of a filter into the term. -EINVAL with *ret_expected: what it should have been (a
 * constant). */
int filter_parse(const struct filter *f, const char *value, struct query *q, struct term *t,
                 const char **ret_expected);

query_run_fn query_run_footage, query_run_recording, query_run_gap, query_run_coverage, query_run_reason,
                query_run_activity, query_run_retention;
const char *query_check_coverage(const struct query *q);
