/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Cases (案件): what footage is evidence of, or may become it. A case is known by its number within its
 * unit; 'case' is a word of C and of SQL, hence the name here. Nothing of a case is ever lost: each change
 * of a field, and each footage that comes or goes, is a row of its history and an entry of the ledger, in
 * the transaction of the change.
 *
 * Here facts are stored. How long they make footage live is for the rules to say.
 */

#include "catalogue/catalogue.h"
#include "catalogue/registry.h"

#define CASE_TEXT_MAX 256
#define CASE_WORD_MAX 32

struct case_file {
        int64_t id;
        char number[REGISTRY_TEXT_MAX];             /* 案号 */
        int64_t unit;                               /* never 0 */
        char supervision_number[REGISTRY_TEXT_MAX]; /* 监督管理系统编号; texts are "" when unknown */
        char file_number[REGISTRY_TEXT_MAX];        /* 案卷号 */
        char party[CASE_TEXT_MAX];                  /* 当事人 */
        char handler[REGISTRY_TEXT_MAX];            /* 承办人 */
        char activity[CASE_WORD_MAX];               /* of activity_words */
        char premises[CASE_TEXT_MAX];
        char premises_class[CASE_WORD_MAX];
        char long_term[CASE_WORD_MAX]; /* L1 … L4 */
        char secrecy[CASE_WORD_MAX];   /* of secrecy_words */
        bool evidence;                 /* Art. 29 */
        instant_t from, to;            /* of the activity: arrival and leaving; INSTANT_NONE unknown */
        instant_t opened_at;
        instant_t closed_at;  /* INSTANT_NONE: open */
        instant_t file_until; /* first instant after the last day the case file is kept; INSTANT_NONE unknown
                               */
};

/* What may change of a case, in the order people are shown it. */
enum case_field {
        CASE_SUPERVISION_NUMBER,
        CASE_FILE_NUMBER,
        CASE_PARTY,
        CASE_HANDLER,
        CASE_ACTIVITY,
        CASE_PREMISES,
        CASE_PREMISES_CLASS,
        CASE_LONG_TERM,
        CASE_SECRECY,
        CASE_EVIDENCE,
        CASE_FROM,
        CASE_TO,
        CASE_CLOSED,
        CASE_FILE_UNTIL,
        _CASE_FIELD_MAX,
};

/* "supervision_number": the word of the field in rows, calls and tables. */
const char *case_field_name(enum case_field field);
/* -EINVAL for any other word. */
int case_field_by_name(const char *name, enum case_field *ret);
/* Have they the same value there? */
bool case_field_same(const struct case_file *a, const struct case_file *b, enum case_field field);

/* Who does it; approver and reason "" where nobody said. */
struct case_act {
        const char *actor, *approver, *reason;
};

/* CATALOGUE_EXISTS: the unit has a case of this number. CATALOGUE_CONFLICT: another unit has, and
 * 'also_elsewhere' was not said. "case.opened" in the ledger. */
int case_open(struct catalogue *c, const struct case_act *act, const struct case_file *f,
              bool also_elsewhere, int64_t *ret_id);

/* Makes the case f->id what 'f' says; number, unit and opened_at are left alone. *ret_changes is in how many
 * fields it differed; with 0 nothing is written. "case.changed", "case.closed" or "case.reopened" in the
 * ledger. CATALOGUE_ABSENT. */
int case_set(struct catalogue *c, const struct case_act *act, const struct case_file *f,
             size_t *ret_changes);

/* Need no transaction. */
int case_by_id(struct catalogue *c, int64_t id, struct case_file *ret);
/* 'unit' 0: whichever. CATALOGUE_ABSENT; CATALOGUE_CONFLICT when several units have one. */
int case_by_number(struct catalogue *c, const char *number, int64_t unit, struct case_file *ret);
/* The numbers of the units that have a case of this number, in order, as "U1, U2"; what does not fit is left
 * out. */
int case_units(struct catalogue *c, const char *number, char *ret, size_t size);

/* What became of the footage of one act. */
struct case_tagging {
        size_t tagged;  /* are in the case now, and were not */
        size_t already; /* were in it before */
        size_t moved;   /* of the tagged, came out of another case */
        /* when refused: the first of them, the case it is in (0 none), and how many there are */
        int64_t footage, other;
        size_t n_refused;
};

/* Puts footage into a case: all of it or, when the outcome is not CATALOGUE_OK, none. CATALOGUE_ABSENT:
 * there is no such footage (ret->footage). CATALOGUE_CONFLICT: some is in another case, and 'move' was not
 * said. "footage.tagged" of each in the ledger. */
int case_tag(struct catalogue *c, const struct case_act *act, int64_t id, const int64_t *footage, size_t n,
             bool move, struct case_tagging *ret);
/* Takes it out. CATALOGUE_CONFLICT: some is not in this case. "footage.untagged". */
int case_untag(struct catalogue *c, const struct case_act *act, int64_t id, const int64_t *footage, size_t n,
               struct case_tagging *ret);
