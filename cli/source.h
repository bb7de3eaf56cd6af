/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file whose descriptor is passed to recdockd: what may be read is for whoever types to know, and the file
 * may be anywhere. */

/* Opens the regular file at 'path' for reading. A descriptor, or a negative errno that has been told. */
int source_open(const char *path);
