/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The duty ledger: who took which recorder, when it came back, and when all that it had recorded was
 * footage. Only so can somebody be late whose recorder is never docked. What follows from the times is for
 * rules/deadline.h to say; here they are kept.
 *
 * A recorder has at most one duty that it has not come back from. Earlier ones may still wait to be
 * offloaded.
 */

#include "catalogue/catalogue.h"

struct duty {
        int64_t id;
        int64_t recorder;
        int64_t officer;        /* 0: nobody was named */
        instant_t out_at;       /* INSTANT_NONE: nobody recorded the checkout */
        instant_t roster_end;   /* until when it is meant to last; INSTANT_NONE: not said */
        instant_t returned_at;  /* INSTANT_NONE: still out */
        int64_t return_docking; /* nobody recorded the return, this docking implied it; 0: somebody did */
        instant_t offloaded_at; /* INSTANT_NONE: something may still have to be exported */
        instant_t extended_until, extended_at; /* the longest extension, and when it was approved */
};

struct checkout {
        int64_t recorder, officer;
        instant_t at;
        instant_t roster_end;  /* INSTANT_NONE: not said */
        const char *override;  /* why it goes out though it is not ready; NULL or "": nobody said */
        const char *not_ready; /* what was not as it should be; NULL or "" */
        int64_t undocking;     /* nobody told: it was taken out of its bay at the end of this docking; 0:
                                  somebody     did */
};

/* An officer takes a recorder. "duty.checked-out" in the ledger, with all of it. CATALOGUE_CONFLICT when it
 * is out already; -EINVAL when roster_end is not after 'at'. */
int duty_check_out(struct catalogue *c, const char *actor, const struct checkout *k, int64_t *ret_id);

/*
 * Somebody says that the recorder came back at 'at': of the duty it is out on; of the last one, when only a
 * docking at 'at' or later said that it had ended; or of a duty whose checkout nobody recorded, which is
 * then made. "duty.returned" in the ledger. CATALOGUE_CONFLICT when it is back already by somebody's word
 * and waits to be offloaded, or when 'at' is before its checkout.
 */
int duty_return(struct catalogue *c, const char *actor, int64_t recorder, instant_t at, int64_t *ret_id);

/* A docking of the recorder implies that it is back. Makes a duty without a checkout when none waits, so
 * that what this docking leaves behind is waited for. Doing it again for the same docking changes nothing.
 */
int duty_dock(struct catalogue *c, const char *actor, int64_t recorder, int64_t docking, instant_t at);

/* All that was on the recorder is footage: its duties that have ended wait no more. "duty.offloaded" for
 * each in the ledger. A duty that it is still out on is not touched. */
int duty_offload(struct catalogue *c, const char *actor, int64_t recorder, int64_t docking, instant_t at);

/*
 * A duty of a table that somebody enters, past or still out: everything but 'id' and the extensions as they
 * are told. 'returned_at' may be INSTANT_NONE, then the recorder is out. "duty.entered" in the ledger. A
 * table has whole seconds, so two duties that differ by less are the same: CATALOGUE_EXISTS, and
 * CATALOGUE_CONFLICT for one that overlaps another of the recorder. CATALOGUE_ABSENT: 'return_docking' is no
 * docking of the recorder. -EINVAL when it ends before it begins, or was exported before it had ended.
 */
int duty_enter(struct catalogue *c, const char *actor, const struct duty *d, int64_t *ret_id);

struct extension {
        int64_t duty;    /* or */
        int64_t docking; /* whose footage it is for; the other one is 0 */
        instant_t until;
        char reason[32]; /* a word of extension_reason_text() */
        char approver[128];
};

/* Writes an approved extension: "deadline.extended" in the ledger, of the recorder or of the docking.
 * CATALOGUE_ABSENT: there is no such duty or docking. */
int extension_grant(struct catalogue *c, const char *actor, const struct extension *e);

/* The longest extension of a docking, and when it was approved. CATALOGUE_ABSENT when there is none. */
int extension_of_docking(struct catalogue *c, int64_t docking, instant_t *ret_until, instant_t *ret_at);

/* Looking up; no transaction needed. CATALOGUE_ABSENT when there is none.
 * duty_open(): the one the recorder is out on, else the last one that waits to be offloaded. */
int duty_open(struct catalogue *c, int64_t recorder, struct duty *ret);
/* The one that the recorder was on at 'at'. INSTANT_NONE: the one that has waited for longest, since that is
 * the earliest that something of unknown time can be due. */
int duty_covering(struct catalogue *c, int64_t recorder, instant_t at, struct duty *ret);

/* Every duty that waits, in order of recorders; the callback may not write. A non-zero return of it ends the
 * walk and is returned. */
int duty_each_waiting(struct catalogue *c, int (*on_duty)(void *userdata, const struct duty *d),
                      void *userdata);
/* Those of one recorder. */
int duty_each_waiting_of(struct catalogue *c, int64_t recorder,
                         int (*on_duty)(void *userdata, const struct duty *d), void *userdata);
