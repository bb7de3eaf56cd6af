// SPDX-License-Identifier: LGPL-2.1-or-later
/* Threads beside an event loop; see thread.h. */
#include "base/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret, void *(*run)(void *userdata), void *userdata)
{
        sigset_t all, before;
        int r;

        /* The thread inherits the mask. */
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(ret, NULL, run, userdata);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}
