/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a volume is made of: plain values that the caller took out of the catalogue. The library asks nobody
 * for more, and owns none of it: texts must outlive what is made of them.
 */

#include "base/clock.h"
#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One piece of footage. Its row says the rest: it is the one that recdockctl --json prints. */
struct archive_file {
        int64_t id;
        const char *case_number; /* NULL: of no case */
        const char *name;        /* as the recorder called it: hostile */
        int64_t size;
        struct digest_values digests;
        const char *row;          /* a JSON object in one line */
        const char *officer_name; /* whose number is in the row; NULL when nobody knows */
        const char *unit_name;    /* likewise */
};

/* One case, as the evidence description heads it. NULL where nobody has entered anything: it is printed as a
 * line to be filled in by hand. */
struct archive_case {
        const char *number;
        const char *title;
        const char *party;    /* 当事人 */
        const char *handler;  /* 承办人 */
        const char *place;    /* 取证地点 */
        const char *category; /* L1 to L4 */
};

/* What stands on the medium's label. */
struct archive_imprint {
        const char *number;  /* of the volume; becomes part of no path */
        const char *station; /* its number */
        const char *organization;
        const char *custodian;
        const char *medium;  /* such as "DVD+R"; NULL when it is not known */
        instant_t made_at;   /* kept in the catalogue: a volume that is resumed says the same */
        const char *version; /* of recdock */
        bool hash_list;      /* with a media hash list: hash_list.h */
};
