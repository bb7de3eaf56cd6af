# SPDX-License-Identifier: LGPL-2.1-or-later
"""A month's report as recdockd gives it, of a brigade that does not exist: the same in every run."""

import datetime
import random

UNITS = [("370102000001", "历下区消防救援大队"), ("370103000001", "市中区消防救援大队"), ("370104000001", "槐荫区消防救援大队"),
         ("370105000001", "天桥区消防救援大队"), ("370112000001", "历城区消防救援大队"), ("370113000001", "长清区消防救援大队")]
NAMES = ["李雷", "韩梅梅", "王芳", "张伟", "刘洋", "陈静", "杨帆", "赵磊", "黄丽", "周杰", "吴敏", "徐强", "孙涛", "马超", "朱红", "胡军",
         "郭靖", "何勇", "高峰", "林霞"]


def figures(files, late, undetermined=0, worst=None, bad=0):
    on_time = files - late - undetermined
    decided = on_time + late
    return {"files": files, "bytes": files * 412_345_678, "seconds": files * 611, "on_time": on_time, "late": late,
            "undetermined": undetermined, "late_minutes": worst if late else 0 if decided else None,
            "on_time_rate": on_time / decided if decided else None, "bad": bad}


def waiting(duties=0, late=0, overdue=0, open_=0):
    return {"duties": duties, "duties_late": late, "duties_overdue": overdue, "duties_open": open_}


def duty(number, recorder, officer, unit, deadline, minutes, **more):
    row = {"duty": number, "recorder": recorder, "officer": officer[0], "name": officer[1], "unit": unit[0],
           "unit_name": unit[1], "out_at": "2026-11-18T08:00:00+08:00", "until": "2026-11-18T18:00:00+08:00",
           "returned_at": "2026-11-18T18:20:00+08:00", "deadline": deadline, "basis": "return", "extended": False,
           "extended_afterwards": False, "reason": None, "approver": None, "exported_at": None, "minutes": minutes}
    row.update(more)
    return row


def annotations(units):
    """Most of what each unit recorded is in a case; so is nothing of what belongs to none."""
    counts = [(u["number"], u["name"], u["files"], u["files"] * (100 - 3 * i) // 100) for i, u in enumerate(units)] + [(None, None, 2, 0)]
    return [{"number": number, "name": name, "files": files, "annotated": done, "unannotated": files - done, "annotation_rate": done / files}
            for number, name, files, done in counts]


def gap_figures(gaps):
    open_ = [g for g in gaps if not g["explained"]]
    return {"gaps": len(gaps), "explained": len(gaps) - len(open_), "unexplained": len(open_),
            "uncertain": sum(not g["certain"] for g in gaps), "length_s": sum(g["length_s"] for g in gaps),
            "unexplained_s": sum(g["length_s"] for g in open_)}


def gaps_by(gaps, number, name):
    """As the station sorts them: nobody's come last."""
    of = sorted({(g[number] is None, g[number] or "", g[name] if name else None) for g in gaps}, key=lambda k: k[:2])
    return [{"number": n or None, "name": called, **gap_figures([g for g in gaps if (g[number] or "") == n])} for _, n, called in of]


def gaps_of(officers, recorders):
    """Day, hour and minute, length, certain, reason when it is explained."""
    rows = []
    for i, (day, at, length, certain, reason) in enumerate([
            (4, "09:12", 1680, True, "site-restriction"), (4, "14:03", 45, True, None), (11, "10:20", 600.5, False, None),
            (18, "08:41", 5025, True, "equipment-failure"), (21, "16:55", 312, True, None), (26, "11:30", 95, True, None)]):
        officer = officers[i * 2] if i != 4 else None
        start = "2026-11-%02dT%s:00+08:00" % (day, at)
        rows.append({"recorder": recorders[i * 2], "officer": officer and officer[0], "name": officer and officer[1],
                     "unit": officer and officer[2][0], "unit_name": officer and officer[2][1], "from": start,
                     "to": (datetime.datetime.fromisoformat(start) + datetime.timedelta(seconds=int(length))).isoformat(),
                     "length_s": length, "certain": certain, "before": 100 + i, "after": 101 + i, "explained": reason is not None,
                     "reason": reason, "text": None, "reporter": reason and "王芳", "approver": reason and "赵六", "entered_at": None, "entered_by": None})
    return rows


def sample():
    r = random.Random(7)
    officers = [("%06d" % (200401 + i), name, UNITS[i % len(UNITS)]) for i, name in enumerate(NAMES)]
    recorders = ["%07d" % (3700101 + i) for i in range(24)]
    days, late = [], []
    for day in range(1, 31):
        files = 0 if day in (7, 8) else r.randint(20, 95) if day % 7 not in (0, 1) else r.randint(3, 25)
        bad_day = {5: 6, 12: 2, 18: 14, 23: 1}.get(day, 0)
        days.append({"day": "2026-11-%02d" % day, **figures(files, min(bad_day, files), 2 if day == 15 else 0, 200)})
    for i, (day, files, minutes) in enumerate([(18, 14, 1577), (5, 6, 320), (12, 2, 48), (23, 1, 1)]):
        officer = officers[i * 3]
        late.append({"docking": 100 + i, "recorder": recorders[i * 2], "officer": officer[0], "name": officer[1],
                     "unit": officer[2][0], "unit_name": officer[2][1], "files": files,
                     "recorded_from": "2026-11-%02dT09:12:33+08:00" % day, "recorded_to": "2026-11-%02dT17:40:02+08:00" % day,
                     "deadline": "2026-11-%02dT17:40:02+08:00" % (day + 1),
                     "offloaded_at": "2026-11-%02dT19:57:12+08:00" % (day + 2), "minutes": minutes,
                     "reason": "remote-area" if i == 0 else None, "approver": "赵六" if i == 0 else None, "until": None})
    files = sum(d["files"] for d in days)
    shares = [0.31, 0.22, 0.17, 0.14, 0.1, 0.06]
    units = []
    for i, (unit, share) in enumerate(zip(UNITS, shares)):
        units.append({"number": unit[0], "name": unit[1],
                      **figures(int(files * share), [14, 6, 2, 1, 0, 0][i], 0, [1577, 320, 48, 1, None, None][i], [3, 0, 1, 0, 0, 0][i]),
                      **waiting(40 - 5 * i, [1, 1, 0, 0, 0, 0][i], [1, 0, 0, 1, 0, 0][i], [2, 1, 0, 0, 0, 1][i])})
    people = [{"number": o[0], "name": o[1], **figures(r.randint(20, 120), [14, 0, 0, 6, 0, 0, 2, 0, 0, 1][i] if i < 10 else 0, 0, 90,
                                                       r.choice([0, 0, 0, 1])), **waiting(10)} for i, o in enumerate(officers)]
    people.append({"number": None, "name": None, **figures(5, 0), **waiting()})
    devices = [{"number": n, "name": "DSJ-X7", **figures(r.randint(20, 120), 1 if i == 3 else 0, 0, 48), **waiting(8)}
               for i, n in enumerate(recorders)]
    bad = [{"id": 4000 + i, "recorder": recorders[i], "officer": officers[i][0], "unit": UNITS[0][0], "unit_name": UNITS[0][1],
            "name": "%s_%s_2026111%d093000_000%d.MP4" % (recorders[i], officers[i][0], i, i),
            "started_at": "2026-11-1%dT09:30:00+08:00" % i, "verdict": v, "reasons": why, "size": 12345}
           for i, (v, why) in enumerate([("truncated", "no-moov"), ("damaged", "unreadable:4096@1048576"), ("encrypted", None),
                                         ("unreadable", "timeout")])]
    clocks = [{"recorder": recorders[i], "unit": UNITS[i % 6][0], "unit_name": UNITS[i % 6][1], "measured": 20 - i, "first_s": first,
               "last_s": last, "min_s": min(first, last), "max_s": max(first, last), "set": i % 2, "battery_min": 15 + i * 7,
               "drift_s_per_day": drift, "drift_readings": 0 if drift is None else 40 + i}
              for i, (first, last, drift) in enumerate([(780.2, 0.4, 0.04), (-12.5, -31.0, -3.72), (3.4, 4.2, 0.9), (0.1, 2.0, 1.25),
                                                        (-0.3, 0.2, None), (0, 0.5, 0.0)])]
    gaps = gaps_of(officers, recorders)
    return {
        "station": {"number": "37-01", "custodian": "王强"},
        "period": {"month": "2026-11", "from": "2026-11-01T00:00:00+08:00", "to": "2026-12-01T00:00:00+08:00", "complete": True,
                   "generated_at": "2026-12-01T08:15:00+08:00"},
        "unit": {"number": "370100000000", "name": "济南市消防救援支队"},
        "rules": {"limit_minutes": 1440, "day_ends_minute": 1439, "days_off_wait": False, "clock_tolerance_s": 3.0, "gap_s": 10.0,
                  "activity_gap_s": 1800.0},
        "continuity": gap_figures(gaps), "gaps": gaps, "gap_units": gaps_by(gaps, "unit", "unit_name"),
        "gap_officers": gaps_by(gaps, "officer", "name"), "gap_recorders": gaps_by(gaps, "recorder", None),
        "footage": {**figures(files, 23, 2, 1577, 4), "recorders": 24, "officers": 20, "imported": 3, "recovered": 1},
        "dockings": {"dockings": 312, "recorders": 24, "failed": 2, "items": 1320, "waiting": 3},
        "duties": {"total": 171, "same_day": 148, "in_time": 16, "late": 2, "overdue": 2, "open": 3, "extended": 1,
                   "on_time_rate": 164 / 168},
        "days": days, "units": units, "officers": people, "recorders": devices, "late": late,
        "annotations": annotations(units),
        "missing": [duty(41, recorders[9], officers[4], UNITS[0], "2026-11-19T18:20:00+08:00", 16179, returned_at=None, basis="roster",
                         missing_since="2026-11-20T18:00:00+08:00"),
                    duty(57, recorders[11], officers[9], UNITS[3], "2026-11-29T18:20:00+08:00", 1779,
                         exported_at="2026-12-01T07:58:00+08:00", missing_since=None),
                    duty(58, recorders[12], officers[9], UNITS[3], "2026-12-01T18:00:00+08:00", 0, returned_at=None,
                         missing_since="2026-11-30T22:00:00+08:00")],
        "duties_late": [duty(41, recorders[9], officers[4], UNITS[0], "2026-11-19T18:20:00+08:00", 16179, result="overdue",
                             returned_at=None),
                        duty(33, recorders[0], officers[0], UNITS[0], "2026-11-19T17:40:00+08:00", 1577, result="late",
                             exported_at="2026-11-20T19:57:12+08:00", reason="remote-area", approver="赵六"),
                        duty(90, recorders[20], officers[2], UNITS[2], "2026-12-01T18:20:00+08:00", 0, result="open")],
        "extensions": [{"recorder": recorders[0], "unit": UNITS[0][0], "unit_name": UNITS[0][1], "docking": None,
                        "until": "2026-11-20T12:00:00+08:00", "reason": "remote-area", "approver": "赵六",
                        "granted_at": "2026-11-19T16:02:00+08:00"}],
        "unseen": [{"recorder": "3700199", "unit": UNITS[5][0], "unit_name": UNITS[5][1], "last_docked": "2026-09-30T18:00:12+08:00"}],
        "verdicts": [{"verdict": "complete", "files": files - 4, "bytes": 10 ** 11}, {"verdict": "truncated", "files": 1, "bytes": 12345},
                     {"verdict": "damaged", "files": 1, "bytes": 12345}, {"verdict": "encrypted", "files": 1, "bytes": 12345},
                     {"verdict": "unreadable", "files": 1, "bytes": 12345}],
        "bad_files": bad,
        "sequence_gaps": [{"kind": "sequence-gap", "recorder": recorders[2], "unit": UNITS[2][0], "unit_name": UNITS[2][1],
                           "after": "card/DCIM/100MEDIA/MOV_0041.MP4", "missing": 2, "text": "0042 to 0043 missing before MOV_0044.MP4",
                           "docking": 88, "found_at": "2026-11-14T18:02:11+08:00"}],
        "deleted": [{"recorder": recorders[2], "unit": UNITS[2][0], "unit_name": UNITS[2][1], "files": 2, "recovered": 1}],
        "clocks": clocks,
    }


if __name__ == "__main__":
    import json
    print(json.dumps(sample(), ensure_ascii=False))
