/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Units, officers, recorders, and who had which recorder when. */

#include "catalogue/catalogue.h"

#define REGISTRY_TEXT_MAX 128

struct unit {
        int64_t id;
        char number[REGISTRY_TEXT_MAX];
        char name[REGISTRY_TEXT_MAX];
        int64_t parent; /* unit above it, 0 none */
};

struct officer {
        int64_t id;
        char number[REGISTRY_TEXT_MAX]; /* user number, 6 characters in GA/T 947 */
        char name[REGISTRY_TEXT_MAX];
        int64_t unit; /* today's; the history is kept by officer_move() */
};

struct recorder_row {
        int64_t id;
        char number[REGISTRY_TEXT_MAX];     /* recorder number, as on its label */
        char usb_serial[REGISTRY_TEXT_MAX]; /* iSerial of the USB device, "" unknown */
        char serial[REGISTRY_TEXT_MAX];     /* what the device says (MTP serial), "" unknown */
        char model[REGISTRY_TEXT_MAX];
        uint16_t vendor_id, product_id;
        int64_t unit; /* 0 none */
        instant_t registered_at;
        instant_t retired_at; /* INSTANT_NONE: in service */
};

/* Adding: CATALOGUE_EXISTS when the number is taken. *ret_id on success. */
int unit_add(struct catalogue *c, const char *actor, const struct unit *u, int64_t *ret_id);
int officer_add(struct catalogue *c, const char *actor, const struct officer *o, int64_t *ret_id);
int recorder_register(struct catalogue *c, const char *actor, const struct recorder_row *r, int64_t *ret_id);
int recorder_retire(struct catalogue *c, const char *actor, int64_t id, const char *reason);
/* Puts a retired one back, or changes serials/model/unit of one in service. */
int recorder_update(struct catalogue *c, const char *actor, const struct recorder_row *r);
/* From 'since' the officer is in 'unit'; earlier history stays. */
int officer_move(struct catalogue *c, const char *actor, int64_t officer, int64_t unit, instant_t since);
/* recorder ↔ officer over [from, until); until INSTANT_NONE: open. An open assignment that starts earlier is
 * ended at 'from'. Any other overlap is CATALOGUE_CONFLICT. officer 0 only ends the open one. */
int recorder_assign(struct catalogue *c, const char *actor, int64_t recorder, int64_t officer,
                    instant_t from, instant_t until);

/* Looking up: CATALOGUE_ABSENT when there is none. No transaction needed. */
int unit_by_number(struct catalogue *c, const char *number, struct unit *ret);
int unit_by_id(struct catalogue *c, int64_t id, struct unit *ret);
int officer_by_number(struct catalogue *c, const char *number, struct officer *ret);
int officer_by_id(struct catalogue *c, int64_t id, struct officer *ret);
int recorder_by_number(struct catalogue *c, const char *number, struct recorder_row *ret);
int recorder_by_id(struct catalogue *c, int64_t id, struct recorder_row *ret);
/* By USB serial first, then by the device's own serial. Empty texts match nothing; a USB serial of another
 * VID:PID does not match, unless it was registered without one; two serials that are both known and differ
 * never match. Retired ones are found too (retired_at says so). */
int recorder_by_serial(struct catalogue *c, uint16_t vendor_id, uint16_t product_id, const char *usb_serial,
                       const char *serial, struct recorder_row *ret);

/* Every recorder, retired ones too; the callback may not write. A non-zero return of it ends the walk and is
 * returned. */
int recorder_each(struct catalogue *c, int (*on_recorder)(void *userdata, const struct recorder_row *r),
                  void *userdata);

/* History. 0 / CATALOGUE_ABSENT. */
/* The assignment that begins in the second of 'from', and until when it is (INSTANT_NONE: open). */
int assignment_find(struct catalogue *c, int64_t recorder, instant_t from, int64_t *ret_officer,
                    instant_t *ret_until);
/* The one that covers 'at', likewise. */
int assignment_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret_officer,
                  instant_t *ret_until);
int officer_assigned_at(struct catalogue *c, int64_t recorder, instant_t at, int64_t *ret_officer);
int officer_unit_at(struct catalogue *c, int64_t officer, instant_t at, int64_t *ret_unit);
