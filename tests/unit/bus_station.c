// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bus server's surroundings in tests; see bus_station.h. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "catalogue/alert.h"
#include "catalogue/docking.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/registry.h"
#include "catalogue/retention.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/station.h"
#include "media/inspect_messages.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <sys/wait.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);
DEFINE_CLEANUP(struct store *, store_close);

static const struct bus_station_settings *settings;
static int64_t progress; /* "bytes" of the docking in the status */
static pid_t bus_pid;

/* ---- what stands in for the rest of recdockd ---- */

int station_status_json(const struct station *s, char **ret)
{
        int r = asprintf(ret,
                         "{\"station\":{\"number\":\"37-01\",\"custodian\":\"王强\"},"
                         "\"bays\":[{\"bay\":\"1\",\"port\":\"3-1\",\"docking\":%d},{\"bay\":\"2\",\"port\":"
                         "\"3-2\",\"docking\":null}],"
                         "\"dockings\":[{\"docking\":%d,\"bay\":\"1\",\"port\":\"3-1\",\"state\":"
                         "\"offloading\",\"recorder\":\"3700123\","
                         "\"items\":{\"seen\":40,\"pulled\":10,\"held\":2,\"failed\":1,\"waiting\":27},"
                         "\"bytes\":%lld,\"bytes_total\":4000,\"rate\":31457280,\"current\":{\"name\":"
                         "\"视频一.mp4\"},\"battery\":80,"
                         "\"reason\":null}],"
                         "\"alerts_open\":1,\"store\":{\"path\":\"/srv/"
                         "recdock\",\"free\":1099511627776,\"paused\":false}}",
                         BUS_STATION_DOCKING, BUS_STATION_DOCKING, (long long)progress);

        return r < 0 ? -ENOMEM : 0;
}

void station_alert_tell(struct station *s, const struct alert *a, enum alert_state state)
{
        bus_alert_changed(s, a, state);
}

void station_alert(struct station *s, const char *kind, int priority, const char *subject,
                   const char *format, ...)
{
        char text[512];
        struct alert a;
        va_list ap;
        bool raised;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (catalogue_begin(s->catalogue) < 0 ||
            alert_raise(s->catalogue, kind, priority, subject, text, &raised) < 0 ||
            alert_find_open(s->catalogue, kind, subject, &a) != CATALOGUE_OK ||
            catalogue_commit(s->catalogue) < 0)
                abort();
        if (raised)
                station_alert_tell(s, &a, ALERT_RAISED);
}

void station_alert_clear(struct station *s, const char *kind, const char *subject)
{
        if (catalogue_begin(s->catalogue) < 0 || alert_clear(s->catalogue, kind, subject, "test") < 0 ||
            catalogue_commit(s->catalogue) < 0)
                abort();
}

void station_duties_changed(struct station *s)
{
        (void)s;
}

void station_cases_changed(struct station *s)
{
        (void)s;
}

void station_gap_explained(struct station *s, const struct explanation *e, const char *recorder_number)
{
        (void)s;
        (void)e;
        (void)recorder_number;
}

void station_registry_changed(struct station *s)
{
        (void)s;
}

/* Docking 1 has two deleted files, 5 and 6; 6 cannot be recovered. */
int station_recover_findings(struct station *s, int64_t docking, const int64_t *findings, size_t n,
                             const char *actor, uint64_t *ret_n, char error[STATION_ERROR_MAX])
{
        (void)s;
        error[0] = '\0';
        if (docking != 1 || !strstr(actor, "uid=")) {
                (void)snprintf(error, STATION_ERROR_MAX, "docking %lld is over", (long long)docking);
                return -ENOENT;
        }
        for (size_t i = 0; i < n; i++) {
                if (findings[i] == 5)
                        continue;
                (void)snprintf(error, STATION_ERROR_MAX, "finding %lld cannot be recovered",
                               (long long)findings[i]);
                return findings[i] == 6 ? -ESTALE : -ENOENT;
        }
        *ret_n = 1;
        return 0;
}

/* Enters the docking and lets the giver go: what is imported is for other tests. */
int station_import(struct station *s, const struct import_request *request, int64_t *ret_docking)
{
        struct docking_row row = {.source = FOOTAGE_IMPORT,
                                  .recorder = request->recorder,
                                  .import_officer = request->officer,
                                  .state = DOCKING_FAILED,
                                  .plugged_at = clock_now(),
                                  .identified_at = INSTANT_NONE,
                                  .listed_at = INSTANT_NONE,
                                  .released_at = INSTANT_NONE,
                                  .unplugged_at = INSTANT_NONE,
                                  .battery_percent = -1,
                                  .free_bytes = -1,
                                  .total_bytes = -1};

        if (settings->import_error < 0)
                return settings->import_error;
        (void)snprintf(row.import_reason, sizeof(row.import_reason), "%s", request->reason);
        if (catalogue_begin(s->catalogue) < 0 || docking_insert(s->catalogue, request->actor, &row) < 0 ||
            catalogue_commit(s->catalogue) < 0)
                abort();
        *ret_docking = row.id;
        return 0;
}

/* Making backups is for other tests: what a client is told when there can be none is for these. */
int station_backup_init(struct station *s, const char *actor,
                        void (*on_done)(void *userdata, const struct backup_answer *answer), void *userdata)
{
        return s->config->backup_target ? -EBUSY : -ENODEV;
}

int station_backup_begin(struct station *s, bool full_check, const char *actor,
                         void (*on_done)(void *userdata, const struct backup_answer *answer), void *userdata)
{
        return s->config->backup_target ? -EBUSY : -ENODEV;
}

/* So is writing volumes. */
int station_archive_begin(struct station *s, const char *actor, const char *drive,
                          const struct archive_given *given, station_archive_fn *on_done, void *userdata)
{
        return -ENODATA;
}

int station_archive_verify(struct station *s, const struct volume_row *v, const char *actor,
                           station_archive_fn *on_done, void *userdata)
{
        return -ENODEV;
}

int station_archive_init(struct station *s, const char *path, const char *number, const char *place,
                         const char *actor, station_archive_fn *on_done, void *userdata)
{
        return -EBUSY;
}

int station_archive_make(struct station *s, const struct medium_init *request, const char *number,
                         const char *place, const char *actor, station_archive_fn *on_done, void *userdata)
{
        return -EBUSY;
}

/* So is mending. */
int station_mend(struct station *s, const struct mend_request *request,
                 void (*on_done)(void *userdata, const struct mend_answer *answer), void *userdata)
{
        return -EBUSY;
}

void station_volume_retired(struct station *s, const char *number)
{
}

int station_reload(struct station *s)
{
        return settings->bad_reload ? -EINVAL : 0;
}

struct digesting {
        int fd;
        int64_t size;
        station_digest_fn *on_done;
        void *userdata;
};

/* What the inspector is freed with it cancels, and that comes after the bus has stopped. */
static struct digesting unanswered;

static void inspector_end(void)
{
        if (unanswered.on_done)
                unanswered.on_done(unanswered.userdata, -ECANCELED, NULL);
}

static int on_digesting(sd_event_source *source, void *userdata)
{
        struct digesting *job = userdata;
        struct inspect_result result = {.digested = 1};
        char bytes[4096];
        ssize_t n = pread(job->fd, bytes, sizeof(bytes), 0);

        if (n < 0 || digest_sha256(bytes, (size_t)n, result.digests.sha256) < 0)
                abort();
        result.size = n;
        job->on_done(job->userdata, 0, &result);
        (void)close(job->fd);
        free(job);
        return 0;
}

int station_digest(struct station *s, int fd, int64_t size, station_digest_fn *on_done, void *userdata)
{
        static bool refused;
        struct digesting *job;

        refused = settings->busy_inspector && !refused;
        if (refused)
                return -EAGAIN;
        if (settings->no_answers) {
                unanswered.on_done = on_done;
                unanswered.userdata = userdata;
                return 0;
        }
        job = malloc(sizeof(*job));
        if (!job)
                return -ENOMEM;
        /* An own description: the one given may be O_DIRECT. */
        *job = (struct digesting){fcntl(fd, F_DUPFD_CLOEXEC, 3), size, on_done, userdata};
        (void)fcntl(job->fd, F_SETFL, 0);
        return sd_event_add_defer(s->event, NULL, on_digesting, job);
}

/* ---- furniture ---- */

static struct catalogue *catalogue_of_test(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        return c;
}

static struct store *store_of_test(void)
{
        _cleanup_free_ char *path = scratch_path("root");
        struct store *s;

        ck_assert_int_eq(store_open(&s, path, "37-01", true), STORE_OK);
        return s;
}

void bus_station_furnish(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test();
        struct unit unit = {.number = BUS_STATION_UNIT, .name = "历下区消防救援大队"};
        struct officer officer = {.number = BUS_STATION_OFFICER, .name = "李雷"};
        struct recorder_row recorder = {.number = BUS_STATION_RECORDER,
                                        .usb_serial = "SN-1",
                                        .model = "DSJ-X",
                                        .vendor_id = 0x1d6b,
                                        .product_id = 0x0104,
                                        .registered_at = clock_now(),
                                        .retired_at = INSTANT_NONE};
        struct docking_row docking = {.bay = "1",
                                      .port = "3-1",
                                      .vendor_id = 0x2207,
                                      .product_id = 0x0001,
                                      .usb_serial = "SN-NEW",
                                      .model = "DSJ-Y",
                                      .state = DOCKING_RELEASED,
                                      .plugged_at = clock_now(),
                                      .identified_at = INSTANT_NONE,
                                      .listed_at = INSTANT_NONE,
                                      .released_at = INSTANT_NONE,
                                      .unplugged_at = INSTANT_NONE,
                                      .battery_percent = 80,
                                      .free_bytes = -1,
                                      .total_bytes = -1,
                                      .seen = 3,
                                      .pulled = 2,
                                      .already_held = 1};
        int64_t id;
        bool raised;

        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(unit_add(c, "test", &unit, &id), CATALOGUE_OK);
        officer.unit = recorder.unit = id;
        ck_assert_int_eq(officer_add(c, "test", &officer, &id), CATALOGUE_OK);
        ck_assert_int_eq(recorder_register(c, "test", &recorder, &id), CATALOGUE_OK);
        docking.recorder = id;
        ck_assert_int_eq(docking_insert(c, "test", &docking), CATALOGUE_OK);
        ck_assert_int_eq(alert_raise(c, "unknown-recorder", LOG_WARNING, "serial/SN-NEW", "not registered",
                                     &raised),
                         0);
        ck_assert_int_eq(catalogue_commit(c), 0);
        ck_assert_int_eq(docking.id, 1);
}

static void footage_describe(struct footage *f, const struct item *item, const char *name, const char *text)
{
        *f = (struct footage){.item = item->id,
                              .docking = 1,
                              .unit = 1,
                              .recorder = 1,
                              .officer = 1,
                              .bay = "1",
                              .started_at = clock_now() - USEC_PER_HOUR,
                              .ended_at = INSTANT_NONE,
                              .time_source = "name",
                              .name_time = INSTANT_NONE,
                              .container_time = INSTANT_NONE,
                              .device_time = INSTANT_NONE,
                              .duration = 90 * USEC_PER_SEC,
                              .size = (int64_t)strlen(text),
                              .verdict = VERDICT_COMPLETE,
                              .container = "mp4",
                              .kind = MEDIA_VIDEO,
                              .offloaded_at = clock_now(),
                              .deadline = clock_now() + USEC_PER_DAY};
        (void)snprintf(f->name, sizeof(f->name), "%s", name);
        (void)snprintf(f->source_path, sizeof(f->source_path), "/DCIM/%s", name);
        ck_assert_int_eq(digest_sha256(text, strlen(text), f->digests.sha256), 0);
        ck_assert_int_eq(store_compose_path(BUS_STATION_UNIT, BUS_STATION_RECORDER, BUS_STATION_OFFICER,
                                            f->started_at, name, 0, f->path),
                         0);
}

static void part_file(int64_t item, const struct footage *f, const char *text)
{
        _cleanup_(store_closep) struct store *s = store_of_test();
        struct store_batch *batch;
        int64_t size;
        int fd;

        ck_assert_int_eq(store_part_open(s, 1, item, -1, &fd, &size), STORE_OK);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
        ck_assert_int_eq(store_batch_new(s, &batch), 0);
        ck_assert_int_eq(store_batch_link(batch, 1, item, f->path, f->started_at), STORE_OK);
        ck_assert_int_eq(store_batch_sync(batch), 0);
        store_batch_free(batch);
        ck_assert_int_eq(store_part_remove(s, 1, item), STORE_OK);
}

int64_t bus_station_file(const char *name, const char *text)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test();
        struct item item = {.recorder = 1, .docking = 1, .size = (int64_t)strlen(text), .actual_size = -1};
        struct footage f;
        int64_t id;
        bool fresh;

        (void)snprintf(item.path, sizeof(item.path), "/DCIM/%s", name);
        ck_assert_int_eq(catalogue_begin(c), 0);
        ck_assert_int_eq(item_note(c, &item, &fresh), CATALOGUE_OK);
        footage_describe(&f, &item, name, text);
        ck_assert_int_eq(footage_intent(c, &f), CATALOGUE_OK);
        part_file(item.id, &f, text);
        ck_assert_int_eq(footage_commit(c, "test", item.id, &id), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(c), 0);
        return id;
}

void bus_station_add_units(int n)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test();
        struct unit unit = {.number = ""};
        int64_t id;

        ck_assert_int_eq(catalogue_begin(c), 0);
        memset(unit.name, 'n', sizeof(unit.name) - 1);
        for (int i = 0; i < n; i++) {
                (void)snprintf(unit.number, sizeof(unit.number), "%d", 900000 + i);
                ck_assert_int_eq(unit_add(c, "test", &unit, &id), CATALOGUE_OK);
        }
        ck_assert_int_eq(catalogue_commit(c), 0);
}

char *bus_station_footage_path(const char *name)
{
        _cleanup_(catalogue_closep) struct catalogue *c = catalogue_of_test();
        struct footage f;
        char relative[STORE_PATH_MAX + 8];

        for (int64_t id = 1; footage_by_id(c, id, &f) == CATALOGUE_OK; id++)
                if (strcmp(f.name, name) == 0) {
                        (void)snprintf(relative, sizeof(relative), "root/%s", f.path);
                        return scratch_path(relative);
                }
        ck_abort_msg("no footage '%s'", name);
        return NULL;
}

/* ---- processes ---- */

void bus_daemon_start(void)
{
        static const char format[] =
                        "<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth>"
                        "<policy context=\"default\"><allow user=\"*\"/><allow send_destination=\"*\" "
                        "eavesdrop=\"true\"/>"
                        "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";
        _cleanup_free_ char *socket = scratch_path("bus"), *config = scratch_path("bus.conf"), *text = NULL,
                            *address = NULL;
        int ready[2];
        char byte;

        ck_assert_int_ge(asprintf(&text, format, socket), 0);
        scratch_write("bus.conf", text);
        ck_assert_int_eq(pipe2(ready, 0), 0);
        bus_pid = fork();
        ck_assert_int_ge(bus_pid, 0);
        if (bus_pid == 0) {
                char print[32], file[512];

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)snprintf(print, sizeof(print), "--print-address=%d", ready[1]);
                (void)snprintf(file, sizeof(file), "--config-file=%s", config);
                (void)execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", print,
                             file, NULL);
                _exit(127);
        }
        (void)close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        ck_assert_int_ge(asprintf(&address, "unix:path=%s", socket), 0);
        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
}

void bus_daemon_stop(void)
{
        int status;

        (void)kill(bus_pid, SIGTERM);
        ck_assert_int_eq(waitpid(bus_pid, &status, 0), bus_pid);
}

static int on_changes(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        for (int i = 1; i <= BUS_STATION_CHANGES; i++) {
                progress = i;
                bus_docking_changed(userdata, BUS_STATION_DOCKING,
                                    info->ssi_signo == SIGUSR1 && i == BUS_STATION_CHANGES);
        }
        return 0;
}

/* The shipped profile, for tests that say where the sources are; all others keep everything for ever. */
static struct retention_rules *retention_of_test(void)
{
        const char *sources = getenv("RECDOCK_SOURCES"), *dirs[2] = {NULL, NULL};
        _cleanup_free_ char *folder = NULL;
        struct retention_rules *rules = NULL;

        if (!sources || asprintf(&folder, "%s/daemon/retention.d", sources) < 0)
                return NULL;
        dirs[0] = folder;
        return retention_rules_load(dirs, true, NULL, NULL, &rules) < 0 ? NULL : rules;
}

static int server_run(int ready)
{
        struct config config = {
                        .number = (char *)"37-01",
                        .custodian = (char *)"王强",
                        .health = {.clock_tolerance = 3 * USEC_PER_SEC,
                                   .battery_low = 20,
                                   .storage_low_percent = 10},
                        .calendar = CALENDAR_WEEK,
                        .deadlines = {.limit = 24 * USEC_PER_HOUR, .same_day = MINUTES_PER_DAY - 1},
                        .continuity = CONTINUITY_DEFAULTS,
                        .retention = retention_of_test(),
        };
        struct station s = {.config = &config};
        sigset_t mask;
        int r;

        config.deadlines.calendar = &config.calendar;
        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGTERM);
        (void)sigaddset(&mask, SIGUSR1);
        (void)sigaddset(&mask, SIGUSR2);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        s.catalogue_path = scratch_path("catalogue.db");
        s.catalogue = catalogue_of_test();
        catalogue_set_retention(s.catalogue, config.retention);
        s.store = store_of_test();
        if (sd_event_new(&s.event) < 0 || sd_event_add_signal(s.event, NULL, SIGTERM, NULL, NULL) < 0 ||
            sd_event_add_signal(s.event, NULL, SIGUSR1, on_changes, &s) < 0 ||
            sd_event_add_signal(s.event, NULL, SIGUSR2, on_changes, &s) < 0 || bus_start(&s) < 0)
                return 1;
        if (settings->client_timeout_ms > 0)
                s.bus->client_timeout_ms = settings->client_timeout_ms;
        if (write(ready, "r", 1) != 1)
                return 1;
        (void)close(ready);
        r = sd_event_loop(s.event);
        bus_stop(&s);
        inspector_end();
        sd_event_unref(s.event);
        store_close(s.store);
        catalogue_close(s.catalogue);
        retention_rules_unref(config.retention);
        free(s.catalogue_path);
        return r < 0 ? 1 : 0;
}

pid_t bus_station_start(const struct bus_station_settings *wanted)
{
        static const struct bus_station_settings plain;
        int ready[2];
        char byte;
        pid_t pid;

        settings = wanted ? wanted : &plain;
        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        (void)fflush(NULL); /* or the child writes it once more at its end */
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)close(ready[0]);
                if (settings->group)
                        (void)setenv("RECDOCK_BUS_GROUP", settings->group, 1);
                exit(server_run(ready[1]));
        }
        (void)close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        return pid;
}

int bus_station_stop(pid_t pid)
{
        int status;

        ck_assert_int_eq(kill(pid, SIGTERM), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
