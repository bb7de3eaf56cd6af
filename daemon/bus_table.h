/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables that EnterTable() takes: their columns, and what one line of each means to the registry. */

#include "daemon/bus_registry.h"

enum { TABLE_COLUMNS_MAX = 17 };

enum line_outcome { LINE_ENTERED, LINE_UNCHANGED };

/* 'values' in the order of the noun's columns, printable, "" for those that the table does not have. Returns
 * a line_outcome, or negative, with the call's error set for what the line is refused for. */
typedef int line_enter_fn(struct registry_call *call, const char *const *values);

#define TABLE_REQUIRED(column) (1U << (column))

/* How a table is to be entered; not every noun knows them. */
enum table_option {
        TABLE_UPDATE = 1 << 0,         /* what stands otherwise is changed */
        TABLE_ALSO_ELSEWHERE = 1 << 1, /* a number that another unit has is no mistake */
};

struct table_noun {
        const char *word;
        const char *columns[TABLE_COLUMNS_MAX];
        unsigned int required; /* TABLE_REQUIRED() for each column that has to be there */
        unsigned int serials;  /* the same for those that name a device */
        bool duties;           /* a line is a duty */
        line_enter_fn *enter;
        unsigned int options;   /* those it knows */
        unsigned int text_size; /* of its longest text, 0: REGISTRY_TEXT_MAX */
};

/* bus_table_case.c */
extern const struct table_noun case_table;

/* NULL when there is no such table. */
const struct table_noun *table_noun_by_word(const char *word);
