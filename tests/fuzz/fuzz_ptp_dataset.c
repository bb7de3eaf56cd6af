// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every parser of datasets on the same bytes. The first byte chooses in what pieces the property list is
 * fed. */
#include "fuzz_target.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_container.h"
#include "recorder/mtp/ptp_proplist.h"

static void text_expect(const char *s)
{
        if (!text_utf8_valid(s))
                abort();
}

static int on_value(void *userdata, uint32_t handle, uint16_t property, const struct ptp_value *value)
{
        (void)userdata;
        (void)handle;
        (void)property;
        text_expect(value->text);
        return 0;
}

static void proplist_feed(const uint8_t *data, size_t size, size_t piece)
{
        struct ptp_proplist p = {.on_value = on_value};

        for (size_t at = 0; at < size; at += piece)
                if (ptp_proplist_feed(&p, data + at, MIN(piece, size - at)) != 0)
                        return;
        (void)ptp_proplist_complete(&p);
}

static void infos_parse(const uint8_t *data, size_t size)
{
        struct ptp_device_info device;
        struct ptp_storage_info storage;
        struct ptp_object_info object;
        struct ptp_prop_desc desc;

        if (ptp_device_info_parse(data, size, &device)) {
                text_expect(device.model);
                (void)ptp_device_info_has(&device, PTP_DELETE_OBJECT);
        }
        if (ptp_storage_info_parse(data, size, &storage))
                text_expect(storage.label);
        if (ptp_object_info_parse(data, size, &object)) {
                text_expect(object.name);
                text_expect(object.modified);
        }
        if (ptp_prop_desc_parse(data, size, &desc))
                text_expect(desc.current.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ uint32_t *handles = NULL;
        struct ptp_container container;
        char text[64];
        size_t n;

        if (size < 1)
                return 0;
        infos_parse(data + 1, size - 1);
        proplist_feed(data + 1, size - 1, 1 + (size_t)data[0]);
        (void)ptp_handles_parse(data + 1, size - 1, 1000, &handles, &n);
        (void)ptp_container_decode(data + 1, size - 1, &container);
        if (ptp_string_parse(data + 1, size - 1, text, sizeof(text), &n))
                text_expect(text);
        return 0;
}
