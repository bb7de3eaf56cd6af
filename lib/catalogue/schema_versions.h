/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The scripts of schema.c, one per version. */

extern const char schema_v1[];
extern const char schema_v2[];
extern const char schema_v3[];
extern const char schema_v4[];
extern const char schema_v5[];
extern const char schema_v6[];
extern const char schema_v7[];
extern const char schema_v8[];
extern const char schema_v9[];
extern const char schema_v10[];
extern const char schema_v11[];
extern const char schema_v12[];
extern const char schema_v13[];
extern const char schema_v14[];
extern const char schema_v15[];
