/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Serves recdockd on 'socket' until it closes it: locks the process in, says READY, and answers each REQUEST
 * with a RESULT, up to 'parallel' at once. Returns 0 when recdockd is gone, or a negative errno.
 */
int inspect_service_run(int socket, unsigned int parallel);
