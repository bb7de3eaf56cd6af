/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is registered, by the copies that recdockd keeps for udev's rule (daemon/known.h). It is recdockd
 * that asks; so this keeps its own mistakes from a disk that is none of its. */

#include <stdint.h>

/* 1, 0, or a negative errno when that cannot be seen. */
int medium_registry_has(const char *uuid);
int medium_registry_has_recorder(uint16_t vendor_id, uint16_t product_id, const char *serial);
