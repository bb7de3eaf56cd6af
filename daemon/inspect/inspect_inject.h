/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a taken-over child might try, for the tests of the sandbox. Built with -Dinjection=true, a child
 * whose environment says RECDOCK_INSPECT_INJECT=ACTION[:NAME] does it when its item is called NAME (any,
 * without): crash, hang, memory, open, socket, exec, fork, jit (executable memory), garbage (an ill-formed
 * result). In a production build the call is empty.
 */

#include "media/inspect_messages.h"

#if RECDOCK_INJECTION
/* Called inside the sandbox. The tries that a child survives end it with a result whose reason is "escaped"
 * or "refused". */
void inspect_inject(const struct inspect_request *request, int result_fd);
#else
static inline void inspect_inject(const struct inspect_request *request, int result_fd)
{
        (void)request;
        (void)result_fd;
}
#endif
