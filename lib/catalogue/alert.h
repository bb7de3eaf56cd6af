/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Conditions somebody must look at. One row from the first time to the end of it: raised once and counted
 * after that, acknowledged at most once, told again at most once (escalated), cleared once; a cleared row
 * never changes. Acknowledging and clearing are in the ledger, whoever does it.
 */

#include "catalogue/alert_kind.h"
#include "catalogue/catalogue.h"

#define ALERT_TEXT_MAX    1024
#define ALERT_SUBJECT_MAX 256
#define ALERT_ACTOR_MAX   256

struct alert {
        int64_t id;
        char kind[64];
        enum alert_severity severity; /* of its kind */
        int priority;                 /* of syslog(3), as it was raised the last time */
        char subject[ALERT_SUBJECT_MAX];
        char text[ALERT_TEXT_MAX];
        instant_t since, last_raised;
        int64_t count;
        instant_t acknowledged_at; /* INSTANT_NONE: nobody has */
        char acknowledged_by[ALERT_ACTOR_MAX];
        char acknowledged_note[ALERT_TEXT_MAX];
        instant_t escalated_at;
        instant_t cleared_at; /* INSTANT_NONE: it is open */
        char cleared_by[ALERT_ACTOR_MAX];
        char cleared_reason[ALERT_TEXT_MAX];
};

/* What has just become of an alert: the word is what bus, journal and hooks call it. */
enum alert_state {
        ALERT_RAISED,
        ALERT_ESCALATED,
        ALERT_ACKNOWLEDGED,
        ALERT_CLEARED,
        _ALERT_STATE_MAX,
};
const char *alert_state_text(enum alert_state state);

/* kind: one of alert_kind.h (another one is a caller's mistake, and is on record all the same: a warning
 * without a text of its own in the journal catalog); subject: "recorder/1234567", "footage/17", "store".
 * *ret_raised is true when it is new, not merely counted. */
int alert_raise(struct catalogue *c, const char *kind, int priority, const char *subject, const char *text,
                bool *ret_raised);
/* The station's own clearing: the cause is gone. CATALOGUE_ABSENT when none is open. */
int alert_clear(struct catalogue *c, const char *kind, const char *subject, const char *by);

/* A person's word on one by its number. CATALOGUE_ABSENT: there is no such row; CATALOGUE_CONFLICT: it is
 * cleared, or was acknowledged before. Whether its kind may be cleared by a person is the caller's to know.
 */
int alert_acknowledge(struct catalogue *c, const char *actor, int64_t id, const char *note);
int alert_close(struct catalogue *c, const char *actor, int64_t id, const char *reason);

/* CATALOGUE_OK or CATALOGUE_ABSENT. Need no transaction. */
int alert_by_id(struct catalogue *c, int64_t id, struct alert *ret);
int alert_find_open(struct catalogue *c, const char *kind, const char *subject, struct alert *ret);

/* Marks the oldest alert as escalated that is open since 'until' or longer and that nobody has answered, and
 * gives its row. CATALOGUE_ABSENT: there is none. Each comes once. */
int alert_escalate(struct catalogue *c, instant_t until, struct alert *ret);
/* Since when the oldest one stands that could still be escalated. CATALOGUE_ABSENT: there is none. */
int alert_unanswered_since(struct catalogue *c, instant_t *ret);

/* Is one open? CATALOGUE_OK or CATALOGUE_ABSENT. */
int alert_is_open(struct catalogue *c, const char *kind, const char *subject);
/* Every open one of this kind; the callback may not write. A non-zero return of it ends the walk and is
 * returned. */
int alert_each_open(struct catalogue *c, const char *kind,
                    int (*on_alert)(void *userdata, const char *subject, instant_t since), void *userdata);
int alert_count_open(struct catalogue *c, int64_t *ret);
/* The kind of every open one on 'subject', as alert_each_open(). */
int alert_each_open_on(struct catalogue *c, const char *subject,
                       int (*on_alert)(void *userdata, const char *kind), void *userdata);
