/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Descriptors of a simulated recorder, for the requests that ask for one; see recsim_interfaces() too. */

#include "recsim.h"
#include "recsim_buffer.h"

/* Appends a descriptor; false when there is none of this type and index. */
bool recsim_put_descriptor(const struct recsim *r, struct recsim_buffer *b, uint8_t type, uint8_t index);
