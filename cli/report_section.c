// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sections of a report; see report_section.h. What asks for something to be done comes first. */
#include "cli/report_section.h"
#include "cli/translate.h"
#include "base/cleanup.h"

static const struct column late_columns[] = {
                {"docking", NULL, COLUMN_TEXT},
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"officer", N_("Officer"), COLUMN_TEXT},
                {"name", N_("Full name"), COLUMN_TEXT},
                {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},
                {"files", N_("Files"), COLUMN_NUMBER},
                {"recorded_from", N_("Recorded"), COLUMN_TIME},
                {"recorded_to", NULL, COLUMN_TIME},
                {"deadline", N_("Deadline"), COLUMN_TIME},
                {"offloaded_at", N_("Exported"), COLUMN_TIME},
                {"minutes", N_("Late by"), COLUMN_MINUTES},
                {"reason", N_("More time for"), COLUMN_STATE},
                {"approver", NULL, COLUMN_TEXT},
                {"until", NULL, COLUMN_TIME},
};

#define DUTY_COLUMNS                                                                                     \
        {"duty", NULL, COLUMN_TEXT}, {"recorder", N_("Recorder"), COLUMN_TEXT},                          \
                        {"officer", N_("Officer"), COLUMN_TEXT}, {"name", N_("Full name"), COLUMN_TEXT}, \
                        {"unit", NULL, COLUMN_TEXT}, {"unit_name", N_("Unit"), COLUMN_TEXT},             \
                        {"out_at", N_("Out"), COLUMN_TIME}, {"until", NULL, COLUMN_TIME},                \
                        {"returned_at", N_("Returned"), COLUMN_TIME},                                    \
                        {"deadline", N_("Deadline"), COLUMN_TIME}, {"basis", NULL, COLUMN_STATE},        \
                        {"extended", NULL, COLUMN_YES_NO}, {"extended_afterwards", NULL, COLUMN_YES_NO}, \
                        {"reason", NULL, COLUMN_STATE}, {"approver", NULL, COLUMN_TEXT},                 \
                        {"exported_at", N_("Exported"), COLUMN_TIME},                                    \
        {                                                                                                \
                "minutes", N_("Late by"), COLUMN_MINUTES                                                 \
        }

static const struct column missing_columns[] = {DUTY_COLUMNS,
                                                {"missing_since", N_("Missing since"), COLUMN_TIME}};
static const struct column duty_columns[] = {DUTY_COLUMNS, {"result", N_("Result"), COLUMN_STATE}};

#define FIGURE_COLUMNS                                                                            \
        {"files", N_("Files"), COLUMN_NUMBER}, {"seconds", N_("Recorded"), COLUMN_SECONDS},       \
                        {"bytes", NULL, COLUMN_BYTES}, {"on_time", N_("In time"), COLUMN_NUMBER}, \
                        {"late", N_("Late"), COLUMN_NUMBER},                                      \
                        {"undetermined", N_("No deadline"), COLUMN_NUMBER},                       \
                        {"on_time_rate", N_("In time %"), COLUMN_SHARE},                          \
                        {"late_minutes", N_("Latest"), COLUMN_MINUTES},                           \
        {                                                                                         \
                "bad", N_("Bad"), COLUMN_NUMBER                                                   \
        }
#define WAITING_COLUMNS                                                        \
        {"duties", NULL, COLUMN_NUMBER}, {"duties_late", NULL, COLUMN_NUMBER}, \
                        {"duties_overdue", N_("Overdue"), COLUMN_NUMBER},      \
        {                                                                      \
                "duties_open", N_("Open"), COLUMN_NUMBER                       \
        }

static const struct column unit_columns[] = {{"number", N_("Unit"), COLUMN_TEXT},
                                             {"name", N_("Name"), COLUMN_TEXT},
                                             FIGURE_COLUMNS,
                                             WAITING_COLUMNS};
static const struct column officer_columns[] = {{"number", N_("Officer"), COLUMN_TEXT},
                                                {"name", N_("Full name"), COLUMN_TEXT},
                                                FIGURE_COLUMNS,
                                                WAITING_COLUMNS};
static const struct column recorder_columns[] = {{"number", N_("Recorder"), COLUMN_TEXT},
                                                 {"name", N_("Model"), COLUMN_TEXT},
                                                 FIGURE_COLUMNS,
                                                 WAITING_COLUMNS};
static const struct column day_columns[] = {{"day", N_("Day"), COLUMN_TEXT}, FIGURE_COLUMNS};

static const struct column annotation_columns[] = {
                {"number", N_("Unit"), COLUMN_TEXT},
                {"name", N_("Name"), COLUMN_TEXT},
                {"files", N_("Files"), COLUMN_NUMBER},
                {"annotated", N_("Annotated"), COLUMN_NUMBER},
                {"unannotated", N_("Not annotated"), COLUMN_NUMBER},
                {"annotation_rate", N_("Annotated %"), COLUMN_SHARE},
};

static const struct column verdict_columns[] = {
                {"verdict", N_("Verdict"), COLUMN_VERDICT},
                {"files", N_("Files"), COLUMN_NUMBER},
                {"bytes", N_("Size"), COLUMN_BYTES},
};

static const struct column bad_columns[] = {
                {"id", N_("Footage"), COLUMN_NUMBER},        {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"officer", N_("Officer"), COLUMN_TEXT},     {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},      {"name", N_("File"), COLUMN_TEXT},
                {"started_at", N_("Recorded"), COLUMN_TIME}, {"verdict", N_("Verdict"), COLUMN_VERDICT},
                {"reasons", N_("Reasons"), COLUMN_TEXT},     {"size", NULL, COLUMN_BYTES},
};

static const struct column gap_columns[] = {
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"officer", N_("Officer"), COLUMN_TEXT},
                {"name", N_("Full name"), COLUMN_TEXT},
                {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},
                {"from", N_("From"), COLUMN_TIME},
                {"to", N_("To"), COLUMN_TIME},
                {"length_s", N_("Length"), COLUMN_SECONDS},
                {"certain", N_("Certain"), COLUMN_YES_NO},
                {"explained", N_("Explained"), COLUMN_YES_NO},
                {"reason", N_("Reason"), COLUMN_STATE},
                {"text", NULL, COLUMN_TEXT},
                {"reporter", NULL, COLUMN_TEXT},
                {"approver", NULL, COLUMN_TEXT},
                {"before", NULL, COLUMN_TEXT},
                {"after", NULL, COLUMN_TEXT},
};

#define GAP_FIGURE_COLUMNS                                                               \
        {"gaps", N_("Gaps"), COLUMN_NUMBER}, {"length_s", N_("Length"), COLUMN_SECONDS}, \
                        {"explained", N_("Explained"), COLUMN_NUMBER},                   \
                        {"unexplained", N_("Not explained"), COLUMN_NUMBER},             \
                        {"unexplained_s", N_("Length of these"), COLUMN_SECONDS},        \
        {                                                                                \
                "uncertain", N_("Not certain"), COLUMN_NUMBER                            \
        }

static const struct column gap_unit_columns[] = {
                {"number", N_("Unit"), COLUMN_TEXT}, {"name", N_("Name"), COLUMN_TEXT}, GAP_FIGURE_COLUMNS};
static const struct column gap_officer_columns[] = {{"number", N_("Officer"), COLUMN_TEXT},
                                                    {"name", N_("Full name"), COLUMN_TEXT},
                                                    GAP_FIGURE_COLUMNS};
static const struct column gap_recorder_columns[] = {{"number", N_("Recorder"), COLUMN_TEXT},
                                                     GAP_FIGURE_COLUMNS};

static const struct column sequence_gap_columns[] = {
                {"kind", N_("Kind"), COLUMN_STATE},
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},
                {"missing", N_("Missing"), COLUMN_NUMBER},
                {"after", N_("After"), COLUMN_TEXT},
                {"text", N_("What"), COLUMN_TEXT},
                {"docking", NULL, COLUMN_TEXT},
                {"found_at", N_("Found"), COLUMN_TIME},
};

static const struct column deleted_columns[] = {
                {"recorder", N_("Recorder"), COLUMN_TEXT},     {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},        {"files", N_("Deleted files"), COLUMN_NUMBER},
                {"recovered", N_("Recovered"), COLUMN_NUMBER},
};

static const struct column clock_columns[] = {
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},
                {"measured", N_("Measured"), COLUMN_NUMBER},
                {"first_s", N_("First"), COLUMN_OFFSET},
                {"last_s", N_("Last"), COLUMN_OFFSET},
                {"min_s", N_("Lowest"), COLUMN_OFFSET},
                {"max_s", N_("Highest"), COLUMN_OFFSET},
                {"drift_s_per_day", N_("Drift a day"), COLUMN_OFFSET},
                {"drift_readings", NULL, COLUMN_NUMBER},
                {"set", N_("Set"), COLUMN_NUMBER},
                {"battery_min", N_("Lowest battery"), COLUMN_PERCENT},
};

static const struct column extension_columns[] = {
                {"recorder", N_("Recorder"), COLUMN_TEXT},  {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},     {"docking", N_("Docking"), COLUMN_TEXT},
                {"granted_at", N_("Granted"), COLUMN_TIME}, {"until", N_("Until"), COLUMN_TIME},
                {"reason", N_("Reason"), COLUMN_STATE},     {"approver", N_("Approver"), COLUMN_TEXT},
};

static const struct column unseen_columns[] = {
                {"recorder", N_("Recorder"), COLUMN_TEXT},
                {"unit", NULL, COLUMN_TEXT},
                {"unit_name", N_("Unit"), COLUMN_TEXT},
                {"last_docked", N_("Last docked"), COLUMN_TIME},
};

#define SECTION(word, name) .key = word, .columns = name##_columns, .n = ELEMENTSOF(name##_columns)

const struct report_section report_sections[] = {
                {SECTION("late", late), .title = N_("Footage that came late"),
                 .note = N_("Files of one docking and officer are one line: the earliest deadline, and the "
                            "latest "
                            "of them.")},
                {SECTION("missing", missing),
                 .title = N_("Recorders overdue or missing at the end of the period"),
                 .note = N_("Not exported by the deadline, or nobody knows where it is, whenever the duty "
                            "began. Exported: it came since.")},
                {SECTION("duties_late", duty), .title = N_("Duties late, overdue or open"),
                 .note = N_("Duties that began in the period. Open ones have time left: they count neither "
                            "as in "
                            "time nor as late.")},
                {SECTION("units", unit), .title = N_("By unit"),
                 .note = N_("Whose it was at the time of recording. Overdue and open are duties.")},
                {SECTION("officers", officer), .title = N_("By officer"), .note = "", .wide = true},
                {SECTION("recorders", recorder), .title = N_("By recorder"), .note = "", .wide = true},
                {SECTION("days", day), .title = N_("By day of recording"), .note = "", .wide = true},
                {SECTION("annotations", annotation), .title = N_("Annotation by unit"),
                 .note = N_("Annotated is what is in a case that has number, party and handler.")},
                {SECTION("verdicts", verdict), .title = N_("What the container check said"), .note = ""},
                {SECTION("bad_files", bad), .title = N_("Files that are not whole"), .note = "",
                 .shown = 200},
                {SECTION("gaps", gap), .title = N_("Gaps between recordings"),
                 .note = N_("Holes in what was recorded in one activity, of which the footage before them "
                            "says whose "
                            "they are. One that is not certain may be shorter, or none."),
                 .shown = 200},
                {SECTION("gap_units", gap_unit), .title = N_("Gaps by unit"), .note = ""},
                {SECTION("gap_officers", gap_officer), .title = N_("Gaps by officer"), .note = "",
                 .wide = true},
                {SECTION("gap_recorders", gap_recorder), .title = N_("Gaps by recorder"), .note = "",
                 .wide = true},
                {SECTION("sequence_gaps", sequence_gap), .title = N_("Numbers missing between files"),
                 .note = "", .shown = 200},
                {SECTION("deleted", deleted), .title = N_("Deleted on the recorder before it was docked"),
                 .note = ""},
                {SECTION("clocks", clock), .title = N_("Clocks of the recorders"),
                 .note = N_("Recorder minus station, as dockings found them before any clock was set. The "
                            "drift is "
                            "by all that was measured until the end of the period.")},
                {SECTION("extensions", extension), .title = N_("More time that was approved"), .note = ""},
                {SECTION("unseen", unseen), .title = N_("Recorders that were not docked in the period"),
                 .note = ""},
};
const size_t report_sections_n = ELEMENTSOF(report_sections);

json_object *report_rows(json_object *report, const struct report_section *s)
{
        json_object *rows = json_member(report, s->key);

        return json_object_is_type(rows, json_type_array) ? rows : NULL;
}

json_object *report_row(json_object *rows, size_t i)
{
        json_object *row = rows ? json_object_array_get_idx(rows, i) : NULL;

        return json_object_is_type(row, json_type_object) ? row : NULL;
}

bool report_row_overdue(json_object *row)
{
        return json_object_get_int64(json_member(row, "minutes")) > 0;
}

bool report_row_missing(json_object *row)
{
        return json_member(row, "missing_since") != NULL;
}
