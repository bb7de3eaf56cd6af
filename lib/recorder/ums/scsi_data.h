/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a disk answers, decoded (SPC-4, SBC-3). Pure: bytes of the device and how many of them came go in;
 * false comes out when they say nothing that can be.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCSI_SENSE_SIZE       18
#define SCSI_INQUIRY_SIZE     36
#define SCSI_CAPACITY_10_SIZE 8
#define SCSI_CAPACITY_16_SIZE 32

enum scsi_key {
        SCSI_NO_SENSE = 0x0,
        SCSI_RECOVERED_ERROR = 0x1,
        SCSI_NOT_READY = 0x2,
        SCSI_MEDIUM_ERROR = 0x3,
        SCSI_HARDWARE_ERROR = 0x4,
        SCSI_ILLEGAL_REQUEST = 0x5,
        SCSI_UNIT_ATTENTION = 0x6,
        SCSI_DATA_PROTECT = 0x7,
        SCSI_ABORTED_COMMAND = 0xb,
};

/* Additional sense codes somebody decides on (SPC-4, annex D.2). */
enum scsi_asc {
        SCSI_ASC_NOT_READY = 0x04,
        SCSI_ASC_LBA_OUT_OF_RANGE = 0x21,
        SCSI_ASC_MEDIUM_MAY_HAVE_CHANGED = 0x28,
        SCSI_ASC_MEDIUM_NOT_PRESENT = 0x3a,
};

struct scsi_sense {
        uint8_t key; /* enum scsi_key */
        uint8_t asc;
        uint8_t ascq;
};

/* Fixed (70h, 71h) or descriptor format (72h, 73h): SPC-4, section 4.5. */
bool scsi_sense_parse(const uint8_t *data, size_t size, struct scsi_sense *ret);

enum scsi_device_type {
        SCSI_TYPE_DISK = 0x00,
        SCSI_TYPE_SIMPLE_DISK = 0x0e, /* reduced block commands */
};

struct scsi_inquiry {
        uint8_t qualifier; /* 0: a unit is there */
        uint8_t type;      /* enum scsi_device_type, or another */
        bool removable;
        char vendor[8 + 1]; /* printable, no blanks around; "" when it has none */
        char product[16 + 1];
        char revision[4 + 1];
};

/* Standard INQUIRY data (SPC-4, section 6.6.2), at least its first 5 bytes. */
bool scsi_inquiry_parse(const uint8_t *data, size_t size, struct scsi_inquiry *ret);

struct scsi_capacity {
        uint64_t sectors;
        uint32_t sector_size; /* bytes */
};

/*
 * READ CAPACITY (10) and (16) data (SBC-3, sections 5.15 and 5.16). False unless the sector is of 512, 1024,
 * 2048 or 4096 bytes and the whole fits an int64_t. (10): *ret_more when the disk is larger than it can say.
 */
bool scsi_capacity_10_parse(const uint8_t *data, size_t size, struct scsi_capacity *ret, bool *ret_more);
bool scsi_capacity_16_parse(const uint8_t *data, size_t size, struct scsi_capacity *ret);
