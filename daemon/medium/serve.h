/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection from its first message to its last. Ends early when 'signals' can be read (-EBADF: none) or
 * the peer has gone. 0, or a negative errno for what went wrong; the peer has been told unless it is gone.
 */
int medium_serve(int socket, int signals);
