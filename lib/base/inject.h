/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Named crash points for the recovery tests. Built with -Dinjection=true, a program whose environment says
 * RECDOCK_CRASH_AT=NAME[:N] kills itself with SIGKILL when it passes NAME for the Nth time (first by
 * default). In a production build the calls are empty.
 */

#if RECDOCK_INJECTION
void inject_point(const char *name);
#else
static inline void inject_point(const char *name)
{
        (void)name;
}
#endif
