// SPDX-License-Identifier: LGPL-2.1-or-later
/* Containers; see ptp_container.h. Nothing here waits, allocates or trusts a length. */
#include "recorder/mtp/ptp_container.h"

#include "base/cleanup.h"
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_wire.h"

static void header_encode(const struct ptp_header *h, uint8_t *buf)
{
        wire_put32(buf, h->length);
        wire_put16(buf + 4, h->type);
        wire_put16(buf + 6, h->code);
        wire_put32(buf + 8, h->transaction);
}

size_t ptp_command_encode(uint16_t code, uint32_t transaction, const uint32_t *params, unsigned int n_params,
                          uint8_t *buf)
{
        unsigned int n = MIN(n_params, (unsigned int)PTP_PARAMS_MAX);
        struct ptp_header h = {
                        .length = PTP_HEADER_SIZE + 4 * n,
                        .type = PTP_COMMAND,
                        .code = code,
                        .transaction = transaction,
        };

        header_encode(&h, buf);
        for (unsigned int i = 0; i < n; i++)
                wire_put32(buf + PTP_HEADER_SIZE + 4 * (size_t)i, params[i]);
        return h.length;
}

void ptp_data_header_encode(uint16_t code, uint32_t transaction, uint64_t payload,
                            uint8_t buf[PTP_HEADER_SIZE])
{
        uint64_t length = payload + PTP_HEADER_SIZE;
        struct ptp_header h = {
                        .length = length < PTP_LENGTH_UNKNOWN ? (uint32_t)length : PTP_LENGTH_UNKNOWN,
                        .type = PTP_DATA,
                        .code = code,
                        .transaction = transaction,
        };

        header_encode(&h, buf);
}

bool ptp_header_decode(const uint8_t *data, size_t size, struct ptp_header *ret)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_header h;

        h.length = wire_u32(&w);
        h.type = wire_u16(&w);
        h.code = wire_u16(&w);
        h.transaction = wire_u32(&w);
        if (w.failed || h.type < PTP_COMMAND || h.type > PTP_EVENT)
                return false;
        *ret = h;
        return true;
}

bool ptp_container_decode(const uint8_t *data, size_t size, struct ptp_container *ret)
{
        struct ptp_container c = {0};

        if (!ptp_header_decode(data, size, &c.header))
                return false;
        if (c.header.length < PTP_HEADER_SIZE || c.header.length > size ||
            c.header.length > PTP_CONTAINER_MAX || c.header.length % 4 != 0)
                return false;
        c.n_params = (c.header.length - PTP_HEADER_SIZE) / 4;
        for (unsigned int i = 0; i < c.n_params; i++)
                c.params[i] = wire_get32(data + PTP_HEADER_SIZE + 4 * (size_t)i);
        *ret = c;
        return true;
}
