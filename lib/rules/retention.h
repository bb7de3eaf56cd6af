/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How long footage is kept. Art. 28 has a term for each class of premises, Art. 30 four categories that are
 * kept for ever, and by Art. 29 evidence is kept as long as the case file. Classes and categories, what they
 * are called and their terms are a profile (retention.d, see recdock-retention.conf(5)): the fire
 * regulation's is shipped, police and city units have others.
 *
 *     [Premises "public-assembly"]
 *     Chinese=公众聚集场所
 *     English=public assembly place
 *     Term=5 years
 *     [Category "L1"]
 *     Chinese=当事人有异议或者投诉、上访的
 *     English=objection, complaint or petition
 *     Term=forever
 *     [Evidence]
 *     Term=case-file
 *
 * What decides is the longest of all that apply, and what is not known is the longest that the profile has.
 * The result is a day: the first on which somebody may ask for destruction. Nothing here, and nothing that
 * is made of it, destroys anything.
 *
 * Terms are of the calendar, in the station's zone. The day on which the recording ended does not count, and
 * the last day of the term does (Civil Code, Art. 201 to 203): 2026-11-02 and two years end with 2028-11-02,
 * so that 2028-11-03 is the result; 2028-02-29 and two years end with 2030-02-28.
 *
 * Always: one more fact never makes the result earlier, except that a class that becomes known may be
 * shorter than the longest; without a profile, or with a broken one, everything is kept for ever.
 *
 * Pure: no clock, no I/O; the zone is the process's (base/clock.h).
 */

#include "base/clock.h"
#include "base/conf.h"

#include <stdbool.h>
#include <stddef.h>

#define RETENTION_NEVER    INT64_MAX /* a day_t: no day comes on which destruction may be asked for */
#define RETENTION_WORD_MAX 32        /* of a class's word, with its NUL */

/* Premises classes and categories. */
enum retention_kind { RETENTION_PREMISES, RETENTION_CATEGORY, _RETENTION_KIND_MAX };

struct retention_term {
        bool given;
        bool removed;  /* Term= is empty: the class is taken out */
        bool for_ever; /* or months and days */
        unsigned int months, days;
};

struct retention_class {
        struct retention_class *next;
        struct retention_term term;
        char *chinese, *english; /* what it is called; never NULL in rules that have been checked */
        char word[RETENTION_WORD_MAX];
};

enum retention_evidence { RETENTION_WITH_CASE_FILE, RETENTION_EVIDENCE_FOR_EVER };

/* A profile. Shared between threads once it has been checked: nobody changes it then. */
struct retention_rules {
        struct retention_class *classes[_RETENTION_KIND_MAX]; /* in the order of the files */
        enum retention_evidence evidence;
        bool broken; /* something in it could not be understood: everything is kept for ever */
        unsigned int references;
};

/* One reference, for retention_rules_unref(); no class at all. -ENOMEM. */
int retention_rules_new(struct retention_rules **ret);
/* One more; from any thread. Returns 'rules'; NULL is fine. */
struct retention_rules *retention_rules_ref(struct retention_rules *rules);
/* Frees them with the last reference; NULL is fine. */
void retention_rules_unref(struct retention_rules *rules);

/*
 * Reads a profile: the files of 'dirs' (NULL-terminated, as in conf_load(); each a retention.d folder, the
 * first has precedence). Findings go to 'report' with the file and line where there is one. Lenient: 0, and
 * rules with a finding are broken. Strict: -EINVAL when there was one.
 */
int retention_rules_load(const char *const *dirs, bool strict, conf_report_fn *report, void *userdata,
                         struct retention_rules **ret);

/* The class that 'name' means: its word, or what it is called in Chinese or English. NULL: none. The rules'
 * own. NULL rules have none. */
const struct retention_class *retention_class_find(const struct retention_rules *rules,
                                                   enum retention_kind kind, const char *name);

/* "public-assembly, high-fire-risk or other": the words of a kind, for a message. Cut when 'size' is too
 * small. Returns buf. */
char *retention_class_words(const struct retention_rules *rules, enum retention_kind kind, char *buf,
                            size_t size);

/* What is known of one footage and of its case. */
struct retention_facts {
        instant_t ended;     /* the recording's end; INSTANT_NONE unknown */
        instant_t offloaded; /* INSTANT_NONE unknown */
        bool doubtful;       /* the recording's time is in doubt (any of time_flags): the later of the two */
        const char *premises; /* word of a class; NULL or "" unknown, as is one that the profile has not */
        const char *category; /* word of a category; NULL or "" none. One that the profile has not is kept
                                 for ever */
        bool evidence;        /* it was used as evidence (Art. 29) */
        day_t file_until;     /* the last day on which the case file is kept; RETENTION_NEVER for ever or
                                 unknown. Asked for of evidence only */
        bool held;            /* somebody holds it: litigation, a complaint, a transfer */
};

enum retention_basis {
        RETENTION_BY_HOLD,
        RETENTION_BY_PROFILE, /* there is none, or it is broken */
        RETENTION_BY_CATEGORY,
        RETENTION_BY_EVIDENCE,
        RETENTION_BY_UNKNOWN, /* nobody has said what premises: the longest term of the profile */
        RETENTION_BY_PREMISES,
        _RETENTION_BASIS_MAX,
};

/* "hold", "profile", "category", "evidence", "unknown", "premises" and back (-EINVAL). */
extern const char *const retention_bases[_RETENTION_BASIS_MAX];
const char *retention_basis_text(enum retention_basis basis);
int retention_basis_from_text(const char *text, enum retention_basis *ret);

struct retention {
        day_t until; /* the first day on which destruction may be asked for, or RETENTION_NEVER */
        enum retention_basis basis; /* what decided; of two that are as long, the one named first */
        const struct retention_class *decided; /* the rules' own; NULL where no class did */
};

/* 'rules' may be NULL: for ever, by the profile. */
void retention_judge(const struct retention_rules *rules, const struct retention_facts *facts,
                     struct retention *ret);

/* Does it make the day earlier? */
bool retention_shortens(const struct retention *before, const struct retention *after);

/* False: nothing can be told by it, and everything is kept for ever. */
bool retention_rules_usable(const struct retention_rules *rules);

/*
 * May what is known of footage change from 'before' to 'after' only when somebody approves it? When that
 * makes the day earlier (holds do not count: they end), and when it leaves the long-term categories,
 * whatever the day (Art. 30). By a profile that is not usable, every change of class, category, evidence or
 * case file.
 */
bool retention_change_is_approved(const struct retention_rules *rules, const struct retention_facts *before,
                                  const struct retention_facts *after);

/* No footage is due fewer days after its recording than this, by any class: so that who looks for what is
 * due need not look at what is younger. INT64_MAX: none is due ever. */
int64_t retention_days_least(const struct retention_rules *rules);
