// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations on the recorder itself: what it is, its session, its properties. Its clock is the station's
 * clock plus an offset, so that a test can have a recorder that is thirteen minutes fast.
 */

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint16_t all_operations[] = {
                OP_GET_DEVICE_INFO,       OP_OPEN_SESSION,          OP_CLOSE_SESSION,
                OP_GET_STORAGE_IDS,       OP_GET_STORAGE_INFO,      OP_GET_NUM_OBJECTS,
                OP_GET_OBJECT_HANDLES,    OP_GET_OBJECT_INFO,       OP_GET_OBJECT,
                OP_DELETE_OBJECT,         OP_GET_DEVICE_PROP_DESC,  OP_GET_DEVICE_PROP_VALUE,
                OP_SET_DEVICE_PROP_VALUE, OP_GET_PARTIAL_OBJECT,    OP_GET_OBJECT_PROPS_SUPPORTED,
                OP_GET_OBJECT_PROP_DESC,  OP_GET_OBJECT_PROP_VALUE, OP_GET_OBJECT_PROP_LIST,
                OP_GET_PARTIAL_OBJECT_64,
};

static const uint16_t all_formats[] = {
                FORMAT_UNDEFINED, FORMAT_FOLDER,    FORMAT_TEXT, FORMAT_WAV, FORMAT_MP3, FORMAT_AVI,
                FORMAT_MPEG,      FORMAT_QUICKTIME, FORMAT_JPEG, FORMAT_AAC, FORMAT_MP4,
};

static bool has_device_prop(const struct recsim *r, uint32_t prop)
{
        switch (prop) {
        case DEVICE_BATTERY:
                return r->profile.battery <= 100;
        case DEVICE_DATE_TIME:
                return r->profile.reads_clock;
        case DEVICE_FRIENDLY_NAME:
                return true;
        default:
                return false;
        }
}

static void put_operations(const struct recsim *r, struct recsim_buffer *b)
{
        uint16_t offered[ELEMENTSOF(all_operations)];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(all_operations); i++) {
                if (recsim_offers(r, all_operations[i]))
                        offered[n++] = all_operations[i];
        }
        recsim_put_u16_array(b, offered, n);
}

static void put_device_props(const struct recsim *r, struct recsim_buffer *b)
{
        static const uint16_t all[] = {DEVICE_BATTERY, DEVICE_DATE_TIME, DEVICE_FRIENDLY_NAME};
        uint16_t offered[ELEMENTSOF(all)];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                if (has_device_prop(r, all[i]))
                        offered[n++] = all[i];
        }
        recsim_put_u16_array(b, offered, n);
}

void recsim_get_device_info(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        static const uint16_t events[] = {EVENT_OBJECT_ADDED, EVENT_OBJECT_REMOVED, EVENT_STORE_ADDED,
                                          EVENT_STORE_REMOVED};
        struct recsim_buffer *b = &reply->dataset;

        (void)c;
        reply->has_data = true;
        recsim_put_u16(b, 100);
        recsim_put_u32(b, 6); /* vendor extension: MTP */
        recsim_put_u16(b, 100);
        recsim_put_text(b, r->profile.partial64 ? "microsoft.com: 1.0; android.com: 1.0;"
                                                : "microsoft.com: 1.0;");
        recsim_put_u16(b, 0);
        put_operations(r, b);
        recsim_put_u16_array(b, events, ELEMENTSOF(events));
        put_device_props(r, b);
        recsim_put_u16_array(b, NULL, 0);
        recsim_put_u16_array(b, all_formats, ELEMENTSOF(all_formats));
        recsim_put_text(b, r->profile.manufacturer);
        recsim_put_text(b, r->profile.model);
        recsim_put_text(b, r->profile.firmware);
        recsim_put_text(b, r->profile.serial);
}

void recsim_open_session(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        if (c->param[0] == 0) {
                reply->code = RC_INVALID_PARAMETER;
        } else if (r->session != 0) {
                reply->code = RC_SESSION_ALREADY_OPEN;
                reply->param[0] = r->session;
                reply->n_params = 1;
        } else {
                r->session = c->param[0];
                r->stats.sessions++;
        }
}

void recsim_close_session(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        (void)c;
        (void)reply;
        r->session = 0;
}

void recsim_time_text(time_t t, char *ret, size_t room)
{
        struct tm tm;

        if (!localtime_r(&t, &tm) || strftime(ret, room, "%Y%m%dT%H%M%S", &tm) == 0)
                ret[0] = '\0';
}

/* Seconds east of Greenwich that the recorder's clock is kept in. */
static long zone_offset(const char *zone)
{
        long hhmm = zone[0] == '+' || zone[0] == '-' ? strtol(zone + 1, NULL, 10) : 0;
        long seconds = hhmm / 100 * 3600 + hhmm % 100 * 60;

        return zone[0] == '-' ? -seconds : seconds;
}

static void zoned_time_text(const struct recsim *r, time_t t, char *ret, size_t room)
{
        const char *zone = r->profile.clock_zone;
        struct tm tm;
        char text[24];

        if (zone[0] == '\0') {
                recsim_time_text(t, ret, room);
                return;
        }
        t += zone_offset(zone);
        if (!gmtime_r(&t, &tm) || strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm) == 0)
                text[0] = '\0';
        (void)snprintf(ret, room, "%s%s", text, zone);
}

static void put_clock(struct recsim *r, struct recsim_buffer *b)
{
        struct recsim_occasion o = {.op = OP_GET_DEVICE_PROP_VALUE};
        char text[32];

        if (recsim_faults_due(&r->faults, FAULT_CLOCK_BACK, &o))
                r->clock_back += 3600;
        zoned_time_text(r, time(NULL) + (time_t)(r->profile.clock_offset - r->clock_back), text,
                        sizeof(text));
        recsim_put_text(b, text);
}

static void put_device_prop(struct recsim *r, uint32_t prop, struct recsim_buffer *b)
{
        if (prop == DEVICE_BATTERY)
                recsim_put_u8(b, (uint8_t)r->profile.battery);
        else if (prop == DEVICE_DATE_TIME)
                put_clock(r, b);
        else
                recsim_put_text(b, r->profile.friendly);
}

void recsim_get_prop_desc(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_buffer *b = &reply->dataset;
        uint32_t prop = c->param[0];

        if (!has_device_prop(r, prop)) {
                reply->code = RC_PROP_NOT_SUPPORTED;
                return;
        }
        reply->has_data = true;
        recsim_put_u16(b, (uint16_t)prop);
        recsim_put_u16(b, prop == DEVICE_BATTERY ? TYPE_U8 : TYPE_TEXT);
        recsim_put_u8(b, prop != DEVICE_BATTERY);
        put_device_prop(r, prop, b); /* default */
        put_device_prop(r, prop, b);
        recsim_put_u8(b, prop == DEVICE_BATTERY); /* form: range */
        if (prop == DEVICE_BATTERY) {
                recsim_put_u8(b, 0);
                recsim_put_u8(b, 100);
                recsim_put_u8(b, 1);
        }
}

void recsim_get_prop_value(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        if (!has_device_prop(r, c->param[0])) {
                reply->code = RC_PROP_NOT_SUPPORTED;
                return;
        }
        reply->has_data = true;
        put_device_prop(r, c->param[0], &reply->dataset);
}

static uint16_t clock_set(struct recsim *r, const char *text)
{
        struct recsim_occasion o = {.op = OP_SET_DEVICE_PROP_VALUE};
        struct tm tm = {.tm_isdst = -1};
        const char *end = strptime(text, "%Y%m%dT%H%M%S", &tm);
        time_t t;

        if (!end || (strcmp(end, r->profile.clock_zone) != 0 && *end != '.'))
                return RC_INVALID_PROP_FORMAT;
        t = r->profile.clock_zone[0] ? timegm(&tm) - zone_offset(end) : mktime(&tm);
        if (t == (time_t)-1)
                return RC_INVALID_PROP_FORMAT;
        r->stats.clock_sets++;
        if (!recsim_faults_due(&r->faults, FAULT_CLOCK_STUCK, &o)) {
                r->profile.clock_offset = (int64_t)t - time(NULL);
                r->clock_back = 0;
        }
        return RC_OK;
}

void recsim_set_prop_value(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        char text[RECSIM_TEXT_MAX];

        if (!has_device_prop(r, c->param[0]))
                reply->code = RC_PROP_NOT_SUPPORTED;
        else if (c->param[0] == DEVICE_BATTERY)
                reply->code = RC_ACCESS_DENIED;
        else if (!recsim_get_ascii(r->request + RECSIM_HEADER, r->request_size - RECSIM_HEADER, text,
                                   sizeof(text)))
                reply->code = RC_INVALID_PROP_FORMAT;
        else if (c->param[0] == DEVICE_DATE_TIME)
                reply->code = clock_set(r, text);
        else
                (void)snprintf(r->profile.friendly, sizeof(r->profile.friendly), "%s", text);
}
