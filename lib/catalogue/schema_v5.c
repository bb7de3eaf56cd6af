// SPDX-License-Identifier: LGPL-2.1-or-later
/* Version 5 of the catalogue: health. */
#include "catalogue/schema_versions.h"

const char schema_v5[] = "SELECT 1;";
