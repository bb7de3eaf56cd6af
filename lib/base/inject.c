// SPDX-License-Identifier: LGPL-2.1-or-later
/* Named crash points; see inject.h. */
#include "base/inject.h"

#if RECDOCK_INJECTION
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void inject_point(const char *name)
{
        static long passed;
        const char *at = getenv("RECDOCK_CRASH_AT");
        size_t n = strlen(name);
        long wanted = 1;

        if (!at || strncmp(at, name, n) != 0 || (at[n] != '\0' && at[n] != ':'))
                return;
        if (at[n] == ':')
                wanted = strtol(at + n + 1, NULL, 10);
        if (++passed == wanted)
                (void)raise(SIGKILL);
}
#endif
