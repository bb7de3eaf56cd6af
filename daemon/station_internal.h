/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What recdockd's own modules need of the station beyond station.h, which the bus side uses too. */

#include "daemon/station.h"

/*
 * The catalogue's transaction, nestable: the outermost pair begins and commits. A failure of the catalogue
 * leaves nothing half written; recdockd cannot go on without its index, so station_check() and
 * station_commit() log it as STORE_FAILED and end the loop with a failure: the service manager starts it
 * anew, and recovery goes by what was committed. A full disk suspends the station instead (suspend.c): it
 * goes on the same way, but in this process and when there is room.
 */
void station_begin(struct station *s);
void station_commit(struct station *s);
/* r < 0: fails the station, "could not <what>: …". Returns r. */
int station_check(struct station *s, int r, const char *what);

/* Drops all work before the next event is looked at, and begins anew when the catalogue has room. */
int station_suspend(struct station *s);
/* Inspector, filing, recovery: the part of the start that comes again after a pause. */
int station_work_start(struct station *s);

/* One ledger entry by recdockd itself, inside a transaction, with up to two text members in its detail (name
 * NULL: none). */
void station_ledger(struct station *s, const char *act, const char *subject, const char *name1,
                    const char *value1, const char *name2, const char *value2);

/* An offload worker has ended: dockings that waited for it go on. */
void station_worker_ended(struct station *s);
/* Renews the STATUS= line of the service manager, at most once per loop iteration. */
void station_status_changed(struct station *s);

/* Room for 'bytes' more in the store? If not, there is an alert and a timer that looks again; store_paused
 * is set when there is no room for anybody. */
bool station_has_room(struct station *s, int64_t bytes);

/* Would 'bytes' fit if nobody else pulled? Pauses nothing. */
bool station_fits(struct station *s, int64_t bytes);

/* A write met a full disk: pause until there is visibly more room than now. */
void station_disk_full(struct station *s);

int station_new(struct station **ret, struct config *config, sd_event *event);
/* Opens store and catalogue, recovers, starts inspector, bus and udev, in this order. 'bus' false leaves the
 * bus out. */
int station_start(struct station *s, bool bus);
/* Begins an orderly stop; the loop ends when the last worker has gone, no recorder is being cleared and no
 * file is being sealed. */
void station_stop(struct station *s);
/* While stopping: something that was waited for has ended. */
void station_end_when_idle(struct station *s);
void station_free(struct station *s);

/* Finishes or undoes what an earlier run left half done. Returns 0 or a negative errno. */
int station_recover(struct station *s);
