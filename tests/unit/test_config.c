// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock.conf as the daemon reads it: defaults, what each key refuses, what only the whole shows, and the
 * shipped files, whose folder is in $RECDOCK_SHIPPED.
 */
#include "daemon/config.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "scratch.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#define STATION "[Station]\nNumber=4101-07\nCustodian=王伟\n"

static struct config *config;
static char findings[8192];

static void on_report(const char *text, void *userdata)
{
        (void)userdata;
        strncat(findings, text, sizeof(findings) - strlen(findings) - 2);
        strcat(findings, "\n");
}

/* The shipped profile, in which 'more' is added; it masks the installed one. */
static void profile_write(const char *more)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        char shipped[8192];
        size_t n;
        FILE *f;

        ck_assert_int_ge(asprintf(&path, "%s/retention.d/50-fire.conf", getenv("RECDOCK_SHIPPED")), 0);
        f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        n = fread(shipped, 1, sizeof(shipped) - 1, f);
        ck_assert_int_eq(fclose(f), 0);
        shipped[n] = '\0';
        ck_assert_int_ge(asprintf(&text, "%s%s", shipped, more), 0);
        scratch_write("retention.d/50-fire.conf", text);
}

static void setup(void)
{
        const char *folder = scratch_make();

        config = NULL;
        findings[0] = '\0';
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", folder, 1), 0);
        ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
        scratch_write("recdock.conf.d/50-patterns.conf", ""); /* masks the installed one */
        profile_write("");
        log_set_max_priority(LOG_EMERG);
}

static void teardown(void)
{
        config_free(config);
        scratch_remove();
}

static int load(bool strict, const char *text)
{
        scratch_write("recdock.conf", text);
        findings[0] = '\0';
        return config_load(&config, strict, on_report, NULL);
}

START_TEST(test_defaults)
{
        ck_assert_int_eq(load(true, STATION), 0);
        ck_assert_str_eq(findings, "");
        ck_assert_str_eq(config->number, "4101-07");
        ck_assert_str_eq(config->custodian, "王伟");
        ck_assert_ptr_null(config->time_zone);
        ck_assert_int_eq(config->registration, REGISTER_REFUSE);
        ck_assert_str_eq(config->store_path, RECDOCK_STATEDIR);
        ck_assert_uint_eq(config->keep_free, 1073741824);
        ck_assert(!config->sm3 && config->verity && !config->set_clock);
        ck_assert_int_eq(config->release, RELEASE_KEEP);
        ck_assert_int_eq(config->health.clock_tolerance, 3 * USEC_PER_SEC);
        ck_assert_uint_eq(config->health.battery_low, 20);
        ck_assert_uint_eq(config->health.storage_low_percent, 10);
        ck_assert_uint_eq(config->health.storage_low_bytes, 0);
        ck_assert_uint_eq(config->workers_max, 32);
        ck_assert_int_eq(config->warn_timeout, 20 * USEC_PER_SEC);
        ck_assert_int_eq(config->kill_timeout, 60 * USEC_PER_SEC);
        ck_assert_uint_eq(config->attempts, 3);
        ck_assert(!config->recover);
        ck_assert_int_eq(config->switch_timeout, 15 * USEC_PER_SEC);
        ck_assert_uint_eq(config->item_max, UINT64_C(64) << 30);
        ck_assert_int_eq(config->time_order[0], TIME_FROM_NAME);
        ck_assert_int_eq(config->time_order[2], TIME_FROM_DEVICE);
        ck_assert_int_eq(config->time_tolerance, 120 * USEC_PER_SEC);
        ck_assert_int_eq(config->deadlines.limit, 24 * USEC_PER_HOUR);
        ck_assert_uint_eq(config->deadlines.same_day, 23 * 60 + 59);
        ck_assert(!config->deadlines.days_off_wait);
        ck_assert_ptr_eq(config->deadlines.calendar, &config->calendar);
        ck_assert_int_eq(config->continuity.join, USEC_PER_SEC);
        ck_assert_int_eq(config->continuity.gap, 10 * USEC_PER_SEC);
        ck_assert_int_eq(config->continuity.activity_gap, USEC_PER_HOUR / 2);
        ck_assert_uint_eq(config->inspectors, 2);
        ck_assert_int_eq(config->escalate_after, 4 * USEC_PER_HOUR);
        ck_assert(config->annotation);
        ck_assert_int_eq(config->annotation_grace, 24 * USEC_PER_HOUR);
        ck_assert_ptr_null(config->backup_target);
        ck_assert_int_eq(config->backup.every, USEC_PER_DAY);
        ck_assert_int_eq(config->backup.at, -1);
        ck_assert_int_eq(config->backup.alert_after, 3 * USEC_PER_DAY);
        ck_assert_uint_eq(config->backup_generations, 7);
        ck_assert(!config->backup_same_disk);
        ck_assert_uint_eq(config->archive_folders.n, 0);
        ck_assert_uint_eq(config->archive.copies, 1);
        ck_assert_int_eq(config->archive.check_after, 730 * USEC_PER_DAY);
        ck_assert(config->archive_auto && !config->archive_same_disk && !config->archive_hash_list);
        ck_assert_uint_eq(config->archive_recovery, 0);
        ck_assert(!config->undocking_is_checkout);
        ck_assert_int_eq(config->missing.grace, 2 * USEC_PER_DAY);
        ck_assert_int_eq(config->missing.after, 3 * USEC_PER_DAY);
        ck_assert_ptr_null(config->bays);
}
END_TEST

START_TEST(test_every_key)
{
        ck_assert_int_eq(
                        load(true, STATION
                             "TimeZone=Asia/Shanghai\nRegister=auto\n"
                             "[Store]\nPath=/srv/evidence/\nKeepFree=50G\nSM3=yes\nVerity=no\n"
                             "[Docking]\nRelease=clear\nSetClock=yes\nClockTolerance=5s\nWorkersMax=4\n"
                             "WarnTimeout=10s\nKillTimeout=11s\nAttempts=1\nRecover=yes\nSwitchTimeout=0\n"
                             "[Health]\nBatteryLow=35%\nStorageLow=4G\n"
                             "[Recording]\nTimeOrder=device name\nTimeTolerance=1min\nDeadline=12h\n"
                             "DayEnds=17:30\nDaysOff=wait\n"
                             "[Duty]\nUndockingIsCheckout=yes\nMissingGrace=0\nMissingAfter=12h\n"
                             "[Alert]\nEscalateAfter=30min\n[Continuity]\nJoin=0\nGap=1min\nActivityGap=2h\n"
                             "[Case]\nAnnotation=no\nAnnotationGrace=3d\n"
                             "[Backup]\nTarget=/srv/backup/"
                             "\nEvery=2d\nAt=03:30\nAlertAfter=5d\nGenerations=3\n"
                             "AllowSameDisk=yes\n"
                             "[Archive]\nFolder=/srv/x\nFolder=\nFolder=/srv/a/\nFolder=/srv/b\nCopies=3\n"
                             "CheckAfter=90d\nAuto=no\nAllowSameDisk=yes\nMediaHashList=yes\nRecovery=15%\n"
                             "[Inspect]\nParallel=8\n[Bay \"2\"]\nPort=3-1.2\n[Bay \"1\"]\nPort=3-1.1.4\n"
                             "[Pattern \"b\"]\nMatch=b\n[Pattern \"a\"]\nMatch=a\n"),
                        0);
        ck_assert_str_eq(findings, "");
        ck_assert_str_eq(config->time_zone, "Asia/Shanghai");
        ck_assert_int_eq(config->registration, REGISTER_AUTO);
        ck_assert_str_eq(config->store_path, "/srv/evidence");
        ck_assert(config->sm3 && !config->verity && config->set_clock);
        ck_assert_int_eq(config->release, RELEASE_CLEAR);
        ck_assert(config->recover);
        ck_assert_int_eq(config->health.clock_tolerance, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(config->health.battery_low, 35);
        ck_assert_uint_eq(config->health.storage_low_percent, 0);
        ck_assert_uint_eq(config->health.storage_low_bytes, UINT64_C(4) << 30);
        ck_assert_int_eq(config->switch_timeout, 0);
        ck_assert_int_eq(config->escalate_after, 1800 * USEC_PER_SEC);
        ck_assert(!config->annotation);
        ck_assert_int_eq(config->annotation_grace, 3 * USEC_PER_DAY);
        ck_assert_str_eq(config->backup_target, "/srv/backup");
        ck_assert_int_eq(config->backup.every, 2 * USEC_PER_DAY);
        ck_assert_int_eq(config->backup.at, 3 * 60 + 30);
        ck_assert_int_eq(config->backup.alert_after, 5 * USEC_PER_DAY);
        ck_assert_uint_eq(config->backup_generations, 3);
        ck_assert(config->backup_same_disk);
        ck_assert_uint_eq(config->archive_folders.n, 2);
        ck_assert_str_eq(config->archive_folders.paths[0], "/srv/a");
        ck_assert_str_eq(config->archive_folders.paths[1], "/srv/b");
        ck_assert_uint_eq(config->archive.copies, 3);
        ck_assert_int_eq(config->archive.check_after, 90 * USEC_PER_DAY);
        ck_assert(!config->archive_auto && config->archive_same_disk && config->archive_hash_list);
        ck_assert_uint_eq(config->archive_recovery, 15);
        ck_assert(config->undocking_is_checkout);
        ck_assert_int_eq(config->missing.grace, 0);
        ck_assert_int_eq(config->missing.after, 12 * USEC_PER_HOUR);
        ck_assert_int_eq(config->time_order[0], TIME_FROM_DEVICE);
        ck_assert_int_eq(config->time_order[1], TIME_FROM_NAME);
        ck_assert_int_eq(config->time_order[2], TIME_FROM_NOWHERE);
        ck_assert_int_eq(config->deadlines.limit, 12 * USEC_PER_HOUR);
        ck_assert_uint_eq(config->deadlines.same_day, 17 * 60 + 30);
        ck_assert(config->deadlines.days_off_wait);
        ck_assert_int_eq(config->continuity.join, 0);
        ck_assert_int_eq(config->continuity.gap, 60 * USEC_PER_SEC);
        ck_assert_int_eq(config->continuity.activity_gap, 2 * USEC_PER_HOUR);
        ck_assert_uint_eq(config->inspectors, 8);
        ck_assert_str_eq(config->bays->name, "2");
        ck_assert_str_eq(config->bays->next->port, "3-1.1.4");
        ck_assert_uint_eq(config->n_patterns, 2);
        ck_assert_str_eq(config->pattern_texts->name, "a"); /* in order of names */
}
END_TEST

static const struct {
        const char *text, *finding;
} bad[] = {
                {"TimeZone=Mars/Olympus\n",
                 ":4: [Station] TimeZone='Mars/Olympus': expected a time zone such as Asia/Shanghai"},
                {"TimeZone=../../etc/passwd\n", "TimeZone='../../etc/passwd': expected a time zone"},
                {"TimeZone=Asia\n", "TimeZone='Asia': expected a time zone"},
                {"Register=perhaps\n", "Register='perhaps': expected refuse or auto"},
                {"Number=a234567890123456789012345678901234567890123456789012345678901234\n",
                 "expected a text of at most 63 bytes"},
                {"[Store]\nPath=evidence\n", ":5: [Store] Path='evidence': expected an absolute path"},
                {"[Store]\nKeepFree=lots\n", "KeepFree='lots': expected a size"},
                {"[Store]\nSM3=maybe\n", "SM3='maybe': expected yes or no"},
                {"[Docking]\nRecover=perhaps\n", "Recover='perhaps': expected yes or no"},
                {"[Docking]\nSwitchTimeout=soon\n", "SwitchTimeout='soon': expected"},
                {"[Docking]\nRelease=delete\n", "Release='delete': expected keep or clear"},
                {"[Docking]\nWorkersMax=0\n", "WorkersMax='0': expected a number from 1 to 256"},
                {"[Docking]\nWorkersMax=257\n", "WorkersMax='257': expected a number from 1 to 256"},
                {"[Docking]\nAttempts=0\n", "Attempts='0': expected a number from 1 to 100"},
                {"[Docking]\nWarnTimeout=0\n", "WarnTimeout='0': expected a time span of at least 1s"},
                {"[Docking]\nKillTimeout=20s\n", "KillTimeout=: expected more than WarnTimeout=20s"},
                {"[Docking]\nWarnTimeout=60s\n", "KillTimeout=: expected more than WarnTimeout=60s"},
                {"[Health]\nBatteryLow=low\n", "BatteryLow='low': expected a percentage from 0 to 100"},
                {"[Health]\nBatteryLow=101\n", "BatteryLow='101': expected a percentage"},
                {"[Health]\nBatteryLow=-1\n", "BatteryLow='-1': expected a percentage"},
                {"[Health]\nBatteryLow=20%%\n", "BatteryLow='20%%': expected a percentage"},
                {"[Health]\nBatteryLow=\n", "BatteryLow='': expected a percentage"},
                {"[Health]\nStorageLow=101%\n",
                 "StorageLow='101%': expected a percentage such as 10%, or a size such as 4G"},
                {"[Health]\nStorageLow=%\n", "StorageLow='%': expected a percentage"},
                {"[Health]\nStorageLow=4X\n", "StorageLow='4X': expected a percentage"},
                {"[Health]\nStorageLow=-4G\n", "StorageLow='-4G': expected a percentage"},
                {"[Health]\nClockTolerance=3s\n", "[Health] ClockTolerance='3s': unknown key"},
                {"[Docking]\nClockTolerance=late\n", "ClockTolerance='late': expected a time span"},
                {"[Docking]\nSetClock=perhaps\n", "SetClock='perhaps': expected yes or no"},
                {"[Recording]\nTimeOrder=name name\n",
                 "TimeOrder='name name': expected each at most once, of name, container and device"},
                {"[Recording]\nTimeOrder=none\n", "TimeOrder='none': expected each at most once"},
                {"[Recording]\nTimeOrder=\n", "TimeOrder='': expected each at most once"},
                {"[Recording]\nTimeOrder=name container device name\n",
                 "TimeOrder='name container device name': expected"},
                {"[Recording]\nDayEnds=24:01\n",
                 "DayEnds='24:01': expected a time of day from 00:00 to 24:00"},
                {"[Recording]\nDayEnds=17:60\n", "DayEnds='17:60': expected a time of day"},
                {"[Recording]\nDayEnds=8:00\n", "DayEnds='8:00': expected a time of day"},
                {"[Recording]\nDayEnds=08:000\n", "DayEnds='08:000': expected a time of day"},
                {"[Recording]\nDayEnds=0800:\n", "DayEnds='0800:': expected a time of day"},
                {"[Recording]\nDayEnds=\n", "DayEnds='': expected a time of day"},
                {"[Recording]\nDaysOff=never\n", "DaysOff='never': expected count or wait"},
                {"[Recording]\nDeadline=never\n", "Deadline='never': expected a time span"},
                {"[Duty]\nUndockingIsCheckout=perhaps\n",
                 "UndockingIsCheckout='perhaps': expected yes or no"},
                {"[Duty]\nMissingGrace=366d\n",
                 "MissingGrace='366d': expected a time span such as 2d of at most 365d, or 0 for never"},
                {"[Duty]\nMissingAfter=never\n", "MissingAfter='never': expected a time span such as 2d"},
                {"[Duty]\nMissing=2d\n", "[Duty] Missing='2d': unknown key"},
                {"[Alert]\nEscalateAfter=366d\n",
                 "EscalateAfter='366d': expected a time span such as 4h of at "
                 "most 365d, or 0 for never"},
                {"[Alert]\nEscalateAfter=never\n", "EscalateAfter='never': expected a time span"},
                {"[Case]\nAnnotationGrace=366d\n",
                 "AnnotationGrace='366d': expected a time span such as 24h of at most 365d"},
                {"[Case]\nAnnotationGrace=never\n", "AnnotationGrace='never': expected a time span"},
                {"[Case]\nAnnotation=perhaps\n", "Annotation='perhaps': expected"},
                {"[Continuity]\nJoin=11s\n", "Join='11s': expected a time span from 0 to 10s"},
                {"[Continuity]\nJoin=soon\n", "Join='soon': expected a time span such as"},
                {"[Continuity]\nGap=0\n", "Gap='0': expected a time span from 1s to 24h"},
                {"[Continuity]\nGap=25h\n", "Gap='25h': expected a time span from 1s to 24h"},
                {"[Continuity]\nActivityGap=never\n", "ActivityGap='never': expected a time span such as"},
                {"[Continuity]\nActivityGap=500ms\n",
                 "ActivityGap='500ms': expected a time span from 1s to 24h"},
                {"[Continuity]\nGap=1h\nActivityGap=1h\n",
                 "[Continuity] ActivityGap=: expected more than Gap=3600s"},
                {"[Backup]\nTarget=disk\n", "Target='disk': expected an absolute path"},
                {"[Backup]\nEvery=59min\n", "Every='59min': expected a time span from 1h to 366d"},
                {"[Backup]\nEvery=36h\nAt=03:00\n",
                 "[Backup] Every=: expected whole days, because At= is set"},
                {"[Backup]\nAt=24:00\n", "At='24:00': expected a time of day from 00:00 to 23:59"},
                {"[Backup]\nAt=3\n", "At='3': expected a time of day from 00:00 to 23:59"},
                {"[Backup]\nAlertAfter=0\n", "AlertAfter='0': expected a time span from 1h to 366d"},
                {"[Backup]\nEvery=7d\nAlertAfter=3d\n",
                 "[Backup] AlertAfter=: expected no less than Every=168h"},
                {"[Archive]\nFolder=disk\n", "Folder='disk': expected an absolute path"},
                {"[Archive]\nFolder=/a\nFolder=/a/\n", "Folder='/a/': expected each folder once"},
                {"[Archive]\nCopies=0\n", "Copies='0': expected a number from 1 to 9"},
                {"[Archive]\nCheckAfter=36h\n", "CheckAfter='36h': expected whole days from 1d to 3660d"},
                {"[Archive]\nCheckAfter=0\n", "CheckAfter='0': expected whole days from 1d to 3660d"},
                {"[Archive]\nAuto=perhaps\n", "Auto='perhaps': expected yes or no"},
                {"[Archive]\nMediaHashList=2\n", "MediaHashList='2': expected yes or no"},
                {"[Archive]\nRecovery=9\n",
                 "Recovery='9': expected a percentage from 10 to 50, or 0 for none"},
                {"[Archive]\nRecovery=51\n", "Recovery='51': expected a percentage from 10 to 50"},
                {"[Archive]\nRecovery=-20\n", "Recovery='-20': expected a percentage from 10 to 50"},
                {"[Archive]\nRecovery=much\n", "Recovery='much': expected a percentage from 10 to 50"},
                {"[Backup]\nGenerations=0\n", "Generations='0': expected a number from 1 to 1000"},
                {"[Backup]\nAllowSameDisk=maybe\n", "AllowSameDisk='maybe': expected yes or no"},
                {"[Inspect]\nParallel=17\n", "Parallel='17': expected a number from 1 to 16"},
                {"[Bay \"1\"]\n", "[Bay \"1\"]: expected Port="},
                {"[Bay \"1\"]\nPort=3\n", "Port='3': expected a port path such as 3-1.4"},
                {"[Bay \"1\"]\nPort=3-\n", "Port='3-': expected a port path"},
                {"[Bay \"1\"]\nPort=3-1.\n", "Port='3-1.': expected a port path"},
                {"[Bay \"1\"]\nPort=3-0\n", "Port='3-0': expected a port path"},
                {"[Bay \"1\"]\nPort=3.1\n", "Port='3.1': expected a port path"},
                {"[Bay \"1\"]\nPort=3-1-2\n", "Port='3-1-2': expected a port path"},
                {"[Bay \"1\"]\nPort=3-1:1.0\n", "Port='3-1:1.0': expected a port path"},
                {"[Bay \"1\"]\nPort=3-1.1.1.1.1.1.1.1\n", "expected a port path"},
                {"[Bay \"1\"]\nPort=3-1\n[Bay \"2\"]\nPort=3-1\n",
                 "[Bay \"2\"] Port='3-1': expected a port of its own, [Bay \"1\"] has it"},
                {"[Bay \"1\"]\nPort=3-1\n[Bay \"1\"]\nPort=3-2\n",
                 ":6: [Bay \"1\"]: expected once in a file"},
                {"[Pattern \"x\"]\nMatch=(a\n",
                 ":5: [Pattern \"x\"] Match='(a': expected a ')' for each '('"},
                {"[Pattern \"x\"]\nMatch=(?<colour>a)\n",
                 "Match='(?<colour>a)': expected one of the fields"},
                {"[Pattern \"x\"]\nMatch=(a)\\1\n", "expected no back-reference"},
                {"[Storage]\nPath=/srv\n", ":4: [Storage]: unknown section"},
                {"[Store]\nFolder=/srv\n", ":5: [Store] Folder='/srv': unknown key"},
};

START_TEST(test_bad_strict)
{
        char text[1024];

        (void)snprintf(text, sizeof(text), STATION "%s", bad[_i].text);
        ck_assert_int_eq(load(true, text), -EINVAL);
        ck_assert_ptr_null(config);
        ck_assert_msg(strstr(findings, bad[_i].finding) != NULL, "expected '%s' in:\n%s", bad[_i].finding,
                      findings);
}
END_TEST

/* The running daemon goes on with what is left: every default is in its place, and no half bay is seen. */
START_TEST(test_bad_lenient)
{
        char text[1024];

        (void)snprintf(text, sizeof(text), STATION "%s", bad[_i].text);
        ck_assert_int_eq(load(false, text), 0);
        ck_assert_str_eq(findings, "");
        ck_assert_str_eq(config->number, "4101-07");
        ck_assert_str_eq(config->store_path, RECDOCK_STATEDIR);
        ck_assert_uint_eq(config->workers_max, 32);
        ck_assert_int_gt(config->kill_timeout, config->warn_timeout);
        ck_assert_int_eq(config->time_order[0], TIME_FROM_NAME);
        ck_assert_uint_eq(config->n_patterns, 0);
        ck_assert_uint_eq(config->health.battery_low, 20);
        ck_assert_uint_eq(config->health.storage_low_percent, 10);
        ck_assert_int_eq(config->health.clock_tolerance, 3 * USEC_PER_SEC);
        for (const struct config_bay *b = config->bays; b; b = b->next)
                ck_assert_ptr_nonnull(b->port);
}
END_TEST

START_TEST(test_lenient_warns)
{
        int fds[2];
        char text[1024] = "";

        ck_assert_int_eq(pipe(fds), 0);
        ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
        ck_assert_int_eq(log_open("recdockd", "json"), 0);
        log_set_max_priority(LOG_WARNING);
        ck_assert_int_eq(load(false, STATION "[Store]\nKeepFree=lots\n"), 0);
        ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
        ck_assert_ptr_nonnull(strstr(text, "\"PRIORITY\":\"4\""));
        ck_assert_ptr_nonnull(strstr(text, "recdock.conf:5: [Store] KeepFree='lots': expected a size"));
        ck_assert_ptr_nonnull(strstr(text, ", ignoring\""));
}
END_TEST

static const char *const nameless[] = {
                "",
                "[Station]\n",
                "[Station]\nNumber=1\n",
                "[Station]\nCustodian=a\n",
                "[Station]\nNumber=\nCustodian=a\n",
                STATION "Custodian=\n",
};

START_TEST(test_number_and_custodian_required)
{
        ck_assert_int_eq(load(true, nameless[_i]), -EINVAL);
        ck_assert_ptr_nonnull(strstr(findings, "= is not set: expected a text"));
        ck_assert_int_eq(load(false, nameless[_i]), -EINVAL);
        ck_assert_ptr_null(config);
}
END_TEST

START_TEST(test_no_file_at_all)
{
        ck_assert_int_eq(config_load(&config, true, on_report, NULL), -EINVAL);
        ck_assert_ptr_nonnull(strstr(findings, "[Station] Number= is not set"));
        ck_assert_ptr_nonnull(strstr(findings, "[Station] Custodian= is not set"));
}
END_TEST

START_TEST(test_state_directory)
{
        ck_assert_int_eq(setenv("STATE_DIRECTORY", "/var/lib/other:/var/lib/more", 1), 0);
        ck_assert_int_eq(load(true, STATION), 0);
        ck_assert_str_eq(config->store_path, "/var/lib/other");
}
END_TEST

START_TEST(test_drop_in)
{
        scratch_write("recdock.conf.d/10-site.conf", "[Station]\nCustodian=李娜\n[Pattern \"x\"]\nMatch=\n");
        ck_assert_int_eq(load(true, STATION "[Pattern \"x\"]\nMatch=x\n"), 0);
        ck_assert_str_eq(config->custodian, "李娜");
        ck_assert_uint_eq(config->n_patterns, 0); /* switched off */
}
END_TEST

/* The shipped files */

static void load_shipped(void)
{
        const char *shipped = getenv("RECDOCK_SHIPPED");
        _cleanup_free_ char *mask = scratch_path("recdock.conf.d/50-patterns.conf");
        _cleanup_free_ char *main_file = scratch_path("recdock.conf"), *target = NULL, *patterns = NULL;

        ck_assert_ptr_nonnull(shipped);
        ck_assert_int_ge(asprintf(&target, "%s/recdock.conf", shipped), 0);
        ck_assert_int_ge(asprintf(&patterns, "%s/recdock.conf.d/50-patterns.conf", shipped), 0);
        ck_assert_int_eq(unlink(mask), 0);
        ck_assert_int_eq(symlink(patterns, mask), 0);
        ck_assert_int_eq(symlink(target, main_file), 0);
        scratch_write("recdock.conf.d/90-station.conf", STATION);
        ck_assert_int_eq(config_load(&config, true, on_report, NULL), 0);
}

START_TEST(test_holidays)
{
        day_t monday, sunday;

        ck_assert_int_eq(day_parse("2026-11-02", &monday), 0);
        ck_assert_int_eq(day_parse("2026-11-08", &sunday), 0);
        scratch_write("holidays.conf", "[Holidays]\nOff=2026-11-02\n");
        scratch_write("holidays.conf.d/site.conf", "[Holidays]\nWork=2026-11-08\n");
        ck_assert_int_eq(load(true, STATION), 0);
        ck_assert_str_eq(findings, "");
        ck_assert(!calendar_works(config->deadlines.calendar, monday));
        ck_assert(calendar_works(config->deadlines.calendar, sunday));
        config_free(config);
        config = NULL;
        scratch_write("holidays.conf", "[Holidays]\nOff=2026-11-31\n");
        ck_assert_int_eq(load(true, STATION), -EINVAL);
        ck_assert_ptr_nonnull(
                        strstr(findings, "holidays.conf:2: [Holidays] Off='2026-11-31': expected dates"));
        ck_assert_int_eq(load(false, STATION), 0);
        ck_assert(calendar_works(config->deadlines.calendar, monday));
        ck_assert(calendar_works(config->deadlines.calendar, sunday));
}
END_TEST

/* Each commented key is known, and what it shows is the default. */
/* Strictly refused; in the running daemon the station starts, and keeps everything for ever. */
START_TEST(test_retention)
{
        static const char *const wrong[] = {"[Premises \"other\"]\nTerm=soon\n", "[Evidence]\nTrem=x\n",
                                            "[Evidnce]\n", "[Category \"L5\"]\nTerm=forever\n"};

        ck_assert_int_eq(load(true, STATION), 0);
        ck_assert(retention_rules_usable(config->retention));
        ck_assert_ptr_nonnull(retention_class_find(config->retention, RETENTION_PREMISES, "公众聚集场所"));
        scratch_write("retention.d/60-site.conf", "[Premises \"other\"]\nTerm=3 years\n");
        config_free(config);
        config = NULL;
        ck_assert_int_eq(load(true, STATION), 0);
        ck_assert_uint_eq(retention_class_find(config->retention, RETENTION_PREMISES, "other")->term.months,
                          36);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                config_free(config);
                config = NULL;
                scratch_write("retention.d/60-site.conf", wrong[i]);
                ck_assert_int_eq(load(true, STATION), -EINVAL);
                ck_assert_ptr_nonnull(strstr(findings, "60-site.conf:")
                                                      ? findings
                                                      : strstr(findings, "[Category \"L5\"]"));
                ck_assert_int_eq(load(false, STATION), 0);
                ck_assert(!retention_rules_usable(config->retention));
        }
}
END_TEST

START_TEST(test_no_retention_profile)
{
        scratch_write("retention.d/50-fire.conf", "");
        ck_assert_int_eq(load(true, STATION), -EINVAL);
        ck_assert_ptr_nonnull(strstr(findings, "expected a profile"));
        ck_assert_int_eq(load(false, STATION), 0);
        ck_assert(!retention_rules_usable(config->retention));
}
END_TEST

START_TEST(test_shipped_main_file)
{
        char text[16384] = STATION, line[512];
        _cleanup_free_ char *path = NULL;
        FILE *f;

        ck_assert_int_ge(asprintf(&path, "%s/recdock.conf", getenv("RECDOCK_SHIPPED")), 0);
        f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof(line), f)) {
                bool key = line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z' && strchr(line, '=') &&
                           !strchr(line, ' ');

                if (key && strncmp(line, "#Number", 7) != 0 && strncmp(line, "#Custodian", 10) != 0)
                        strcat(text, line + 1);
                else if (strncmp(line, "#TimeOrder", 10) == 0 || strncmp(line, "#[", 2) == 0)
                        strcat(text, line + 1);
                else if (line[0] == '[' && strcmp(line, "[Station]\n") != 0)
                        strcat(text, line);
        }
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_msg(load(true, text) == 0, "%s", findings);
        ck_assert_uint_eq(config->keep_free, 1073741824);
        ck_assert_int_eq(config->deadlines.limit, 24 * USEC_PER_HOUR);
        ck_assert_uint_eq(config->workers_max, 32);
        ck_assert_int_eq(config->time_order[1], TIME_FROM_CONTAINER);
        ck_assert(config->verity && !config->sm3);
}
END_TEST

static const struct {
        const char *name, *pattern, *recorder, *officer, *sequence, *started;
        bool important;
} names[] = {
                {"DCIM/DCAM_CAM001_000001_20260804_100000.mp4", "10-dcam", "", "000001", "",
                 "2026-08-04 10:00:00", false},
                {"DCAM_CAM001_000001_20260804_100000_IMP.mp4", "10-dcam", "", "000001", "",
                 "2026-08-04 10:00:00", true},
                {"DCAM_CAM001_000001_20260804_100000.jpg", "10-dcam", "", "000001", "",
                 "2026-08-04 10:00:00", false},
                {"DCAM_CAM001_000001_20260804_100000.m4a", "10-dcam", "", "000001", "",
                 "2026-08-04 10:00:00", false},
                {"DSJ0001_J121000_20190101120000_0001.MP4", "20-gat-full", "DSJ0001", "J121000", "0001",
                 "2019-01-01 12:00:00", false},
                {"J121000_20190101120000_0001.MP4", "21-gat-officer", "", "J121000", "0001",
                 "2019-01-01 12:00:00", false},
                {"121000_20190101120000_0001_IMP.MP4", "21-gat-officer", "", "121000", "0001",
                 "2019-01-01 12:00:00", true},
                {"DSJ-A1B2C3@20190101_120000_0001.mp4", "30-dsj", "DSJ-A1B2C3", "", "0001",
                 "2019-01-01 12:00:00", false},
                {"DSJ-A1B2C3@2019-01-01_12-00-00.mp4", "30-dsj", "DSJ-A1B2C3", "", "", "2019-01-01 12:00:00",
                 false},
                {"shishi@2018-04-27_16-38-16.mp4", "40-platform", "", "", "", "2018-04-27 16:38:16", false},
                {"01_02_04272018163816.mp4", "50-month-first", "", "", "", "2018-04-27 16:38:16", false},
                {"01_02_04272018163816_0001.mp4", "50-month-first", "", "", "", "2018-04-27 16:38:16",
                 false},
                {"IMG_20260804_100000.jpg", "90-generic", "", "", "", "2026-08-04 10:00:00", false},
                {"VID_20260804_100000123.mp4", "90-generic", "", "", "", "2026-08-04 10:00:00", false},
                {"VID_20260804_100000_1.mp4", "90-generic", "", "", "", "2026-08-04 10:00:00", false},
                {"MVI_0001.MP4", "", "", "", "", NULL, false},
                {"holiday.mp4", "", "", "", "", NULL, false},
};

START_TEST(test_shipped_patterns)
{
        instant_t expected = INSTANT_NONE;
        struct name_facts f;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        load_shipped();
        if (names[_i].started)
                ck_assert_int_eq(instant_parse(names[_i].started, 0, &expected), 0);
        name_pattern_apply(config->patterns, config->n_patterns, names[_i].name, &f);
        ck_assert_str_eq(f.pattern, names[_i].pattern);
        ck_assert_str_eq(f.recorder, names[_i].recorder);
        ck_assert_str_eq(f.officer, names[_i].officer);
        ck_assert_str_eq(f.sequence, names[_i].sequence);
        ck_assert_int_eq(f.started, expected);
        ck_assert_int_eq(f.important, names[_i].important);
        ck_assert(!f.impossible_date);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("config");
        TCase *t = tcase_create("config");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_defaults);
        tcase_add_test(t, test_every_key);
        tcase_add_loop_test(t, test_bad_strict, 0, (int)ELEMENTSOF(bad));
        tcase_add_loop_test(t, test_bad_lenient, 0, (int)ELEMENTSOF(bad));
        tcase_add_test(t, test_lenient_warns);
        tcase_add_loop_test(t, test_number_and_custodian_required, 0, (int)ELEMENTSOF(nameless));
        tcase_add_test(t, test_no_file_at_all);
        tcase_add_test(t, test_state_directory);
        tcase_add_test(t, test_drop_in);
        tcase_add_test(t, test_holidays);
        tcase_add_test(t, test_retention);
        tcase_add_test(t, test_no_retention_profile);
        tcase_add_test(t, test_shipped_main_file);
        tcase_add_loop_test(t, test_shipped_patterns, 0, (int)ELEMENTSOF(names));
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
