/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Generic containers of PTP over USB (USB Still Image Capture Device 1.0, section 7.1). Pure encoding and
 * decoding. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTP_HEADER_SIZE   12
#define PTP_PARAMS_MAX    5
#define PTP_CONTAINER_MAX (PTP_HEADER_SIZE + 4 * PTP_PARAMS_MAX)

enum ptp_container_type {
        PTP_COMMAND = 1,
        PTP_DATA = 2,
        PTP_RESPONSE = 3,
        PTP_EVENT = 4,
};

struct ptp_header {
        uint32_t length; /* of header and payload */
        uint16_t type;   /* enum ptp_container_type */
        uint16_t code;
        uint32_t transaction;
};

/* A command, response or event with its parameters. */
struct ptp_container {
        struct ptp_header header;
        uint32_t params[PTP_PARAMS_MAX];
        unsigned int n_params;
};

/* Writes a command of n_params (at most PTP_PARAMS_MAX) into buf (PTP_CONTAINER_MAX bytes); returns its
 * size. */
size_t ptp_command_encode(uint16_t code, uint32_t transaction, const uint32_t *params, unsigned int n_params,
                          uint8_t *buf);

/* Writes the header of a data container that carries 'payload' bytes; more than fits gives
 * PTP_LENGTH_UNKNOWN. */
void ptp_data_header_encode(uint16_t code, uint32_t transaction, uint64_t payload,
                            uint8_t buf[PTP_HEADER_SIZE]);

/* False when there are fewer than PTP_HEADER_SIZE bytes, or when the type is outside its enum. The length is
 * as sent: of data it may be one modulo 2^32, and so less than the header's own. */
bool ptp_header_decode(const uint8_t *data, size_t size, struct ptp_header *ret);

/*
 * A whole response or event out of 'size' bytes. False when the length field and the bytes disagree (the
 * length may be less than 'size': packets are padded by some), when it is not a multiple of 4 or has more
 * than five parameters.
 */
bool ptp_container_decode(const uint8_t *data, size_t size, struct ptp_container *ret);
