/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What recdockctl ends with: documented in recdockctl(1), scripts depend on it. Never renumber. */

enum exit_code {
        EXIT_OK = 0,
        EXIT_BAD = 1,         /* the answer is bad: verify found damage, coverage fewer than two, reconcile a
                                 difference */
        EXIT_USAGE = 2,       /* the command line is wrong; nothing was asked */
        EXIT_UNREACHABLE = 3, /* the bus or recdockd is not there, or went away */
        EXIT_DENIED = 4,      /* the caller may not */
        EXIT_NOT_FOUND = 5,   /* what was named does not exist */
        EXIT_REFUSED = 6,     /* the station found it invalid, taken or in conflict */
        EXIT_OTHER = 7,
};
