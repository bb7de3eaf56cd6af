/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Datasets of PIMA 15740 section 5.5 and MTP 1.1 section 5 and annex B, out of the bytes of a data phase.
 * Pure: no I/O, no clock. Texts come out as printable UTF-8 in fixed buffers, cut between two characters
 * where they do not fit. A parser returns false for bytes that its dataset does not allow, and then sets
 * nothing.
 */

#include "recorder/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTP_NAME_MAX       (255 * 3 + 1) /* 255 UTF-16 units as UTF-8 */
#define PTP_OPERATIONS_MAX 512

struct ptp_device_info {
        uint16_t standard_version;
        uint32_t vendor_extension; /* 6 Microsoft: MTP */
        uint16_t operations[PTP_OPERATIONS_MAX];
        unsigned int n_operations;
        uint16_t properties[PTP_OPERATIONS_MAX]; /* device properties */
        unsigned int n_properties;
        char vendor_extension_text[RECORDER_TEXT_MAX];
        char manufacturer[RECORDER_TEXT_MAX];
        char model[RECORDER_TEXT_MAX];
        char version[RECORDER_TEXT_MAX];
        char serial[RECORDER_TEXT_MAX];
};

/* PIMA 15740 section 5.5.1. Texts missing at the end of the dataset are "". */
bool ptp_device_info_parse(const void *data, size_t size, struct ptp_device_info *ret);
bool ptp_device_info_has(const struct ptp_device_info *info, uint16_t operation);
bool ptp_device_info_has_property(const struct ptp_device_info *info, uint16_t property);

struct ptp_storage_info {
        uint16_t storage_type;
        uint16_t filesystem_type;
        uint16_t access; /* 0 read-write, 1 read-only, 2 read-only with deletion */
        uint64_t capacity;
        uint64_t free;
        char description[RECORDER_TEXT_MAX];
        char label[RECORDER_TEXT_MAX];
};

/* Section 5.5.3. */
bool ptp_storage_info_parse(const void *data, size_t size, struct ptp_storage_info *ret);

struct ptp_object_info {
        uint32_t storage;
        uint16_t format;
        uint16_t protection; /* 0 none, else protected */
        uint32_t size;       /* 0xffffffff: 4 GiB or more; 0 may be either */
        uint32_t parent;     /* 0: none */
        uint16_t association_type;
        char name[PTP_NAME_MAX];
        char captured[RECORDER_TIME_MAX];
        char modified[RECORDER_TIME_MAX];
};

/* Section 5.5.2. */
bool ptp_object_info_parse(const void *data, size_t size, struct ptp_object_info *ret);

/* An array of 32-bit numbers (handles, storage ids). *ret is malloc'd (NULL when empty). 'max' bounds the
 * count: one more is false. -ENOMEM, -EBADMSG when the dataset is wrong, -E2BIG above max. */
int ptp_handles_parse(const void *data, size_t size, size_t max, uint32_t **ret, size_t *ret_n);

/* One string; *ret_used bytes were taken. 'size' of dst. */
bool ptp_string_parse(const void *data, size_t size, char *dst, size_t dst_size, size_t *ret_used);

/* Writes 'ascii' as a PTP string into buf (1 + 2 * 255 bytes); returns its size, 0 when it is too long or
 * not ASCII. */
size_t ptp_string_encode(const char *ascii, uint8_t *buf);

/* A value of a simple type. */
struct ptp_value {
        uint16_t type;           /* enum ptp_datatype */
        uint64_t number;         /* integers up to 64 bits; signed ones sign-extended; the low half of 128 */
        char text[PTP_NAME_MAX]; /* PTP_STRING */
};

/* One value of 'type'; arrays are skipped over and give number = the count. */
bool ptp_value_parse(const void *data, size_t size, uint16_t type, struct ptp_value *ret, size_t *ret_used);

struct ptp_prop_desc {
        uint16_t property;
        bool writable;
        struct ptp_value current;
        bool has_range; /* form 1, or an enumeration (2): its least and greatest value */
        uint64_t least, greatest;
};

/* DevicePropDesc, section 13.3.3. */
bool ptp_prop_desc_parse(const void *data, size_t size, struct ptp_prop_desc *ret);
