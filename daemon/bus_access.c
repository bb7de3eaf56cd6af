// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who may call. The bus policy keeps strangers out already; this second gate holds when that file is missing
 * or was loosened. The user id comes from the bus, which has it from the kernel; groups come from the user
 * database, as the policy's do, and not from /proc of a process that may be another one by now.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/registry.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { DATABASE_BUFFER = 16 * 1024, GROUPS_MAX = 1024 };

/* Name and first group of 'uid'. -ENOENT when the database has no such user. */
static int user_by_uid(uid_t uid, char *name, size_t size, gid_t *ret_gid)
{
        _cleanup_free_ char *buffer = malloc(DATABASE_BUFFER);
        struct passwd entry, *found = NULL;
        int r;

        if (!buffer)
                return -ENOMEM;
        r = getpwuid_r(uid, &entry, buffer, DATABASE_BUFFER, &found);
        if (r != 0)
                return -r;
        if (!found || !text_copy(name, size, found->pw_name))
                return -ENOENT;
        *ret_gid = found->pw_gid;
        return 0;
}

static int group_by_name(const char *name, gid_t *ret)
{
        _cleanup_free_ char *buffer = malloc(DATABASE_BUFFER);
        struct group entry, *found = NULL;
        int r;

        if (!buffer)
                return -ENOMEM;
        r = getgrnam_r(name, &entry, buffer, DATABASE_BUFFER, &found);
        if (r != 0)
                return -r;
        if (!found)
                return -ENOENT;
        *ret = found->gr_gid;
        return 0;
}

static const char *admitted_group(void)
{
        const char *name = getenv("RECDOCK_BUS_GROUP");

        return name && *name ? name : "recdock";
}

static bool user_in_group(uid_t uid, const char *group)
{
        _cleanup_free_ gid_t *groups = calloc(GROUPS_MAX, sizeof(gid_t));
        char name[REGISTRY_TEXT_MAX];
        int n = GROUPS_MAX;
        gid_t own = 0, wanted = 0;

        if (!groups || user_by_uid(uid, name, sizeof(name), &own) < 0 || group_by_name(group, &wanted) < 0)
                return false;
        if (getgrouplist(name, own, groups, &n) < 0)
                return false;
        for (int i = 0; i < n; i++)
                if (groups[i] == wanted)
                        return true;
        return false;
}

int bus_access_check(sd_bus_message *m, sd_bus_error *error)
{
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        uid_t uid;
        int r;

        r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_euid(creds, &uid);
        if (r < 0)
                return sd_bus_error_setf(error, RECDOCK_ERROR_DENIED, "the caller's user cannot be told: %s",
                                         log_errno_text(r));
        if (uid == 0 || uid == geteuid() || user_in_group(uid, admitted_group()))
                return 0;
        log_warning("refused '%s' to uid %u, who is neither root nor in group '%s'",
                    sd_bus_message_get_member(m), (unsigned int)uid, admitted_group());
        return sd_bus_error_setf(
                        error, RECDOCK_ERROR_DENIED,
                        "user %u may not speak to the station: expected root or a member of group '%s'",
                        (unsigned int)uid, admitted_group());
}

int bus_access_actor(sd_bus_message *m, char ret[BUS_ACTOR_MAX])
{
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        char name[REGISTRY_TEXT_MAX] = "?", process[64] = "";
        const char *command = NULL;
        pid_t pid = 0;
        uid_t uid;
        gid_t gid;
        int r;

        r = sd_bus_query_sender_creds(
                        m, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID | SD_BUS_CREDS_COMM | SD_BUS_CREDS_AUGMENT,
                        &creds);
        if (r < 0)
                return r;
        r = sd_bus_creds_get_euid(creds, &uid);
        if (r < 0)
                return r;
        (void)user_by_uid(uid, name, sizeof(name), &gid);
        /* The process is a hint for people: /proc may hide it, or it may have ended. */
        (void)sd_bus_creds_get_pid(creds, &pid);
        if (sd_bus_creds_get_comm(creds, &command) >= 0 && command)
                (void)text_copy(process, sizeof(process), command);
        text_make_printable(process);
        (void)snprintf(ret, BUS_ACTOR_MAX, "uid=%u(%s) pid=%d%s%s", (unsigned int)uid, name, (int)pid,
                       *process ? " " : "", process);
        return 0;
}
