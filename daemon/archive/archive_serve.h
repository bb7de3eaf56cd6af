/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One task over recdockd's socket, from BEGIN to ENDED. Returns 0 when ENDED was said, whatever it says; a
 * negative errno when recdockd is gone or spoke no sense. */
int archive_serve(int socket);
