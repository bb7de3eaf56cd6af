/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bays: the physical USB ports of the station, by port path. A configured bay has the number on its label; a
 * port nobody configured is a bay named by its port path, made when something is first plugged in there.
 */

#include <stdbool.h>

struct station;
struct docking;

struct bay {
        struct bay *next;
        char *name;
        char *port;
        bool configured;
        struct docking *docking; /* who is in it, NULL empty */
};

/* Brings the list in line with the configuration; a bay with a docking keeps it. */
int bays_configure(struct station *s);
void bays_free(struct station *s);

/* The bay of a port, made when there is none. NULL when memory is out. */
struct bay *bay_for_port(struct station *s, const char *port);
