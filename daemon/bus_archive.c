// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Media and volumes on the bus. What a volume or a medium takes time for is the archivist's: the call is
 * kept and answered when that has ended. Plans and labels are in bus_archive_job.c.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/volume.h"
#include "daemon/archivist.h"
#include "daemon/bus_case.h"
#include "daemon/config.h"
#include "daemon/medium/medium_request.h"
#include "daemon/medium_presence.h"
#include "rules/usb_kind.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

#define JSON_FORM (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void add_text(json_object *o, const char *key, const char *value)
{
        (void)json_object_object_add(o, key, value && value[0] ? json_object_new_string(value) : NULL);
}

static void add_number(json_object *o, const char *key, int64_t value)
{
        (void)json_object_object_add(o, key, json_object_new_int64(value));
}

static void reply_sent(sd_bus_message *m, int r)
{
        if (r < 0)
                log_debug("reply to '%s' cannot be sent: %s", sd_bus_message_get_member(m),
                          log_errno_text(r));
        sd_bus_message_unref(m);
}

static int refuse_begin(int r, sd_bus_error *error)
{
        switch (r) {
        case -EBUSY:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "a volume is under way: expected none, see 'recdockctl archive "
                                        "status'");
        case -ENODATA:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "nothing is due: expected footage of closed cases of a long-term "
                                        "category that lacks copies, or --case=");
        case -ENODEV:
                return sd_bus_error_set(
                                error, RECDOCK_ERROR_CONFLICT,
                                "no medium is at hand: expected an active one that is plugged in, or in a "
                                "folder of [Archive] Folder=, or a drive of Drive=, see 'recdockctl archive "
                                "media' and 'recdockctl archive init'");
        default:
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "it cannot be begun: %s",
                                         log_errno_text(r));
        }
}

/* --- StartArchive() --- */

static void on_written(void *userdata, const struct archivist_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        sd_bus_message *m = userdata;

        if (a->error) {
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_FAILED, "%s", a->error));
                return;
        }
        add_text(o, "number", a->volume->number);
        add_text(o, "medium", a->medium->number);
        add_text(o, "state", word_of(&volume_state_words, (int)a->volume->state));
        add_number(o, "files", a->volume->files);
        add_number(o, "bytes", a->volume->bytes);
        add_text(o, "reason", a->volume->reason);
        reply_sent(m, sd_bus_reply_method_return(m, "s", json_object_to_json_string_ext(o, JSON_FORM)));
}

struct asking {
        const char *number, *unit;
};

static int ask_apply(struct registry_call *call, void *arguments)
{
        const struct asking *a = arguments;
        const struct case_act act = {call->actor, "", ""};
        struct case_file f;
        bool changed;
        int r = case_require(call->catalogue, a->number, a->unit, &f, call->error);

        if (r < 0)
                return r;
        r = volume_case_ask(call->catalogue, &act, f.id, &changed);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "case '%s' is of no long-term category: expected one of L1 to L4, "
                                         "see 'recdockctl case set --long-term'",
                                         a->number);
        return r;
}

static int drive_accept(const struct config *c, const char *drive, sd_bus_error *error)
{
        const struct config_folders *drives = &c->archive_drives;

        if (!*drive)
                return 0;
        for (size_t i = 0; i < drives->n; i++)
                if (strcmp(drives->paths[i], drive) == 0)
                        return 0;
        if (drives->n == 0)
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "no drive is configured: expected [Archive] Drive= in recdock.conf, "
                                        "then a reload");
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "'%s' is no drive for discs: expected one of [Archive] Drive= in "
                                 "recdock.conf, such as '%s'",
                                 drive, drives->paths[0]);
}

/* Begins a volume, and answers at once or when it has ended. */
static int volume_begin_answered(struct bus_server *server, sd_bus_message *m, const char *actor,
                                 const char *drive, const struct archive_given *given, bool wait,
                                 sd_bus_error *error)
{
        int r = station_archive_begin(server->station, actor, drive, given, wait ? on_written : NULL, m);

        if (r < 0)
                return refuse_begin(r, error);
        if (!wait)
                return sd_bus_reply_method_return(m, "s", "{}");
        (void)sd_bus_message_ref(m); /* on_written()'s */
        return 1;
}

int bus_start_archive(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX];
        struct asking asking;
        const char *drive;
        int wait, r;

        r = sd_bus_message_read(m, "sssb", &asking.number, &asking.unit, &drive, &wait);
        if (r >= 0)
                r = drive_accept(server->station->config, drive, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r >= 0 && *asking.number)
                r = registry_run(server, m, ask_apply, &asking, error, NULL);
        if (r < 0)
                return r;
        return volume_begin_answered(server, m, actor, drive, NULL, wait, error);
}

/* --- StartArchiveFrom() --- */

static int given_accept(const struct station *s, const struct archive_given *given, sd_bus_error *error)
{
        const int64_t footage = given->footage;
        int r = bus_file_accept(s->catalogue, given->fd, given->path, footage, error);

        if (r < 0)
                return r;
        r = volume_due_has(s->catalogue, s->config->archive.copies, clock_now(), footage);
        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "footage '%" PRId64
                                         "' is not due: expected one of a closed case of a long-term "
                                         "category that has fewer copies than are wanted",
                                         footage);
        return r;
}

int bus_start_archive_from(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], path[sizeof(((struct volume_file *)NULL)->path)];
        struct archive_given given = {.path = path};
        const char *drive, *typed;
        uint64_t footage;
        int wait, r;

        r = sd_bus_message_read(m, "tshsb", &footage, &typed, &given.fd, &drive, &wait);
        if (r >= 0)
                r = bus_text_accept("source", typed, path, sizeof(path), error);
        if (r >= 0)
                r = drive_accept(server->station->config, drive, error);
        given.footage = (int64_t)MIN(footage, (uint64_t)INT64_MAX);
        if (r >= 0)
                r = given_accept(server->station, &given, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        return r < 0 ? r : volume_begin_answered(server, m, actor, drive, &given, wait, error);
}

/* --- InitMedium() --- */

static void on_made(void *userdata, const struct archivist_answer *a)
{
        sd_bus_message *m = userdata;

        if (a->error)
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_CONFLICT, "%s", a->error));
        else
                reply_sent(m, sd_bus_reply_method_return(m, "s", a->medium->number));
}

/* Where recdockd may write is the configuration's to say, and not that of whoever is on the bus. */
static const char *path_accept(const struct config *c, const char *path, sd_bus_error *error)
{
        const struct config_folders *f = &c->archive_folders;
        size_t n = strlen(path);

        if (f->n == 0) {
                (void)sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                       "no folder for media is configured: expected [Archive] Folder= in "
                                       "recdock.conf, then a reload");
                return NULL;
        }
        if (n == 0 && f->n == 1)
                return f->paths[0];
        while (n > 1 && path[n - 1] == '/')
                n--;
        for (size_t i = 0; i < f->n; i++)
                if (strlen(f->paths[i]) == n && memcmp(f->paths[i], path, n) == 0)
                        return f->paths[i];
        (void)sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                "path '%s' is no folder for media: expected one of [Archive] Folder= in "
                                "recdock.conf, such as '%s'",
                                path, f->paths[0]);
        return NULL;
}

int bus_init_medium(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], path[1024], number[MEDIUM_NUMBER_MAX], place[MEDIUM_TEXT_MAX];
        const char *typed[3], *folder;
        int r = sd_bus_message_read(m, "sss", &typed[0], &typed[1], &typed[2]);

        if (r >= 0)
                r = bus_text_accept("path", typed[0], path, sizeof(path), error);
        if (r >= 0)
                r = bus_text_accept("number", typed[1], number, sizeof(number), error);
        if (r >= 0)
                r = bus_text_accept("place", typed[2], place, sizeof(place), error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        folder = path_accept(server->station->config, path, error);
        if (!folder)
                return -EINVAL;
        r = station_archive_init(server->station, folder, number, place, actor, on_made, m);
        if (r < 0)
                return refuse_begin(r, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

/* --- MakeMedium() --- */

static int refuse_make(int r, const char *number, sd_bus_error *error)
{
        switch (r) {
        case -EEXIST:
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "there is a medium '%s' already: expected another number", number);
        case -ENOENT:
        case -ECONNREFUSED:
                return sd_bus_error_set(error, RECDOCK_ERROR_CONFLICT,
                                        "recdock-medium is not there: expected 'systemctl enable --now "
                                        "recdock-medium.socket'");
        default:
                return refuse_begin(r, error);
        }
}

static int format_accept(const char *typed, uint32_t *ret, sd_bus_error *error)
{
        if (strcmp(typed, "") == 0 || strcmp(typed, "ext4") == 0)
                *ret = MEDIUM_EXT4;
        else if (strcmp(typed, "exfat") == 0)
                *ret = MEDIUM_EXFAT;
        else
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "format '%s' is unknown: expected ext4 or exfat", typed);
        return 0;
}

static int label_accept(const char *typed, char ret[MEDIUM_LABEL_MAX], sd_bus_error *error)
{
        int r = bus_text_accept("label", typed[0] ? typed : "RECDOCK", ret, MEDIUM_LABEL_MAX, error);
        const struct medium_init probe = {.place = {.major = 1}, .format = MEDIUM_EXT4};
        struct medium_init labelled = probe;

        if (r < 0)
                return r;
        (void)text_copy(labelled.label, sizeof(labelled.label), ret);
        if (medium_init_check(&labelled) >= 0)
                return 0;
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "label '%s' cannot be one: expected letters, digits, '.', '_' and '-', and "
                                 "the first a letter or digit",
                                 typed);
}

static int disk_accept(sd_bus_message *m, struct medium_init *ret, sd_bus_error *error)
{
        const char *port, *format, *label, *force;
        int r = sd_bus_message_read(m, "suusss", &port, &ret->place.major, &ret->place.minor, &format,
                                    &label, &force);

        if (r < 0)
                return r;
        if (port[0] ? !usb_port_is_valid(port) : !ret->place.major && !ret->place.minor)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "port '%s' is no USB port: expected one such as '3-1.4'", port);
        r = bus_text_accept("port", port, ret->place.port, sizeof(ret->place.port), error);
        if (r >= 0)
                r = format_accept(format, &ret->format, error);
        if (r >= 0)
                r = label_accept(label, ret->label, error);
        return r < 0 ? r : bus_text_accept("force", force, ret->force, sizeof(ret->force), error);
}

int bus_make_medium(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX], number[MEDIUM_NUMBER_MAX], place[MEDIUM_TEXT_MAX];
        struct medium_init request = {0};
        const char *typed[2];
        int r = disk_accept(m, &request, error);

        if (r >= 0)
                r = sd_bus_message_read(m, "ss", &typed[0], &typed[1]);
        if (r >= 0)
                r = bus_text_accept("number", typed[0], number, sizeof(number), error);
        if (r >= 0)
                r = bus_text_accept("place", typed[1], place, sizeof(place), error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        r = station_archive_make(server->station, &request, number, place, actor, on_made, m);
        if (r < 0)
                return refuse_make(r, number, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

/* --- VerifyVolume(), RetireVolume() --- */

/* The one volume that is asked for is on one medium. */
static int refuse_verify(struct catalogue *c, int r, const struct volume_row *v, sd_bus_error *error)
{
        struct medium m;

        if (r != -ENODEV || medium_by_id(c, v->medium, &m) != CATALOGUE_OK || m.kind != MEDIUM_REMOVABLE)
                return refuse_begin(r, error);
        return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                 "volume '%s' is on medium '%s' (%s), which is not plugged in: expected it "
                                 "on a USB port of the station",
                                 v->number, m.number, m.place[0] ? m.place : "its place is not known");
}

int bus_volume_require(struct catalogue *c, const char *number, struct volume_row *ret, sd_bus_error *error)
{
        int r = volume_by_number(c, number, ret);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(
                                error, RECDOCK_ERROR_NOT_FOUND,
                                "there is no volume '%s', expected one of 'recdockctl archive list'",
                                number);
        return r;
}

static void on_checked(void *userdata, const struct archivist_answer *a)
{
        _cleanup_(json_object_putp) json_object *o = json_object_new_object();
        sd_bus_message *m = userdata;

        if (a->error) {
                reply_sent(m, sd_bus_reply_method_errorf(m, RECDOCK_ERROR_FAILED, "%s", a->error));
                return;
        }
        add_text(o, "volume", a->volume->number);
        add_text(o, "medium", a->medium->number);
        add_text(o, "check_result", word_of(&volume_check_words, (int)a->volume->check_result));
        add_number(o, "files", a->volume->files);
        add_number(o, "bad", a->bad);
        (void)json_object_object_add(o, "others",
                                     a->others ? json_object_get(a->others) : json_object_new_array());
        reply_sent(m, sd_bus_reply_method_return(m, "s", json_object_to_json_string_ext(o, JSON_FORM)));
}

int bus_verify_volume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        char actor[BUS_ACTOR_MAX];
        struct volume_row v;
        const char *number;
        int r = sd_bus_message_read(m, "s", &number);

        if (r >= 0)
                r = bus_volume_require(server->station->catalogue, number, &v, error);
        if (r >= 0)
                r = bus_access_actor(m, actor);
        if (r < 0)
                return r;
        if (v.state != VOLUME_WRITTEN)
                return sd_bus_error_setf(error, RECDOCK_ERROR_CONFLICT,
                                         "volume '%s' is %s: expected one that is written", number,
                                         word_of(&volume_state_words, (int)v.state));
        r = station_archive_verify(server->station, &v, actor, on_checked, m);
        if (r < 0)
                return refuse_verify(server->station->catalogue, r, &v, error);
        (void)sd_bus_message_ref(m);
        return 1;
}

struct retiring {
        const char *number;
        char reason[VOLUME_REASON_MAX];
};

static int retire_apply(struct registry_call *call, void *arguments)
{
        const struct retiring *a = arguments;
        struct volume_row v;
        int r = bus_volume_require(call->catalogue, a->number, &v, call->error);

        if (r == CATALOGUE_OK)
                r = volume_retire(call->catalogue, call->actor, v.id, a->reason);
        if (r == CATALOGUE_CONFLICT)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_CONFLICT,
                                         "volume '%s' is %s: expected one that is written or has failed",
                                         a->number, word_of(&volume_state_words, (int)v.state));
        return r;
}

int bus_retire_volume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        struct retiring a;
        const char *reason;
        int r = sd_bus_message_read(m, "ss", &a.number, &reason);

        if (r < 0)
                return r;
        if (!*reason)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "the reason is empty: a volume is retired for a reason only");
        r = bus_text_accept("reason", reason, a.reason, sizeof(a.reason), error);
        if (r >= 0)
                r = registry_run(server, m, retire_apply, &a, error, NULL);
        if (r < 0)
                return r;
        station_volume_retired(server->station, a.number);
        return sd_bus_reply_method_return(m, NULL);
}
