/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The real bus server with a real catalogue and store, in a process of its own, on a private bus. What lies
 * behind it (status, digests, alerts, reload) is made up here. Everything is in the scratch folder; every
 * failure aborts the test.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bus_station_settings {
        const char *group;     /* $RECDOCK_BUS_GROUP of the server */
        int client_timeout_ms; /* 0: as shipped */
        bool busy_inspector;   /* every digest is refused once before it is taken */
        bool no_answers;       /* the inspector never answers */
        bool bad_reload;
        int import_error; /* negative errno: no import begins */
};

/* Starts the private bus and points $DBUS_SYSTEM_BUS_ADDRESS at it. Needs scratch_make() before. */
void bus_daemon_start(void);
void bus_daemon_stop(void);

/* Makes catalogue and store: a unit, an officer, a recorder "3700123" and its docking 1 whose files are
 * added next, and an alert that its device is not registered. */
void bus_station_furnish(void);
/* Files 'text' as footage of docking 1; gives its number. Before bus_station_start() only. */
int64_t bus_station_file(const char *name, const char *text);
/* Units "900000" and up, with long names. */
void bus_station_add_units(int n);
/* Where the bytes of footage are. The caller frees it. */
char *bus_station_footage_path(const char *name);

/* Starts the server and waits until it owns its name. */
pid_t bus_station_start(const struct bus_station_settings *settings);
/* Ends it by SIGTERM; its exit code, 0 when it ended in order. */
int bus_station_stop(pid_t pid);

#define BUS_STATION_UNIT     "370100000001"
#define BUS_STATION_OFFICER  "120345"
#define BUS_STATION_RECORDER "3700123"

/* Asks the server, by a signal, for fifty changes of docking 7 at once: SIGUSR1 the last is final, SIGUSR2
 * none is. */
enum { BUS_STATION_DOCKING = 7, BUS_STATION_CHANGES = 50 };
