// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The station on the bus: one object, one interface, the contract of bus_names.h. Lives on the station's
 * loop at the lowest priority of what matters, so that no client can delay a recorder. The station works
 * without a bus: a lost connection is made again, and nothing but the clients notices.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/alert.h"
#include "daemon/config.h"

#include <string.h>
#include <sys/eventfd.h>

static int method_get_status(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        _cleanup_free_ char *text = NULL;
        int r = station_status_json(server->station, &text);

        if (r < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED, "the status cannot be told: %s",
                                         log_errno_text(r));
        return sd_bus_reply_method_return(m, "s", text);
}

static int method_reload(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        int r = station_reload(server->station);

        if (r < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED,
                                         "the configuration cannot be loaded: %s, the one before stays",
                                         log_errno_text(r));
        return sd_bus_reply_method_return(m, NULL);
}

static int property_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const struct bus_server *server = userdata;
        const char *value = PACKAGE_VERSION;

        if (strcmp(property, "Number") == 0)
                value = server->station->config->number;
        else if (strcmp(property, "Custodian") == 0)
                value = server->station->config->custodian;
        return sd_bus_message_append(reply, "s", value ? value : "");
}

static int property_count(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const struct bus_server *server = userdata;
        const char *key = strcmp(property, "Bays") == 0 ? "bays" : "dockings";

        return sd_bus_message_append(reply, "u", bus_status_count(server->station, key));
}

static int property_alerts(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const struct bus_server *server = userdata;
        int64_t n = 0;
        int r = alert_count_open(server->station->catalogue, &n);

        if (r < 0)
                return r;
        return sd_bus_message_append(reply, "t", (uint64_t)n);
}

/* UNPRIVILEGED everywhere: without it sd-bus asks for a capability; who may call is bus_access_check()'s to
 * say. */
static const sd_bus_vtable station_vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("Version", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
                SD_BUS_PROPERTY("Number", "s", property_text, 0, 0),
                SD_BUS_PROPERTY("Custodian", "s", property_text, 0, 0),
                SD_BUS_PROPERTY("Bays", "u", property_count, 0, 0),
                SD_BUS_PROPERTY("Dockings", "u", property_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
                SD_BUS_PROPERTY("AlertsOpen", "t", property_alerts, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
                SD_BUS_METHOD_WITH_ARGS("GetStatus", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
                                        method_get_status, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Query", SD_BUS_ARGS("s", noun, "a(ss)", filters, "h", out),
                                        SD_BUS_RESULT("t", rows), bus_query, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_ARGS("a(ss)", filters, "h", out),
                                        SD_BUS_RESULT("t", checked, "t", bad), bus_verify,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("GetHealth", SD_BUS_ARGS("s", recorder), SD_BUS_RESULT("s", json),
                                        bus_get_health, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Report", SD_BUS_ARGS("a(ss)", filters, "h", out), SD_BUS_NO_RESULT,
                                        bus_report, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("RegisterRecorder", SD_BUS_ARGS("a{ss}", fields),
                                        SD_BUS_RESULT("t", id), bus_register_recorder,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("RetireRecorder", SD_BUS_ARGS("s", number, "s", reason),
                                        SD_BUS_NO_RESULT, bus_retire_recorder, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AssignRecorder",
                                        SD_BUS_ARGS("s", recorder, "s", officer, "s", from, "s", until),
                                        SD_BUS_NO_RESULT, bus_assign_recorder, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("CheckOutRecorder",
                                        SD_BUS_ARGS("s", recorder, "s", officer, "s", until, "s", override),
                                        SD_BUS_RESULT("t", id), bus_check_out_recorder,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReturnRecorder", SD_BUS_ARGS("s", recorder, "s", at),
                                        SD_BUS_RESULT("t", id), bus_return_recorder,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ExtendDeadline",
                                        SD_BUS_ARGS("s", subject, "s", until, "s", reason, "s", approver),
                                        SD_BUS_NO_RESULT, bus_extend_deadline, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ExplainGap",
                                        SD_BUS_ARGS("s", recorder, "s", from, "s", to, "s", reason, "s",
                                                    reporter, "s", approver, "s", text),
                                        SD_BUS_RESULT("t", id, "t", gaps), bus_explain_gap,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS(
                                "Hold",
                                SD_BUS_ARGS("s", case, "s", unit, "t", footage, "s", reason, "s", text),
                                SD_BUS_RESULT("t", hold), bus_hold, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReleaseHold", SD_BUS_ARGS("t", hold, "s", reason, "s", approver),
                                        SD_BUS_NO_RESULT, bus_release_hold, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AddOfficer", SD_BUS_ARGS("a{ss}", fields), SD_BUS_RESULT("t", id),
                                        bus_add_officer, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AddUnit", SD_BUS_ARGS("a{ss}", fields), SD_BUS_RESULT("t", id),
                                        bus_add_unit, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("EnterTable", SD_BUS_ARGS("s", noun, "as", columns, "a(uas)", lines),
                                        SD_BUS_RESULT("t", entered, "t", unchanged, "a(us)", refused),
                                        bus_enter_table, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Recover", SD_BUS_ARGS("t", docking, "at", findings),
                                        SD_BUS_RESULT("t", n), bus_recover, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("OpenCase", SD_BUS_ARGS("a{ss}", fields), SD_BUS_RESULT("t", id),
                                        bus_open_case, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("SetCase",
                                        SD_BUS_ARGS("s", number, "s", unit, "a{ss}", fields, "as", clear,
                                                    "s", reason, "s", approver),
                                        SD_BUS_RESULT("t", id, "t", changes), bus_set_case,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("CloseCase",
                                        SD_BUS_ARGS("s", number, "s", unit, "s", at, "s", file_until, "s",
                                                    reason, "s", approver),
                                        SD_BUS_RESULT("t", id), bus_close_case, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReopenCase",
                                        SD_BUS_ARGS("s", number, "s", unit, "s", reason, "s", approver),
                                        SD_BUS_RESULT("t", id), bus_reopen_case, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("TagFootage",
                                        SD_BUS_ARGS("s", number, "s", unit, "at", footage, "a(ss)", filters,
                                                    "b", move, "s", reason, "s", approver),
                                        SD_BUS_RESULT("t", tagged, "t", already, "t", moved),
                                        bus_tag_footage, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("UntagFootage",
                                        SD_BUS_ARGS("s", number, "s", unit, "at", footage, "s", reason, "s",
                                                    approver),
                                        SD_BUS_RESULT("t", n), bus_untag_footage,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Import",
                                        SD_BUS_ARGS("s", recorder, "s", officer, "s", reason, "h", giver),
                                        SD_BUS_RESULT("t", docking), bus_import, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("MendFootage", SD_BUS_ARGS("t", footage, "s", path, "h", source),
                                        SD_BUS_RESULT("s", json), bus_mend_footage,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AcknowledgeAlert", SD_BUS_ARGS("at", ids, "s", note),
                                        SD_BUS_NO_RESULT, bus_acknowledge_alert, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ClearAlert", SD_BUS_ARGS("at", ids, "s", reason), SD_BUS_NO_RESULT,
                                        bus_clear_alert, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("InitBackup", SD_BUS_ARGS("s", path), SD_BUS_RESULT("s", uuid),
                                        bus_init_backup, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("StartBackup", SD_BUS_ARGS("b", full_check, "b", wait),
                                        SD_BUS_RESULT("s", json), bus_start_backup,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("VerifyBackup", SD_BUS_ARGS("a(ss)", filters, "h", out),
                                        SD_BUS_RESULT("t", checked, "t", bad), bus_verify_backup,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("PlanArchive", SD_BUS_ARGS("a(ss)", filters, "h", out),
                                        SD_BUS_RESULT("t", rows), bus_plan_archive,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS(
                                "StartArchive", SD_BUS_ARGS("s", case, "s", unit, "s", drive, "b", wait),
                                SD_BUS_RESULT("s", json), bus_start_archive, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS(
                                "StartArchiveFrom",
                                SD_BUS_ARGS("t", footage, "s", path, "h", source, "s", drive, "b", wait),
                                SD_BUS_RESULT("s", json), bus_start_archive_from,
                                SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("InitMedium", SD_BUS_ARGS("s", path, "s", number, "s", place),
                                        SD_BUS_RESULT("s", medium), bus_init_medium,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("MakeMedium",
                                        SD_BUS_ARGS("s", port, "u", major, "u", minor, "s", format, "s",
                                                    label, "s", force, "s", number, "s", place),
                                        SD_BUS_RESULT("s", medium), bus_make_medium,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("VerifyVolume", SD_BUS_ARGS("s", number), SD_BUS_RESULT("s", json),
                                        bus_verify_volume, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("RetireVolume", SD_BUS_ARGS("s", number, "s", reason),
                                        SD_BUS_NO_RESULT, bus_retire_volume, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("LabelVolume", SD_BUS_ARGS("a(ss)", filters, "h", out),
                                        SD_BUS_NO_RESULT, bus_label_volume, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD("Reload", NULL, NULL, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_SIGNAL_WITH_ARGS("DockingChanged", SD_BUS_ARGS("t", docking, "s", json), 0),
                SD_BUS_SIGNAL_WITH_ARGS("AlertChanged",
                                        SD_BUS_ARGS("t", id, "s", state, "s", kind, "s", severity, "s",
                                                    subject, "s", text, "t", count, "s", since, "s", by, "s",
                                                    note),
                                        0),
                SD_BUS_VTABLE_END,
};

/* Before every dispatch, the interfaces that sd-bus answers by itself included. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        return bus_access_check(m, error);
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error);

static void server_disconnect(struct bus_server *server)
{
        server->lost = sd_bus_slot_unref(server->lost);
        server->gate = sd_bus_slot_unref(server->gate);
        server->object = sd_bus_slot_unref(server->object);
        server->bus = sd_bus_flush_close_unref(server->bus);
}

static int server_connect(struct bus_server *server)
{
        int r;

        r = sd_bus_open_system_with_description(&server->bus, "recdockd");
        /* bus_stop() comes after the loop has ended, and still has clients to answer. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(server->bus, false);
        if (r >= 0)
                r = sd_bus_add_filter(server->bus, &server->gate, on_message, server);
        if (r >= 0)
                r = sd_bus_add_object_vtable(server->bus, &server->object, RECDOCK_BUS_PATH,
                                             RECDOCK_BUS_INTERFACE, station_vtable, server);
        if (r >= 0)
                r = sd_bus_match_signal(server->bus, &server->lost, NULL, "/org/freedesktop/DBus/Local",
                                        "org.freedesktop.DBus.Local", "Disconnected", on_lost, server);
        if (r >= 0)
                r = sd_bus_request_name(server->bus, RECDOCK_BUS_NAME, 0);
        if (r >= 0)
                r = sd_bus_attach_event(server->bus, server->station->event, PRIORITY_BUS);
        if (r < 0)
                server_disconnect(server);
        return r;
}

static int reconnect_arm(struct bus_server *server);

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus_server *server = userdata;
        int r;

        server_disconnect(server);
        r = server_connect(server);
        if (r < 0) {
                log_debug("no connection to the bus: %s, trying again in 5 s", log_errno_text(r));
                return reconnect_arm(server);
        }
        log_notice("connected to the bus again");
        return 0;
}

static int reconnect_arm(struct bus_server *server)
{
        server->reconnect = sd_event_source_disable_unref(server->reconnect);
        return sd_event_add_time_relative(server->station->event, &server->reconnect, CLOCK_MONOTONIC,
                                          BUS_RECONNECT_US, 0, on_reconnect, server);
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;

        log_error("the connection to the bus is lost, the station goes on and connects again in 5 s");
        return reconnect_arm(server);
}

static void server_free(struct bus_server *server)
{
        bus_signals_stop(server);
        server->reconnect = sd_event_source_disable_unref(server->reconnect);
        server->retry = sd_event_source_disable_unref(server->retry);
        server->wake = sd_event_source_disable_unref(server->wake);
        (void)fd_close(server->wake_fd);
        server_disconnect(server);
        free(server);
}

DEFINE_CLEANUP(struct bus_server *, server_free);

int bus_start(struct station *s)
{
        _cleanup_(server_freep) struct bus_server *server = calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        server->station = s;
        server->client_timeout_ms = BUS_CLIENT_TIMEOUT_MS;
        server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (server->wake_fd < 0)
                return -errno;
        r = sd_event_add_io(s->event, &server->wake, server->wake_fd, EPOLLIN, bus_job_on_wake, server);
        if (r >= 0)
                r = sd_event_source_set_priority(server->wake, PRIORITY_BUS);
        if (r >= 0)
                r = server_connect(server);
        if (r < 0)
                return r;
        s->bus = TAKE_PTR(server);
        return 0;
}

void bus_stop(struct station *s)
{
        struct bus_server *server = s->bus;

        if (!server)
                return;
        bus_job_stop_all(server);
        s->bus = NULL;
        server_free(server);
}
